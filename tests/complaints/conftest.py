"""A portal with Lin's case and its cast, on a clock that begins at 17 April, 14:06 in Shanghai."""

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
from tests.make.loans import Tables, borrower, lin_yi

SENT = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)


def lin_and_a_stranger() -> Tables:
    """Two borrowers, so that one can try for what is the other's."""
    return lin_yi(borrowers=[borrower(), borrower(borrower_ref="B2", name="温竹", mobile="13900139000")])


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the sending until it is moved."""
    return FixedClock(SENT)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """Each kind of database, with Lin and a stranger in it."""
    yield from lent(databases_of(request.param), holding(lin_and_a_stranger, SENT))


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
def visit(app: Starlette, doors: Doors, cast: Cast) -> Iterator[Callable[..., Client]]:
    """Visitors of the running portal: `visit("B1")` a borrower, `visit("Shen", "supervisor")` staff, `visit()`."""
    with Client(app, headers={"Accept-Language": "en"}) as first:

        def enter(who: str | None = None, *roles: str) -> Client:
            visitor = first.another(headers={"Accept-Language": "en"})
            if who is not None:
                viewer = cast.staff(who, *roles) if roles else cast.borrower(who)
                visitor.http.cookies.update(cast.sign_in(viewer))
            return visitor

        yield enter
