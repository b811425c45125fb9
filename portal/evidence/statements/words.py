"""Words in their boxes on pages, the cells and lines that they form, and the grid that they end in. Geometry alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from portal.evidence.statements import marks


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text in its box, y growing downwards; `readings` are what else it might say."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    confidence: float = 1.0
    readings: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        """Half its height."""
        return (self.y0 + self.y1) / 2

    @property
    def centre(self) -> float:
        """Half its width."""
        return (self.x0 + self.x1) / 2

    @property
    def height(self) -> float:
        """How tall it is."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Cell:
    """The words that stand in one cell, in the order of reading."""

    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """What the cell says."""
        said = ""
        for word in self.words:
            said += word.text if not said or _joins(said, word.text) else " " + word.text
        return said

    @property
    def confidence(self) -> float:
        """That of its least sure word."""
        return min((word.confidence for word in self.words), default=1.0)

    @property
    def x0(self) -> float:
        """Its left edge."""
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        """Its right edge."""
        return max(word.x1 for word in self.words)

    @property
    def centre(self) -> float:
        """The middle of its width."""
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside each other, from left to right."""

    words: tuple[Word, ...]

    @property
    def page(self) -> int:
        """The page that it is on."""
        return self.words[0].page

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return sum(word.middle for word in self.words) / len(self.words)

    @property
    def height(self) -> float:
        """How tall its words are."""
        return median(word.height for word in self.words)

    @property
    def text(self) -> str:
        """What the line says."""
        return Cell(self.words).text


@dataclass(frozen=True, slots=True)
class Grid:
    """What stands above the table, the names of its columns, and its rows."""

    above: tuple[tuple[Cell, ...], ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def texts(self) -> list[list[str]]:
        """The grid as texts, as `grid.py` reads it."""
        return [
            *([cell.text for cell in row] for row in self.above),
            list(self.names),
            *([cell.text for cell in row] for row in self.rows),
        ]

    @property
    def first_row(self) -> int:
        """How many lines of `texts` stand before the first row."""
        return len(self.above) + 1


def lines_of(words: Iterable[Word]) -> list[Line]:
    """The words as lines from top to bottom; a line may lean or bend a little, as on a photo."""
    open_lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.page, word.x0)):
        best: list[Word] | None = None
        nearest = 0.5
        for line in open_lines:
            last = line[-1]
            if last.page != word.page or last.x1 > word.x0 + 0.6 * min(word.height, last.height):
                continue
            apart = abs(last.middle - word.middle) / max(1e-6, min(word.height, last.height))
            if apart < nearest:
                best, nearest = line, apart
        if best is None:
            open_lines.append([word])
        else:
            best.append(word)
    return sorted((Line(tuple(line)) for line in open_lines), key=lambda line: (line.page, line.middle))


def segments(line: Line) -> tuple[Cell, ...]:
    """The line cut where the gap is wide, and between a date and money or two amounts however near they stand."""
    cells: list[list[Word]] = []
    for word in line.words:
        if cells and not _apart(cells[-1], word):
            cells[-1].append(word)
        else:
            cells.append([word])
    return tuple(Cell(tuple(cell)) for cell in cells)


def _apart(cell: list[Word], word: Word) -> bool:
    last = cell[-1]
    if word.x0 - last.x1 > 0.6 * min(word.height, last.height):
        return True
    left = Cell(tuple(cell)).text
    if marks.is_amount(left):
        return not marks.is_unit(word.text)
    return marks.is_date(left) and not marks.time_of_day(word.text)


def _joins(said: str, text: str) -> bool:
    """Is there no space between these two: within Chinese, or in a date cut at its dash?"""
    last, first = said[-1], text[:1]
    if last in "-/." and first.isdigit():
        return True
    return not (last.isascii() or first.isascii())
