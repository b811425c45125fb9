"""A hard time: reminders pause at once up to the product's limit, nothing else changes, a plan can start small."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.tables import LOG
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.loans import queries as loan_queries
from portal.loans.tables import DecisionExport, Hold, table_of
from portal.messages import actions as messages
from portal.plans import hardship_actions, hardship_queries
from portal.plans.hardship_actions import Said
from portal.plans.hardship_queries import HARDSHIP
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.loans import Row, import_tables
from tests.make.plans import run_day

Visit = Callable[..., Client]
MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def pause(doors: Doors, viewer: Viewer, said: Said | None = None) -> str:
    """The viewer's reminders pause."""
    return doors.write_as(viewer, hardship_actions.pause_reminders, said or Said(), make.LENDER)


def page_of(doors: Doors, viewer: Viewer) -> hardship_queries.HardshipPage:
    """The page of a person."""
    return doors.read_as(viewer, hardship_queries.hardship_page)


def remind(doors: Doors, viewer: Viewer) -> bool:
    """Whether a reminder goes out today."""
    return doors.write_as(doors.system(), messages.remind, viewer.person_id)


def days_rule(value: str) -> Row:
    """For how long the product lets reminders pause."""
    return {"product_ref": "P1", "effective_from": "2024-01-01", "rule": "hardship_pause_days", "value": value}


@pytest.fixture
def late(doors: Doors, clock: FixedClock, cast: Cast) -> Viewer:
    """Lin on 20 April: one instalment is 15 days late, and a reminder would go out."""
    clock.advance(days=3)
    return cast.borrower()


def test_reminders_pause_and_come_again_by_themselves(
    doors: Doors, cast: Cast, clock: FixedClock, late: Viewer
) -> None:
    number = pause(doors, late)
    assert not remind(doors, late)
    (hold,) = rows(doors, select(table_of(Hold)))
    assert (hold.kind, hold.number, hold.from_day, hold.until) == (
        "hardship",
        number,
        date(2026, 4, 20),
        date(2026, 5, 19),
    )
    clock.advance(days=14)  # 4 May: the day before an instalment is due
    assert not remind(doors, late)
    clock.advance(days=31)  # 4 June
    assert run_day(doors) == 1
    assert remind(doors, late)
    (kept,) = rows(doors, select(HARDSHIP))
    assert kept.ended_on == date(2026, 6, 4)
    assert {"plans.reminders_paused", "plans.reminders_go_on"} <= {row.kind for row in rows(doors, select(LOG.c.kind))}


def test_without_a_pause_the_reminder_goes(doors: Doors, clock: FixedClock, cast: Cast) -> None:
    clock.advance(days=17)  # 4 May: the control of the test above
    assert remind(doors, cast.borrower())


def test_it_changes_no_figure_and_is_exported(doors: Doors, cast: Cast, late: Viewer) -> None:
    before = [assess(loan.facts, late.today) for loan in doors.read_as(late, loan_queries.account).loans]
    pause(doors, late)
    after = [assess(loan.facts, late.today) for loan in doors.read_as(late, loan_queries.account).loans]
    assert before == after
    assert [row.kind for row in rows(doors, select(table_of(DecisionExport)))] == ["hold"]
    assert texts(doors) == []
    number = make.propose(doors, cast.borrower())  # it stands in the way of nothing
    assert make.state(doors, number) == "proposed"


def test_it_ends_when_the_person_wants(doors: Doors, late: Viewer) -> None:
    pause(doors, late)
    assert doors.write_as(late, hardship_actions.go_on)
    assert not doors.write_as(late, hardship_actions.go_on)
    hold = table_of(Hold)
    assert rows(doors, select(hold).where(hold.c.ended_at.is_(None))) == []
    assert page_of(doors, late).running is None


def test_the_days_of_a_year_are_no_more_than_the_product_s(
    doors: Doors, cast: Cast, clock: FixedClock, late: Viewer
) -> None:
    pause(doors, late)
    with pytest.raises(Refusal, match="running"):
        pause(doors, late)
    clock.advance(days=9)
    lin = cast.borrower()
    doors.write_as(lin, hardship_actions.go_on)  # ten days used, twenty left
    assert page_of(doors, lin).until == date(2026, 5, 18)
    pause(doors, lin)
    clock.advance(days=25)
    run_day(doors)
    lin = cast.borrower()
    page = page_of(doors, lin)
    assert (page.running, page.until, page.again_on) == (None, None, date(2027, 4, 29))
    with pytest.raises(Refusal, match="none_left"):
        pause(doors, lin)
    clock.advance(days=366)
    assert page_of(doors, cast.borrower()).until is not None


@pytest.mark.parametrize(("value", "until"), [("7", date(2026, 4, 23)), ("1", date(2026, 4, 17)), ("0", None)])
def test_the_limit_is_the_product_s(
    empty_doors: Doors, cast: Cast, tmp_path: Path, value: str, until: date | None
) -> None:
    rules = [make.freeze_rule(), days_rule(value)]
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(product_rules=rules))
    assert page_of(empty_doors, cast.borrower()).until == until


