"""The dated rules of a product and their defaults (domain.md 10), resolved for a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, TypeAlias

from portal.core.money import parse_major

FundsReading: TypeAlias = Literal["opening", "closing", "all_day", "any_moment"]
PayoffInterest: TypeAlias = Literal["accrued_only", "full"]


@dataclass(frozen=True, slots=True)
class ProductRules:
    """What a product says beside its penalty terms. `auto_uphold_max` is in minor units, 0 is off.

    `reducible` are the components that a settlement may reduce; the penalty includes the late fee. Of what is payable
    of them a quote takes off `settlement_percent` by itself (0: only staff do) and stands `settlement_days`. Days are
    calendar days, but `answer_days` and `review_days` working days.
    """

    funds_reading: FundsReading = "closing"
    payoff_interest: PayoffInterest = "accrued_only"
    auto_uphold_max: int = 0
    answer_days: int = 5
    review_days: int = 10
    evidence_keep_days: int = 90
    freeze: bool = False
    cure_days: int = 3
    move_days: int = 7
    skips: int = 0
    hardship_pause_days: int = 30
    reducible: frozenset[str] = frozenset()
    settlement_percent: int = 0
    settlement_days: int = 14


_WHOLE = frozenset(field.name for field in fields(ProductRules) if field.type is int)
_REDUCIBLE_BY_DEFAULT: Mapping[str, frozenset[str]] = {"sales_credit": frozenset({"penalty"})}


def rules_on(day: date, rows: Iterable[tuple[str, str, str]], contract_type: str, currency: str) -> ProductRules:
    """The rules in force on a day, from rows of (rule, effective_from, value): of each the latest begun.

    An amount in a value is in major units of the product's currency, as it was imported.
    """
    begun = sorted((since, rule, value) for rule, since, value in rows if since <= day.isoformat())
    given: dict[str, Any] = {"reducible": _REDUCIBLE_BY_DEFAULT.get(contract_type, frozenset())}
    given.update((rule, _value(rule, value, currency)) for _, rule, value in begun)
    return ProductRules(**given)


def _value(rule: str, value: str, currency: str) -> bool | int | str | frozenset[str]:
    if rule == "freeze":
        return value == "1"
    if rule == "auto_uphold_max":
        return parse_major(value, currency)
    if rule == "reducible":
        return frozenset() if value == "none" else frozenset(value.split(">"))
    return int(value) if rule in _WHOLE else value
