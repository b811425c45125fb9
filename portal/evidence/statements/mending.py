"""What a picture's figures are worth: the chain of balances proves them, mends a few, and shows which are not sure.

A figure is mended only where the model itself offers another reading and that one alone makes the link before and
the link after the row hold. A row whose figures stay contradicted, or whose date was not read well, is unclear:
nothing is decided on it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from portal.core.money import MINOR_DIGITS
from portal.core.statement import Statement, StatementRow
from portal.evidence.statements import marks
from portal.evidence.statements.dates import written
from portal.evidence.statements.numbers import figure, minor_units
from portal.evidence.statements.words import Cell, Grid, Word

SURE_DATE = 0.8
"""A date that the model reads with less confidence in any of its digits is not sure; no chain proves dates."""

SURE_FIGURE = 0.6
"""The same for a figure that no link of the chain proves."""

ROUNDS = 3

_UNREADABLE = Cell((Word(0, 0.0, 0.0, 0.0, 0.0, "?", 0.0),))

Read = Callable[[Grid, frozenset[int]], Statement]
"""A grid becomes a statement; the second argument are the lines that are too unclear to count."""


def settled(grid: Grid, read: Read) -> Statement:
    """The statement with what the chain mends mended, and what stays doubtful left out as unreadable."""
    grid = _with_sure_dates(grid)
    statement = read(grid, frozenset())
    if _outside(statement):
        grid = _undated(grid, _outside(statement))
        statement = read(grid, frozenset())
    for _ in range(ROUNDS):
        fixes = dict(_fixes(grid, statement))
        if not fixes:
            break
        grid = _with(grid, fixes)
        statement = read(grid, frozenset())
    unclear = _unproven(grid, statement)
    return read(grid, unclear) if unclear else statement


# --- What the chain says --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Linked:
    """A row between its neighbours: the balance before it, and whether its own link and the next hold."""

    row: StatementRow
    before: int | None
    holds: bool | None
    next_row: StatementRow | None
    next_holds: bool | None
    proven_before: bool


def _linked(statement: Statement) -> list[_Linked]:
    rows = statement.rows
    befores = [statement.opening, *(row.balance for row in rows[:-1])]
    holds = [
        None if before is None or row.balance is None else before + row.amount == row.balance
        for before, row in zip(befores, rows, strict=False)
    ]
    return [
        _Linked(
            row,
            befores[at],
            holds[at],
            rows[at + 1] if at + 1 < len(rows) else None,
            holds[at + 1] if at + 1 < len(rows) else None,
            holds[at - 1] is True if at else statement.opening is not None,
        )
        for at, row in enumerate(rows)
    ]


def _fixes(grid: Grid, statement: Statement) -> Iterator[tuple[tuple[int, int], str]]:
    """Which cell (row, column) should read what: the one offered reading that mends both links of a row."""
    digits = MINOR_DIGITS.get(statement.currency, 2)
    places = _places(grid)
    for linked in _linked(statement):
        if linked.holds is not False or not 0 < linked.row.line <= len(grid.rows):
            continue
        row = grid.rows[linked.row.line - 1]
        if linked.next_holds is True and linked.proven_before:
            yield from _amount_fix(linked, row, places, digits)
        elif linked.next_holds is False:
            yield from _balance_fix(linked, row, places, digits)


def _amount_fix(
    linked: _Linked, row: Sequence[Cell], places: Mapping[str, int], digits: int
) -> Iterator[tuple[tuple[int, int], str]]:
    """Both balances are proven by their other links, so the amount is their difference, if it is offered."""
    if linked.before is None or linked.row.balance is None:
        return
    wanted = linked.row.balance - linked.before
    for meaning in ("amount", "debit", "credit"):
        column = places.get(meaning)
        if column is None or not row[column].words:
            continue
        needed = {"amount": wanted, "debit": -wanted, "credit": wanted}[meaning]
        if meaning != "amount" and needed < 0:
            continue
        offered = [text for text in _offers(row[column]) if _minor(text, digits) == needed]
        if meaning == "amount" and not offered and _minor(row[column].text, digits) == -needed > 0:
            offered = [f"-{row[column].text}"]  # the dash before an amount is the first thing that a picture loses
        if len(set(offered)) == 1:
            yield (linked.row.line - 1, column), offered[0]


def _balance_fix(
    linked: _Linked, row: Sequence[Cell], places: Mapping[str, int], digits: int
) -> Iterator[tuple[tuple[int, int], str]]:
    """The balance that fits the row's own amount and the next row, if it is offered."""
    column, after = places.get("balance"), linked.next_row
    if column is None or linked.before is None or after is None or after.balance is None:
        return
    wanted = linked.before + linked.row.amount
    if wanted + after.amount != after.balance:
        return
    offered = {text for text in _offers(row[column]) if _minor(text, digits) == wanted}
    if len(offered) == 1:
        yield (linked.row.line - 1, column), offered.pop()


