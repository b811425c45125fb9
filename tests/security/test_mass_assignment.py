"""No column can be set by naming it in a form: every journey with every column of every table sent along (ST-03)."""

import shutil
from typing import Any, ClassVar

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.demo import people
from tests.client import Client
from tests.disputes import walk
from tests.make import cases as make_cases
from tests.make import demo as make
from tests.make.cases import Cases
from tests.security.conftest import Template, portal_in

PLANTED = "987654321"
ASKED_FOR = {"late_fee", "paid_on"}
"""Columns whose names are a tick box and an entry of forms."""

COLUMNS = sorted({column.name for table in SQLModel.metadata.tables.values() for column in table.columns} - ASKED_FOR)


HALVES = 2
"""A form with more than 300 fields is refused as a whole, so that the columns are sent in so many rounds."""


@pytest.fixture(scope="module", params=range(HALVES))
def besieged(request: pytest.FixtureRequest, template: Template, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """A portal for each round."""
    Greedy.columns = COLUMNS[request.param :: HALVES]
    folder = tmp_path_factory.mktemp("siege") / "data"
    shutil.copytree(template.folder, folder)
    return portal_in(folder)


class Greedy(Client):
    """A visitor who sends every column of the round along with each form, twice and as a list."""

    columns: ClassVar[list[str]] = []

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> httpx2.Response:
        """The form and everything that it does not ask for."""
        given = dict(data or {})
        more = {name: PLANTED for name in self.columns if name not in given}
        lists = {f"{name}[]": [PLANTED, PLANTED] for name in ("roles", "state", "person_id") if name not in given}
        return super().post(url, {**given, **more, **lists}, **options)


def greedy(visitor: Client) -> Greedy:
    """The same visitor, greedy."""
    other = Greedy(visitor._app, str(visitor.http.base_url), headers={"Accept-Language": "en"})
    other._loop = visitor._loop
    other.http.cookies.update(visitor.http.cookies)
    return other


def planted(app: Starlette) -> list[str]:
    """Where in the database the planted value arrived."""
    found = []
    with app.state.portal.doors.engines.read.connect() as connection:
        for name, table in SQLModel.metadata.tables.items():
            for row in connection.execute(select(table)):
                found += [f"{name}.{column}" for column, value in row._mapping.items() if PLANTED in str(value)]
    return found


def test_no_column_is_set_by_naming_it(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    assert len(COLUMNS) < 280 * HALVES
    assert planted(besieged) == []
    walk_through(besieged, nobody)
    assert planted(besieged) == []


def test_the_probe_sees_what_is_planted(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """The control: in a field that is asked for it arrives."""
    owner = make.as_person(besieged, nobody, cases.owner)
    owner.submit(owner.get(f"/disputes/{cases.dispute}"), {"words": f"no. {PLANTED}"}, form="/add")
    draft = f"/disputes/drafts/{cases.draft}/details"
    walk.send(owner, owner.get(draft), {"words": f"no. {PLANTED}", "act": "later"}, "/details")
    assert sorted(planted(besieged)) == ["dispute_draft.content", "dispute_message.words"]


def walk_through(app: Starlette, nobody: Client) -> None:
    """Link, check, code, dispute, more words; drafts that stay; a plan, taken back; staff hold, decide and refuse."""
    guest = greedy(nobody)
    page = guest.follow(guest.submit(guest.get(f"/l/{make_cases.link(app, people.TWO_CURRENCIES)}")))
    page = guest.follow(guest.submit(page, make_cases.answers(people.TWO_CURRENCIES)))
    assert guest.submit(page, {"code": make_cases.newest_code(app)}).headers["location"] == "/account"

    lin = greedy(make.as_person(app, nobody, people.LIN_YI_IN_ENGLISH))
    path = f"/loans/{make_cases.late_loan(app, people.LIN_YI_IN_ENGLISH)}/instalments/3/dispute"
    number = make_cases.file_on(lin, lin.get(path), "It was there.", "slip.png")
    assert lin.submit(lin.get(f"/disputes/{number}"), {"words": "More."}, form="/add").status_code == 303
    leave_drafts(app, greedy(make.as_person(app, nobody, people.LIN_YI)))
    handler = greedy(make.as_staff(app, nobody, "dispute_handler"))
    page = handler.get(f"/staff/disputes/{number}")
    assert handler.submit(page, {"held": "yes"}, form="/hold").status_code == 303
    make_cases.decline_dispute(handler, number, "It was not.")
    (plan,) = waiting_plans(app)
    make_cases.refuse_plan(greedy(make.as_staff(app, nobody, "plan_approver")), plan, "No.")
    again = make_cases.propose_plan(lin)
    assert lin.submit(lin.get(f"/plans/{again}"), form="/withdraw").status_code == 303
    assert make_cases.propose_plan(lin)


def leave_drafts(app: Starlette, lin: Greedy) -> None:
    """A draft of each reason, with every step sent once more, that is not sent: what a sent one had is gone with it.

    One of them is looked at by somebody who agreed to nothing, one is thrown away, and of one the file is taken out.
    """
    codes = [make_cases.begin_draft(app, lin, reason, f"{reason}.png") for reason in walk.FACTS]
    for code, reason in zip(codes, walk.FACTS, strict=True):
        draft = f"/disputes/drafts/{code}"
        for step, entries in (("nights", {}), ("reason", {"reason": reason}), ("details", walk.FACTS[reason])):
            kept = walk.send(lin, lin.get(f"{draft}/{step}"), {**entries, "act": "later"}, f"/{step}")
            assert (kept.status_code, kept.headers["location"]) == (303, "/disputes"), (reason, step)
    looked_over = lin.get(f"/disputes/drafts/{codes[0]}")
    assert walk.send_off(lin, looked_over, consent=None).status_code == 422
    removed = walk.take_out(lin, lin.get(f"/disputes/drafts/{codes[1]}/files"))
    assert removed.status_code == 303
    thrown = lin.submit(lin.get(f"/disputes/drafts/{codes[2]}"), form="/discard")
    assert (thrown.status_code, thrown.headers["location"]) == (303, "/disputes")
    assert count_of(app, "dispute_draft") == len(codes), "all but the one, and the one that was there before"


def count_of(app: Starlette, table: str) -> int:
    """How many rows a table has."""
    rows = select(func.count()).select_from(SQLModel.metadata.tables[table])
    with app.state.portal.doors.engines.read.connect() as connection:
        return connection.scalar(rows) or 0


def waiting_plans(app: Starlette) -> list[str]:
    """The numbers of the plans that wait for staff."""
    plan = SQLModel.metadata.tables["plan"]
    doors = app.state.portal.doors
    wanted = select(plan.c.number).where(plan.c.state == "proposed")
    return list(doors.read_as(doors.system(), lambda connection, _: connection.scalars(wanted).all()))
