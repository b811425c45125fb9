"""A database of each kind with the doors to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer

ZONE = "Asia/Shanghai"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 4, 17, 2, 0, tzinfo=UTC))


@pytest.fixture
def doors(database_url: str, clock: FixedClock) -> Iterator[Doors]:
    yield from opened(database_url, clock)


@pytest.fixture
def sqlite_doors(sqlite_url: str, clock: FixedClock) -> Iterator[Doors]:
    """For what does not depend on the database."""
    yield from opened(sqlite_url, clock)


def opened(url: str, clock: FixedClock) -> Iterator[Doors]:
    engines = make_engines(url)

    def system() -> Viewer:
        now = clock.now()
        return Viewer("system", now, now.astimezone(ZoneInfo(ZONE)).date())

    doors = Doors(engines, system, {"audit_keys": ("an-audit-key-that-only-the-tests-use-0001",)})
    yield doors
    doors.close()
