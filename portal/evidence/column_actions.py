"""What the columns of a statement mean is asked once, kept, and used by itself when a file with that header is read.

An answer only says which column is which: whether the file holds together is proved by its balances all the same.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.evidence import events, picture_sandbox
from portal.evidence.actions import Waiting
from portal.evidence.column_facts import mapping_of
from portal.evidence.column_queries import Answer, ColumnsPage, answer_for, columns_page
from portal.evidence.covering import UNREAD_PICTURE
from portal.evidence.queries import ANSWER, STATEMENT
from portal.evidence.sandbox import Reading, Want, read_upload
from portal.evidence.statement_facts import READER_VERSION, StatementsRead, as_stored
from portal.evidence.statements.headers import Meaning
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

UNKNOWN = "columns_unknown"
NEEDS_MORE = picture_sandbox.NOT_READ
"""A picture has a reader of its own, which takes minutes."""


def with_columns_named(doors: Doors, waiting: Waiting, reading: Reading, data: bytes, password: str) -> Reading:
    """What was read, and where the columns were not known but were named before, the file read once more by that."""
    if reading.no_statement != UNKNOWN or reading.columns is None:
        return reading
    answer = doors.read_as(doors.system(), answer_for, reading.columns.fingerprint, waiting.id)
    return _by_answer(reading, answer, waiting.name, data, password) if answer else reading


def _by_answer(reading: Reading, answer: Answer, name: str, data: bytes, password: str) -> Reading:
    """The reading with the statements that the answer gives; without, where it does not fit the file."""
    again = read_upload(name, data, password, Want(pages=False, statements=True, columns=answer.mapping))
    if again.problem or again.no_statement == UNKNOWN:
        return reading
    return replace(reading, statements=again.statements, no_statement=again.no_statement, answer=answer.id)


def name_columns(
    session: Session, viewer: Viewer, code: str, meanings: Sequence[Meaning], for_everybody: bool
) -> tuple[ColumnsPage, Answer]:
    """Keep what somebody says of a file's columns: for its person's files, or of staff for everybody's.

    Raises `Refusal`: `file_unknown`, and `columns_changed` where it is not an answer to these columns.
    """
    page = columns_page(session.connection(), viewer, code)
    if page is None:
        raise Refusal("file_unknown")
    if len(meanings) != len(page.header.columns):
        raise Refusal("columns_changed")
    is_staff = viewer.kind == "staff"
    mapping = mapping_of(page.header, meanings)
    values = {
        "fingerprint": page.header.fingerprint,
        "mapping": json.dumps(mapping, ensure_ascii=False),
        "person_id": None if is_staff and for_everybody else page.person_id,
        "staff_id": viewer.staff_id if is_staff else None,
        "created_at": viewer.now,
    }
    answer_id = session.execute(insert(ANSWER).values(**values).returning(ANSWER.c.id)).scalar_one()
    event = events.ColumnsNamed(code, page.header.fingerprint, is_staff and for_everybody)
    audit.record(session, viewer, event)
    return page, Answer(int(answer_id), mapping)


def read_again(doors: Doors, files: FileStore, page: ColumnsPage, answer: Answer) -> None:
    """Read a file by an answer about its columns; takes up to 12 s, a picture minutes, and waits for that.

    Raises FileMissing and FileDamaged, and `Refusal`: `columns_password` where the file has one, which is kept
    nowhere, and `columns_unfit` where it cannot be read so.
    """
    data = files.get(page.store_key, page.sha256)
    reading = read_upload(page.name, data, "", Want(pages=False, statements=True, columns=answer.mapping))
    if reading.problem == "password":
        raise Refusal("columns_password")
    if reading.no_statement == NEEDS_MORE and picture_sandbox.is_installed():
        doors.write_as(doors.system(), _have_pictures_read, page.file_id)
        return
    if reading.problem or reading.no_statement in (UNKNOWN, NEEDS_MORE):
        raise Refusal("columns_unfit")
    doors.write_as(doors.system(), _record, page.file_id, as_stored(replace(reading, answer=answer.id)))


def _record(session: Session, viewer: Viewer, file_id: int, told: StatementsRead) -> None:
    # What was asked stays, so that it can be answered anew.
    values = {"statements": told.statements, "notes": told.notes, "answer_id": told.answer_id}
    when = {"reader": READER_VERSION, "read_at": viewer.now}
    session.execute(update(STATEMENT).where(STATEMENT.c.file_id == file_id).values(**values, **when))


def _have_pictures_read(session: Session, viewer: Viewer, file_id: int) -> None:
    """A picture waits once more for its own reader, which then knows what was said."""
    waits = {"pictures_wait": True, "picture_tries": 0, "lease_until": None}
    fresh = {"notes": UNREAD_PICTURE, "read_at": viewer.now}
    session.execute(update(STATEMENT).where(STATEMENT.c.file_id == file_id).values(**waits, **fresh))


def give_up(session: Session, viewer: Viewer, file_id: int) -> None:
    """A file does not fit what was said of its header; it is not tried again before something else is said."""
    session.execute(update(STATEMENT).where(STATEMENT.c.file_id == file_id).values(read_at=viewer.now))