def test_what_was_said_is_forgotten(doors: Doors, clock: FixedClock, late: Viewer) -> None:
    pause(doors, late, Said("illness", "In hospital since March."))
    (kept,) = rows(doors, select(HARDSHIP))
    assert "Example Finance" in kept.consent_text
    clock.advance(days=31)
    run_day(doors)
    clock.advance(days=90)
    assert run_day(doors) == 0
    clock.advance(days=1)
    assert run_day(doors) == 1
    (kept,) = rows(doors, select(HARDSHIP))
    assert (kept.change, kept.words) == ("", "")
    assert run_day(doors) == 0
    assert "hospital" not in str(rows(doors, select(LOG.c.payload)))


def test_a_plan_can_start_small(doors: Doors, cast: Cast) -> None:
    small = page_of(doors, cast.borrower()).small
    assert small is not None
    amounts = [payment.amount for payment in small.figures.payments]
    assert amounts[0] == 200_00  # the least first payment of the product
    assert amounts[0] < amounts[1]
    assert small.figures.count <= 6
    assert make.new_page(doors, cast.borrower(), small.typed).passed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_large_payments_after_a_small_one_are_no_small_plan(
    doors: Doors, cast: Cast, visit: Visit, tmp_path: Path
) -> None:
    narrow = make.plan_limit(effective_from="2026-04-01", payments_max="2")
    import_tables(doors, tmp_path / "more", {"plan_limits": [narrow]})
    page = page_of(doors, cast.borrower())
    assert (page.small, page.may_propose) == (None, True)
    shown = visit("B1").get("/plans/hardship").text
    assert "A plan can start small" not in shown
    assert "a person looks at it and looks for something smaller with you" in shown


def test_twenty_at_once_pause_once(doors: Doors, late: Viewer) -> None:
    def attempt(_place: int) -> str:
        try:
            return pause(doors, late)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    assert said.count("hardship.running") == MANY - 1, said
    assert len(rows(doors, select(HARDSHIP))) == 1


def test_the_page_says_what_stops_before_it_asks(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    assert "/plans/hardship" in lin.get("/plans").text
    page = lin.get("/plans/hardship")
    for words in ("16 May 2026", "You need not prove anything now.", "What is due stays due"):
        assert words in page.text, words
    asked = lin.submit(page, {"change": "illness", "words": "Kept words"}, "/plans/hardship")
    assert asked.status_code == 422
    assert "Kept words" in asked.text
    assert "it is not needed" in asked.text
    sent = {"change": "illness", "words": "Kept words", "consent": "yes"}
    assert lin.submit(asked, sent, "/plans/hardship").status_code == 303
    after = lin.get("/plans/hardship")
    assert "Reminders pause" in after.text
    assert "16 May 2026" in after.text
    assert "200.00" in after.text
    assert "Pause of reminders" in lin.get("/account").text
    number = make.propose(doors, cast.borrower())
    seen = visit("Qiao", "plan_approver").get(f"/staff/plans/{number}").text
    assert "reminders pause until" in seen
    assert "Kept words" in seen
    assert lin.submit(after, {}, "/delete").status_code == 303
    staff = visit("Qiao", "plan_approver").get(f"/staff/plans/{number}").text
    assert "Kept words" not in staff
    assert "reminders pause until" in staff
    assert lin.submit(after, {}, "/end").status_code == 303
    assert "reminders pause until" not in visit("Qiao", "plan_approver").get(f"/staff/plans/{number}").text


@pytest.mark.parametrize("freeze", [True, False])
def test_beside_a_plan_it_says_what_holds(visit: Visit, doors: Doors, cast: Cast, freeze: bool) -> None:
    plan = make.propose(doors, cast.borrower())
    make.approve(doors, cast.staff("Qiao", "plan_approver"), plan, freeze=freeze)
    lin = visit("B1")
    for paused in (False, True):
        page = lin.get("/plans/hardship")
        assert ("While the plan is kept, no penalty counts" in page.text) is freeze
        assert ("What being late costs goes on" in page.text) is not freeze
        assert "its payments keep their days" in page.text
        assert "A plan can change that" not in page.text
        assert "Propose a plan" not in page.text
        assert "A plan can start small" not in page.text
        assert f'href="/plans/{plan}"' in page.text
        assert "Ask for a change of the plan" in page.text
        assert paused or lin.submit(page, {}, "/plans/hardship").status_code == 303


def test_saying_nothing_needs_no_consent(visit: Visit, doors: Doors) -> None:
    lin = visit("B1")
    assert lin.submit(lin.get("/plans/hardship"), {}, "/plans/hardship").status_code == 303
    (kept,) = rows(doors, select(HARDSHIP))
    assert (kept.change, kept.words, kept.consent_version) == ("", "", "")


def test_strangers_and_staff_have_no_such_page(visit: Visit) -> None:
    for who in (visit(), visit("Qiao", "plan_approver")):
        assert who.get("/plans/hardship").status_code in {303, 401, 403}
