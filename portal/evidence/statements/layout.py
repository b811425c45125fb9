"""Words with their places on pages -> a grid of cells, by geometry alone; serves the PDF and the picture reader.

A table is found by the names of its columns. Its columns are told apart by the empty rivers between them, so
left, right and centred cells all fall where a person sees them. A line with money on it is a row; lines around
it without money are the rest of wrapped cells. What stands outside of the table (account, period, sums, page
numbers) goes above it, once. A page without column names is read with the columns of the page before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from portal.evidence.statements import marks
from portal.evidence.statements.headers import Meaning, is_header, meanings_of, plain_name
from portal.evidence.statements.words import Cell, Grid, Line, Word, lines_of, segments

MAX_HEADER_LINES = 3
REACH = 1.7  # how many rows' distance a wrapped line may stand from its row


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns, what each means (as `headers.py` has it), and the edges between them."""

    names: tuple[Cell, ...]
    kinds: tuple[str, ...]
    edges: tuple[float, ...]

    def place(self, x: float) -> int:
        """The column in which this point lies."""
        return sum(x > edge for edge in self.edges)


def tables_of(words: Iterable[Word], told: Mapping[str, Meaning] | None = None) -> list[Grid]:
    """The tables on these pages; the same names again, on a new page or further down, go on with the same table.

    `told` says what columns mean where a person was asked.
    """
    known = _Names(told or {})
    pages: dict[int, list[Line]] = {}
    for line in lines_of(words):
        pages.setdefault(line.page, []).append(line)
    above: list[tuple[Cell, ...]] = []
    tables: list[tuple[Columns, list[tuple[Cell, ...]]]] = []
    columns: Columns | None = None
    for _, lines in sorted(pages.items()):
        for names, part in _parts(lines, known):
            if names:
                columns = _columns(names, part, known)
                if not tables or len(tables[-1][0].names) != len(names):
                    tables.append((columns, []))
            if columns is None:
                above += (segments(line) for line in part)
                continue
            outside, rows = _page_rows(part, columns)
            above += (segments(line) for line in outside)
            tables[-1][1].extend(rows)
    shared = _once(above)
    return [
        Grid(
            shared,
            tuple(marks.column_name(cell.text) for cell in first.names),
            first.kinds,
            tuple(_with_dates_filled(rows, first)),
        )
        for first, rows in tables
    ]


class _Names:
    """What the names of columns mean: as `headers.py` knows them, and as a person told."""

    def __init__(self, told: Mapping[str, Meaning]) -> None:
        self._told = {plain_name(name): meaning for name, meaning in told.items()}

    def meanings(self, names: Sequence[Cell]) -> dict[int, Meaning]:
        """The meaning of each column that has one."""
        found = meanings_of([marks.column_name(cell.text) for cell in names])
        by_name = {plain_name(cell.text): at for at, cell in enumerate(names)}
        if self._told and self._told.keys() <= by_name.keys():
            meant = set(self._told.values())
            found = {at: meaning for at, meaning in found.items() if meaning not in meant}
            found |= {by_name[name]: meaning for name, meaning in self._told.items()}
        return found

    def score(self, names: Sequence[Cell]) -> int:
        """How many columns have a meaning, zero where they make no table of bookings."""
        if any(marks.is_amount(cell.text) or marks.has_date(cell.text) for cell in names):
            return 0
        meanings = self.meanings(names)
        return len(meanings) if is_header(meanings) else 0


def _parts(lines: Sequence[Line], known: _Names) -> Iterable[tuple[tuple[Cell, ...], list[Line]]]:
    """A page cut at the names of columns: each part with its names, the one before the first names without."""
    names: tuple[Cell, ...] = ()
    part: list[Line] = []
    at = 0
    while at < len(lines):
        end, found = _header_at(lines, at, known)
        if found:
            yield names, part
            names, part = found, []
        else:
            part.append(lines[at])
        at = max(end, at + 1)
    yield names, part


