"""Statements between the sandbox and the portal, as JSON. What the sandbox says is checked like any stranger's word."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from portal.core.statement import Note, NoteData, Statement, StatementRow

MOST_STATEMENTS = 400
MOST_ROWS = 60_000
MOST_NOTES = 400
MOST_TEXT = 200
LARGEST_AMOUNT = 10**15

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CARD = re.compile(r"(?<![0-9])([0-9]{6})[0-9]{3,9}([0-9]{4})(?![0-9])")


class Malformed(ValueError):
    """The sandbox's answer is not what it must be."""


def to_json(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """Statements as plain values; a row is a list, to keep thousands of them short."""
    return [
        {
            "account": each.account,
            "holder": each.holder,
            "currency": each.currency,
            "rows": [_row_out(row) for row in each.rows],
            "from": each.from_day and each.from_day.isoformat(),
            "to": each.to_day and each.to_day.isoformat(),
            "opening": each.opening,
            "closing": each.closing,
            "notes": [[note.code, dict(note.data)] for note in each.notes[:MOST_NOTES]],
        }
        for each in statements
    ]


def _row_out(row: StatementRow) -> list[Any]:
    at = row.at.isoformat() if row.at else None
    return [row.line, row.day.isoformat(), at, row.amount, row.balance, row.text, row.covered]


def from_json(told: object, file: str) -> tuple[Statement, ...]:
    """Statements of `file` from plain values; raises `Malformed` for anything that is not exactly one."""
    return tuple(_statement(each, file) for each in _list(told, MOST_STATEMENTS))


def _statement(told: object, file: str) -> Statement:
    if not isinstance(told, Mapping):
        raise Malformed("no statement")
    return Statement(
        file=file,
        account=plain_text(told.get("account"), 60),
        holder=plain_text(told.get("holder"), 80),
        currency=_currency(told.get("currency")),
        rows=tuple(_row_in(row) for row in _list(told.get("rows"), MOST_ROWS)),
        from_day=_day_or_none(told.get("from")),
        to_day=_day_or_none(told.get("to")),
        opening=_amount_or_none(told.get("opening")),
        closing=_amount_or_none(told.get("closing")),
        notes=tuple(_note(note) for note in _list(told.get("notes"), MOST_NOTES)),
    )


def _row_in(told: object) -> StatementRow:
    line, day, at, amount, balance, text, covered = _list(told, 7, exactly=True)
    if not isinstance(covered, bool):
        raise Malformed("no row")
    return StatementRow(
        line=_number(line, 10_000_000),
        day=_day(day),
        at=None if at is None else _time(at),
        amount=_number(amount, LARGEST_AMOUNT),
        balance=_amount_or_none(balance),
        text=masked(plain_text(text, MOST_TEXT)),
        covered=covered,
    )


def masked(text: str) -> str:
    """The text without whole card numbers: the first six and last four digits stay (EV-16)."""
    return _CARD.sub(lambda found: f"{found[1]}…{found[2]}", text)


def _note(told: object) -> Note:
    code, data = _list(told, 2, exactly=True)
    if not isinstance(code, str) or _CODE.fullmatch(code) is None or not isinstance(data, Mapping) or len(data) > 12:
        raise Malformed("no note")
    return Note(code, _note_data(data))


def _note_data(data: Mapping[object, object]) -> NoteData:
    plain: dict[str, str | int] = {}
    for name, value in data.items():
        if not isinstance(name, str) or _CODE.fullmatch(name) is None:
            raise Malformed("no note")
        if name in {"from", "to"}:
            plain[name] = _day(value).isoformat()
        else:
            plain[name] = _number(value, LARGEST_AMOUNT) if isinstance(value, int) else plain_text(value, 120)
    return plain


def _list(told: object, most: int, *, exactly: bool = False) -> Sequence[Any]:
    if not isinstance(told, list) or len(told) > most or (exactly and len(told) != most):
        raise Malformed("no list")
    return told


def plain_text(told: object, most: int) -> str:
    """A text that can be shown: no controls, no marks that turn it round, no longer than `most`."""
    if not isinstance(told, str):
        raise Malformed("no text")
    return _UNPRINTABLE.sub("", told)[:most].strip()


def _currency(told: object) -> str:
    if not isinstance(told, str) or re.fullmatch(r"[A-Z]{3}|", told) is None:
        raise Malformed("no currency")
    return told


def _number(told: object, most: int) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or abs(told) > most:
        raise Malformed("no number")
    return told


def _amount_or_none(told: object) -> int | None:
    return None if told is None else _number(told, LARGEST_AMOUNT)


def _day(told: object) -> date:
    if not isinstance(told, str) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", told) is None:
        raise Malformed("no day")
    day = date.fromisoformat(told)
    if not 1900 <= day.year <= 2200:
        raise Malformed("no day")
    return day


def _day_or_none(told: object) -> date | None:
    return None if told is None else _day(told)


def _time(told: object) -> time:
    if not isinstance(told, str):
        raise Malformed("no time")
    return time.fromisoformat(told)
