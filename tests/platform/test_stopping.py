"""SIGTERM lets requests and the worker finish what they have in hand (RE-13)."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.platform.db import make_engines
from tests.served import ENTRY, answers, install


def jobs_seen(url: str) -> int:
    """How many jobs a worker has begun."""
    with make_engines(url).read.connect() as connection:
        return len(connection.exec_driver_sql("SELECT name FROM job_run").all())


def wait_until(begun: Callable[[], bool]) -> None:
    """Wait as long as a busy machine may need to begin."""
    deadline = time.monotonic() + 60
    while not begun():
        assert time.monotonic() < deadline, "it has not begun"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_by_itself(tmp_path: Path, sqlite_url: str, number: signal.Signals) -> None:
    portal = install(tmp_path, sqlite_url)
    server = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "serve"], cwd=tmp_path, env=dict(portal.environment), stderr=subprocess.DEVNULL
    )
    wait_until(lambda: answers(f"{portal.url}/healthz"))
    server.send_signal(number)
    assert server.wait(30) == 0


def test_worker_ends_by_itself(tmp_path: Path, sqlite_url: str) -> None:
    portal = install(tmp_path, sqlite_url)
    worker = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "worker"], cwd=tmp_path, env=dict(portal.environment), stderr=subprocess.DEVNULL
    )
    wait_until(lambda: jobs_seen(sqlite_url) > 0)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
