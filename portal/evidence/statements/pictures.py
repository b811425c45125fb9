"""Photos, screenshots and scans -> words with places, by the local model of `ocr.py`.

A picture is turned upright and a long screenshot is read in overlapping pieces, of which each keeps its own part,
so that no line is read twice. The lean and the narrowing of a photographed page are taken out of the places of the
words: `layout.py` sees straight lines.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.core.statement import Note, Statement
from portal.evidence.file_kinds import MAX_JPEG_PIXELS, MAX_PIXELS, MAX_SIDE
from portal.evidence.statements import marks, ocr, pdf_text
from portal.evidence.statements.covered_areas import Area
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.ocr import Box, Sign
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from portal.evidence.statements.paper import statements_of
from portal.evidence.statements.words import Word

MOST_PAGES = 20
LONG_SIDE = 3_000
SHORT_SIDE = 2_000
PIECE = 1_600
OVERLAP = 200
READABLE = 0.5  # below this mean confidence a text counts as not read
SURE_NAME = 0.9
SAMPLE = 6
SECOND_LOOK = 0.08
LETTERS = 0.7  # of a box's height are letters, the rest is its margin
MOST_READINGS = 8
WHOLE = 1_000

Rectangle = Sequence[int]
"""Left, top, width and height in thousandths of a page."""

# Two cells that stand so near that they were found as one.
_GLUED = re.compile(
    r"(?P<date>(?:(?:19|20)\d\d[-/.年])?\d\d[-/.月]\d\d日?)(?P<after>[-+]?[\d,]+\.\d\d|\d\d:\d\d(?::\d\d)?)"
    r"|(?P<amount>[-+]?[\d,]+\.\d\d)(?P<next>[-+]?\d[\d,]*\.\d\d|[\u4e00-\u9fff]{2,}.*)"
    r"|(?P<words>.*[\u4e00-\u9fff])(?P<money>[-+]?[\d,]+\.\d\d)"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture shows: its words, how many pieces of text could not be read, and what is covered of it."""

    words: tuple[Word, ...]
    unread: int
    areas: tuple[Area, ...] = ()


