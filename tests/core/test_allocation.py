"""What a payment meets: one test a rule of allocation, credit, refunds and amount waivers."""

import pytest

from portal.core.assessment import assess
from tests.core.loans import instalment, lines, loan, nights_waived, on, paid, refunded, seen, terms, waived

TWO = (instalment(1, on(3, 5), 10_000, 1_000, 100), instalment(2, on(3, 25), 10_000, 1_000, 100))
BY_COMPONENT = terms(allocation_strategy="by_component")


class TestStrategies:
    def test_by_instalment_the_oldest_is_paid_in_all_its_components_first(self) -> None:
        parts = seen(on(4, 4), *TWO, paid(on(4, 4), 12_000)).payments[0].parts
        assert [part[:3] for part in parts] == [
            (1, "fee", 100),
            (1, "penalty", 165),
            (1, "interest", 1_000),
            (1, "principal", 10_000),
            (2, "fee", 100),
            (2, "penalty", 55),
            (2, "interest", 580),
        ]

    def test_by_component_the_first_component_of_all_is_paid_first(self) -> None:
        parts = seen(on(4, 4), *TWO, BY_COMPONENT, paid(on(4, 4), 12_000)).payments[0].parts
        assert [part[:3] for part in parts] == [
            (1, "fee", 100),
            (2, "fee", 100),
            (1, "penalty", 165),
            (2, "penalty", 55),
            (1, "interest", 1_000),
            (2, "interest", 1_000),
            (1, "principal", 9_580),
        ]

    @pytest.mark.parametrize("strategy", ["by_instalment", "by_component"])
    def test_another_order_may_be_agreed(self, strategy: str) -> None:
        order = ("principal", "interest", "fee", "penalty")
        facts = (terms(allocation_strategy=strategy, component_order=order), TWO[0], paid(on(4, 4), 10_500))
        assert seen(on(4, 4), *facts).payments[0].allocated == (0, 500, 10_000, 0)

    def test_equal_due_dates_are_met_in_order_of_number(self) -> None:
        facts = (instalment(2), instalment(1), paid(on(3, 5), 100))
        assert seen(on(3, 5), *facts).payments[0].parts[0].instalment == 1

    def test_a_payment_does_not_meet_what_is_due_later(self) -> None:
        assert seen(on(3, 20), *TWO, paid(on(3, 5), 12_000)).credit == 900

    def test_payments_of_a_day_go_by_reference_code_point_by_code_point(self) -> None:
        facts = (paid(on(3, 5), 100_000, "a"), paid(on(3, 5), 100_000, "B"), paid(on(3, 5), 100_000, "é"))
        assert [payment.reference for payment in seen(on(3, 5), *facts).payments] == ["B", "a", "é"]
        assert [payment.credit for payment in seen(on(3, 5), *facts).payments] == [0, 100_000, 100_000]

    def test_a_payment_that_arrives_late_in_the_books_changes_history(self) -> None:
        later = paid(on(3, 20), 500, "P2")
        assert seen(on(3, 25), later).due == (0, 0, 100_000, 500)
        assert seen(on(3, 25), later, paid(on(3, 5), 50_000, "P3")).due == (0, 0, 49_875, 125)

    def test_a_later_payment_is_absent(self) -> None:
        assert seen(on(3, 5), paid(on(3, 6), 500)).payments == ()

    def test_a_part_carries_the_day_on_which_it_was_used(self) -> None:
        parts = seen(on(4, 1), *TWO, paid(on(3, 5), 12_000)).payments[0].parts
        assert {(part.instalment, part.on_day) for part in parts} == {(1, on(3, 5)), (2, on(3, 25))}

    def test_one_paid_line_a_payment(self) -> None:
        facts = (paid(on(3, 15), 200, "P1"), paid(on(3, 15), 100, "P2"))
        assert lines(on(3, 15), *facts) == [("nights", 10, 500), ("paid", 0, -200), ("paid", 0, -100)]

    def test_a_payment_that_leaves_the_base_alone_does_not_split_the_nights(self) -> None:
        assert lines(on(3, 25), paid(on(3, 15), 300)) == [("nights", 20, 1_000), ("paid", 0, -300)]


class TestCredit:
    def test_an_instalment_takes_it_before_its_first_night(self) -> None:
        assert seen(on(9, 1), paid(on(2, 1), 100_000)).due.total == 0
        assert lines(on(9, 1), paid(on(2, 1), 100_000)) == []

    def test_the_payments_of_the_day_go_before_credit_that_is_held(self) -> None:
        facts = (paid(on(2, 1), 60_000, "early"), paid(on(3, 5), 70_000, "today"))
        assert [payment.credit for payment in seen(on(3, 5), *facts).payments] == [30_000, 0]

    def test_the_oldest_is_used_first(self) -> None:
        facts = (paid(on(2, 1), 60_000, "Z"), paid(on(2, 2), 60_000, "A"))
        assert [payment.credit for payment in seen(on(3, 5), *facts).payments] == [0, 20_000]

    def test_once_nothing_can_fall_due_it_is_a_refund_owed(self) -> None:
        facts = (*TWO, paid(on(3, 5), 30_000))
        assert (seen(on(3, 20), *facts).credit, seen(on(3, 20), *facts).refund_owed) == (18_900, 0)
        assert seen(on(3, 25), *facts).refund_owed == 7_800

    def test_the_next_amount_is_what_it_leaves_to_pay(self) -> None:
        assert seen(on(3, 5), *TWO, paid(on(3, 5), 12_000)).next_due == (2, on(3, 25), 10_200)

    def test_what_it_pays_in_full_is_not_the_next_amount(self) -> None:
        assert seen(on(2, 1), *TWO, paid(on(2, 1), 12_000)).next_due == (2, on(3, 25), 10_200)
        assert seen(on(2, 1), *TWO, paid(on(2, 1), 30_000)).next_due == (1, on(3, 5), 0)


