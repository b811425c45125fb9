"""Promises: what can be promised, and how the payments that arrived judge one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.interactions import Part
from portal.core.promises import FURTHEST_DAYS, Promised, check, furthest, is_strike, outcome, payable, received
from portal.core.refusal import Refusal
from tests.core.loans import instalment, loan, nights_waived, on, paid

TODAY = on(4, 17)
STOPPED = nights_waived(on(3, 6), None, None)


def promised(**changes: object) -> Promised:
    """300.00 by 24 April, three cure days."""
    return replace(Promised(TODAY, on(4, 24), 30_000, 3), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payments", "seen_on", "verdict"),
    [
        ([], on(4, 23), "ahead"),
        ([], on(4, 24), "missed"),
        ([], on(4, 26), "missed"),
        ([], on(4, 27), "broken"),
        ([(on(4, 24), 30_000)], on(4, 24), "kept"),
        ([(on(4, 17), 10_000), (on(4, 20), 20_000)], on(4, 24), "kept"),
        ([(on(4, 27), 30_000)], on(4, 27), "made_good"),
        ([(on(4, 28), 30_000)], on(4, 28), "broken"),
        ([(on(4, 25), 29_999)], on(4, 27), "partly_kept"),
        ([(on(4, 16), 30_000)], on(4, 27), "broken"),
    ],
)
def test_it_is_judged_by_what_arrived(payments: list[tuple[date, int]], seen_on: date, verdict: str) -> None:
    arrived = [paid(day, amount, f"P{n}") for n, (day, amount) in enumerate(payments)]
    facts = loan(instalment(), STOPPED, *arrived)
    assert outcome(facts, promised(), seen_on) == verdict


def test_without_data_it_is_not_judged() -> None:
    assert outcome(loan(), promised(), None) == "ahead"


def test_what_had_arrived_when_it_was_made_is_not_counted_again() -> None:
    facts = loan(instalment(), STOPPED, paid(TODAY, 30_000))
    assert outcome(facts, promised(), on(4, 27)) == "kept"
    assert outcome(facts, promised(counted=frozenset({"P1"})), on(4, 27)) == "broken"


def test_nothing_due_any_more_keeps_it() -> None:
    facts = loan(instalment(), STOPPED, paid(TODAY, 100_000))
    assert outcome(facts, promised(counted=frozenset({"P1"})), on(4, 27)) == "kept"


def test_later_instalments_and_the_plan_come_before_it() -> None:
    facts = loan(instalment(), instalment(2, on(4, 20), 20_000), STOPPED, paid(on(4, 24), 30_000))
    assert received(facts, promised(), on(4, 24)) == 10_000
    assert outcome(facts, promised(), on(4, 27)) == "partly_kept"
    with_plan = promised(planned=((on(4, 18), 5_000), (on(5, 18), 5_000)))
    assert received(facts, with_plan, on(4, 24)) == 5_000
    about_it = promised(amount=20_000, instalment=2)
    assert outcome(facts, about_it, on(4, 24)) == "kept"


def test_what_can_be_promised() -> None:
    facts = loan(instalment(), instalment(2, on(5, 5), 20_000))
    assert payable(facts, TODAY, None) == 100_000 + 43 * 50
    assert payable(facts, TODAY, 2) == 20_000
    assert payable(facts, TODAY, 1) == payable(facts, TODAY, None)
    assert payable(facts, TODAY, 3) == 0
    nights = Part(1, None, None, "nights")
    assert payable(facts, TODAY, None, [nights]) == 100_000


def test_what_held_credit_will_pay_is_not_promised() -> None:
    held = loan(instalment(2, on(5, 5), 94_500), instalment(3, on(6, 5), 94_500), paid(on(4, 16), 150_000))
    assert (payable(held, TODAY, 2), payable(held, TODAY, 3)) == (0, 39_000)


@pytest.mark.parametrize("amount", [0, -1, 50_001])
def test_nothing_less_than_nothing_and_nothing_above_what_is_due_is_promised(amount: int) -> None:
    with pytest.raises(Refusal, match=r"promise\.amount"):
        check(amount, on(4, 20), TODAY, 50_000)


def test_a_promise_has_a_day_that_is_near() -> None:
    last = TODAY + timedelta(days=FURTHEST_DAYS)
    check(1, TODAY, TODAY, 1)
    check(1, last, TODAY, 1)
    for day in (TODAY - timedelta(days=1), last + timedelta(days=1)):
        with pytest.raises(Refusal, match=r"promise\.date"):
            check(1, day, TODAY, 1)
    assert furthest(TODAY, instalment(2, on(5, 5))) == on(5, 5) + timedelta(days=FURTHEST_DAYS)
    with pytest.raises(Refusal, match=r"promise\.nothing_due"):
        check(1, TODAY, TODAY, 0)


def test_one_that_was_kept_in_part_is_no_strike() -> None:
    words = ["ahead", "kept", "made_good", "missed", "partly_kept", "broken"]
    assert [word for word in words if is_strike(word)] == ["missed", "broken"]  # type: ignore[arg-type]


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(-2, 20), st.integers(1, 40_000)), max_size=5),
    st.integers(0, 12),
    st.integers(0, 4),
    st.integers(0, 20),
)
def test_it_agrees_with_counting_day_by_day(
    arrivals: list[tuple[int, int]], due_in: int, cure: int, data_in: int
) -> None:
    day_of = [TODAY + timedelta(days=day) for day in range(-2, 40)]
    facts = loan(
        instalment(1, on(3, 5), 10_000_000),
        STOPPED,
        *(paid(day_of[day + 2], amount, f"P{n}") for n, (day, amount) in enumerate(arrivals)),
    )
    made = promised(due_on=day_of[due_in + 2], cure_days=cure)
    total, reached = 0, None
    for day in range(21):
        total += sum(amount for on_, amount in arrivals if on_ == day)
        if reached is None and total >= 30_000:
            reached = day
    if data_in < due_in:
        word = "ahead"
    elif reached is not None and reached <= due_in:
        word = "kept"
    elif reached is not None and reached <= due_in + cure:
        word = "made_good"
    elif data_in < due_in + cure:
        word = "missed"
    else:
        word = "partly_kept" if any(0 <= on_ <= due_in + cure for on_, _amount in arrivals) else "broken"
    assert outcome(facts, made, day_of[data_in + 2]) == word
