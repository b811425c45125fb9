"""A dispute that repeats an answered one with nothing new is recognised, and can be answered by reference to it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from portal.core.interactions import Part
from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, review_actions
from portal.disputes.deciding_queries import decide_page
from portal.disputes.duplicate_queries import Earlier, covers
from portal.disputes.filing_actions import Filing
from portal.disputes.queries import DECISION_ROW, dispute
from portal.disputes.ticks import Ticks
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.disputes.conftest import DECIDED
from tests.make.disputes import Cast, add_files, choice, file_dispute, statement

AGAIN = datetime(2026, 4, 24, 2, tzinfo=UTC)


@pytest.fixture
def first(app: Starlette, doors: Doors, cast: Cast, clock: FixedClock) -> str:
    """Filed with a statement, and not upheld."""
    filed = file_dispute(doors, cast.borrower())
    add_files(doors, app.state.portal.files, cast.borrower(), filed, ("march.csv", statement()))
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed, upheld=False))
    clock.set(AGAIN)
    return filed


def earlier(doors: Doors, number: str) -> Earlier | None:
    """What the page recognises."""
    page = doors.read_as(doors.system(), decide_page, number)
    assert page is not None
    return page.earlier


def by_reference(doors: Doors, viewer: Any, number: str, **given: Any) -> str:
    made = choice(doors, viewer, number, upheld=False, **given)
    return doors.write_as(viewer, deciding_actions.answer_by_reference, number, made)


def test_the_same_again_is_recognised(doors: Doors, cast: Cast, first: str) -> None:
    second = file_dispute(doors, cast.borrower())
    found = earlier(doors, second)
    assert found is not None
    assert (found.number, found.outcome) == (first, "not_upheld")


def test_the_same_bytes_are_nothing_new_and_other_bytes_are(
    app: Starlette, doors: Doors, cast: Cast, first: str
) -> None:
    second = file_dispute(doors, cast.borrower())
    add_files(doors, app.state.portal.files, cast.borrower(), second, ("renamed.csv", statement()))
    assert earlier(doors, second) is not None
    add_files(doors, app.state.portal.files, cast.borrower(), second, ("new.csv", statement(without="2026-03-01")))
    assert earlier(doors, second) is None


def test_another_reason_is_another_question(doors: Doors, cast: Cast, first: str) -> None:
    assert earlier(doors, file_dispute(doors, cast.borrower(), reason="paid")) is None


def test_what_was_upheld_is_no_answer_against_the_next(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed))
    clock.set(AGAIN)
    assert earlier(doors, file_dispute(doors, cast.borrower())) is None


@pytest.mark.parametrize(
    ("before", "now", "covered"),
    [
        ((6, 20), (6, 20), True),
        ((6, None), (8, None), True),
        ((6, None), (8, 30), True),
        ((6, 20), (6, 21), False),
        ((6, 20), (6, None), False),
        ((7, None), (6, None), False),
    ],
)
def test_nights_within_nights(before: tuple[int, int | None], now: tuple[int, int | None], covered: bool) -> None:
    def part(days: tuple[int, int | None]) -> Part:
        first, last = days
        return Part(3, date(2026, 3, first), date(2026, 3, last) if last else None, "nights")

    assert covers(part(before), part(now)) is covered
    assert not covers(part(before), Part(3, None, None, "late_fee"))


def test_answered_by_reference_in_one_act_with_its_reason(doors: Doors, cast: Cast, first: str) -> None:
    second = file_dispute(doors, cast.borrower())
    handler = cast.staff("Shen Ruo")
    assert by_reference(doors, handler, second) == "decided"
    with doors.engines.read.connect() as connection:
        row = connection.execute(select(DECISION_ROW).order_by(DECISION_ROW.c.id.desc())).first()
    assert row is not None
    assert (row.outcome, row.reason, row.refers_to, row.amount) == ("not_upheld", "answered_before", first, 0)


def test_something_new_meanwhile_stops_it(app: Starlette, doors: Doors, cast: Cast, first: str) -> None:
    second = file_dispute(doors, cast.borrower())
    add_files(doors, app.state.portal.files, cast.borrower(), second, ("new.csv", statement(without="2026-03-01")))
    with pytest.raises(Refusal, match="not_the_same"):
        by_reference(doors, cast.staff("Shen Ruo"), second)


def test_it_stops_nothing_a_review_stays(doors: Doors, cast: Cast, first: str) -> None:
    second = file_dispute(doors, cast.borrower())
    by_reference(doors, cast.staff("Shen Ruo"), second)
    doors.write_as(cast.borrower(), review_actions.ask_for_review, second, Filing(Ticks(), "", "Once more.", ""))
    found = doors.read_as(doors.system(), dispute, second)
    assert found is not None
    assert found.state == "in_review"


def test_the_pages_say_so_to_both(client: Client, doors: Doors, cast: Cast, first: str) -> None:
    second = file_dispute(doors, cast.borrower())
    lin = client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    assert f'href="/disputes/{first}"' in lin.get(f"/disputes/{second}").text
    client.http.cookies.update(cast.sign_in(cast.staff("Shen Ruo")))
    page = client.get(f"/staff/disputes/{second}")
    assert "Nothing is new since" in page.text
    fields = fields_of(page, form_of(page, "/reference"))
    empty = client.post(f"/staff/disputes/{second}/reference", fields | {"words": ""})
    assert empty.status_code == 422
    assert "The borrower reads these words" in empty.text
    fields = fields_of(empty, form_of(empty, "/reference")) | {"words": "Our answer of 22 April stands."}
    done = client.follow(client.post(f"/staff/disputes/{second}/reference", fields))
    assert "Answered before, with nothing new since" in done.text
    told = lin.get(f"/disputes/{second}").text
    assert "Our answer of 22 April stands." in told
    assert f"The earlier answer: {first}" in told
