"""How late a loan is, and what pays it off."""

import pytest

from portal.core.assessment import assess
from portal.core.delinquency import RiskThresholds, payoff, risk_class, stage
from tests.core.loans import instalment, lin_yi, loan, on, paid, seen, terms

STAGES = [(0, "M0"), (1, "M1"), (30, "M1"), (31, "M2"), (60, "M2"), (61, "M3"), (90, "M3"), (91, "M4+")]


@pytest.mark.parametrize(("days", "expected"), STAGES)
def test_a_stage_is_a_span_of_days_past_due(days: int, expected: str) -> None:
    assert stage(days) == expected


def test_days_past_due_count_from_the_oldest_due_date_with_unpaid_base() -> None:
    facts = (instalment(1), instalment(2, on(3, 15)), paid(on(3, 20), 100_750))
    assert seen(on(3, 18), *facts).days_past_due == 13
    assert seen(on(3, 20), *facts).days_past_due == 5
    assert seen(on(3, 5), *facts).days_past_due == 0


def test_an_unpaid_penalty_alone_is_not_past_due() -> None:
    principal_first = terms(component_order=("principal", "interest", "fee", "penalty"))
    late = seen(on(4, 1), principal_first, paid(on(3, 20), 100_000))
    assert (late.due.penalty, late.days_past_due, late.oldest_due_on) == (750, 0, None)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "uncollected"),
        (30, "uncollected"),
        (31, "in collection"),
        (90, "in collection"),
        (91, "nearly bad"),
        (180, "nearly bad"),
        (181, "bad"),
        (360, "bad"),
        (361, "dead"),
    ],
)
def test_a_risk_class_is_a_span_of_days_too(days: int, expected: str) -> None:
    assert risk_class(days, "active") == expected


def test_a_written_off_loan_is_dead() -> None:
    assert risk_class(0, "written_off") == "dead"


def test_the_thresholds_can_be_set() -> None:
    assert risk_class(8, "active", RiskThresholds(7, 14, 21, 28)) == "in collection"


def test_payoff_asks_interest_of_the_running_instalment_by_days() -> None:
    amount = payoff(lin_yi(), assess(lin_yi(), on(4, 17)))
    assert amount.principal_not_yet_due == 8 * 112_000
    assert amount.interest_not_yet_due == 2_400  # 12 of 30 days of 60.00
    assert amount.total == 208_691 + 896_000 + 2_400


def test_payoff_may_ask_all_interest() -> None:
    assert payoff(lin_yi(), assess(lin_yi(), on(4, 17)), "full").interest_not_yet_due == 48_000


def test_payoff_rounds_half_up() -> None:
    facts = loan(instalment(due_on=on(1, 4), interest=1), disbursed_on=on(1, 2))
    assert payoff(facts, assess(facts, on(1, 3))).interest_not_yet_due == 1


def test_on_a_due_date_no_day_of_the_next_period_has_run() -> None:
    assert payoff(lin_yi(), assess(lin_yi(), on(4, 5))).interest_not_yet_due == 0


def test_before_the_first_due_date_the_period_begins_with_the_disbursement() -> None:
    facts = loan(instalment(due_on=on(1, 5), interest=3_100), disbursed_on=on(1, 5).replace(year=2025, month=12))
    assert payoff(facts, assess(facts, on(1, 1))).interest_not_yet_due == 2_700


def test_a_cost_that_falls_due_meanwhile_begins_no_period() -> None:
    cost = instalment(9, on(4, 10), principal=0, fee=500)
    facts = lin_yi(instalments=(*lin_yi().instalments, cost))
    assert payoff(facts, assess(facts, on(4, 17))).interest_not_yet_due == 2_400


def test_credit_is_taken_off_what_is_to_pay() -> None:
    facts = loan(instalment(), paid(on(2, 1), 30_000))
    amount = payoff(facts, assess(facts, on(2, 5)))
    assert (amount.total, amount.to_pay) == (100_000, 70_000)
