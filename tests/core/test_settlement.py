"""What a settlement takes off, what is to pay on each day, and whether what arrived closed the loan."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.core.assessment import assess
from portal.core.facts import AmountWaiver, Component, DaysWaiver, LoanFacts, Payment
from portal.core.payoff import PayoffInterest, payoff
from portal.core.refusal import Refusal
from portal.core.settlement import (
    Offer,
    automatic,
    closed,
    figure,
    figures,
    reducible_on,
    settled_on,
    spread,
    taken_off,
    with_offer,
)
from tests.core.loans import instalment, lin_yi, loan, on, paid, penalty, terms, waived
from tests.core.test_properties import START, loans

PENALTY = frozenset({"penalty"})
RULES: tuple[PayoffInterest, ...] = ("accrued_only", "full")
DAY = on(4, 17)
EVENING = on(4, 16)


def offer(percent: int = 100, day: date = DAY, facts: LoanFacts | None = None) -> Offer:
    """What the rules give of Lin's case, payable for two weeks."""
    return automatic(facts or lin_yi(), day, 14, PENALTY, percent)


def test_the_whole_penalty_of_the_case() -> None:
    """18.06 is payable on 17 April, of it 17.13 on the evening before, and 0.93 comes with the last night."""
    made = offer()
    assert made.reductions == (("penalty", 1_713),)
    assert made.stops_penalty
    found = figure(lin_yi(), made, DAY)
    assert found.whole == 208_691 + 896_000 + 2_400
    assert found.reduction == 1_806
    assert found.to_pay == 206_885 + 896_000 + 2_400


def test_half_of_it_rounds_down_and_nights_go_on_counting() -> None:
    made = offer(50)
    assert made.reductions == (("penalty", 856),)
    assert not made.stops_penalty
    assert [found.reduction for found in figures(lin_yi(), made, DAY)] == [856] * 15


def test_at_nothing_it_is_the_payoff() -> None:
    made = offer(0)
    assert (made.reductions, made.stops_penalty) == ((), False)
    assert figure(lin_yi(), made, DAY).reduction == 0


def test_no_kind_is_reduced_that_the_rules_do_not_name() -> None:
    assert reducible_on(lin_yi(), EVENING, DAY, frozenset()) == {}
    assert reducible_on(lin_yi(), EVENING, DAY, {"interest", "penalty"}) == {"penalty": 1_713, "interest": 6_000}


def test_what_was_paid_today_cannot_be_taken_off_any_more() -> None:
    facts = lin_yi()
    facts = replace(facts, payments=(*facts.payments, paid(DAY, 1_000, "P4")))
    assert reducible_on(facts, EVENING, DAY, PENALTY) == {"penalty": 806}


def test_interest_of_the_running_instalment_grows_from_day_to_day() -> None:
    each = figures(lin_yi(), offer(), DAY)
    assert [found.day for found in each] == [DAY + timedelta(days=count) for count in range(15)]
    assert [found.to_pay - each[0].to_pay for found in each[:3]] == [0, 200, 400]


def test_paid_on_the_day_on_which_enough_had_arrived() -> None:
    facts, made = lin_yi(), offer()
    needed = figure(facts, made, on(4, 20)).to_pay
    for amounts, expected in (
        ({on(4, 20): needed}, on(4, 20)),
        ({on(4, 20): needed - 1}, None),
        ({on(4, 18): 50_000, on(4, 20): needed - 50_000}, on(4, 20)),
        ({on(5, 2): needed + 90_000}, None),
    ):
        arrived = tuple(Payment(f"S{day}", day, amount) for day, amount in amounts.items())
        paid_facts = replace(facts, payments=(*facts.payments, *arrived))
        assert settled_on(paid_facts, made, "accrued_only", on(5, 9)) == expected


def test_what_is_not_known_yet_is_not_judged() -> None:
    facts, made = lin_yi(), offer()
    facts = replace(facts, payments=(*facts.payments, paid(on(4, 20), 2_000_000, "S1")))
    assert settled_on(facts, made, "accrued_only", on(4, 19)) is None
    assert settled_on(facts, made, "accrued_only", on(4, 20)) == on(4, 20)


