"""A migrated database with doors, and a clock that the test moves."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.platform import log
from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from tests.client import Client
from tests.platform.toy import settings_of, toy_app

SECRET = "a-secret-key-that-only-the-tests-use-000001"
AUDIT = "an-audit-key-that-only-the-tests-use-0001"
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    log.set_up(as_json=True, stream=io.StringIO())


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon in Shanghai."""
    return FixedClock(NOON)


@pytest.fixture
def doors(database_url: str, clock: FixedClock) -> Iterator[Doors]:
    """The doors of an empty portal, on each kind of database."""

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today(ZONE))

    info = {"audit_keys": (AUDIT,), "secret_keys": (SECRET,)}
    opened = Doors(make_engines(database_url), system, info)
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path: Path, database_url: str, clock: FixedClock) -> Starlette:
    """The portal with the toy routes, on each kind of database."""
    return toy_app(settings_of(tmp_path, database_url), clock)


@pytest.fixture
def client(app: Starlette) -> Iterator[Client]:
    """A visitor of that portal."""
    with Client(app) as visitor:
        yield visitor
