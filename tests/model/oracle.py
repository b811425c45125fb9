"""A second penalty engine, written from the rules alone: day by day, in exact fractions, with nothing clever.

It reads a folder in the import format and says for each loan what `portal explain` says, but for `engine`,
`terms` and `fingerprint`; the lines of an instalment are given as one total for each kind.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

Row = dict[str, Any]

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CNY": 2, "USD": 2, "EUR": 2, "KWD": 3}
CONTRACT_PARTS = ("fee", "interest", "principal")
COMPONENTS = ("fee", "penalty", "interest", "principal")
LINE_KINDS = ("nights", "late_fee", "legal_ceiling", "amount_waiver", "paid")
ONE_DAY = timedelta(days=1)


@dataclass
class Debt:
    """One instalment as it stands while the days go by; amounts in minor units."""

    number: int
    due_on: date
    unpaid: dict[str, int]
    accrued: Fraction = Fraction(0)
    late_fee: int = 0
    ceiling: Fraction | None = None
    paid_off_in_grace: bool = False
    penalty_paid: int = 0
    penalty_waived: int = 0


@dataclass
class Receipt:
    """One payment and where its money is; amounts in minor units."""

    reference: str
    received_on: date
    amount: int
    credit: int
    allocated: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, 0))
    refunded: int = 0


class Replay:
    """The whole life of one loan, replayed a day at a time in the order of domain.md 4."""

    def __init__(
        self,
        product: Row,
        rates: list[Row],
        loan: Row,
        instalments: list[Row],
        payments: list[Row],
        waivers: list[Row],
    ) -> None:
        self.product = product
        self.rates = sorted(rates, key=lambda row: row["effective_from"])
        self.loan = loan
        self.debts = sorted(
            (
                Debt(row["number"], row["due_on"], {part: row[part] for part in CONTRACT_PARTS})
                for row in instalments
                if not row["void"]
            ),
            key=lambda debt: (debt.due_on, debt.number),
        )
        standing = [row for row in payments if not row["reversed"]]
        self.payments = sorted(
            (row for row in standing if row["kind"] == "payment"),
            key=lambda row: (row["received_on"], row["payment_ref"]),
        )
        self.refunds = [row for row in standing if row["kind"] == "refund"]
        self.waivers = sorted((row for row in waivers if not row["void"]), key=lambda row: row["waiver_ref"])
        self.receipts: list[Receipt] = []

    def run(self, as_of: date) -> None:
        day = min([self.loan["disbursed_on"], *(debt.due_on for debt in self.debts)])
        while day <= as_of:
            self.accrue_night(day)
            self.take_payments(day)
            self.apply_held_credit(day)
            self.give_refunds(day)
            self.waive_amounts(day)
            self.charge_late_fees(day)
            self.judge_grace(day)
            day += ONE_DAY

    # What is true of a day

    def base(self, debt: Debt) -> int:
        bears = {"overdue_principal": ("principal",), "overdue_instalment": ("principal", "interest")}
        return sum(debt.unpaid[part] for part in bears[self.product["penalty_base"]])

    def rate_row(self, night: date) -> Row:
        counts_on = self.loan["disbursed_on"] if self.product["rates_apply"] == "by_contract_date" else night
        in_force = [row for row in self.rates if row["effective_from"] <= counts_on]
        if not in_force:
            raise ValueError(f"{self.loan['loan_ref']}: no rate in force on {counts_on}")
        return in_force[-1]

    def is_waived(self, debt: Debt, day: date) -> bool:
        return any(
            waiver["kind"] == "days"
            and waiver["instalment_number"] in (None, debt.number)
            and waiver["from_day"] <= day
            and (waiver["to_day"] is None or day <= waiver["to_day"])
            for waiver in self.waivers
        )

    def grace_ends(self, debt: Debt) -> date:
        return debt.due_on + timedelta(days=self.product["grace_days"])

    def due_by(self, day: date) -> list[Debt]:
        return [debt for debt in self.debts if debt.due_on <= day]

    def counts(self, debt: Debt, day: date) -> bool:
        """Whether penalty and late fee count: not within grace, nor after a base paid off within it."""
        return day > self.grace_ends(debt) and not debt.paid_off_in_grace

    def chargeable(self, debt: Debt, day: date) -> int:
        if not self.counts(debt, day):
            return 0
        charge = debt.accrued + debt.late_fee
        if self.has_ceiling():
            charge = min(charge, debt.ceiling or Fraction(0))
        return round_half_up(charge)

    def has_ceiling(self) -> bool:
        return any(row["annual_ceiling"] is not None for row in self.rates)

    def payable(self, debt: Debt, component: str, day: date) -> int:
        if component != "penalty":
            return debt.unpaid[component]
        return max(0, self.chargeable(debt, day) - debt.penalty_paid - debt.penalty_waived)

    # The steps of a day, in their order

    def accrue_night(self, day: date) -> None:
        for debt in self.debts:
            base = self.base(debt)
            if debt.due_on < day and base and not self.is_waived(debt, day):
                row = self.rate_row(day)
                debt.accrued += base * row["daily_rate"]
                if row["annual_ceiling"] is not None:
                    debt.ceiling = (debt.ceiling or 0) + base * row["annual_ceiling"] / 365

    def take_payments(self, day: date) -> None:
        for row in self.payments:
            if row["received_on"] == day:
                receipt = Receipt(row["payment_ref"], day, row["amount"], credit=row["amount"])
                self.receipts.append(receipt)
                self.spend(receipt, day)

    def apply_held_credit(self, day: date) -> None:
        for receipt in self.receipts:
            self.spend(receipt, day)

    def give_refunds(self, day: date) -> None:
        for row in self.refunds:
            left = row["amount"] if row["received_on"] == day else 0
            for receipt in self.receipts:
                given = min(left, receipt.credit)
                receipt.credit -= given
                receipt.refunded += given
                left -= given

    def waive_amounts(self, day: date) -> None:
        for waiver in self.waivers:
            if waiver["kind"] == "amount" and waiver["on_day"] == day:
                left = waiver["amount"]
                for debt in self.due_by(day):
                    if waiver["instalment_number"] in (None, debt.number):
                        taken = min(left, self.payable(debt, waiver["component"], day))
                        left -= taken
                        if waiver["component"] == "penalty":
                            debt.penalty_waived += taken
                        else:
                            debt.unpaid[waiver["component"]] -= taken

    def charge_late_fees(self, day: date) -> None:
        for debt in self.debts:
            falls_on = debt.due_on + timedelta(days=self.product["late_fee_after_days"])
            if day == falls_on and self.base(debt) and not self.is_waived(debt, day):
                debt.late_fee = self.product["late_fee"]

    def judge_grace(self, day: date) -> None:
        for debt in self.debts:
            if day == self.grace_ends(debt):
                debt.paid_off_in_grace = self.base(debt) == 0

    # Allocation

    def spend(self, receipt: Receipt, day: date) -> None:
        for debt, component in self.allocation_order(day):
            met = min(receipt.credit, self.payable(debt, component, day))
            receipt.credit -= met
            receipt.allocated[component] += met
            if component == "penalty":
                debt.penalty_paid += met
            else:
                debt.unpaid[component] -= met

    def allocation_order(self, day: date) -> Iterator[tuple[Debt, str]]:
        order = self.product["component_order"]
        if self.product["allocation_strategy"] == "by_instalment":
            return ((debt, component) for debt in self.due_by(day) for component in order)
        return ((debt, component) for component in order for debt in self.due_by(day))

    # What is said

    def explain(self, as_of: date) -> Row:
        due = {part: sum(self.payable(debt, part, as_of) for debt in self.due_by(as_of)) for part in COMPONENTS}
        late_since = [debt.due_on for debt in self.due_by(as_of) if self.base(debt)]
        days_past_due = (as_of - min(late_since)).days if late_since else 0
        return {
            "loan": self.loan["loan_ref"],
            "currency": self.loan["currency"],
            "as_of": as_of.isoformat(),
            "due": {**due, "total": sum(due.values())},
            "not_yet_due": sum(sum(debt.unpaid.values()) for debt in self.debts if debt.due_on > as_of),
            "credit": sum(receipt.credit for receipt in self.receipts),
            "days_past_due": days_past_due,
            "stage": stage(days_past_due),
            "instalments": [self.explain_debt(debt, as_of) for debt in self.debts],
            "payments": [explain_receipt(receipt) for receipt in self.receipts],
        }

    def explain_debt(self, debt: Debt, as_of: date) -> Row:
        is_due = debt.due_on <= as_of
        return {
            "number": debt.number,
            "due_on": debt.due_on.isoformat(),
            **debt.unpaid,
            "penalty_chargeable": self.chargeable(debt, as_of) if is_due else 0,
            "penalty_payable": self.payable(debt, "penalty", as_of) if is_due else 0,
            "lines": self.line_totals(debt, as_of),
        }

    def line_totals(self, debt: Debt, as_of: date) -> dict[str, int]:
        if not self.counts(debt, as_of):
            return dict.fromkeys(LINE_KINDS, 0)
        nights = round_half_up(debt.accrued)
        return {
            "nights": nights,
            "late_fee": debt.late_fee,
            "legal_ceiling": self.chargeable(debt, as_of) - nights - debt.late_fee,
            "amount_waiver": -debt.penalty_waived,
            "paid": -debt.penalty_paid,
        }


def explain_receipt(receipt: Receipt) -> Row:
    return {
        "payment": receipt.reference,
        "received_on": receipt.received_on.isoformat(),
        "amount": receipt.amount,
        "allocated": receipt.allocated,
        "credit": receipt.credit,
        "refunded": receipt.refunded,
    }


def round_half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


def stage(days_past_due: int) -> str:
    for name, last_day in (("M0", 0), ("M1", 30), ("M2", 60), ("M3", 90)):
        if days_past_due <= last_day:
            return name
    return "M4+"


def explain_loan(
    product: Row,
    rates: list[Row],
    loan: Row,
    instalments: list[Row],
    payments: list[Row],
    waivers: list[Row],
    as_of: date,
) -> Row:
    """What the loan owes at the end of `as_of`, from rows as `read_folder` gives them (minor units)."""
    replay = Replay(product, rates, loan, instalments, payments, waivers)
    replay.run(as_of)
    return replay.explain(as_of)


def explain_folder(folder: Path | str, as_of: date) -> dict[str, Row]:
    """What every loan of an import folder owes at the end of `as_of`, by loan reference."""
    return {reference: explain_loan(*facts, as_of=as_of) for reference, facts in read_folder(Path(folder)).items()}


Facts = tuple[Row, list[Row], Row, list[Row], list[Row], list[Row]]


def read_folder(folder: Path, lender_currency: str = "CNY") -> dict[str, Facts]:
    """The rows of an import folder by loan: product, rates, loan, instalments, payments, waivers."""
    products = {row["product_ref"]: row for row in read_products(folder, lender_currency)}
    loans = {row["loan_ref"]: row for row in read_loans(folder)}
    currency = {reference: loan["currency"] for reference, loan in loans.items()}
    rates = by_key(read_rates(folder), "product_ref")
    instalments = by_key(read_instalments(folder, currency), "loan_ref")
    payments = by_key(read_payments(folder, currency), "loan_ref")
    waivers = by_key(read_waivers(folder, currency), "loan_ref")
    return {
        reference: (
            products[loan["product_ref"]],
            rates.get(loan["product_ref"], []),
            loan,
            instalments.get(reference, []),
            payments.get(reference, []),
            waivers.get(reference, []),
        )
        for reference, loan in loans.items()
    }


def by_key(rows: Iterator[Row], key: str) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row[key], []).append(row)
    return grouped


def read_products(folder: Path, lender_currency: str) -> Iterator[Row]:
    for row in read_rows(folder / "products.csv"):
        currency = row.get("currency") or lender_currency
        yield {
            "product_ref": row["product_ref"],
            "penalty_base": row["penalty_base"],
            "grace_days": int(row["grace_days"] or 0),
            "late_fee": minor_units(row["late_fee"] or "0", currency),
            "late_fee_after_days": int(row["late_fee_after_days"] or 0),
            "allocation_strategy": row["allocation_strategy"],
            "component_order": row["component_order"].split(">"),
            "rates_apply": row.get("rates_apply") or "by_night",
        }


def read_rates(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "penalty_rates.csv"):
        yield {
            "product_ref": row["product_ref"],
            "effective_from": date.fromisoformat(row["effective_from"]),
            "daily_rate": fraction(row["daily_rate"]),
            "annual_ceiling": fraction(row["annual_ceiling"]) if row["annual_ceiling"] else None,
        }


def read_loans(folder: Path) -> Iterator[Row]:
    for row in read_rows(folder / "loans.csv"):
        yield {
            "loan_ref": row["loan_ref"],
            "product_ref": row["product_ref"],
            "currency": row["currency"],
            "disbursed_on": date.fromisoformat(row["disbursed_on"]),
        }


def read_instalments(folder: Path, currency: dict[str, str]) -> Iterator[Row]:
    for row in read_rows(folder / "instalments.csv"):
        yield {
            "loan_ref": row["loan_ref"],
            "number": int(row["number"]),
            "due_on": date.fromisoformat(row["due_on"]),
            **{part: minor_units(row[part], currency[row["loan_ref"]]) for part in CONTRACT_PARTS},
            "void": row.get("void") == "1",
        }


def read_payments(folder: Path, currency: dict[str, str]) -> Iterator[Row]:
    for row in read_rows(folder / "payments.csv"):
        yield {
            "payment_ref": row["payment_ref"],
            "loan_ref": row["loan_ref"],
            "received_on": date.fromisoformat(row["received_on"]),
            "amount": minor_units(row["amount"], currency[row["loan_ref"]]),
            "reversed": row["reversed"] == "1",
            "kind": row.get("kind") or "payment",
        }


def read_waivers(folder: Path, currency: dict[str, str]) -> Iterator[Row]:
    for row in read_rows(folder / "waivers.csv"):
        is_amount = row["kind"] == "amount"
        yield {
            "waiver_ref": row["waiver_ref"],
            "loan_ref": row["loan_ref"],
            "instalment_number": int(row["instalment_number"]) if row["instalment_number"] else None,
            "kind": row["kind"],
            "from_day": None if is_amount else date.fromisoformat(row["from_day"]),
            "to_day": date.fromisoformat(row["to_day"]) if row["to_day"] else None,
            "on_day": date.fromisoformat(row["on_day"]) if is_amount else None,
            "amount": minor_units(row["amount"], currency[row["loan_ref"]]) if is_amount else None,
            "component": row.get("component") or "penalty",
            "void": row.get("void") == "1",
        }


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines)


def fraction(text: str) -> Fraction:
    """An exact rate from `0.0005` or `0.175/360`."""
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def minor_units(text: str, currency: str) -> int:
    amount = Fraction(text) * 10 ** MINOR_DIGITS[currency]
    if amount.denominator != 1:
        raise ValueError(f"{text} is finer than the minor unit of {currency}")
    return int(amount)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    options = parser.parse_args()
    for explained in explain_folder(options.folder, options.as_of).values():
        sys.stdout.write(json.dumps(explained, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
