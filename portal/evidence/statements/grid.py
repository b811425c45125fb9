"""A table of texts becomes a statement: CSV, workbooks, PDF tables and pictures all end here.

The header row is found by its names, never by its line; what stands around it says whose account it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from portal.core.money import MINOR_DIGITS
from portal.core.statement import Note, Statement
from portal.evidence.statements.bookings import Bookings
from portal.evidence.statements.dates import Column, hint_of, read_column, written
from portal.evidence.statements.headers import (
    Meaning,
    currency_code,
    is_header,
    lacking,
    meanings_of,
    plain_name,
)
from portal.evidence.statements.numbers import COVERED, decimal_mark, figure, minor_units
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from portal.evidence.statements.preamble import Preamble, around

SEARCHED_ROWS = 400
"""How far down a header row may stand."""

MOST_ROWS = 60_000
SAMPLE_ROWS = 2
"""So many rows are shown to a person who is asked what the columns mean."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header ends (-1: there is none), what its columns mean, and its cells."""

    at: int
    meanings: Mapping[int, Meaning]
    cells: tuple[str, ...]


def statement_of(
    grid: Sequence[Sequence[str]],
    *,
    file: str,
    lines: Sequence[int] | None = None,
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
    unclear: frozenset[int] = frozenset(),
) -> Statement:
    """Read a table with whatever stands above and below it; the header row is found by its names.

    `lines` numbers the grid's rows as a person counts them (by default from 1), `columns` says what the named
    columns mean where a person was asked (a column without a name of its own is called by its number), `currency` is
    taken where the file names none, `unclear` are the lines that a picture shows too badly to trust. Raises
    `ColumnsUnknown` and `NotAStatement`.
    """
    if len(grid) > MOST_ROWS:
        raise NotAStatement("too_long")
    numbers = lines if lines is not None else range(1, len(grid) + 1)
    header = header_of(grid, columns)
    body = list(zip(numbers, grid, strict=True))[header.at + 1 :]
    body = [(line, row) for line, row in body if not _repeats(row, header)]
    return _Reader(file, header, grid, body, currency, unclear).read()


# --- The header -----------------------------------------------------------------------------------------------


def header_of(grid: Sequence[Sequence[str]], columns: Mapping[str, Meaning] | None = None) -> Header:
    """The row that names the columns; raises `ColumnsUnknown` where none makes a table of bookings."""
    if columns:
        return _as_told(grid, columns)
    best: tuple[int, Header] | None = None
    for at, row in enumerate(grid[:SEARCHED_ROWS]):
        meanings = meanings_of(row)
        if is_header(meanings) and (best is None or len(meanings) > best[0]):
            best = (len(meanings), Header(at, meanings, tuple(row)))
    return best[1] if best else _over_two_lines(grid)


def _over_two_lines(grid: Sequence[Sequence[str]]) -> Header:
    for at, (upper, lower) in enumerate(pairwise(grid[:SEARCHED_ROWS])):
        width = max(len(upper), len(lower))
        cells = tuple(f"{_cell(upper, place)} {_cell(lower, place)}".strip() for place in range(width))
        for tried in (cells, tuple(_cell(lower, place) or _cell(upper, place) for place in range(width))):
            meanings = meanings_of(tried)
            if is_header(meanings) and not any(written(cell) for cell in lower):
                return Header(at + 1, meanings, tried)
    raise _unknown(grid)


def _unknown(grid: Sequence[Sequence[str]]) -> Exception:
    """Ask about the row above the first one that looks like a booking; without one, this is no statement."""
    for at, row in enumerate(grid[:SEARCHED_ROWS]):
        dated = any(written(cell) for cell in row if len(cell) < 30)
        money = sum(figure(cell) is not None and written(cell) is None for cell in row)
        if dated and money:
            names = next((each for each in reversed(grid[:at]) if sum(bool(cell.strip()) for cell in each) > 1), None)
            cells = names if names is not None else [str(place) for place in range(1, len(row) + 1)]
            return ColumnsUnknown(cells, lacking(meanings_of(cells)), grid[at : at + SAMPLE_ROWS])
    return NotAStatement("no_table")


def _as_told(grid: Sequence[Sequence[str]], columns: Mapping[str, Meaning]) -> Header:
    wanted = {plain_name(name): meaning for name, meaning in columns.items()}
    named = not all(name.isdigit() for name in wanted)
    for at, row in enumerate(grid[:SEARCHED_ROWS]):
        numbers = {str(place): place - 1 for place in range(1, len(row) + 1)} if named else {}
        names = numbers | {plain_name(cell): place for place, cell in enumerate(row)}
        if wanted.keys() <= names.keys():
            known = {place: meaning for place, meaning in meanings_of(row).items() if meaning not in wanted.values()}
            told = known | {names[name]: meaning for name, meaning in wanted.items()}
            return _told(at, told, tuple(row))
    if all(name.isdigit() for name in wanted):
        return _told(-1, {int(name) - 1: meaning for name, meaning in wanted.items()}, tuple(wanted))
    raise _unknown(grid)


def _told(at: int, meanings: Mapping[int, Meaning], cells: tuple[str, ...]) -> Header:
    kept = {place: meaning for place, meaning in meanings.items() if meaning != "ignore"}
    if not is_header(kept):
        raise ColumnsUnknown(cells, lacking(kept))
    return Header(at, kept, cells)