def test_a_part_paid_in_between_does_not_use_the_reduction_up() -> None:
    facts, made = lin_yi(), offer()
    part = replace(facts, payments=(*facts.payments, paid(on(4, 18), 50_000, "S1")))
    without = figure(facts, made, on(4, 20)).to_pay
    assert figure(part, made, on(4, 20)).to_pay == without - 50_000


def test_within_grace_the_nights_since_the_quote_do_not_count() -> None:
    facts = loan(terms(grace_days=5), instalment(due_on=on(4, 14), principal=1_000_000))
    made = automatic(facts, DAY, 14, PENALTY, 100)
    assert made.reductions == ()
    assert figure(facts, made, on(4, 21)).whole == 1_000_000 + 7 * 500
    assert figure(facts, made, on(4, 21)).to_pay == 1_000_000 + 2 * 500


def test_what_is_not_booked_yet_uses_no_reduction_up() -> None:
    """Booked to the 10th: a payment of the 12th that comes to light later meets the other components."""
    facts = lin_yi()
    made = automatic(facts, DAY, 14, PENALTY, 100, booked_to=on(4, 10))
    assert (made.evening, made.reduced) == (on(4, 10), assess(facts, on(4, 10)).due.penalty)
    later = replace(facts, payments=(*facts.payments, paid(on(4, 12), 10_000, "P4")))
    for day in (DAY, on(4, 20)):
        assert figure(later, made, day).to_pay == figure(facts, made, day).to_pay - 10_000


def test_credit_is_taken_off() -> None:
    facts = loan(instalment(1, on(4, 10)), instalment(2, on(6, 10)), paid(on(4, 10), 150_000))
    assert figure(facts, Offer(DAY, on(5, 1), EVENING), DAY).to_pay == 50_000


def test_a_staff_amount_is_spread_in_a_fixed_order() -> None:
    most: dict[Component, int] = {"principal": 50, "penalty": 30, "interest": 20}
    assert spread(45, most) == (("penalty", 30), ("interest", 15))
    assert spread(0, most) == ()
    for wrong in (-1, 101):
        with pytest.raises(Refusal, match=r"settlement\.too_much"):
            spread(wrong, most)


def test_percentages_are_percentages() -> None:
    with pytest.raises(ValueError, match="percent"):
        offer(101)


# Any loan

QUOTED = START + timedelta(days=80)
percents = st.sampled_from([0, 1, 33, 50, 99, 100])
waits = st.integers(0, 20)
components = st.sets(st.sampled_from(["penalty", "interest", "fee", "principal"])).map(frozenset)


def of_its_time(facts: LoanFacts, until: date) -> LoanFacts:
    """Without what happens after a day; what was taken off is known when it is taken off."""
    return replace(
        facts,
        payments=tuple(each for each in facts.payments if each.received_on <= until),
        amount_waivers=tuple(each for each in facts.amount_waivers if each.on_day <= until),
    )


def paid_off(facts: LoanFacts, made: Offer, day: date, rule: PayoffInterest, amount: int) -> LoanFacts:
    """The loan with the settlement's payment and its waivers, all of it due on the day."""
    money = (Payment("\U0010ffff", day, amount),) if amount else ()
    return closed(with_offer(replace(facts, payments=(*facts.payments, *money)), made, day), day, rule)


@settings(max_examples=60)
@given(loans(), percents, waits, components, st.sampled_from(RULES))
def test_the_engine_fed_with_payment_and_waivers_leaves_nothing(
    facts: LoanFacts, percent: int, wait: int, named: Any, rule: PayoffInterest
) -> None:
    """MO-14: what a page asks for closes the loan for ever, and one minor unit less does not."""
    made = automatic(facts, QUOTED, 20, named, percent)
    day = QUOTED + timedelta(days=wait)
    facts = of_its_time(facts, day)
    asked = figure(facts, made, day, rule)
    assert 0 <= asked.reduction <= asked.whole
    for later in (0, 1, 45, 400):
        assert assess(paid_off(facts, made, day, rule, asked.to_pay), day + timedelta(days=later)).due.total == 0
    if asked.to_pay and asked.to_pay == least(facts, made, day, rule):
        assert assess(paid_off(facts, made, day, rule, asked.to_pay - 1), day).due.total > 0


