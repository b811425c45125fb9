"""How a penalty is computed: one test a rule of the penalty terms."""

from datetime import date
from fractions import Fraction

import pytest

from portal.core.terms import RateRow
from tests.core.loans import (
    A_RATE,
    CEILING,
    RATE,
    instalment,
    lines,
    nights_waived,
    on,
    paid,
    penalty,
    seen,
    terms,
    waived,
)

LIMITED = terms(rates=(RateRow(date(2020, 1, 1), RATE, CEILING),))
TIGHT = RateRow(date(2020, 1, 1), RATE, Fraction(365, 10_000))  # 0.01 % a night


class TestNights:
    def test_a_night_bears_the_rate_on_what_was_unpaid_the_evening_before(self) -> None:
        assert penalty(on(3, 15), paid(on(3, 10), 40_000 + 250)) == 250 + 5 * 30

    def test_on_the_due_date_nothing_has_accrued(self) -> None:
        assert seen(on(3, 5)).due == (0, 0, 100_000, 0)
        assert lines(on(3, 5)) == []

    def test_paid_in_full_on_the_due_date_nothing_ever_accrues(self) -> None:
        assert penalty(on(9, 1), paid(on(3, 5), 100_000)) == 0

    def test_paid_on_a_day_the_nights_up_to_it_have_accrued(self) -> None:
        assert lines(on(9, 1), paid(on(3, 8), 100_150)) == [("nights", 3, 150), ("paid", 0, -150)]

    def test_a_weekend_does_not_move_the_due_date(self) -> None:
        saturday = on(3, 7)
        assert penalty(on(3, 9), instalment(due_on=saturday)) == 100

    def test_a_leap_day_is_a_night_like_others(self) -> None:
        assert penalty(date(2024, 3, 1), instalment(due_on=date(2024, 2, 28)), terms()) == 100

    def test_base_principal_leaves_interest_out(self) -> None:
        late = instalment(interest=10_000)
        assert penalty(on(3, 6), late, terms(penalty_base="overdue_principal")) == 50
        assert penalty(on(3, 6), late) == 55

    def test_fees_and_penalty_never_bear_penalty(self) -> None:
        only_fee = instalment(principal=0, fee=50_000)
        assert penalty(on(9, 1), only_fee) == 0
        assert penalty(on(3, 25), instalment(fee=50_000)) == 20 * 50


class TestRates:
    NEW = RateRow(on(3, 10), Fraction(1, 1000), None)

    def test_the_row_in_force_on_the_night_counts(self) -> None:
        assert lines(on(3, 12), terms(rates=(A_RATE, self.NEW))) == [("nights", 4, 200), ("nights", 3, 300)]

    def test_by_contract_date_the_row_of_the_disbursement_counts_for_every_night(self) -> None:
        fixed = terms(rates=(A_RATE, self.NEW), rates_apply="by_contract_date")
        assert lines(on(3, 12), fixed) == [("nights", 7, 350)]

    def test_rows_that_change_nothing_do_not_split_a_stretch(self) -> None:
        same = RateRow(on(3, 10), RATE, None)
        assert lines(on(3, 12), terms(rates=(A_RATE, same))) == [("nights", 7, 350)]

    def test_another_ceiling_splits_a_stretch(self) -> None:
        rows = (RateRow(date(2020, 1, 1), RATE, CEILING), RateRow(on(3, 10), RATE, Fraction(1, 5)))
        assert lines(on(3, 12), terms(rates=rows)) == [("nights", 4, 200), ("nights", 3, 150)]

    def test_a_rate_may_be_a_year_s_over_360(self) -> None:
        yearly = terms(rates=(RateRow(date(2020, 1, 1), Fraction(175, 360_000), None),))
        assert seen(on(3, 6), yearly).instalment(1).exact_penalty == Fraction(175, 360_000) * 100_000

    def test_a_night_without_a_rate_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no penalty rate is in force on 2026-03-06"):
            penalty(on(3, 20), terms(rates=(self.NEW,)))

    def test_rows_with_and_without_a_ceiling_are_an_error(self) -> None:
        with pytest.raises(ValueError, match="ceiling"):
            penalty(on(3, 20), terms(rates=(A_RATE, RateRow(on(3, 10), RATE, CEILING))))


