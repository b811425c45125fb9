"""What the nights of one late instalment cost: exact penalty, late fee and legal ceiling (domain.md 3).

Sums are integers over one common denominator of all rates, and days are counted as ordinals: a stretch of
nights costs one multiplication, however long it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from portal.core.facts import DaysWaiver
from portal.core.money import round_half_up
from portal.core.terms import RateRow, Terms

CEILING_DAYS = 365
"""A yearly ceiling is spread over so many nights, in leap years too (domain.md 3.5)."""

_ENDLESS = date.max.toordinal()


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

    __slots__ = ("_ceiling_sums", "_penalty_sums", "_starts", "denominator", "has_ceiling", "stretches")

    def __init__(self, stretches: Sequence[RateStretch], denominator: int, has_ceiling: bool) -> None:
        self.stretches = stretches
        self.denominator = denominator
        self.has_ceiling = has_ceiling
        self._starts = [stretch.first_night for stretch in stretches]
        self._penalty_sums, self._ceiling_sums = [0], [0]
        for stretch, after in zip(stretches, self._starts[1:], strict=False):
            nights = after - stretch.first_night
            self._penalty_sums.append(self._penalty_sums[-1] + nights * stretch.penalty)
            self._ceiling_sums.append(self._ceiling_sums[-1] + nights * stretch.ceiling)

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
        start = self._starts[0]
        cuts = {
            *self._starts,
            *(night for first, last in waived for night in (first, last + 1) if night >= start),
        }
        firsts = [first for first, _ in waived]
        stretches: list[RateStretch] = []
        for night in sorted(cuts):
            span = bisect_right(firsts, night) - 1
            if span >= 0 and night <= waived[span][1]:
                _extend(stretches, RateStretch(night, None, 0, 0))
            else:
                _extend(stretches, self._stretch_of(night)._replace(first_night=night))
        return NightCalendar(stretches, self.denominator, self.has_ceiling)

    def between(self, after: int, last: int) -> tuple[int, int]:
        """Penalty and ceiling of a base of one over the nights after the one day up to the other.

        ValueError if no rate is in force on the first of these nights.
        """
        starts = self._starts
        begin = bisect_right(starts, after + 1) - 1
        if begin < 0:
            raise ValueError(f"no penalty rate is in force on {date.fromordinal(after + 1)}")
        end = bisect_right(starts, last, begin) - 1
        _, _, penalty, ceiling = self.stretches[end]
        if begin == end:
            return (last - after) * penalty, (last - after) * ceiling
        nights = last - starts[end] + 1
        _, _, first_penalty, first_ceiling = self.stretches[begin]
        before = after - starts[begin] + 1
        return (
            self._penalty_sums[end] + nights * penalty - self._penalty_sums[begin] - before * first_penalty,
            self._ceiling_sums[end] + nights * ceiling - self._ceiling_sums[begin] - before * first_ceiling,
        )

    def cut(self, after: int, last: int) -> list[tuple[int, int, RateStretch]]:
        """The same nights as stretches of one rate: first night, last night, stretch."""
        starts = self._starts
        at = bisect_right(starts, after + 1) - 1
        pieces: list[tuple[int, int, RateStretch]] = []
        while at + 1 < len(starts) and starts[at + 1] <= last:
            pieces.append((after + 1, starts[at + 1] - 1, self.stretches[at]))
            at += 1
            after = starts[at] - 1
        pieces.append((after + 1, last, self.stretches[at]))
        return pieces

    def is_waived(self, day: int) -> bool:
        """Whether the night ending on that day accrues nothing."""
        at = bisect_right(self._starts, day) - 1
        return at >= 0 and self.stretches[at].row is None

    def _stretch_of(self, night: int) -> RateStretch:
        return self.stretches[bisect_right(self._starts, night) - 1]


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
    """Penalty and ceiling of some nights: numerators over one denominator, in minor units."""

    penalty: int
    ceiling: int | None
    denominator: int


NO_CHARGE = ExactCharge(0, None, 1)


class Accrual:
    """The penalty of one instalment that has fallen due, followed through the days on which its base changes.

    Days are ordinals and must not go back; exact amounts are numerators over the calendar's denominator.
    """

    __slots__ = (
        "_ceiling",
        "_penalty",
        "_since",
        "base",
        "base_paid_on",
        "calendar",
        "due_on",
        "grace_until",
        "late_fee",
        "late_fee_on",
        "steps",
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
        self.steps = [(due_on, base)]
        self._since = due_on
        self._penalty = 0
        self._ceiling = 0

    def lower_base(self, base: int, day: int) -> None:
        """The base is lower from the end of that day on; the night ending on it accrues on the old one."""
        self._advance(day)
        if self.steps[-1][0] == day:
            self.steps.pop()
        self.steps.append((day, base))
        self.base = base
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
        penalty, ceiling = (0, 0) if self.is_forgiven(day) else (self._penalty, self._ceiling)
        return ExactCharge(penalty, ceiling if calendar.has_ceiling else None, calendar.denominator)

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

    def nights(self, day: int) -> list[tuple[int, int, int, RateStretch]]:
        """The nights up to that day, cut where base or rate changes: first, last, base, rate stretch."""
        return [
            (first, last, base, stretch)
            for (after, base), (until, _) in pairwise([*self.steps, (day, 0)])
            if base and after < until
            for first, last, stretch in self.calendar.cut(after, until)
        ]

    def _advance(self, day: int) -> None:
        """Let the nights up to that day accrue; a base holds until the next payment, however far that is."""
        if day > self._since:
            if self.base:
                penalty, ceiling = self.calendar.between(self._since, day)
                self._penalty += self.base * penalty
                self._ceiling += self.base * ceiling
            self._since = day
