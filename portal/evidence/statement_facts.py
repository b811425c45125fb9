"""Statements as rows keep them, and back: card numbers masked before anything is stored (EV-16)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from portal.core.card_numbers import masked
from portal.core.statement import Note, NoteData, Statement, StatementRow
from portal.evidence.column_facts import header_text
from portal.evidence.sandbox import Reading
from portal.evidence.statements.wire import from_json, to_json

READER_VERSION = "1"
"""Changes whenever the same file could be read as other statements."""


class StatementsRead(NamedTuple):
    """What is stored of one reading: the statements as JSON, why there are none, and if its pictures wait.

    `header` are the columns about which a person is asked, `answer_id` the answer by which they were read.
    """

    statements: str
    notes: str
    header: str = ""
    fingerprint: str = ""
    answer_id: int | None = None
    pictures_wait: bool = False


def as_stored(reading: Reading, *, pictures_wait: bool = False) -> StatementsRead:
    """What the sandbox read of a file, as text without whole card numbers."""
    told = json.dumps(to_json(map(without_cards, reading.statements)), ensure_ascii=False)
    notes = json.dumps([list(note) for note in _notes(reading)], ensure_ascii=False)
    sign = reading.columns.fingerprint if reading.columns else ""
    return StatementsRead(told, notes, header_text(reading.columns), sign, reading.answer, pictures_wait)


def read_statements(text: str, file: str) -> tuple[Statement, ...]:
    """The statements that `as_stored` wrote, of a file under its name."""
    return from_json(json.loads(text), file)


def read_notes(text: str) -> tuple[Note, ...]:
    """Why there is no statement in a file; empty where there is one."""
    return tuple(Note(code, data) for code, data in json.loads(text))


def without_cards(statement: Statement) -> Statement:
    """The statement with its card numbers reduced to first six and last four digits."""
    return replace(
        statement,
        account=masked(statement.account),
        holder=masked(statement.holder),
        rows=tuple(map(_row, statement.rows)),
        notes=tuple(Note(note.code, _data(note.data)) for note in statement.notes),
    )


def _row(row: StatementRow) -> StatementRow:
    text = masked(row.text)
    return row if text == row.text else replace(row, text=text)


def _data(data: NoteData) -> NoteData:
    return {name: masked(value) if isinstance(value, str) else value for name, value in data.items()}


def _notes(reading: Reading) -> Sequence[tuple[str, Mapping[str, Any]]]:
    if not reading.no_statement:
        return ()
    if reading.columns is None or reading.no_statement != "columns_unknown":
        return ((reading.no_statement, {}),)
    header = " | ".join(masked(cell) for cell in reading.columns.header)
    return ((reading.no_statement, {"header": header, "fingerprint": reading.columns.fingerprint}),)
