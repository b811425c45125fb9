"""Promises as values: what a row promises for the engine, and what can be promised on a loan."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.core.facts import Instalment
from portal.core.interactions import Part
from portal.core.promises import FURTHEST_DAYS, Promised, payable
from portal.core.refusal import Refusal
from portal.loans.queries import LoanRecord

PROMISERS = frozenset({"borrower", "co_borrower", "representative"})
"""A guarantor sees what is demanded and promises nothing."""

RESTING = frozenset({"fraud", "incapacity"})
"""Holds under which nobody is reminded or judged (domain.md 6)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be promised: what is due on a loan, or one instalment; `most` in minor units."""

    record: LoanRecord
    instalment: Instalment | None
    most: int
    part: Part

    @property
    def code(self) -> str:
        """How a form names it."""
        return self.record.code if self.instalment is None else f"{self.record.code}.{self.instalment.number}"


def promised(row: Mapping[Any, Any]) -> Promised:
    """What a row promises, for the engine."""
    planned = [(date.fromisoformat(day), int(amount)) for day, amount in json.loads(row["planned"])]
    return Promised(
        made_on=row["made_on"],
        due_on=row["due_on"],
        amount=row["amount"],
        cure_days=row["cure_days"],
        instalment=row["instalment"],
        counted=frozenset(json.loads(row["counted"])),
        planned=tuple(planned),
    )


def rests(record: LoanRecord, day: date) -> bool:
    """Whether nothing is reminded or judged on a loan at present."""
    return any(hold.kind in RESTING for hold in record.in_force(day))


def has_left(record: LoanRecord) -> bool:
    """Whether a loan is sold or closed, so that nothing on it can be promised any more."""
    return record.status in {"sold", "closed"}


def disputed_parts(record: LoanRecord, day: date) -> tuple[Part, ...]:
    """What is disputed of a loan."""
    return tuple(part for hold in record.in_force(day) if hold.kind == "dispute" for part in hold.parts)


def choices(record: LoanRecord, day: date) -> list[Choice]:
    """What can be promised on a loan on a day, as far as what stands beside it allows (domain.md 9)."""
    if record.role not in PROMISERS or record.status == "sold":
        return []
    parts = disputed_parts(record, day)
    plan_start = min((hold.from_day for hold in record.in_force(day) if hold.kind == "plan"), default=None)
    wanted: list[Choice] = []
    if plan_start is None:
        due = payable(record.facts, day, None, parts)
        wanted.append(Choice(record, None, due, Part(None, None, None, "instalment")))
    for each in sorted(record.facts.instalments, key=lambda item: (item.due_on, item.number)):
        named = each.due_on > day if plan_start is None else each.due_on > plan_start
        if named and each.due_on <= day + timedelta(days=FURTHEST_DAYS):
            about = Part(each.number, each.due_on, each.due_on, "instalment")
            wanted.append(Choice(record, each, payable(record.facts, day, each.number, parts), about))
    return [choice for choice in wanted if choice.most > 0 and refusal(choice, day) is None]


def refusal(choice: Choice, day: date) -> Refusal | None:
    """Why a promise is refused beside what stands on the loan, None if it is allowed."""
    return choice.record.refusal_of("promise", day, [choice.part])


def planned(record: LoanRecord, day: date) -> list[tuple[date, int]]:
    """What a running plan still awaits of the loan."""
    payments: Iterable[Any] = [
        payment for hold in record.in_force(day) if hold.kind == "plan" for payment in hold.data.get("payments", ())
    ]
    return [(date.fromisoformat(on), int(amount)) for on, amount in payments if date.fromisoformat(on) > day]


def as_stored(payments: Iterable[tuple[date, int]]) -> str:
    """Days and amounts as a row keeps them."""
    return json.dumps([[on.isoformat(), amount] for on, amount in payments])
