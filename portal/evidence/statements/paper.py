"""Words on pages become statements: by their table or, where there is none, by the list that an app shows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from portal.core.statement import Note, Statement
from portal.evidence.statements import marks, mending
from portal.evidence.statements.covered_areas import Area, with_covered
from portal.evidence.statements.grid import statement_of
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.layout import tables_of
from portal.evidence.statements.listing import listing_of
from portal.evidence.statements.numbers import COVERED
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from portal.evidence.statements.words import Cell, Grid, Word, lines_of, segments

_PAGE_OF = re.compile(
    r"第 ?(?P<a>\d{1,3}) ?页.{0,4}共 ?(?P<b>\d{1,3}) ?页|共 ?(?P<f>\d{1,3}) ?页.{0,4}第 ?(?P<e>\d{1,3}) ?页"
    r"|page ?(?P<c>\d{1,3}) ?(?:of|/) ?(?P<d>\d{1,3})",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?<=[^:：(（])(?=(?:币种|户名|姓名|账号|帐号|卡号|起止日期|起止时间|查询时间|查询期间|交易时间段|开户行|期初余额|期末余额)[\s:：\d]?)"
)
_NUMBERED = re.compile(r"卡号|账号|帐号")
_TAIL = re.compile(r"(?:尾号|末四位|后四位)(?:为|是)?[\s:：(（]{0,2}(\d{4})(?!\d)|[(（*](\d{4})[)）](?!\d)")


def statements_of(
    words: Sequence[Word],
    *,
    file: str,
    photographed: bool,
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
    areas: Sequence[Area] = (),
) -> list[Statement]:
    """The statements that the words show; a photographed one counts only as far as its chain proves it.

    `areas` are what somebody covered: rows that may have been there count as covered ones.

    Raises `ColumnsUnknown` and `NotAStatement`.
    """
    grids = tables_of(words, columns)
    if not grids:
        listed = listing_of(words)
        grids = [listed] if listed else []
    if not grids:
        plain = [[cell.text for cell in segments(line)] for line in lines_of(words)]
        return [statement_of(plain, file=file, columns=columns, currency=currency)]
    found: list[Statement] = []
    problem: Exception = NotAStatement("no_table")
    notes = tuple(_missing_pages(words))
    for grid in grids:
        try:
            statement = _statement(with_covered(grid, areas), file, columns, currency, photographed=photographed)
        except (ColumnsUnknown, NotAStatement) as reason:
            problem = reason
        else:
            found.append(replace(statement, notes=(*statement.notes, *notes)))
    if not found:
        raise problem
    return found


def _statement(
    grid: Grid, file: str, columns: Mapping[str, Meaning] | None, currency: str, *, photographed: bool
) -> Statement:
    def read(shown: Grid, unclear: frozenset[int]) -> Statement:
        lines = [0] * shown.first_row + list(range(1, len(shown.rows) + 1))
        return statement_of(
            _texts(shown, photographed=photographed),
            file=file,
            lines=lines,
            columns=columns,
            currency=currency,
            unclear=unclear,
        )

    if photographed:
        return mending.settled(grid, read)
    flagged = (line for line, row in enumerate(grid.rows, 1) if any(cell.confidence <= 0 for cell in row))
    return read(grid, frozenset(flagged))


def _texts(grid: Grid, *, photographed: bool) -> list[list[str]]:
    """What `grid.py` reads: labels told apart above the table, amounts in one piece below its names."""
    above = [_labelled(row, whole=photographed) for row in grid.above]
    rows = [
        [
            _amount(cell, photographed=photographed) if kind in marks.MONEY else cell.text
            for cell, kind in zip(row, grid.kinds, strict=True)
        ]
        for row in grid.rows
    ]
    return [*above, list(grid.names), *rows]


def _labelled(row: Sequence[Cell], *, whole: bool) -> list[str]:
    """One cell for each label, and the tail of a card as an account number is written.

    `whole`: in a picture the gaps between words say little, so that the labels alone part a line.
    """
    cells = [" ".join(cell.text for cell in row)] if whole else [cell.text for cell in row]
    parts = [part.strip() for cell in cells for part in _LABEL.split(cell)]
    return [_with_tail(part) for part in parts]


def _with_tail(part: str) -> str:
    tail = _TAIL.search(part)
    if tail is None or _NUMBERED.search(part):
        return part
    return f"{part} 账号 ****{tail[1] or tail[2]}"


def _amount(cell: Cell, *, photographed: bool) -> str:
    together = "".join(word.text for word in cell.words)
    if together == COVERED:
        return COVERED
    said = together if marks.is_figure(together) else cell.text
    return marks.mended_figure(together) if photographed else said


def _missing_pages(words: Sequence[Word]) -> Iterable[Note]:
    """Where the pages count themselves and not all are there."""
    said = [match for line in lines_of(words) if (match := _PAGE_OF.search(marks.plain(line.text)))]
    pages = {int(match["a"] or match["e"] or match["c"]) for match in said}
    total = max((int(match["b"] or match["f"] or match["d"]) for match in said), default=0)
    if total and len(pages & set(range(1, total + 1))) < total:
        yield Note("pages_missing", {"seen": len(pages), "total": total})
