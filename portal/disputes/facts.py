"""Rows and JSON as values of disputes, and back."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from portal.core.assessment import Assessment, InstalmentAssessment
from portal.core.disputed import disputed
from portal.core.facts import Instalment, LoanFacts
from portal.core.interactions import Hold, Part
from portal.disputes.effect import ONE_DAY, Row, Span, stretches


class Sums(NamedTuple):
    """Of a loan on a day, in minor units: what a dispute is about, what of it is unpaid, and what stays payable."""

    disputed: int
    unpaid: int
    stays_payable: int


def sums(assessment: Assessment, number: int, parts: Iterable[Part], others: Iterable[Part] = ()) -> Sums:
    """What these parts come to beside those of `others`, which are disputed already."""
    own, beside = list(parts), list(others)
    of_this = disputed(assessment.instalment(number), own, beside)
    unpaid = sum(disputed(item, [*own, *beside]).unpaid for item in assessment.instalments if item.is_due)
    return Sums(of_this.amount, of_this.unpaid, assessment.due.total - unpaid)


def nights_stopped(facts: LoanFacts, number: int, today: date) -> bool:
    """Whether the coming nights of an instalment count nothing, whatever stopped them: a dispute, a plan, a hold."""
    return any(
        waiver.instalment in (None, number)
        and waiver.from_day <= today + ONE_DAY
        and (waiver.to_day is None or waiver.to_day > today)
        for waiver in facts.days_waivers
    )


def instalment_named(facts: LoanFacts, number: int) -> Instalment | None:
    """An instalment as the contract has it."""
    return next((each for each in facts.instalments if each.number == number), None)


class Change(NamedTuple):
    """Nights that cost something else than they did, in minor units; None where they are not on one of the receipts.

    Without nights: what is left of the instalment.
    """

    span: Span | None
    before: int | None
    now: int | None


class Changes(NamedTuple):
    """What happened to an instalment between two looks: what arrived on its loan, and what differs."""

    arrived: int
    lines: tuple[Change, ...]


class Told(NamedTuple):
    """The figures that a form carries, so that a page that has changed can lay them beside the new ones."""

    received: int
    left: int
    nights: dict[Span, int]

    def __str__(self) -> str:
        nights = (f"{span.name}={amount}" for span, amount in self.nights.items())
        return "|".join((str(self.received), str(self.left), *nights))


def told(facts: LoanFacts, instalment: InstalmentAssessment) -> Told:
    """The figures of an instalment as they are told now."""
    received = sum(payment.amount for payment in facts.payments if payment.kind == "payment")
    nights = {each.span: each.amount for each in stretches(instalment, ())}
    return Told(received, instalment.unpaid.total, nights)


def read_told(text: str) -> Told | None:
    """What a form carried, None for anything else."""
    try:
        received, left, *nights = text.split("|")
        pairs = (each.split("=") for each in nights)
        return Told(int(received), int(left), {Span.read(name): int(amount) for name, amount in pairs})
    except ValueError:
        return None


def changes(before: Told, now: Told) -> Changes:
    """What differs between what was told and what is told now."""
    nights = [Change(span, before.nights.get(span), now.nights.get(span)) for span in {**before.nights, **now.nights}]
    nights.sort(key=lambda change: change.span or ())
    lines = (*nights, Change(None, before.left, now.left))
    return Changes(max(0, now.received - before.received), tuple(line for line in lines if line.before != line.now))


def parts_of(holds: Iterable[Hold], day: date, *, but: str = "") -> list[Part]:
    """The parts of all disputes in force on a day, except those of one number."""
    return [
        part
        for hold in holds
        if hold.kind == "dispute" and hold.number != but and hold.is_in_force(day)
        for part in hold.parts
    ]


def receipt_text(rows: Iterable[Row]) -> str:
    """Rows as they are kept with a decision."""
    return json.dumps([_plain(row) for row in rows])


def receipt_rows(text: str) -> tuple[Row, ...]:
    """The rows of a decision as they were told."""
    return tuple(_row(values) for values in json.loads(text))


def _plain(row: Row) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in row]


def _row(values: list[Any]) -> Row:
    kind, first, last, before, after, is_disputed = values
    day = date.fromisoformat
    return Row(kind, day(first) if first else None, day(last) if last else None, before, after, is_disputed)
