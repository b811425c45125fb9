"""What the malware scanner said of each file, and what follows: nobody opens a file that was not scanned (EV-10).

A file in which something was found stays where it is, encrypted and closed to everybody, until its keeping time ends
with that of its case: signatures err now and then, the receipt of what was sent goes on to hold, and its sender can
take it out at any time.
"""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, case, exists, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.evidence import events
from portal.evidence.clamd import Verdict
from portal.evidence.queries import FILE, SCAN
from portal.platform.gate import Viewer

SCANNED_ONLY = "scanned_only"
"""Where `Session.info` says that a scanner is configured, so that only what it has passed may be opened."""

NEXT_TRY = timedelta(minutes=5)
"""After so long a file is tried again that could not be scanned, or not be fetched from its store."""

AGAIN_AFTER = timedelta(hours=1)
"""A file is not scanned anew more often than this, whatever the scanners of several machines say of themselves."""

BATCH = 5
"""Small, because the worker has more urgent things to do in between."""


def may_open(session: Session, file_id: int) -> bool:
    """Whether a file was scanned, where scanning is the rule."""
    if not session.info.get(SCANNED_ONLY):
        return True
    return session.scalar(select(SCAN.c.file_id).where(SCAN.c.file_id == file_id, SCAN.c.finding == "")) is not None


def record_scan(session: Session, viewer: Viewer, file_id: int, verdict: Verdict) -> bool:
    """Write down what was found; whether the file may be read. A find closes it for good."""
    said = {"signatures": verdict.signatures, "finding": verdict.finding, "scanned_at": viewer.now}
    session.execute(select(FILE.c.id).where(FILE.c.id == file_id).with_for_update())
    again = update(SCAN).where(SCAN.c.file_id == file_id, SCAN.c.finding == "").values(**said)
    if session.scalar(again.returning(SCAN.c.file_id)) is None:
        if session.scalar(select(SCAN.c.file_id).where(SCAN.c.file_id == file_id)) is not None:
            return False  # something was found before, and stays found
        session.execute(insert(SCAN).values(file_id=file_id, **said))
    here = (FILE.c.id == file_id, FILE.c.deleted_at.is_(None))
    if verdict.finding:
        blocked = session.execute(
            update(FILE)
            .where(*here, FILE.c.state != "blocked")
            .values(state="blocked", problem="", lease_until=None)
            .returning(FILE.c.code)
        ).scalar()
        if blocked is not None:
            audit.record(session, viewer, events.FileBlocked(blocked, verdict.finding))
        return False
    # Read already, and closed only until it was scanned.
    session.execute(
        update(FILE)
        .where(*here, FILE.c.state == "being_checked", FILE.c.read_at.is_not(None))
        .values(state="ready", lease_until=None)
    )
    return True


def close_unscanned(session: Session, viewer: Viewer) -> None:
    """What was read while there was no scanner is being checked again, until it is scanned."""
    session.execute(
        update(FILE)
        .where(FILE.c.state == "ready", ~exists().where(SCAN.c.file_id == FILE.c.id))
        .values(state="being_checked", lease_until=None, tries=0)
    )


def postpone(session: Session, viewer: Viewer, file_id: int) -> None:
    """Try a file again later, for a reason that is not its own: that is no try of the few that it has."""
    session.execute(
        update(FILE)
        .where(FILE.c.id == file_id)
        .values(lease_until=viewer.now + NEXT_TRY, tries=case((FILE.c.tries > 0, FILE.c.tries - 1), else_=0))
    )


class Outdated(NamedTuple):
    """A file that was scanned with other signatures than there are now."""

    id: int
    store_key: str
    sha256: str


def outdated(connection: Connection, viewer: Viewer, signatures: str) -> list[Outdated]:
    """The files to scan anew, those first that were scanned longest ago."""
    statement = (
        select(FILE.c.id, FILE.c.store_key, FILE.c.sha256)
        .join(SCAN, SCAN.c.file_id == FILE.c.id)
        .where(
            FILE.c.state.in_(("ready", "unreadable")),
            SCAN.c.signatures != signatures,
            SCAN.c.scanned_at < viewer.now - AGAIN_AFTER,
            FILE.c.lease_until.is_(None) | (FILE.c.lease_until < viewer.now),
        )
        .order_by(SCAN.c.scanned_at, FILE.c.id)
        .limit(BATCH)
    )
    return [Outdated(*row) for row in connection.execute(statement)]
