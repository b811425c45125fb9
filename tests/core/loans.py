"""Loans for the engine's tests: small facts with defaults, amounts in fen, days of 2026 by month and day."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from portal.core.assessment import Assessment, assess
from portal.core.facts import AmountWaiver, DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms

RATE = Fraction(1, 2000)
CEILING = Fraction(24, 100)

A_RATE = RateRow(date(2020, 1, 1), RATE, None)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def terms(**changes: Any) -> Terms:
    """0.05 % a night on principal and interest, no grace, late fee or ceiling, oldest instalment first."""
    plain = Terms(
        product="plain",
        contract_type="bank_loan",
        penalty_base="overdue_instalment",
        grace_days=0,
        late_fee=0,
        late_fee_after_days=1,
        allocation_strategy="by_instalment",
        component_order=DEFAULT_ORDER,
        accrues_while_disputed=True,
        rates=(A_RATE,),
    )
    return replace(plain, **changes)


MARCH_5 = on(3, 5)


def instalment(
    number: int = 1, due_on: date = MARCH_5, principal: int = 100_000, interest: int = 0, fee: int = 0
) -> Instalment:
    return Instalment(number, due_on, principal, interest, fee)


def paid(day: date, amount: int, reference: str = "P1") -> Payment:
    return Payment(reference, day, amount)


def refunded(day: date, amount: int, reference: str = "R1") -> Payment:
    return Payment(reference, day, amount, kind="refund")


def nights_waived(from_day: date, to_day: date | None, number: int | None = 1, reference: str = "D1") -> DaysWaiver:
    return DaysWaiver(reference, number, from_day, to_day, "goodwill")


def waived(
    day: date, amount: int, number: int | None = 1, component: Any = "penalty", reference: str = "W1"
) -> AmountWaiver:
    return AmountWaiver(reference, number, day, amount, "goodwill", component)


def loan(*facts: object, **changes: Any) -> LoanFacts:
    """A loan with these instalments, payments and waivers; without an instalment, 1,000.00 due on 5 March."""

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(fact for fact in facts if isinstance(fact, kind))

    found = next((fact for fact in facts if isinstance(fact, Terms)), terms())
    plain = LoanFacts(
        loan="L1",
        currency="CNY",
        principal=100_000,
        disbursed_on=date(2025, 12, 5),
        terms=found,
        instalments=of(Instalment) or (instalment(),),
        payments=of(Payment),
        days_waivers=of(DaysWaiver),
        amount_waivers=of(AmountWaiver),
    )
    return replace(plain, **changes)


def seen(day: date, *facts: object, **changes: Any) -> Assessment:
    return assess(loan(*facts, **changes), day)


def penalty(day: date, *facts: object, number: int = 1) -> int:
    """The penalty chargeable on an instalment."""
    return seen(day, *facts).instalment(number).penalty_chargeable


def lines(day: date, *facts: object, number: int = 1) -> list[tuple[str, int, int]]:
    """The lines of an instalment as (kind, nights, amount)."""
    return [(line.kind, line.nights or 0, line.amount) for line in seen(day, *facts).instalment(number).lines]


def lin_yi(**changes: Any) -> LoanFacts:
    """The invented case of the demo: twelve instalments of 1,180.00, the third 300.00 paid, the fourth not at
    all."""
    rules = terms(
        product="home",
        contract_type="sales_credit",
        accrues_while_disputed=False,
        rates=(
            RateRow(date(2020, 1, 1), RATE, CEILING),
            RateRow(date(2026, 4, 1), Fraction(45, 100_000), CEILING),
        ),
    )
    schedule = [instalment(number, on(number, 5), 112_000, 6_000) for number in range(1, 13)]
    arrived = [paid(on(1, 5), 118_000, "P1"), paid(on(2, 5), 118_000, "P2"), paid(on(3, 20), 30_000, "P3")]
    return loan(rules, *schedule, *arrived, principal=1_344_000, **changes)
