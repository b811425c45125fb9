"""A dispute is written step by step: begun, changed, given files, and at last sent. Nothing of it stops anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.disputes.drafting_facts import Content, read_content
from portal.disputes.drafting_forms import read_facts
from portal.disputes.drafting_queries import files_seen, missing_in, page_of
from portal.disputes.filing_actions import Filing, open_dispute
from portal.disputes.filing_queries import NewPage, new_page_of
from portal.disputes.particulars import particulars_text
from portal.disputes.queries import number_of_draft
from portal.disputes.ticks import Ticks
from portal.drafts import actions as drafts
from portal.drafts import queries as drafts_of
from portal.drafts.actions import Entries
from portal.drafts.queries import DraftRecord
from portal.evidence.actions import KeptUpload
from portal.evidence.upload_actions import take_all
from portal.evidence.upload_queries import draft_files
from portal.loans import queries as loans_of
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer


def begin(session: Session, viewer: Viewer, loan_code: str, number: int, ticks: Ticks, seen: str, form_key: str) -> str:
    """Begin a dispute about an instalment of the viewer's loan; the code of its draft. The same form sent again
    changes the nights of the draft that it began.

    Raises Refusal `unknown_loan`, `figures_changed`, `drafts_too_many`, or one of the table of interactions.
    """
    known = drafts_of.begun_by(session.connection(), viewer, form_key)
    if known is not None:
        return tick(session, viewer, known.code, known.version, ticks, seen)
    record = loans_of.loan_by_code(session.connection(), viewer, loan_code)
    page = new_page_of(record, number, viewer.today, ticks) if record and record.status != "sold" else None
    if record is None or page is None:
        raise Refusal("unknown_loan")
    entries = _ticked(Content(), _as_seen(page, seen))
    return drafts.begin(session, viewer, record.id, number, entries, form_key)


def tick(session: Session, viewer: Viewer, code: str, version: int, ticks: Ticks, seen: str) -> str:
    """Change which nights a draft is about; the code of the draft that has them.

    Raises Refusal `unknown_draft`, `figures_changed`, or one of the table of interactions.
    """
    draft, record, content = _found(session, viewer, code)
    page = page_of(record, draft, content.with_changes(**_named(ticks)), viewer.today)
    if page is None:
        raise Refusal("unknown_draft")
    return drafts.save(session, viewer, code, version, _ticked(content, _as_seen(page, seen)))


def save(session: Session, viewer: Viewer, code: str, version: int, changes: Mapping[str, Any]) -> str:
    """Keep what one step says; the code of the draft that has it. Raises Refusal `unknown_draft`."""
    draft, _record, content = _found(session, viewer, code)
    text = content.with_changes(**changes).model_dump_json()
    return drafts.save(session, viewer, code, version, Entries(text, draft.seen, draft.told))


def add_files(
    session: Session,
    viewer: Viewer,
    code: str,
    uploads: Sequence[KeptUpload],
    refused: Sequence[Mapping[str, Any]],
    place: str = "",
) -> list[dict[str, Any]]:
    """Put files that came from the page `place` to a draft; what could not be taken, and why. It stops nothing.

    Raises Refusal `unknown_draft`.
    """
    _draft, _record, content = _found(session, viewer, code)
    problems = [*map(dict, refused), *take_all(session, viewer, code, uploads, place)]
    drafts.note(session, viewer, code, content.with_changes(refused=tuple(problems)).model_dump_json())
    return problems


@dataclass(frozen=True, slots=True)
class Sending:
    """What was looked over: the draft's version, the figures, the files; and the words agreed to, if any."""

    version: int
    seen: str
    files: str
    consent: str


def send(session: Session, viewer: Viewer, code: str, sending: Sending) -> str:
    """Send a draft as it was looked over; its number, also of one that was sent already.

    Raises Refusal `unknown_draft`, `draft_changed`, `draft_incomplete`, or one of `open_dispute`.
    """
    drafts.lock(session, code)
    sent = number_of_draft(session.connection(), viewer, code)
    if sent is not None:
        return sent
    draft, record, content = _found(session, viewer, code)
    files = draft_files(session.connection(), viewer, code).files
    if (draft.version, files_seen(files)) != (sending.version, sending.files):
        raise Refusal("draft_changed")
    page = page_of(record, draft, content, viewer.today)
    if page is None or page.fingerprint != sending.seen:
        raise Refusal("figures_changed")
    if missing_in(content, page, record.currency, viewer.today):
        raise Refusal("draft_incomplete")
    filing = _filing(content, page, record.currency, viewer, sending)
    number = open_dispute(session, viewer, record.code, draft.instalment, filing, code)
    drafts.end(session, viewer, code, "sent")
    return number


def _filing(content: Content, page: NewPage, currency: str, viewer: Viewer, sending: Sending) -> Filing:
    facts = read_facts(content.reason, content.typed, currency, viewer.today).particulars(currency)
    return Filing(
        ticks=page.ticks,
        reason=content.reason,
        words=content.words,
        seen=sending.seen,
        particulars=particulars_text(facts),
        consent=sending.consent,
        refused=content.refused,
    )


def _found(session: Session, viewer: Viewer, code: str) -> tuple[DraftRecord, LoanRecord, Content]:
    drafts.lock(session, code)
    draft = drafts_of.own_draft(session.connection(), viewer, code)
    record = loans_of.loan_by_code(session.connection(), viewer, draft.loan_code) if draft else None
    if draft is None or record is None:
        raise Refusal("unknown_draft")
    return draft, record, read_content(draft.content)


def _as_seen(page: NewPage, seen: str) -> NewPage:
    if page.refusal is not None:
        raise page.refusal
    if page.fingerprint != seen:
        raise Refusal("figures_changed")
    return page


def _ticked(content: Content, page: NewPage) -> Entries:
    text = content.with_changes(**_named(page.ticks)).model_dump_json()
    return Entries(text, page.fingerprint, str(page.told))


def _named(ticks: Ticks) -> dict[str, Any]:
    return {"stretch": ticks.stretches, "night": ticks.nights, "late_fee": ticks.late_fee}
