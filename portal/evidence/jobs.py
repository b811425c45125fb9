"""What the worker does with files: reads the waiting ones, deletes those whose time is over, sweeps the store."""

from datetime import timedelta

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.evidence import actions
from portal.evidence.examining import read_and_record
from portal.evidence.queries import FILE, PAGE
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

BATCH = 50
ORPHAN_AGE = timedelta(hours=24)
"""A stored file that no row knows may be on its way into one for so long (EV-13)."""


def read_waiting(doors: Doors, files: FileStore) -> int:
    """Read the oldest file that waits to be checked; returns 1 if there was one.

    One at a time: it may take 12 seconds, and a code that somebody waits for must not stand behind ten files.
    """
    return int(any(_read_one(doors, files, file_id) for file_id in doors.read_as(doors.system(), _waiting_ids)))


def _waiting_ids(connection: Connection, viewer: Viewer) -> list[int]:
    statement = (
        select(FILE.c.id)
        .where(
            FILE.c.state == "being_checked",
            FILE.c.lease_until.is_(None) | (FILE.c.lease_until < viewer.now),
        )
        .order_by(FILE.c.id)
        .limit(BATCH)
    )
    return list(connection.scalars(statement))


def _read_one(doors: Doors, files: FileStore, file_id: int) -> bool:
    waiting = doors.write_as(doors.system(), actions.claim_waiting, file_id)
    if waiting is None:
        return False
    read_and_record(doors, files, waiting)
    return True


def delete_expired(doors: Doors, files: FileStore) -> int:
    """Delete files after their last day, original and view copy; returns how many (EV-17)."""
    expired = doors.read_as(doors.system(), _expired_ids)
    for file_id in expired:
        for key in doors.write_as(doors.system(), _remove_expired, file_id):
            files.delete(key)
    return len(expired)


def _expired_ids(connection: Connection, viewer: Viewer) -> list[int]:
    statement = select(FILE.c.id).where(FILE.c.deleted_at.is_(None), FILE.c.delete_after < viewer.today)
    return list(connection.scalars(statement.order_by(FILE.c.id).limit(BATCH)))


def _remove_expired(session: Session, viewer: Viewer, file_id: int) -> list[str]:
    # Judged again: the time may have been extended since the sweep looked.
    day = session.scalar(select(FILE.c.delete_after).where(FILE.c.id == file_id))
    if day is None or day >= viewer.today:
        return []
    return actions.remove(session, viewer, file_id, because="keeping_time_over")


def sweep_orphans(doors: Doors, files: FileStore) -> int:
    """Delete stored files that are older than a day and that no row knows; returns how many (EV-13)."""
    old = files.older_than(doors.system().now - ORPHAN_AGE)
    known = doors.read_as(doors.system(), _known_keys)
    orphans = [key for key in old if key not in known]
    for key in orphans:
        files.delete(key)
    return len(orphans)


def _known_keys(connection: Connection, viewer: Viewer) -> set[str]:
    # Read after the folder was listed: a file that was taken meanwhile is known by now.
    return {*connection.scalars(select(FILE.c.store_key)), *connection.scalars(select(PAGE.c.store_key))}
