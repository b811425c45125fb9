"""Files of data that banks give their customers: which they are, by name and content, and what they may not be."""

import io
import re
import zipfile
import zlib

DATA_KINDS = ("csv", "xlsx", "xls", "xml", "mt940", "ofx")

MAX_WORKBOOK_PARTS = 2_000
MAX_UNPACKED_BYTES = 120_000_000
MAX_PACKING = 200
"""How many times larger than packed a part of a workbook may be, beyond the first megabyte."""

_KINDS_OF_ENDING = {
    "csv": {"csv"}, "tsv": {"csv"}, "txt": {"csv", "mt940", "ofx"}, "xlsx": {"xlsx"}, "xls": {"xls", "csv"},
    "xml": {"xml", "ofx"}, "camt": {"xml"}, "camt053": {"xml"}, "053": {"xml"},
    "sta": {"mt940"}, "mt940": {"mt940"}, "940": {"mt940"}, "mt9": {"mt940"}, "swi": {"mt940"}, "fin": {"mt940"},
    "ofx": {"ofx"}, "qfx": {"ofx"}, "qbo": {"ofx"},
}  # fmt: skip
_ARCHIVE, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARK_UP = re.compile(rb"<!doctype|<!entity|<script|<iframe|<\?php|<html|<body|<svg|%PDF-", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_END_OF_FILE = b"\x1a"
"""What old systems write behind a text."""

_MT940 = re.compile(rb"^:20:", re.MULTILINE)
_MT940_BALANCE = re.compile(rb"^:6[0-2][FM]?:", re.MULTILINE)
_FORBIDDEN_PARTS = ("vbaproject", "/embeddings/", "/activex/", "/externallinks/", "macrosheets")


def kind_of(ending: str, data: bytes) -> str | None:
    """The kind on which the name's ending and the content agree, None where they do not."""
    kind = _kind_of_content(data)
    return kind if kind is not None and kind in _KINDS_OF_ENDING.get(ending, ()) else None


def _kind_of_content(data: bytes) -> str | None:
    if data.startswith(_ARCHIVE):
        return "xlsx" if _is_workbook(data) else None
    if data.startswith(_OLD_OFFICE):
        return "xls"
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(rb"OFXHEADER|<OFX>|<\?OFX", start, re.IGNORECASE) or re.match(rb"<\?xml[^>]*>\s*<\?OFX", start):
        return "ofx"
    if start.startswith(b"<"):
        return (
            "xml"
            if re.match(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?Document\b", start, re.DOTALL)
            else None
        )
    if _MT940.search(data) and _MT940_BALANCE.search(data):
        return "mt940"
    return "csv" if _is_text(data) else None


def _is_text(data: bytes) -> bool:
    """Lines of characters: no control marks but those that lay out text."""
    encoding = utf_16(data)
    if encoding:
        try:
            data = data.decode(encoding).encode()
        except UnicodeError:
            return False
    return bool(data.strip()) and _CONTROLS.search(data.rstrip(_END_OF_FILE)) is None


def utf_16(data: bytes) -> str:
    """The name of the encoding where text is in UTF-16, with or without a mark at its beginning; else empty."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:4_000]
    if len(data) % 2 or b"\0" not in start:
        return ""
    return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"


def _is_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "[Content_Types].xml" in archive.namelist() and "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def hides_another_file(kind: str, data: bytes) -> bool:
    """Is there a page, a PDF, a program or another file in it? Of a workbook also: does it begin where it says?"""
    if kind == "xlsx":
        return _hides_in_workbook(data)
    if kind == "xls":
        return zipfile.is_zipfile(io.BytesIO(data)) or _MARK_UP.search(data[:512]) is not None
    return zipfile.is_zipfile(io.BytesIO(data)) or _MARK_UP.search(data) is not None


def _hides_in_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.casefold() for name in archive.namelist()]
            starts = min((info.header_offset for info in archive.infolist()), default=-1)
            behind = data[data.rfind(b"PK\x05\x06") + 22 :]
            return starts != 0 or len(behind) > 0 or any(part in name for name in names for part in _FORBIDDEN_PARTS)
    except (zipfile.BadZipFile, ValueError, OSError):
        return True


def is_bomb(data: bytes) -> bool:
    """Does a workbook unpack to more than a statement can be? Counted while unpacking, since a list may lie."""
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_WORKBOOK_PARTS or len({part.filename for part in parts}) < len(parts):
                return True
            for part in parts:
                size = _unpacked(archive, part, left)
                left -= size
                if left < 0 or size > 1_000_000 + MAX_PACKING * max(part.compress_size, 1):
                    return True
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        return True
    return False


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    size = 0
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            size += len(chunk)
            if size > most:
                break
    return size
