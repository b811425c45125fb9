"""The smallest change of an offer against trying every whole amount in turn, for every limit."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.days import WorkingCalendar
from portal.core.facts import LoanFacts
from portal.core.plan_changes import larger_first_payment, smallest_change
from portal.core.plans import Offer, PlanLimits, PlanSchedule, check, keeps, schedule
from tests.core.loans import instalment, loan, on, terms

START = on(4, 17)
CALENDAR = WorkingCalendar()
UNIT = 100
MOST = 16
"""So many whole units clear any of the loans at once."""

AMOUNTS = st.integers(0, 14 * UNIT)
OWED = st.lists(st.integers(1, 7 * UNIT), min_size=1, max_size=2)
LIMITS = st.builds(
    PlanLimits,
    first_payment_min=st.one_of(st.just(0), AMOUNTS),
    payment_min=st.one_of(st.just(0), AMOUNTS),
    payments_max=st.integers(1, 6),
    days_max=st.integers(0, 120),
)
OFFERS = st.builds(
    Offer,
    pay_day=st.integers(1, 28),
    monthly=st.integers(20, 10 * UNIT),
    first_payment=st.one_of(st.none(), st.integers(1, 7 * UNIT)),
)


def late(owed: list[int]) -> LoanFacts:
    """A loan of which so much principal of each instalment is late, and bears penalty."""
    items = [instalment(number, on(3, number), principal, 0) for number, principal in enumerate(owed, start=1)]
    return loan(*items, terms())


def plan(facts: LoanFacts, offer: Offer) -> PlanSchedule:
    return schedule(facts, offer, START, CALENDAR)


def whole_from(amount: int) -> Iterator[int]:
    """The amount itself, then every whole unit above it."""
    yield amount
    yield from range((amount // UNIT + 1) * UNIT, (MOST + 1) * UNIT, UNIT)


def first_that(facts: LoanFacts, offers: Iterator[Offer], limits: PlanLimits, *left_out: str) -> Offer | None:
    """The first of these offers that passes all limits but those left out."""
    return next(
        (
            offer
            for offer in offers
            if all(each.passed or each.code in left_out for each in check(plan(facts, offer), limits))
        ),
        None,
    )


def raised(facts: LoanFacts, offer: Offer, limits: PlanLimits, *left_out: str) -> Offer | None:
    offers = (replace(offer, monthly=amount) for amount in whole_from(offer.monthly or 0))
    return first_that(facts, offers, limits, *left_out)


def more_first(facts: LoanFacts, offer: Offer, limits: PlanLimits, *left_out: str) -> Offer | None:
    offers = (replace(offer, first_payment=first) for first in whole_from(offer.first_payment or 0) if first)
    return first_that(facts, offers, limits, *left_out)


def by_trying(facts: LoanFacts, offer: Offer, limits: PlanLimits) -> Offer | None:
    """The ways in their order: the payments alone, with the least first payment, the first payment alone; then the
    same on the day that comes first latest, yet in time."""
    for wished in (offer, on_another_day(offer, limits)):
        for basis in (wished, with_least_first(facts, wished, limits)):
            found = raised(facts, basis, limits, "first_payment_min")
            if found is not None and keeps(plan(facts, found), limits):
                return found
        found = more_first(facts, wished, limits)
        if found is not None:
            return found
    return None


def with_least_first(facts: LoanFacts, offer: Offer, limits: PlanLimits) -> Offer:
    """With the least first payment that passes as such, whatever comes after it, where there is one of its own or the
    limits ask for one."""
    if offer.first_payment is None and not limits.first_payment_min:
        return offer
    found = more_first(facts, replace(offer, monthly=MOST * UNIT), limits, "payments_max", "days_max")
    return replace(offer, first_payment=found.first_payment) if found else offer


def on_another_day(offer: Offer, limits: PlanLimits) -> Offer:
    firsts = {day: first_day(day) for day in range(1, 29)}
    in_time = [day for day, first in firsts.items() if first <= START + timedelta(days=limits.days_max)]
    return replace(offer, pay_day=max(in_time, key=lambda day: firsts[day])) if in_time else offer


def first_day(day: int) -> date:
    """The first working day on or after the next time that this day of the month comes."""
    found = START + timedelta(days=1)
    while found.day != day:
        found += timedelta(days=1)
    while found.weekday() > 4:
        found += timedelta(days=1)
    return found


@settings(max_examples=20)
@given(OWED, OFFERS, LIMITS)
def test_nothing_smaller_passes(owed: list[int], offer: Offer, limits: PlanLimits) -> None:
    facts = late(owed)
    found, expected = smallest_change(facts, offer, START, CALENDAR, limits), by_trying(facts, offer, limits)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert keeps(found, limits)
        assert found.payments == plan(facts, expected).payments


@settings(max_examples=20)
@given(OWED, OFFERS, LIMITS)
def test_no_smaller_first_payment_passes(owed: list[int], offer: Offer, limits: PlanLimits) -> None:
    facts = late(owed)
    found, expected = larger_first_payment(facts, offer, START, CALENDAR, limits), more_first(facts, offer, limits)
    assert (found and found.payments) == (expected and plan(facts, expected).payments)


@pytest.mark.parametrize(
    ("offer", "limits", "expected"),
    [
        (Offer(12, monthly=1_00), PlanLimits(payment_min=50_00), [31_08]),
        (Offer(12, monthly=1_00, first_payment=2_00), PlanLimits(payment_min=5_00, payments_max=2), [5_00, 26_48]),
    ],
    ids=["one payment that clears all may be below the least", "a first payment is no smaller than any other"],
)
def test_the_least_payment(offer: Offer, limits: PlanLimits, expected: list[int]) -> None:
    found = smallest_change(late([30_00]), offer, START, CALENDAR, limits)
    assert found is not None
    assert [payment.amount for payment in found.payments] == expected
