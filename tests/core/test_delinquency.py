"""How late a loan is."""

import pytest

from portal.core.delinquency import RiskThresholds, risk_class, stage
from tests.core.loans import instalment, on, paid, seen, terms

STAGES = [(0, "M0"), (1, "M1"), (30, "M1"), (31, "M2"), (60, "M2"), (61, "M3"), (90, "M3"), (91, "M4+")]


@pytest.mark.parametrize(("days", "expected"), STAGES)
def test_a_stage_is_a_span_of_days_past_due(days: int, expected: str) -> None:
    assert stage(days) == expected


def test_days_past_due_count_from_the_oldest_due_date_with_unpaid_base() -> None:
    facts = (instalment(1), instalment(2, on(3, 15)), paid(on(3, 20), 100_750))
    assert seen(on(3, 18), *facts).days_past_due == 13
    assert seen(on(3, 20), *facts).days_past_due == 5
    assert seen(on(3, 5), *facts).days_past_due == 0


def test_an_unpaid_penalty_alone_is_not_past_due() -> None:
    principal_first = terms(component_order=("principal", "interest", "fee", "penalty"))
    late = seen(on(4, 1), principal_first, paid(on(3, 20), 100_000))
    assert (late.due.penalty, late.days_past_due, late.oldest_due_on) == (750, 0, None)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "uncollected"),
        (30, "uncollected"),
        (31, "in collection"),
        (90, "in collection"),
        (91, "nearly bad"),
        (180, "nearly bad"),
        (181, "bad"),
        (360, "bad"),
        (361, "dead"),
    ],
)
def test_a_risk_class_is_a_span_of_days_too(days: int, expected: str) -> None:
    assert risk_class(days, "active") == expected


def test_a_written_off_loan_is_dead() -> None:
    assert risk_class(0, "written_off") == "dead"


def test_the_thresholds_can_be_set() -> None:
    assert risk_class(8, "active", RiskThresholds(7, 14, 21, 28)) == "in collection"
