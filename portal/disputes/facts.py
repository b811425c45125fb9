"""Rows and JSON as values of disputes, and back."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from portal.core.assessment import Assessment
from portal.core.disputed import disputed
from portal.core.interactions import Hold, Part
from portal.disputes.effect import Row


class Sums(NamedTuple):
    """Of a loan on a day, in minor units: what a dispute is about, what of it is unpaid, and what stays payable."""

    disputed: int
    unpaid: int
    stays_payable: int


def sums(assessment: Assessment, number: int, parts: Iterable[Part], others: Iterable[Part] = ()) -> Sums:
    """What these parts come to beside those of `others`, which are disputed already."""
    own, all_parts = list(parts), [*parts, *others]
    of_this = disputed(assessment.instalment(number), own)
    unpaid = sum(disputed(item, all_parts).unpaid for item in assessment.instalments if item.is_due)
    return Sums(of_this.amount, of_this.unpaid, assessment.due.total - unpaid)


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
