"""How far somebody may decide alone: the authority of a role in a currency, its limits for a product; their changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from portal.loans.limits_queries import RoleLimitRecord
from portal.loans.queries import AuthorityRecord
from portal.plans.facts import Figures, LoanSchedule
from portal.plans.stored_facts import dump

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
        `spent_today` what was granted alone today already, by whatever decision, in minor units.
        """
        if figures.due_today > self.authority.plan_max:
            return False
        if forecast and forecast > min(self.authority.waiver_max, self.authority.waiver_day_max - spent_today):
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


FIELDS: Mapping[str, tuple[str, ...]] = {
    "product": ("first_payment_min", "payment_min", "payments_max", "days_max", "freeze"),
    "role": ("first_payment_min", "payment_min", "payments_max", "days_max", "waiver_max", "freeze"),
    "authority": ("plan_max", "waiver_max", "waiver_day_max"),
}
"""What each kind of limit says."""

MONEY = frozenset(("first_payment_min", "payment_min", "waiver_max", "waiver_day_max", "plan_max"))
MOST = {"payments_max": 1_200, "days_max": 36_500}
"""The largest numbers, as an import takes them."""


@dataclass(frozen=True, slots=True)
class LimitKey:
    """Which limit: of a product, of a role for a product, or of a role in a currency."""

    kind: str
    product_id: int | None
    role: str
    currency: str


@dataclass(frozen=True, slots=True)
class Change:
    """A limit as it would be from a day on, beside what counts on that day now. Amounts are minor units.

    `before` is empty where nothing is given yet.
    """

    key: LimitKey
    effective_from: date
    before: Mapping[str, int | bool]
    after: Mapping[str, int | bool]

    @property
    def mark(self) -> str:
        """One hash of all that two people have to agree on."""
        return sha256(dump(self.as_stored()).encode()).hexdigest()

    def as_stored(self) -> dict[str, Any]:
        """The change as a JSON object."""
        named = {name: getattr(self.key, name) for name in LimitKey.__slots__}
        return {**named, "effective_from": self.effective_from, "before": dict(self.before), "after": dict(self.after)}


def read_change(stored: Mapping[str, Any]) -> Change:
    """What `as_stored` made, after JSON."""
    key = LimitKey(*(stored[name] for name in LimitKey.__slots__))
    return Change(key, date.fromisoformat(stored["effective_from"]), stored["before"], stored["after"])
