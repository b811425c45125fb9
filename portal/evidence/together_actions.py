"""Several photos become one document: one file whose pages are theirs, in the order that the person gave them.

Its original is a PDF of the pages of their view copies. HEIC cannot stand in a PDF and a bundle of files is what we
refuse from everybody; the pages are what readers see anyway, at full reading size, and where and with what a photo was
taken is gone before it is kept. The photos themselves go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.evidence import covering, events
from portal.evidence.actions import KeptUpload, remove, take_upload
from portal.evidence.clamd import SCANNED_ONLY
from portal.evidence.covering import COVER
from portal.evidence.queries import FILE, PAGE
from portal.platform.gate import Viewer


@dataclass(frozen=True, slots=True)
class Together:
    """The new file, and the store keys that nobody needs any more."""

    code: str
    keys: tuple[str, ...]


def name_of(names: Sequence[str]) -> str:
    """What a document of several photos is called: after the first, with how many follow."""
    return f"{PurePath(names[0]).stem}+{len(names) - 1}.pdf"


def put_together(session: Session, viewer: Viewer, draft: str, codes: Sequence[str], kept: KeptUpload) -> Together:
    """Make one file of some of a draft's; `kept` holds their pages in this order.

    Raises `Refusal` `file_unknown` where one of them went meanwhile, or as `take_upload` does.
    """
    pages, keys = [], []
    for code in codes:
        file = _photo(session, viewer, draft, code)
        pages += [dict(row) for row in session.execute(_pages_of(file.id)).mappings()]
        session.execute(delete(PAGE).where(PAGE.c.file_id == file.id))
        keys += remove(session, viewer, file.id, because="put_together")
    code = take_upload(session, viewer, kept, case_kind="draft", case_number=draft)
    # Read already; where files are scanned, it is opened once it was.
    state = "being_checked" if session.info.get(SCANNED_ONLY) else "ready"
    file_id = session.execute(
        update(FILE).where(FILE.c.code == code).values(state=state, read_at=viewer.now).returning(FILE.c.id)
    ).scalar_one()
    for number, page in enumerate(pages, 1):
        session.execute(insert(PAGE).values(page | {"file_id": file_id, "number": number}))
    audit.record(session, viewer, events.FilesPutTogether(code, f"draft:{draft}", tuple(codes), len(pages)))
    return Together(code, tuple(keys))


def _photo(session: Session, viewer: Viewer, draft: str, code: str) -> Any:
    covering.hold(session, code)
    here = (FILE.c.case_kind == "draft", FILE.c.case_number == draft, FILE.c.person_id == viewer.person_id)
    file = session.execute(
        select(FILE.c.id).where(*here, FILE.c.code == code, FILE.c.state == "ready", FILE.c.kind != "pdf")
    ).first()
    if file is None or session.scalar(select(COVER.c.id).where(COVER.c.file_id == file.id)) is not None:
        raise Refusal("file_unknown")  # gone, or parts of it were covered meanwhile
    return file


def _pages_of(file_id: int) -> Any:
    wanted = (PAGE.c.width, PAGE.c.height, PAGE.c.size, PAGE.c.store_key)
    return select(*wanted).where(PAGE.c.file_id == file_id).order_by(PAGE.c.number)