class TestGrace:
    GRACE = terms(grace_days=3, late_fee=1_000, late_fee_after_days=2)

    def test_while_it_is_open_nothing_is_charged(self) -> None:
        assert lines(on(3, 8), self.GRACE) == [("grace", 3, 0)]
        assert seen(on(3, 8), self.GRACE).due.penalty == 0

    def test_paid_by_its_last_day_nothing_is_ever_charged(self) -> None:
        assert lines(on(9, 1), self.GRACE, paid(on(3, 8), 100_000)) == [("grace", 3, 0)]

    def test_paid_on_the_due_date_needs_no_grace(self) -> None:
        assert lines(on(9, 1), self.GRACE, paid(on(3, 5), 100_000)) == []

    def test_afterwards_all_nights_and_the_late_fee_count_from_their_own_days(self) -> None:
        assert lines(on(3, 9), self.GRACE) == [("nights", 4, 200), ("late_fee", 0, 1_000)]

    def test_a_payment_on_the_day_after_meets_a_late_fee_that_fell_within_it(self) -> None:
        assert seen(on(3, 9), self.GRACE, paid(on(3, 9), 1_200)).payments[0].allocated.penalty == 1_200

    def test_a_payment_within_it_meets_no_penalty(self) -> None:
        assert seen(on(3, 9), self.GRACE, paid(on(3, 7), 5_000)).payments[0].allocated == (0, 0, 5_000, 0)

    def test_the_ceiling_counts_from_the_due_date_too(self) -> None:
        strict = terms(grace_days=3, rates=(TIGHT,))
        assert lines(on(3, 9), strict) == [("nights", 4, 200), ("legal_ceiling", 0, -160)]

    def test_waived_days_do_not_lengthen_it(self) -> None:
        facts = (self.GRACE, nights_waived(on(3, 6), on(3, 8)))
        assert lines(on(3, 9), *facts) == [("days_waived", 3, 0), ("nights", 1, 50)]


class TestLateFee:
    FEE = terms(late_fee=1_000, late_fee_after_days=3)

    def test_it_is_charged_once_on_its_day(self) -> None:
        assert lines(on(3, 7), self.FEE) == [("nights", 2, 100)]
        assert lines(on(3, 8), self.FEE) == [("nights", 3, 150), ("late_fee", 0, 1_000)]
        assert penalty(on(4, 4), self.FEE) == 30 * 50 + 1_000

    def test_paid_on_that_day_it_is_not_charged(self) -> None:
        assert penalty(on(9, 1), self.FEE, paid(on(3, 8), 100_150)) == 150

    def test_it_falls_after_the_payments_and_waivers_of_its_day(self) -> None:
        facts = (self.FEE, paid(on(3, 8), 200), waived(on(3, 8), 5_000))
        assert seen(on(3, 8), *facts).payments[0].allocated == (0, 0, 50, 150)
        assert seen(on(3, 8), *facts).due.penalty == 1_000

    def test_any_unpaid_base_is_enough(self) -> None:
        assert penalty(on(3, 8), self.FEE, paid(on(3, 6), 100_049)) == 50 + 1_000

    def test_an_unpaid_fee_alone_is_not(self) -> None:
        last = terms(late_fee=1_000, component_order=("principal", "interest", "penalty", "fee"))
        assert penalty(on(9, 1), last, instalment(fee=700), paid(on(3, 5), 100_000)) == 0

    def test_on_the_due_date_itself_it_shows_from_the_next_day(self) -> None:
        at_once = terms(late_fee=1_000, late_fee_after_days=0)
        assert penalty(on(3, 5), at_once) == 0
        assert penalty(on(3, 6), at_once) == 1_050

    def test_falling_on_a_waived_day_it_is_never_charged(self) -> None:
        facts = (self.FEE, nights_waived(on(3, 8), on(3, 8)))
        assert lines(on(3, 9), *facts) == [("nights", 2, 100), ("days_waived", 1, 0), ("nights", 1, 50)]


