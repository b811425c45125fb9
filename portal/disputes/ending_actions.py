"""A dispute ends: the person withdraws it, or a decision ends it, and what it had stopped goes on."""

from datetime import timedelta

from sqlmodel import Session

from portal.access import second_person_actions as access
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.deciding_queries import proposal_of
from portal.disputes.effect import ONE_DAY
from portal.disputes.queries import DisputeRecord, suspensions
from portal.disputes.rounds import FIRST, REVIEW
from portal.disputes.tables import UNDECIDED
from portal.evidence import actions as evidence
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.platform.gate import Viewer


def withdraw(session: Session, viewer: Viewer, number: str) -> str:
    """The person withdraws a dispute that nobody has decided; it ends like a decision.

    Raises Refusal `unknown_dispute` or `not_open`.
    """
    found = moves.held(session, viewer, number)
    if not found.is_open:
        raise Refusal("not_open")
    void_proposal(session, viewer, found, "withdrawn")
    moves.move(session, viewer, found, "withdrawn", from_states=UNDECIDED)
    end(session, viewer, found, "withdrawn")
    audit.record(session, viewer, events.DisputeWithdrawn(number))
    return number


def end(session: Session, viewer: Viewer, found: DisputeRecord, outcome: str) -> None:
    """End what a dispute had suspended and stopped, and say how long its files are kept."""
    yesterday = viewer.today - ONE_DAY
    for ref in sorted(suspensions(session.connection(), found.number)):
        loans.end_days_waiver(session, viewer, ref=ref, to_day=yesterday)
    loans.end_hold(session, viewer, found.number, viewer.today, outcome)
    if found.fraud_number and outcome in ("not_upheld", "withdrawn"):
        loans.end_hold(session, viewer, found.fraud_number, viewer.today, outcome)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today)
    keep_days = record.rules.evidence_keep_days if record else 0
    evidence.keep_until(
        session,
        viewer,
        case_kind="dispute",
        case_number=found.number,
        delete_after=viewer.today + timedelta(days=keep_days),
    )


def void_proposal(session: Session, viewer: Viewer, found: DisputeRecord, because: str) -> None:
    """What awaits a second person can be confirmed no more."""
    waits = found.state in (FIRST.waits, REVIEW.waits)
    proposal = proposal_of(session.connection(), viewer, found) if waits else None
    if proposal is not None:
        access.void_second_person(session, viewer, proposal.id)
        audit.record(session, viewer, events.ProposalVoid(found.number, because))
