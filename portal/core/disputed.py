"""What a dispute covers of a penalty: the sum of the named nights and late fee, and how much of it is unpaid.

Parts are named by days, never by line: lines are derived (domain.md 7).
"""

from collections.abc import Iterable
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


def disputed(instalment: InstalmentAssessment, parts: Iterable[Part]) -> Disputed:
    """What these parts come to on the assessed day.

    An open `to_day` follows the nights on. Penalty already paid counts against the disputed nights, oldest first, so
    only what goes beyond it is unpaid, and never more than is payable (domain.md 7).
    """
    own = [part for part in parts if part.instalment in (None, instalment.number)]
    spans = [(part.from_day or date.min, part.to_day or date.max) for part in own if part.kind == "nights"]
    amount = _nights_within(instalment.lines, spans)
    if any(part.kind == "late_fee" for part in own):
        amount += sum(line.amount for line in instalment.lines if line.kind == "late_fee")
    amount = min(amount, instalment.penalty_chargeable)
    unpaid = max(0, min(amount - instalment.penalty_paid, instalment.penalty_payable))
    return Disputed(amount, unpaid)


def _nights_within(lines: Iterable[Line], spans: list[tuple[date, date]]) -> int:
    """The nights' amounts inside the spans, each end a difference of rounded running totals (domain.md 3.7)."""
    running = Fraction(0)
    inside = 0
    for line in lines:
        if line.kind != "nights" or line.base is None or line.daily_rate is None:
            continue
        one_night = line.base * line.daily_rate
        for first, last, wanted in _pieces(line, spans):
            before = _rounded(running)
            running += one_night * ((last - first).days + 1)
            if wanted:
                inside += _rounded(running) - before
    return inside


def _pieces(line: Line, spans: list[tuple[date, date]]) -> list[tuple[date, date, bool]]:
    """A stretch cut where a span begins or ends: first day, last day, whether it is inside a span."""
    low, high = line.from_day.toordinal(), line.to_day.toordinal()
    cuts = {low, high + 1}
    for begin, end in spans:
        cuts.update(cut for cut in (begin.toordinal(), min(end.toordinal(), high) + 1) if low < cut <= high)
    edges = sorted(cuts)
    pieces = []
    for first, after in pairwise(edges):
        day = date.fromordinal(first)
        pieces.append((day, date.fromordinal(after - 1), any(begin <= day <= end for begin, end in spans)))
    return pieces


def _rounded(value: Fraction) -> int:
    return round_half_up(value.numerator, value.denominator)
