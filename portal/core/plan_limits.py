"""The limits of a product for plans, and whether a plan keeps them (domain.md 8 and 10)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from portal.core.plan_offers import PlanSchedule

CriterionCode: TypeAlias = Literal["first_payment_min", "payment_min", "payments_max", "days_max"]


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The limits of a product for plans; those of domain.md 10 where none are given."""

    first_payment_min: int = 0
    payment_min: int = 0
    payments_max: int = 12
    days_max: int = 366


class Criterion(NamedTuple):
    """One limit and what was offered: minor units, a number of payments, or days from the start day."""

    code: CriterionCode
    limit: int
    offered: int
    passed: bool


def check(plan: PlanSchedule, limits: PlanLimits) -> tuple[Criterion, ...]:
    """The limits and what the plan offers, in the order of the limits.

    The last payment may be smaller than the least payment; so may a first one that clears everything.
    """
    amounts = [payment.amount for payment in plan.payments]
    least = min(amounts[:-1], default=amounts[0])
    is_only = len(amounts) == 1
    ends = plan.left == 0
    days = (plan.last_on - plan.start).days
    first_passes = is_only or amounts[0] >= limits.first_payment_min
    return (
        Criterion("first_payment_min", limits.first_payment_min, amounts[0], first_passes),
        Criterion("payment_min", limits.payment_min, least, is_only or least >= limits.payment_min),
        Criterion("payments_max", limits.payments_max, len(amounts), ends and len(amounts) <= limits.payments_max),
        Criterion("days_max", limits.days_max, days, ends and days <= limits.days_max),
    )


def keeps(plan: PlanSchedule, limits: PlanLimits) -> bool:
    """Whether the plan passes every limit."""
    return all(criterion.passed for criterion in check(plan, limits))
