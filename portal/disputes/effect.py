"""What can be disputed of a penalty, and what a decision does to it: the receipt before and after. Pure.

Nights are named by the days on which they end, `2026-03-06_2026-03-20`, both included.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.facts import AmountWaiver, DaysWaiver, LoanFacts
from portal.core.interactions import Part
from portal.core.lines import Line
from portal.core.money import round_half_up

ONE_DAY = timedelta(days=1)
DECISION = "decision"
"""The cause of what a decision waives, and the reference of a waiver that is only being considered."""


class Span(NamedTuple):
    """Nights by the days on which they end, both included."""

    from_day: date
    to_day: date

    @property
    def name(self) -> str:
        """How a form names these nights."""
        return f"{self.from_day.isoformat()}_{self.to_day.isoformat()}"

    @property
    def nights(self) -> int:
        return (self.to_day - self.from_day).days + 1

    @classmethod
    def read(cls, name: str) -> "Span":
        """The nights of a name; ValueError if it names none."""
        first, _, last = name.partition("_")
        span = cls(date.fromisoformat(first), date.fromisoformat(last))
        if span.to_day < span.from_day:
            raise ValueError("nights end before they begin")
        return span


class Stretch(NamedTuple):
    """Charged nights of one base and rate, cut where a part begins or ends. `inside`: within the parts asked about."""

    span: Span
    line: Line
    amount: int
    inside: bool


def stretches(instalment: InstalmentAssessment, parts: Iterable[Part]) -> list[Stretch]:
    """The charged nights of an instalment in order; amounts are differences of rounded running totals."""
    spans = spans_of(parts, instalment.number)
    found = []
    for line in instalment.lines:
        if line.kind == "nights":
            for span, inside in _pieces(Span(line.from_day, line.to_day), spans):
                found.append(Stretch(span, line, amount_of(instalment, span), inside))
    return found


def spans_of(parts: Iterable[Part], number: int) -> list[Span]:
    """The nights that parts name of an instalment, an open end as the last day there is."""
    own = (part for part in parts if part.kind == "nights" and part.instalment in (None, number))
    return [Span(part.from_day or date.min, part.to_day or date.max) for part in own]


def amount_of(instalment: InstalmentAssessment, span: Span) -> int:
    """What the nights inside a span cost."""
    return _through(instalment.lines, span.to_day) - _through(instalment.lines, span.from_day - ONE_DAY)


def _through(lines: Iterable[Line], day: date) -> int:
    exact = Fraction(0)
    for line in lines:
        if line.kind == "nights" and line.base is not None and line.daily_rate is not None and line.from_day <= day:
            exact += line.base * line.daily_rate * ((min(line.to_day, day) - line.from_day).days + 1)
    return round_half_up(exact.numerator, exact.denominator)


def _pieces(whole: Span, spans: Sequence[Span]) -> list[tuple[Span, bool]]:
    """Nights cut where one of the spans begins or ends, and whether each piece is inside one."""
    cuts = {whole.from_day, whole.to_day + ONE_DAY}
    for span in spans:
        cuts.update(cut for cut in (span.from_day, _after(span.to_day)) if whole.from_day < cut <= whole.to_day)
    return [
        (Span(first, after - ONE_DAY), any(span.from_day <= first <= span.to_day for span in spans))
        for first, after in pairwise(sorted(cuts))
    ]


def _after(day: date) -> date:
    return day if day == date.max else day + ONE_DAY


def sharing_nights(names: Iterable[str], spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans that share a night with one of those named: what was ticked, on a receipt that may have changed."""
    were = []
    for name in names:
        with suppress(ValueError):
            were.append(Span.read(name))
    return tuple(
        span for span in spans if any(span.from_day <= old.to_day and old.from_day <= span.to_day for old in were)
    )


def disputed_parts(instalment: InstalmentAssessment, nights: Iterable[Span], late_fee: bool) -> tuple[Part, ...]:
    """The parts that ticked nights and a ticked late fee make.

    If the last charged night is among them and nights may follow, the end stays open (domain.md 7).
    """
    charged = [(line.from_day, line.to_day) for line in instalment.lines if line.kind == "nights"]
    parts = []
    for span in joined(nights):
        follows = bool(charged) and span.to_day >= charged[-1][1] and instalment.base > 0
        parts.append(Part(instalment.number, span.from_day, None if follows else span.to_day, "nights"))
    if late_fee:
        parts.append(Part(instalment.number, None, None, "late_fee"))
    return tuple(parts)


