"""What the worker does with drafts: forgets those whose time is over, with their files."""

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.drafts import actions
from portal.drafts.queries import DRAFT
from portal.evidence import actions as evidence
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

BATCH = 50


def forget_old(doors: Doors, files: FileStore) -> int:
    """Delete drafts after their last day, with their files; returns how many. Safe to run twice."""
    over = doors.read_as(doors.system(), _over)
    for code in over:
        for key in doors.write_as(doors.system(), _forget, code):
            files.delete(key)
    return len(over)


def _over(connection: Connection, viewer: Viewer) -> list[str]:
    statement = select(DRAFT.c.code).where(DRAFT.c.keep_until < viewer.today).order_by(DRAFT.c.id).limit(BATCH)
    return list(connection.scalars(statement))


def _forget(session: Session, viewer: Viewer, code: str) -> list[str]:
    try:
        actions.end(session, viewer, code, "keeping_time_over")  # judged again: it may have been changed meanwhile
    except Refusal:
        return []
    return evidence.remove_draft(session, viewer, code, because="keeping_time_over")
