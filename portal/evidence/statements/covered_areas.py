"""Rows of a picture that somebody covered: where a black box lies in the way of a row, something was there.

A box leaves no words, so a covered row would be one that never was, and its neighbours would follow on each other. Here
the rows that a box touches, and those that fit into it, become covered ones. In doubt there is one too many: that only
makes an answer "cannot tell".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from portal.evidence.statements import marks
from portal.evidence.statements.numbers import COVERED
from portal.evidence.statements.words import Cell, Grid, Word

NEAR_ABOVE, NEAR_BESIDE = 0.15, 0.5
"""A word so near to a box, in its own heights, may have been cut by it."""

REACH = 1.5
"""So many rows' distance a box may lie above the first row of a page, or below the last, to have covered rows."""

_BLACK = Cell((Word(0, 0.0, 0.0, 0.0, 0.0, COVERED),))


@dataclass(frozen=True, slots=True)
class Area:
    """A covered part of a page, in the places of its words; a box drawn on a leaning page takes in all it touched."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class _Span:
    """How far a row reaches, by its amounts."""

    page: int
    top: float
    bottom: float


def with_covered(grid: Grid, areas: Sequence[Area]) -> Grid:
    """The grid with the rows covered that a box touches, and covered rows where boxes leave room for them."""
    spans = [_span(row, grid.kinds) for row in grid.rows]
    known = [span for span in spans if span is not None]
    if not areas or not known:
        return grid
    pitch = _pitch(known)
    rows = [_blackened(row, grid) if _is_touched(row, grid.kinds, areas) else row for row in grid.rows]
    wanted: dict[int, int] = {}
    for page, top, bottom in _stretches(_over_amounts(grid, areas), pitch):
        for at, room in _gaps(spans, page, top, bottom, pitch):
            wanted[at] = wanted.get(at, 0) + room
    return replace(grid, rows=tuple(_filled(rows, wanted, grid)))


def _span(row: Sequence[Cell], kinds: Sequence[str]) -> _Span | None:
    words = _words(row, kinds, marks.MONEY)
    return _Span(words[0].page, min(w.y0 for w in words), max(w.y1 for w in words)) if words else None


def _words(row: Sequence[Cell], kinds: Sequence[str], wanted: Iterable[str]) -> list[Word]:
    named = frozenset(wanted)
    return [word for cell, kind in zip(row, kinds, strict=True) if kind in named for word in cell.words]


def _pitch(spans: Sequence[_Span]) -> float:
    steps = [below.top - above.top for above, below in pairwise(spans) if above.page == below.page]
    heights = [span.bottom - span.top for span in spans]
    forward = [step for step in steps if step > 0]
    return min(median(forward), 4 * median(heights)) if forward else 2 * median(heights)


def _is_touched(row: Sequence[Cell], kinds: Sequence[str], areas: Sequence[Area]) -> bool:
    return any(
        _reaches(word, area) for word in _words(row, kinds, {*marks.MONEY, "date", "direction"}) for area in areas
    )


def _reaches(word: Word, area: Area) -> bool:
    above, beside = NEAR_ABOVE * word.height, NEAR_BESIDE * word.height
    return (
        word.page == area.page
        and word.x0 - beside < area.x1
        and word.x1 + beside > area.x0
        and word.y0 - above < area.y1
        and word.y1 + above > area.y0
    )


def _over_amounts(grid: Grid, areas: Sequence[Area]) -> list[Area]:
    """The boxes that reach into the columns of amounts; others hide no row, since its amounts would still be seen."""
    words = [word for row in grid.rows for word in _words(row, grid.kinds, marks.MONEY)]
    left, right = min(word.x0 for word in words), max(word.x1 for word in words)
    return [area for area in areas if area.x0 < right and area.x1 > left]


def _stretches(areas: Sequence[Area], pitch: float) -> Iterator[tuple[int, float, float]]:
    """The boxes of each page from top to bottom, those near each other as one."""
    open_one: tuple[int, float, float] | None = None
    for area in sorted(areas, key=lambda area: (area.page, area.y0)):
        if open_one and open_one[0] == area.page and area.y0 - open_one[2] < REACH * pitch:
            open_one = (area.page, open_one[1], max(open_one[2], area.y1))
            continue
        if open_one:
            yield open_one
        open_one = (area.page, area.y0, area.y1)
    if open_one:
        yield open_one


def _gaps(
    spans: Sequence[_Span | None], page: int, top: float, bottom: float, pitch: float
) -> Iterator[tuple[int, int]]:
    """Before which row, and how many rows, a stretch of boxes may have covered between those that are seen."""
    here = [(at, span) for at, span in enumerate(spans) if span is not None and span.page == page]
    if not here:
        before = sum(span is not None and span.page < page for span in spans)
        yield before, _room(bottom - top, pitch)
        return
    first, last = here[0], here[-1]
    if top < first[1].top and bottom > first[1].top - REACH * pitch:
        yield first[0], _room(min(bottom, first[1].top) - top, pitch)
    for (_, above), (at, below) in pairwise(here):
        hidden = min(bottom, below.top) - max(top, above.bottom)
        if hidden > (above.bottom - above.top) / 2:
            yield at, _room(hidden, pitch)
    if bottom > last[1].bottom and top < last[1].bottom + REACH * pitch:
        yield last[0] + 1, _room(bottom - max(top, last[1].bottom), pitch)


def _room(height: float, pitch: float) -> int:
    return max(1, round(height / pitch))


def _filled(rows: Sequence[tuple[Cell, ...]], wanted: dict[int, int], grid: Grid) -> Iterator[tuple[Cell, ...]]:
    for at, row in enumerate(rows):
        yield from [_blackened(rows[max(0, at - 1)], grid)] * wanted.get(at, 0)
        yield row
    yield from [_blackened(rows[-1], grid)] * wanted.get(len(rows), 0)


def _blackened(row: Sequence[Cell], grid: Grid) -> tuple[Cell, ...]:
    """A covered row of the same day as this one."""
    return tuple(
        cell if kind == "date" else _BLACK if kind in marks.MONEY else Cell()
        for cell, kind in zip(row, grid.kinds, strict=True)
    )