def picture_of(kind: str, data: bytes) -> Any:
    """The picture of an image file, upright as the file says, in plain colours and of a bearable size."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
    if kind == "heic":
        import pi_heif

        pi_heif.register_heif_opener()
    picture = Image.open(io.BytesIO(data), formats=["HEIF" if kind == "heic" else kind.upper()])
    width, height = picture.size
    if max(picture.size) > MAX_SIDE or width * height > (MAX_JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS):
        raise NotAStatement("too_large")
    if kind == "jpeg":
        scale = _scale(picture.size)
        picture.draft("RGB", (max(1, int(width * scale)), max(1, int(height * scale))))
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        white = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(white, turned)
    if turned.mode.startswith("I"):
        turned = turned.convert("I").point(lambda value: value / 256).convert("L")
    return turned.convert("RGB")


def see(picture: Any, page: int, covered: Sequence[Rectangle] = ()) -> Seen:
    """Read one upright Pillow picture in RGB; `covered` are rectangles in thousandths of it."""
    import numpy

    scale = _scale(picture.size)
    if scale < 1:
        picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    pixels, boxes, turns = _upright(numpy.asarray(picture))
    boxes = _looked_at_twice(pixels, ocr.read(pixels, boxes))
    place = _straightened(boxes, pixels.shape)
    words = [word for box in boxes for word in _words_of(box, place, page)]
    words = _with_usual_names(words)
    areas = tuple(_area(each, picture.size, turns, place, page) for each in covered)
    return Seen(tuple(words), sum(box.confidence < READABLE for box in boxes), areas)


def _area(rectangle: Rectangle, size: tuple[int, int], turns: int, straight: "_Straightened", page: int) -> Area:
    """A covered rectangle of the picture as it came, where the words of the upright and straight one are."""
    left, top, width, height = rectangle
    (wide, high), ends = size, []
    for at, below in ((left, top), (left + width, top), (left, top + height), (left + width, top + height)):
        x, y, box_wide, box_high = at * wide / WHOLE, below * high / WHOLE, wide, high
        for _ in range(turns):
            x, y, box_wide, box_high = y, box_wide - x, box_high, box_wide
        ends.append(straight.place(x, y))
    return Area(
        page, min(x for x, _ in ends), min(y for _, y in ends), max(x for x, _ in ends), max(y for _, y in ends)
    )


def _looked_at_twice(pixels: Any, boxes: Sequence[Box]) -> list[Box]:
    """Boxes with a date in them are read again a little wider; no chain proves dates, so both must say the same."""
    dated = [at for at, box in enumerate(boxes) if marks.has_date(box.text)]
    again = ocr.read(pixels, [boxes[at].widened(SECOND_LOOK) for at in dated])
    looked = list(boxes)
    for at, second in zip(dated, again, strict=True):
        if marks.digits(second.text) != marks.digits(boxes[at].text):
            looked[at] = boxes[at].doubted()
    return looked


def _scale(size: tuple[int, int]) -> float:
    """How much smaller a picture is read: a page need not be larger than this, a long screenshot keeps its width."""
    long, short = max(size), min(size)
    return min(1.0, SHORT_SIDE / short if long > 2 * short else LONG_SIDE / long)


def _upright(pixels: Any) -> tuple[Any, list[Box], int]:
    """The picture with its text upright, where text stands, and by how many quarters it was turned to the left.

    Its file may not say how it was held.
    """
    import numpy

    height, width = pixels.shape[:2]
    if height > 2 * width:
        return pixels, _in_pieces(pixels), 0
    turns = 0
    boxes = ocr.find(pixels)
    if sum(box.height > 1.5 * box.width for box in boxes) > len(boxes) / 2:
        turns = 1
        pixels = numpy.ascontiguousarray(numpy.rot90(pixels))
        boxes = ocr.find(pixels)
    if _is_upside_down(pixels, boxes):
        pixels = numpy.ascontiguousarray(numpy.rot90(pixels, 2))
        boxes = [_turned_over(box, pixels.shape) for box in boxes]
        turns += 2
    return pixels, boxes, turns


def _in_pieces(pixels: Any) -> list[Box]:
    """Boxes of a long picture, found in overlapping pieces; a box belongs to the piece in whose own part it lies."""
    height = pixels.shape[0]
    found: list[Box] = []
    for top in range(0, max(1, height - OVERLAP), PIECE - OVERLAP):
        bottom = min(top + PIECE, height)
        first = top + OVERLAP / 2 if top else 0
        last = bottom - OVERLAP / 2 if bottom < height else height
        for box in ocr.find(pixels[top:bottom]):
            moved = tuple((x, y + top) for x, y in box.corners)
            middle = sum(y for _, y in moved) / 4
            if first <= middle < last:
                found.append(Box(moved))
    return found


def _is_upside_down(pixels: Any, boxes: Sequence[Box]) -> bool:
    """Does the model read the widest texts better when they are turned over?"""
    widest = sorted(boxes, key=lambda box: -box.width)[:SAMPLE]
    over = [Box((*box.corners[2:], *box.corners[:2])) for box in widest]
    as_is = sum(box.confidence for box in ocr.read(pixels, widest))
    return sum(box.confidence for box in ocr.read(pixels, over)) > as_is


def _turned_over(box: Box, shape: tuple[int, ...]) -> Box:
    corners = tuple((shape[1] - x, shape[0] - y) for x, y in box.corners)
    return Box((*corners[2:], *corners[:2]))


@dataclass(frozen=True, slots=True)
class _Straightened:
    """Takes a lean out of places; it may change from top to bottom, as on a photo taken from below."""

    lean: float
    change: float
    middle: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where the point would be on a straight page."""
        right, down = x - self.middle[0], y - self.middle[1]
        return x + self.lean * down, y - (self.lean + self.change * down) * right


