"""Schedules of every rhythm against the second engine, which replays each day alone (MO-05)."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar
from portal.core.facts import Instalment, LoanFacts
from portal.core.pay_dates import RHYTHMS, Rhythm
from portal.core.plan_changes import smallest_change
from portal.core.plans import Offer, PlanLimits, PlanSchedule, keeps, schedule
from portal.core.refusal import Refusal
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms
from portal.loans.rulepacks import rule_pack
from tests.core.loans import instalment, loan, on, paid, terms
from tests.model.oracle import Facts, Row, explain_loan, read_folder
from tests.model.portfolios import DATA_DATE, write_portfolio
from tests.model.test_against_engine import loan_facts

CHINA = rule_pack("cn").calendar(DATA_DATE)
ONE_DAY = timedelta(days=1)


def test_each_day_replayed_the_last_payment_is_the_remainder(tmp_path: Path) -> None:
    assert check_portfolio(tmp_path, seed=21, loans=40) > 20


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(2000, 2040))
def test_the_same_on_thousands_of_loans(tmp_path: Path, seed: int) -> None:
    assert check_portfolio(tmp_path, seed, loans=100)


def test_a_late_fee_of_the_last_day_is_not_in_the_payment_that_prevents_it() -> None:
    """It is charged after the day's payments, and not at all once nothing is unpaid (domain.md 4)."""
    with_fee = terms(late_fee=1_500, late_fee_after_days=60)
    facts = replace(loan(instalment(1, on(3, 15), 100_000)), terms=with_fee)
    plan = schedule(facts, Offer(14, 60_000, None), on(3, 20), CHINA)
    known = replace(facts, payments=tuple(paid(each.due_on, each.amount, f"P{each.number}") for each in plan.payments))
    end = assess(known, plan.last_on)
    assert plan.last_on == on(5, 14), "60 days after it fell due"
    assert (plan.left, end.due.total, end.credit) == (0, 0, 0)


def check_portfolio(folder: Path, seed: int, loans: int) -> int:
    """Compare one schedule a loan that owes something; how many were compared."""
    write_portfolio(folder, seed, loans)
    compared = 0
    for index, rows in enumerate(read_folder(folder).values()):
        facts = loan_facts(rows)
        if assess(facts, DATA_DATE).due.total:
            compared += 1
            compare(rows, schedule(facts, offer_of(index, facts), DATA_DATE, CHINA))
    return compared


