"""Whether the portal can serve people, and whether it may start at all (RE-01, RE-03, RE-14)."""

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from portal.platform import outbox, throttle
from portal.platform.db import Doors, refuse_unmigrated
from portal.platform.engines import Engines, UnsafeDatabase, weaknesses
from portal.platform.files import FileStore, StoreUnreachable
from portal.platform.gate import Viewer
from portal.platform.settings import Settings

DISK_FREE_MIN = 10
"""Per cent of the data folder's disk that must be free."""

WAITING_MAX = timedelta(minutes=15)
"""How long a text message that may go out may wait."""

Doubt = Callable[[Connection, Viewer], bool]

_log = structlog.get_logger("portal.health")


def check_at_start(engines: Engines, settings: Settings) -> None:
    """Raise UnsafeDatabase or NotMigrated; in development a weak server is only warned of."""
    found = weaknesses(engines)
    if found and settings.in_production:
        raise UnsafeDatabase("; ".join(found))
    for weakness in found:
        _log.warning("unsafe_database", what=weakness)
    refuse_unmigrated(engines)


def faults(doors: Doors, settings: Settings, doubts: Mapping[str, Doubt]) -> list[str]:
    """What keeps the portal from serving, in a word each; empty is good. `doubts` are the features' own."""
    found = []
    try:
        doors.write_as(doors.system(), _write)
        since = doors.read_as(doors.system(), outbox.oldest_waiting)
        if since is not None and doors.system().now - since > WAITING_MAX:
            found.append("messages")
        found.extend(word for word, doubt in doubts.items() if doors.read_as(doors.system(), doubt))
    except (SQLAlchemyError, OSError):
        found.append("database")
    if not _has_room(settings):
        found.append("disk")
    return found


def files_fault(files: FileStore) -> list[str]:
    """`files` where uploads can be neither kept nor shown. It may wait on a service, so it holds no door meanwhile."""
    try:
        files.check()
    except StoreUnreachable as error:
        _log.warning("files_unreachable", why=str(error))
        return ["files"]
    return []


def _write(session: Session, viewer: Viewer) -> None:
    throttle.count_try(session, "readyz", 1, timedelta(seconds=1), viewer.now)


def _has_room(settings: Settings) -> bool:
    try:
        disk = shutil.disk_usage(settings.data_dir)
    except OSError:
        return False
    return disk.free * 100 >= disk.total * DISK_FREE_MIN
