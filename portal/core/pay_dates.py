"""The days on which a plan is paid: monthly, every two weeks or weekly, moved to working days.

Holidays and make-up working days come in with the calendar of a rule pack (domain.md 8).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

from portal.core.days import WorkingCalendar, add_months, next_working_day

Rhythm: TypeAlias = Literal["monthly", "two_weekly", "weekly"]

RHYTHMS: tuple[Rhythm, ...] = ("monthly", "two_weekly", "weekly")

PAYMENTS_A_YEAR: dict[str, int] = {"monthly": 12, "two_weekly": 26, "weekly": 52}
"""How often each rhythm pays, so that amounts of different rhythms can be compared."""

_STEP = {"two_weekly": timedelta(days=14), "weekly": timedelta(days=7)}
_LAST_DAY = 31


class PayDate(NamedTuple):
    """One day of payment; `moved_from` is the pay day that was no working day."""

    on: date
    moved_from: date | None


@dataclass(frozen=True, slots=True)
class PayRhythm:
    """When somebody pays: each month on a `day` (29 to 31: the last day of a shorter month), or in steps of one or two
    weeks from the day `anchor`, which may lie anywhere in the past. ValueError for anything else."""

    rhythm: Rhythm
    day: int = 1
    anchor: date | None = None

    def __post_init__(self) -> None:
        if self.rhythm not in PAYMENTS_A_YEAR:
            raise ValueError("a plan is paid monthly, every two weeks or weekly")
        if self.rhythm == "monthly" and not 1 <= self.day <= _LAST_DAY:
            raise ValueError("a pay day is a day of the month from 1 to 31")
        if self.rhythm != "monthly" and self.anchor is None:
            raise ValueError("weeks are counted from a first day")


def pay_dates(rhythm: PayRhythm, after: date, until: date, calendar: WorkingCalendar) -> list[PayDate]:
    """Every day of payment after one day up to another, each moved to the next working day if need be.

    Two pay days that move to the same working day are one payment, so that the days ascend strictly.
    """
    found: list[PayDate] = []
    for day in wished_days(rhythm, after):
        if day > until:
            break
        worked = next_working_day(day, calendar)
        if worked <= until and (not found or worked > found[-1].on):
            found.append(PayDate(worked, None if worked == day else day))
    return found


def wished_days(rhythm: PayRhythm, after: date) -> Iterator[date]:
    """The pay days after a day, without end, whether or not they are worked."""
    if rhythm.anchor is not None and rhythm.rhythm != "monthly":
        step = _STEP[rhythm.rhythm]
        day = rhythm.anchor + max(0, (after - rhythm.anchor) // step) * step
        while True:
            if day > after:
                yield day
            day += step
    month = after.replace(day=1)
    while True:
        last = add_months(month, 1) - timedelta(days=1)
        day = month.replace(day=min(rhythm.day, last.day))
        if day > after:
            yield day
        month = add_months(month, 1)
