"""The days on which plans are paid: dated cases over month ends, leap days, holidays and make-up days (MO-07)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.days import WorkingCalendar, each_day
from portal.core.pay_dates import PayDate, PayRhythm, pay_dates
from portal.loans.rulepacks import rule_pack

WEEKDAYS = WorkingCalendar()
CHINA = rule_pack("cn").calendar(date(2026, 1, 1))
"""2026: 1 and 2 January (Sunday the 4th is worked), 16 to 23 February (Saturdays the 14th and 28th are), 1 to 5 May
(Saturday the 9th is), 19 June, 1 to 7 October (Saturday the 10th is)."""


def days_of(rhythm: PayRhythm, after: str, until: str, calendar: WorkingCalendar = CHINA) -> list[str]:
    found = pay_dates(rhythm, date.fromisoformat(after), date.fromisoformat(until), calendar)
    return [paid.on.isoformat() + (f" from {paid.moved_from.isoformat()}" if paid.moved_from else "") for paid in found]


def monthly(day: int) -> PayRhythm:
    return PayRhythm("monthly", day)


def weekly(anchor: str) -> PayRhythm:
    return PayRhythm("weekly", anchor=date.fromisoformat(anchor))


def two_weekly(anchor: str) -> PayRhythm:
    return PayRhythm("two_weekly", anchor=date.fromisoformat(anchor))


CASES = [
    # The day itself is never a pay day; the next month's is.
    (monthly(12), "2026-05-12", "2026-07-31", ["2026-06-12", "2026-07-13 from 2026-07-12"]),
    (monthly(12), "2026-05-11", "2026-06-11", ["2026-05-12"]),
    # Month ends: the last day of a shorter month, leap days included.
    (monthly(31), "2027-01-31", "2027-04-30", ["2027-03-01 from 2027-02-28", "2027-03-31", "2027-04-30"]),
    (monthly(31), "2028-01-31", "2028-03-31", ["2028-02-29", "2028-03-31"]),
    (monthly(30), "2028-02-01", "2028-03-30", ["2028-02-29", "2028-03-30"]),
    (monthly(29), "2027-02-01", "2027-03-29", ["2027-03-01 from 2027-02-28", "2027-03-29"]),
    (monthly(29), "2028-02-28", "2028-03-29", ["2028-02-29", "2028-03-29"]),
    # A year's end, and New Year's holiday.
    (monthly(1), "2025-12-15", "2026-02-03", ["2026-01-04 from 2026-01-01", "2026-02-02 from 2026-02-01"]),
    # The spring festival: a Saturday that is made up counts, the holidays do not.
    (monthly(14), "2026-02-01", "2026-02-28", ["2026-02-14"]),
    (monthly(15), "2026-02-01", "2026-02-28", ["2026-02-24 from 2026-02-15"]),
    (monthly(28), "2026-02-01", "2026-03-31", ["2026-02-28", "2026-03-30 from 2026-03-28"]),
    # Labour day and the national day.
    (monthly(1), "2026-04-20", "2026-05-31", ["2026-05-06 from 2026-05-01"]),
    (monthly(9), "2026-04-20", "2026-05-31", ["2026-05-09"]),
    (monthly(3), "2026-09-10", "2026-10-31", ["2026-10-08 from 2026-10-03"]),
    # A day that moves past the end of what is looked at is not in it.
    (monthly(1), "2026-04-20", "2026-05-05", []),
    # Weeks, from a day in the future, the past, and on the day itself.
    (weekly("2026-06-05"), "2026-06-01", "2026-06-20", ["2026-06-05", "2026-06-12"]),
    (weekly("2026-06-05"), "2026-06-05", "2026-06-12", ["2026-06-12"]),
    (weekly("2024-01-05"), "2026-06-02", "2026-06-12", ["2026-06-05", "2026-06-12"]),
    (weekly("2026-06-06"), "2026-06-01", "2026-06-15", ["2026-06-08 from 2026-06-06", "2026-06-15 from 2026-06-13"]),
    (two_weekly("2026-06-05"), "2026-06-01", "2026-07-05", ["2026-06-05", "2026-06-22 from 2026-06-19", "2026-07-03"]),
    (two_weekly("2026-06-05"), "2026-06-06", "2026-06-30", ["2026-06-22 from 2026-06-19"]),
    (two_weekly("2026-05-22"), "2026-06-06", "2026-06-30", ["2026-06-22 from 2026-06-19"]),
    # Two pay days that move to the same working day are one payment.
    (weekly("2026-02-16"), "2026-02-10", "2026-03-02", ["2026-02-24 from 2026-02-16", "2026-03-02"]),
    (weekly("2026-10-01"), "2026-09-25", "2026-10-15", ["2026-10-08 from 2026-10-01", "2026-10-15"]),
]


@pytest.mark.parametrize(("rhythm", "after", "until", "expected"), CASES)
def test_the_table_of_dated_cases(rhythm: PayRhythm, after: str, until: str, expected: list[str]) -> None:
    assert days_of(rhythm, after, until) == expected


DATES = st.dates(date(2024, 1, 1), date(2027, 12, 31))
RHYTHMS = st.one_of(
    st.builds(PayRhythm, st.just("monthly"), st.integers(1, 31)),
    st.builds(PayRhythm, st.sampled_from(["weekly", "two_weekly"]), st.just(1), DATES),
)
CALENDARS = st.builds(WorkingCalendar, st.frozensets(DATES, max_size=60), st.frozensets(DATES, max_size=20))


@given(RHYTHMS, DATES, st.integers(0, 400), CALENDARS)
def test_days_ascend_and_are_what_a_walk_from_day_to_day_finds(
    rhythm: PayRhythm, after: date, length: int, calendar: WorkingCalendar
) -> None:
    until = after + timedelta(days=length)
    found = pay_dates(rhythm, after, until, calendar)
    assert all(before.on < later.on for before, later in pairwise(found))
    assert found == walked(rhythm, after, until, calendar)


def walked(rhythm: PayRhythm, after: date, until: date, calendar: WorkingCalendar) -> list[PayDate]:
    """The same by looking at each day alone: is it a pay day, and what is the first worked day from it on?"""
    found: dict[date, PayDate] = {}
    for day in each_day(after + timedelta(days=1), until):
        if is_pay_day(rhythm, day):
            worked = next(
                (later for later in each_day(day, day + timedelta(days=200)) if calendar.is_working_day(later)), None
            )
            if worked is not None and worked <= until:
                found.setdefault(worked, PayDate(worked, None if worked == day else day))
    return [found[day] for day in sorted(found)]


def is_pay_day(rhythm: PayRhythm, day: date) -> bool:
    if rhythm.rhythm == "monthly":
        is_last = (day + timedelta(days=1)).day == 1
        return day.day == rhythm.day or (is_last and day.day < rhythm.day)
    assert rhythm.anchor is not None
    step = 7 if rhythm.rhythm == "weekly" else 14
    return day >= rhythm.anchor and (day - rhythm.anchor).days % step == 0


def test_what_is_no_rhythm_is_refused() -> None:
    for wrong in (("yearly", 1, None), ("monthly", 0, None), ("monthly", 32, None), ("weekly", 1, None)):
        with pytest.raises(ValueError, match=r"a plan is paid|a pay day|weeks are counted"):
            PayRhythm(*wrong)  # type: ignore[arg-type]
