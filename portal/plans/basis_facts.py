"""A person's loans as the basis of a plan: whether one may be proposed, and what each loan brings into it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar
from portal.core.disputed import disputed
from portal.core.facts import AmountWaiver, DaysWaiver, LoanFacts
from portal.core.plans import PlanLimits
from portal.core.receipt import fingerprint
from portal.loans.queries import LoanRecord
from portal.plans.facts import Basis

PLAN_CAUSE = "plan"
"""The cause of the waiver of days that a plan writes."""

PROPOSERS = frozenset({"borrower", "co_borrower", "representative"})
"""A guarantor sees what is demanded and plans nothing."""


def basis_of(
    record: LoanRecord,
    start: date,
    limits: PlanLimits,
    calendar: WorkingCalendar,
    counted: frozenset[str] | None = None,
) -> Basis:
    """A loan as a plan from `start` on sees it, whatever has been paid since.

    `counted` are the payments of the start day that were known when the plan was proposed; without them all that are
    known now count.
    """
    facts = _on_start_day(record.facts, start, counted)
    facts = replace(facts, amount_waivers=(*facts.amount_waivers, *_set_aside(record, facts, start)))
    today = frozenset(payment.reference for payment in facts.payments if payment.received_on == start)
    due = assess(facts, start).due.total
    mark, binding = fingerprint(record.facts, start), fingerprint(facts, start)
    return Basis(record, start, facts, today, limits, calendar, due, mark, binding)


def _on_start_day(facts: LoanFacts, start: date, counted: frozenset[str] | None) -> LoanFacts:
    return replace(
        facts,
        payments=tuple(
            payment
            for payment in facts.payments
            if payment.received_on < start
            or (payment.received_on == start and (counted is None or payment.reference in counted))
        ),
        amount_waivers=tuple(waiver for waiver in facts.amount_waivers if waiver.on_day <= start),
        days_waivers=tuple(_until_start(waiver, start) for waiver in facts.days_waivers if _counts(waiver, start)),
        # Tries to collect change no figure, and new ones come every day.
        debit_attempts=(),
    )


def _counts(waiver: DaysWaiver, start: date) -> bool:
    return waiver.cause != PLAN_CAUSE or waiver.from_day <= start


def _until_start(waiver: DaysWaiver, start: date) -> DaysWaiver:
    """What an earlier plan stopped counts again from the day on which another one would take its place."""
    if waiver.cause != PLAN_CAUSE or (waiver.to_day is not None and waiver.to_day <= start):
        return waiver
    return replace(waiver, to_day=start)


def _set_aside(record: LoanRecord, facts: LoanFacts, start: date) -> list[AmountWaiver]:
    """What is disputed and unpaid, so that the plan covers what stays payable (domain.md 9)."""
    holds = [hold for hold in record.holds if hold.kind == "dispute" and hold.is_in_force(start)]
    parts = [part for hold in holds for part in hold.parts]
    if not parts:
        return []
    found = ((item.number, disputed(item, parts).unpaid) for item in assess(facts, start).instalments if item.is_due)
    return [AmountWaiver(f"disputed {number}", number, start, amount, "dispute") for number, amount in found if amount]


def hash_of(bundle: Sequence[Basis]) -> str:
    """One hash over the fingerprints of all loans: what a form was shown."""
    lines = sorted(f"{basis.facts.loan} {basis.binding}" for basis in bundle)
    return sha256("\n".join(lines).encode()).hexdigest()


def day_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)