def joined(spans: Iterable[Span], free: Collection[date] = ()) -> list[Span]:
    """Spans in order, those that touch made one; days in `free` cost nothing and part no span."""
    found: list[Span] = []
    for span in sorted(spans):
        if found:
            between = found[-1].to_day + ONE_DAY
            while between < span.from_day and between in free:
                between += ONE_DAY
            if span.from_day <= between:
                found[-1] = Span(found[-1].from_day, max(found[-1].to_day, span.to_day))
                continue
        found.append(span)
    return found


# What a decision does


class Row(NamedTuple):
    """One row of the receipt before and after, amounts in minor units.

    `kind` is that of a line of the receipt, or fee, interest, principal (what is left of it), instalment, due, credit.
    """

    kind: str
    from_day: date | None
    to_day: date | None
    before: int
    after: int
    disputed: bool = False

    @property
    def nights(self) -> int:
        return Span(self.from_day, self.to_day).nights if self.from_day and self.to_day else 0

    @property
    def name(self) -> str:
        """How a form ticks the row."""
        return Span(self.from_day, self.to_day).name if self.from_day and self.to_day else self.kind


@dataclass(frozen=True, slots=True)
class Effect:
    """What upholding the ticked rows would do on a day, against not upholding anything.

    `nights` are to be waived, and `fee` is to be waived of the late fee as an amount; or, where no rows are ticked,
    `less` of the penalty.
    """

    number: int
    facts_before: LoanFacts
    facts_after: LoanFacts
    before: Assessment
    after: Assessment
    rows: tuple[Row, ...]
    nights: tuple[Span, ...]
    fee: int
    ticked: frozenset[str]
    less: int = 0

    @property
    def amount(self) -> int:
        """How much less is due plus how much more is credit: what counts against an authority."""
        return self.before.due.total - self.after.due.total + self.after.credit - self.before.credit

    @property
    def tickable(self) -> frozenset[str]:
        return frozenset(row.name for row in self.rows if row.disputed)

    @property
    def outcome(self) -> str:
        if self.less:
            return "partly"
        if not self.ticked:
            return "not_upheld"
        return "upheld" if self.ticked == self.tickable else "partly"


def settled(facts: LoanFacts, own: Collection[str], day: date) -> LoanFacts:
    """The facts once the dispute ends on a day, whatever the outcome: its own suspension ends the day before."""
    waivers = []
    for waiver in facts.days_waivers:
        if waiver.reference not in own:
            waivers.append(waiver)
        elif waiver.from_day < day:
            waivers.append(replace(waiver, to_day=day - ONE_DAY))
    return replace(facts, days_waivers=tuple(waivers))


def effect(
    facts: LoanFacts,
    number: int,
    parts: Sequence[Part],
    day: date,
    ticked: Collection[str] | None = None,
    less: int = 0,
) -> Effect:
    """What upholding does on a day; `facts` are those of `settled`. Without `ticked` all that is disputed is upheld.

    Ticks that name no disputed row tick those that share their nights, and else are left out. An amount that is to be
    waived instead, `less`, takes the place of all ticks; more than is payable lapses (domain.md 3.6).
    """
    if less:
        return _less(facts, number, parts, day, less)
    before = assess(facts, day)
    seen = before.instalment(number)
    charged = [stretch for stretch in stretches(seen, parts) if stretch.inside]
    names = {stretch.span.name: stretch.span for stretch in charged}
    with_fee = any(part.kind == "late_fee" for part in parts) and seen.late_fee > 0
    possible = frozenset(names) | ({"late_fee"} if with_fee else set())
    chosen = possible
    if ticked is not None:
        chosen = frozenset(span.name for span in sharing_nights(ticked, names.values()))
        chosen |= possible & {"late_fee"} & frozenset(ticked)
    nights = _to_waive(seen, [span for name, span in names.items() if name in chosen])
    changed = _with_nights(facts, number, nights)
    fee = 0
    if "late_fee" in chosen:
        fee, fee_days = _late_fee(assess(changed, day).instalment(number), seen)
        nights = joined([*nights, *fee_days])
        changed = _with_nights(facts, number, nights)
    if fee:
        waiver = AmountWaiver(DECISION, number, day, fee, DECISION)
        changed = replace(changed, amount_waivers=(*changed.amount_waivers, waiver))
    after = assess(changed, day)
    rows = tuple(_rows(before, after, number, parts))
    return Effect(number, facts, changed, before, after, rows, tuple(nights), fee, chosen)


