"""A table with some of its lines covered, as a file of its kind: what was in them is nowhere in it any more.

A new file is written from the cells as they were read, so that nothing else of the old one comes along: no hidden
sheet, no comment, no earlier version. Of a covered line only what says when it was, and whose account it is of, stays.
Runs inside the sandbox child only.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from portal.evidence.statements import delimited, workbook
from portal.evidence.statements.grid import Header, header_of, statement_of
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.numbers import COVERED
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement

KEPT: frozenset[Meaning] = frozenset(("date", "account", "currency", "holder"))
"""What stays readable in a covered line; without its day nobody could say whether the rule needs it."""

MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""Says nothing; so the same lines covered in the same file make the same bytes."""

Lines = Sequence[Collection[int]]
"""The numbers of the lines to cover, for each statement of the file in its order."""


def covered_copy(
    kind: str, data: bytes, lines: Lines, *, columns: Mapping[str, Meaning] | None = None, currency: str = ""
) -> bytes:
    """The file anew with these lines covered: CSV as CSV, a workbook as XLSX with its sheets that hold bookings.

    Raises `ColumnsUnknown` and `NotAStatement` where there is no statement, ValueError where the lines are not in it.
    """
    if kind == "csv":
        return _csv(data, lines, columns)
    return _workbook(data, lines, columns, currency)


def _csv(data: bytes, lines: Lines, columns: Mapping[str, Meaning] | None) -> bytes:
    table = delimited.table_of(delimited.decoded(data), columns)
    [wanted] = lines
    header = header_of(table.cells, columns)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=table.delimiter).writerows(_covered(table.cells, table.lines, header, wanted))
    return out.getvalue().encode("utf-8-sig")


def _workbook(data: bytes, lines: Lines, columns: Mapping[str, Meaning] | None, currency: str) -> bytes:
    waiting = list(lines)
    sheets = []
    for title, grid in workbook.sheets(data):
        try:
            statement_of(grid, file="", columns=columns, currency=currency)
        except (ColumnsUnknown, NotAStatement):
            continue
        if not waiting:
            raise ValueError("more statements than were said")
        numbers = range(1, len(grid) + 1)
        sheets.append((title, _covered(grid, numbers, header_of(grid, columns), waiting.pop(0))))
    if waiting:
        raise ValueError("fewer statements than were said")
    return _written(sheets)


def _written(sheets: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": MADE})
    for title, grid in sheets:
        sheet = book.add_worksheet(title)
        for row, cells in enumerate(grid):
            for place, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, place, cell)
    book.close()
    return out.getvalue()


def _covered(
    grid: Sequence[Sequence[str]], numbers: Sequence[int], header: Header, wanted: Collection[int]
) -> list[list[str]]:
    covered = set(wanted)
    if not covered <= set(numbers[header.at + 1 :]):
        raise ValueError("no such line")
    return [
        _blackened(cells, header) if number in covered else list(cells)
        for number, cells in zip(numbers, grid, strict=True)
    ]


def _blackened(cells: Sequence[str], header: Header) -> list[str]:
    width = max(len(cells), *(place + 1 for place in header.meanings))
    return [
        (cells[place] if place < len(cells) else "") if header.meanings.get(place) in KEPT else COVERED
        for place in range(width)
    ]
