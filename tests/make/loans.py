"""Import folders for tests: rows with defaults by file, and the way into a database."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from portal.loans.commands import run_import
from portal.loans.formats import import_files
from portal.platform.db import Doors

Row = dict[str, str]
Tables = dict[str, list[Row]]

DATA_DATE = date(2026, 4, 17)


def product(**given: str) -> Row:
    """A bank loan's product without late fee and grace, as in ui.md 8."""
    return {
        "product_ref": "P1",
        "name": "Household loan",
        "currency": "CNY",
        "contract_type": "bank_loan",
        "penalty_base": "overdue_instalment",
        "grace_days": "0",
        "late_fee": "0",
        "late_fee_after_days": "0",
        "allocation_strategy": "by_instalment",
        "component_order": "fee>penalty>interest>principal",
        "accrues_while_disputed": "0",
    } | given


def rate(**given: str) -> Row:
    """0.05 % a day with a ceiling of 24 % a year."""
    return {
        "product_ref": "P1",
        "effective_from": "2024-01-01",
        "daily_rate": "0.0005",
        "annual_ceiling": "0.24",
    } | given


def borrower(**given: str) -> Row:
    """Lin, who can be checked by birth date and ID digits."""
    return {
        "borrower_ref": "B1",
        "name": "林一",
        "mobile": "13800138000",
        "birth_date": "1990-05-17",
        "id_last4": "123X",
        "language": "zh",
        "payday": "",
    } | given


def loan(**given: str) -> Row:
    """A loan of Lin's."""
    return {
        "loan_ref": "L1",
        "borrower_ref": "B1",
        "product_ref": "P1",
        "currency": "CNY",
        "principal": "13440.00",
        "disbursed_on": "2025-12-05",
        "status": "active",
        "debit_last4": "6789",
    } | given


def instalment(number: int, due_on: str, **given: str) -> Row:
    """1,120.00 principal and 60.00 interest."""
    return {
        "loan_ref": "L1",
        "number": str(number),
        "due_on": due_on,
        "principal": "1120.00",
        "interest": "60.00",
        "fee": "0",
    } | given


def payment(payment_ref: str, received_on: str, amount: str, **given: str) -> Row:
    """A transfer."""
    return {
        "payment_ref": payment_ref,
        "loan_ref": "L1",
        "received_on": received_on,
        "amount": amount,
        "channel": "transfer",
        "reversed": "0",
    } | given


def debit_attempt(attempt_ref: str, instalment_number: int, attempted_at: str, **given: str) -> Row:
    """A try that found too little money."""
    return {
        "attempt_ref": attempt_ref,
        "loan_ref": "L1",
        "instalment_number": str(instalment_number),
        "attempted_at": attempted_at,
        "amount": "1180.00",
        "result": "insufficient_funds",
        "result_code": "51",
    } | given


def waiver(waiver_ref: str, **given: str) -> Row:
    """Nights of the third instalment that cost nothing."""
    return {
        "waiver_ref": waiver_ref,
        "loan_ref": "L1",
        "instalment_number": "3",
        "kind": "days",
        "from_day": "2026-03-06",
        "to_day": "2026-03-07",
        "on_day": "",
        "amount": "",
        "reason": "goodwill",
    } | given


def lin_yi(**more: list[Row]) -> Tables:
    """The invented case of ui.md 8: no. 3 late since 5 March, 300.00 paid on the 20th, a lower rate from April."""
    tables: Tables = {
        "products": [product()],
        "penalty_rates": [rate(), rate(effective_from="2026-04-01", daily_rate="0.00045")],
        "borrowers": [borrower()],
        "loans": [loan()],
        "instalments": [
            instalment(number, f"{2026 + (number - 1) // 12}-{(number - 1) % 12 + 1:02}-05") for number in range(1, 13)
        ],
        "payments": [
            payment("A1", "2026-01-05", "1180.00"),
            payment("A2", "2026-02-05", "1180.00"),
            payment("A3", "2026-03-20", "300.00"),
        ],
        "debit_attempts": [debit_attempt("D1", 3, "2026-03-05T08:12:00+08:00")],
    }
    return tables | more


def write_folder(folder: Path, tables: Mapping[str, Sequence[Row]]) -> Path:
    """Write the rows as CSV files; a column appears when any row has it."""
    folder.mkdir(parents=True, exist_ok=True)
    order = {file.table: file.names for file in import_files(("cn", "us"), "CNY", "CN")}
    for name, rows in tables.items():
        used = {column for row in rows for column in row}
        columns = [column for column in order.get(name, ()) if column in used or not rows]
        columns += sorted(used - set(columns))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def import_tables(doors: Doors, folder: Path, tables: Mapping[str, Sequence[Row]], data_date: date = DATA_DATE) -> None:
    """Import the rows; they must all be good."""
    write_folder(folder / "import", tables)
    code = run_import(doors, folder / "import", data_date, currency="CNY", data_dir=folder / "data")
    if code != 0:
        raise AssertionError("the rows were refused; see the captured output")
