"""What the contract says about being late: base, rates in force, grace, late fee, ceiling, order."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

ContractType: TypeAlias = Literal["bank_loan", "finance_lease", "sales_credit"]
PenaltyBase: TypeAlias = Literal["overdue_principal", "overdue_instalment"]
AllocationStrategy: TypeAlias = Literal["by_instalment", "by_component"]
RatesApply: TypeAlias = Literal["by_night", "by_contract_date"]

DEFAULT_ORDER = ("fee", "penalty", "interest", "principal")


@dataclass(frozen=True, slots=True)
class RateRow:
    """A daily penalty rate (fraction of one, per night) and the yearly ceiling, in force from a day on."""

    effective_from: date
    daily_rate: Fraction
    annual_ceiling: Fraction | None


@dataclass(frozen=True, slots=True)
class Terms:
    """The penalty terms of a product. `rates` are in order of `effective_from`; `late_fee` is in minor
    units."""

    product: str
    contract_type: ContractType
    penalty_base: PenaltyBase
    grace_days: int
    late_fee: int
    late_fee_after_days: int
    allocation_strategy: AllocationStrategy
    component_order: tuple[str, ...]
    accrues_while_disputed: bool
    rates: tuple[RateRow, ...]
    rates_apply: RatesApply = "by_night"
