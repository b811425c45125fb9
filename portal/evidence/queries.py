"""The files that a viewer may see, as frozen values; a stranger finds nothing."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, false, func, or_, select, true

from portal.access.shutting_out import not_shut_out
from portal.core.card_numbers import without_numbers
from portal.core.statement import Note, Statement
from portal.evidence.statement_facts import read_notes, read_statements
from portal.evidence.tables import (
    EvidenceCase,
    EvidenceFile,
    EvidencePage,
    EvidenceQuota,
    EvidenceScan,
    EvidenceStatement,
    EvidenceTotal,
    StatementColumns,
)
from portal.loans.tables import table_of
from portal.platform.gate import Viewer

FILE, PAGE, STATEMENT = table_of(EvidenceFile), table_of(EvidencePage), table_of(EvidenceStatement)
CASE, SCAN, ANSWER = table_of(EvidenceCase), table_of(EvidenceScan), table_of(StatementColumns)
QUOTA, TOTAL = table_of(EvidenceQuota), table_of(EvidenceTotal)

SLOW_AFTER = timedelta(hours=1)
"""After so long it is said that a file is being checked for longer than is usual (EV-13)."""

# Which roles read the files of which cases; drafts are their writer's alone.
READERS = {
    "dispute": frozenset(("dispute_handler", "supervisor", "auditor")),
    "plan": frozenset(("plan_approver", "supervisor", "auditor")),
    "complaint": frozenset(("supervisor", "auditor")),
    "payment": frozenset(("plan_approver", "dispute_handler", "supervisor", "auditor")),
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as a list shows it. `problem` says why it could not be read, `from_staff` who put it in.

    `finding` is what the malware scanner found; `columns` that those of a statement are `unknown` or were `named` by
    somebody, empty where the reader knew them; `is_slow` that it is being checked for longer than is usual.
    """

    code: str
    case_kind: str
    case_number: str
    name: str
    kind: str
    size: int
    sha256: str
    state: str
    problem: str
    pages: int
    created_at: datetime
    delete_after: date | None
    shared: bool
    from_staff: bool
    finding: str
    columns: str
    is_slow: bool


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What serving a file takes: where original and pages lie, and whether the viewer put it in."""

    id: int
    code: str
    name: str
    kind: str
    case: str
    state: str
    store_key: str
    sha256: str
    page_keys: tuple[str, ...]
    own: bool


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Borrowers: their own case, without the staff's inner files. Staff: what their roles read, if not about them."""
    if viewer.kind == "borrower":
        return and_(FILE.c.person_id == viewer.person_id, or_(FILE.c.shared, FILE.c.added_by_staff.is_(None)))
    if viewer.kind == "staff":
        kinds = [kind for kind, roles in READERS.items() if roles & viewer.roles]
        return and_(FILE.c.case_kind.in_(kinds), not_shut_out(viewer, FILE.c.case_number))
    return false()


_PAGE_COUNT = (
    select(func.count()).select_from(PAGE).where(PAGE.c.file_id == FILE.c.id).correlate(FILE).scalar_subquery()
)
_FINDING = select(SCAN.c.finding).where(SCAN.c.file_id == FILE.c.id).correlate(FILE).scalar_subquery()
_COLUMNS = (
    select(case((STATEMENT.c.answer_id.is_not(None), "named"), (STATEMENT.c.header != "", "unknown"), else_=""))
    .where(STATEMENT.c.file_id == FILE.c.id)
    .correlate(FILE)
    .scalar_subquery()
)
_PLAIN = ("code", "case_kind", "case_number", "name", "kind", "size", "sha256", "state", "problem")
_LISTED: Select[Any] = select(
    *(FILE.c[name] for name in _PLAIN),
    _PAGE_COUNT.label("pages"),
    FILE.c.created_at,
    FILE.c.delete_after,
    FILE.c.shared,
    FILE.c.added_by_staff.is_not(None).label("from_staff"),
    func.coalesce(_FINDING, "").label("finding"),
    func.coalesce(_COLUMNS, "").label("columns"),
).order_by(FILE.c.id)


def case_files(connection: Connection, viewer: Viewer, case_kind: str, case_number: str) -> tuple[FileRecord, ...]:
    """The files of a case that the viewer may see, the oldest first; deleted ones stay listed without a name."""
    statement = _LISTED.where(visible_to(viewer), FILE.c.case_kind == case_kind, FILE.c.case_number == case_number)
    return tuple(_record(row, viewer) for row in connection.execute(statement))


def file_record(connection: Connection, viewer: Viewer, code: str) -> FileRecord | None:
    """One file that the viewer may see."""
    row = connection.execute(_LISTED.where(visible_to(viewer), FILE.c.code == code)).first()
    return _record(row, viewer) if row else None


def _record(row: Row[Any], viewer: Viewer) -> FileRecord:
    is_slow = row.state == "being_checked" and row.created_at < viewer.now - SLOW_AFTER
    fields: tuple[Any, ...] = (*row, is_slow)
    return FileRecord(*fields)


def stored_file(connection: Connection, viewer: Viewer, code: str) -> StoredFile | None:
    """Where a file that the viewer may see lies; nothing for a deleted one."""
    row = connection.execute(
        select(FILE).where(visible_to(viewer), FILE.c.code == code, FILE.c.state != "deleted")
    ).first()
    if row is None:
        return None
    keys = connection.execute(
        select(PAGE.c.store_key).where(PAGE.c.file_id == row.id).order_by(PAGE.c.number)
    ).scalars()
    own = row.added_by_staff == viewer.staff_id if viewer.kind == "staff" else row.added_by_staff is None
    return StoredFile(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        case=f"{row.case_kind}:{row.case_number}",
        state=row.state,
        store_key=row.store_key,
        sha256=row.sha256,
        page_keys=tuple(keys),
        own=own,
    )


