"""What happens to a file: it is taken, read, opened, moved into its case, removed."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.card_numbers import masked
from portal.core.refusal import Refusal
from portal.evidence import case_room, covering, events, quota, scanning, unfinished
from portal.evidence.file_advice import family_of
from portal.evidence.file_kinds import MAX_FILE_BYTES, hides_another_file, readable_kind_of
from portal.evidence.file_names import clean_name
from portal.evidence.queries import CASE, FILE, PAGE, STATEMENT, StoredFile, stored_file, visible_to
from portal.evidence.statement_facts import READER_VERSION, StatementsRead
from portal.evidence.tables import EvidenceFile
from portal.platform.db import Doors
from portal.platform.files import FileStore, StoreUnreachable
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_code

DRAFT_DAYS = 30
"""How many days a form that was not sent is kept after its last change, with its files."""


@dataclass(frozen=True, slots=True)
class KeptUpload:
    """A file whose bytes lie encrypted in the store, and which no row knows yet."""

    name: str
    kind: str
    size: int
    sha256: str
    store_key: str


def keep(
    files: FileStore,
    given_name: str,
    data: bytes,
    size: int | None = None,
    *,
    doors: Doors | None = None,
    viewer: Viewer | None = None,
) -> KeptUpload:
    """Store an upload before the transaction that takes it; what nobody takes is swept away after a day.

    `size` is said where `data` is only the beginning of a file that is too large. With `doors` and `viewer` it counts
    for what this person may send in a day, before it is written.

    Raises `Refusal`: `file_empty`, `file_too_large`, `file_wrong_type` (with `file`, and `size` and `limit` in
    bytes where it is too large), `quota_day` (see `quota`), `files_unreachable`.
    """
    name = masked(clean_name(given_name))
    if not data:
        raise Refusal("file_empty", file=name)
    if len(data) > MAX_FILE_BYTES:
        raise Refusal("file_too_large", file=name, size=size or len(data), limit=MAX_FILE_BYTES)
    kind = readable_kind_of(name, data)
    if kind is None or hides_another_file(kind, data):
        raise Refusal("file_wrong_type", file=name, family=family_of(name))
    if doors is not None and viewer is not None:
        doors.write_as(viewer, quota.reserve_today, name, len(data))
    try:
        return KeptUpload(name, kind, len(data), hashlib.sha256(data).hexdigest(), files.put(data))
    except StoreUnreachable:
        raise Refusal("files_unreachable", file=name) from None


def take_upload(
    session: Session,
    viewer: Viewer,
    kept: KeptUpload,
    *,
    case_kind: str,
    case_number: str,
    person_id: int | None = None,
    shared: bool = True,
    delete_after: date | None = None,
) -> str:
    """Put a kept file into a case and return its code; the same content in the same case stays one file.
    What only staff had seen is shared from then on, if it now comes to be shared.

    Staff name the `person_id` whose case it is. A draft's file goes with its draft. Raises `Refusal`
    `files_too_many` or `files_too_large` (with `file`, and `limit` in files or bytes), or `quota_person`.
    """
    owner = viewer.person_id if viewer.kind == "borrower" else person_id
    if owner is None:
        raise ValueError("a file needs the person whose case it is")
    here = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.person_id == owner)
    known = session.execute(
        select(FILE.c.id, FILE.c.code, FILE.c.shared).where(
            *here, FILE.c.sha256 == kept.sha256, FILE.c.deleted_at.is_(None)
        )
    ).first()
    if known is not None:
        if shared and not known.shared:
            session.execute(update(FILE).where(FILE.c.id == known.id).values(shared=True))
            audit.record(session, viewer, events.FileAdded(known.code, f"{case_kind}:{case_number}", kept.sha256, True))
        return str(known.code)
    with session.begin_nested():  # a caller that goes on without this file keeps no room for it
        case_room.reserve(session, case_kind, case_number, owner, kept.name, kept.size)
        if viewer.kind != "staff":
            quota.take_room(session, owner, kept.name, kept.size)
    if case_kind == "draft":
        delete_after = viewer.today + timedelta(days=DRAFT_DAYS)
    row = EvidenceFile(
        code=new_code(),
        case_kind=case_kind,
        case_number=case_number,
        person_id=owner,
        added_by_staff=viewer.staff_id if viewer.kind == "staff" else None,
        shared=shared,
        name=kept.name,
        kind=kept.kind,
        size=kept.size,
        sha256=kept.sha256,
        store_key=kept.store_key,
        created_at=viewer.now,
        delete_after=delete_after,
    )
    session.add(row)
    session.flush()
    audit.record(session, viewer, events.FileAdded(row.code, f"{case_kind}:{case_number}", kept.sha256, shared))
    return row.code


def send_draft(
    session: Session,
    viewer: Viewer,
    draft: str,
    *,
    case_kind: str,
    case_number: str,
    delete_after: date | None = None,
) -> int:
    """Move the files of the viewer's own draft into the case that it became; returns how many.

    What is still on its way into the draft is given up.
    """
    unfinished.drop_of_draft(session, draft, viewer.person_id)
    own = (FILE.c.case_kind == "draft", FILE.c.case_number == draft, FILE.c.person_id == viewer.person_id)
    files = (
        update(FILE)
        .where(*own, FILE.c.deleted_at.is_(None))
        .values(case_kind=case_kind, case_number=case_number, delete_after=delete_after)
    )
    moved = changed(session, files)
    session.execute(
        update(CASE)
        .where(CASE.c.case_kind == "draft", CASE.c.case_number == draft, CASE.c.person_id == viewer.person_id)
        .values(case_kind=case_kind, case_number=case_number)
    )
    _burn_in(session, viewer, case_kind, case_number)
    return moved


def _burn_in(session: Session, viewer: Viewer, case_kind: str, case_number: str) -> None:
    """Put covered versions in the place of their files; one that the case has already is sent once."""
    for file_id in covering.sent_twice(session, case_kind, case_number):
        covering.leave(session, remove(session, viewer, file_id, because="sent_before"))
    covering.burn_in(session, viewer, case_kind, case_number)


def remove_draft(session: Session, viewer: Viewer, draft: str, *, because: str) -> list[str]:
    """Delete all files of a draft that is gone; returns the store keys to delete once this is committed."""
    here = (FILE.c.case_kind == "draft", FILE.c.case_number == draft, FILE.c.deleted_at.is_(None))
    keys = unfinished.drop_of_draft(session, draft)
    for file_id in session.scalars(select(FILE.c.id).where(*here)).all():
        keys += remove(session, viewer, file_id, because=because)
    return keys


def add_draft(
    session: Session,
    viewer: Viewer,
    draft: str,
    *,
    case_kind: str,
    case_number: str,
    delete_after: date | None = None,
) -> list[dict[str, Any]]:
    """Move the files of the viewer's own draft into a case that has files already; what could not be, and why.

    A file that the case has already stays one; one that finds no room stays in the draft.
    """
    unfinished.drop_of_draft(session, draft, viewer.person_id)
    own = (FILE.c.case_kind == "draft", FILE.c.case_number == draft, FILE.c.person_id == viewer.person_id)
    refused: list[dict[str, Any]] = []
    for file in session.execute(select(FILE).where(*own, FILE.c.deleted_at.is_(None)).order_by(FILE.c.id)).all():
        there = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.deleted_at.is_(None))
        if session.scalar(select(FILE.c.id).where(*there, FILE.c.sha256 == file.sha256)) is not None:
            remove(session, viewer, file.id, because="sent_before")
            refused.append({"code": "file_twice", "file": file.name})
            continue
        size = file.size + covering.grown(session, file.id)
        try:
            case_room.reserve(session, case_kind, case_number, file.person_id, file.name, size)
        except Refusal as refusal:
            refused.append({"code": refusal.code, **refusal.data})
            continue
        case_room.release(session, "draft", draft, size)
        session.execute(
            update(FILE)
            .where(FILE.c.id == file.id)
            .values(case_kind=case_kind, case_number=case_number, delete_after=delete_after)
        )
    _burn_in(session, viewer, case_kind, case_number)
    return refused


def keep_until(
    session: Session, viewer: Viewer, *, case_kind: str, case_number: str, delete_after: date | None
) -> None:
    """Set the last day on which the files of a case are kept; None while it is open, or open again."""
    session.execute(
        update(FILE)
        .where(FILE.c.case_kind == case_kind, FILE.c.case_number == case_number)
        .values(delete_after=delete_after)
    )


def open_file(session: Session, viewer: Viewer, code: str, page: int = 0) -> StoredFile | None:
    """Find a readable file for its viewer and write down that it was opened; `page` 0 is the download."""
    found = stored_file(session.connection(), viewer, code)
    if found is None or found.state != "ready" or page > len(found.page_keys):
        return None
    if not scanning.may_open(session, found.id):
        return None
    audit.record(session, viewer, events.FileOpened(found.code, found.case, page))
    return found


def note_damage(session: Session, viewer: Viewer, code: str, what: str) -> None:
    """Write down that a file which somebody asked for is `damaged` or `missing`."""
    found = stored_file(session.connection(), viewer, code)
    if found is not None:
        audit.record(session, viewer, events.FileDamaged(found.code, found.case, what))


def remove_own(session: Session, viewer: Viewer, code: str) -> list[str]:
    """Take out a file that the viewer put in; returns the store keys to delete once this is committed."""
    found = stored_file(session.connection(), viewer, code)
    if found is None or not found.own:
        raise Refusal("file_unknown")
    return remove(session, viewer, found.id, because="removed_by_sender")


def remove(session: Session, viewer: Viewer, file_id: int, *, because: str) -> list[str]:
    """Delete a file's name, pages, statements and keys, and free its room; the store keys to delete afterwards."""
    here = select(FILE).where(FILE.c.id == file_id, FILE.c.deleted_at.is_(None))
    row = session.execute(here.with_for_update(key_share=True)).first()
    if row is None:
        return []
    covered = covering.undo(session, file_id)
    keys = [row.store_key, *session.scalars(select(PAGE.c.store_key).where(PAGE.c.file_id == file_id)), *covered]
    removed = (
        update(FILE)
        .where(FILE.c.id == file_id, FILE.c.deleted_at.is_(None))
        .values(
            state="deleted",
            problem="",
            name="",
            store_key=f"deleted:{row.code}",
            lease_until=None,
            deleted_at=viewer.now,
        )
    )
    if not changed(session, removed):
        return []
    session.execute(delete(PAGE).where(PAGE.c.file_id == file_id))
    session.execute(delete(STATEMENT).where(STATEMENT.c.file_id == file_id))
    case_room.release(session, row.case_kind, row.case_number, row.size)
    if row.added_by_staff is None:
        quota.give_room(session, row.person_id, row.size)
    case = f"{row.case_kind}:{row.case_number}"
    audit.record(session, viewer, events.FileRemoved(row.code, case, because))
    return keys


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that this worker, and nobody else, is to read now."""

    id: int
    name: str
    store_key: str
    sha256: str
    was_read: bool = False


LEASE = timedelta(minutes=5)
MAX_TRIES = 3


def claim_waiting(session: Session, viewer: Viewer, file_id: int) -> Waiting | None:
    """Take a waiting file for five minutes; None if another worker has it."""
    waiting = (
        FILE.c.id == file_id,
        FILE.c.state == "being_checked",
        FILE.c.lease_until.is_(None) | (FILE.c.lease_until < viewer.now),
    )
    claimed = update(FILE).where(*waiting).values(lease_until=viewer.now + LEASE, tries=FILE.c.tries + 1)
    if not changed(session, claimed):
        return None
    row = session.execute(select(FILE).where(FILE.c.id == file_id)).one()
    was_read = row.read_at is not None
    if row.tries > MAX_TRIES and not was_read:
        record_reading(session, viewer, file_id, problem="broken", pages=())
        return None
    return Waiting(file_id, row.name, row.store_key, row.sha256, was_read)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of a view copy that lies in the store; sizes in pixels and bytes."""

    width: int
    height: int
    size: int
    store_key: str


