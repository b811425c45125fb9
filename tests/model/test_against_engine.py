"""The penalty engine against the second one, on random portfolios: every figure of every loan must agree."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.core.assessment import Assessment, InstalmentAssessment, PaymentAssessment, assess
from portal.core.facts import AmountWaiver, DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.terms import RateRow, Terms
from tests.model.oracle import COMPONENTS, LINE_KINDS, Facts, Row, explain_loan, read_folder
from tests.model.portfolios import DATA_DATE, write_portfolio

BALANCE_DATES = (DATA_DATE, date(2025, 12, 31), date(2026, 1, 15), date(2026, 3, 31), date(2027, 2, 28))


@pytest.mark.parametrize("seed", range(10))
def test_both_engines_agree(seed: int, tmp_path: Path) -> None:
    assert disagreements(tmp_path, seed, loans=30) == []


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_both_engines_agree_on_thirty_thousand_loans(seed: int, tmp_path: Path) -> None:
    assert disagreements(tmp_path, seed, loans=300) == []


def test_the_portfolios_hold_what_makes_penalties_hard(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    write_portfolio(tmp_path, seed=7, loans=80)
    for facts in read_folder(tmp_path).values():
        explained = explain_loan(*facts, as_of=DATA_DATE)
        for instalment in explained["instalments"]:
            seen.update(kind for kind, amount in instalment["lines"].items() if amount)
        for payment in explained["payments"]:
            seen.update(kind for kind in ("credit", "refunded") if payment[kind])
    assert seen.keys() >= {*LINE_KINDS, "credit", "refunded"}


def test_the_same_seed_writes_the_same_portfolio(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        write_portfolio(tmp_path / folder, seed=3, loans=5)
    for written in (tmp_path / "first").iterdir():
        assert written.read_bytes() == (tmp_path / "second" / written.name).read_bytes()


def disagreements(folder: Path, seed: int, loans: int) -> list[dict[str, Any]]:
    """What differs, by loan; empty where both say the same."""
    write_portfolio(folder, seed, loans)
    as_of = BALANCE_DATES[seed % len(BALANCE_DATES)]
    found = []
    for loan, facts in read_folder(folder).items():
        expected = explain_loan(*facts, as_of=as_of)
        given = as_explained(assess(loan_facts(facts), as_of))
        if given != expected:
            differing = {key: (expected[key], given[key]) for key in expected if given[key] != expected[key]}
            found.append({"seed": seed, "loan": loan, "as_of": as_of, "model_then_engine": differing})
    return found


def loan_facts(facts: Facts) -> LoanFacts:
    product, rates, loan, instalments, payments, waivers = facts
    standing = [waiver for waiver in waivers if not waiver["void"]]
    return LoanFacts(
        loan=loan["loan_ref"],
        currency=loan["currency"],
        principal=sum(row["principal"] for row in instalments),
        disbursed_on=loan["disbursed_on"],
        terms=terms(product, rates),
        instalments=tuple(
            Instalment(row["number"], row["due_on"], row["principal"], row["interest"], row["fee"])
            for row in instalments
            if not row["void"]
        ),
        payments=tuple(
            Payment(row["payment_ref"], row["received_on"], row["amount"], kind=row["kind"])
            for row in payments
            if not row["reversed"]
        ),
        days_waivers=tuple(days_waiver(row) for row in standing if row["kind"] == "days"),
        amount_waivers=tuple(amount_waiver(row) for row in standing if row["kind"] == "amount"),
    )


def terms(product: Row, rates: list[Row]) -> Terms:
    rows = (RateRow(row["effective_from"], row["daily_rate"], row["annual_ceiling"]) for row in rates)
    return Terms(
        product=product["product_ref"],
        contract_type="bank_loan",
        penalty_base=product["penalty_base"],
        grace_days=product["grace_days"],
        late_fee=product["late_fee"],
        late_fee_after_days=product["late_fee_after_days"],
        allocation_strategy=product["allocation_strategy"],
        component_order=tuple(product["component_order"]),
        accrues_while_disputed=True,
        rates=tuple(sorted(rows, key=lambda row: row.effective_from)),
        rates_apply=product["rates_apply"],
    )


def days_waiver(row: Row) -> DaysWaiver:
    return DaysWaiver(row["waiver_ref"], row["instalment_number"], row["from_day"], row["to_day"], "other")


def amount_waiver(row: Row) -> AmountWaiver:
    where = row["instalment_number"]
    return AmountWaiver(row["waiver_ref"], where, row["on_day"], row["amount"], "other", row["component"])


def as_explained(assessment: Assessment) -> Row:
    """The engine's answer in the form of the model's."""
    due = {component: getattr(assessment.due, component) for component in COMPONENTS}
    return {
        "loan": assessment.loan,
        "currency": assessment.currency,
        "as_of": assessment.as_of.isoformat(),
        "due": {**due, "total": assessment.due.total},
        "not_yet_due": assessment.not_yet_due,
        "credit": assessment.credit,
        "days_past_due": assessment.days_past_due,
        "stage": assessment.stage,
        "instalments": [explained_instalment(instalment) for instalment in assessment.instalments],
        "payments": [explained_payment(payment) for payment in assessment.payments],
    }


def explained_instalment(instalment: InstalmentAssessment) -> Row:
    totals = dict.fromkeys(LINE_KINDS, 0)
    for line in instalment.lines:
        totals[line.kind] = totals.get(line.kind, 0) + line.amount
    return {
        "number": instalment.number,
        "due_on": instalment.due_on.isoformat(),
        "fee": instalment.unpaid.fee,
        "interest": instalment.unpaid.interest,
        "principal": instalment.unpaid.principal,
        "penalty_chargeable": instalment.penalty_chargeable,
        "penalty_payable": instalment.penalty_payable,
        # Grace and waived days are lines of nothing, which the model does not give.
        "lines": {kind: amount for kind, amount in totals.items() if kind in LINE_KINDS or amount},
    }


def explained_payment(payment: PaymentAssessment) -> Row:
    return {
        "payment": payment.reference,
        "received_on": payment.received_on.isoformat(),
        "amount": payment.amount,
        "allocated": {component: getattr(payment.allocated, component) for component in COMPONENTS},
        "credit": payment.credit,
        "refunded": payment.refunded,
    }
