"""Covered versions of files, as rows: one is kept beside its file, takes its place on sending, or is undone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import Session

from portal.evidence import case_room, picture_sandbox, quota
from portal.evidence.column_facts import without_samples
from portal.evidence.cover_tables import EvidenceCover, EvidenceCoverPage, EvidenceLeftover
from portal.evidence.queries import FILE, PAGE, STATEMENT
from portal.evidence.statement_facts import READER_VERSION
from portal.loans.tables import table_of
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

COVER, COVER_PAGE, LEFTOVER = table_of(EvidenceCover), table_of(EvidenceCoverPage), table_of(EvidenceLeftover)
_OF_A_PAGE = ("number", "width", "height", "size", "store_key")
_BATCH = 100
UNREAD_PICTURE = json.dumps([[picture_sandbox.NOT_READ, {}]])
"""What is noted of a file whose pictures nobody has read yet."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A covered version that lies in the store: its original, and its pages in their order."""

    marks: str
    size: int
    sha256: str
    store_key: str
    pages: tuple[tuple[int, int, int, str], ...]
    """Width, height, size in bytes, and key of each; a table has none."""
    kind: str = "pdf"
    statements: str = ""
    """Of a table: what is read in the covered version, as it is stored."""


def hold(session: Session, code: str) -> None:
    """Let nobody else send, cover or remove a file until this transaction ends: what is judged is read after it."""
    session.execute(select(FILE.c.id).where(FILE.c.code == code).with_for_update(key_share=True))


def keep_beside(session: Session, viewer: Viewer, file_id: int, covered: Covered) -> list[str]:
    """Keep a covered version beside its file, in place of an earlier one; returns the store keys to delete.

    Raises `Refusal` `files_too_large` or `quota_person` where there is no room for it.
    """
    keys = undo(session, file_id)
    file = session.execute(select(FILE).where(FILE.c.id == file_id)).one()
    grown = max(0, covered.size - file.size)
    case_room.grow(session, file.case_kind, file.case_number, file.name, grown)
    quota.grow(session, file.person_id, file.name, grown)
    row = {"file_id": file_id, "marks": covered.marks, "size": covered.size, "grown": grown, "sha256": covered.sha256}
    row |= {"kind": covered.kind, "statements": covered.statements}
    cover_id = session.execute(
        insert(COVER).values(**row, store_key=covered.store_key, covered_at=viewer.now).returning(COVER.c.id)
    ).scalar_one()
    for number, (width, height, size, key) in enumerate(covered.pages, 1):
        page = {"number": number, "width": width, "height": height, "size": size, "store_key": key}
        session.execute(insert(COVER_PAGE).values(cover_id=cover_id, **page))
    return keys


def undo(session: Session, file_id: int) -> list[str]:
    """Give up the covered version of a file that was not sent; returns the store keys to delete."""
    cover = session.execute(select(COVER).where(COVER.c.file_id == file_id)).first()
    if cover is None:
        return []
    keys = [cover.store_key, *session.scalars(select(COVER_PAGE.c.store_key).where(COVER_PAGE.c.cover_id == cover.id))]
    _forget(session, cover.id)
    file = session.execute(select(FILE).where(FILE.c.id == file_id)).one()
    _give_back(session, file, cover.grown)
    return keys


def burn_in(session: Session, viewer: Viewer, case_kind: str, case_number: str) -> None:
    """Let every covered version in a case take the place of its file: original, pages, hash, size and kind.

    What was read from the uncovered file has no place beside it any more: of a table what its covered version shows is
    known already, pages are read again. The uncovered files are noted to be deleted
    in this very transaction, and are within seconds, also if this process dies.
    """
    here = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.deleted_at.is_(None))
    covered = select(COVER.c.id.label("cover_id"), COVER.c.file_id).join(FILE, FILE.c.id == COVER.c.file_id)
    for cover_id, file_id in session.execute(covered.where(*here)).all():
        file = session.execute(select(FILE).where(FILE.c.id == file_id)).one()
        cover = session.execute(select(COVER).where(COVER.c.id == cover_id)).one()
        old = [file.store_key, *session.scalars(select(PAGE.c.store_key).where(PAGE.c.file_id == file_id))]
        leave(session, old)
        session.execute(delete(PAGE).where(PAGE.c.file_id == file_id))
        _read_anew(session, viewer, file_id, cover)
        pages = select(*(COVER_PAGE.c[name] for name in _OF_A_PAGE)).where(COVER_PAGE.c.cover_id == cover_id)
        for page in session.execute(pages).mappings().all():
            session.execute(insert(PAGE).values(**page, file_id=file_id))
        _forget(session, cover_id)
        _give_back(session, file, file.size + cover.grown - cover.size)
        sent = {"size": cover.size, "sha256": cover.sha256, "store_key": cover.store_key}
        name = file.name if cover.kind == file.kind else f"{PurePath(file.name).stem}.{cover.kind}"
        session.execute(update(FILE).where(FILE.c.id == file_id).values(**sent, name=name, kind=cover.kind))


