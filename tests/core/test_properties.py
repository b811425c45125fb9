"""What must hold of every loan on every day, tried on random loans."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.assessment import Assessment, assess
from portal.core.facts import AmountWaiver, DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.receipt import explain, night_lines, one_more_night
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms

START = date(2023, 12, 20)
LAST_EVENT = START + timedelta(days=150)

days = st.integers(0, 150).map(lambda count: START + timedelta(days=count))
seen_on = st.integers(0, 300).map(lambda count: START + timedelta(days=count))
amounts = st.integers(1, 3_000) | st.integers(1, 200_000)
rates = st.builds(Fraction, st.integers(0, 50), st.sampled_from([10_000, 36_000, 36_500]))


@st.composite
def rate_rows(draw: st.DrawFn) -> tuple[RateRow, ...]:
    limited = draw(st.booleans())
    starts = sorted(draw(st.sets(days, max_size=3)) | {date(2020, 1, 1)})
    ceilings = st.sampled_from([Fraction(0), Fraction(8, 100), Fraction(24, 100), Fraction(154, 1000)])
    return tuple(RateRow(start, draw(rates), draw(ceilings) if limited else None) for start in starts)


terms = st.builds(
    Terms,
    product=st.just("p"),
    contract_type=st.just("bank_loan"),
    penalty_base=st.sampled_from(["overdue_principal", "overdue_instalment"]),
    grace_days=st.sampled_from([0, 0, 1, 3, 10]),
    late_fee=st.sampled_from([0, 0, 50, 5_000]),
    late_fee_after_days=st.integers(0, 12),
    allocation_strategy=st.sampled_from(["by_instalment", "by_component"]),
    component_order=st.permutations(DEFAULT_ORDER).map(tuple),
    accrues_while_disputed=st.just(True),
    rates=rate_rows(),
    rates_apply=st.sampled_from(["by_night", "by_contract_date"]),
)


@st.composite
def loans(draw: st.DrawFn) -> LoanFacts:
    count = draw(st.integers(1, 5))
    number = st.none() | st.integers(1, count)
    components = st.sampled_from(["fee", "penalty", "interest", "principal"])
    whole = st.integers(0, 100_000)
    schedule = [Instalment(n + 1, draw(days), draw(whole), draw(whole), draw(whole)) for n in range(count)]
    kinds = st.sampled_from(["payment", "payment", "payment", "refund"])
    payments = [Payment(f"P{n}", draw(days), draw(amounts), "", draw(kinds)) for n in range(draw(st.integers(0, 6)))]
    free = [
        DaysWaiver(f"D{n}", draw(number), draw(days), draw(st.none() | days), "x")
        for n in range(draw(st.integers(0, 3)))
    ]
    less = [
        AmountWaiver(f"W{n}", draw(number), draw(days), draw(amounts), "x", draw(components))
        for n in range(draw(st.integers(0, 3)))
    ]
    return LoanFacts(
        loan="L",
        currency="CNY",
        principal=1_000_000,
        disbursed_on=START,
        terms=draw(terms),
        instalments=tuple(schedule),
        payments=tuple(payments),
        days_waivers=tuple(free),
        amount_waivers=tuple(less),
    )


def conserved(assessment: Assessment) -> bool:
    """Contract amounts + chargeable penalty = paid + waived + due + not yet due."""
    contract = sum(i.contract.fee + i.contract.interest + i.contract.principal for i in assessment.instalments)
    charged = sum(item.penalty_chargeable for item in assessment.instalments)
    settled = sum(item.paid.total + item.waived.total for item in assessment.instalments)
    return contract + charged == settled + assessment.due.total + assessment.not_yet_due


@given(loans(), seen_on)
def test_contract_and_penalty_are_paid_waived_due_or_not_yet_due(facts: LoanFacts, day: date) -> None:
    """MO-04."""
    assessment = assess(facts, day)
    assert conserved(assessment)
    for item in assessment.instalments:
        assert min(*item.unpaid, *item.paid, *item.waived) >= 0
        assert item.penalty_chargeable == item.penalty_paid + item.penalty_waived + item.penalty_payable


@given(loans(), seen_on)
def test_a_payment_is_allocated_held_or_given_back(facts: LoanFacts, day: date) -> None:
    """MO-06."""
    assessment = assess(facts, day)
    for payment in assessment.payments:
        assert payment.amount == payment.allocated.total + payment.credit + payment.refunded
        assert payment.allocated.total == sum(part.amount for part in payment.parts)
        assert min(payment.credit, payment.refunded) >= 0
    allocated = sum(payment.allocated.total for payment in assessment.payments)
    assert allocated == sum(item.paid.total for item in assessment.instalments)


@given(loans(), seen_on)
def test_nothing_is_held_while_something_is_due(facts: LoanFacts, day: date) -> None:
    assessment = assess(facts, day)
    assert not (assessment.credit and assessment.due.total)


@given(loans(), seen_on)
def test_lines_add_up_stand_in_order_and_are_merged(facts: LoanFacts, day: date) -> None:
    for item in assess(facts, day).instalments:
        assert sum(line.amount for line in item.lines) == item.penalty_payable
        others = [line.from_day for line in item.lines if line.kind != "legal_ceiling"]
        assert others == sorted(others)
        stretches = [line for line in item.lines if line.kind in {"nights", "days_waived"}]
        for line, following in pairwise(stretches):
            assert following.from_day == line.to_day + timedelta(days=1)
            assert (line.kind, line[4:7]) != (following.kind, following[4:7])
        for line in stretches:
            assert line.nights == (line.to_day - line.from_day).days + 1


@given(loans(), seen_on)
def test_opened_nights_come_to_the_exact_penalty(facts: LoanFacts, day: date) -> None:
    for item in assess(facts, day).instalments:
        nights = [night for line in item.lines for night in night_lines(line)]
        assert sum(amount for _, amount, _ in nights) == item.exact_penalty
        assert not nights or nights[-1][2] == item.exact_penalty


@given(loans(), seen_on)
def test_penalty_never_passes_its_ceiling(facts: LoanFacts, day: date) -> None:
    for item in assess(facts, day).instalments:
        if item.exact_ceiling is not None:
            assert item.penalty_chargeable <= item.exact_ceiling + Fraction(1, 2)


@given(loans(), seen_on)
def test_a_chargeable_penalty_never_shrinks(facts: LoanFacts, day: date) -> None:
    today, tomorrow = assess(facts, day), assess(facts, day + timedelta(days=1))
    for item, later in zip(today.instalments, tomorrow.instalments, strict=True):
        assert later.penalty_chargeable >= item.penalty_chargeable
        assert sum(later.paid) >= sum(item.paid)


@given(loans(), seen_on, st.randoms())
def test_the_order_of_the_facts_changes_nothing(facts: LoanFacts, day: date, random: Random) -> None:
    def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        mixed = list(values)
        random.shuffle(mixed)
        return tuple(mixed)

    names = ("instalments", "payments", "days_waivers", "amount_waivers")
    turned_facts: dict[str, Any] = {name: shuffled(getattr(facts, name)) for name in names}
    turned = replace(facts, **turned_facts)
    assert explain(assess(turned, day), turned) == explain(assess(facts, day), facts)


@given(loans(), days, seen_on)
def test_a_rate_row_that_repeats_the_one_before_changes_nothing(facts: LoanFacts, cut: date, day: date) -> None:
    rows = facts.terms.rates
    if facts.terms.rates_apply == "by_contract_date" or any(row.effective_from == cut for row in rows):
        return
    in_force = [row for row in rows if row.effective_from < cut][-1]
    split = sorted([*rows, replace(in_force, effective_from=cut)], key=lambda row: row.effective_from)
    other = replace(facts, terms=replace(facts.terms, rates=tuple(split)))
    assert assess(other, day).instalments == assess(facts, day).instalments


@given(loans(), days, days, st.integers(0, 20), seen_on)
def test_a_waiver_cut_in_two_is_the_same_waiver(
    facts: LoanFacts, first: date, cut: date, length: int, day: date
) -> None:
    whole = DaysWaiver("X", None, first, first + timedelta(days=length), "x")
    middle = min(max(first, cut), first + timedelta(days=length))
    parts = (
        replace(whole, reference="X1", to_day=middle),
        replace(whole, reference="X2", from_day=middle + timedelta(days=1)),
    )
    one = replace(facts, days_waivers=(*facts.days_waivers, whole))
    two = replace(facts, days_waivers=(*facts.days_waivers, *parts))
    assert assess(one, day) == assess(two, day)


@given(loans(), st.integers(0, 60))
def test_after_the_last_event_each_night_adds_what_it_says(facts: LoanFacts, count: int) -> None:
    day = LAST_EVENT + timedelta(days=count + 12)
    today, tomorrow = assess(facts, day), assess(facts, day + timedelta(days=1))
    assert tomorrow.due.total - today.due.total == one_more_night(facts, day)
    assert tomorrow.payments == today.payments


@given(loans(), days)
def test_what_comes_later_is_not_seen(facts: LoanFacts, day: date) -> None:
    known = replace(
        facts,
        payments=tuple(payment for payment in facts.payments if payment.received_on <= day),
        amount_waivers=tuple(waiver for waiver in facts.amount_waivers if waiver.on_day <= day),
    )
    assert assess(known, day) == assess(facts, day)


@settings(max_examples=30)
@given(loans(), amounts)
def test_paying_more_never_leaves_more_due(facts: LoanFacts, amount: int) -> None:
    day = LAST_EVENT
    before = assess(facts, day)
    after = assess(replace(facts, payments=(*facts.payments, Payment("Z", day, amount))), day)
    assert after.due.total == max(0, before.due.total - amount)
