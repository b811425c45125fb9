"""The invented case of the demo, figure by figure, as every screen shows it."""

from fractions import Fraction

from portal.core.assessment import assess
from portal.core.receipt import all_in_cost, night_lines, one_more_night, what_if, yearly_cost
from tests.core.loans import lin_yi, nights_waived, on

APRIL_17 = assess(lin_yi(), on(4, 17))
THIRD = APRIL_17.instalment(3)


def test_on_17_april_2086_91_is_due() -> None:
    assert APRIL_17.due == (0, 6_000, 200_885, 1_806)
    assert APRIL_17.due.total == 208_691
    assert APRIL_17.not_yet_due == 8 * 118_000
    assert (APRIL_17.days_past_due, APRIL_17.stage, APRIL_17.oldest_due_on) == (43, "M2", on(3, 5))
    assert APRIL_17.next_due == (5, on(5, 5), 118_000)


def test_the_third_instalment_has_three_stretches_and_one_payment() -> None:
    assert [(line.kind, line.from_day, line.to_day, line.nights, line.base, line.amount) for line in THIRD.lines] == [
        ("nights", on(3, 6), on(3, 20), 15, 118_000, 885),
        ("paid", on(3, 20), on(3, 20), None, None, -885),
        ("nights", on(3, 21), on(3, 31), 11, 88_885, 489),
        ("nights", on(4, 1), on(4, 17), 17, 88_885, 680),
    ]
    assert (THIRD.penalty_chargeable, THIRD.penalty_payable) == (2_054, 1_169)
    assert THIRD.exact_penalty == Fraction("2053.83775")


def test_the_payment_met_penalty_interest_and_principal() -> None:
    assert APRIL_17.payments[2].allocated == (0, 6_000, 23_115, 885)


def test_the_fourth_instalment_has_twelve_nights() -> None:
    fourth = APRIL_17.instalment(4)
    assert [(line.nights, line.amount) for line in fourth.lines] == [(12, 637)]


def test_one_more_night_costs_0_93() -> None:
    assert one_more_night(lin_yi(), on(4, 17)) == 93


def test_a_year_costs_17_60_per_cent_and_the_law_would_allow_28_00() -> None:
    cost = yearly_cost(THIRD)
    assert cost is not None
    assert round(cost, 4) == Fraction("0.1760")
    assert THIRD.exact_ceiling is not None
    assert round(THIRD.exact_ceiling) == 2_800
    all_in = all_in_cost(lin_yi(), APRIL_17)
    assert all_in is not None
    assert 0 < all_in < Fraction(24, 100)


def test_the_second_stretch_opens_to_its_nights() -> None:
    nights = night_lines(THIRD.lines[2])
    assert nights[0] == (on(3, 21), Fraction("44.4425"), Fraction("929.4425"))
    assert nights[-1] == (on(3, 31), Fraction("44.4425"), Fraction("1373.8675"))
    assert len(nights) == 11


def test_paying_1000_on_17_april_meets_the_third_instalment_and_part_of_the_fourth() -> None:
    before, after = what_if(lin_yi(), on(4, 17), 100_000)
    assert [(part.instalment, part.component, part.amount) for part in after.payments[-1].parts] == [
        (3, "penalty", 1_169),
        (3, "principal", 88_885),
        (4, "penalty", 637),
        (4, "interest", 6_000),
        (4, "principal", 3_309),
    ]
    assert (before.due.total, after.due.total) == (208_691, 108_691)
    extra = after.payments[-1]
    paying = lin_yi(payments=(*lin_yi().payments, type(lin_yi().payments[0])("P4", on(4, 17), extra.amount)))
    assert one_more_night(paying, on(4, 17)) == 49


def test_filed_on_17_april_that_night_is_waived_already() -> None:
    filed = assess(lin_yi(days_waivers=(nights_waived(on(4, 17), on(4, 17), 3),)), on(4, 17))
    third = filed.instalment(3)
    assert third.penalty_chargeable == 2_014
    assert third.penalty_payable == 1_129
    assert filed.due.total - third.penalty_payable == 207_522


def test_not_upheld_on_22_april_the_nights_of_the_dispute_stay_free() -> None:
    decided = assess(lin_yi(days_waivers=(nights_waived(on(4, 17), on(4, 21), 3),)), on(4, 22))
    third = decided.instalment(3)
    assert [(line.kind, line.nights, line.amount) for line in third.lines] == [
        ("nights", 15, 885),
        ("paid", None, -885),
        ("nights", 11, 489),
        ("nights", 16, 640),
        ("days_waived", 5, 0),
        ("nights", 1, 40),
    ]
    assert third.unpaid.total == 90_054
    assert decided.due.total == 208_957


def test_upheld_on_22_april_what_had_met_the_penalty_meets_principal() -> None:
    upheld = assess(lin_yi(days_waivers=(nights_waived(on(3, 6), on(4, 22), 3),)), on(4, 22))
    third = upheld.instalment(3)
    assert third.unpaid.total == 88_000
    assert upheld.payments[2].allocated == (0, 6_000, 24_000, 0)
    assert upheld.due.total == 206_903
