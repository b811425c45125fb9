"""What the nights of one late instalment cost: exact penalty, late fee and legal ceiling (domain.md 3).

Sums are integers over one common denominator of all rates, and days are counted as ordinals: a run of nights
costs one multiplication, however long it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from math import lcm
from typing import NamedTuple, TypeAlias

from portal.core.facts import DaysWaiver
from portal.core.money import round_half_up
from portal.core.terms import RateRow, Terms

CEILING_DAYS = 365
"""A yearly ceiling is spread over so many nights, in leap years too (domain.md 3.5)."""

_ENDLESS = date.max.toordinal()
_NEVER = _ENDLESS + 2
"""After every night, that after the last day of the calendar too."""


class RateStretch(NamedTuple):
    """Nights of one rate and ceiling, up to the next stretch.

    `penalty` and `ceiling` are what a base of one accrues a night, times the calendar's denominator; without a row
    the nights are waived.
    """

    first_night: int
    row: RateRow | None
    penalty: int
    ceiling: int


class NightCalendar:
    """What a base of one accrues in each night: the rates in force, less the waived days."""

    __slots__ = ("denominator", "has_ceiling", "starts", "stretches")

    def __init__(self, stretches: Sequence[RateStretch], denominator: int, has_ceiling: bool) -> None:
        self.stretches = stretches
        self.starts = [*(stretch.first_night for stretch in stretches), _NEVER]
        self.denominator = denominator
        self.has_ceiling = has_ceiling

    @classmethod
    def of(cls, terms: Terms, disbursed_on: date) -> "NightCalendar":
        """The rates of a loan: of each night, or all of the day of disbursement (`rates_apply`)."""
        rows = terms.rates
        if terms.rates_apply == "by_contract_date":
            rows = tuple(row for row in rows if row.effective_from <= disbursed_on)[-1:]
        ceilings = [row.annual_ceiling for row in rows]
        has_ceiling = any(ceiling is not None for ceiling in ceilings)
        if has_ceiling and None in ceilings:
            raise ValueError("either all rate rows of a product have a ceiling or none")
        denominator = lcm(
            *(row.daily_rate.denominator for row in rows),
            *(ceiling.denominator * CEILING_DAYS for ceiling in ceilings if ceiling is not None),
        )
        stretches: list[RateStretch] = []
        for row, ceiling in zip(rows, ceilings, strict=True):
            rate = row.daily_rate
            penalty = rate.numerator * (denominator // rate.denominator)
            limit = 0
            if ceiling is not None:
                limit = ceiling.numerator * (denominator // (ceiling.denominator * CEILING_DAYS))
            _extend(stretches, RateStretch(row.effective_from.toordinal(), row, penalty, limit))
        return cls(stretches, denominator, has_ceiling)

    def without(self, waived: Sequence[tuple[int, int]]) -> "NightCalendar":
        """The same calendar with the nights of these spans (ascending, apart) taken out."""
        if not self.stretches:
            return self
        starts = self.starts[:-1]
        cuts = {
            *starts,
            *(night for first, last in waived for night in (first, last + 1) if night >= starts[0]),
        }
        firsts = [first for first, _ in waived]
        stretches: list[RateStretch] = []
        for night in sorted(cuts):
            span = bisect_right(firsts, night) - 1
            if span >= 0 and night <= waived[span][1]:
                _extend(stretches, RateStretch(night, None, 0, 0))
            else:
                _extend(stretches, self.stretches[self.place_of(night)]._replace(first_night=night))
        return NightCalendar(stretches, self.denominator, self.has_ceiling)

    def place_of(self, night: int) -> int:
        """Which of the stretches a night belongs to, -1 for one before them all."""
        return bisect_right(self.starts, night) - 1

    def is_waived(self, day: int) -> bool:
        """Whether the night ending on that day accrues nothing."""
        place = self.place_of(day)
        return place >= 0 and self.stretches[place].row is None


def _extend(stretches: list[RateStretch], stretch: RateStretch) -> None:
    """Append a stretch unless its nights are like those before it."""
    last = stretches[-1] if stretches else None
    if last is not None and last[2:] == stretch[2:] and (last.row is None) == (stretch.row is None):
        return
    stretches.append(stretch)


def waived_spans(waivers: Iterable[DaysWaiver]) -> list[tuple[int, int]]:
    """The union of the waivers' days: ascending spans of ordinals that do not touch, the last maybe endless."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(_span(waiver) for waiver in waivers):
        if last < first:
            continue
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return spans


def _span(waiver: DaysWaiver) -> tuple[int, int]:
    return waiver.from_day.toordinal(), _ENDLESS if waiver.to_day is None else waiver.to_day.toordinal()


