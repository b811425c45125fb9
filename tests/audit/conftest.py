"""A migrated database with doors that sign the audit log."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from portal.audit.actions import KEYS
from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer

KEY = "an-audit-key-that-only-the-tests-use-0001"
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon in Shanghai."""
    return FixedClock(NOON)


@pytest.fixture
def doors(database_url: str, clock: FixedClock) -> Iterator[Doors]:
    """The doors of an empty portal, on each kind of database."""

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today("Asia/Shanghai"))

    opened = Doors(make_engines(database_url), system, {KEYS: (KEY,)})
    yield opened
    opened.close()
