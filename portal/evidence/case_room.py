"""How much one case holds. Room is reserved in one guarded statement, so that the limits hold at any speed."""

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.evidence.file_kinds import MAX_CASE_BYTES, MAX_CASE_FILES
from portal.evidence.queries import CASE
from portal.platform.guarded import changed


def reserve(session: Session, case_kind: str, case_number: str, person_id: int, name: str, size: int) -> None:
    """Make room for a file; raises `Refusal` `files_too_many` or `files_too_large`."""
    this_case = (CASE.c.case_kind == case_kind, CASE.c.case_number == case_number)
    if session.scalar(select(CASE.c.id).where(*this_case)) is None:
        session.execute(
            insert(CASE).values(case_kind=case_kind, case_number=case_number, person_id=person_id, files=0, bytes=0)
        )
    reserved = (
        update(CASE)
        .where(
            *this_case,
            CASE.c.person_id == person_id,
            CASE.c.files < MAX_CASE_FILES,
            CASE.c.bytes <= MAX_CASE_BYTES - size,
        )
        .values(files=CASE.c.files + 1, bytes=CASE.c.bytes + size)
    )
    if changed(session, reserved):
        return
    if int(session.scalar(select(CASE.c.files).where(*this_case)) or 0) >= MAX_CASE_FILES:
        raise Refusal("files_too_many", file=name, limit=MAX_CASE_FILES)
    raise Refusal("files_too_large", file=name, limit=MAX_CASE_BYTES)


def grow(session: Session, case_kind: str, case_number: str, name: str, by: int) -> None:
    """A file of this case becomes so many bytes larger, or smaller; raises `Refusal` `files_too_large`."""
    grown = (
        update(CASE)
        .where(CASE.c.case_kind == case_kind, CASE.c.case_number == case_number, CASE.c.bytes <= MAX_CASE_BYTES - by)
        .values(bytes=CASE.c.bytes + by)
    )
    if not changed(session, grown):
        raise Refusal("files_too_large", file=name, limit=MAX_CASE_BYTES)


def release(session: Session, case_kind: str, case_number: str, size: int) -> None:
    """A file of this case is kept no longer."""
    session.execute(
        update(CASE)
        .where(CASE.c.case_kind == case_kind, CASE.c.case_number == case_number)
        .values(files=CASE.c.files - 1, bytes=CASE.c.bytes - size)
    )
