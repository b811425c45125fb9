"""The sandboxed reader of one upload, run as a child process: `python -m portal.evidence.reading`.

It takes a line of JSON and the file on standard input, and answers on standard output with a line of JSON, the
pages of the view copy (pictures painted on fresh canvases, so that nothing but what is visible survives, EV-03 to
EV-06, M17, M18) and, where they were asked for, the bank statements in it as JSON. It gives up its network and most
of its memory before the first byte is read. Nothing here may be imported by the portal itself: `sandbox.py` starts
it.
"""

import ctypes
import io
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.core.card_numbers import masked
from portal.evidence.data_kinds import DATA_KINDS, is_bomb
from portal.evidence.file_kinds import (
    MAX_JPEG_PIXELS,
    MAX_PAGES,
    MAX_PDF_OBJECTS,
    MAX_PIXELS,
    MAX_SIDE,
    hides_another_file,
    kind_of,
    readable_kind_of,
)

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
ANSWER_BYTES = 96 * 1024 * 1024
SHORT_SIDE = 2_400
PAGE_HEIGHT = 4_000
STRIP_ROWS = 128
PDF_PAGE_PIXELS = 2_600_000
PDF_POINTS_TO_PIXELS = 150 / 72
JPEG_QUALITY = 82
MAX_DEPTH = 60
MAX_NODES = 2_000_000
MOST_COLUMNS, MOST_HEADER_TEXT, MOST_SAMPLE_TEXT = 80, 60, 24

# The EXIF orientations, as the numbers of Pillow's transpositions.
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}

