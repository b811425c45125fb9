"""A dispute is filed: what it stops and holds, what of it is told, and the files that come with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.assessment import assess
from portal.core.interactions import Part, effects
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.effect import disputed_parts
from portal.disputes.facts import parts_of, sums
from portal.disputes.filing_queries import new_page_of, promised
from portal.disputes.queries import CONSENT, DISPUTE, LOAN, PART, DisputeRecord
from portal.disputes.ticks import Ticks
from portal.evidence import actions as evidence
from portal.evidence.actions import KeptUpload
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer
from portal.platform.numbers import new_number
from portal.settlements import judging_actions as settlements

FRAUD_REASON = "not_mine"


@dataclass(frozen=True, slots=True)
class Filing:
    """What a person sends: what is ticked, why, in which words, and the fingerprint of what was shown.

    `particulars` (JSON) are the facts that the reason asks for; `consent` are the words agreed to, empty without files;
    `refused` says of each file that could not be taken why.
    """

    ticks: Ticks
    reason: str
    words: str
    seen: str
    particulars: str = "{}"
    consent: str = ""
    uploads: tuple[KeptUpload, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()


def open_dispute(
    session: Session, viewer: Viewer, code: str, instalment: int, filing: Filing, draft: str | None = None
) -> str:
    """File a dispute about an instalment of the viewer's loan; its number. The files of its `draft` come with it.

    Raises Refusal `unknown_loan`, `figures_changed`, `nothing_ticked`, `disputed_by_another`, or one of the table of
    interactions (`file_dispute.…`).
    """
    # Two filings at once would not see each other's parts.
    session.connection().execute(select(LOAN.c.id).where(LOAN.c.code == code).with_for_update(key_share=True))
    record = loans_of.loan_by_code(session.connection(), viewer, code)
    if record is None:
        raise Refusal("unknown_loan")
    own = _parts_to_file(record, viewer, instalment, filing)
    number = new_number()
    found = _insert_dispute(session, viewer, record, number, instalment, own, filing, draft)
    _suspend_and_hold(session, viewer, record, found, own)
    _stop_reminders(session, viewer, record, found)
    if draft:
        evidence.send_draft(session, viewer, draft, case_kind="dispute", case_number=number)
    take_files(session, viewer, found, filing)
    return number


def _parts_to_file(record: LoanRecord, viewer: Viewer, instalment: int, filing: Filing) -> tuple[Part, ...]:
    today = viewer.today
    if refusal := record.refusal_of("file_dispute", today):
        raise refusal
    page = new_page_of(record, instalment, today, filing.ticks)
    if page is None or page.fingerprint != filing.seen:
        raise Refusal("figures_changed")
    try:
        spans = filing.ticks.spans(page.offered)
    except ValueError:
        raise Refusal("figures_changed") from None
    own = disputed_parts(page.instalment, spans, filing.ticks.late_fee and page.fee > 0)
    if not own:
        raise Refusal("nothing_ticked")
    if refusal := record.refusal_of("file_dispute", today, own):
        in_the_way = (hold for hold in record.in_force(today) if hold.number == refusal.data["number"])
        of_another = any(hold.person_id != viewer.person_id for hold in in_the_way)
        raise Refusal("disputed_by_another") if of_another else refusal
    return own


def _insert_dispute(
    session: Session,
    viewer: Viewer,
    record: LoanRecord,
    number: str,
    instalment: int,
    own: Sequence[Part],
    filing: Filing,
    draft: str | None,
) -> DisputeRecord:
    row = {
        "number": number,
        "loan_id": record.id,
        "person_id": viewer.person_id,
        "instalment": instalment,
        "currency": record.currency,
        "state": "open",
        "version": 1,
        "reason": filing.reason,
        "words": filing.words,
        "particulars": filing.particulars,
        "draft": draft,
        "fingerprint": filing.seen,
        "disputed": 0,
        "unpaid": 0,
        "stays_payable": 0,
        "filed_on": viewer.today,
        "filed_at": viewer.now,
        "answer_by": promised(record, viewer.today),
    }
    connection = session.connection()
    dispute_id = connection.execute(insert(DISPUTE).values(row).returning(DISPUTE.c.id)).scalar_one()
    for part in own:
        values = {"instalment": instalment, "from_day": part.from_day, "to_day": part.to_day, "kind": part.kind}
        connection.execute(insert(PART).values(dispute_id=dispute_id, **values))
    return moves.find(session, viewer, number)


def _suspend_and_hold(
    session: Session, viewer: Viewer, record: LoanRecord, found: DisputeRecord, own: Sequence[Part]
) -> None:
    """Stop the penalty where the product says so, note the dispute on the loan, and keep the sums told."""
    if not record.facts.terms.accrues_while_disputed:
        loans.waive_nights(
            session,
            viewer,
            loan_id=record.id,
            instalment=found.instalment,
            from_day=viewer.today,
            to_day=None,
            cause="dispute",
            number=found.number,
        )
    loans.open_hold(
        session,
        viewer,
        kind="dispute",
        loan_id=record.id,
        person_id=found.person_id,
        from_day=viewer.today,
        until=None,
        number=found.number,
        path=f"/disputes/{found.number}",
        parts=own,
        data={"answer_by": found.answer_by.isoformat()},
    )
    others = parts_of(record.holds, viewer.today)
    now = loans_of.loan_by_id(session.connection(), record.id, viewer.today)
    told = sums(assess((now or record).facts, viewer.today), found.instalment, own, others)
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(told._asdict()))
    opened = events.DisputeOpened(
        found.number,
        record.id,
        found.instalment,
        found.reason,
        told.disputed,
        told.unpaid,
        found.fingerprint,
        found.answer_by,
    )
    audit.record(session, viewer, opened)


def _stop_reminders(session: Session, viewer: Viewer, record: LoanRecord, found: DisputeRecord) -> None:
    """A claim of misuse opens a fraud hold, unless there is one; an accepted settlement lapses (domain.md 9)."""
    holds = record.in_force(viewer.today)
    beside = effects("file_dispute", holds)
    for what, hold in beside:
        if what == "lapses_settlement":
            settlements.lapse_by_dispute(session, viewer, hold.number)
    if found.reason != FRAUD_REASON or any(what == "adds_to_fraud" for what, _ in beside):
        return
    open_fraud_hold(session, viewer, found)


def open_fraud_hold(session: Session, viewer: Viewer, found: DisputeRecord) -> None:
    """Stop everything on the loan while a claim of misuse is looked into; the dispute names the hold."""
    fraud_number = new_number()
    loans.open_hold(
        session,
        viewer,
        kind="fraud",
        loan_id=found.loan_id,
        person_id=found.person_id,
        from_day=viewer.today,
        until=None,
        number=fraud_number,
        path=f"/disputes/{found.number}",
    )
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(fraud_number=fraud_number))


def take_files(session: Session, viewer: Viewer, found: DisputeRecord, filing: Filing, draft: str = "") -> None:
    """Take the files of a form, and those that waited in its `draft`, into a dispute that has files already.

    Files that fail are named in the dispute with their reason, and stop nothing.
    """
    if filing.consent:
        _keep_consent(session, viewer, found, filing.consent)
    problems = list(filing.refused)
    if draft:
        problems += evidence.add_draft(session, viewer, draft, case_kind="dispute", case_number=found.number)
    for kept in filing.uploads:
        try:
            evidence.take_upload(session, viewer, kept, case_kind="dispute", case_number=found.number)
        except Refusal as refusal:
            problems.append({"code": refusal.code, **refusal.data})
    for problem in problems:
        moves.write_message(session, viewer, found, "file_refused", "", problem)


def _keep_consent(session: Session, viewer: Viewer, found: DisputeRecord, words: str) -> None:
    row = {"dispute_id": found.id, "person_id": viewer.person_id, "words": words, "language": viewer.language}
    session.connection().execute(insert(CONSENT).values(**row, given_at=viewer.now))
    audit.record(session, viewer, events.ConsentGiven(found.number))
