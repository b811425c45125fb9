"""Files as people and attackers send them, made on the spot: pictures, PDFs, bombs and two files in one."""

import base64
import io
import zipfile
import zlib
from typing import Any

import pikepdf
from PIL import Image

CANARY = b"CanaryMaker"

_HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAE0AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "AA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNw"
    "AAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFz"
    "wIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAA"
    "Av////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAFVtZGF0AAAASSgBrxOA5Ta3/6eO"
    "X8m4B6ZWpruSLKF+SqH0Xd/ElliDcbrANE/RUr0cakP+J/0wWD1X/9B15fVExoSS9C7pu6h/xqzIZZX89kA="
)

_HEIC_WITH_POSITION = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAADRpbG9jAAAAAERAAAIAAQAAAAAB4gABAAAAAAAAAE0AAgAAAAACLwABAAAAAAAAAKIAAAA4aWluZgAAAAAAAgAAABVp"
    "bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZo"
    "dmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAA"
    "AwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAA"
    "AAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1h"
    "AAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAA921kYXQAAABJKAGvE4DlNrf/p45fybgHplam"
    "u5IsoX5KofRd38SWWINxusA0T9FSvRxqQ/4n/TBYPVf/0HXl9UTGhJL0Lum7qH/GrMhllfz2QAAAAAZFeGlmAABNTQAqAAAA"
    "CAACAQ8AAgAAAAwAAAAmiCUABAAAAAEAAAAyAAAAAENhbmFyeU1ha2VyAAAEAAEAAgAAAAJOAAAAAAIABQAAAAMAAABoAAMA"
    "AgAAAAJFAAAAAAQABQAAAAMAAACAAAAAAAAAAB8AAAABAAAADQAAAAEAAAAxAAAAAQAAAHkAAAABAAAAHAAAAAEAAAANAAAA"
    "AQ=="
)


def picture(
    width: int = 120, height: int = 80, *, mode: str = "RGB", kind: str = "PNG", colour: Any = None, **options: Any
) -> bytes:
    """A plain picture as a file; `options` go to Pillow's writer."""
    image = Image.new(mode, (width, height), colour if colour is not None else 0)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def with_position(kind: str = "JPEG") -> bytes:
    """A picture as a phone takes it: maker, place, comment, and turned on its side."""
    if kind == "HEIC":
        return _HEIC_WITH_POSITION
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    exif[0x0112] = 6
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (31.0, 13.0, 49.0), "E", (121.0, 28.0, 13.0)
    options: dict[str, Any] = {"exif": exif}
    if kind == "JPEG":
        options["comment"] = b"<!-- CanaryMaker -->"
    return picture(kind=kind, **options)


def heic() -> bytes:
    """A small HEIC of 64 × 48 pixels."""
    return _HEIC


def huge_heic() -> bytes:
    """The same few bytes claiming 11,000 × 9,000 pixels."""
    data = bytearray(_HEIC)
    at = data.find(b"ispe")
    assert at > 0
    while at > 0:
        data[at + 8 : at + 12], data[at + 12 : at + 16] = (11_000).to_bytes(4, "big"), (9_000).to_bytes(4, "big")
        at = data.find(b"ispe", at + 4)
    return bytes(data)


def moving_png() -> bytes:
    """A PNG with two frames."""
    return picture(save_all=True, append_images=[Image.new("RGB", (120, 80), "red")])


def pdf(pages: int = 1, text: str = "Opening balance 412.55", **root: Any) -> bytes:
    """A PDF with a line of text on each page; `root` adds entries to its catalogue."""
    document = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    shared = document.make_indirect(pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font)))
    content = document.make_stream(f"BT /F1 18 Tf 60 700 Td ({text}) Tj ET".encode())
    for _ in range(pages):
        page = pikepdf.Page(
            pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=[0, 0, 595, 842], Resources=shared, Contents=content)
        )
        document.pages.append(page)
    for key, value in root.items():
        document.Root[f"/{key}"] = value
    return _saved(document)


PASSWORD = "sesame"


def locked_pdf() -> bytes:
    """A PDF that opens with `PASSWORD` only."""
    with pikepdf.open(io.BytesIO(pdf())) as document:
        out = io.BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner=PASSWORD, user=PASSWORD))
        return out.getvalue()


def script() -> pikepdf.Dictionary:
    """An action that runs a script."""
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def flate_bomb() -> bytes:
    """A PDF whose page of a few kilobytes unpacks to a gigabyte."""
    document = pikepdf.open(io.BytesIO(pdf()))
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(1_000)) + packer.flush()
    document.pages[0].Contents = pikepdf.Stream(document, packed, Filter=pikepdf.Name.FlateDecode)
    return _saved(document, compress_streams=False)


def archive() -> bytes:
    """A ZIP with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("index.html", "<script>alert(1)</script>")
    return out.getvalue()


def _saved(document: pikepdf.Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    document.save(out, **options)
    document.close()
    return out.getvalue()
