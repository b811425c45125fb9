"""No page offers what the table of interactions refuses (domain.md 9), whatever stands on Lin's loan."""

from collections.abc import Callable, Iterator
from typing import get_args

import pytest
from sqlmodel import Session

from portal.core.interactions import TABLE, Act, Hold, HoldKind, may
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.plans.proposing_actions import withdraw_plan
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.databases import Databases, lent
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.installation import holding
from tests.make.settlements import lin_settling
from tests.plans.conftest import PROPOSED

Visit = Callable[..., Client]

WAYS: dict[str, tuple[tuple[str, Act], ...]] = {
    "/account": (
        ("/plans/new", "propose_plan"),
        ("/promises/new", "promise"),
        ("/disputes/start", "file_dispute"),
    ),
    "/plans/hardship": (("/plans/new", "propose_plan"),),
    "/plans": (("/plans/new", "propose_plan"),),
    "/promises": (("/promises/new", "promise"),),
    "/plans/{plan}": (("/plans/{plan}/again", "propose_plan"),),
    "/loans/{code}": (("/loans/{code}/settlement", "accept_settlement"),),
    "/loans/{code}/instalments/3/penalty": (("/loans/{code}/instalments/3/dispute", "file_dispute"),),
    "/loans/{code}/what-if?amount=100": (("/loans/{code}/settlement", "accept_settlement"),),
}
"""On each page the ways on, and the act that each of them begins."""


@pytest.fixture
def database_url(databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """One kind of database: only what is shown matters here."""
    yield from lent(databases_of("sqlite"), holding(lin_settling, PROPOSED))


@pytest.mark.parametrize("kind", ["", *get_args(HoldKind)])
def test_what_is_refused_is_not_offered(visit: Visit, doors: Doors, cast: Cast, kind: HoldKind) -> None:
    viewer = cast.borrower()
    plan = make.propose(doors, viewer)
    doors.write_as(viewer, withdraw_plan, plan)
    record = doors.read_as(viewer, loan_queries.account).loans[0]
    holds: list[Hold] = []
    if kind:
        holds.append(Hold(kind, viewer.today, None, "HHH-HHH", "/"))
        data = {"payments": [["2026-05-12", 364_00]]} if kind == "plan" else {}

        def stand(session: Session, viewer: Viewer) -> int:
            return loans.open_hold(
                session,
                viewer,
                kind=kind,
                loan_id=record.id,
                person_id=record.borrower_id,
                from_day=holds[0].from_day,
                until=None,
                number="HHH-HHH",
                path="/",
                data=data,
            )

        doors.write_as(viewer, stand)
    lin = visit("B1")
    for page, ways in WAYS.items():
        shown = lin.get(page.format(code=record.code, plan=plan)).text
        for way, act in ways:
            allowed = may(act, holds, "active", "borrower") is None
            place = way.format(code=record.code, plan=plan)
            offered = any(f'{kind}="{place}{end}' in shown for kind in ("href", "action") for end in '"?')
            assert offered == allowed, f"{page} {act}"


def test_every_act_is_looked_at() -> None:
    acts = {act for ways in WAYS.values() for _way, act in ways}
    assert acts == {act for cells in TABLE.values() for act in cells}
