"""Import against `executemany` of the same rows into the same tables, and memory as the files grow.

A first import, then one in which 1 % of the rows changed. Run as `python -m bench.import_ ROWS`, it imports so many
rows and prints the most memory it ever had, in megabytes.
"""

import contextlib
import csv
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import Session, SQLModel

import portal.schema  # noqa: F401 - so that every table is in the metadata
from bench.figures import Figure, at_most
from bench.machine import most_memory
from portal.loans import live_rows as live
from portal.loans.commands import run_import
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from tests.databases import PostgresDatabases, postgres_server
from tests.make import loans as make

DATA_DATE = date(2026, 4, 17)
NOW = datetime(2026, 4, 17, 2, tzinfo=UTC)
PAYMENTS_A_LOAN = 12
OWNER = "B9"
"""Whose loans they are: nobody who is looked at."""
ROWS = 100_000
MEMORY_ROWS = (10_000, 100_000, 1_000_000)
RATIO_AIM = 4
FLAT = 1.25
"""How much larger the peak may be than that of the smallest import to be called flat."""


def measure(effort: float = 1.0) -> Iterator[Figure]:
    """Both ways to bring the same payments in, then memory as the files grow."""
    with tempfile.TemporaryDirectory() as folder:
        yield from compare(Path(folder), f"sqlite:///{folder}/bench.db", "SQLite", int(ROWS * effort))
    with tempfile.TemporaryDirectory() as folder, postgres_server(durable=True) as server:
        url = PostgresDatabases(server, lambda _url: None).create()
        yield from compare(Path(folder), url, "PostgreSQL", int(ROWS * effort))
    yield from memory([rows for rows in MEMORY_ROWS if rows <= MEMORY_ROWS[-1] * effort])


def compare(folder: Path, url: str, database: str, rows: int) -> Iterator[Figure]:
    """`executemany` of payments, import of the same rows, and of them again with 1 % changed."""
    doors = open_doors(url)
    write_portfolio(folder / "all", rows, changed=())
    (folder / "all" / "payments.csv").rename(folder / "payments.csv")
    silently(lambda: run(doors, folder, "all"))
    (folder / "payments").mkdir()
    (folder / "payments.csv").rename(folder / "payments" / "payments.csv")
    plain = timed(lambda: executemany(doors, rows))
    imported = timed(lambda: silently(lambda: run(doors, folder, "payments")))
    write_payments(folder / "changed", rows, changed=range(0, rows, 100))
    again = timed(lambda: silently(lambda: run(doors, folder, "changed")))
    doors.close()
    yield at_most(f"{database}: {rows:,} payments, times executemany", imported / plain, RATIO_AIM, digits=2)
    yield Figure("    rows a second, executemany", f"{rows / plain:,.0f}")
    yield Figure("    rows a second, import", f"{rows / imported:,.0f}")
    yield Figure("    rows a second, import of them with 1 % changed", f"{rows / again:,.0f}")


def memory(sizes: list[int]) -> Iterator[Figure]:
    """The peak of a process that imports so many rows, from small to large."""
    smallest = 0
    for rows in sizes:
        command = [sys.executable, "-m", "bench.import_", str(rows)]
        peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        smallest = smallest or peak
        what = f"peak memory of an import of {rows:,} rows"
        yield Figure(what, f"{peak} MB", "flat", peak <= smallest * FLAT)


def peak_megabytes(folder: Path, rows: int) -> int:
    """Import into a new SQLite file; the most memory the process ever had."""
    doors = open_doors(f"sqlite:///{folder / 'bench.db'}")
    write_portfolio(folder / "all", rows, changed=())
    silently(lambda: run(doors, folder, "all"))
    doors.close()
    return most_memory()


def open_doors(url: str) -> Doors:
    """The doors to a new database."""
    engines = make_engines(url)
    SQLModel.metadata.create_all(engines.write)
    info = {"audit_keys": ("a key of the benchmark, 32 characters",)}
    return Doors(engines, lambda: Viewer("system", NOW, DATA_DATE), info)


def run(doors: Doors, folder: Path, name: str) -> None:
    """An import that must succeed."""
    assert run_import(doors, folder / name, DATA_DATE, currency="CNY", data_dir=folder / "data") == 0


def executemany(doors: Doors, rows: int) -> None:
    """The same payments under other references, straight into the table."""

    def write(session: Session, viewer: Viewer) -> None:
        statement = insert(live.PAYMENT)
        for start in range(0, rows, 1000):
            session.connection().execute(statement, [record(n) for n in range(start, min(start + 1000, rows))])

    def record(number: int) -> dict[str, object]:
        return {
            "ref": f"X{number:09}",
            "loan_id": number // PAYMENTS_A_LOAN + 1,
            "received_on": DATA_DATE - timedelta(days=number % 100),
            "amount": 100_000 + number % 1000,
            "channel": "transfer",
            "reversed": False,
            "kind": "payment",
            "recorded_at": NOW,
            "superseded_at": None,
            "import_id": None,
            "digest": number,
        }

    doors.write_as(doors.system(), write)


def write_portfolio(folder: Path, rows: int, changed: range | tuple[()]) -> None:
    """So many payments, and the loans that they belong to."""
    loans = (rows + PAYMENTS_A_LOAN - 1) // PAYMENTS_A_LOAN
    owner = make.borrower(borrower_ref=OWNER, mobile="13900139000")
    tables = make.lin_yi(borrowers=[owner], payments=[], debit_attempts=[], instalments=[], loans=[])
    make.write_folder(folder, tables)
    with (folder / "loans.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(make.loan()))
        writer.writeheader()
        writer.writerows(make.loan(loan_ref=f"L{number:08}", borrower_ref=OWNER) for number in range(loans))
    write_payments(folder, rows, changed)


def write_payments(folder: Path, rows: int, changed: range | tuple[()]) -> None:
    """The payments, some of them with another amount."""
    folder.mkdir(exist_ok=True)
    with (folder / "payments.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["payment_ref", "loan_ref", "received_on", "amount", "channel", "reversed"])
        for number in range(rows):
            amount = 1000 + number % 1000 / 100 + (1 if number in changed else 0)
            day = DATA_DATE - timedelta(days=number % 100)
            loan = f"L{number // PAYMENTS_A_LOAN:08}"
            writer.writerow([f"A{number:09}", loan, day, f"{amount:.2f}", "transfer", "0"])


def timed(act: Callable[[], object]) -> float:
    """Seconds it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def silently(act: Callable[[], object]) -> None:
    """Without what it says."""
    with contextlib.redirect_stdout(io.StringIO()):
        act()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(peak_megabytes(Path(place), int(sys.argv[1])))
