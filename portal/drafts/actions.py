"""A draft is begun, changed, and ends: sent, thrown away, or kept long enough. It stops and suspends nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.drafts import events
from portal.drafts.queries import DRAFT, PLAN_DRAFT
from portal.evidence import actions as evidence
from portal.evidence.actions import DRAFT_DAYS
from portal.loans.actions import hold_person
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_code

MOST = 20
"""How many a person may have at a time: files come with them."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What a draft holds: its steps as JSON, and the fingerprint and the figures that they are about."""

    content: str
    seen: str
    told: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where drafts of one kind lie; `about` are the columns that say what one of them is about."""

    table: Table
    about: tuple[str, ...]
    has_files: bool


DISPUTES = Shelf(DRAFT, ("loan_id", "instalment"), has_files=True)
PLANS = Shelf(PLAN_DRAFT, ("currency",), has_files=False)


def begin(session: Session, viewer: Viewer, loan_id: int, instalment: int, entries: Entries, form_key: str) -> str:
    """Begin a draft of the viewer's about an instalment with a form that has begun none yet; its code.

    Raises Refusal `drafts_too_many`.
    """
    return _begin(session, viewer, DISPUTES, (loan_id, instalment), entries, form_key)


def begin_plan(session: Session, viewer: Viewer, currency: str, entries: Entries, form_key: str) -> str:
    """Begin the draft of a plan in a currency, as `begin` does."""
    return _begin(session, viewer, PLANS, (currency,), entries, form_key)


def _begin(
    session: Session, viewer: Viewer, shelf: Shelf, about: tuple[Any, ...], entries: Entries, form_key: str
) -> str:
    table = shelf.table
    hold_person(session, viewer.person_id or 0)
    count = select(func.count()).select_from(table).where(table.c.person_id == viewer.person_id)
    if (session.scalar(count) or 0) >= MOST:
        raise Refusal("drafts_too_many", limit=MOST)
    return _insert(session, viewer, shelf, about, entries, form_key=form_key)


def _insert(
    session: Session,
    viewer: Viewer,
    shelf: Shelf,
    about: tuple[Any, ...],
    entries: Entries,
    *,
    form_key: str | None = None,
    beside: str | None = None,
) -> str:
    code = new_code()
    row = {"code": code, "person_id": viewer.person_id, "version": 1, **dict(zip(shelf.about, about, strict=True))}
    more = {"form_key": form_key, "beside": beside, "created_at": viewer.now}
    session.execute(insert(shelf.table).values(**row, **more, **_changes(viewer, entries)))
    begun: Callable[..., Any] = events.DraftBegun if shelf is DISPUTES else events.PlanDraftBegun
    audit.record(session, viewer, begun(code, *about, beside))
    return code


def lock(session: Session, code: str, shelf: Shelf = DISPUTES) -> None:
    """Nobody else changes or sends the draft until this transaction ends."""
    session.execute(select(shelf.table.c.id).where(shelf.table.c.code == code).with_for_update())


def save(session: Session, viewer: Viewer, code: str, version: int, entries: Entries, shelf: Shelf = DISPUTES) -> str:
    """Keep what was typed; the code of the draft that has it now.

    Where another device changed the draft since `version`, these entries become a draft of their own, and stay it.
    The same device may come from a page that is older, by its back button. Raises Refusal `unknown_draft`.
    """
    table = shelf.table
    own = (table.c.code == code, table.c.person_id == viewer.person_id)
    unchanged = (table.c.version == version) | (table.c.writer == _writer(viewer))
    if _changed(session, viewer, shelf, entries, *own, unchanged):
        if shelf.has_files:
            _keep_files(session, viewer, code)
        return code
    found = session.execute(select(*(table.c[name] for name in shelf.about)).where(*own)).first()
    if found is None:
        raise Refusal("unknown_draft")
    apart = (table.c.beside == code, table.c.person_id == viewer.person_id, table.c.writer == _writer(viewer))
    parted = session.scalar(select(table.c.code).where(*apart))
    if parted is not None and _changed(session, viewer, shelf, entries, table.c.code == parted):
        return str(parted)
    return _insert(session, viewer, shelf, tuple(found), entries, beside=code)


def _changed(session: Session, viewer: Viewer, shelf: Shelf, entries: Entries, *where: ColumnElement[bool]) -> bool:
    values = {**_changes(viewer, entries), "version": shelf.table.c.version + 1}
    return changed(session, update(shelf.table).where(*where).values(values)) == 1


def note(session: Session, viewer: Viewer, code: str, content: str) -> None:
    """Keep what the program notes on a draft beside the person's entries; no other device's work is touched."""
    own = (DRAFT.c.code == code, DRAFT.c.person_id == viewer.person_id)
    kept = {"content": content, "updated_at": viewer.now, "keep_until": viewer.today + timedelta(days=DRAFT_DAYS)}
    session.execute(update(DRAFT).where(*own).values(kept))
    _keep_files(session, viewer, code)


def end(session: Session, viewer: Viewer, code: str, because: str, shelf: Shelf = DISPUTES) -> None:
    """A draft is gone. Raises Refusal `unknown_draft`."""
    table = shelf.table
    own = table.c.person_id == viewer.person_id if viewer.kind == "borrower" else table.c.keep_until < viewer.today
    if not changed(session, delete(table).where(table.c.code == code, own)):
        raise Refusal("unknown_draft")
    audit.record(session, viewer, events.DraftEnded(code, because))


def throw_away(session: Session, viewer: Viewer, code: str) -> list[str]:
    """The person wants it no more: it goes with its files. Store keys to delete once this is committed."""
    end(session, viewer, code, "thrown_away")
    return evidence.remove_draft(session, viewer, code, because="draft_thrown_away")


def _changes(viewer: Viewer, entries: Entries) -> dict[str, object]:
    return {
        "content": entries.content,
        "seen": entries.seen,
        "told": entries.told,
        "writer": _writer(viewer),
        "updated_at": viewer.now,
        "keep_until": viewer.today + timedelta(days=DRAFT_DAYS),
    }


def _keep_files(session: Session, viewer: Viewer, code: str) -> None:
    day = viewer.today + timedelta(days=DRAFT_DAYS)
    evidence.keep_until(session, viewer, case_kind="draft", case_number=code, delete_after=day)


def _writer(viewer: Viewer) -> str:
    """A known device through all its sessions, any other through the one that it has."""
    return f"device:{viewer.device_id}" if viewer.device_id else f"session:{viewer.session_id}"
