"""Lin's account on 17 April 2026, on each kind of database, and Lin signed in."""

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
from tests.make.disputes import Cast, loan_code
from tests.make.installation import holding, settings_of
from tests.make.loans import lin_yi

NOON = datetime(2026, 4, 17, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Noon in Shanghai on 17 April."""
    return FixedClock(NOON)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """Each kind of database, with Lin in it."""
    yield from lent(databases_of(request.param), holding(lin_yi, NOON))


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Starlette:
    """The portal over Lin's case."""
    return create_app(settings_of(database_url, tmp_path), clock)


@pytest.fixture
def doors(app: Starlette) -> Doors:
    """The doors of the running portal."""
    found: Doors = app.state.portal.doors
    return found


@pytest.fixture
def cast(doors: Doors) -> Cast:
    """Who takes part."""
    return Cast(doors)


@pytest.fixture
def lin(app: Starlette, cast: Cast) -> Iterator[Client]:
    """Lin, signed in, reading English."""
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        visitor.http.cookies.update(cast.sign_in(cast.borrower()))
        yield visitor


@pytest.fixture
def code(doors: Doors, cast: Cast) -> str:
    """The code of Lin's loan."""
    return loan_code(doors, cast.borrower())