def offer_of(index: int, facts: LoanFacts) -> Offer:
    """Another offer for each loan: all rhythms and days, equal or not, with and without a first payment."""
    rhythm = RHYTHMS[index % 3]
    first = max(1, assess(facts, DATA_DATE).due.total // 5) if index % 4 == 0 else None
    return Offer(
        pay_day=index % 31 + 1,
        payments=index % 7 + 2,
        first_payment=first,
        first_today=first is not None and index % 8 == 0,
        rhythm=rhythm,
        first_on=None if rhythm == "monthly" else DATA_DATE + timedelta(days=index % 14 + 1),
        equal=index % 2 == 0,
    )


def compare(rows: Facts, plan: PlanSchedule) -> None:
    """Before each payment more is due than it, after the last nothing; the dates ascend and are worked."""
    assert plan.left == 0
    days = [payment.due_on for payment in plan.payments]
    assert all(before < after for before, after in pairwise(days))
    assert all(CHINA.is_working_day(day) for day in days if day != plan.start)
    last = plan.payments[-1]
    owed = due(rows, plan, last.due_on, without_last=True)
    assert owed == last.amount > 0
    assert due(rows, plan, last.due_on) == 0
    if len(days) > 1:
        assert due(rows, plan, plan.payments[-2].due_on) > 0, "it would have ended before"


def due(rows: Facts, plan: PlanSchedule, day: date, *, without_last: bool = False) -> int:
    """What the second engine says is due, when the plan's payments and later instalments arrive on their days."""
    product, rates, loan, instalments, payments, waivers = rows
    made = plan.payments[:-1] if without_last else plan.payments
    arriving = [(f"plan {each.number - 1}", each.due_on, each.amount) for each in made]
    arriving += [(f"running {each.number}", each.due_on, each.amount) for each in plan.running]
    more: list[Row] = [
        {
            "payment_ref": reference,
            "loan_ref": loan["loan_ref"],
            "received_on": received_on,
            "amount": amount,
            "reversed": False,
            "kind": "payment",
        }
        for reference, received_on, amount in arriving
    ]
    told = explain_loan(product, rates, loan, instalments, [*payments, *more], waivers, as_of=day)
    return int(told["due"]["total"])


# --- Equal payments -----------------------------------------------------------------------------------------------


def still(principals: list[int], currency: str = "CNY", rate: str = "0") -> LoanFacts:
    """A loan all of whose instalments are late; at the rate 0 nothing accrues."""
    terms = Terms(
        product="p",
        contract_type="sales_credit",
        penalty_base="overdue_instalment",
        grace_days=0,
        late_fee=0,
        late_fee_after_days=0,
        allocation_strategy="by_instalment",
        component_order=DEFAULT_ORDER,
        accrues_while_disputed=False,
        rates=(RateRow(date(2020, 1, 1), Fraction(rate), None),),
    )
    instalments = tuple(
        Instalment(number, date(2026, 1, 5) + timedelta(days=number), principal, 0, 0)
        for number, principal in enumerate(principals, start=1)
    )
    return LoanFacts("L", currency, sum(principals), date(2025, 12, 1), terms, instalments)


START = date(2026, 4, 17)
SUMS = st.lists(st.integers(1, 10**10), min_size=1, max_size=4)
OFFERED = st.tuples(st.sampled_from(RHYTHMS), st.integers(1, 31), st.integers(1, 14), st.integers(1, 24))


@settings(max_examples=40)
@given(SUMS, OFFERED, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_equal_payments_differ_by_one_minor_unit_at_most(
    sums: list[int], offered: tuple[Rhythm, int, int, int], currency: str
) -> None:
    """MO-05, where "equal" is promised and nothing accrues; the sum is exact."""
    plan = schedule(still(sums, currency), equal_offer(offered), START, CHINA)
    amounts = [payment.amount for payment in plan.payments]
    assert sum(amounts) == sum(sums) == plan.due_today
    assert max(amounts) - min(amounts) <= 1
    assert len(amounts) <= offered[3]
    assert len(amounts) == offered[3] or sum(sums) < offered[3] ** 2, "fewer only where cents run out"


@settings(max_examples=25)
@given(SUMS, OFFERED)
def test_equal_payments_stay_so_while_penalty_accrues(sums: list[int], offered: tuple[Rhythm, int, int, int]) -> None:
    """The last one may differ by what a minor unit bears until then, and by rounding."""
    plan = schedule(still(sums, rate="0.0005"), equal_offer(offered), START, CHINA)
    amounts = [payment.amount for payment in plan.payments]
    assert max(amounts) - min(amounts) <= 2 + len(sums)


def equal_offer(offered: tuple[Rhythm, int, int, int]) -> Offer:
    rhythm, day, ahead, payments = offered
    first_on = None if rhythm == "monthly" else START + timedelta(days=ahead)
    return Offer(day, payments=payments, rhythm=rhythm, first_on=first_on, equal=True)


def test_an_equal_plan_at_the_amount_that_was_found_is_the_same_plan() -> None:
    """Staff decide at the amount that the borrower was shown."""
    facts = still([1_000_00, 7], rate="0.0005")
    found = schedule(facts, Offer(12, payments=7, equal=True), START, CHINA)
    again = schedule(facts, Offer(12, monthly=found.monthly, equal=True), START, CHINA)
    assert again.payments == found.payments


# --- Limits of weekly plans ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rhythm", ["weekly", "two_weekly"])
def test_the_smallest_change_of_a_weekly_plan_passes_and_less_does_not(rhythm: Rhythm) -> None:
    limits = PlanLimits(payments_max=6, days_max=60)
    facts = still([1_000_00], rate="0.0005")
    offer = Offer(1, monthly=50_00, rhythm=rhythm, first_on=START + ONE_DAY)
    plan = smallest_change(facts, offer, START, CHINA, limits)
    assert plan is not None
    assert keeps(plan, limits)
    assert plan.offer.rhythm == rhythm
    less = Offer(1, monthly=plan.monthly - 1_00, rhythm=rhythm, first_on=START + ONE_DAY)
    assert not keeps(schedule(facts, less, START, CHINA), limits)


def test_where_time_is_short_an_earlier_first_day_is_found() -> None:
    offer = Offer(1, monthly=50_00, rhythm="two_weekly", first_on=START + 14 * ONE_DAY)
    plan = smallest_change(still([100_00]), offer, START, WorkingCalendar(), PlanLimits(days_max=5))
    assert plan is not None
    assert [payment.due_on for payment in plan.payments] == [date(2026, 4, 22)]


def test_a_first_day_beyond_two_years_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        schedule(still([100]), Offer(1, monthly=1, rhythm="weekly", first_on=date(2099, 1, 1)), START, CHINA)
    assert caught.value.code == "plan.no_day"


def test_weeks_need_a_first_day() -> None:
    with pytest.raises(ValueError, match="first day"):
        Offer(1, monthly=1, rhythm="weekly")