# What acts, fetches or carries a file. A plain web address (/URI) only disappears with the view copy.
ACTIVE_KEYS = frozenset(("/JS", "/JavaScript", "/AA", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA"))
ACTIVE_KINDS = frozenset(
    "/JavaScript /Launch /SubmitForm /ImportData /GoToR /GoToE /Rendition /Movie /Sound /RichMedia "
    "/RichMediaExecute /Screen /3D /FileAttachment /EmbeddedFile /Trans3D".split()
)


class Unreadable(Exception):
    """The file cannot be taken; `code` names the reason (one of `file_kinds.PROBLEMS`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def main() -> None:
    """Read the request, answer it, and leave; any failure of a library is the plain answer "broken"."""
    confine()
    warnings.simplefilter("error")
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    told = b""
    try:
        kind, pages = read(request["name"], data, request["password"], request["want"])
        answer: dict[str, Any] = {"kind": kind, "pages": [len(page) for page in pages]}
        if request["want"]["statements"]:
            more, told = statements(kind, data, request)
            answer |= more
    except Unreadable as problem:
        answer, pages = {"problem": problem.code}, []
    except MemoryError:
        answer, pages = {"problem": "too_large"}, []
    except Exception:
        answer, pages = {"problem": "broken"}, []
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    for page in pages:
        sys.stdout.buffer.write(page)
    sys.stdout.buffer.write(told)
    sys.stdout.buffer.flush()


def confine(memory_bytes: int = MEMORY_BYTES, cpu_seconds: int = CPU_SECONDS) -> None:
    """Bound memory, time and output, and leave the network where the system allows it."""
    if sys.platform == "win32":
        return
    import resource

    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (most, most))
    if sys.platform == "linux":
        leave_network()
        libc = ctypes.CDLL(None)
        set_parent_death_signal, sigkill, set_no_new_privileges = 1, 9, 38
        libc.prctl(set_parent_death_signal, sigkill, 0, 0, 0)
        libc.prctl(set_no_new_privileges, 1, 0, 0, 0)


def leave_network() -> bool:
    """Move into a network of our own that leads nowhere; whether the system allowed it."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    clone_new_user, clone_new_net = 0x10000000, 0x40000000
    both: int = libc.unshare(clone_new_user | clone_new_net)
    alone: int = both and libc.unshare(clone_new_net)
    return alone == 0


def read(name: str, data: bytes, password: str, want: Mapping[str, Any]) -> tuple[str, list[bytes]]:
    """The kind of the file and the pages of its view copy as JPEG; raises `Unreadable`.

    Files of data are taken only where statements are wanted, and have no pages.
    """
    kind = readable_kind_of(name, data) if want["statements"] else kind_of(name, data)
    if kind is None:
        raise Unreadable("wrong_type")
    if hides_another_file(kind, data):
        raise Unreadable("two_files")
    if kind == "xlsx" and is_bomb(data):
        raise Unreadable("too_large")
    if kind == "pdf":
        check_pdf(data, password)
    if kind in DATA_KINDS or not want["pages"]:
        return kind, []
    return kind, list(render_pdf(data, password) if kind == "pdf" else picture_pages(kind, data))


def statements(kind: str, data: bytes, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The statements in the file as JSON, or why there are none; a view copy that was made stands either way."""
    from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
    from portal.evidence.statements.reading import read_statements
    from portal.evidence.statements.wire import to_json

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_statements(
                request["name"],
                kind,
                data,
                password=request["password"],
                columns=request["want"]["columns"],
                currency=request["want"]["currency"],
            )
            told = json.dumps(to_json(found)).encode()
    except NotAStatement as outcome:
        return {"no_statement": outcome.code}, b""
    except ColumnsUnknown as unknown:
        return {
            "no_statement": "columns_unknown",
            "header": _without_cards(unknown.header, MOST_HEADER_TEXT),
            "missing": list(unknown.missing),
            "samples": [_without_cards(row, MOST_SAMPLE_TEXT) for row in unknown.samples],
        }, b""
    except MemoryError:
        return {"no_statement": "too_long"}, b""
    except Exception:
        return {"no_statement": "broken"}, b""
    return {"statements": len(told)}, told


def _without_cards(cells: Sequence[str], most: int) -> list[str]:
    """The beginnings of cells; masked before they are cut, since half a card number is not known for one."""
    return [masked(cell)[:most] for cell in cells[:MOST_COLUMNS]]


def picture_pages(kind: str, data: bytes) -> Iterator[bytes]:
    """One picture as pages of readable size; long screenshots are cut, so that each page fits a screen."""
    picture = _decoded(kind, data)
    width, height = picture.size
    scale = min(1.0, SHORT_SIDE / min(picture.size))
    page_height = round(PAGE_HEIGHT / scale) if height > 2 * width else height
    for top in range(0, height, page_height):
        rows = range(top, min(top + page_height, height))
        size = max(1, round(width * scale)), max(1, round(len(rows) * scale))
        yield _as_jpeg(_painted(picture, rows, int(1 / scale)), size)


def _decoded(kind: str, data: bytes) -> Any:
    """The whole picture, upright; a huge JPEG already at a reduced scale."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
    picture = _open_picture(kind, data)
    _refuse_oversize(kind, picture.size)
    if kind == "jpeg":
        picture.draft("RGB", _reduced(picture.size))
    elif getattr(picture, "n_frames", 1) != 1:
        raise Unreadable("moving")
    picture.load()
    turn = TURNS.get(picture.getexif().get(0x0112, 1))
    return picture if turn is None else picture.transpose(turn)


def _open_picture(kind: str, data: bytes) -> Any:
    from PIL import Image

    if kind == "heic":
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.register_heif_opener()
    return Image.open(io.BytesIO(data), formats=["HEIF" if kind == "heic" else kind.upper()])


def _refuse_oversize(kind: str, size: tuple[int, int]) -> None:
    most = MAX_JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS
    if max(size) > MAX_SIDE or size[0] * size[1] > most:
        raise Unreadable("too_large")


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    """What a JPEG is asked to be while it is decoded: never under the view copy's size, half when it is huge."""
    width, height = size
    scale = min(1.0, SHORT_SIDE / min(size))
    if width * height > MAX_PIXELS:
        scale = min(scale, 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


def _painted(picture: Any, rows: range, shrink: int = 1) -> Any:
    """These rows, `shrink` times smaller, on a fresh canvas: no EXIF, no position, no comment, no profile (M18).

    In strips, since the memory limit has room for one whole picture only.
    """
    from PIL import Image

    width = picture.width
    canvas = Image.new("RGB", (-(-width // shrink), -(-len(rows) // shrink)))
    for top in range(rows.start, rows.stop, STRIP_ROWS * shrink):
        box = (0, top, width, min(top + STRIP_ROWS * shrink, rows.stop))
        part = picture.crop(box)
        part.info = picture.info
        part = _plain_colours(part)
        strip = Image.new("RGB", part.size, "white")
        strip.paste(part, (0, 0), part if part.mode == "RGBA" else None)
        canvas.paste(strip.reduce(shrink), (0, (top - rows.start) // shrink))
    return canvas


def _as_jpeg(canvas: Any, size: tuple[int, int]) -> bytes:
    from PIL import Image

    if size != canvas.size:
        canvas = canvas.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    canvas.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _plain_colours(part: Any) -> Any:
    if part.mode.startswith("I"):  # 16 bits a sample: the upper eight are what a screen shows
        return part.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = part.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in part.info
    return part.convert("RGBA" if has_alpha else "RGB")


def check_pdf(data: bytes, password: str = "") -> None:
    """Refuse a PDF that needs a password, acts, carries files, or is too long (EV-06)."""
    import pikepdf

    try:
        pdf = pikepdf.open(io.BytesIO(data), password=password)
    except pikepdf.PasswordError:
        raise Unreadable("password") from None
    with pdf:
        if len(pdf.objects) > MAX_PDF_OBJECTS or len(pdf.pages) > MAX_PAGES:
            raise Unreadable("too_long")
        if not pdf.pages:
            raise Unreadable("broken")
        if acts(pdf):
            raise Unreadable("active")


def acts(pdf: Any) -> bool:
    """Does any object, however deeply nested, start a program, a script or a file?"""
    import pikepdf

    waiting: list[tuple[Any, int]] = [(item, 0) for item in pdf.objects]
    waiting.append((pdf.trailer, 0))
    seen = 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise Unreadable("too_long")
        if isinstance(item, pikepdf.Array):
            children: list[Any] = list(item)
        elif isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
            if _is_active(item):
                return True
            children = [value for _, value in item.items()]
        else:
            continue
        # Indirect objects are in the list already, so following them would only walk in circles.
        waiting += [(child, depth + 1) for child in children if not getattr(child, "is_indirect", False)]
    return False


def _is_active(item: Any) -> bool:
    if ACTIVE_KEYS.intersection(item.keys()):
        return True
    return any(str(item.get(key, "")) in ACTIVE_KINDS for key in ("/S", "/Subtype", "/Type"))


def render_pdf(data: bytes, password: str = "") -> Iterator[bytes]:
    """Each page as a picture; this PDFium knows no scripts, and forms are not started."""
    import pypdfium2

    with pypdfium2.PdfDocument(data, password=password or None) as pdf:
        for page in pdf:
            width, height = page.get_size()
            fitting = (PDF_PAGE_PIXELS / max(1.0, width * height)) ** 0.5
            scale = min(PDF_POINTS_TO_PIXELS, fitting, MAX_SIDE / 8 / max(width, height, 1.0))
            picture = page.render(scale=scale, may_draw_forms=False).to_pil()
            yield _as_jpeg(_painted(picture, range(picture.height)), picture.size)
            page.close()


if __name__ == "__main__":
    os.umask(0o077)
    main()
