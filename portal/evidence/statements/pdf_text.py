"""PDFs with a text layer -> words with places; and what a PDF tells of having been changed.

Only what a reader of the page sees is taken for text: words without ink where they should stand (white, under
something, outside) are left out, words that lie over each other are not believed. A page whose text lies under a
picture is a scan with a machine's guess beneath it, and goes to the reader of pictures like one without text.
"""

import ctypes
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from portal.core.statement import Note, Statement
from portal.evidence.file_kinds import MAX_PAGES
from portal.evidence.statements import marks
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.outcomes import NotAStatement
from portal.evidence.statements.paper import statements_of
from portal.evidence.statements.words import Word

MOST_SIGNS = 400_000
LEAST_SIGNS = 24  # a page with less text than this beside a picture is a picture
INK = 48  # how far apart the darkest and the lightest grey of a printed word are
PICTURE_SCALE = 200 / 72
PICTURE_PIXELS = 8_000_000
CHECK_SCALE = 1.0
CHECK_PIXELS = 2_000_000
OVER = 0.5  # the share of a sign or word that another one covers before neither is believed
INVISIBLE = 3

_EDITORS = re.compile(
    r"acrobat(?! distiller)|photoshop|illustrator|indesign|foxit|phantompdf|pdfelement|wondershare|ilovepdf|smallpdf"
    r"|sejda|nitro|pdf-?xchange|pdfescape|pdf24|sodapdf|pdffiller|dochub|canva|inkscape|libreoffice|openoffice|microsoft|wps"
    r"|kingsoft|coreldraw|affinity|gimp|master pdf|pdf ?editor|福昕|金山|迅捷|嗨格式",
    re.IGNORECASE,
)
_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?(\d\d)?")


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page: its words as far as they are seen, whether it must be read as a picture, and what is odd."""

    words: tuple[Word, ...]
    is_picture: bool
    hidden: int = 0
    overlaid: int = 0


def read(
    name: str,
    data: bytes,
    *,
    password: str = "",
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
) -> list[Statement]:
    """The statements in a PDF's text layer; raises `ColumnsUnknown` and `NotAStatement`.

    Pages that must be read as pictures leave the note `image_not_read`; where no page has text, the code of
    `NotAStatement` says so.
    """
    words: list[Word] = []
    pictures = hidden = overlaid = 0
    with opened(data, password) as pdf:
        notes = list(notes_on(pdf, data))
        for number in range(len(pdf)):
            page = page_of(pdf, number)
            words += page.words
            pictures += page.is_picture
            hidden += page.hidden
            overlaid += page.overlaid
    if pictures:
        notes.append(Note("image_not_read", {"pages": pictures}))
    if hidden:
        notes.append(Note("pdf_text_hidden", {"count": hidden}))
    if overlaid:
        notes.append(Note("pdf_text_overlaid", {"count": overlaid}))
    if not words:
        raise NotAStatement("image_not_read" if pictures else "no_table")
    found = statements_of(words, file=name, photographed=False, columns=columns, currency=currency)
    return [replace(statement, notes=(*statement.notes, *notes)) for statement in found]


def opened(data: bytes, password: str = "") -> Any:
    """The document; raises `NotAStatement` with the code `password`, `too_long` or `broken`."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        pdf = pypdfium2.PdfDocument(data, password=password or None)
        pages = len(pdf)
    except pypdfium2.PdfiumError:
        needs_password = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        raise NotAStatement("password" if needs_password else "broken") from None
    if not 0 < pages <= MAX_PAGES:
        raise NotAStatement("too_long" if pages else "broken")
    return pdf


def page_of(pdf: Any, number: int) -> PdfPage:
    """One page's words as a reader sees them, upright."""
    import pypdfium2

    try:
        page = pdf[number]
        page.set_rotation(0)
        textpage = page.get_textpage()
        angle = _angle(textpage)
        if angle:  # PDFium puts the signs of a line in order only where the text stands upright
            page.set_rotation(90 * angle)
            textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        raise NotAStatement("broken") from None
    count = textpage.count_chars()
    if count > MOST_SIGNS:
        raise NotAStatement("too_long")
    scene = _Scene(page)
    signs = list(_signs(textpage, count, scene))
    if scene.covering and sum(sign.buried for sign in signs) * 2 >= len(signs):
        return PdfPage((), is_picture=True)
    if not signs:
        return PdfPage((), is_picture=bool(scene.pictures))
    words = _words(signs, _Upright(page, angle), number)
    seen, hidden = _with_ink(page, words)
    sure, overlaid = _believed(seen)
    few = len(signs) < LEAST_SIGNS and bool(scene.covering)
    return PdfPage(tuple(sure), is_picture=few, hidden=hidden, overlaid=overlaid)


