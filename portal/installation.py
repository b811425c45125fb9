"""An installation without its pages: settings, clock, database, files. Commands and jobs need no more."""

from dataclasses import dataclass

from portal.evidence.clamd import SCANNED_ONLY, Clamd, scanner_of
from portal.platform import db
from portal.platform.clock import Clock
from portal.platform.files import FileStore, open_store
from portal.platform.gate import Viewer
from portal.platform.settings import Settings

_ON_SESSIONS = ("secret_keys", "file_keys", "audit_keys", "file_quota_gb")
"""Settings that features find on every session."""


@dataclass
class Installation:
    """An opened installation; `doors.close()` closes it."""

    settings: Settings
    clock: Clock
    doors: db.Doors
    files: FileStore
    scanner: Clamd | None


def open_installation(settings: Settings, clock: Clock, patient: bool = False) -> Installation:
    """For the application, and for commands and the worker (`patient`: a statement may take as long as it needs)."""

    def system() -> Viewer:
        today, zone = clock.today(settings.time_zone), settings.time_zone
        return Viewer(kind="system", now=clock.now(), today=today, zone=zone)

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = {name: getattr(settings, name) for name in _ON_SESSIONS} | {SCANNED_ONLY: bool(settings.clamd)}
    doors = db.Doors(db.make_engines(settings.database_url, patient), system, info)
    return Installation(settings, clock, doors, open_store(settings), scanner_of(settings))