class TestRefunds:
    def test_it_gives_back_what_is_held(self) -> None:
        payment = seen(on(2, 20), paid(on(2, 1), 60_000), refunded(on(2, 10), 15_000)).payments[0]
        assert (payment.credit, payment.refunded) == (45_000, 15_000)

    def test_never_more_than_there_is(self) -> None:
        facts = (paid(on(2, 1), 60_000), refunded(on(2, 10), 75_000), paid(on(2, 11), 5_000, "P2"))
        assert [(item.credit, item.refunded) for item in seen(on(2, 20), *facts).payments] == [
            (0, 60_000),
            (5_000, 0),
        ]

    def test_what_falls_due_that_day_goes_first(self) -> None:
        payment = seen(on(3, 5), paid(on(2, 1), 120_000), refunded(on(3, 5), 120_000)).payments[0]
        assert (payment.allocated.principal, payment.refunded) == (100_000, 20_000)

    def test_the_oldest_payment_s_credit_goes_first(self) -> None:
        facts = (paid(on(2, 1), 10_000, "Z"), paid(on(2, 2), 10_000, "A"), refunded(on(2, 3), 15_000))
        assert [item.refunded for item in seen(on(2, 3), *facts).payments] == [10_000, 5_000]

    def test_it_is_no_payment(self) -> None:
        assert len(seen(on(2, 20), paid(on(2, 1), 60_000), refunded(on(2, 10), 1)).payments) == 1


class TestAmountWaivers:
    def test_it_reduces_the_penalty_payable_on_its_day(self) -> None:
        assert lines(on(3, 25), waived(on(3, 15), 400)) == [("nights", 20, 1_000), ("amount_waiver", 0, -400)]

    def test_what_is_more_than_payable_lapses(self) -> None:
        later = seen(on(3, 25), waived(on(3, 15), 9_999)).instalment(1)
        assert (later.penalty_waived, later.penalty_payable) == (500, 500)
        assert [waiver.amount for waiver in later.waivers] == [500]

    def test_dated_while_nothing_is_payable_it_lapses(self) -> None:
        assert seen(on(3, 25), waived(on(3, 5), 400)).due.penalty == 1_000
        assert seen(on(3, 25), terms(grace_days=10), waived(on(3, 12), 400)).due.penalty == 1_000
        assert seen(on(3, 25), waived(on(3, 1), 400, component="principal")).due.principal == 100_000

    def test_the_payments_of_its_day_come_first(self) -> None:
        facts = (paid(on(3, 15), 300), waived(on(3, 15), 400))
        assert seen(on(3, 15), *facts).instalment(1).penalty_waived == 200

    def test_one_of_principal_lowers_the_base_from_the_next_night_on(self) -> None:
        facts = (waived(on(3, 15), 20_000, component="principal"),)
        assert lines(on(3, 25), *facts) == [("nights", 10, 500), ("nights", 10, 400)]
        assert seen(on(3, 25), *facts).instalment(1).waived.principal == 20_000

    @pytest.mark.parametrize(("component", "due"), [("fee", (60, 1_000)), ("interest", (100, 960))])
    def test_one_of_fee_or_interest_leaves_the_rest_alone(self, component: str, due: tuple[int, int]) -> None:
        assert seen(on(3, 5), TWO[0], waived(on(3, 5), 40, component=component)).due[:2] == due

    def test_one_of_the_whole_loan_goes_to_the_oldest_due_first(self) -> None:
        late = seen(on(4, 4), *TWO, waived(on(4, 4), 200, None))
        assert [item.penalty_waived for item in late.instalments] == [165, 35]

    def test_a_late_fee_of_its_day_is_not_reached(self) -> None:
        fee = terms(late_fee=1_000, late_fee_after_days=10)
        assert seen(on(3, 15), fee, waived(on(3, 15), 9_999)).due.penalty == 1_000

    def test_nights_waived_afterwards_leave_less_to_waive(self) -> None:
        facts = (waived(on(3, 15), 400), nights_waived(on(3, 6), on(3, 13)))
        assert seen(on(3, 25), *facts).instalment(1).penalty_waived == 100

    def test_waiving_the_whole_base_ends_the_nights(self) -> None:
        cleared = seen(on(3, 25), waived(on(3, 5), 100_000, component="principal")).instalment(1)
        assert (cleared.penalty_chargeable, cleared.cleared_on) == (0, on(3, 5))


def test_cleared_on_is_the_day_from_which_nothing_is_payable() -> None:
    assert seen(on(4, 1), paid(on(3, 15), 100_500)).instalment(1).cleared_on == on(3, 15)
    assert seen(on(4, 1), paid(on(3, 15), 100_499)).instalment(1).cleared_on is None


def test_every_instalment_appears_those_not_yet_due_without_lines() -> None:
    later = seen(on(3, 5), *TWO).instalment(2)
    assert (later.is_due, later.unpaid_principal, later.unpaid_interest, later.unpaid_fee, later.lines) == (
        False,
        10_000,
        1_000,
        100,
        (),
    )


def test_an_unknown_instalment_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        assess(loan(), on(3, 5)).instalment(9)
