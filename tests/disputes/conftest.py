"""A portal with Lin's case of ui.md 8, its cast, and a clock that begins at 17 April, 14:06 in Shanghai."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.databases import KINDS, Databases, lent
from tests.make.disputes import Cast, lin_with_authorities
from tests.make.installation import holding, settings_of

FILED = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)
DECIDED = datetime(2026, 4, 22, 2, 15, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the filing until it is moved."""
    return FixedClock(FILED)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """Each kind of database, with Lin in it."""
    yield from lent(databases_of(request.param), holding(lin_with_authorities, FILED))


@pytest.fixture
def app(database_url: str, clock: FixedClock, tmp_path: Path) -> Starlette:
    """The whole portal, on each kind of database."""
    return create_app(settings_of(database_url, tmp_path / "data"), clock)


@pytest.fixture
def doors(app: Starlette) -> Iterator[Doors]:
    """Its doors."""
    opened: Doors = app.state.portal.doors
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
