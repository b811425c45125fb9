"""Starts the reader of uploads as a child process and trusts nothing that it answers."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.evidence.file_kinds import KINDS, MAX_JPEG_PIXELS, MAX_PAGES, PROBLEMS

WAIT_SECONDS = 12
_ROOT = Path(__file__).resolve().parents[2]
# Nothing of the portal's own environment, so no secret, reaches the child.
_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a view copy: a plain JPEG and its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader found: the kind and the pages, or the code of the problem and no pages."""

    kind: str
    pages: tuple[Page, ...]
    problem: str = ""


def read_upload(name: str, data: bytes, password: str = "") -> Reading:
    """Check a file and make its view copy in a child process; takes up to 12 s and never raises for a bad file."""
    request = json.dumps({"name": name, "password": password}).encode() + b"\n"
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "portal.evidence.reading"],
                input=request + data,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=WAIT_SECONDS,
                cwd=_ROOT,
                env=_ENVIRONMENT,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return _problem("too_long")
        if done.returncode != 0:
            return _problem("broken")
        answer.seek(0)
        return _parse(answer)


def _parse(answer: IO[bytes]) -> Reading:
    try:
        head = json.loads(answer.readline(65_536))
        if "problem" in head:
            return _problem(head["problem"])
        sizes = head["pages"]
        if head["kind"] not in KINDS or not 0 < len(sizes) <= MAX_PAGES:
            return _problem("broken")
        pages = tuple(plain_jpeg(answer.read(size)) for size in sizes)
    except (ValueError, KeyError, TypeError):
        return _problem("broken")
    return Reading(kind=head["kind"], pages=pages)


def _problem(code: str) -> Reading:
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