def record_reading(
    session: Session,
    viewer: Viewer,
    file_id: int,
    *,
    problem: str,
    pages: tuple[KeptPage, ...],
    told: StatementsRead | None = None,
) -> bool:
    """Write down what the sandbox found; False if the file was removed meanwhile or has been read already.

    `told` are the bank statements in it, absent where it could not be opened.
    """
    readable = FILE.c.state.in_(("being_checked", "unreadable"))
    read = (
        update(FILE)
        .where(FILE.c.id == file_id, readable)
        .values(
            state="unreadable" if problem else "ready",
            problem=problem,
            read_at=viewer.now,
            lease_until=None,
        )
    )
    if not changed(session, read):
        return False
    for number, page in enumerate(pages, 1):
        session.execute(
            insert(PAGE).values(
                file_id=file_id,
                number=number,
                width=page.width,
                height=page.height,
                size=page.size,
                store_key=page.store_key,
            )
        )
    if told is not None:
        row = {"file_id": file_id, "reader": READER_VERSION, "read_at": viewer.now}
        session.execute(insert(STATEMENT).values(**row, **told._asdict()))
    code = session.scalar(select(FILE.c.code).where(FILE.c.id == file_id))
    audit.record(session, viewer, events.FileRead(str(code), problem, len(pages)))
    return True


def locked_file(connection: Connection, viewer: Viewer, code: str) -> Waiting:
    """The viewer's own file that waits for its password; raises `Refusal` `file_unknown`."""
    row = connection.execute(
        select(FILE.c.id, FILE.c.name, FILE.c.store_key, FILE.c.sha256).where(
            visible_to(viewer), FILE.c.code == code, FILE.c.problem == "password"
        )
    ).first()
    if row is None:
        raise Refusal("file_unknown")
    return Waiting(*row)
