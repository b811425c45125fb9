"""Workbooks: XLSX and old XLS through calamine, the first sheet that holds a statement, as a person sees its cells."""

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineWorkbook

from portal.core.statement import Statement
from portal.evidence.statements.grid import statement_of
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement

MOST_CELLS = 3_000_000
MOST_SHEETS = 30

Value = int | float | str | bool | time | date | datetime | timedelta


def read(
    name: str, data: bytes, *, columns: Mapping[str, Meaning] | None = None, currency: str = ""
) -> list[Statement]:
    """The statements of all sheets that hold one; raises what the first sheet says where none does."""
    found: list[Statement] = []
    refusal: Exception | None = None
    for _title, grid in sheets(data):
        try:
            found.append(statement_of(grid, file=name, columns=columns, currency=currency))
        except (ColumnsUnknown, NotAStatement) as problem:
            if refusal is None or isinstance(problem, ColumnsUnknown):
                refusal = problem
    if not found:
        raise refusal or NotAStatement("no_table")
    return found


def sheets(data: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """The sheets that can be read, with their names and cells; raises `NotAStatement` `too_long`."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for title in book.sheet_names[:MOST_SHEETS]:
        try:
            sheet = book.get_sheet_by_name(title)
        except ValueError:
            continue
        if sheet.total_height * sheet.total_width > MOST_CELLS:
            raise NotAStatement("too_long")
        yield title, [[shown(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def shown(cell: Value) -> str:
    """A cell as text. Numbers are rounded where only binary arithmetic made them long."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return _plain(Decimal(repr(round(cell, 6))))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d") if cell.time() == time(0) else cell.strftime("%Y-%m-%d %H:%M:%S")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
