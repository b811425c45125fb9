"""How a settlement's reduction comes about is said step by step, and no two figures differ without a word why."""

import re
from collections.abc import Callable, Iterator

import pytest

from portal.platform.db import Doors
from tests.client import Client
from tests.databases import Databases, lent
from tests.make import settlements as make
from tests.make.disputes import Cast
from tests.make.installation import holding
from tests.make.settlements import lin_settling
from tests.plans.conftest import PROPOSED

Visit = Callable[..., Client]


def half() -> dict[str, list[dict[str, str]]]:
    """The rules take half of the penalty off: on 17 April of the 17.13 that were to pay the evening before."""
    return lin_settling("50")


@pytest.fixture
def database_url(databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """One kind of database: only what is shown matters here."""
    yield from lent(databases_of("sqlite"), holding(half, PROPOSED))


def said(text: str) -> str:
    """What is written on a page."""
    return re.sub(r" (?=[.,])", "", " ".join(re.sub(r"<[^>]*>", " ", text).split()))


def test_both_sides_see_from_what_and_by_which_share(visit: Visit, doors: Doors, cast: Cast) -> None:
    steps = (
        "that was to pay on the evening of 16 April 17.13",
        "Taken off by the rules: 50% of it, rounded down −8.56",
        "Taken off today 8.56",
    )
    page = said(visit("B1").get(f"/loans/{make.code_of(doors, cast.borrower())}/settlement").text)
    assert "Penalty, due 18.06" in page
    assert all(step in page for step in steps)
    number = make.ask(doors, cast.borrower(), 11_052_85)
    answer = said(visit("Qiao", "plan_approver").get(f"/staff/settlement-requests/{number}").text)
    assert all(step in answer for step in steps)
    assert "Penalty that can be taken off 17.13" in answer
    assert "besides, if the nights after 16 April do not count 0.93" in answer
    offered = "Taken off by this offer −17.13 Nights after 16 April, which do not count −0.93 Taken off today 18.06"
    assert offered in answer


def test_the_what_if_says_why_its_figure_is_another(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, code = visit("B1"), make.code_of(doors, cast.borrower())
    whole, settled = "11,070.91", "11,062.35"
    page = said(lin.get(f"/loans/{code}/what-if?amount=2000").text)
    assert f"Pays everything off on 17 April, with a quote {whole}" in page
    assert re.search(rf"With a settlement it takes less .* {settled}", page)
    assert settled not in said(lin.get(f"/loans/{code}/what-if?amount=2000&on=2026-06-01").text), "it stands 14 days"
    make.quote(doors, cast.borrower())
    page = said(lin.get(f"/loans/{code}/what-if?amount=2000").text)
    assert f"Your settlement, up to the end of 1 May 2026 {settled}" in page
    assert f"Without the settlement it would take CN¥{whole}." in page
