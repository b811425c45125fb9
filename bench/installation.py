"""An installation in production mode to measure, with one borrower signed in: 12 instalments, 12 payments.

Eleven instalments were paid nine days late with their penalty. Of the last one, due 45 days ago, 300.00 came then, and
the rate changed since.
"""

import contextlib
import io
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from bench.machine import keep_to
from portal.core.days import add_months
from portal.installation import open_installation
from portal.platform.clock import SystemClock
from portal.platform.settings import Settings
from tests.make.disputes import Cast, loan_code
from tests.make.loans import (
    Tables,
    borrower,
    debit_attempt,
    import_tables,
    instalment,
    loan,
    payment,
    product,
    rate,
)
from tests.served import ROOT, Portal, answers, free_port, install

COUNT = 12
KEYS = {f"{name}_keys": secrets.token_urlsafe(33) for name in ("secret", "file", "audit")}
SERVE = "import sys; from portal.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Installation:
    """Where it is, how to come in, and the loan's code."""

    portal: Portal
    cookie: str
    code: str


def installed(folder: Path, database_url: str) -> Installation:
    """A migrated production installation with the loan and a session."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(ROOT / "lender.example.toml", folder / "data/lender.toml")
    portal = install(
        folder,
        database_url,
        mode="production",
        base_url="https://portal.example.org",
        allowed_hosts="127.0.0.1",
        sms_url="https://sms.example.org",
        **KEYS,
    )
    portal.run("migrate")
    return _with_borrower(folder, portal)


def _with_borrower(folder: Path, portal: Portal) -> Installation:
    settings = Settings.load({name: value for name, value in portal.environment.items() if name.startswith("PORTAL_")})
    clock = SystemClock(settings.time_zone)
    today = clock.today(settings.time_zone)
    doors = open_installation(settings, clock).doors
    with contextlib.redirect_stdout(io.StringIO()):
        import_tables(doors, folder, late_loan(today), today)
    cast = Cast(doors)
    somebody = cast.borrower()
    token = cast.sign_in(somebody)["session"]
    code = loan_code(doors, somebody)
    doors.close()
    return Installation(portal, f"__Host-session={token}", code)


def late_loan(today: date) -> Tables:
    """The import files of the loan."""
    last_due = today - timedelta(days=45)
    due_days = [add_months(last_due, number - COUNT) for number in range(1, COUNT + 1)]
    disbursed_on = add_months(due_days[0], -1)
    changed_on = today - timedelta(days=30)
    return {
        "products": [product()],
        "penalty_rates": [
            rate(effective_from=disbursed_on.isoformat()),
            rate(effective_from=changed_on.isoformat(), daily_rate="0.00045"),
        ],
        "borrowers": [borrower(language="en")],
        "loans": [loan(disbursed_on=disbursed_on.isoformat())],
        "instalments": [instalment(number, day.isoformat()) for number, day in enumerate(due_days, start=1)],
        "payments": [
            payment(f"A{number:02}", (day + timedelta(days=9)).isoformat(), "300.00" if number == COUNT else "1185.31")
            for number, day in enumerate(due_days, start=1)
        ],
        "debit_attempts": [debit_attempt("D1", COUNT, f"{last_due.isoformat()}T08:12:00+08:00")],
    }


@contextmanager
def serving_portal(portal: Portal, core: int | None = None) -> Iterator[tuple[int, int]]:
    """The portal itself without its worker: process id and port."""
    port = free_port()
    with _serving(portal, ["-c", SERVE, "serve", "--no-worker", "--port", str(port)], port, core) as process_id:
        yield process_id, port


@contextmanager
def serving_bare(place: Installation, path: str, core: int | None = None) -> Iterator[tuple[int, int]]:
    """The bare handler of one page: process id and port."""
    port = free_port()
    with _serving(place.portal, ["-m", "bench.bare", str(port), path, place.cookie], port, core) as process_id:
        yield process_id, port


@contextmanager
def _serving(portal: Portal, arguments: list[str], port: int, core: int | None) -> Iterator[int]:
    """A server in a process of its own, on one core if it is named, until the block ends; its process id."""
    with portal.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=portal.folder,
            env=dict(portal.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=None if core is None else partial(keep_to, core),
        )
        try:
            _wait(process, port, portal.log)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if answers(f"http://127.0.0.1:{port}/healthz"):
            return
        time.sleep(0.05)
    raise RuntimeError(f"a server did not come up:\n{log.read_text(encoding='utf-8')[-3000:]}")