class TestCeiling:
    def test_penalty_and_late_fee_together_are_limited(self) -> None:
        facts = terms(late_fee=1_000, rates=(TIGHT,))
        assert lines(on(3, 15), facts) == [
            ("nights", 10, 500),
            ("late_fee", 0, 1_000),
            ("legal_ceiling", 0, -1_400),
        ]

    def test_it_accrues_over_365_days_in_leap_years_too(self) -> None:
        of_2024 = seen(date(2024, 12, 31), LIMITED, instalment(due_on=date(2023, 12, 31))).instalment(1)
        assert of_2024.exact_ceiling == 100_000 * CEILING / 365 * 366

    def test_not_reached_it_makes_no_line(self) -> None:
        assert lines(on(3, 15), LIMITED) == [("nights", 10, 500)]

    def test_waived_nights_accrue_no_ceiling(self) -> None:
        facts = (terms(late_fee=1_000, rates=(TIGHT,)), nights_waived(on(3, 7), None))
        assert penalty(on(9, 1), *facts) == 10

    def test_without_one_there_is_no_limit(self) -> None:
        assert seen(on(3, 15)).instalment(1).exact_ceiling is None

    def test_the_line_stands_after_the_last_charge_and_before_what_was_paid_later(self) -> None:
        facts = (terms(rates=(TIGHT,)), paid(on(3, 15), 100_100))
        assert [kind for kind, _, _ in lines(on(3, 20), *facts)] == ["nights", "legal_ceiling", "paid"]


class TestWaivedDays:
    def test_both_ends_are_included(self) -> None:
        assert lines(on(3, 12), nights_waived(on(3, 7), on(3, 9))) == [
            ("nights", 1, 50),
            ("days_waived", 3, 0),
            ("nights", 3, 150),
        ]

    def test_an_open_end_goes_on(self) -> None:
        assert lines(on(9, 1), nights_waived(on(3, 8), None)) == [("nights", 2, 100), ("days_waived", 178, 0)]

    def test_several_are_a_union(self) -> None:
        facts = (nights_waived(on(3, 7), on(3, 9)), nights_waived(on(3, 8), on(3, 10), None, "D2"))
        assert lines(on(3, 12), *facts) == [("nights", 1, 50), ("days_waived", 4, 0), ("nights", 2, 100)]

    def test_those_of_the_loan_hold_for_every_instalment(self) -> None:
        facts = (instalment(1), instalment(2, on(3, 8)), nights_waived(on(3, 9), None, None))
        assert penalty(on(9, 1), *facts, number=1) == 150
        assert penalty(on(9, 1), *facts, number=2) == 0

    def test_those_of_another_instalment_do_not(self) -> None:
        assert penalty(on(3, 7), nights_waived(on(3, 6), None, 2)) == 100

    def test_history_is_replayed_and_what_met_the_penalty_meets_the_rest(self) -> None:
        payment = paid(on(3, 15), 500)
        assert seen(on(3, 20), payment).due == (0, 0, 100_000, 250)
        assert seen(on(3, 20), payment, nights_waived(on(3, 1), None)).due == (0, 0, 99_500, 0)

    def test_the_whole_time_waived_is_one_line_whatever_was_paid(self) -> None:
        facts = (nights_waived(on(3, 1), None), paid(on(3, 10), 20_000))
        assert lines(on(3, 20), *facts) == [("days_waived", 15, 0)]

    def test_an_end_before_its_begin_waives_nothing(self) -> None:
        assert penalty(on(3, 10), nights_waived(on(3, 8), on(3, 7))) == 250


class TestRounding:
    ODD = terms(rates=(RateRow(date(2020, 1, 1), Fraction(1, 3000), None),))

    def test_a_half_goes_up(self) -> None:
        half = terms(rates=(RateRow(date(2020, 1, 1), Fraction(1, 200_000), None),))
        assert penalty(on(3, 6), half) == 1

    def test_lines_are_differences_of_rounded_running_totals(self) -> None:
        rows = tuple(
            RateRow(day, rate, None)
            for day, rate in [
                (date(2020, 1, 1), Fraction(1, 300_000)),
                (on(3, 7), Fraction(1, 299_999)),
                (on(3, 8), Fraction(1, 300_000)),
            ]
        )
        assert [amount for _, _, amount in lines(on(3, 8), terms(rates=rows))] == [0, 1, 0]

    def test_once_an_instalment_and_not_every_night(self) -> None:
        assert penalty(on(3, 8), self.ODD) == 100

    def test_a_penalty_that_rounds_to_nothing_is_a_line_of_zero(self) -> None:
        tiny = terms(rates=(RateRow(date(2020, 1, 1), Fraction(1, 10**9), None),))
        assert lines(on(3, 8), tiny) == [("nights", 3, 0)]