def _repeats(row: Sequence[str], header: Header) -> bool:
    """Is it the header once more, as on every page?"""
    if header.at < 0:
        return False
    named = [place for place in header.meanings if _cell(header.cells, place)]
    same = sum(_cell(row, place).casefold() == _cell(header.cells, place).casefold() for place in named)
    return bool(named) and same > len(named) // 2


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if 0 <= place < len(row) else ""


# --- The rows -------------------------------------------------------------------------------------------------


class _Reader:
    """One table on its way to a statement."""

    def __init__(
        self,
        file: str,
        header: Header,
        grid: Sequence[Sequence[str]],
        body: Sequence[tuple[int, Sequence[str]]],
        currency: str,
        unclear: frozenset[int],
    ) -> None:
        self._file = file
        self._header = header
        self._body = body
        self._unclear = unclear
        self._hint = currency
        above = grid[: max(header.at, 0)]
        date_cells = [self._of(row, "date") for _, row in body]
        below = [row for (_, row), cell in zip(body, date_cells, strict=True) if written(cell) is None]
        self._around = [*above, *(row for row in below if sum(bool(cell.strip()) for cell in row) < 4)]
        first = around(self._around)
        texts = (cell for row in self._around for cell in row)
        self._dates: Column = read_column(date_cells, first.year_hint, hint_of(texts))
        self._facts: Preamble = around(self._around, self._dates.order) if self._dates.order else first

    def _of(self, row: Sequence[str], meaning: Meaning) -> str:
        return next((_cell(row, place) for place, each in self._header.meanings.items() if each == meaning), "")

    def _values(self, meaning: Meaning) -> list[str]:
        return [value for _, row in self._body if (value := self._of(row, meaning)) and value != COVERED]

    def read(self) -> Statement:
        """The statement; what could not be made out is in its notes."""
        currency, notes = self._currency()
        notes += self._accounts()
        bookings = Bookings(self._header.meanings, self._dates, MINOR_DIGITS.get(currency, 2), self._unclear)
        if self._dates.unsure:
            unsure = Note("dates_ambiguous", {"example": self._dates.unsure})
            return Statement(self._file, self._account(), self._holder(), currency, (), notes=(*notes, unsure))
        bookings.read(self._body)
        if not bookings.rows and not bookings.unreadable:
            raise NotAStatement("no_rows")
        opening, closing = self._stated(bookings, MINOR_DIGITS.get(currency, 2))
        rows, more = bookings.in_order_of_happening(opening)
        from_day, to_day = self._period(bookings)
        return Statement(
            file=self._file,
            account=self._account(),
            holder=self._holder(),
            currency=currency,
            rows=rows,
            from_day=from_day,
            to_day=to_day,
            opening=opening,
            closing=closing,
            notes=(*notes, *more, *self._counts(bookings)),
        )

    def _account(self) -> str:
        return next(iter(self._values("account")), "") or self._facts.account

    def _holder(self) -> str:
        return next(iter(self._values("holder")), "") or self._facts.holder

    def _currency(self) -> tuple[str, list[Note]]:
        codes = {code for value in self._values("currency") if (code := currency_code(value, MINOR_DIGITS))}
        if len(codes) > 1:
            return sorted(codes)[0], [Note("mixed", {"what": "currencies"})]
        named = next(iter(codes), "") or self._facts.currency or self._in_names() or self._in_amounts()
        return named or self._hint, []

    def _in_names(self) -> str:
        """A currency that the amount's or balance's own column name carries: Amount (EUR)."""
        money = [place for place, meaning in self._header.meanings.items() if meaning in _MONEY]
        found = {currency_code(_cell(self._header.cells, place), MINOR_DIGITS) for place in money} - {""}
        return found.pop() if len(found) == 1 else ""

    def _in_amounts(self) -> str:
        """A currency that stands in the cells: CNY 123.18, ¥28.16."""
        first = [value.strip() for meaning in ("balance", "amount") for value in self._values(meaning)][:1]
        return next((code for value in first if (code := currency_code(value.lstrip("+-")[:3], MINOR_DIGITS))), "")

    def _accounts(self) -> list[Note]:
        shown = {value[-4:] for value in self._values("account") if value[-4:].isdigit()}
        return [Note("mixed", {"what": "accounts"})] if len(shown) > 1 else []

    def _stated(self, bookings: Bookings, digits: int) -> tuple[int | None, int | None]:
        mark = decimal_mark([self._facts.opening, self._facts.closing, *bookings.figures])
        told = []
        for named, in_table in ((self._facts.opening, bookings.opening), (self._facts.closing, bookings.closing)):
            value = minor_units(named.body, mark, digits) if named else None
            if value is not None and named is not None and (named.sign == "-" or named.side == "debit"):
                value = -value
            told.append(in_table if in_table is not None else value)
        return told[0], told[1]

    def _period(self, bookings: Bookings) -> tuple[date | None, date | None]:
        return self._facts.from_day or bookings.from_day, self._facts.to_day or bookings.to_day

    def _counts(self, bookings: Bookings) -> Iterable[Note]:
        declared, found = self._facts.count, bookings.counted
        if declared is not None and declared != found:
            yield Note("count_differs", {"declared": declared, "found": found})
        if bookings.totals_differ:
            yield Note("totals_differ")


_MONEY: frozenset[Meaning] = frozenset(("amount", "credit", "debit", "balance"))
