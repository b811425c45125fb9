"""Which files are taken: their extension, first bytes and limits (security.md EV-02, EV-03, EV-06).

Pure and small, because the sandbox and the portal both ask it.
"""

import io
import re
import zipfile
from pathlib import PurePath

from portal.evidence import data_kinds
from portal.evidence.data_kinds import DATA_KINDS

MAX_FILE_BYTES = 20_000_000
MAX_CASE_FILES = 10
MAX_CASE_BYTES = 60_000_000
MAX_PIXELS = 60_000_000
MAX_JPEG_PIXELS = 120_000_000
MAX_SIDE = 40_000
MAX_PAGES = 100
MAX_PDF_OBJECTS = 100_000

KINDS = ("pdf", "jpeg", "png", "heic")
"""What has pages to look at."""

READABLE_KINDS = (*KINDS, *DATA_KINDS)
"""What an upload may be: besides, the files of data that banks give their customers."""

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "xml": "application/xml",
    "mt940": "text/plain",
    "ofx": "application/x-ofx",
}
FILE_ENDINGS = {"pdf": "pdf", "jpeg": "jpg", "png": "png", "heic": "heic"} | {
    "csv": "csv", "xlsx": "xlsx", "xls": "xls", "xml": "xml", "mt940": "sta", "ofx": "ofx",
}  # fmt: skip

# Why a file could not be read; the words for each are in `queries.REASONS`.
PROBLEMS = ("wrong_type", "two_files", "broken", "too_large", "too_long", "moving", "password", "active")

_KIND_OF_ENDING = {
    "pdf": "pdf", "jpg": "jpeg", "jpeg": "jpeg", "jpe": "jpeg", "jfif": "jpeg",
    "png": "png", "heic": "heic", "heif": "heic",
}  # fmt: skip
# A second ending inside the name is a second claim about what the file is.
_FOREIGN_ENDINGS = frozenset(
    "asp aspx bat cmd dll docm exe hta htm html jar js jsp lnk mht msi php phtml ps1 scr sh shtml svg swf "
    "vbs xht xhtml zip".split()
)
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis"))
# The short ones occur by chance in a large picture, and only count where a program would look for them.
_LONG_MARK_UP = re.compile(rb"<!doctype|<script|<iframe|<\?php", re.IGNORECASE)
_MARK_UP = re.compile(rb"<!doctype|<script|<iframe|<\?php|<html|<body|<svg", re.IGNORECASE)


def kind_of_name(name: str) -> str | None:
    """The kind that a file name claims, None when it claims none of ours or more than one thing."""
    last = _ending(name)
    return _KIND_OF_ENDING.get(last) if last else None


def _ending(name: str) -> str | None:
    endings = [ending.removeprefix(".").lower() for ending in PurePath(name).suffixes]
    if not endings or _FOREIGN_ENDINGS.intersection(endings) or "xml" in endings[:-1]:
        return None
    return endings[-1]


def kind_of_content(data: bytes) -> str | None:
    """The kind that the first bytes show, None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data[4:8] == b"ftyp" and _HEIC_BRANDS.intersection(_brands(data)):
        return "heic"
    return None


def kind_of(name: str, data: bytes) -> str | None:
    """The kind on which name and first bytes agree, None where they do not."""
    kind = kind_of_content(data)
    return kind if kind is not None and kind == kind_of_name(name) else None


def readable_kind_of(name: str, data: bytes) -> str | None:
    """The same for everything that the sandbox can read, files of data included."""
    claimed = _ending(name)
    return kind_of(name, data) or (data_kinds.kind_of(claimed, data) if claimed else None)


def hides_another_file(kind: str, data: bytes) -> bool:
    """Is this file a second thing as well: an archive at its end, a page or a PDF inside a picture?"""
    if kind in DATA_KINDS:
        return data_kinds.hides_another_file(kind, data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        return True
    if kind == "pdf":
        end = data.rfind(b"%%EOF")
        return _MARK_UP.search(data[:1024]) is not None or _MARK_UP.search(data[max(end, 0) :]) is not None
    start = data[:4096]
    return b"%PDF-" in start or _MARK_UP.search(start) is not None or _LONG_MARK_UP.search(data) is not None


def _brands(data: bytes) -> list[bytes]:
    size = min(int.from_bytes(data[:4], "big"), 256)
    return [data[8:12], *(data[start : start + 4] for start in range(16, size, 4))]