def _less(facts: LoanFacts, number: int, parts: Sequence[Part], day: date, less: int) -> Effect:
    before = assess(facts, day)
    amount = min(less, before.instalment(number).penalty_payable)
    waiver = AmountWaiver(DECISION, number, day, amount, DECISION)
    changed = replace(facts, amount_waivers=(*facts.amount_waivers, waiver)) if amount else facts
    after = assess(changed, day)
    rows = tuple(_rows(before, after, number, parts))
    return Effect(number, facts, changed, before, after, rows, (), 0, frozenset(), amount)


def _to_waive(seen: InstalmentAssessment, spans: Iterable[Span]) -> list[Span]:
    free = {
        line.from_day + timedelta(days=step)
        for line in seen.lines
        if line.kind == "days_waived"
        for step in range(line.nights or 0)
    }
    return joined(spans, free)


def _with_nights(facts: LoanFacts, number: int, nights: Iterable[Span]) -> LoanFacts:
    waivers = (DaysWaiver(f"{DECISION} {span.name}", number, *span, DECISION) for span in nights)
    return replace(facts, days_waivers=(*facts.days_waivers, *waivers))


def _late_fee(left: InstalmentAssessment, seen: InstalmentAssessment) -> tuple[int, list[Span]]:
    """How a late fee is taken back once the nights are: as an amount while it is unpaid.

    Of a fee that has been paid an amount would lapse (domain.md 3.6), so its day is waived: that also gives back what
    was paid, and costs the lender that one night.
    """
    if not left.late_fee:
        return 0, []
    allowed = left.exact_ceiling
    without = left.exact_penalty if allowed is None else min(left.exact_penalty, allowed)
    worth = left.penalty_chargeable - round_half_up(without.numerator, without.denominator)
    if worth <= left.penalty_payable:
        return worth, []
    day = next(line.from_day for line in seen.lines if line.kind == "late_fee")
    return 0, [Span(day, day)]


EVENTS = ("late_fee", "legal_ceiling", "amount_waiver", "paid")
LEFT = ("fee", "interest", "principal")


def _rows(before: Assessment, after: Assessment, number: int, parts: Sequence[Part]) -> Iterable[Row]:
    old, new = before.instalment(number), after.instalment(number)
    spans = spans_of(parts, number)
    for line in old.lines:
        if line.kind == "nights":
            for span, inside in _pieces(Span(line.from_day, line.to_day), spans):
                yield Row("nights", *span, amount_of(old, span), amount_of(new, span), inside)
        elif line.kind in ("days_waived", "grace"):
            yield Row(line.kind, line.from_day, line.to_day, 0, amount_of(new, Span(line.from_day, line.to_day)))
    fee_disputed = any(part.kind == "late_fee" for part in parts)
    for kind in EVENTS:
        was, now = _sum_of(old, kind), _sum_of(new, kind)
        if was or now:
            yield Row(kind, None, None, was, now, fee_disputed and kind == "late_fee")
    for kind in LEFT:
        was, now = getattr(old.unpaid, kind), getattr(new.unpaid, kind)
        if was or now:
            yield Row(kind, None, None, was, now)
    yield Row("instalment", None, None, old.unpaid.total, new.unpaid.total)
    yield Row("due", None, None, before.due.total, after.due.total)
    if before.credit or after.credit:
        yield Row("credit", None, None, before.credit, after.credit)


def _sum_of(instalment: InstalmentAssessment, kind: str) -> int:
    return sum(line.amount for line in instalment.lines if line.kind == kind)
