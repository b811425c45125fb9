"""A portal with Lin's case of ui.md 8 in it, a clock that the test moves, and settings without a provider."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.loans.queries import PersonRecord, person_by_ref
from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from tests.make.loans import import_tables, lin_yi

NOON = datetime(2026, 3, 12, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, a week after the due date of Lin's third instalment."""


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon in Shanghai."""
    return FixedClock(NOON)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Development, with the example lender."""
    return Settings.load({"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_BASE_URL": "https://pay.example.com"})


@pytest.fixture
def doors(database_url: str, clock: FixedClock, settings: Settings, tmp_path: Path) -> Iterator[Doors]:
    """The doors of a portal that knows Lin, on each kind of database."""

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today(settings.time_zone))

    info = {"audit_keys": settings.audit_keys, "secret_keys": settings.secret_keys}
    opened = Doors(make_engines(database_url), system, info)
    import_tables(opened, tmp_path, lin_yi())
    yield opened
    opened.close()


@pytest.fixture
def lin(doors: Doors) -> PersonRecord:
    """Lin, as the portal knows her."""
    found = doors.read_as(doors.system(), lambda connection, _viewer: person_by_ref(connection, "B1"))
    assert found is not None
    return found
