"""Proposals lapse at the end of the day before their first payment, in the lender's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from portal.core.refusal import Refusal
from portal.plans import own_queries
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.plans import run_day

ZONE = ZoneInfo("Asia/Shanghai")
LAST_MINUTE = datetime(2026, 5, 11, 23, 59, tzinfo=ZONE)
FIRST_MINUTE = datetime(2026, 5, 12, 0, 1, tzinfo=ZONE)


def test_it_lapses_at_midnight_and_once(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = make.propose(doors, cast.borrower())
    clock.set(LAST_MINUTE)
    assert run_day(doors) == 0
    assert make.state(doors, number) == "proposed"
    clock.set(FIRST_MINUTE)
    assert run_day(doors) == 1
    assert make.state(doors, number) == "lapsed"
    assert run_day(doors) == 0
    assert len(texts(doors)) == 1


def test_in_the_last_minute_it_can_be_agreed(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = make.propose(doors, cast.borrower())
    clock.set(LAST_MINUTE)
    assert make.approve(doors, cast.staff("Qiao", "plan_approver"), number) == "running"


def test_after_it_no_longer_even_before_the_job_has_run(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    lin = cast.borrower()
    number = make.propose(doors, lin)
    clock.set(FIRST_MINUTE)
    with pytest.raises(Refusal, match=r"plan\.lapsed"):
        make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    page = doors.read_as(cast.borrower(), own_queries.detail_page, number)
    assert page is not None
    assert page.has_lapsed


def test_lapsed_it_can_be_offered_again(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = make.propose(doors, cast.borrower())
    clock.set(FIRST_MINUTE)
    run_day(doors)
    again = make.propose(doors, cast.borrower(), monthly="1000")
    assert again != number
    assert make.state(doors, again) == "proposed"
