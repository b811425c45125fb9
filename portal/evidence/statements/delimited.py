"""CSV and its relatives: any encoding that banks use, any delimiter, any number of lines before the table."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.core.statement import Statement
from portal.evidence.data_kinds import utf_16
from portal.evidence.statements.grid import header_of, statement_of
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement

DELIMITERS = (",", ";", "\t", "|", "，")
FIELD_LIMIT = 1_000_000

_CHINESE = re.compile("日期|时间|金额|余额|摘要|交易|账号|卡号|币种|收入|支出")
_TRADITIONAL = re.compile("日期|時間|金額|餘額|結餘|摘要|賬號|幣種")


@dataclass(frozen=True, slots=True)
class Table:
    """A text cut into cells: its rows, the line on which each begins, and by what a file of them is to be cut again."""

    delimiter: str
    lines: tuple[int, ...]
    cells: tuple[list[str], ...]


def read(
    name: str, data: bytes, *, columns: Mapping[str, Meaning] | None = None, currency: str = ""
) -> list[Statement]:
    """The one statement of a text file."""
    table = table_of(decoded(data), columns)
    return [statement_of(table.cells, file=name, lines=table.lines, columns=columns, currency=currency)]


def table_of(text: str, columns: Mapping[str, Meaning] | None = None) -> Table:
    """The text cut as it shows most columns; raises `ColumnsUnknown` and `NotAStatement`."""
    refusal: Exception = NotAStatement("no_table")
    best: tuple[int, Table] | None = None
    for table in _tables(text):
        try:
            width = len(header_of(table.cells, columns).meanings)
        except (ColumnsUnknown, NotAStatement) as problem:
            refusal = _clearer(refusal, problem)
            continue
        if best is None or width > best[0]:
            best = (width, table)
    if best is None:
        raise refusal
    return best[1]


def _clearer(known: Exception, problem: Exception) -> Exception:
    """The outcome that shows most columns is the one that a person can answer."""
    if not isinstance(problem, ColumnsUnknown):
        return known
    if isinstance(known, ColumnsUnknown) and len(known.header) >= len(problem.header):
        return known
    return problem


def decoded(data: bytes) -> str:
    """The text, whichever of the usual encodings it is in; one that holds none of them is Latin-1."""
    wide = utf_16(data)
    if wide:
        return data.decode(wide, errors="replace")
    for encoding, must_show in (("utf-8-sig", None), ("gb18030", _CHINESE), ("big5hkscs", _TRADITIONAL)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if must_show is None or must_show.search(text):
            return text
    return data.decode("cp1252", errors="replace")


def _tables(text: str) -> list[Table]:
    """The text cut into cells by each delimiter that occurs, and by columns of spaces where none does."""
    found = [_table(delimiter, _cut(text, delimiter)) for delimiter in DELIMITERS if delimiter in text]
    if re.search(r"\S {2,}\S", text):
        lines = text.splitlines()
        spaced = [(number, re.split(r"\s{2,}", line.strip())) for number, line in enumerate(lines, 1)]
        found.append(_table(DELIMITERS[0], spaced))
    return found


def _table(delimiter: str, rows: Sequence[tuple[int, list[str]]]) -> Table:
    return Table(delimiter, tuple(line for line, _ in rows), tuple(cells for _, cells in rows))


def _cut(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        last = 0
        for cells in reader:
            rows.append((last + 1, _plain(cells)))
            last = reader.line_num
    except csv.Error:
        lines = text.splitlines()
        return [(number, _plain(line.split(delimiter))) for number, line in enumerate(lines, 1)]
    return rows


def _plain(cells: Sequence[str]) -> list[str]:
    """Cells without the ="…" by which some exports keep a spreadsheet from reading them as numbers."""
    return [_unkept(cell.strip().strip("\ufeff")) for cell in cells]


def _unkept(cell: str) -> str:
    return re.sub(r'^="?(.*?)"?$', r"\1", cell).strip() if cell.startswith("=") else cell
