"""What is left each month, and how much of it a plan takes."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.affordability import Household, a_month, most_in_a_month
from portal.core.pay_dates import RHYTHMS, Rhythm

LIN = Household(income=5_000_00, spending=2_500_00, others=470_00, running=1_180_00)
SUMS = st.integers(0, 10**12)


def test_what_is_left_and_half_of_it() -> None:
    assert (LIN.left_over, LIN.half, LIN.most("monthly")) == (850_00, 425_00, 425_00)


@pytest.mark.parametrize(
    ("payment", "rhythm", "share", "above"),
    [
        (364_00, "monthly", Fraction(43, 100), False),
        (425_00, "monthly", Fraction(1, 2), False),
        (425_01, "monthly", Fraction(1, 2), True),
        (550_00, "monthly", Fraction(65, 100), True),
        (98_07, "weekly", Fraction(1, 2), False),
        (98_08, "weekly", Fraction(1, 2), True),
        (196_15, "two_weekly", Fraction(1, 2), False),
        (196_16, "two_weekly", Fraction(1, 2), True),
    ],
)
def test_payments_of_each_rhythm_are_compared_by_the_month(
    payment: int, rhythm: Rhythm, share: Fraction, above: bool
) -> None:
    assert LIN.share(payment, rhythm) == share
    assert LIN.is_above_half(payment, rhythm) is above


def test_where_nothing_is_left_every_payment_is_too_much() -> None:
    nothing = Household(income=1_000_00, spending=900_00, running=1_180_00)
    assert (nothing.left_over, nothing.half, nothing.most("weekly")) == (-1_080_00, 0, 0)
    assert nothing.share(100, "monthly") is None
    assert nothing.is_above_half(1, "monthly")


def test_negative_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        Household(income=-1)


@given(SUMS, SUMS, SUMS, SUMS, st.sampled_from(RHYTHMS))
def test_the_most_is_the_largest_payment_that_is_not_above_half(
    income: int, spending: int, others: int, running: int, rhythm: Rhythm
) -> None:
    household = Household(income, spending, others, running)
    most = household.most(rhythm)
    assert not household.is_above_half(most, rhythm)
    assert household.is_above_half(most + 1, rhythm)
    assert 2 * a_month(most, rhythm) <= max(0, household.left_over)


def test_the_most_of_one_month() -> None:
    dated = [(date(2026, 5, 5), 100), (date(2026, 5, 31), 50), (date(2026, 6, 5), 149), (date(2027, 5, 5), 120)]
    assert most_in_a_month(dated) == 150
    assert most_in_a_month([]) == 0
