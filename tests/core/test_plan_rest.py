"""What is left of a plan: as many payments as it takes, the last no more than what is left."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from portal.core.assessment import assess
from portal.core.facts import DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.plan_rest import PlanRest, rest_of
from portal.core.terms import RateRow, Terms

TODAY = date(2026, 4, 22)
PLANNED = [(date(2026, month, 12), 40_000) for month in range(5, 11)]


def facts(paid: int = 0) -> LoanFacts:
    """One instalment of 1,180.00 due on 5 March at 0.05 % a night, some of it paid."""
    terms = Terms(
        product="P1",
        contract_type="bank_loan",
        penalty_base="overdue_instalment",
        grace_days=0,
        late_fee=0,
        late_fee_after_days=0,
        allocation_strategy="by_instalment",
        component_order=("fee", "penalty", "interest", "principal"),
        accrues_while_disputed=False,
        rates_apply="by_night",
        rates=(RateRow(date(2024, 1, 1), Fraction(1, 2000), None),),
    )
    payments = (Payment("A1", date(2026, 3, 20), paid),) if paid else ()
    return LoanFacts(
        loan="L1",
        currency="CNY",
        principal=112_000,
        disbursed_on=date(2025, 12, 5),
        terms=terms,
        instalments=(Instalment(3, date(2026, 3, 5), 112_000, 6_000, 0),),
        payments=payments,
    )


def test_it_ends_when_all_is_paid() -> None:
    rest = rest_of(facts(), PLANNED, TODAY)
    assert rest.payments == 4
    assert rest.last_on == date(2026, 8, 12)
    owed = assess(facts(), TODAY).due.total
    assert rest.total > owed  # the nights until then still count


def test_less_penalty_makes_it_shorter_or_smaller() -> None:
    waived = replace(facts(), days_waivers=(DaysWaiver("W1", 3, date(2026, 3, 6), TODAY, "dispute_upheld"),))
    assert rest_of(waived, PLANNED, TODAY).total < rest_of(facts(), PLANNED, TODAY).total
    assert rest_of(facts(70_000), PLANNED, TODAY).payments == 2


def test_nothing_due_needs_nothing() -> None:
    assert rest_of(facts(200_000), PLANNED, TODAY) == PlanRest(0, None, 0)


def test_payments_of_the_past_are_not_counted_again() -> None:
    past = [(date(2026, 4, 12), 40_000), *PLANNED]
    assert rest_of(facts(), past, TODAY) == rest_of(facts(), PLANNED, TODAY)


def test_a_plan_that_is_too_small_keeps_its_last_day() -> None:
    rest = rest_of(facts(), PLANNED[:2], TODAY)
    assert (rest.payments, rest.last_on, rest.total) == (2, date(2026, 6, 12), 80_000)
