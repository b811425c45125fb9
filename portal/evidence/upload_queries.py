"""Files on their way and the files of a draft, for the person who is sending them; a stranger finds nothing."""

from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select, union

from portal.evidence.covering import COVER
from portal.evidence.queries import FILE, FileRecord, case_files
from portal.evidence.unfinished import PART, UPLOAD
from portal.platform.gate import Viewer

PICTURES = ("jpeg", "png", "heic")


@dataclass(frozen=True, slots=True)
class Coming:
    """A file on its way: how much of it has arrived, and the file that it became once it is whole."""

    code: str
    draft: str
    name: str
    size: int
    received: int
    file_code: str | None

    @property
    def percent(self) -> int:
        """How much has arrived, rounded down: 100 only when all of it has."""
        return 100 * self.received // self.size


@dataclass(frozen=True, slots=True)
class Whole:
    """What it takes to put a file together: its parts in their order, and what it must be in the end."""

    code: str
    name: str
    size: int
    sha256: str
    received: int
    file_code: str | None
    part_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The files of a form that was not sent yet: those that are here, and those that are on their way."""

    code: str
    files: tuple[FileRecord, ...]
    coming: tuple[Coming, ...]
    covered: frozenset[str]
    """The codes of those of which parts will be covered."""

    @property
    def is_waiting(self) -> bool:
        """Whether something is being checked, so that the list is asked for again."""
        return any(file.state == "being_checked" and not file.is_slow for file in self.files)

    @property
    def has_pages(self) -> bool:
        """Whether one of them is looked at page by page, as a picture."""
        return any(file.state == "ready" and file.pages for file in self.files)

    @property
    def photos(self) -> tuple[FileRecord, ...]:
        """What may become one document: pictures that could be read, and of which nothing is covered."""
        ready = (file for file in self.files if file.state == "ready" and file.kind in PICTURES)
        return tuple(file for file in ready if file.code not in self.covered)


_COMING = select(UPLOAD.c.code, UPLOAD.c.draft, UPLOAD.c.name, UPLOAD.c.size, UPLOAD.c.received, UPLOAD.c.file_code)


def coming(connection: Connection, viewer: Viewer, code: str) -> Coming | None:
    """One file of the viewer's that is on its way, or was."""
    row = connection.execute(_COMING.where(UPLOAD.c.code == code, UPLOAD.c.person_id == viewer.person_id)).first()
    return Coming(*row) if row else None


def whole(connection: Connection, viewer: Viewer, code: str) -> Whole | None:
    """A file of the viewer's with the keys of its parts."""
    row = connection.execute(
        select(UPLOAD).where(UPLOAD.c.code == code, UPLOAD.c.person_id == viewer.person_id)
    ).first()
    if row is None:
        return None
    keys = connection.scalars(select(PART.c.store_key).where(PART.c.upload_id == row.id).order_by(PART.c.start))
    return Whole(row.code, row.name, row.size, row.sha256, row.received, row.file_code, tuple(keys))


def draft_files(connection: Connection, viewer: Viewer, draft: str) -> Draft:
    """The files of the viewer's own draft, and those on their way into it."""
    on_their_way = _COMING.where(
        UPLOAD.c.draft == draft, UPLOAD.c.person_id == viewer.person_id, UPLOAD.c.file_code.is_(None)
    )
    rows = connection.execute(on_their_way.order_by(UPLOAD.c.id))
    files = case_files(connection, viewer, "draft", draft)
    of_draft = (FILE.c.case_kind == "draft", FILE.c.case_number == draft, FILE.c.person_id == viewer.person_id)
    covered = connection.scalars(select(FILE.c.code).join(COVER, COVER.c.file_id == FILE.c.id).where(*of_draft))
    return Draft(
        code=draft,
        files=tuple(file for file in files if file.state != "deleted"),
        coming=tuple(Coming(*row) for row in rows),
        covered=frozenset(covered),
    )


def draft_at(connection: Connection, viewer: Viewer, place: str) -> str | None:
    """The draft that the viewer's files from this page went into, the newest with something in it."""
    here = (UPLOAD.c.place == place, UPLOAD.c.person_id == viewer.person_id)
    still_there = exists().where(
        FILE.c.code == UPLOAD.c.file_code, FILE.c.case_kind == "draft", FILE.c.deleted_at.is_(None)
    )
    newest = select(func.max(UPLOAD.c.id)).where(*here, UPLOAD.c.file_code.is_(None) | still_there)
    return connection.scalar(select(UPLOAD.c.draft).where(UPLOAD.c.id == newest.scalar_subquery()))


def has_draft(connection: Connection, viewer: Viewer, draft: str) -> bool:
    """Whether the viewer ever put a file into this draft, or began to."""
    return viewer.person_id in _people_of(connection, draft)


def is_of_another(connection: Connection, viewer: Viewer, draft: str) -> bool:
    """Whether only others have put files into this draft. One into which nobody has is a form just opened."""
    people = _people_of(connection, draft)
    return bool(people) and viewer.person_id not in people


def _people_of(connection: Connection, draft: str) -> set[int]:
    began = select(UPLOAD.c.person_id).where(UPLOAD.c.draft == draft)
    put = select(FILE.c.person_id).where(FILE.c.case_kind == "draft", FILE.c.case_number == draft)
    return set(connection.scalars(union(began, put)))


def place_of(connection: Connection, viewer: Viewer, draft: str) -> str:
    """The page that the viewer's files of a draft came from; empty where that is not known."""
    here = (UPLOAD.c.draft == draft, UPLOAD.c.person_id == viewer.person_id)
    place = connection.scalar(select(UPLOAD.c.place).where(*here).order_by(UPLOAD.c.id.desc()).limit(1))
    return place or ""