def _straightened(boxes: Sequence[Box], shape: tuple[int, ...]) -> _Straightened:
    """The lean of lines as the wide boxes show it."""
    import numpy

    middle = (shape[1] / 2, shape[0] / 2)
    wide = [box for box in boxes if box.width > 3 * box.height > 0]
    if len(wide) < 4:
        return _Straightened(0.0, 0.0, middle)
    leans = numpy.array([_lean(box) for box in wide])
    widths = numpy.array([box.width for box in wide])
    down = numpy.array([(box.corners[0][1] + box.corners[2][1]) / 2 - middle[1] for box in wide])
    usual = float(numpy.median(leans))
    near = numpy.abs(leans - usual) < 0.05
    if near.sum() < 12 or numpy.ptp(down[near]) < shape[0] / 4:
        return _Straightened(usual, 0.0, middle)
    change, lean = numpy.polyfit(down[near], leans[near], 1, w=widths[near])
    return _Straightened(float(lean), float(change), middle)


def _lean(box: Box) -> float:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box.corners
    return ((y1 - y0) + (y2 - y3)) / max(1.0, (x1 - x0) + (x2 - x3))


def _words_of(box: Box, straight: _Straightened, page: int) -> Iterator[Word]:
    """The words of a box, each where it stands; a wide gap or two glued cells make two of one."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box.corners
    left, right = ((x0 + x3) / 2, (y0 + y3) / 2), ((x1 + x2) / 2, (y1 + y2) / 2)
    shape = box.height / max(1.0, box.width)
    for signs in _runs(box.signs, shape):
        ends = [
            max(0.0, signs[0].at - _half(signs[0], shape)),
            min(1.0, signs[-1].at + _half(signs[-1], shape)),
        ]
        (from_x, from_y), (to_x, to_y) = (
            straight.place(left[0] + (right[0] - left[0]) * at, left[1] + (right[1] - left[1]) * at) for at in ends
        )
        middle, half = (from_y + to_y) / 2, box.height * LETTERS / 2
        text = "".join(sign.text for sign in signs)
        sure = min(sign.confidence for sign in signs if sign.text in ocr.FIGURES or not marks.has_figures(text))
        yield Word(page, from_x, middle - half, to_x, middle + half, text, sure, tuple(_readings(signs)))


def _with_usual_names(words: Sequence[Word]) -> list[Word]:
    """The names of columns with a misread sign put right and run-together ones parted, beside a name read well."""
    bands = [word for word in words if word.text in marks.DATE_NAMES]
    named: list[Word] = []
    for word in words:
        near = any(abs(word.middle - band.middle) < 2 * band.height for band in bands)
        names = marks.usual_names(word.text) if near or "日期" in word.text else ()
        named += _parted(word, names) if names else (word,)
    return named


def _parted(word: Word, names: Sequence[str]) -> Iterator[Word]:
    """The word as its names, each with its share of the width."""
    signs, done = sum(map(len, names)), 0
    for name in names:
        ends = [word.x0 + (word.x1 - word.x0) * at / signs for at in (done, done + len(name))]
        yield replace(word, x0=ends[0], x1=ends[1], text=name)
        done += len(name)


def _half(sign: Sign, shape: float) -> float:
    """Half of a sign's width as a share of its box: Chinese is as wide as high, the rest about half."""
    return (0.3 if sign.text.isascii() else 0.5) * 0.8 * shape


