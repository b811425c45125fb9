"""How long an account page takes while a large import runs, beside how long it takes when none does.

A portfolio of so many payments is in the live database; then it comes again with 1 % of its rows changed, by
`portal import` in a process of its own, while one borrower opens the account again and again.
"""

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from bench import import_
from bench.figures import Figure, at_most
from bench.installation import SERVE, Installation, installed, serving_portal
from bench.pages import database
from portal.platform.clock import SystemClock

ROWS = 1_000_000
IDLE_SECONDS = 5.0
PAUSE_SECONDS = 0.02
AIM_SECONDS = 1.0
"""A page is shown within this even at its slowest: the time in which a reader stays with what they do."""


class Waited(NamedTuple):
    """Seconds that each page took."""

    seconds: list[float]

    @property
    def usual(self) -> str:
        return f"{median(self.seconds) * 1e3:,.0f} / {quantiles(self.seconds, n=20)[-1] * 1e3:,.0f} ms"

    @property
    def most(self) -> float:
        return max(self.seconds)


def measure(effort: float = 1.0) -> Iterator[Figure]:
    """Both databases."""
    for kind in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            yield from _measure(kind, Path(folder), url, int(ROWS * effort))


def _measure(kind: str, folder: Path, url: str, rows: int) -> Iterator[Figure]:
    place = installed(folder / "installed", url)
    import_.write_portfolio(folder / "all", rows, changed=())
    import_.write_payments(folder / "changed", rows, changed=range(0, rows, 100))
    _import(place, folder / "all").communicate()
    with serving_portal(place.portal) as (_process_id, port):
        _open_account(place, port)
        ends = time.perf_counter() + IDLE_SECONDS
        idle = _open_while(place, port, lambda: time.perf_counter() < ends)
        began = time.perf_counter()
        coming_in = _import(place, folder / "changed")
        busy = _open_while(place, port, lambda: coming_in.poll() is None)
        took = time.perf_counter() - began
        said = coming_in.communicate()[0]
    if coming_in.returncode:
        raise RuntimeError(said)
    yield at_most(f"{kind}: slowest page while {rows:,} rows come in", busy.most, AIM_SECONDS, " s", digits=2)
    yield Figure("    median / 95 % of pages meanwhile", busy.usual)
    yield Figure("    median / 95 % of pages with no import", idle.usual)
    yield Figure("    pages opened meanwhile, seconds of the import", f"{len(busy.seconds):,} / {took:,.0f}")


def _import(place: Installation, folder: Path) -> "subprocess.Popen[str]":
    clock = SystemClock("Asia/Shanghai")
    command = [sys.executable, "-c", SERVE, "import", str(folder), "--data-date", str(clock.today("Asia/Shanghai"))]
    portal = place.portal
    return subprocess.Popen(
        command,
        cwd=portal.folder,
        env=dict(portal.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _open_while(place: Installation, port: int, going_on: Callable[[], bool]) -> Waited:
    seconds = []
    while going_on():
        began = time.perf_counter()
        _open_account(place, port)
        seconds.append(time.perf_counter() - began)
        time.sleep(PAUSE_SECONDS)
    return Waited(seconds)


def _open_account(place: Installation, port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/account", headers={"Cookie": place.cookie})
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        if b"<main" not in answer.read():
            raise RuntimeError("no account page")
