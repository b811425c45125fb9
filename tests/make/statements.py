"""Bank statements: as values with balances that link, and as the files that banks give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from portal.core.funds_rule import Question, Reading
from portal.core.statement import Note, Statement, StatementRow

DUE = date(2026, 3, 6)
"""The due date of the invented cases."""


def march(day: int) -> date:
    """A day of March 2026."""
    return date(2026, 3, day)


def rows(*movements: tuple[int, int], opening: int = 0, at: Sequence[time | None] = ()) -> tuple[StatementRow, ...]:
    """Rows from (day of March, amount), each with the balance that follows."""
    made: list[StatementRow] = []
    balance = opening
    for place, (day, amount) in enumerate(movements):
        balance += amount
        moment = at[place] if place < len(at) else None
        made.append(StatementRow(place + 2, march(day), moment, amount, balance, "booking"))
    return tuple(made)


def statement(
    *movements: tuple[int, int],
    opening: int = 0,
    file: str = "march.csv",
    account: str = "",
    holder: str = "",
    currency: str = "CNY",
    states: Mapping[str, Any] | None = None,
    notes: Iterable[Note] = (),
) -> Statement:
    """A statement whose balances link; `states` sets what the file says of itself: its period, opening, closing."""
    return Statement(
        file, account, holder, currency, rows(*movements, opening=opening), notes=tuple(notes), **(states or {})
    )


def without_balances(given: Statement, **states: Any) -> Statement:
    """The same bookings as a file has them that prints no balance beside a row."""
    bare = tuple(StatementRow(row.line, row.day, row.at, row.amount, None, row.text) for row in given.rows)
    return Statement(given.file, given.account, given.holder, given.currency, bare, **states)


def question(amount: int, *, due: date = DUE, reading: Reading = "closing", **more: str) -> Question:
    """Was this amount there?"""
    return Question(due, amount, "CNY", reading=reading, **more)


def plain_csv(lines: Iterable[tuple[str, int, int]], header: str = "date,description,amount,balance") -> bytes:
    """(day, amount, balance) in minor units as the plain CSV that always reads."""
    told = [f"{day},booking,{amount / 100:.2f},{balance / 100:.2f}" for day, amount, balance in lines]
    return "\n".join([header, *told, ""]).encode()
