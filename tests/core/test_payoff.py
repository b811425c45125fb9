"""What pays a loan off on a day."""

from portal.core.assessment import assess
from portal.core.payoff import payoff
from tests.core.loans import instalment, lin_yi, loan, on, paid


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
