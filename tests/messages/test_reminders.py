"""Who is reminded, and who is left alone: what is disputed, agreed, promised or held is not chased."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from portal.core.facts import Instalment, LoanFacts, Payment
from portal.core.interactions import Hold, HoldKind, Part
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms
from portal.loans.product_rules import ProductRules
from portal.loans.queries import LoanRecord
from portal.messages.reminders import reason_to_remind

DUE = date(2026, 3, 5)
TERMS = Terms(
    product="P1",
    contract_type="bank_loan",
    penalty_base="overdue_instalment",
    grace_days=0,
    late_fee=0,
    late_fee_after_days=0,
    allocation_strategy="by_instalment",
    component_order=DEFAULT_ORDER,
    accrues_while_disputed=True,
    rates=(RateRow(date(2024, 1, 1), Fraction(1, 2000), None),),
)


def record(*holds: Hold, status: str = "active", role: str | None = "borrower", paid: int = 0) -> LoanRecord:
    """A loan with one instalment of 1,180.00 due on 5 March, and what was paid on it in February."""
    payments = (Payment("Z1", date(2026, 2, 1), paid),) if paid else ()
    facts = LoanFacts(
        loan="L1",
        currency="CNY",
        principal=1_344_000,
        disbursed_on=date(2025, 12, 5),
        terms=TERMS,
        instalments=(Instalment(1, DUE, 112_000, 6_000, 0), Instalment(2, date(2026, 6, 5), 112_000, 6_000, 0)),
        payments=payments,
    )
    return LoanRecord(
        id=1,
        code="c",
        ref="L1",
        name="Loan",
        product_id=1,
        contract_type="bank_loan",
        rule_pack="cn",
        status=status,
        status_on=None,
        new_owner=None,
        new_owner_phone=None,
        debit_last4=None,
        debit_holder=None,
        borrower_id=1,
        role=role,
        facts=facts,
        holds=holds,
        pending=(),
        rules=ProductRules(),
        data_date=None,
    )


def hold(kind: HoldKind, *parts: Part, until: date | None = None) -> Hold:
    """Something in force since 1 March."""
    return Hold(kind=kind, from_day=date(2026, 3, 1), until=until, number="4K7-2GH", page="/", parts=parts)


def reason(found: LoanRecord, days_late: int, last: date | None = None) -> str | None:
    """Why the person is reminded so many days after the due date."""
    return reason_to_remind([found], DUE + timedelta(days=days_late), last)


@pytest.mark.parametrize(
    ("days_late", "expected"),
    [(-2, None), (-1, "due_tomorrow"), (0, None), (1, "late"), (30, "late"), (31, None), (90, None)],
)
def test_the_day_before_and_thirty_days_after(days_late: int, expected: str | None) -> None:
    """M0 one day before; M1 from the first to the thirtieth day; then letters."""
    assert reason(record(), days_late) == expected


@pytest.mark.parametrize("days_late", [-1, 5])
def test_who_has_paid_is_not_reminded(days_late: int) -> None:
    """Credit held for tomorrow counts as paid."""
    assert reason(record(paid=118_000), days_late) is None


@pytest.mark.parametrize(("ago", "expected"), [(0, None), (1, None), (6, None), (7, "late")])
def test_a_week_of_peace_after_a_reminder(ago: int, expected: str | None) -> None:
    """And never two on a day."""
    assert reason(record(), 10, DUE + timedelta(days=10 - ago)) == expected


def test_yesterdays_reminder_does_not_silence_tomorrows_instalment() -> None:
    """But one a day stays the most."""
    assert reason(record(), -1, DUE - timedelta(days=2)) == "due_tomorrow"
    assert reason(record(), -1, DUE - timedelta(days=1)) is None


@pytest.mark.parametrize("kind", ["fraud", "incapacity", "settlement"])
@pytest.mark.parametrize(("days_late", "again"), [(-1, "due_tomorrow"), (5, "late")])
def test_holds_that_stop_every_reminder(kind: HoldKind, days_late: int, again: str) -> None:
    """At once; when they are over, reminders come again."""
    assert reason(record(hold(kind)), days_late) is None
    assert reason(record(hold(kind, until=date(2026, 3, 2))), days_late) == again


@pytest.mark.parametrize("kind", ["plan", "promise"])
def test_what_is_agreed_is_not_chased_but_later_instalments_are_named(kind: HoldKind) -> None:
    """Later instalments keep their dates (domain.md 8)."""
    assert reason(record(hold(kind)), 5) is None
    assert reason(record(hold(kind)), 91) == "due_tomorrow"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), None),
        ((Part(1, None, None, "instalment"),), None),
        ((Part(1, date(2026, 3, 6), None, "nights"),), "late"),
        ((Part(2, None, None, "instalment"),), "late"),
    ],
)
def test_only_what_is_undisputed_is_chased(parts: tuple[Part, ...], expected: str | None) -> None:
    """Disputed nights leave principal and interest payable; a disputed instalment leaves nothing (MO-15)."""
    assert reason(record(hold("dispute", *parts)), 5) == expected


def test_disputed_nights_alone_are_not_chased() -> None:
    """Only penalty is left of the instalment, and all of it is disputed."""
    found = record(hold("dispute", Part(1, date(2026, 3, 6), None, "nights")))
    paid = (Payment("Z1", DUE + timedelta(days=4), 118_236, ""),)
    assert reason(replace(found, facts=replace(found.facts, payments=paid)), 5) is None


@pytest.mark.parametrize(
    ("status", "role"),
    [
        ("closed", "borrower"),
        ("sold", "borrower"),
        ("written_off", "borrower"),
        ("active", "guarantor"),
        ("active", None),
    ],
)
def test_only_payers_of_active_loans(status: str, role: str | None) -> None:
    """A guarantor is told by letter, never by a reminder."""
    assert reason(record(status=status, role=role), 5) is None
