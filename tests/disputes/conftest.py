"""A portal with Lin's case of ui.md 8, its cast, and a clock that begins at 17 April, 14:06 in Shanghai."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.make.disputes import Cast, lin_with_authorities
from tests.make.loans import import_tables

FILED = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)
DECIDED = datetime(2026, 4, 22, 2, 15, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the filing until it is moved."""
    return FixedClock(FILED)


@pytest.fixture
def app(database_url: str, clock: FixedClock, tmp_path: Path) -> Starlette:
    """The whole portal, on each kind of database."""
    given = {
        "PORTAL_DATA_DIR": str(tmp_path / "data"),
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_TIME_ZONE": "Asia/Shanghai",
    }
    return create_app(Settings.load(given), clock)


@pytest.fixture
def doors(app: Starlette, tmp_path: Path) -> Iterator[Doors]:
    """Its doors, with Lin in the database."""
    opened: Doors = app.state.portal.doors
    import_tables(opened, tmp_path, lin_with_authorities())
    yield opened
    opened.engines.dispose()


@pytest.fixture
def cast(doors: Doors) -> Cast:
    """Who takes part."""
    return Cast(doors)


@pytest.fixture
def client(app: Starlette, doors: Doors) -> Iterator[Client]:
    """A visitor without a session."""
    with Client(app) as visitor:
        yield visitor
