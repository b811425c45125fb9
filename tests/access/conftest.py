"""A running portal on a clock that stands still, on each kind of database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.access import evenness
from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client

NOON = datetime(2026, 4, 17, 4, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers come when they are ready; that they are held back evenly has a test of its own."""
    monkeypatch.setattr(evenness, "SECONDS", 0.0)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon in Shanghai."""
    return FixedClock(NOON)


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Starlette:
    """The portal over an empty database."""
    settings = Settings.load({"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)})
    return create_app(settings, clock)


@pytest.fixture
def client(app: Starlette) -> Iterator[Client]:
    """A visitor who reads English, and the running portal."""
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        yield visitor


@pytest.fixture
def doors(app: Starlette, client: Client) -> Doors:
    """The doors of the running portal."""
    found: Doors = app.state.portal.doors
    return found
