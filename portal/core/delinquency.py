"""How late a loan is: days past due, stage, risk class; and what it takes to pay it off (domain.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

from portal.core.facts import Instalment, LoanFacts, LoanStatus
from portal.core.money import round_half_up

if TYPE_CHECKING:
    from portal.core.assessment import Assessment

Stage: TypeAlias = Literal["M0", "M1", "M2", "M3", "M4+"]
RiskClass: TypeAlias = Literal["uncollected", "in collection", "nearly bad", "bad", "dead"]
PayoffInterest: TypeAlias = Literal["accrued_only", "full"]


def days_past_due(oldest_due_on: date | None, day: date) -> int:
    """Days since the oldest due date with unpaid base, 0 without one."""
    return (day - oldest_due_on).days if oldest_due_on is not None else 0


def stage(days: int) -> Stage:
    """M0 (not late), M1 (1 to 30 days), M2 (31 to 60), M3 (61 to 90), M4+ (over 90)."""
    if days <= 0:
        return "M0"
    if days <= 30:
        return "M1"
    if days <= 60:
        return "M2"
    return "M3" if days <= 90 else "M4+"


@dataclass(frozen=True, slots=True)
class RiskThresholds:
    """The last day past due of each risk class; above the last a loan is `dead` (defaults of domain.md 10)."""

    uncollected: int = 30
    in_collection: int = 90
    nearly_bad: int = 180
    bad: int = 360


DEFAULT_THRESHOLDS = RiskThresholds()


def risk_class(days: int, status: LoanStatus, thresholds: RiskThresholds = DEFAULT_THRESHOLDS) -> RiskClass:
    """The class that staff see, by days past due; a written-off loan is `dead`."""
    if status == "written_off":
        return "dead"
    if days <= thresholds.uncollected:
        return "uncollected"
    if days <= thresholds.in_collection:
        return "in collection"
    if days <= thresholds.nearly_bad:
        return "nearly bad"
    return "bad" if days <= thresholds.bad else "dead"


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


def payoff(facts: LoanFacts, assessment: "Assessment", rule: PayoffInterest = "accrued_only") -> Payoff:
    """What closes the loan on the day of the assessment. Fees not yet due are not asked for."""
    day = assessment.as_of
    later = [instalment for instalment in facts.instalments if instalment.due_on > day]
    interest = sum(instalment.interest for instalment in later)
    if rule == "accrued_only":
        interest = sum(_interest_so_far(facts, instalment, day) for instalment in later)
    principal = sum(instalment.principal for instalment in later)
    return Payoff(assessment.due.total, principal, interest, assessment.credit)


def _interest_so_far(facts: LoanFacts, instalment: Instalment, day: date) -> int:
    """Interest for the days that have run of the instalment's period, nothing if the period has not begun."""
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
