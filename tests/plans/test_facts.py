"""Sharing an amount among loans, the smallest change over several, and schedules as they are stored."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from portal.core.refusal import Refusal
from portal.plans import facts, offer_facts, stored_facts, words
from portal.plans.facts import Answers, Basis
from portal.platform.db import Doors
from portal.platform.i18n import speaking
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, instalment, loan, product, rate


@pytest.fixture
def bundle(doors: Doors, cast: Cast) -> tuple[Basis, ...]:
    """Lin's one loan on 17 April."""
    return make.new_page(doors, cast.borrower(), make.answers()).bundle


@pytest.fixture
def two(doors: Doors, cast: Cast, tmp_path: Path) -> tuple[Basis, ...]:
    """Lin's loan and a second one, whose product has limits of its own."""
    second = {
        "products": [product(product_ref="P2", name="Second loan")],
        "penalty_rates": [rate(product_ref="P2")],
        "plan_limits": [make.plan_limit(product_ref="P2", payments_max="3", payment_min="100.00")],
        "loans": [loan(loan_ref="L2", product_ref="P2")],
        "instalments": [instalment(1, "2026-04-05", loan_ref="L2")],
    }
    import_tables(doors, tmp_path / "second", second)
    return make.new_page(doors, cast.borrower(), make.answers()).bundle


def test_the_figures_of_the_pictures(bundle: tuple[Basis, ...]) -> None:
    as_offered = offer_facts.figures(offer_facts.schedules(Answers(12, 364_00, None), bundle), bundle)
    assert [payment.amount for payment in as_offered.payments] == [364_00] * 5 + [363_84]
    assert (as_offered.total, as_offered.due_today, as_offered.extra) == (2_183_84, 2_086_91, 96_93)
    stopped = offer_facts.figures(offer_facts.schedules(Answers(12, 364_00, None), bundle, freeze=True), bundle)
    assert [payment.amount for payment in stopped.payments] == [364_00] * 5 + [266_91]
    smaller = offer_facts.figures(offer_facts.schedules(Answers(12, 348_00, None), bundle, freeze=True), bundle)
    assert [payment.amount for payment in smaller.payments] == [348_00] * 5 + [346_91]
    long = offer_facts.figures(offer_facts.schedules(Answers(12, 270_00, None), bundle), bundle)
    assert (long.count, long.last_on) == (9, date(2027, 1, 12))
    first = offer_facts.figures(offer_facts.schedules(Answers(12, 270_00, None, 820_00, False), bundle), bundle)
    assert first.count == 6
    assert offer_facts.forecast(Answers(12, 364_00, None), bundle) == 96_93


def test_each_month_carries_what_falls_due_beside_the_plan(bundle: tuple[Basis, ...]) -> None:
    found = offer_facts.figures(offer_facts.schedules(Answers(12, 364_00, None), bundle), bundle)
    assert [payment.running for payment in found.payments] == [1_180_00] * 6


def test_the_smallest_change_is_that_of_the_engine(bundle: tuple[Basis, ...]) -> None:
    assert offer_facts.smallest(Answers(12, 270_00, None), bundle) == Answers(12, 364_00, None, 0, False)
    assert offer_facts.least_answers(Answers(12, None, None), bundle).monthly == 364_00


def test_an_amount_is_shared_without_a_rest(two: tuple[Basis, ...]) -> None:
    for monthly in (1_000_00, 999_99, 3_01):
        shares = [offer.monthly or 0 for offer in offer_facts.offers(Answers(12, monthly, None), two)]
        assert sum(shares) == monthly
        assert min(shares) > 0
    assert offer_facts.offers(Answers(12, 10_000, None, 100), two)[1].first_payment in {None, 100}
    with pytest.raises(Refusal, match=r"plan\.no_amount"):
        offer_facts.offers(Answers(12, 1, None), two)


def test_the_smallest_change_of_two_passes_both(two: tuple[Basis, ...]) -> None:
    found = offer_facts.smallest(Answers(12, 300_00, None), two)
    assert found is not None
    assert all(check.passed for check in offer_facts.checks(offer_facts.schedules(found, two), two))
    assert offer_facts.larger_first(Answers(12, 300_00, None), two) is None


def test_a_number_of_payments_is_that_of_each_loan(two: tuple[Basis, ...]) -> None:
    found = offer_facts.figures(offer_facts.schedules(Answers(12, None, 3), two), two)
    assert [len(loan.payments) for loan in found.loans] == [3, 3]
    assert found.total == sum(loan.total for loan in found.loans)


def test_schedules_and_answers_come_back_as_they_were(bundle: tuple[Basis, ...]) -> None:
    answers = Answers(12, 364_00, None, 100_00, True)
    (told,) = offer_facts.figures(offer_facts.schedules(answers, bundle), bundle).loans
    read = stored_facts.read_schedule(told.loan_id, told.fingerprint, stored_facts.schedule_row(told))
    assert replace(read, counted=()) == replace(told, counted=())
    assert stored_facts.read_answers_row(stored_facts.answers_row(answers)) == answers
    checks = offer_facts.checks(offer_facts.schedules(answers, bundle), bundle)
    assert stored_facts.read_criteria(stored_facts.criteria_row(checks)) == checks


def test_told_figures_come_back_and_nonsense_does_not(bundle: tuple[Basis, ...]) -> None:
    figures = offer_facts.figures(offer_facts.schedules(Answers(12, 364_00, None), bundle), bundle)
    told = facts.read_told(facts.told(figures, 300_00))
    assert told is not None
    assert (told.total, told.count, told.received) == (2_183_84, 6, 300_00)
    for nonsense in ("", "1|2|3", "a|b|c|d|e", "1|2|3|2026-13-01|0", figures.told):
        assert facts.read_told(nonsense) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_month_with_two_payments_is_named_with_their_days(bundle: tuple[Basis, ...]) -> None:
    weeks = Answers(12, None, 5, rhythm="two_weekly", first_on=date(2026, 5, 1), equal=True)
    found = offer_facts.figures(offer_facts.schedules(weeks, bundle), bundle)
    with speaking("en"):
        labels = [column["label"] for column in words.chart(found)]
    assert len(set(labels)) == len(labels) == 5
    assert not any(label.isdigit() for label in labels), labels
