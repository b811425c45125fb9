"""A portal with Lin's case and the limits of the pictures, on a clock that begins at 17 April, 14:06 in Shanghai."""

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
from tests.make.disputes import Cast
from tests.make.installation import holding, settings_of
from tests.make.plans import lin_with_limits
from tests.make.running import Days

PROPOSED = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the proposal until it is moved."""
    return FixedClock(PROPOSED)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """Each kind of database, with Lin in it where a test asks for `doors`."""
    fill = holding(lin_with_limits, PROPOSED) if "doors" in request.fixturenames else None
    yield from lent(databases_of(request.param), fill)


@pytest.fixture
def app(database_url: str, clock: FixedClock, tmp_path: Path) -> Starlette:
    """The whole portal, on each kind of database."""
    return create_app(settings_of(database_url, tmp_path / "data"), clock)


@pytest.fixture
def empty_doors(app: Starlette) -> Iterator[Doors]:
    """Its doors, nothing imported."""
    opened: Doors = app.state.portal.doors
    yield opened
    opened.engines.dispose()


@pytest.fixture
def doors(empty_doors: Doors) -> Doors:
    """Its doors, with Lin in the database."""
    return empty_doors


@pytest.fixture
def cast(empty_doors: Doors) -> Cast:
    """Who takes part."""
    return Cast(empty_doors)


@pytest.fixture
def visit(app: Starlette, doors: Doors, cast: Cast) -> Iterator[Callable[..., Client]]:
    """Visitors of the running portal: `visit("B1")` a borrower, `visit("Qiao", "plan_approver")` staff, `visit()`."""
    with Client(app, headers={"Accept-Language": "en"}) as first:

        def enter(who: str | None = None, *roles: str) -> Client:
            visitor = first.another(headers={"Accept-Language": "en"})
            if who is not None:
                viewer = cast.staff(who, *roles) if roles else cast.borrower(who)
                for name, token in cast.sign_in(viewer).items():
                    visitor.http.cookies.set(name, token)
            return visitor

        yield enter


@pytest.fixture
def days(app: Starlette, doors: Doors, clock: FixedClock, cast: Cast, tmp_path: Path) -> Days:
    """Lets days pass for Lin's plan."""
    return Days(app.state.portal, clock, tmp_path, cast)
