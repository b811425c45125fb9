"""Files on their way, as rows: which there are, and how one is given up with the room that it had reserved."""

from sqlalchemy import delete, select, true
from sqlmodel import Session

from portal.evidence import case_room, quota
from portal.evidence.upload_tables import EvidenceUpload, EvidenceUploadPart
from portal.loans.tables import table_of

UPLOAD, PART = table_of(EvidenceUpload), table_of(EvidenceUploadPart)


def drop(session: Session, upload_id: int) -> list[str]:
    """Give up a file that is not whole yet; returns the store keys to delete once this is committed."""
    open_one = select(UPLOAD.c.person_id, UPLOAD.c.draft, UPLOAD.c.size)
    row = session.execute(
        open_one.where(UPLOAD.c.id == upload_id, UPLOAD.c.file_code.is_(None)).with_for_update()
    ).first()
    if row is None:
        return []
    keys = forget_parts(session, upload_id)
    session.execute(delete(UPLOAD).where(UPLOAD.c.id == upload_id))
    case_room.release(session, "draft", row.draft, row.size)
    quota.give_room(session, row.person_id, row.size)
    return keys


def drop_of_draft(session: Session, draft: str, person_id: int | None = None) -> list[str]:
    """Give up what is still on its way into a draft, of one person or of all; returns the store keys to delete."""
    whose = UPLOAD.c.person_id == person_id if person_id is not None else true()
    here = (UPLOAD.c.draft == draft, whose, UPLOAD.c.file_code.is_(None))
    return [key for each in session.scalars(select(UPLOAD.c.id).where(*here)).all() for key in drop(session, each)]


def forget_parts(session: Session, upload_id: int) -> list[str]:
    """Forget the parts of a file on its way; returns their store keys."""
    keys = list(session.scalars(select(PART.c.store_key).where(PART.c.upload_id == upload_id)))
    session.execute(delete(PART).where(PART.c.upload_id == upload_id))
    return keys