def rendered(pdf: Any, number: int) -> Any:
    """A page as a picture in RGB, large enough to be read."""
    page = pdf[number]
    width, height = page.get_size()
    scale = min(PICTURE_SCALE, (PICTURE_PIXELS / max(1.0, width * height)) ** 0.5)
    return page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")


# --- Signs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sign:
    """A character with its box in the page's own coordinates; `buried`: invisible, or under a picture."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    angle: int
    starts: bool
    buried: bool


class _Scene:
    """In which order things are painted, and the pictures that cover most of the page."""

    def __init__(self, page: Any) -> None:
        import pypdfium2.raw as pdfium

        self.order: dict[int, int] = {}
        self.pictures: list[tuple[int, float]] = []
        width, height = page.get_size()
        for at, thing in enumerate(page.get_objects(max_depth=4)):
            self.order[ctypes.addressof(thing.raw.contents)] = at
            if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                left, bottom, right, top = thing.get_bounds()
                self.pictures.append((at, (right - left) * (top - bottom) / max(1.0, width * height)))
        self.covering = [at for at, share in self.pictures if share > 0.5]

    def buries(self, thing: Any) -> bool:
        """Is the text invisible, or painted before a picture that covers most of the page?"""
        import pypdfium2.raw as pdfium

        if pdfium.FPDFTextObj_GetTextRenderMode(thing) == INVISIBLE:
            return True
        at = self.order.get(ctypes.addressof(thing.contents))
        return at is not None and any(at < picture for picture in self.covering)


def _signs(textpage: Any, count: int, scene: _Scene) -> Iterator[_Sign]:
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    buried: dict[int, bool] = {}
    starts = True
    for at in range(count):
        text = chr(pdfium.FPDFText_GetUnicode(textpage, at))
        if not text.strip() or pdfium.FPDFText_IsGenerated(textpage, at) == 1 or not text.isprintable():
            starts = True
            continue
        if not pdfium.FPDFText_GetLooseCharBox(textpage, at, box):
            continue
        thing = pdfium.FPDFText_GetTextObject(textpage, at)
        under = False
        if thing:
            address = ctypes.addressof(thing.contents)
            if address not in buried:
                buried[address] = scene.buries(thing)
            under = buried[address]
        angle = _quarters(textpage, at)
        yield _Sign(text, box.left, box.bottom, box.right, box.top, angle, starts, under)
        starts = False


def _quarters(textpage: Any, at: int) -> int:
    """By how many quarter turns a sign stands out of the upright."""
    import pypdfium2.raw as pdfium

    angle = float(pdfium.FPDFText_GetCharAngle(textpage, at))
    return -round(angle * 2 / math.pi) % 4 if math.isfinite(angle) else 0


def _angle(textpage: Any) -> int:
    """The quarter turns by which most of a page's text stands."""
    count = min(textpage.count_chars(), MOST_SIGNS)
    angles = [_quarters(textpage, at) for at in range(0, count, max(1, count // 200))]
    return max((0, 1, 2, 3), key=angles.count)


class _Upright:
    """Turns the page's coordinates so that its text runs to the right and y grows downwards."""

    def __init__(self, page: Any, angle: int) -> None:
        left, bottom, right, top = page.get_cropbox()
        self._left, self._bottom, self._right, self._top = left, bottom, right, top
        self.angle = angle

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """The box as it lies on the upright page."""
        corners = [self._point(x0, y0), self._point(x1, y1)]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return xs[0], ys[0], xs[1], ys[1]

    def _point(self, x: float, y: float) -> tuple[float, float]:
        across, up = x - self._left, y - self._bottom
        width, height = self._right - self._left, self._top - self._bottom
        return ((across, height - up), (up, across), (width - across, up), (height - up, width - across))[self.angle]


_Boxed: TypeAlias = tuple[str, float, float, float, float]


def _words(signs: Sequence[_Sign], upright: _Upright, page: int) -> list[Word]:
    """Runs of signs without a gap, in the order in which they were written.

    PDFium mixes the signs of texts that lie over each other, so a sign that stands on the one before it makes both
    their words doubtful.
    """
    words: list[Word] = []
    run: list[_Boxed] = []
    last: _Boxed | None = None
    doubtful = False
    for sign in signs:
        if sign.buried or sign.angle != upright.angle:
            continue
        boxed = (sign.text, *upright.box(sign.x0, sign.y0, sign.x1, sign.y1))
        crossed = last is not None and _stands_on(last, boxed)
        doubtful = doubtful or crossed
        if run and (sign.starts or not _follows(run[-1], boxed)):
            words.append(_word(run, page, doubtful=doubtful))
            run, doubtful = [], crossed
        run.append(boxed)
        last = boxed
    if run:
        words.append(_word(run, page, doubtful=doubtful))
    return words


def _level(last: _Boxed, boxed: _Boxed) -> float:
    """The lower height of two signs on one line, zero where they are on different ones."""
    height = min(last[4] - last[2], boxed[4] - boxed[2])
    return height if abs(last[2] + last[4] - boxed[2] - boxed[4]) / 2 < 0.4 * height else 0.0


def _follows(last: _Boxed, boxed: _Boxed) -> bool:
    height = _level(last, boxed)
    return height > 0 and -0.4 * height < boxed[1] - last[3] < 0.3 * height


def _stands_on(last: _Boxed, boxed: _Boxed) -> bool:
    if not _level(last, boxed) or last[0] == boxed[0]:
        return False
    shared = min(last[3], boxed[3]) - max(last[1], boxed[1])
    return shared > OVER * min(last[3] - last[1], boxed[3] - boxed[1]) > 0


def _word(run: Sequence[_Boxed], page: int, *, doubtful: bool) -> Word:
    return Word(
        page,
        min(box[1] for box in run),
        min(box[2] for box in run),
        max(box[3] for box in run),
        max(box[4] for box in run),
        marks.plain("".join(sign for sign, *_ in run)),
        0.0 if doubtful else 1.0,
    )


# --- What is seen ---------------------------------------------------------------------------------------------


def _with_ink(page: Any, words: Sequence[Word]) -> tuple[list[Word], int]:
    """The words that leave a trace where they should stand, and how many do not."""
    from pypdfium2 import PdfiumError

    width, height = page.get_size()
    scale = min(CHECK_SCALE, (CHECK_PIXELS / max(1.0, width * height)) ** 0.5)
    try:
        grey = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil().convert("L")
    except (PdfiumError, MemoryError, ValueError):
        return list(words), 0
    seen = [word for word in words if _has_ink(grey, word, scale)]
    return seen, len(words) - len(seen)


def _has_ink(grey: Any, word: Word, scale: float) -> bool:
    box = (int(word.x0 * scale), int(word.y0 * scale), int(word.x1 * scale) + 1, int(word.y1 * scale) + 1)
    if box[0] >= grey.width or box[1] >= grey.height or box[2] <= 0 or box[3] <= 0:
        return False
    darkest, lightest = grey.crop(box).getextrema()
    return int(lightest) - int(darkest) >= INK


def _believed(words: Sequence[Word]) -> tuple[list[Word], int]:
    """Words that lie over each other are marked as unsure: one of them was laid over the other."""
    order = sorted(range(len(words)), key=lambda at: words[at].y0)
    overlaid: set[int] = set()
    for place, at in enumerate(order):
        for other in order[place + 1 :]:
            if words[other].y0 >= words[at].y1:
                break
            if _share(words[at], words[other]) > OVER:
                overlaid |= {at, other}
    sure = [replace(word, confidence=0.0) if at in overlaid else word for at, word in enumerate(words)]
    return sure, sum(word.confidence <= 0 for word in sure)


def _share(left: Word, right: Word) -> float:
    across = min(left.x1, right.x1) - max(left.x0, right.x0)
    down = min(left.y1, right.y1) - max(left.y0, right.y0)
    smaller = min((word.x1 - word.x0) * word.height for word in (left, right))
    return across * down / smaller if across > 0 and down > 0 and smaller > 0 else 0.0


# --- What the file tells of itself ----------------------------------------------------------------------------


def notes_on(pdf: Any, data: bytes) -> Iterator[Note]:
    """Signals for a person, never a conclusion: which program made or changed the file, and how often it was saved."""
    facts = pdf.get_metadata_dict(skip_empty=True)
    for key in ("Producer", "Creator"):
        if _EDITORS.search(facts.get(key, "")):
            yield Note("pdf_editor", {"program": marks.plain(facts[key])[:80]})
            break
    created, changed = _instant(facts.get("CreationDate", "")), _instant(facts.get("ModDate", ""))
    if created and changed and changed > created:
        yield Note("pdf_changed", {"created": created, "changed": changed})
    saves = data.count(b"%%EOF") - (1 if b"/Linearized" in data[:2048] else 0)
    if saves > 1:
        yield Note("pdf_saved_again", {"times": saves - 1})


def _instant(text: str) -> str:
    found = _PDF_DATE.match(text)
    if found is None:
        return ""
    year, month, day, hour, minute, _ = (part or "00" for part in found.groups())
    return f"{year}-{month}-{day} {hour}:{minute}"
