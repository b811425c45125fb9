"""Plans as they are stored, and back: schedules, answers and limits as text."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from portal.core.affordability import Household
from portal.core.plans import Criterion
from portal.plans.facts import Answers, LoanCheck, LoanSchedule, Payment


def dump(value: Any) -> str:
    """JSON with sorted keys and ISO dates."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=date.isoformat)


def as_stored(loan: LoanSchedule) -> dict[str, Any]:
    """A loan's schedule as `dump` takes it."""
    return {
        "code": loan.code,
        "name": loan.name,
        "ref": loan.ref,
        "contract_type": loan.contract_type,
        "payments": [[each.due_on, each.amount, each.moved_from] for each in loan.payments],
        "running": [list(each) for each in loan.running],
        "due_today": loan.due_today,
        "monthly": loan.monthly,
        "is_frozen": loan.is_frozen,
        "left": loan.left,
        "first": loan.first,
        "counted": list(loan.counted),
    }


def schedule_row(loan: LoanSchedule) -> str:
    """A loan's schedule as text."""
    return dump(as_stored(loan))


def read_schedule(loan_id: int, mark: str, text: str) -> LoanSchedule:
    """What `schedule_row` wrote; `mark` is the fingerprint."""
    row: dict[str, Any] = json.loads(text)
    payments = [Payment(_day(due), amount, _day(moved) if moved else None) for due, amount, moved in row["payments"]]
    running = [(number, _day(due), amount) for number, due, amount in row["running"]]
    same = ("code", "name", "ref", "contract_type", "due_today", "monthly", "is_frozen", "left", "first")
    return LoanSchedule(
        loan_id=loan_id,
        fingerprint=mark,
        payments=tuple(payments),
        running=tuple(running),
        counted=tuple(row["counted"]),
        **{name: row[name] for name in same},
    )


def answers_row(answers: Answers) -> str:
    """The answers as text."""
    return dump({name: getattr(answers, name) for name in Answers.__slots__ if name != "amounts"})


def read_answers_row(text: str) -> Answers:
    """What `answers_row` wrote."""
    row: dict[str, Any] = json.loads(text)
    return Answers(**row | {"first_on": _day(row["first_on"]) if row.get("first_on") else None})


def said_row(said: Household | None) -> str:
    """What comes in and goes out each month, as text; nothing where nothing was said."""
    return dump({name: getattr(said, name) for name in Household.__slots__}) if said else ""


def read_said(text: str) -> Household | None:
    """What `said_row` wrote."""
    return Household(**json.loads(text)) if text else None


def criteria_row(found: Sequence[LoanCheck]) -> str:
    """Limits and what was offered, as text."""
    return dump([[each.name, [list(criterion) for criterion in each.criteria]] for each in found])


def read_criteria(text: str) -> tuple[LoanCheck, ...]:
    """What `criteria_row` wrote."""
    return tuple(LoanCheck(name, tuple(Criterion(*row) for row in rows)) for name, rows in json.loads(text))


def hold_data(loan: LoanSchedule) -> Mapping[str, Any]:
    """What the hold of an agreed plan shows: its dates and amounts, the first of them, and what was paid before."""
    payments = [[each.due_on, each.amount] for each in loan.payments]
    return {"payments": payments, "next": payments[0], "counted": list(loan.counted)}


def _day(text: str) -> date:
    return date.fromisoformat(text)