class ExactCharge(NamedTuple):
    """Penalty of some nights, the late fee beside it and the ceiling of both.

    The fee is in minor units; the others are numerators over one denominator, in minor units too.
    """

    penalty: int
    late_fee: int
    ceiling: int | None
    denominator: int


NO_CHARGE = ExactCharge(0, 0, None, 1)

Run: TypeAlias = tuple[int, int, RateStretch, int]
"""Nights of one base, rate and ceiling: the first of them, base, stretch, and the exact penalty of those before."""


class Accrual:
    """The penalty of one instalment that has fallen due, followed through the days on which its base changes.

    Days are ordinals and must not go back; exact amounts are numerators over the calendar's denominator.
    """

    __slots__ = (
        "_base_since",
        "_ceiling",
        "_penalty",
        "_place",
        "_runs",
        "_since",
        "base",
        "base_paid_on",
        "calendar",
        "due_on",
        "grace_until",
        "late_fee",
        "late_fee_on",
    )

    def __init__(self, due_on: int, base: int, terms: Terms, calendar: NightCalendar) -> None:
        self.calendar = calendar
        self.due_on = due_on
        self.base = base
        self.base_paid_on = _ENDLESS if base else due_on
        self.grace_until = due_on + terms.grace_days
        self.late_fee = terms.late_fee
        self.late_fee_on = due_on + terms.late_fee_after_days
        if self.late_fee and calendar.is_waived(self.late_fee_on):
            self.late_fee = 0
        self._runs: list[Run] = []
        self._base_since = self._since = due_on
        self._place = calendar.place_of(due_on + 1)
        self._penalty = 0
        self._ceiling = 0

    def lower_base(self, base: int, day: int) -> None:
        """The base is lower from the end of that day on; the night ending on it accrues on the old one."""
        self._advance(day)
        self.base = base
        self._base_since = day
        if not base:
            self.base_paid_on = day

    def is_forgiven(self, day: int) -> bool:
        """Grace is still open on that day, or the base was paid off within it (domain.md 3.3)."""
        return day <= self.grace_until or self.base_paid_on <= self.grace_until

    def late_fee_fallen(self, day: int) -> int:
        """The late fee if its day has ended with any base unpaid (domain.md 3.4); grace may forgive it."""
        return self.late_fee if self.late_fee_on <= day and self.late_fee_on < self.base_paid_on else 0

    def exact(self, day: int) -> ExactCharge:
        """What the nights up to that day cost and may cost, nothing while grace forgives them."""
        self._advance(day)
        calendar = self.calendar
        if self.is_forgiven(day):
            return ExactCharge(0, 0, 0 if calendar.has_ceiling else None, calendar.denominator)
        ceiling = self._ceiling if calendar.has_ceiling else None
        return ExactCharge(self._penalty, self.late_fee_fallen(day), ceiling, calendar.denominator)

    def chargeable(self, day: int, late_fee_through: int) -> int:
        """Penalty with late fee on a day, limited by the ceiling and rounded, in minor units.

        A late fee falls after all else on its day: while that day is going on, `late_fee_through` is the day
        before.
        """
        if self.is_forgiven(day):
            return 0
        self._advance(day)
        calendar, charge = self.calendar, self._penalty
        if self.late_fee:
            charge += self.late_fee_fallen(late_fee_through) * calendar.denominator
        if calendar.has_ceiling and self._ceiling < charge:
            charge = self._ceiling
        return round_half_up(charge, calendar.denominator)

    def runs(self, day: int) -> Iterator[tuple[Run, Run]]:
        """The nights up to that day, cut where base or rate changes: each run with the one that begins after it."""
        self._advance(day)
        if not self._runs:
            return iter(())
        end = (min(day, self.base_paid_on) + 1, 0, self._runs[-1][2], self._penalty)
        return pairwise([*self._runs, end])

    def _advance(self, day: int) -> None:
        """Let the nights up to that day accrue; a base holds until the next payment, however far that is.

        ValueError if no rate is in force on the first of these nights.
        """
        since, base = self._since, self.base
        if day <= since:
            return
        self._since = day
        if not base:
            return
        place, starts, stretches = self._place, self.calendar.starts, self.calendar.stretches
        if place < 0:
            raise ValueError(f"no penalty rate is in force on {date.fromordinal(since + 1)}")
        while since < day:
            stretch = stretches[place]
            if since == self._base_since or since + 1 == starts[place]:
                self._runs.append((since + 1, base, stretch, self._penalty))
            until = starts[place + 1] - 1
            if until > day:
                until = day
            else:
                place += 1
            _, _, penalty, ceiling = stretch
            self._penalty += base * penalty * (until - since)
            self._ceiling += base * ceiling * (until - since)
            since = until
        self._place = place