def _read_anew(session: Session, viewer: Viewer, file_id: int, cover: Any) -> None:
    """What is known of a file's statements from now on; the first values below its header were of the whole file.

    Covered pages are pictures now, and wait for whoever reads pictures.
    """
    here = STATEMENT.c.file_id == file_id
    if not cover.statements:
        session.execute(delete(STATEMENT).where(here))
        fresh = {"statements": "[]", "notes": UNREAD_PICTURE, "header": "", "fingerprint": "", "marks": cover.marks}
        waits = {"pictures_wait": picture_sandbox.is_installed(), "picture_tries": 0}
        row = {"file_id": file_id, "reader": READER_VERSION, "read_at": viewer.now}
        session.execute(insert(STATEMENT).values(**row, **fresh, **waits))
        return
    header = without_samples(session.scalar(select(STATEMENT.c.header).where(here)) or "")
    told = {"statements": cover.statements, "notes": "[]", "header": header, "read_at": viewer.now}
    session.execute(update(STATEMENT).where(here).values(**told))


def sent_twice(session: Session, case_kind: str, case_number: str) -> list[int]:
    """The files of a case whose covered version is, byte for byte, another file of it or its covered version."""
    here = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.deleted_at.is_(None))
    covers = session.execute(
        select(FILE.c.id, COVER.c.sha256).join(COVER, COVER.c.file_id == FILE.c.id).where(*here).order_by(FILE.c.id)
    ).all()
    covered = {row.id for row in covers}
    plain = select(FILE.c.id, FILE.c.sha256).where(*here)
    known = {row.sha256 for row in session.execute(plain).all() if row.id not in covered}
    twice = []
    for row in covers:
        if row.sha256 in known:
            twice.append(row.id)
        known.add(row.sha256)
    return twice


def leave(session: Session, keys: Iterable[str]) -> None:
    """Note stored files to be deleted within seconds of this transaction."""
    rows = [{"store_key": key} for key in keys]
    if rows:
        session.execute(insert(LEFTOVER), rows)


def forget_leftovers(doors: Doors, files: FileStore) -> int:
    """Delete the stored files that were replaced; returns how many."""

    def some(connection: Connection, _viewer: Viewer) -> list[str]:
        return list(connection.scalars(select(LEFTOVER.c.store_key).limit(_BATCH)))

    def gone(session: Session, _viewer: Viewer, key: str) -> None:
        session.execute(delete(LEFTOVER).where(LEFTOVER.c.store_key == key))

    keys = doors.read_as(doors.system(), some)
    for key in keys:
        files.delete(key)
        doors.write_as(doors.system(), gone, key)
    return len(keys)


def grown(session: Session, file_id: int) -> int:
    """How many bytes besides its own a file has reserved for its covered version."""
    return int(session.scalar(select(COVER.c.grown).where(COVER.c.file_id == file_id)) or 0)


def _forget(session: Session, cover_id: int) -> None:
    session.execute(delete(COVER_PAGE).where(COVER_PAGE.c.cover_id == cover_id))
    session.execute(delete(COVER).where(COVER.c.id == cover_id))


def _give_back(session: Session, file: Any, size: int) -> None:
    case_room.grow(session, file.case_kind, file.case_number, file.name, -size)
    quota.grow(session, file.person_id, file.name, -size)