def _offers(cell: Cell) -> list[str]:
    """What the model offers besides for a cell of one word, in the same digits only once."""
    found: dict[str, str] = {}
    for word in cell.words[:1] if len(cell.words) == 1 else ():
        for reading in word.readings:
            text = marks.mended_figure(reading)
            found.setdefault(text, text)
    return list(found)


def _minor(text: str, digits: int) -> int | None:
    found = figure(marks.mended_figure(text))
    value = minor_units(found.body, ".", digits) if found else None
    return -value if value is not None and found is not None and found.sign == "-" else value


def _with(grid: Grid, fixes: Mapping[tuple[int, int], str]) -> Grid:
    rows = [list(row) for row in grid.rows]
    for (at, column), text in fixes.items():
        (word,) = rows[at][column].words
        rows[at][column] = Cell((replace(word, text=text, readings=()),))
    return replace(grid, rows=tuple(tuple(row) for row in rows))


def _places(grid: Grid) -> Mapping[str, int]:
    return {kind: at for at, kind in enumerate(grid.kinds) if kind}


# --- What stays doubtful --------------------------------------------------------------------------------------


def _unproven(grid: Grid, statement: Statement) -> frozenset[int]:
    """Lines whose figures are contradicted on both sides, or were read badly and are proven by nothing."""
    places = _places(grid)
    columns = [places[meaning] for meaning in ("amount", "debit", "credit", "balance") if meaning in places]
    found = set()
    for linked in _linked(statement):
        contradicted = linked.holds is False and linked.next_holds is not True
        proven = linked.holds is True
        cells = grid.rows[linked.row.line - 1] if 0 < linked.row.line <= len(grid.rows) else ()
        unsure = cells and any(cells[column].confidence < SURE_FIGURE for column in columns)
        if contradicted or (unsure and not proven):
            found.add(linked.row.line)
    return frozenset(found)


def _with_sure_dates(grid: Grid) -> Grid:
    """Dates that were not read, not read well or break the order become unreadable ones; none is inherited."""
    column = _places(grid).get("date")
    if column is None:
        return grid
    unsure = {
        line
        for line, row in enumerate(grid.rows, 1)
        if not row[column].words or row[column].confidence < SURE_DATE or written(row[column].text) is None
    }
    return _undated(grid, unsure | _out_of_order(grid, column))


def _undated(grid: Grid, lines: Set[int]) -> Grid:
    """The grid with a question mark for the date of these lines."""
    column = _places(grid)["date"]
    rows = [
        (*row[:column], _UNREADABLE, *row[column + 1 :]) if line in lines else row
        for line, row in enumerate(grid.rows, 1)
    ]
    return replace(grid, rows=tuple(rows))


def _outside(statement: Statement) -> frozenset[int]:
    """Lines whose day lies outside of the period that the statement itself says it covers."""
    first, last = statement.from_day, statement.to_day
    return frozenset(row.line for row in statement.rows if (first and row.day < first) or (last and row.day > last))


def _out_of_order(grid: Grid, column: int) -> frozenset[int]:
    """Lines whose date breaks the order in which nearly all others run."""
    days = [(line, _day(row[column].text)) for line, row in enumerate(grid.rows, 1)]
    known = [(line, day) for line, day in days if day]
    steps = [(a < b) - (a > b) for (_, a), (_, b) in pairwise(known)]
    way = 1 if sum(steps) >= 0 else -1
    found = set()
    for (_, before), (line, day), (_, after) in zip(known, known[1:], known[2:], strict=False):
        fits = before <= after if way > 0 else before >= after
        out = not (before <= day <= after if way > 0 else before >= day >= after)
        if fits and out:
            found.add(line)
    return frozenset(found)


def _day(text: str) -> str:
    """The day as a text that sorts, empty where it is not plain."""
    day = written(text)
    days = set(day.by_order.values()) if day else set()
    return days.pop().isoformat() if len(days) == 1 else ""