def _header_at(lines: Sequence[Line], start: int, known: _Names) -> tuple[int, tuple[Cell, ...]]:
    """The names of columns that begin on this line and the line after them; no names where there is no header."""
    best = 0
    end = start
    names: tuple[Cell, ...] = ()
    for count in range(1, MAX_HEADER_LINES + 1):
        block = lines[start : start + count]
        if len(block) < count or not _close(block):
            break
        stacked = _stacked(block)
        score = known.score(stacked)
        if score > best and score > known.score(_stacked(block[1:])):
            best, end, names = score, start + count, stacked
    while names and end < len(lines) and _close(lines[end - 1 : end + 1]) and _names_again(lines[end]):
        end += 1
    return end, names


def _close(block: Sequence[Line]) -> bool:
    return all(below.middle - above.middle < 2.2 * max(above.height, below.height) for above, below in pairwise(block))


def _stacked(block: Sequence[Line]) -> tuple[Cell, ...]:
    """The names of one to three lines, those that stand over each other put together."""
    stacks: list[list[Word]] = []
    for cell in (cell for line in block for cell in _names(line)):
        over = next((stack for stack in stacks if _overlap(Cell(tuple(stack)), cell)), None)
        if over is None:
            stacks.append(list(cell.words))
        else:
            over += cell.words
    return tuple(sorted((Cell(tuple(stack)) for stack in stacks), key=lambda cell: cell.centre))


def _names(line: Line) -> tuple[Cell, ...]:
    """The cells of a line of names; names that stand close together are names of their own."""
    cells: list[Cell] = []
    for cell in segments(line):
        if len(cell.words) > 1 and not cell.text.isascii() and all(map(_is_chinese_name, cell.words)):
            cells += (Cell((word,)) for word in cell.words)
        else:
            cells.append(cell)
    return tuple(cells)


def _is_chinese_name(word: Word) -> bool:
    return not word.text.isascii() and (marks.names_column(word.text) or marks.usual_name(word.text) == word.text)


def _overlap(left: Cell, right: Cell) -> bool:
    shared = min(left.x1, right.x1) - max(left.x0, right.x0)
    return shared > 0.3 * min(left.x1 - left.x0, right.x1 - right.x0)


def _names_again(line: Line) -> bool:
    """The same names in a second language, or the rest of long ones."""
    cells = segments(line)
    if any(marks.is_figure(cell.text) or marks.has_date(cell.text) for cell in cells):
        return False
    return sum(marks.names_column(cell.text) for cell in cells) * 2 > len(cells) and len(cells) > 1


def _columns(names: tuple[Cell, ...], lines: Sequence[Line], known: _Names) -> Columns:
    meanings = known.meanings(names)
    kinds = tuple(str(meanings.get(at, "")) for at in range(len(names)))
    data = [
        cell
        for line in lines
        if any(marks.is_amount(word.text) for word in line.words) and not marks.is_total(line.text)
        for cell in segments(line)
    ]
    edges = tuple(_river(left, right, [*names * 2, *data]) for left, right in pairwise(names))
    return Columns(names, kinds, edges)


def _river(left: Cell, right: Cell, cells: Sequence[Cell]) -> float:
    """The middle of the widest way from top to bottom between two names that the fewest cells cross."""
    low, high = left.centre, right.centre
    spans = [(max(cell.x0, low), min(cell.x1, high)) for cell in cells if cell.x1 > low and cell.x0 < high]
    stops = sorted({low, high, *(stop for span in spans for stop in span)})
    ways = [(sum(x0 < to and x1 > frm for x0, x1 in spans), frm - to, (frm + to) / 2) for frm, to in pairwise(stops)]
    return min(ways)[2] if ways else (low + high) / 2


def _page_rows(lines: Sequence[Line], columns: Columns) -> tuple[list[Line], list[tuple[Cell, ...]]]:
    """The lines of a page under the names: those outside of the table, and its rows with wrapped cells joined."""
    placed = [(line, _placed(line, columns)) for line in lines]
    anchors = [at for at, (line, cells) in enumerate(placed) if _is_row(line, cells, columns)]
    joined: dict[int, list[int]] = {at: [at] for at in anchors}
    outside: list[Line] = []
    for at, (line, cells) in enumerate(placed):
        if at in joined:
            continue
        anchor = _anchor(at, placed, anchors, columns)
        if anchor is None or marks.is_total(line.text) or _has_money(cells, columns):
            outside.append(line)
        else:
            joined[anchor].append(at)
    return outside, [
        tuple(
            Cell(tuple(word for at in sorted(parts) for word in placed[at][1][column].words))
            for column in range(len(columns.names))
        )
        for _, parts in sorted(joined.items())
    ]


