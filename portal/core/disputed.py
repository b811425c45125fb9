"""What a dispute covers of a penalty: the sum of the named nights and late fee, and how much of it is unpaid.

Parts are named by days, never by line: lines are derived (domain.md 7).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from portal.core.assessment import InstalmentAssessment
from portal.core.interactions import Part
from portal.core.lines import Line
from portal.core.money import round_half_up


@dataclass(frozen=True, slots=True)
class Disputed:
    """Of one instalment, in minor units: what is disputed, and what of that is not paid yet."""

    amount: int
    unpaid: int


NOTHING = Disputed(0, 0)


def disputed(instalment: InstalmentAssessment, parts: Iterable[Part], beside: Iterable[Part] = ()) -> Disputed:
    """What these parts come to on the assessed day, other disputes standing `beside` them.

    An open `to_day` follows the nights on. Penalty already paid counts against all disputed nights, oldest first, so
    only what goes beyond it is unpaid, and never more than is payable (domain.md 7).
    """
    amount = unpaid = 0
    paid = instalment.penalty_paid
    for cost, is_own in _claims(instalment, _of(instalment, parts), _of(instalment, beside)):
        covered = min(paid, cost)
        paid -= covered
        if is_own:
            amount += cost
            unpaid += cost - covered
    return Disputed(min(amount, instalment.penalty_chargeable), min(unpaid, instalment.penalty_payable))


def _of(instalment: InstalmentAssessment, parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.instalment in (None, instalment.number)]


def _claims(instalment: InstalmentAssessment, own: list[Part], others: list[Part]) -> Iterator[tuple[int, bool]]:
    """What each disputed stretch costs and whether it is one of `own`, oldest first; the late fee comes last.

    The cost of nights is a difference of rounded running totals (domain.md 3.7).
    """
    mine, spans = _spans(own), _spans([*own, *others])
    running = Fraction(0)
    for line in instalment.lines:
        if line.kind != "nights" or line.base is None or line.daily_rate is None:
            continue
        for first, last in _pieces(line, spans):
            before = _rounded(running)
            running += line.base * line.daily_rate * ((last - first).days + 1)
            if _is_within(first, spans):
                yield _rounded(running) - before, _is_within(first, mine)
    if any(part.kind == "late_fee" for part in (*own, *others)):
        fee = sum(line.amount for line in instalment.lines if line.kind == "late_fee")
        yield fee, any(part.kind == "late_fee" for part in own)


def _spans(parts: Iterable[Part]) -> list[tuple[date, date]]:
    return [(part.from_day or date.min, part.to_day or date.max) for part in parts if part.kind == "nights"]


def _is_within(day: date, spans: Iterable[tuple[date, date]]) -> bool:
    return any(begin <= day <= end for begin, end in spans)


def _pieces(line: Line, spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """A stretch cut where a span begins or ends: first and last day of each piece."""
    low, high = line.from_day.toordinal(), line.to_day.toordinal()
    cuts = {low, high + 1}
    for begin, end in spans:
        cuts.update(cut for cut in (begin.toordinal(), min(end.toordinal(), high) + 1) if low < cut <= high)
    return [(date.fromordinal(first), date.fromordinal(after - 1)) for first, after in pairwise(sorted(cuts))]


def _rounded(value: Fraction) -> int:
    return round_half_up(value.numerator, value.denominator)
