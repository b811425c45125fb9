"""A plan that is agreed can be kept from that day on: a first payment whose day has passed is not agreed to."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from portal.core.refusal import Refusal
from portal.plans import counter_queries, own_queries, running_queries
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, payment

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = {"first": "400", "monthly": "364"}
"""400.00 on the day of the proposal, 17 April, then 364.00 a month."""


def test_a_day_that_has_passed_is_answered_by_new_days(
    doors: Doors, cast: Cast, clock: FixedClock, visit: Callable[..., Client]
) -> None:
    number = make.propose(doors, cast.borrower(), **TODAY)
    assert make.decide_page(doors, cast.staff("Qiao", "plan_approver"), number).passed_day is None, "it is not over"
    clock.advance(days=3)
    qiao = cast.staff("Qiao", "plan_approver")
    with pytest.raises(Refusal) as refused:
        make.approve(doors, qiao, number)
    assert (refused.value.code, refused.value.data["day"]) == ("plan.day_passed", date(2026, 4, 17))
    shown = visit("Qiao", "plan_approver").get(f"/staff/plans/{number}").text
    assert "was to be made on 17 April 2026 and has not arrived" in shown
    assert "Approve" not in shown
    assert "we do not see it yet" in visit("B1").get(f"/plans/{number}").text
    make.counter(doors, qiao, number)
    offered = make.standing(doors, number)
    assert min(each.due_on for each in offered.figures.payments) == date(2026, 5, 12)
    assert offered.lapses_on == date(2026, 5, 11)


def test_a_first_payment_that_arrived_on_its_day_is_agreed_to_later(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    number = make.propose(doors, cast.borrower(), **TODAY)
    import_tables(doors, tmp_path / "more", {"payments": [payment("A4", "2026-04-17", "400.00")]}, date(2026, 4, 19))
    clock.advance(days=3)
    assert make.approve(doors, cast.staff("Qiao", "plan_approver"), number) == "running"
    page = doors.read_as(cast.borrower(), running_queries.running_page, number)
    assert page is not None
    assert page.life is not None
    assert (page.life.payments[0].verdict, page.life.strikes) == ("kept", ())


def test_an_offer_of_a_payment_today_stands_today_only(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    qiao = cast.staff("Qiao", "plan_approver")
    number = make.propose(doors, cast.borrower())
    typed = make.typed(doors, qiao, number, first="500")
    page = doors.read_as(qiao, counter_queries.counter_page, number, typed)
    assert page is not None
    assert page.until == date(2026, 4, 17), "and the form says so"
    make.counter(doors, qiao, number, first="500")
    mark = make.standing(doors, number).mark
    clock.advance(days=1)
    lin = cast.borrower()
    with pytest.raises(Refusal, match=r"plan\.lapsed"):
        make.accept(doors, lin, number, mark)
    page_of_lin = doors.read_as(lin, own_queries.detail_page, number)
    assert page_of_lin is not None
    assert page_of_lin.has_lapsed