def _placed(line: Line, columns: Columns) -> tuple[Cell, ...]:
    """The words of a line in their columns; a run of words goes whole where most of it stands."""
    found: list[list[Word]] = [[] for _ in columns.names]
    for cell in segments(line):
        whole = len(cell.words) == 1 or columns.place(cell.x0) == columns.place(cell.x1)
        for word in cell.words:
            found[columns.place(cell.centre if whole else word.centre)].append(word)
    return tuple(Cell(tuple(words)) for words in found)


def _is_row(line: Line, cells: Sequence[Cell], columns: Columns) -> bool:
    dated = _dated(cells, columns)
    money = [cell for cell, kind in zip(cells, columns.kinds, strict=True) if kind in marks.MONEY]
    moved = [cell for cell, kind in zip(cells, columns.kinds, strict=True) if kind in marks.MONEY - {"balance"}]
    if marks.is_total(line.text) and not (dated and any(marks.is_figure(cell.text) for cell in moved)):
        return False
    if any(marks.is_amount(cell.text) for cell in money):
        return True
    return dated and any(cell.words and any(sign.isdigit() for sign in cell.text) for cell in money)


def _has_money(cells: Sequence[Cell], columns: Columns) -> bool:
    """Does anything stand in a column of amounts? The rest of a wrapped cell never does."""
    return any(cell.words for cell, kind in zip(cells, columns.kinds, strict=True) if kind in marks.MONEY)


def _dated(cells: Sequence[Cell], columns: Columns) -> bool:
    return any(
        marks.has_date(cell.text) for cell, kind in zip(cells, columns.kinds, strict=True) if kind in {"date", "time"}
    )


def _anchor(
    at: int, placed: Sequence[tuple[Line, tuple[Cell, ...]]], anchors: Sequence[int], columns: Columns
) -> int | None:
    """The row to which a line without money belongs: the nearest; one that starts with a date, the next undated."""
    if not anchors:
        return None
    here = placed[at][0]
    pitch = max(_pitch([placed[anchor][0] for anchor in anchors]), 1.2 * here.height)
    if _dated(placed[at][1], columns):
        below = next((anchor for anchor in anchors if anchor > at), None)
        if below is not None and not _dated(placed[below][1], columns):
            return below if placed[below][0].middle - here.middle < 2 * REACH * pitch else None
    nearest = min(anchors, key=lambda anchor: (round(abs(placed[anchor][0].middle - here.middle), 1), anchor))
    return nearest if abs(placed[nearest][0].middle - here.middle) < REACH * pitch else None


def _pitch(lines: Sequence[Line]) -> float:
    steps = [below.middle - above.middle for above, below in pairwise(lines)]
    return median(steps) if steps else 2 * lines[0].height


def _with_dates_filled(rows: Sequence[tuple[Cell, ...]], columns: Columns) -> list[tuple[Cell, ...]]:
    """Rows of one day under a date that is printed once; only where the statement never repeats a date."""
    column = next((at for at, kind in enumerate(columns.kinds) if kind == "date"), None)
    if column is None:
        return list(rows)
    dates = [row[column].text for row in rows]
    repeats = any(above and above == below for above, below in pairwise(dates))
    if repeats or all(dates):
        return list(rows)
    filled: list[tuple[Cell, ...]] = []
    for row in rows:
        if not row[column].words and filled:
            row = (*row[:column], filled[-1][column], *row[column + 1 :])
        filled.append(row)
    return filled


def _once(rows: Iterable[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """Each line once: the letterhead and the footer come again on every page."""
    seen: dict[str, tuple[Cell, ...]] = {}
    for row in rows:
        seen.setdefault(" ".join(cell.text for cell in row), row)
    return tuple(seen.values())
