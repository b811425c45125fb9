"""An import that is killed leaves all of it or nothing, wherever it is killed."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url

from portal.loans import live_rows as live
from portal.loans.commands import run_import
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.databases import sqlite_library
from tests.make import loans as make

PAYMENTS = 5_000
KILLS = 20


@pytest.mark.drill
def test_an_import_killed_anywhere_leaves_no_mixture(doors: Doors, database_url: str, tmp_path: Path) -> None:
    """RE-04."""
    folder = write_payments(tmp_path / "all", 0)
    assert run_import(doors, folder, make.DATA_DATE, currency="CNY", data_dir=tmp_path / "data") == 0
    chance = random.Random(20)
    inside = 0
    for kill in range(1, KILLS + 1):
        before = state_of(doors)
        folder = write_payments(tmp_path / f"changed-{kill}", kill)
        process = start_import(folder, database_url, tmp_path / "data")
        if kill % 2:
            time.sleep(chance.uniform(0.5, 4))
        else:
            inside += wait_for_transaction(process, database_url)
            time.sleep(chance.uniform(0, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        after = state_of(doors)
        applied = {(make_amount(kill),): PAYMENTS}
        assert after in (before, (applied, before[1] + 1, before[2] + PAYMENTS)), f"kill {kill}"
    assert inside > KILLS // 4, "too few of the kills were aimed at the transaction itself"
    assert run_import(doors, folder, make.DATA_DATE, currency="CNY", data_dir=tmp_path / "data") == 0
    assert state_of(doors)[0] == {(make_amount(KILLS),): PAYMENTS}
    assert list((tmp_path / "data").glob("import-*")) == []


def make_amount(kill: int) -> int:
    """The amount in minor units that all payments have after an import."""
    return (1000 + kill) * 100


def write_payments(folder: Path, kill: int) -> Path:
    """The portfolio with so many payments, all of one amount."""
    payments = [make.payment(f"A{number}", "2026-03-01", f"{1000 + kill}.00") for number in range(PAYMENTS)]
    return make.write_folder(folder, make.lin_yi(payments=payments))


def state_of(doors: Doors) -> tuple[dict[tuple[int], int], int, int]:
    """How many payments in force have which amount, how many imports there were, and how many versions."""

    def read(connection: Connection, viewer: Viewer) -> tuple[dict[tuple[int], int], int, int]:
        payment = live.PAYMENT.c
        amounts = select(payment.amount, func.count()).where(payment.superseded_at.is_(None)).group_by(payment.amount)
        counted = {(amount,): count for amount, count in connection.execute(amounts)}
        runs = connection.execute(select(func.count()).select_from(live.IMPORT_RUN)).scalar_one()
        return counted, runs, connection.execute(select(func.count()).select_from(live.PAYMENT)).scalar_one()

    return doors.read_as(doors.system(), read)


def start_import(folder: Path, url: str, data_dir: Path) -> subprocess.Popen[bytes]:
    """`portal import` in a process of its own."""
    environment = os.environ | {"PORTAL_DATABASE_URL": url, "PORTAL_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "portal.cli", "import", str(folder), "--data-date", make.DATA_DATE.isoformat()]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def wait_for_transaction(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until the import writes; whether it was seen to."""
    with closing(probe(url)) as connection:
        is_writing = sqlite_is_locked if url.startswith("sqlite") else postgresql_is_writing
        while process.poll() is None:
            if is_writing(connection):
                return True
            time.sleep(0.01)
    return False


def probe(url: str) -> Any:
    """A connection of one's own, by the library that the portal uses: two on one file break each other's locks."""
    parsed = make_url(url)
    if url.startswith("sqlite"):
        return sqlite_library().connect(str(parsed.database), timeout=0, isolation_level=None)
    return psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)


def sqlite_is_locked(connection: Any) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite_library().OperationalError:
        return True
    connection.execute("ROLLBACK")
    return False


def postgresql_is_writing(connection: Any) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
    return bool(connection.execute(asked).fetchone()[0])
