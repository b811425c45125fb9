"""Months and working days (MO-07)."""

from datetime import date

import pytest

from portal.core.days import (
    WorkingCalendar,
    add_months,
    add_working_days,
    each_day,
    next_working_day,
)

# The spring festival of 2026: free from 16 to 20 February, Saturday the 14th and the 28th are worked.
CALENDAR = WorkingCalendar(
    holidays=frozenset(each_day(date(2026, 2, 16), date(2026, 2, 20))),
    make_up_days=frozenset({date(2026, 2, 14), date(2026, 2, 28)}),
)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 1, 5), -1, date(2025, 12, 5)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
        (date(2026, 3, 15), 24, date(2028, 3, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_month_s_last(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 2, 13), date(2026, 2, 13)),
        (date(2026, 2, 14), date(2026, 2, 14)),  # a Saturday that is made up
        (date(2026, 2, 15), date(2026, 2, 23)),  # Sunday, five holidays, a weekend
        (date(2026, 3, 7), date(2026, 3, 9)),
    ],
)
def test_the_next_working_day_skips_weekends_and_holidays_but_not_make_up_days(day: date, worked: date) -> None:
    assert next_working_day(day, CALENDAR) == worked


def test_working_days_are_counted_from_the_day_after() -> None:
    assert add_working_days(date(2026, 2, 13), 2, CALENDAR) == date(2026, 2, 23)
    assert add_working_days(date(2026, 4, 17), 5, WorkingCalendar()) == date(2026, 4, 24)
    assert add_working_days(date(2026, 4, 18), 0, WorkingCalendar()) == date(2026, 4, 18)
