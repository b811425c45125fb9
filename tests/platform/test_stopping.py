"""SIGTERM lets requests and the worker finish what they have in hand (RE-13)."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.platform.db import make_engines
from tests.served import ENTRY, answers, install


def jobs_seen(url: str) -> int:
    """How many jobs a worker has begun."""
    with make_engines(url).read.connect() as connection:
        return len(connection.exec_driver_sql("SELECT name FROM job_run").all())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_by_itself(tmp_path: Path, sqlite_url: str, number: signal.Signals) -> None:
    portal = install(tmp_path, sqlite_url)
    server = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "serve"], cwd=tmp_path, env=dict(portal.environment), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not answers(f"{portal.url}/healthz") and time.monotonic() < deadline:
        time.sleep(0.1)
    server.send_signal(number)
    assert server.wait(15) == 0


def test_worker_ends_by_itself(tmp_path: Path, sqlite_url: str) -> None:
    portal = install(tmp_path, sqlite_url)
    worker = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "worker"], cwd=tmp_path, env=dict(portal.environment), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not jobs_seen(sqlite_url) and time.monotonic() < deadline:
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
