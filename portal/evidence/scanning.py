"""What the malware scanner said of each file, and what follows: nobody opens a file that was not scanned (EV-10).

A file in which something was found stays where it is, encrypted and closed to everybody, until its keeping time ends
with that of its case: signatures err now and then, the receipt of what was sent goes on to hold, and its sender can
take it out at any time. The person is told by a neutral text with a fresh link; their page says which file it is.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, exists, func, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.evidence import events
from portal.evidence.clamd import SCANNED_ONLY, Verdict
from portal.evidence.queries import FILE, SCAN
from portal.messages.actions import notify
from portal.platform.gate import Viewer

NEXT_TRY = timedelta(minutes=5)
"""After so long a file is tried again that could not be scanned, or not be fetched from its store."""

AGAIN_AFTER = timedelta(hours=1)
"""A file is not scanned anew more often than this, whatever the scanners of several machines say of themselves."""

_TOLD_BY = ("id", "code", "case_kind", "case_number", "person_id", "added_by_staff", "delete_after")

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
            .returning(*(FILE.c[name] for name in _TOLD_BY))
        ).first()
        if blocked is not None:
            audit.record(session, viewer, events.FileBlocked(blocked.code, verdict.finding))
            _tell(session, viewer, blocked)
        return False
    # Read already, and closed only until it was scanned.
    session.execute(
        update(FILE)
        .where(*here, FILE.c.state == "being_checked", FILE.c.read_at.is_not(None))
        .values(state="ready", lease_until=None)
    )
    return True


def _tell(session: Session, viewer: Viewer, file: Any) -> None:
    """Let a person know that what they sent cannot be opened, while their case is open; once for files of one hour."""
    is_theirs = file.case_kind != "draft" and file.added_by_staff is None
    if not is_theirs or file.delete_after is not None:
        return  # a draft says so on its own page; a closed case needs nothing more
    others = (FILE.c.case_kind == file.case_kind, FILE.c.case_number == file.case_number, FILE.c.id != file.id)
    told = session.scalar(
        select(func.count())
        .select_from(FILE)
        .join(SCAN, SCAN.c.file_id == FILE.c.id)
        .where(*others, SCAN.c.finding != "", SCAN.c.scanned_at > viewer.now - AGAIN_AFTER)
        .where(FILE.c.added_by_staff.is_(None), FILE.c.state == "blocked")
    )
    if not told:
        notify(session, viewer, person_id=file.person_id, template="sms.question", number=file.case_number)


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
