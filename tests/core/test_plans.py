"""Schedules of plans: the figures of the invented case, the limits, and the rule walked through."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar
from portal.core.facts import DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.plan_changes import larger_first_payment, smallest_change
from portal.core.plans import Criterion, Offer, PlanLimits, PlanSchedule, check, keeps, schedule
from portal.core.refusal import Refusal
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms
from tests.model.oracle import read_folder
from tests.model.portfolios import DATA_DATE, write_portfolio
from tests.model.test_against_engine import loan_facts

START = date(2026, 4, 17)
WEEKDAYS = WorkingCalendar()
LIMITS = PlanLimits(first_payment_min=200_00, payment_min=200_00, payments_max=6, days_max=180)


def lin() -> LoanFacts:
    """The invented case that the pictures show."""
    ceiling = Fraction("0.24")
    return LoanFacts(
        loan="L-LIN",
        currency="CNY",
        principal=13_440_00,
        disbursed_on=date(2025, 12, 5),
        terms=Terms(
            product="appliances",
            contract_type="sales_credit",
            penalty_base="overdue_instalment",
            grace_days=0,
            late_fee=0,
            late_fee_after_days=0,
            allocation_strategy="by_instalment",
            component_order=DEFAULT_ORDER,
            accrues_while_disputed=False,
            rates=(
                RateRow(date(2025, 1, 1), Fraction("0.0005"), ceiling),
                RateRow(date(2026, 4, 1), Fraction("0.00045"), ceiling),
            ),
        ),
        instalments=tuple(Instalment(month, date(2026, month, 5), 1_120_00, 60_00, 0) for month in range(1, 13)),
        payments=(
            Payment("1", date(2026, 1, 5), 1_180_00),
            Payment("2", date(2026, 2, 5), 1_180_00),
            Payment("3", date(2026, 3, 20), 300_00),
        ),
    )


def plan(offer: Offer, *, freeze: bool = False) -> PlanSchedule:
    return schedule(lin(), offer, START, WEEKDAYS, freeze=freeze)


def amounts(given: PlanSchedule) -> list[int]:
    return [payment.amount for payment in given.payments]


def test_a_monthly_amount_ends_with_the_remainder() -> None:
    """MO-05."""
    given = plan(Offer(12, monthly=364_00))
    assert amounts(given) == [364_00] * 5 + [363_84]
    assert (given.total, given.due_today, given.extra, given.left) == (2_183_84, 2_086_91, 96_93, 0)


def test_pay_days_on_weekends_move_to_the_next_working_day() -> None:
    days = [(payment.due_on, payment.moved_from) for payment in plan(Offer(12, monthly=364_00)).payments]
    assert days == [
        (date(2026, 5, 12), None),
        (date(2026, 6, 12), None),
        (date(2026, 7, 13), date(2026, 7, 12)),
        (date(2026, 8, 12), None),
        (date(2026, 9, 14), date(2026, 9, 12)),
        (date(2026, 10, 12), None),
    ]


def test_the_running_instalments_are_shown_until_the_plan_ends() -> None:
    running = plan(Offer(12, monthly=364_00)).running
    assert [(item.number, item.amount) for item in running] == [(number, 1_180_00) for number in (5, 6, 7, 8, 9, 10)]


@pytest.mark.parametrize(
    ("offer", "freeze", "expected"),
    [
        (Offer(12, payments=6), False, [364_00] * 5 + [363_84]),
        (Offer(12, payments=6), True, [348_00] * 5 + [346_91]),
        (Offer(12, monthly=364_00), True, [364_00] * 5 + [266_91]),
        (Offer(12, monthly=550_00), False, [550_00] * 3 + [503_23]),
        (Offer(12, payments=1), True, [2_086_91]),
        (Offer(12, monthly=9_000_00), True, [2_086_91]),
    ],
)
def test_figures_of_the_case(offer: Offer, freeze: bool, expected: list[int]) -> None:
    assert amounts(plan(offer, freeze=freeze)) == expected


def test_penalty_stopped_costs_what_paying_today_costs() -> None:
    assert plan(Offer(12, payments=6), freeze=True).extra == 0


def test_a_small_amount_takes_nine_payments() -> None:
    given = plan(Offer(12, monthly=270_00))
    assert (len(given.payments), given.last_on) == (9, date(2027, 1, 12))


@pytest.mark.parametrize("first_today", [False, True])
def test_a_large_first_payment_shortens_it_to_six(first_today: bool) -> None:
    given = plan(Offer(12, monthly=270_00, first_payment=820_00, first_today=first_today))
    assert amounts(given)[:2] == [820_00, 270_00]
    assert len(given.payments) == 6
    assert given.payments[0].due_on == (START if first_today else date(2026, 5, 12))


def test_a_proposal_lapses_the_day_before_its_first_awaited_payment() -> None:
    assert plan(Offer(12, monthly=364_00)).lapses_on == date(2026, 5, 11)
    paid_today = Offer(12, monthly=364_00, first_payment=100_00, first_today=True)
    assert plan(paid_today).lapses_on == date(2026, 5, 11)


def test_the_pay_day_is_after_the_start_day() -> None:
    assert plan(Offer(17, monthly=364_00)).payments[0].due_on == date(2026, 5, 18)
    assert plan(Offer(20, monthly=364_00)).payments[0].due_on == date(2026, 4, 20)


def test_too_small_an_amount_leaves_something_after_two_years() -> None:
    given = plan(Offer(12, monthly=10_00))
    assert (given.last_on, len(given.payments)) == (date(2028, 4, 12), 24)
    assert given.left == 2_568_37
    assert not keeps(given, PlanLimits(payments_max=100, days_max=1000))


def test_the_limits_and_what_was_offered() -> None:
    assert check(plan(Offer(12, monthly=270_00)), LIMITS) == (
        Criterion("first_payment_min", 200_00, 270_00, True),
        Criterion("payment_min", 200_00, 270_00, True),
        Criterion("payments_max", 6, 9, False),
        Criterion("days_max", 180, 270, False),
    )


def test_the_last_payment_may_be_smaller_than_the_least() -> None:
    given = plan(Offer(12, monthly=425_00))
    assert amounts(given)[-1] == 46_09
    assert keeps(given, LIMITS)


def test_one_payment_that_clears_all_passes_the_least_amounts() -> None:
    limits = PlanLimits(first_payment_min=5_000_00, payment_min=5_000_00)
    assert keeps(plan(Offer(12, payments=1)), limits)


def changed(offer: Offer, limits: PlanLimits = LIMITS) -> PlanSchedule | None:
    return smallest_change(lin(), offer, START, WEEKDAYS, limits)


def test_the_smallest_change_is_the_least_monthly_amount() -> None:
    given = changed(Offer(12, monthly=270_00))
    assert given is not None
    assert (given.monthly, len(given.payments), given.last_on) == (364_00, 6, date(2026, 10, 12))


def test_an_offer_that_passes_is_not_changed() -> None:
    given = changed(Offer(12, monthly=425_00))
    assert given is not None
    assert given.monthly == 425_00


def test_the_least_payment_is_reached_in_whole_units() -> None:
    given = changed(Offer(12, monthly=270_00), PlanLimits(payment_min=300_50))
    assert given is not None
    assert given.monthly == 301_00


def test_a_first_payment_below_the_limit_is_raised_alone() -> None:
    given = changed(Offer(12, monthly=270_00), PlanLimits(first_payment_min=500_00))
    assert given is not None
    assert amounts(given)[:2] == [500_00, 270_00]


def test_where_time_is_short_an_earlier_pay_day_is_found() -> None:
    given = changed(Offer(12, monthly=270_00), PlanLimits(days_max=14))
    assert given is not None
    assert [payment.due_on for payment in given.payments] == [date(2026, 5, 1)]


def test_where_no_day_is_in_time_nothing_passes() -> None:
    assert changed(Offer(12, monthly=270_00), PlanLimits(days_max=0)) is None


def test_all_today_where_only_today_is_in_time() -> None:
    offer = Offer(12, monthly=270_00, first_payment=100_00, first_today=True)
    given = changed(offer, PlanLimits(days_max=0))
    assert given is not None
    assert [(payment.due_on, payment.amount) for payment in given.payments] == [(START, 2_086_91)]


def test_the_other_way_is_a_larger_first_payment() -> None:
    given = larger_first_payment(lin(), Offer(12, monthly=270_00), START, WEEKDAYS, LIMITS)
    assert given is not None
    assert amounts(given) == [815_00, 270_00, 270_00, 270_00, 270_00, 269_87]
    assert not keeps(plan(Offer(12, monthly=270_00, first_payment=814_00)), LIMITS)


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (Offer(12, payments=25), "plan.too_many_payments"),
        (Offer(12, payments=1, first_payment=100, first_today=True), "plan.no_amount"),
    ],
)
def test_impossible_offers_are_refused(offer: Offer, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        plan(offer)
    assert caught.value.code == code


def test_without_anything_due_there_is_no_plan() -> None:
    with pytest.raises(Refusal) as caught:
        schedule(lin(), Offer(12, monthly=100_00), date(2026, 2, 6), WEEKDAYS)
    assert caught.value.code == "plan.nothing_due"


def test_an_offer_says_either_an_amount_or_a_number() -> None:
    for monthly, payments in ((None, None), (1, 1), (0, None), (None, 0)):
        with pytest.raises(ValueError, match="an offer has"):
            Offer(12, monthly, payments)
    with pytest.raises(ValueError, match="needs its amount"):
        Offer(12, monthly=1, first_today=True)


@pytest.mark.parametrize("freeze", [False, True])
def test_schedules_are_what_walking_from_payment_to_payment_gives(tmp_path: Path, freeze: bool) -> None:
    """MO-05."""
    for index, facts in enumerate(portfolio(tmp_path)):
        offer = Offer(pay_day=index % 28 + 1, payments=index % 12 + 1)
        given = schedule(facts, offer, DATA_DATE, WEEKDAYS, freeze=freeze)
        assert amounts(given) == walked(facts, given, freeze)
        assert given.left == 0
        assert len(given.payments) <= index % 12 + 1


def test_the_amount_found_is_the_least_that_finishes_in_the_number(tmp_path: Path) -> None:
    for index, facts in enumerate(portfolio(tmp_path)):
        offer = Offer(pay_day=index % 28 + 1, payments=index % 12 + 1)
        monthly = schedule(facts, offer, DATA_DATE, WEEKDAYS).monthly
        if monthly > major_unit(facts):
            less = Offer(offer.pay_day, monthly - major_unit(facts))
            longer = schedule(facts, less, DATA_DATE, WEEKDAYS)
            assert longer.left or len(longer.payments) > index % 12 + 1


def portfolio(folder: Path) -> list[LoanFacts]:
    write_portfolio(folder, seed=11, loans=60)
    loans = [loan_facts(facts) for facts in read_folder(folder).values()]
    return [facts for facts in loans if assess(facts, DATA_DATE).due.total]


def major_unit(facts: LoanFacts) -> int:
    return {"JPY": 1, "CNY": 100, "KWD": 1000}[facts.currency]


def walked(facts: LoanFacts, given: PlanSchedule, freeze: bool) -> list[int]:
    """The payments, found by looking before each one at what is due then."""
    if freeze:
        stopped = DaysWaiver("plan", None, date(2026, 7, 1), None, "plan")
        facts = replace(facts, days_waivers=(*facts.days_waivers, stopped))
    for item in facts.instalments:
        if item.due_on > DATA_DATE:
            paid = Payment(f"i{item.number}", item.due_on, item.principal + item.interest + item.fee)
            facts = replace(facts, payments=(*facts.payments, paid))
    made: list[int] = []
    for payment in given.payments:
        amount = min(given.monthly, assess(facts, payment.due_on).due.total)
        made.append(amount)
        facts = replace(facts, payments=(*facts.payments, Payment(f"p{len(made)}", payment.due_on, amount)))
        if not assess(facts, payment.due_on).due.total:
            break
    return made
