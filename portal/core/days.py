"""Days without a clock: months, and working days whose holidays come in as data."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later (earlier if negative), or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked: Monday to Friday, less `holidays`, plus `make_up_days` (weekend days that are
    worked in exchange for a bridged holiday). Both belong to a rule pack."""

    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


def next_working_day(day: date, calendar: WorkingCalendar) -> date:
    """The day itself if it is worked, else the first worked day after it."""
    while not calendar.is_working_day(day):
        day += _ONE_DAY
    return day


def working_days_after(day: date, count: int, calendar: WorkingCalendar) -> tuple[date, ...]:
    """The working days among so many calendar days after a day."""
    later = (day + timedelta(days=step) for step in range(1, count + 1))
    return tuple(each for each in later if calendar.is_working_day(each))


def add_working_days(day: date, count: int, calendar: WorkingCalendar) -> date:
    """The last of `count` working days, the first of which is the one after `day`. None is that day
    itself."""
    for _ in range(count):
        day = next_working_day(day + _ONE_DAY, calendar)
    return day


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