def least(facts: LoanFacts, made: Offer, day: date, rule: PayoffInterest) -> int:
    """What closes the loan when a late fee that falls on this very evening is escaped by paying."""
    surplus = assess(paid_off(facts, made, day, rule, figure(facts, made, day, rule).to_pay), day).credit
    return max(0, figure(facts, made, day, rule).to_pay - surplus)


@settings(max_examples=60)
@given(loans(), percents, waits, st.sampled_from(RULES))
def test_it_is_paid_exactly_when_the_figure_has_arrived(
    facts: LoanFacts, percent: int, wait: int, rule: PayoffInterest
) -> None:
    made = automatic(facts, QUOTED, 20, PENALTY, percent)
    day = QUOTED + timedelta(days=wait)
    facts = of_its_time(facts, QUOTED - timedelta(days=1))
    asked = figure(facts, made, day, rule).to_pay
    assume(asked > 0 and settled_on(facts, made, rule, made.until) is None)
    arrived = replace(facts, payments=(*facts.payments, Payment("\U0010ffff", day, asked)))
    assert settled_on(arrived, made, rule, made.until) == day
    assert settled_on(arrived, made, rule, day - timedelta(days=1)) is None


@settings(max_examples=60)
@given(loans(), percents, waits)
def test_a_reduction_stays_within_what_was_payable(facts: LoanFacts, percent: int, wait: int) -> None:
    """An independent sum: what is taken off is no more than the penalty payable that evening and the nights since."""
    made = automatic(facts, QUOTED, 20, PENALTY, percent)
    day = QUOTED + timedelta(days=wait)
    facts = of_its_time(facts, QUOTED - timedelta(days=1))
    evening, then = assess(facts, made.evening), assess(facts, day)
    since = sum(
        after.penalty_chargeable - before.penalty_chargeable
        for before, after in zip(evening.instalments, then.instalments, strict=True)
    )
    limit = evening.due.penalty * percent // 100 + (since if percent == 100 else 0)
    assert taken_off(facts, made, day, "accrued_only") <= limit
    if percent < 100 and not since:
        assert taken_off(facts, made, day, "accrued_only") == limit


def simple(day: date, made: Offer) -> int:
    """One instalment of 1,000.00 due on 5 March at 0.05 % a night, by hand: nothing of the engine is used."""
    nights = range(1, (day - on(3, 5)).days + 1)
    counted = [night for night in nights if not (made.stops_penalty and on(3, 5) + timedelta(night) >= made.quoted_on)]
    return 100_000 + max(0, len(counted) * 50 - made.reduced)


@given(st.integers(1, 60), st.integers(0, 14), percents)
def test_the_figures_of_one_late_instalment_by_hand(late: int, wait: int, percent: int) -> None:
    facts = loan(instalment())
    quoted = on(3, 5) + timedelta(days=late)
    made = automatic(facts, quoted, 14, PENALTY, percent)
    assert made.reduced == (late - 1) * 50 * percent // 100
    day = quoted + timedelta(days=wait)
    assert figure(facts, made, day).to_pay == simple(day, made)


def test_its_waivers_are_those_of_the_engine() -> None:
    facts = with_offer(lin_yi(), offer(), on(4, 20))
    assert facts.amount_waivers == (AmountWaiver("settlement penalty", None, on(4, 16), 1_713, "settlement"),)
    assert facts.days_waivers == (DaysWaiver("settlement nights", None, DAY, on(4, 20), "settlement"),)
    assert assess(facts, on(4, 20)).due.penalty == 0
    assert penalty(on(4, 16), waived(on(4, 16), 10)) == penalty(on(4, 16))


def test_all_falls_due_where_it_is_closed() -> None:
    facts = closed(lin_yi(), DAY)
    assert assess(facts, DAY).due.total == payoff(lin_yi(), assess(lin_yi(), DAY)).total
    assert assess(closed(lin_yi(), DAY, "full"), DAY).due.total == payoff(lin_yi(), assess(lin_yi(), DAY), "full").total
