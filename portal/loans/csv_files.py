"""Opens the CSV files of an import folder and gives their rows in chunks; names a wrong encoding."""

import codecs
import csv
import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from portal.loans.intake import REJECTED_BECAUSE, Fault, File, Problem

CHUNK_ROWS = 1_000
GUARDED = frozenset("=+-@")
"""What a spreadsheet takes for a formula: `portal export` puts an apostrophe before it."""
SAMPLE_BYTES = 1 << 20
FILES_OF_EXPORT = frozenset({"plans.csv", "holds.csv"})
"""What `portal export` writes beside waivers.csv: passed over, so that its folder can be imported back."""

CHINESE_ENCODINGS = {"gb18030": "GB18030 (GBK), as Excel writes CSV in Chinese", "big5": "Big5"}


class Unreadable(Exception):
    """A file that can not be read as a whole: none of its rows counts."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].reason)
        self.problems = problems


class RawRow(NamedTuple):
    """A row as it stands: its line, and its cells in the order of the file's columns, absent ones empty."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row whose cells do not match the header; `cells` are those that can be told."""

    line: int
    cells: Sequence[str]
    problem: Problem


@dataclass(frozen=True, slots=True)
class Folder:
    """What is in an import folder: files of the format, what was passed over, and what slips seem to mean."""

    present: tuple[File, ...]
    passed_over: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    misnamed: frozenset[str] = frozenset()


def survey(path: Path, files: Sequence[File]) -> Folder:
    """Which files of the format are there. A name that looks like a slip of the pen is a problem."""
    names = {file.name for file in files}
    others = sorted(
        entry.name for entry in path.iterdir() if entry.suffix.lower() == ".csv" and entry.name not in names
    )
    problems, misnamed = [], set()
    for name in others:
        close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.8)
        if close and name not in FILES_OF_EXPORT:
            problems.append(Problem(name, 0, "", name, f"is not a file of the import; did you mean {close[0]}?"))
            misnamed.add(close[0].removesuffix(".csv"))
    present = tuple(file for file in files if (path / file.name).is_file())
    return Folder(present, tuple(others), tuple(problems), frozenset(misnamed))


def chunks(path: Path, file: File) -> Iterator[list[RawRow | BadRow]]:
    """The rows of a file, a thousand at a time. Unreadable for a wrong encoding or header."""
    with path.open(encoding="utf-8-sig", newline="", errors="strict") as lines:
        rows = _rows(path, file, lines)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            yield chunk


def original_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file by line, the header first, untouched."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        line = 1
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1


def cells_of(path: Path, column: str, lines: Collection[int]) -> dict[int, str]:
    """The cells of one column as they stand, by line."""
    rows = original_rows(path)
    place = [cell.strip() for cell in next(rows)[1]].index(column)
    return {line: cells[place].strip() for line, cells in rows if line in lines}


def _rows(path: Path, file: File, lines: Iterator[str]) -> Iterator[RawRow | BadRow]:
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        arrange = _arrangement(file, header)
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(header):
                cells.append("")
                yield RawRow(line, arrange([_plain(cell) for cell in cells]))
            elif cells:
                reason = f"has {len(cells)} cells where the header has {len(header)}"
                padded = [*map(_plain, cells[: len(header)]), *([""] * len(header))][: len(header)]
                problem = Problem(file.name, line, "", ",".join(cells)[:80], reason)
                yield BadRow(line, arrange([*padded, ""]), problem)
            line = reader.line_num + 1
    except UnicodeDecodeError:
        raise Unreadable(_encoding_problem(path, file.name)) from None
    except csv.Error as error:
        reason = f"is not CSV from here on: {error}"
        raise Unreadable(Problem(file.name, reader.line_num, "", "", reason)) from None


def _plain(cell: str) -> str:
    """A cell without spaces around it and without the export's guard against formulas."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in GUARDED else cell


def _arrangement(file: File, header: list[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """How to put a row's cells into the order of the file's columns; the last cell stands for absent ones."""
    known = [column.name for column in file.columns]
    problems = [Problem(file.name, 1, *fault) for fault in _header_faults(file, header, known)]
    if problems:
        raise Unreadable(*problems)
    return itemgetter(*(header.index(name) if name in header else -1 for name in known))


def _header_faults(file: File, header: list[str], known: list[str]) -> Iterator[Fault]:
    for name in sorted(set(header), key=header.index):
        if name not in known and name != REJECTED_BECAUSE:
            yield Fault(name, name, _unknown_column(name, known))
        if header.count(name) > 1:
            yield Fault(name, name, "is in the header twice")
    for column in file.columns:
        if column.name not in header and not column.may_be_absent:
            yield Fault(column.name, "", "is missing from the header")


def _unknown_column(name: str, known: list[str]) -> str:
    if "\0" in name:
        return "the file is in UTF-16, but must be in UTF-8"
    if any(mark in name for mark in (";", "\t")):
        return "the cells must be separated by commas"
    close = difflib.get_close_matches(name, known, n=1)
    return f"is not a column of this file; did you mean {close[0]}?" if close else "is not a column of this file"


def _encoding_problem(path: Path, name: str) -> Problem:
    line, bad = _first_line_not_utf8(path)
    reason = f"the file is in {encoding_of(path)}, but must be in UTF-8: save or export it as CSV UTF-8"
    return Problem(name, line, "", bad.decode("ascii", "backslashreplace")[:80], reason)


def _first_line_not_utf8(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number, line.strip()
    return 0, b""


def encoding_of(path: Path) -> str:
    """The likely encoding of a file that is not UTF-8, by name."""
    with path.open("rb") as lines:
        sample = lines.read(SAMPLE_BYTES)
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in sample:
        return "UTF-16"
    for encoding, name in CHINESE_ENCODINGS.items():
        if _is_mostly_chinese(sample, encoding):
            return name
    return "an encoding that is not UTF-8 (perhaps Windows-1252)"


def _is_mostly_chinese(sample: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    foreign = [mark for mark in text if ord(mark) > 127]
    # What stands in the private area is text of another encoding.
    if any("\ue000" <= mark <= "\uf8ff" for mark in foreign):
        return False
    return bool(foreign) and sum(map(_is_chinese, foreign)) * 2 >= len(foreign)


def _is_chinese(mark: str) -> bool:
    """A character, a Chinese mark or a full-width form."""
    return "\u4e00" <= mark <= "\u9fff" or "\u3000" <= mark <= "\u303f" or mark >= "\uff00"
