"""What happens to a file on its way: it is announced, arrives part by part, becomes a file or is given up.

Shaped after the resumable uploads of HTTP: the server says how much it has, and whatever is sent again does no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.evidence import case_room, quota, unfinished
from portal.evidence.actions import KeptUpload, take_upload
from portal.evidence.file_advice import refuse_by_name
from portal.evidence.file_kinds import MAX_FILE_BYTES
from portal.evidence.file_names import clean_name
from portal.evidence.queries import FILE
from portal.evidence.unfinished import PART, UPLOAD
from portal.platform.files import FileStore
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_code

CHUNK_BYTES = 512 * 1024
"""What is sent at once, and lost at most when a connection breaks."""

UNFINISHED_KEPT = timedelta(days=1)
"""How long after its last part a file is waited for."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that somebody is about to send: into which draft, from which page, and what it will be."""

    draft: str
    place: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Begun:
    """What the server has of an announced file: all of it, where `file_code` is a file that is here already."""

    code: str
    received: int
    file_code: str | None = None


def announce(session: Session, viewer: Viewer, announced: Announced) -> Begun:
    """Reserve room for a file, before a byte of it is written; one that is known already goes on where it is.

    Raises `Refusal` as `keep` and `take_upload` do.
    """
    name = clean_name(announced.name)
    if announced.size < 1:
        raise Refusal("file_empty", file=name)
    if announced.size > MAX_FILE_BYTES:
        raise Refusal("file_too_large", file=name, size=announced.size, limit=MAX_FILE_BYTES)
    refuse_by_name(name)
    known = _known(session, viewer, announced)
    if known is not None:
        return known
    if viewer.person_id is None:
        raise ValueError("only a borrower sends files like this")
    # The case first, as everywhere: a file that becomes whole at this moment would wait for us in a circle.
    case_room.reserve(session, "draft", announced.draft, viewer.person_id, name, announced.size)
    quota.reserve_today(session, viewer, name, announced.size)
    quota.take_room(session, viewer.person_id, name, announced.size)
    code = new_code()
    row = {"code": code, "person_id": viewer.person_id, "draft": announced.draft, "place": announced.place}
    file = {"name": name, "size": announced.size, "sha256": announced.sha256, "received": 0}
    session.execute(insert(UPLOAD).values(**row, **file, begun_at=viewer.now, last_at=viewer.now))
    return Begun(code, 0)


def _known(session: Session, viewer: Viewer, announced: Announced) -> Begun | None:
    own = (UPLOAD.c.draft == announced.draft, UPLOAD.c.person_id == viewer.person_id)
    coming = session.execute(
        select(UPLOAD.c.code, UPLOAD.c.received).where(
            *own, UPLOAD.c.sha256 == announced.sha256, UPLOAD.c.file_code.is_(None)
        )
    ).first()
    if coming is not None:
        return Begun(coming.code, coming.received)
    here = (FILE.c.case_kind == "draft", FILE.c.case_number == announced.draft, FILE.c.person_id == viewer.person_id)
    file_code = session.scalar(
        select(FILE.c.code).where(*here, FILE.c.sha256 == announced.sha256, FILE.c.deleted_at.is_(None))
    )
    return Begun("", announced.size, file_code) if file_code is not None else None


def add_part(session: Session, viewer: Viewer, code: str, start: int, size: int, store_key: str) -> bool:
    """Take a stored part if it begins where the file ends so far; False where it does not, and nobody names its key."""
    grown = session.execute(
        update(UPLOAD)
        .where(
            UPLOAD.c.code == code,
            UPLOAD.c.person_id == viewer.person_id,
            UPLOAD.c.file_code.is_(None),
            UPLOAD.c.received == start,
            UPLOAD.c.size >= start + size,
        )
        .values(received=start + size, last_at=viewer.now)
        .returning(UPLOAD.c.id)
    ).scalar()
    if grown is None:
        return False
    session.execute(insert(PART).values(upload_id=grown, start=start, size=size, store_key=store_key))
    return True


@dataclass(frozen=True, slots=True)
class Finished:
    """The file that an upload became, and the store keys that nobody needs any more."""

    file_code: str
    keys: tuple[str, ...]