# --- What was read in them ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileStatements:
    """The bank statements that were read in one file; `notes` says why there are none."""

    code: str
    name: str
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...]


def statements_of_case(
    connection: Connection, viewer: Viewer, case_kind: str, case_number: str
) -> tuple[FileStatements, ...]:
    """What was read in the files of a case that both sides know, in the order in which they were sent.

    Two files of one name are told apart by a number in brackets, since a statement is known by its file's name.
    """
    found = connection.execute(
        select(FILE.c.code, FILE.c.name, STATEMENT.c.statements, STATEMENT.c.notes, _NAMED_BY_PERSON)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .outerjoin(ANSWER, ANSWER.c.id == STATEMENT.c.answer_id)
        .where(_readable_by(viewer), FILE.c.case_kind == case_kind, FILE.c.case_number == case_number)
        .where(FILE.c.state == "ready", FILE.c.shared)
        .order_by(FILE.c.id)
    )
    known: dict[str, int] = {}
    read = []
    for code, name, statements, notes, is_named in found:
        known[name] = known.get(name, 0) + 1
        shown = name if known[name] == 1 else f"{name} ({known[name]})"
        told = _seen_by(viewer, read_statements(statements, shown))
        told = tuple(_marked(each) for each in told) if is_named else told
        read.append(FileStatements(code, shown, told, read_notes(notes)))
    return tuple(read)


_NAMED_BY_PERSON = and_(ANSWER.c.id.is_not(None), ANSWER.c.staff_id.is_(None)).label("is_named")


def _marked(statement: Statement) -> Statement:
    """A handler is told that the meaning of the columns is the borrower's word."""
    return replace(statement, notes=(*statement.notes, Note("columns_named")))


PICTURES_WAIT = and_(
    FILE.c.state == "ready",
    select(STATEMENT.c.id).where(STATEMENT.c.file_id == FILE.c.id, STATEMENT.c.pictures_wait).correlate(FILE).exists(),
)
IS_BEING_READ = or_(FILE.c.state == "being_checked", PICTURES_WAIT)
"""A file of which the last word is not known: it is being checked, or its pictures are still to be read."""


class BeingRead(NamedTuple):
    """How many files are still being read, and how many of them for their pictures, which takes minutes."""

    files: int
    pictures: int


def being_read(connection: Connection, case_kind: str, case_number: str) -> BeingRead:
    """The files of a case that both sides know and that are still being read."""
    here = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.shared)
    pictures = func.coalesce(func.sum(case((PICTURES_WAIT, 1), else_=0)), 0)
    found = select(func.count(), pictures).select_from(FILE).where(*here, IS_BEING_READ)
    return BeingRead(*map(int, connection.execute(found).one()))


def contents_of(connection: Connection, case_kind: str, case_number: str) -> frozenset[str]:
    """The hashes of all that a person sent to a case, files deleted since included."""
    sent = (FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.added_by_staff.is_(None))
    return frozenset(connection.execute(select(FILE.c.sha256).where(*sent)).scalars())


def statements_of_file(connection: Connection, viewer: Viewer, code: str) -> tuple[Statement, ...]:
    """The bank statements that were read in one file that the viewer may see."""
    row = connection.execute(
        select(FILE.c.name, STATEMENT.c.statements)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .where(visible_to(viewer), FILE.c.code == code, FILE.c.state == "ready")
    ).first()
    return _seen_by(viewer, read_statements(row.statements, row.name)) if row else ()


def _seen_by(viewer: Viewer, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Staff read the rows without the numbers of accounts that are in their texts (EV-16)."""
    if viewer.kind != "staff":
        return statements
    return tuple(
        replace(each, rows=tuple(replace(row, text=without_numbers(row.text)) for row in each.rows))
        for each in statements
    )


def _readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """The portal itself judges by everything that was sent, jobs included."""
    return true() if viewer.kind == "system" else visible_to(viewer)


@dataclass(frozen=True, slots=True)
class SeenElsewhere:
    """A file of a case whose very bytes were sent in another case too."""

    code: str
    name: str
    case_kind: str
    case_number: str


def seen_elsewhere(
    connection: Connection, viewer: Viewer, case_kind: str, case_number: str
) -> tuple[SeenElsewhere, ...]:
    """The files of a case that were sent in other cases too, for staff: drafts aside, deleted files included."""
    if viewer.kind != "staff" and viewer.kind != "system":
        return ()
    other = FILE.alias("other")
    found = connection.execute(
        select(FILE.c.code, FILE.c.name, other.c.case_kind, other.c.case_number)
        .distinct()
        .join(other, and_(other.c.sha256 == FILE.c.sha256, other.c.id != FILE.c.id, other.c.case_kind != "draft"))
        .where(FILE.c.case_kind == case_kind, FILE.c.case_number == case_number, FILE.c.deleted_at.is_(None))
        .where(or_(other.c.case_kind != case_kind, other.c.case_number != case_number))
        .order_by(FILE.c.code, other.c.case_kind, other.c.case_number)
    )
    return tuple(SeenElsewhere(*row) for row in found)
