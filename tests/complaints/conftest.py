"""A portal with Lin's case and its cast, on a clock that begins at 17 April, 14:06 in Shanghai."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.make.disputes import Cast
from tests.make.loans import borrower, import_tables, lin_yi

SENT = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the sending until it is moved."""
    return FixedClock(SENT)


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
    """Its doors, with Lin and a stranger in the database."""
    opened: Doors = app.state.portal.doors
    stranger = borrower(borrower_ref="B2", name="温竹", mobile="13900139000")
    import_tables(opened, tmp_path, lin_yi(borrowers=[borrower(), stranger]))
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
