"""Marking lines of a statement that nobody shall see: the covered file is made at once, and takes its place on sending.

It is made by a child process from the cells of the file, and read again before it is kept: what it shows must be what
the whole file showed, but for the lines that were covered. Where it is not, nothing is covered.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection, select

from portal.core.statement import Statement, StatementRow
from portal.evidence.covering import COVER, Covered
from portal.evidence.queries import ANSWER, FILE, STATEMENT
from portal.evidence.sandbox import NotPainted, Reading, Want, read_upload, without_lines
from portal.evidence.statement_facts import as_stored, read_statements, without_cards
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

TABLE_KINDS = ("csv", "xlsx", "xls")
"""The kinds of files of which single lines can be covered."""

_BECOMES = {"csv": "csv", "xlsx": "xlsx", "xls": "xlsx"}
_MUST_STAY = frozenset(("mixed", "dates_ambiguous", "rows_unreadable"))
"""What was noted of the whole file and must be noted of the covered one: covering may hide nothing of it."""

Place = tuple[int, int]
"""A line: which statement of the file it is of, from 0, and its number in the file."""


@dataclass(frozen=True, slots=True)
class LineFile:
    """A table of a draft of which lines can be covered: its statements, and the lines that are covered.

    `columns` is what somebody said of its columns by the answer `answer_id`, None where the reader knew them.
    """

    code: str
    draft: str
    name: str
    kind: str
    store_key: str
    sha256: str
    statements: tuple[Statement, ...]
    covered: frozenset[Place]
    columns: dict[str, str] | None
    answer_id: int | None

    @property
    def lines(self) -> tuple[tuple[Place, StatementRow, str], ...]:
        """Every line with its place and its currency, in the order in which they happened."""
        return tuple(
            ((at, row.line), row, statement.currency)
            for at, statement in enumerate(self.statements)
            for row in statement.rows
        )


def line_file(connection: Connection, viewer: Viewer, code: str) -> LineFile | None:
    """The viewer's own table that was read, shows bookings, and was not sent yet."""
    own = (FILE.c.person_id == viewer.person_id, FILE.c.case_kind == "draft", FILE.c.added_by_staff.is_(None))
    row = connection.execute(
        select(FILE, STATEMENT.c.statements, STATEMENT.c.answer_id, ANSWER.c.mapping, COVER.c.marks)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .outerjoin(ANSWER, ANSWER.c.id == STATEMENT.c.answer_id)
        .outerjoin(COVER, COVER.c.file_id == FILE.c.id)
        .where(*own, FILE.c.code == code, FILE.c.state == "ready", FILE.c.kind.in_(TABLE_KINDS))
    ).first()
    statements = read_statements(row.statements, row.name) if row else ()
    return _line_file(row, statements) if any(each.rows for each in statements) else None


def _line_file(row: Any, statements: tuple[Statement, ...]) -> LineFile:
    return LineFile(
        code=row.code,
        draft=row.case_number,
        name=row.name,
        kind=row.kind,
        store_key=row.store_key,
        sha256=row.sha256,
        statements=statements,
        covered=read_lines(row.marks or "{}"),
        columns=json.loads(row.mapping) if row.mapping else None,
        answer_id=row.answer_id,
    )


def read_lines(text: str) -> frozenset[Place]:
    """The covered lines, as they are stored beside the pages' marks."""
    return frozenset((at, line) for at, line in json.loads(text).get("lines", ()))


def write_lines(lines: Iterable[Place]) -> str:
    """The covered lines, to be stored."""
    return json.dumps({"lines": sorted(lines)})


def make_covered(files: FileStore, file: LineFile, covered: frozenset[Place]) -> Covered:
    """Make the file anew without these lines, read it again, and store it.

    Raises NotPainted where it cannot be made, or where anything else in it would read differently; FileMissing,
    FileDamaged.
    """
    lines = [[line for at, line in sorted(covered) if at == place] for place in range(len(file.statements))]
    made = without_lines(file.name, files.get(file.store_key, file.sha256), lines, file.columns)
    kind = _BECOMES[file.kind]
    name = f"{PurePath(file.name).stem}.{kind}" if kind != file.kind else file.name
    reading = read_upload(name, made, want=Want(pages=False, statements=True, columns=file.columns))
    reading = replace(reading, answer=file.answer_id)
    if reading.kind != kind or not _shows_the_same(file.statements, covered, reading):
        raise NotPainted
    told = as_stored(reading)
    digest = hashlib.sha256(made).hexdigest()
    return Covered(write_lines(covered), len(made), digest, files.put(made), (), kind, told.statements)


def _shows_the_same(whole: tuple[Statement, ...], covered: frozenset[Place], reading: Reading) -> bool:
    wanted = [
        replace(each, rows=tuple(_covered(row) if (at, row.line) in covered else row for row in each.rows))
        for at, each in enumerate(whole)
    ]
    return [_gist(each) for each in wanted] == [_gist(without_cards(each)) for each in reading.statements]


def _covered(row: StatementRow) -> StatementRow:
    return StatementRow(row.line, row.day, None, 0, None, covered=True)


def _gist(statement: Statement) -> tuple[object, ...]:
    """All that a judgement rests on; not the numbers of lines, nor an order that covered balances do not show."""
    rows = Counter((row.day, row.at, row.amount, row.balance, row.text, row.covered) for row in statement.rows)
    head = (statement.account, statement.holder, statement.currency, statement.from_day, statement.to_day)
    notes = {note.code for note in statement.notes} & _MUST_STAY
    return (*head, statement.opening, statement.closing, rows, notes)
