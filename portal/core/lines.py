"""The lines that explain an instalment's penalty: nights and events that add up to what is payable."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias

from portal.core.accrual import Accrual
from portal.core.money import round_half_up

LineKind: TypeAlias = Literal["nights", "late_fee", "legal_ceiling", "amount_waiver", "paid", "days_waived", "grace"]


class Line(NamedTuple):
    """One line of a penalty receipt; what a kind has no use for is None.

    `from_day` and `to_day` are the days on which its nights end, both included, or the day of an event; those
    of `legal_ceiling` span all charges. `base` and `amount` are minor units, `daily_rate` and
    `annual_ceiling` fractions of one. `reference` is that of the payment or of the amount waiver.
    `charged_before` is what the nights before a `nights` line cost exactly, as numerator and denominator.
    """

    kind: LineKind
    from_day: date
    to_day: date
    nights: int | None
    base: int | None
    daily_rate: Fraction | None
    annual_ceiling: Fraction | None
    amount: int
    reference: str | None = None
    charged_before: tuple[int, int] | None = None

    @property
    def night(self) -> Fraction:
        """What each of its nights costs exactly; nothing unless it is a `nights` line."""
        return Fraction(0) if self.base is None or self.daily_rate is None else self.base * self.daily_rate


_CHARGES = frozenset({"nights", "days_waived", "late_fee"})
_FIRST_DAY = itemgetter(Line._fields.index("from_day"))


def penalty_lines(
    accrual: Accrual, settlements: Sequence[Line], day: int, late_fee: int, chargeable: int
) -> tuple[Line, ...]:
    """All lines of an instalment at a balance date (an ordinal) in day order, the ceiling after the last charge.

    Amounts are differences of rounded running totals, so that they add up to the penalty payable exactly.
    Lines that begin on one day stand in the order of what happens in a day: night, payments, amount waivers,
    late fee (domain.md 4); they are collected in that order, and the sort keeps it.
    """
    if accrual.is_forgiven(day):
        last = min(day, accrual.base_paid_on)
        return (_free_line("grace", accrual.due_on + 1, last),) if last > accrual.due_on else ()
    lines, nights_total = _nights(accrual, day)
    if settlements or late_fee:
        lines += settlements
        if late_fee:
            lines.append(event_line("late_fee", date.fromordinal(accrual.late_fee_on), late_fee, None))
        lines.sort(key=_FIRST_DAY)
    over = chargeable - nights_total - late_fee
    if over:
        _insert_limit(lines, over)
    return tuple(lines)


def _nights(accrual: Accrual, day: int) -> tuple[list[Line], int]:
    """A line for each run of nights (waived: whatever the base), and their total."""
    denominator, day_of = accrual.calendar.denominator, date.fromordinal
    lines: list[Line] = []
    rounded = 0
    for (first, base, stretch, before), (after, _, _, charged) in accrual.runs(day):
        row = stretch.row
        if row is None:
            if lines and lines[-1].kind == "days_waived":
                first = lines.pop().from_day.toordinal()
            lines.append(_free_line("days_waived", first, after - 1))
            continue
        total = round_half_up(charged, denominator)
        lines.append(
            Line(
                "nights",
                day_of(first),
                day_of(after - 1),
                after - first,
                base,
                row.daily_rate,
                row.annual_ceiling,
                total - rounded,
                None,
                (before, denominator),
            )
        )
        rounded = total
    return lines, rounded


def _insert_limit(lines: list[Line], over: int) -> None:
    """Say after the last charge what the legal ceiling took off all charges."""
    charges = [line for line in lines if line.kind in _CHARGES]
    ceilings = {line.annual_ceiling for line in charges if line.kind == "nights"}
    ceiling = ceilings.pop() if len(ceilings) == 1 else None
    last = max(line.to_day for line in charges)
    limit = Line("legal_ceiling", charges[0].from_day, last, None, None, None, ceiling, over)
    lines.insert(lines.index(charges[-1]) + 1, limit)


def event_line(kind: LineKind, day: date, amount: int, reference: str | None) -> Line:
    """Something that happened on one day."""
    return Line(kind, day, day, None, None, None, None, amount, reference)


def _free_line(kind: LineKind, first: int, last: int) -> Line:
    """Nights that cost nothing."""
    return Line(kind, date.fromordinal(first), date.fromordinal(last), last - first + 1, None, None, None, 0)
