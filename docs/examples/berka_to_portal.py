"""Turns the public Berka loan data (PKDD'99) into a folder for `portal import`; a pattern for a converter of yours.

    python docs/examples/berka_to_portal.py path/to/berka path/to/folder
    portal import path/to/folder --data-date 1998-12-31

What the data says is used as it is: 682 loans in Czech crowns, repaid in equal monthly instalments, and the status
of each at the end of 1998. What it does not say is chosen here and named: the penalty terms, and payments, which are
taken to have come in on each due date of a loan without debts (status A and C) and not at all of one in debt (B and D).
The data has no telephone numbers, so no text message can reach anybody.
"""

import csv
import sys
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

DATA_DATE = date(1998, 12, 31)
PAID = {"A", "C"}
WOMEN_ADD_TO_MONTH = 50

PRODUCT = {
    "product_ref": "BERKA",
    "name": "Household loan",
    "currency": "CZK",
    "contract_type": "bank_loan",
    "penalty_base": "overdue_instalment",
    "grace_days": "0",
    "late_fee": "0",
    "late_fee_after_days": "0",
    "allocation_strategy": "by_instalment",
    "component_order": "fee>penalty>interest>principal",
    "accrues_while_disputed": "0",
}
RATE = {
    "product_ref": "BERKA",
    "effective_from": "1993-01-01",
    "daily_rate": "0.0005",
    "annual_ceiling": "0.24",
}

Row = Mapping[str, str]


def convert(source: Path, target: Path) -> None:
    """Read the tables of the source folder and write the CSV files of the import format."""
    target.mkdir(parents=True, exist_ok=True)
    loans = list(rows(source / "loan.asc"))
    owners = {row["account_id"]: row["client_id"] for row in rows(source / "disp.asc") if row["type"] == "OWNER"}
    clients = {row["client_id"]: row for row in rows(source / "client.asc")}
    borrowers = {owners[loan["account_id"]]: clients[owners[loan["account_id"]]] for loan in loans}
    write(target / "products.csv", iter([PRODUCT]))
    write(target / "penalty_rates.csv", iter([RATE]))
    write(target / "borrowers.csv", map(borrower, borrowers.values()))
    write(target / "loans.csv", (loan_row(loan, owners) for loan in loans))
    write(target / "instalments.csv", (row for loan in loans for row in instalments(loan)))
    write(target / "payments.csv", (row for loan in loans for row in payments(loan)))


def borrower(client: Row) -> Row:
    """The birth number is the date of birth, with 50 added to the month of women."""
    year, month, day = (int(client["birth_number"][place : place + 2]) for place in (0, 2, 4))
    born = date(1900 + year, month - WOMEN_ADD_TO_MONTH if month > WOMEN_ADD_TO_MONTH else month, day)
    return {
        "borrower_ref": client["client_id"],
        "name": f"Client {client['client_id']}",
        "mobile": "",
        "birth_date": born.isoformat(),
        "id_last4": "",
        "language": "en",
        "payday": "",
    }


def loan_row(loan: Row, owners: Mapping[str, str]) -> Row:
    """A loan that was repaid is closed on its last due date."""
    closed = loan["status"] == "A"
    return {
        "loan_ref": loan["loan_id"],
        "borrower_ref": owners[loan["account_id"]],
        "product_ref": "BERKA",
        "currency": "CZK",
        "principal": loan["amount"],
        "disbursed_on": granted(loan).isoformat(),
        "status": "closed" if closed else "active",
        "status_on": due_dates(loan)[-1].isoformat() if closed else "",
    }


def instalments(loan: Row) -> Iterator[Row]:
    """Equal monthly instalments; the data does not tell interest from principal."""
    for number, due_on in enumerate(due_dates(loan), start=1):
        yield {
            "loan_ref": loan["loan_id"],
            "number": str(number),
            "due_on": due_on.isoformat(),
            "principal": loan["payments"],
            "interest": "0",
            "fee": "0",
        }


def payments(loan: Row) -> Iterator[Row]:
    """One on each due date that has passed, of a loan without debts."""
    if loan["status"] not in PAID:
        return
    for number, due_on in enumerate(due_dates(loan), start=1):
        if due_on <= DATA_DATE:
            yield {
                "payment_ref": f"{loan['loan_id']}-{number}",
                "loan_ref": loan["loan_id"],
                "received_on": due_on.isoformat(),
                "amount": loan["payments"],
                "channel": "standing order",
                "reversed": "0",
            }


def granted(loan: Row) -> date:
    """The day of the loan, written as 930705."""
    year, month, day = (int(loan["date"][place : place + 2]) for place in (0, 2, 4))
    return date(1900 + year, month, day)


def due_dates(loan: Row) -> list[date]:
    """The same day of each month after the loan was granted, or that month's last day."""
    first = granted(loan)
    months = (first.year * 12 + first.month - 1 + step for step in range(1, int(loan["duration"]) + 1))
    return [
        date(month // 12, month % 12 + 1, min(first.day, monthrange(month // 12, month % 12 + 1)[1]))
        for month in months
    ]


def rows(path: Path) -> Iterator[Row]:
    """The rows of a table of the data set."""
    with path.open(encoding="ascii", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=";")


def write(path: Path, table: Iterator[Row]) -> None:
    """Write rows, the first of which names the columns."""
    first = next(table)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: berka_to_portal.py SOURCE TARGET")
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
