"""Lin's account on 17 April 2026, on each kind of database, and Lin signed in."""

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
from tests.make.disputes import Cast, loan_code
from tests.make.loans import import_tables, lin_yi

NOON = datetime(2026, 4, 17, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Noon in Shanghai on 17 April."""
    return FixedClock(NOON)


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Starlette:
    """The portal over Lin's case."""
    settings = Settings.load({"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)})
    made = create_app(settings, clock)
    import_tables(made.state.portal.doors, tmp_path, lin_yi())
    return made


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
