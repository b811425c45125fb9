"""A person asks for the one review of a decision: it is held and promised like the dispute, with its own date."""

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.filing_actions import Filing, open_fraud_hold, take_files
from portal.disputes.queries import DISPUTE, FRAUD_REASON, REVIEW_ROW, DisputeRecord, decision, parts
from portal.disputes.review_queries import answer_by, may_ask
from portal.disputes.rounds import REVIEW
from portal.evidence import actions as evidence
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer


def ask_for_review(session: Session, viewer: Viewer, number: str, filing: Filing, draft: str = "") -> str:
    """Ask for the review of one's own decided dispute, with own words and files, also those of a draft.

    Raises Refusal `unknown_dispute` or `no_review`.
    """
    found = moves.held(session, viewer, number)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today)
    decided = decision(session.connection(), found.id)
    if record is None or not may_ask(session.connection(), viewer, found, record, decided):
        raise Refusal("no_review")
    moves.move(session, viewer, found, REVIEW.waits, from_states=("decided",))
    promised = answer_by(record, viewer.today)
    asked = {"asked_on": viewer.today, "asked_at": viewer.now, "answer_by": promised}
    session.connection().execute(insert(REVIEW_ROW).values(dispute_id=found.id, words=filing.words, **asked))
    released = {"held_by": None, "held_since": None}
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(released))
    _hold_again(session, viewer, record, found)
    evidence.keep_until(session, viewer, case_kind="dispute", case_number=number, delete_after=None)
    take_files(session, viewer, found, filing, draft)
    audit.record(session, viewer, events.ReviewAsked(number, promised))
    return number


def _hold_again(session: Session, viewer: Viewer, record: LoanRecord, found: DisputeRecord) -> None:
    """What is reviewed is disputed, and no reminder is sent about it; the penalty stops once, not twice."""
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
        parts=parts(session.connection(), found.id),
        data={"answer_by": answer_by(record, viewer.today).isoformat()},
    )
    stands = any(hold.kind == "fraud" and hold.is_in_force(viewer.today) for hold in record.holds)
    if found.reason != FRAUD_REASON or stands:
        return
    open_fraud_hold(session, viewer, found)