def finish(session: Session, viewer: Viewer, code: str, kept: KeptUpload) -> Finished:
    """Make a whole file one of its draft, in the room that it had reserved; done before, it is the same file.

    Raises `Refusal` `upload_unknown`, or as `take_upload` does.
    """
    own = (UPLOAD.c.code == code, UPLOAD.c.person_id == viewer.person_id)
    row = session.execute(select(UPLOAD).where(*own).with_for_update()).first()
    if row is None:
        raise Refusal("upload_unknown")
    if row.file_code is not None:
        return Finished(row.file_code, (kept.store_key,))
    case_room.release(session, "draft", row.draft, row.size)
    quota.give_room(session, row.person_id, row.size)
    file_code = take_upload(session, viewer, kept, case_kind="draft", case_number=row.draft)
    session.execute(update(UPLOAD).where(UPLOAD.c.id == row.id).values(file_code=file_code, last_at=viewer.now))
    keys = unfinished.forget_parts(session, row.id)
    if session.scalar(select(FILE.c.store_key).where(FILE.c.code == file_code)) != kept.store_key:
        keys.append(kept.store_key)  # the same content had come with the form meanwhile
    return Finished(file_code, tuple(keys))


def begin_anew(session: Session, viewer: Viewer, code: str) -> list[str]:
    """Forget what has arrived of a file, since it is not what was announced; returns the store keys to delete.

    Its bytes count for the day once more, or one could write without end. Raises `Refusal` `quota_day`.
    """
    own = (UPLOAD.c.code == code, UPLOAD.c.person_id == viewer.person_id, UPLOAD.c.file_code.is_(None))
    again = update(UPLOAD).where(*own).values(received=0).returning(UPLOAD.c.id, UPLOAD.c.name, UPLOAD.c.size)
    row = session.execute(again).first()
    if row is None:
        return []
    quota.reserve_today(session, viewer, row.name, row.size)
    return unfinished.forget_parts(session, row.id)


def give_up(session: Session, viewer: Viewer, code: str) -> list[str]:
    """Stop sending a file; returns the store keys to delete. One that is whole already stays: it is removed as a file.

    Raises `Refusal` `upload_unknown`.
    """
    own = (UPLOAD.c.code == code, UPLOAD.c.person_id == viewer.person_id)
    upload_id = session.scalar(select(UPLOAD.c.id).where(*own))
    if upload_id is None:
        raise Refusal("upload_unknown")
    return unfinished.drop(session, upload_id)


def take_all(
    session: Session, viewer: Viewer, draft: str, uploads: Sequence[KeptUpload], place: str = ""
) -> list[dict[str, Any]]:
    """Take files that came with a form into a draft; what could not be taken, and why.

    `place` is the page of the form: what may be done with a file leads back there, as it does for one that came in
    parts.
    """
    refused = []
    for kept in uploads:
        try:
            code = take_upload(session, viewer, kept, case_kind="draft", case_number=draft)
        except Refusal as refusal:
            refused.append({"code": refusal.code, **refusal.data})
            continue
        if place:
            _note_place(session, viewer, kept, draft, place, code)
    return refused


def _note_place(session: Session, viewer: Viewer, kept: KeptUpload, draft: str, place: str, code: str) -> None:
    row = {"code": new_code(), "person_id": viewer.person_id, "draft": draft, "place": place, "name": kept.name}
    whole = {"size": kept.size, "received": kept.size, "sha256": kept.sha256, "file_code": code}
    session.execute(insert(UPLOAD).values(**row, **whole, begun_at=viewer.now, last_at=viewer.now))


def join(files: FileStore, part_keys: tuple[str, ...]) -> bytes:
    """The whole of a file from its parts. A file has 20 MB at most, and few are joined at a time."""
    return b"".join(files.get(key) for key in part_keys)


def forget_done(session: Session, viewer: Viewer) -> int:
    """Forget the way of files that left their draft; returns how many."""
    stays = select(FILE.c.code).where(FILE.c.case_kind == "draft", FILE.c.deleted_at.is_(None))
    done = UPLOAD.c.file_code.is_not(None) & UPLOAD.c.file_code.not_in(stays)
    return changed(session, delete(UPLOAD).where(done, UPLOAD.c.last_at < viewer.now - UNFINISHED_KEPT))
