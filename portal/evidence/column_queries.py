"""Which columns of a file a person is asked about, and what was said of a header before."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, exists, or_, select, true

from portal.evidence.column_facts import Header, meanings_by, read_header, without_numbers_in
from portal.evidence.queries import ANSWER, FILE, STATEMENT, visible_to
from portal.evidence.statements.headers import Meaning
from portal.platform.gate import Viewer

BATCH = 5
"""Each may take 12 seconds, and other work waits behind them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said of a header."""

    id: int
    mapping: dict[str, Meaning]


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """A file whose columns a viewer can name. `meanings` are what is chosen at first, in the order of the columns."""

    file_id: int
    person_id: int
    code: str
    name: str
    store_key: str
    sha256: str
    case_kind: str
    case_number: str
    header: Header
    meanings: list[str]


def columns_page(connection: Connection, viewer: Viewer, code: str) -> ColumnsPage | None:
    """The columns of a file that the viewer may name: staff of any file of the case, borrowers of their own."""
    row = connection.execute(
        select(FILE, STATEMENT.c.header, ANSWER.c.mapping)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .outerjoin(ANSWER, ANSWER.c.id == STATEMENT.c.answer_id)
        .where(true() if viewer.kind == "system" else visible_to(viewer), FILE.c.code == code)
        .where(FILE.c.state == "ready", STATEMENT.c.header != "")
    ).first()
    if row is None or (viewer.kind == "borrower" and row.added_by_staff is not None):
        return None
    header = read_header(row.header)
    if header is None:
        return None
    if viewer.kind == "staff":
        header = without_numbers_in(header)
    return ColumnsPage(
        file_id=row.id,
        person_id=row.person_id,
        code=row.code,
        name=row.name,
        store_key=row.store_key,
        sha256=row.sha256,
        case_kind=row.case_kind,
        case_number=row.case_number,
        header=header,
        meanings=meanings_by(header, json.loads(row.mapping) if row.mapping else {}),
    )


def answer_for(connection: Connection, viewer: Viewer, fingerprint: str, file_id: int) -> Answer | None:
    """The newest answer about a header that counts for a file: its person's own, or one for everybody."""
    person = select(FILE.c.person_id).where(FILE.c.id == file_id).scalar_subquery()
    row = connection.execute(
        select(ANSWER.c.id, ANSWER.c.mapping)
        .where(ANSWER.c.fingerprint == fingerprint)
        .where(or_(ANSWER.c.person_id.is_(None), ANSWER.c.person_id == person))
        .order_by(ANSWER.c.id.desc())
    ).first()
    return Answer(row.id, json.loads(row.mapping)) if row else None


def named_since(connection: Connection, viewer: Viewer) -> list[str]:
    """The codes of files whose columns were unknown when they were read, and of whose header something was said since.

    The oldest first, a few at a time.
    """
    counts = or_(ANSWER.c.person_id.is_(None), ANSWER.c.person_id == FILE.c.person_id)
    said = exists().where(
        ANSWER.c.fingerprint == STATEMENT.c.fingerprint, counts, ANSWER.c.created_at > STATEMENT.c.read_at
    )
    found = (
        select(FILE.c.code)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .where(FILE.c.state == "ready", STATEMENT.c.fingerprint != "", STATEMENT.c.answer_id.is_(None), said)
        .order_by(FILE.c.id)
        .limit(BATCH)
    )
    return list(connection.scalars(found))