def _runs(signs: Sequence[Sign], shape: float) -> Iterator[list[Sign]]:
    """The signs of a box in plain widths, cut at gaps, at spaces between words and between glued cells."""
    runs: list[list[Sign]] = [[]]
    gap = False
    for sign in map(_plain, signs):
        if not sign.text.strip():
            gap = True
            continue
        run = runs[-1]
        if run:
            apart = sign.at - run[-1].at - _half(sign, shape) - _half(run[-1], shape)
            within = run[-1].text in ocr.FIGURES and sign.text in ocr.FIGURES
            if apart > (0.9 if within else 0.55) * shape or (gap and not (within and apart < 0.3 * shape)):
                runs.append([])
        runs[-1].append(sign)
        gap = False
    for run in runs:
        yield from _unglued(run)


def _unglued(run: list[Sign]) -> Iterator[list[Sign]]:
    glued = _GLUED.fullmatch("".join(sign.text for sign in run))
    if glued is None:
        if run:
            yield run
        return
    cut = len(glued["date"] or glued["amount"] or glued["words"])
    yield run[:cut]
    yield run[cut:]


def _plain(sign: Sign) -> Sign:
    text = marks.plain(sign.text) or sign.text
    return sign if len(text) != 1 else Sign(text, sign.confidence, sign.at, sign.others)


def _readings(signs: Sequence[Sign]) -> Iterable[str]:
    """The word with one sign as the model's second best: what it offers besides."""
    texts = [sign.text for sign in signs]
    readings = []
    for at, sign in sorted(enumerate(signs), key=lambda numbered: numbered[1].confidence):
        readings += ["".join((*texts[:at], other, *texts[at + 1 :])) for other in sign.others]
    return readings[:MOST_READINGS]


def read(
    name: str,
    kind: str,
    data: bytes,
    *,
    password: str = "",
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
    covered: Mapping[str, Sequence[Rectangle]] | None = None,
) -> list[Statement]:
    """The statements on a photo, a screenshot or the pages of a PDF that are pictures.

    `covered` are rectangles by the number of their page, in thousandths of it.

    Raises `ColumnsUnknown` and `NotAStatement`: `image_not_read` where no model is installed, `image_unclear` where
    nothing on the picture could be made out.
    """
    if not ocr.available():
        raise NotAStatement("image_not_read")
    words: list[Word] = []
    areas: list[Area] = []
    unread = 0
    marked = covered or {}
    for seen in _pages(data, password, marked) if kind == "pdf" else (_photo(kind, data, marked),):
        words += seen.words
        areas += seen.areas
        unread += seen.unread
    unclear = unread * 2 >= len(words)
    if unclear and not any(marks.is_amount(word.text) for word in words):
        raise NotAStatement("image_unclear")
    try:
        found = statements_of(words, file=name, photographed=True, columns=columns, currency=currency, areas=areas)
    except ColumnsUnknown as unknown:
        if _is_garbled(unknown.header, words):
            raise NotAStatement("image_unclear") from None
        raise
    notes = (Note("image_unclear", {"count": unread}),) if unclear else ()
    return [replace(statement, notes=(*statement.notes, *notes)) for statement in found]


def _is_garbled(header: Sequence[str], words: Sequence[Word]) -> bool:
    """Were names of columns read so badly that asking a person what they mean would ask about nonsense?"""
    named = " ".join(header)
    return any(word.text in named and word.confidence < SURE_NAME for word in words)


def _photo(kind: str, data: bytes, covered: Mapping[str, Sequence[Rectangle]]) -> Seen:
    return see(picture_of(kind, data), 0, covered.get("1", ()))


def _pages(data: bytes, password: str, covered: Mapping[str, Sequence[Rectangle]]) -> Iterator[Seen]:
    """What the pages of a PDF show: their own text where it is seen, else what the model reads on them."""
    with pdf_text.opened(data, password) as pdf:
        read = 0
        for number in range(len(pdf)):
            page = pdf_text.page_of(pdf, number)
            marked = covered.get(str(number + 1), ())
            if not page.is_picture and not marked:
                yield Seen(page.words, 0)
                continue
            read += 1
            if read > MOST_PAGES:
                raise NotAStatement("too_long")
            yield see(pdf_text.rendered(pdf, number), number, marked)
