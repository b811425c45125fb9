"""What it takes to pay a loan off on a day (domain.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from portal.core.assessment import Assessment
from portal.core.facts import Instalment, LoanFacts
from portal.core.money import round_half_up

PayoffInterest: TypeAlias = Literal["accrued_only", "full"]


@dataclass(frozen=True, slots=True)
class Payoff:
    """What closes a loan on a day: what is due, and principal and interest not yet due, less held credit."""

    due: int
    principal_not_yet_due: int
    interest_not_yet_due: int
    credit: int

    @property
    def total(self) -> int:
        """Before credit is taken off (domain.md 5)."""
        return self.due + self.principal_not_yet_due + self.interest_not_yet_due

    @property
    def to_pay(self) -> int:
        """What has to be paid beside the credit that is held."""
        return max(0, self.total - self.credit)


def payoff(facts: LoanFacts, assessment: Assessment, rule: PayoffInterest = "accrued_only") -> Payoff:
    """What closes the loan on the day of the assessment. Fees not yet due are not asked for."""
    day = assessment.as_of
    later = [instalment for instalment in facts.instalments if instalment.due_on > day]
    interest = sum(interest_asked(facts, instalment, day, rule) for instalment in later)
    principal = sum(instalment.principal for instalment in later)
    return Payoff(assessment.due.total, principal, interest, assessment.credit)


def interest_asked(facts: LoanFacts, instalment: Instalment, day: date, rule: PayoffInterest) -> int:
    """The interest of an instalment not yet due that a payoff asks for.

    All of it, or that for the days that have run of its period: nothing if the period has not begun.
    """
    if rule == "full":
        return instalment.interest
    begin = _period_begin(facts.instalments, instalment, facts.disbursed_on)
    if not begin < day:
        return 0
    return round_half_up(instalment.interest * (day - begin).days, (instalment.due_on - begin).days)


def _period_begin(instalments: Iterable[Instalment], instalment: Instalment, disbursed_on: date) -> date:
    """The due date before, or the disbursement. An instalment that is only a cost begins no period."""
    return max(
        (
            other.due_on
            for other in instalments
            if other.due_on < instalment.due_on and (other.principal or other.interest)
        ),
        default=disbursed_on,
    )
