"""Starts the reader of uploads as a child process and trusts nothing that it answers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from portal.core.card_numbers import masked
from portal.core.statement import Statement
from portal.evidence.file_kinds import KINDS, MAX_JPEG_PIXELS, MAX_PAGES, PROBLEMS, READABLE_KINDS
from portal.evidence.statements.outcomes import OUTCOMES, fingerprint
from portal.evidence.statements.wire import from_json, plain_text

WAIT_SECONDS = 12
MOST_STATEMENT_BYTES = 32 * 1024 * 1024
ROOT = Path(__file__).resolve().parents[2]
# Nothing of the portal's own environment, so no secret, reaches the child.
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "1"}


_TRY_TO_LEAVE = "import sys; from portal.evidence.reading import leave_network; sys.exit(not leave_network())"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a view copy: a plain JPEG and its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Want:
    """What is asked of the reader: a view copy, the bank statements in the file, or both.

    `columns` says what a statement's columns mean where a person was asked, `currency` is taken where the file
    names none. `covered` are the rectangles of each page, in thousandths of it, that somebody covered.
    """

    pages: bool = True
    statements: bool = False
    columns: Mapping[str, str] | None = None
    currency: str = ""
    covered: Mapping[str, Sequence[tuple[int, int, int, int]]] | None = None


VIEW_COPY = Want()


@dataclass(frozen=True, slots=True)
class UnknownColumns:
    """A table whose columns a person must name; asked once for each `fingerprint`. `samples` are its first rows."""

    header: tuple[str, ...]
    missing: tuple[str, ...]
    fingerprint: str
    samples: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader found: the kind and the pages, or the code of the problem and no pages.

    Where statements were wanted, they, or in `no_statement` the code of why there are none; `columns_unknown`
    comes with the `columns` in question. They stay where the file was read as an answer to them says, `answer`.
    """

    kind: str
    pages: tuple[Page, ...]
    problem: str = ""
    statements: tuple[Statement, ...] = ()
    no_statement: str = ""
    columns: UnknownColumns | None = None
    answer: int | None = None


def read_upload(name: str, data: bytes, password: str = "", want: Want = VIEW_COPY) -> Reading:
    """Check a file and read what is wanted in a child process; takes up to 12 s and never raises for a bad file."""
    request = json.dumps({"name": name, "password": password, "want": asdict(want)}).encode() + b"\n"
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "portal.evidence.reading"],
                input=request + data,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=WAIT_SECONDS,
                cwd=ROOT,
                env=ENVIRONMENT,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return problem_of("too_long")
        if done.returncode != 0:
            return problem_of("broken")
        answer.seek(0)
        return parse_answer(answer, name, want)


class NotPainted(Exception):
    """A page could not be painted over; nothing was changed."""


def paint_over(page: bytes, boxes: Sequence[tuple[int, int, int, int]]) -> Page:
    """A page of a view copy with these boxes (thousandths of it) black, made in a child process; raises NotPainted."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "portal.evidence.painting"],
            input=json.dumps(boxes).encode() + b"\n" + page,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            cwd=ROOT,
            env=ENVIRONMENT,
            check=True,
            start_new_session=True,
        )
        return plain_jpeg(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise NotPainted from error


def without_lines(
    name: str, data: bytes, lines: Sequence[Sequence[int]], columns: Mapping[str, str] | None = None
) -> bytes:
    """A table with these lines covered for each of its statements, made in a child process; raises NotPainted.

    What it answers is a stranger's file, to be read as one.
    """
    request = {"name": name, "lines": [list(each) for each in lines], "columns": columns}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "portal.evidence.line_covering"],
            input=json.dumps(request).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            cwd=ROOT,
            env=ENVIRONMENT,
            check=True,
            start_new_session=True,
        )
    except subprocess.SubprocessError as error:
        raise NotPainted from error
    return done.stdout


@cache
def leaves_network() -> bool:
    """Whether this system lets a reader give up its network: tried in a child, since nobody can say it otherwise."""
    tried = subprocess.run(
        [sys.executable, "-c", _TRY_TO_LEAVE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=WAIT_SECONDS,
        cwd=ROOT,
        env=ENVIRONMENT,
        check=False,
    )
    return tried.returncode == 0


def parse_answer(answer: IO[bytes], name: str, want: Want) -> Reading:
    """What a reader answered, checked: whatever is not as it should be makes the file "broken"."""
    try:
        head = json.loads(answer.readline(65_536))
        if "problem" in head:
            return problem_of(head["problem"])
        sizes, kind = head["pages"], head["kind"]
        if kind not in (READABLE_KINDS if want.statements else KINDS) or not _right_number(len(sizes), kind, want):
            return problem_of("broken")
        pages = tuple(plain_jpeg(answer.read(size)) for size in sizes)
        return _with_statements(Reading(kind=kind, pages=pages), head, answer, name)
    except (ValueError, KeyError, TypeError, RecursionError):
        return problem_of("broken")


def _right_number(pages: int, kind: str, want: Want) -> bool:
    return 0 < pages <= MAX_PAGES if want.pages and kind in KINDS else pages == 0


def _with_statements(reading: Reading, head: Mapping[str, Any], answer: IO[bytes], name: str) -> Reading:
    if "statements" in head:
        told = answer.read(min(int(head["statements"]), MOST_STATEMENT_BYTES))
        return replace(reading, statements=from_json(json.loads(told), name))
    if "no_statement" not in head:
        return reading
    code = head["no_statement"] if head["no_statement"] in OUTCOMES else "broken"
    columns = _columns(head) if code == "columns_unknown" else None
    return replace(reading, no_statement=code, columns=columns)


def _columns(head: Mapping[str, Any]) -> UnknownColumns:
    header = tuple(masked(plain_text(cell, 60)) for cell in head["header"][:80])
    missing = tuple(part for part in ("date", "amount") if part in head["missing"])
    rows = [[masked(plain_text(cell, 24)) for cell in row[:80]] for row in head.get("samples", ())[:2]]
    return UnknownColumns(header, missing, fingerprint(header), tuple(map(tuple, rows)))


def problem_of(code: str) -> Reading:
    """The reading of a file that cannot be taken, by a code that we know."""
    return Reading(kind="", pages=(), problem=code if code in PROBLEMS else "broken")


def plain_jpeg(data: bytes) -> Page:
    """Accept a JPEG that carries pixels and nothing else; raises ValueError for a comment, EXIF or a tail."""
    if not data.startswith(b"\xff\xd8") or not data.endswith(b"\xff\xd9"):
        raise ValueError("no whole JPEG")
    at, width, height = 2, 0, 0
    while data[at : at + 1] == b"\xff":
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFE or 0xE1 <= marker <= 0xEF:
            raise ValueError("metadata in a view copy")
        if marker == 0xC0:
            height, width = (int.from_bytes(data[at + k : at + k + 2], "big") for k in (5, 7))
        if marker == 0xDA:
            break
        at += 2 + max(2, length)
    else:
        raise ValueError("no picture data")
    if not 0 < width * height <= MAX_JPEG_PIXELS or data.find(b"\xff\xd9", at) != len(data) - 2:
        raise ValueError("no single picture")
    return Page(data, width, height)
