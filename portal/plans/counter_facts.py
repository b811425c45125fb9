"""A counter-offer in figures: what other terms come to on the loans of a proposal, and how it is stored and named."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from portal.core.refusal import Refusal
from portal.plans import offer_facts, stored_facts
from portal.plans.facts import Answers, Basis, Figures, LoanCheck, LoanSchedule


@dataclass(frozen=True, slots=True)
class Terms:
    """Another plan than the one offered: its answers, whether the penalty stops, and what that comes to.

    `forecast` is what stopping the penalty is expected to save, in minor units, 0 where it goes on.
    """

    answers: Answers
    freeze: bool
    figures: Figures
    checks: tuple[LoanCheck, ...]
    forecast: int

    @property
    def passed(self) -> bool:
        """Whether it is within the product's limits."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter-offer as it was made. `maker` and `checker` are names; `outcome` is empty while it stands."""

    id: int
    plan_id: int
    answers: Answers
    freeze: bool
    figures: Figures
    forecast: int
    within_limits: bool
    seen: str
    mark: str
    lapses_on: date
    lapsed_before: date
    made_at: datetime
    made_by: int
    confirmed_by: int | None
    outcome: str


def terms(answers: Answers, bundle: Sequence[Basis], *, freeze: bool) -> Terms:
    """What these answers come to, at the monthly amount that they are priced at.

    Refusals of `core.plans.schedule`; `plan.never_ends` if two years of payments leave something unpaid.
    """
    plans = offer_facts.schedules(answers, bundle, freeze=freeze)
    if any(plan.left for plan in plans):
        raise Refusal("plan.never_ends")
    amounts = tuple((basis.record.id, plan.monthly) for basis, plan in zip(bundle, plans, strict=True))
    priced = replace(answers, monthly=sum(plan.monthly for plan in plans), payments=None, amounts=amounts)
    found = offer_facts.figures(plans, bundle)
    forecast = offer_facts.forecast(priced, bundle) if freeze else 0
    return Terms(priced, freeze, found, offer_facts.checks(plans, bundle), forecast)


def suggestion(
    offered: Figures, answers: Answers, change: Answers | None, bundle: Sequence[Basis], *, may_freeze: bool
) -> Terms | None:
    """What staff may want to answer: the smallest change that passes, else as many payments with the penalty stopped.

    None where neither is another plan than the one offered.
    """
    wished = change or (replace(answers, monthly=None, payments=offered.count, amounts=()) if may_freeze else None)
    if wished is None or not bundle:
        return None
    try:
        found = terms(wished, bundle, freeze=may_freeze)
    except Refusal:
        return None
    return found if differs(found.figures, offered) else None


def differs(one: Figures, other: Figures) -> bool:
    """Whether two plans ask for other amounts or other days."""
    return [(each.due_on, each.amount) for each in one.payments] != [
        (each.due_on, each.amount) for each in other.payments
    ]


def schedules_row(figures: Figures) -> str:
    """The schedules of all loans as text."""
    rows = [
        {"loan_id": loan.loan_id, "fingerprint": loan.fingerprint, "schedule": stored_facts.as_stored(loan)}
        for loan in figures.loans
    ]
    return stored_facts.dump(rows)


def read_schedules(text: str) -> tuple[LoanSchedule, ...]:
    """What `schedules_row` wrote."""
    rows = json.loads(text)
    return tuple(
        stored_facts.read_schedule(row["loan_id"], row["fingerprint"], json.dumps(row["schedule"])) for row in rows
    )


def mark_of(number: str, seen: str, made: Terms, moment: datetime) -> str:
    """One hash of a counter-offer: its plan, the figures it was made on, its terms, every payment, its moment."""
    shown = {
        "number": number,
        "seen": seen,
        "answers": stored_facts.answers_row(made.answers),
        "freeze": made.freeze,
        "schedules": schedules_row(made.figures),
        "moment": moment.isoformat(),
    }
    return sha256(stored_facts.dump(shown).encode()).hexdigest()


def payload_of(made: Terms, reason: str, words: str, version: int) -> Mapping[str, object]:
    """What waits for a second person: the terms, never the figures, which are computed again."""
    return {
        "answers": stored_facts.answers_row(made.answers),
        "freeze": made.freeze,
        "reason": reason,
        "words": words,
        "version": version,
    }
