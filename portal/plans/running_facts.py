"""A running plan for the engine: what is awaited of each loan after what was moved or left out since."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from portal.core.plan_life import Awaited, LoanPart
from portal.loans.queries import LoanRecord
from portal.plans.facts import LoanSchedule

RESTING = frozenset({"fraud", "incapacity"})
"""Holds under which strikes rest and nobody is reminded (domain.md 6)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One payment was `moved`, `skipped` or said to be impossible (`cannot`), by its agreed day."""

    kind: str
    agreed_on: date
    to_day: date | None
    extra: Mapping[int, int]
    made_on: date


@dataclass(frozen=True, slots=True)
class Told:
    """What the person was told, in order; `content` is what it rested on."""

    what: str
    about: str
    content: Mapping[str, Any]
    words: str
    by: str | None
    told_on: date


def read_extra(text: str) -> dict[int, int]:
    """What a change costs more, by loan."""
    return {int(loan_id): int(amount) for loan_id, amount in json.loads(text).items()}


def awaited(schedule: LoanSchedule, changes: Iterable[Change]) -> tuple[Awaited, ...]:
    """What is awaited of a loan: the agreed payments on the days that count now, by day.

    What changes cost more is part of the last payment, which is the remainder (domain.md 8).
    """
    to_day = {change.agreed_on: change.to_day for change in changes if change.to_day}
    rows = [Awaited(each.due_on, to_day.get(each.due_on) or each.due_on, each.amount) for each in schedule.payments]
    rows.sort(key=lambda row: (row.due_on, row.agreed_on))
    extra = sum(change.extra.get(schedule.loan_id, 0) for change in changes)
    last = rows[-1]
    return (*rows[:-1], replace(last, amount=last.amount + extra))


def part(schedule: LoanSchedule, record: LoanRecord, start: date, changes: Iterable[Change], day: date) -> LoanPart:
    """One loan of a plan for the engine."""
    disputes = (hold for hold in record.holds if hold.kind == "dispute" and hold.is_in_force(day))
    return LoanPart(
        facts=record.facts,
        start=start,
        awaited=awaited(schedule, tuple(changes)),
        counted=frozenset(schedule.counted),
        parts=tuple(part for hold in disputes for part in hold.parts),
    )


def in_plan(schedules: Sequence[LoanSchedule], records: Iterable[LoanRecord]) -> list[tuple[LoanSchedule, LoanRecord]]:
    """The loans that a plan still covers: a sold one is the new owner's."""
    by_id = {record.id: record for record in records}
    pairs = ((schedule, by_id.get(schedule.loan_id)) for schedule in schedules)
    return [(schedule, record) for schedule, record in pairs if record is not None and record.status != "sold"]
