"""Marking what nobody shall see of a file: the covered version is made at once, and takes its place on sending.

Made at once, so that sending is one short transaction: either the covered file was sent, or nothing was.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.evidence import covering, events
from portal.evidence.covering import COVER, Covered
from portal.evidence.queries import FILE, PAGE
from portal.evidence.sandbox import paint_over, plain_jpeg
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

BANDS = 20
"""Into so many bands a page is cut for those who tick instead of draw."""

WHOLE = 1_000
BAND_HEIGHT = WHOLE // BANDS

Box = tuple[int, int, int, int]
AsPdf = Callable[[Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked of one page: bands by number from the top, and boxes in thousandths."""

    bands: tuple[int, ...] = ()
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverable:
    """A file of a draft that can be covered: its pages, and what is marked on each."""

    id: int
    code: str
    draft: str
    name: str
    page_keys: tuple[str, ...]
    marks: Mapping[int, Marks]


def coverable(connection: Connection, viewer: Viewer, code: str) -> Coverable | None:
    """The viewer's own file that was read and not sent yet."""
    own = (FILE.c.person_id == viewer.person_id, FILE.c.case_kind == "draft", FILE.c.added_by_staff.is_(None))
    file = connection.execute(
        select(FILE.c.id, FILE.c.code, FILE.c.case_number, FILE.c.name).where(
            *own, FILE.c.code == code, FILE.c.state == "ready"
        )
    ).first()
    if file is None:
        return None
    keys = connection.scalars(select(PAGE.c.store_key).where(PAGE.c.file_id == file.id).order_by(PAGE.c.number))
    marked = connection.scalar(select(COVER.c.marks).where(COVER.c.file_id == file.id))
    return Coverable(file.id, file.code, file.case_number, file.name, tuple(keys), read_marks(marked or "{}"))


def read_marks(text: str) -> dict[int, Marks]:
    """Marks by page, as they are stored."""
    return {
        int(page): Marks(tuple(each["bands"]), tuple((*box,) for box in each["boxes"]))
        for page, each in json.loads(text).items()
        if page.isdigit()
    }


def write_marks(marks: Mapping[int, Marks]) -> str:
    """Marks by page, to be stored."""
    plain = {str(page): {"bands": each.bands, "boxes": each.boxes} for page, each in sorted(marks.items())}
    return json.dumps(plain)


def boxes_by_page(text: str) -> dict[str, list[Box]]:
    """The covered rectangles of each page that has any, from marks as they are stored."""
    return {str(page): _boxes(each) for page, each in read_marks(text).items()}


def _boxes(marked: Marks) -> list[Box]:
    return [*((0, band * BAND_HEIGHT, WHOLE, BAND_HEIGHT) for band in marked.bands), *marked.boxes]


def make_covered(files: FileStore, page_keys: tuple[str, ...], marks: Mapping[int, Marks], as_pdf: AsPdf) -> Covered:
    """Paint over what is marked and store the covered version: pages, and a PDF of them. Raises NotPainted."""
    pages = []
    for number, key in enumerate(page_keys, 1):
        data, marked = files.get(key), marks.get(number)
        if marked is None:
            pages.append(plain_jpeg(data))
            continue
        pages.append(paint_over(data, _boxes(marked)))
    original = as_pdf([page.data for page in pages])
    stored = tuple((page.width, page.height, len(page.data), files.put(page.data)) for page in pages)
    digest = hashlib.sha256(original).hexdigest()
    return Covered(write_marks(marks), len(original), digest, files.put(original), stored)


def cover(session: Session, viewer: Viewer, code: str, covered: Covered) -> list[str]:
    """Keep the covered version of a file until it is sent; returns the store keys to delete.

    Raises `Refusal` `file_unknown` where the file was sent or taken out meanwhile, or as `keep_beside` does.
    """
    covering.hold(session, code)
    file = coverable(session.connection(), viewer, code)
    if file is None:
        raise Refusal("file_unknown")
    keys = covering.keep_beside(session, viewer, file.id, covered)
    audit.record(session, viewer, events.FileCovered(code, f"draft:{file.draft}", covered.sha256))
    return keys


def uncover(session: Session, viewer: Viewer, code: str) -> list[str]:
    """Take back every mark of a file; returns the store keys to delete. Raises `Refusal` `file_unknown`."""
    covering.hold(session, code)
    file = coverable(session.connection(), viewer, code)
    if file is None:
        raise Refusal("file_unknown")
    keys = covering.undo(session, file.id)
    if keys:
        audit.record(session, viewer, events.FileCovered(code, f"draft:{file.draft}", ""))
    return keys
