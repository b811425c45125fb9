"""What the worker does with drafts: forgets those whose time is over, with their files."""

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.drafts import actions
from portal.drafts.actions import Shelf
from portal.evidence import actions as evidence
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

BATCH = 50


def forget_old(doors: Doors, files: FileStore) -> int:
    """Delete drafts after their last day, with their files; returns how many. Safe to run twice."""
    count = 0
    for shelf in (actions.DISPUTES, actions.PLANS):
        over = doors.read_as(doors.system(), _over, shelf)
        for code in over:
            for key in doors.write_as(doors.system(), _forget, code, shelf):
                files.delete(key)
        count += len(over)
    return count


def _over(connection: Connection, viewer: Viewer, shelf: Shelf) -> list[str]:
    table = shelf.table
    statement = select(table.c.code).where(table.c.keep_until < viewer.today).order_by(table.c.id).limit(BATCH)
    return list(connection.scalars(statement))


def _forget(session: Session, viewer: Viewer, code: str, shelf: Shelf) -> list[str]:
    try:
        # Judged again: it may have been changed meanwhile.
        actions.end(session, viewer, code, "keeping_time_over", shelf)
    except Refusal:
        return []
    return evidence.remove_draft(session, viewer, code, because="keeping_time_over") if shelf.has_files else []
