"""The settings of a portal in a test. Its keys are always the same, so that databases can be filled once and copied."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.installation import open_installation
from portal.platform.clock import FixedClock
from portal.platform.settings import Settings
from tests.databases import Fill
from tests.make.loans import Tables, import_tables

KEYS = {f"PORTAL_{name}_KEYS": sha256(f"{name} of tests".encode()).hexdigest() for name in ("SECRET", "FILE", "AUDIT")}


def settings_of(database_url: str, folder: Path, **more: str) -> Settings:
    """Development, with the example lender; `more` are further variables."""
    given = {
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_TIME_ZONE": "Asia/Shanghai",
    }
    return Settings.load({**given, **KEYS, **more})


@cache
def holding(tables: Callable[[], Tables], now: datetime) -> Fill:
    """What imports these rows at that instant into an empty database, to be copied for each test."""

    def fill(url: str) -> None:
        with TemporaryDirectory() as folder:
            portal = open_installation(settings_of(url, Path(folder)), FixedClock(now))
            import_tables(portal.doors, Path(folder), tables())
            portal.doors.close()

    return fill
