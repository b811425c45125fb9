"""What is said and sent while a dispute is open: words, files, questions, and the consent that files need."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import not_, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.funds_rule import Fact
from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, events, moves
from portal.disputes.deciding_queries import proposal_of
from portal.disputes.filing_actions import Filing, take_files
from portal.disputes.funds_queries import funds_of
from portal.disputes.queries import CONSENT, REVIEW_ROW, DisputeRecord, had_a_part
from portal.disputes.rounds import REVIEW
from portal.evidence import actions as evidence
from portal.evidence import queries as files_of
from portal.evidence.actions import KeptUpload
from portal.loans import queries as loans
from portal.messages.actions import notify
from portal.platform.gate import Viewer


def add(session: Session, viewer: Viewer, number: str, filing: Filing, draft: str = "") -> str:
    """Add words and files, also those of a draft, to one's own open dispute; one that waited for them waits no more.

    Raises Refusal `unknown_dispute` or `not_open`.
    """
    found = moves.held(session, viewer, number)
    if not found.takes_more:
        raise Refusal("not_open")
    if filing.words:
        moves.write_message(session, viewer, found, "message", filing.words)
        audit.record(session, viewer, events.MessageAdded(number, False))
    take_files(session, viewer, found, filing, draft)
    if found.state == "waiting":
        moves.move(session, viewer, found, "open")
    elif found.in_review:
        _review_waits(session, found, None)
    return number


def withdraw_consent(session: Session, viewer: Viewer, number: str) -> list[str]:
    """Take back the consent to read one's files: they are removed, the dispute goes on. Store keys to delete."""
    found = moves.held(session, viewer, number)
    guard = (CONSENT.c.dispute_id == found.id) & CONSENT.c.withdrawn_at.is_(None)
    session.connection().execute(update(CONSENT).where(guard).values(withdrawn_at=viewer.now))
    keys: list[str] = []
    for file in files_of.case_files(session.connection(), viewer, "dispute", number):
        if not file.from_staff and file.state != "deleted":
            keys += evidence.remove_own(session, viewer, file.code)
    audit.record(session, viewer, events.ConsentWithdrawn(number))
    return keys


def ask(
    session: Session,
    viewer: Viewer,
    number: str,
    version: int,
    words: str,
    needed: Collection[str] = (),
) -> str:
    """Ask the person for more; the dispute or its review waits, the promised date stays. Raises Refusal as `decide`.

    `needed` are codes of what the funds rule misses: the person reads each in their own language.
    """
    found = moves.held(session, viewer, number)
    if found.in_review:
        _wait_in_review(session, viewer, found, version)
    else:
        moves.move(session, viewer, found, "waiting", version, from_states=moves.decidable(session, viewer, found))
    missing = [[fact.code, dict(fact.data)] for fact in _missing(session, viewer, found) if fact.code in needed]
    moves.write_message(session, viewer, found, "question", words, {"missing": missing} if missing else None)
    moves.take_part(session, viewer, found)
    notify(session, viewer, person_id=found.person_id, template="sms.question", number=number, loan_id=found.loan_id)
    audit.record(session, viewer, events.QuestionAsked(number))
    return "asked"


def _wait_in_review(session: Session, viewer: Viewer, found: DisputeRecord, version: int) -> None:
    """A review stays one while it waits: only who may decide it asks, and not once a second person is asked."""
    deciding_actions.check_reviewer(session, viewer, found, REVIEW)
    if proposal_of(session.connection(), viewer, found) is not None:
        raise moves.lost(session, viewer, found.number)
    alone = not_(had_a_part(viewer))
    moves.move(session, viewer, found, REVIEW.waits, version, from_states=(REVIEW.waits,), only_if=alone)
    _review_waits(session, found, viewer.now)


def _review_waits(session: Session, found: DisputeRecord, since: datetime | None) -> None:
    session.connection().execute(
        update(REVIEW_ROW).where(REVIEW_ROW.c.dispute_id == found.id).values(waits_since=since)
    )


def _missing(session: Session, viewer: Viewer, found: DisputeRecord) -> tuple[Fact, ...]:
    record = loans.loan_by_id(session.connection(), found.loan_id, viewer.today)
    funds = funds_of(session.connection(), viewer, found, record) if record else None
    return funds.missing if funds else ()


def add_staff_files(
    session: Session,
    viewer: Viewer,
    number: str,
    uploads: Sequence[KeptUpload],
    refused: Sequence[Mapping[str, Any]],
    shared: bool,
) -> list[dict[str, Any]]:
    """Put staff's documents into the case, shown to the person or not; what could not be taken, and why."""
    found = moves.held(session, viewer, number)
    problems = [dict(each) for each in refused]
    moves.take_part(session, viewer, found)
    for kept in uploads:
        try:
            evidence.take_upload(
                session,
                viewer,
                kept,
                case_kind="dispute",
                case_number=number,
                person_id=found.person_id,
                shared=shared,
            )
        except Refusal as refusal:
            problems.append({"code": refusal.code, **refusal.data})
    return problems
