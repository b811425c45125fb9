"""Several files of one account as one statement: pages, months and overlaps, each row counted once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.core.balance_chain import Chain, in_order, without_repeats
from portal.core.statement import Note, Statement, StatementRow


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row and the file that shows it."""

    file: str
    row: StatementRow


@dataclass(frozen=True, slots=True)
class Joined:
    """Statements that follow on each other without a day between them, as one."""

    statements: tuple[Statement, ...]
    rows: tuple[PlacedRow, ...]
    from_day: date
    to_day: date
    opening: int | None
    closing: int | None

    @property
    def chain(self) -> Chain:
        """The balances over all rows."""
        return Chain([placed.row for placed in self.rows], self.opening, self.closing)


def span(statement: Statement) -> tuple[date, date] | None:
    """The first and last day that a file speaks of, by its period and its rows; None where it has neither."""
    days = [row.day for row in statement.rows]
    days += [day for day in (statement.from_day, statement.to_day) if day is not None]
    return (min(days), max(days)) if days else None


def groups(statements: Iterable[Statement]) -> list[Joined]:
    """The statements of one account, those that touch joined, oldest first."""
    spans = [(span(statement), statement) for statement in statements]
    dated = sorted(((days, each) for days, each in spans if days is not None), key=lambda pair: pair[0])
    runs: list[tuple[date, date, list[Statement]]] = []
    for (first, last), statement in dated:
        if runs and first <= runs[-1][1] + timedelta(days=1):
            begin, end, members = runs[-1]
            runs[-1] = (begin, max(end, last), [*members, statement])
        else:
            runs.append((first, last, [statement]))
    return [_joined(first, last, members) for first, last, members in runs]


def _joined(first: date, last: date, members: Sequence[Statement]) -> Joined:
    opening = _stated(each.opening for each in members if first in _edges(each))
    closing = _stated(each.closing for each in reversed(members) if last in _edges(each))
    if len(members) == 1:
        only = members[0]
        rows = [PlacedRow(only.file, row) for row in without_repeats(only.rows, only.opening)]
    else:
        rows = _union([_with_balances(each) for each in members], opening)
    return Joined(tuple(members), tuple(rows), first, last, opening, closing)


def _edges(statement: Statement) -> tuple[date, ...]:
    return span(statement) or ()


def _stated(balances: Iterable[int | None]) -> int | None:
    return next((balance for balance in balances if balance is not None), None)


def _with_balances(statement: Statement) -> Statement:
    """The same with a balance beside every row, where the file's own chain holds throughout."""
    rows = without_repeats(statement.rows, statement.opening)
    chain = Chain(rows, statement.opening, statement.closing)
    if not chain.has_balances or not all(link.holds for link in chain.links()):
        return replace(statement, rows=tuple(rows))
    filled = [
        row if row.covered or row.balance is not None else replace(row, balance=chain.at(point))
        for point, row in enumerate(rows, 1)
    ]
    return replace(statement, rows=tuple(filled))


def _union(statements: Sequence[Statement], opening: int | None) -> list[PlacedRow]:
    """Each row as often as the one file that shows it most often, in the order in which they happened."""
    taken: Counter[object] = Counter()
    rows: list[PlacedRow] = []
    for statement in statements:
        here: Counter[object] = Counter()
        for row in statement.rows:
            key = _identity(row)
            here[key] += 1
            if here[key] > taken[key]:
                taken[key] = here[key]
                rows.append(PlacedRow(statement.file, row))
    order = in_order([placed.row for placed in rows], opening)
    return [rows[place] for place in order]


def _identity(row: StatementRow) -> object:
    if row.balance is not None:
        return row.day, row.amount, row.balance
    return row.day, row.at, row.amount, row.text, row.covered


def differing_day(statements: Sequence[Statement]) -> tuple[date, str, str] | None:
    """The first day at whose end two files, that both speak of the day after too, state different balances."""
    known: dict[date, tuple[int, str]] = {}
    for statement in statements:
        for day, balance in _ends_of_days(statement):
            told, file = known.setdefault(day, (balance, statement.file))
            if told != balance and file != statement.file:
                return day, file, statement.file
    return None


def _ends_of_days(statement: Statement) -> list[tuple[date, int]]:
    rows = [row for row in statement.rows if not row.covered]
    last_of_day = {row.day: row.balance for row in rows}
    whole = sorted(last_of_day)[:-1] if rows else []
    return [(day, balance) for day in whole if (balance := last_of_day[day]) is not None]


def notes_of(statements: Iterable[Statement]) -> list[tuple[str, Note]]:
    """What reading noted, with the file it concerns."""
    return [(statement.file, note) for statement in statements for note in statement.notes]
