"""What the worker does with files that are on their way and do not arrive."""

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.evidence import unfinished, upload_actions
from portal.evidence.unfinished import UPLOAD
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

BATCH = 50


def sweep_uploads(doors: Doors, files: FileStore) -> int:
    """Give up files of which nothing has come for a day, parts and reserved room; returns how many (EV-13)."""
    stale = doors.read_as(doors.system(), _stale_ids)
    for upload_id in stale:
        files.discard(doors.write_as(doors.system(), _drop_stale, upload_id))
    doors.write_as(doors.system(), upload_actions.forget_done)
    return len(stale)


def _stale_ids(connection: Connection, viewer: Viewer) -> list[int]:
    last = viewer.now - upload_actions.UNFINISHED_KEPT
    statement = select(UPLOAD.c.id).where(UPLOAD.c.file_code.is_(None), UPLOAD.c.last_at < last)
    return list(connection.scalars(statement.order_by(UPLOAD.c.id).limit(BATCH)))


def _drop_stale(session: Session, viewer: Viewer, upload_id: int) -> list[str]:
    # Judged again: a part may have come since the sweep looked.
    last_at = session.scalar(select(UPLOAD.c.last_at).where(UPLOAD.c.id == upload_id).with_for_update())
    if last_at is None or last_at >= viewer.now - upload_actions.UNFINISHED_KEPT:
        return []
    return unfinished.drop(session, upload_id)
