"""The demo on each kind of database, and its staff signed in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.make import demo

NOON = datetime(2026, 4, 17, 4, 0, tzinfo=UTC)

Staff = Callable[[str], Client]


@pytest.fixture(scope="module")
def client(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A visitor who is not signed in, and the portal with the demo in it, shared by the tests of a module."""
    with demo_portal(shared_database_url, tmp_path_factory.mktemp("desk")) as visitor:
        yield visitor


@pytest.fixture
def own_client(database_url: str, tmp_path: Path) -> Iterator[Client]:
    """The same for one test alone."""
    with demo_portal(database_url, tmp_path) as visitor:
        yield visitor


@contextmanager
def demo_portal(url: str, folder: Path) -> Iterator[Client]:
    """The demo, running at noon in Shanghai on 17 April."""
    app = create_app(Settings.load({"PORTAL_DATABASE_URL": url, "PORTAL_DATA_DIR": str(folder)}), FixedClock(NOON))
    assert demo.load(app) == 0
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        yield visitor


@pytest.fixture
def app(client: Client) -> Starlette:
    """The running portal."""
    return client._app


@pytest.fixture
def doors(app: Starlette) -> Doors:
    """The doors of the running portal."""
    found: Doors = app.state.portal.doors
    return found


@pytest.fixture
def staff(app: Starlette, client: Client) -> Staff:
    """Signs in the member of staff with a role."""
    return lambda role: demo.as_staff(app, client, role)
