"""How far somebody may decide alone: the authority of a role in a currency, and its limits for each product."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.loans.limits_queries import RoleLimitRecord
from portal.loans.queries import AuthorityRecord
from portal.plans.facts import Figures, LoanSchedule

NO_AUTHORITY = AuthorityRecord(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Power:
    """One role of a member of staff: what it may grant in the plan's currency, and its limits by product.

    A product for which the role has no limits of its own is bound by the authority alone.
    """

    role: str
    authority: AuthorityRecord
    limits: Mapping[int, RoleLimitRecord]

    def allows(self, figures: Figures, products: Mapping[int, int], forecast: int, spent_today: int) -> bool:
        """Whether this role may agree to a plan alone.

        `products` are the products by loan, `forecast` is what stopping the penalty is expected to save and
        `spent_today` what was granted so already today, in minor units.
        """
        if figures.due_today > self.authority.plan_max:
            return False
        if forecast > min(self.authority.waiver_max, self.authority.waiver_day_max - spent_today):
            return False
        own = [(loan, self.limits.get(products[loan.loan_id])) for loan in figures.loans if loan.loan_id in products]
        return all(
            limit is None or _keeps(loan, figures.start, limit, forecast if figures.is_frozen else None)
            for loan, limit in own
        )


def _keeps(loan: LoanSchedule, start: date, limit: RoleLimitRecord, forecast: int | None) -> bool:
    """Whether a schedule is within a role's limits; `forecast` is None where the penalty goes on."""
    amounts = [payment.amount for payment in loan.payments]
    if loan.left or len(amounts) > limit.payments_max:
        return False
    if loan.payments[-1].due_on > start + timedelta(days=limit.days_max):
        return False
    if len(amounts) > 1 and (amounts[0] < limit.first_payment_min or min(amounts[:-1]) < limit.payment_min):
        return False
    return forecast is None or (limit.freeze and forecast <= limit.waiver_max)


def best(powers: tuple[Power, ...]) -> AuthorityRecord:
    """The most that any of the roles gives of each kind, for a page to show."""
    given = [power.authority for power in powers] or [NO_AUTHORITY]
    return AuthorityRecord(
        max(each.waiver_max for each in given),
        max(each.waiver_day_max for each in given),
        max(each.plan_max for each in given),
    )


def as_rules(limits: Mapping[str, Any], powers: tuple[Power, ...]) -> dict[str, Any]:
    """What a decision is judged by, as it is kept with it: the products' limits, and each role's own."""
    return {
        "products": dict(limits),
        "roles": [
            {
                "role": power.role,
                "authority": {name: getattr(power.authority, name) for name in AuthorityRecord.__slots__},
                "limits": [
                    {name: getattr(limit, name) for name in RoleLimitRecord.__slots__}
                    for _product, limit in sorted(power.limits.items())
                ],
            }
            for power in powers
        ],
    }
