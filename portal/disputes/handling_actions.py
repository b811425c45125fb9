"""What staff note on a dispute without deciding: who looked, who works on it, notes, that its answer is late."""

from sqlalchemy import update
from sqlmodel import Session

from portal.access import staff_queries as staff_of
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.deciding_queries import took_part_before
from portal.disputes.queries import DISPUTE, REVIEW_ROW, DisputeRecord, dispute, review
from portal.disputes.rounds import round_of
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed


def open_case(session: Session, viewer: Viewer, number: str) -> bool:
    """Write down that staff looked at a person's dispute (ST-12); False if there is none."""
    found = dispute(session.connection(), viewer, number)
    if found is None:
        return False
    audit.record(session, viewer, events.DisputeSeen(number))
    return True


def hold(session: Session, viewer: Viewer, number: str, held: bool) -> bool:
    """Take a dispute to work on it, or give it back; False if somebody else has it, or it is not for the viewer."""
    found = moves.find(session, viewer, number)
    if not viewer.roles & round_of(found.state).roles:
        return False
    if found.in_review and took_part_before(session.connection(), viewer, found):
        return False
    mine = DISPUTE.c.held_by == viewer.staff_id
    free = (DISPUTE.c.number == number) & (DISPUTE.c.held_by.is_(None) if held else mine)
    values = {"held_by": viewer.staff_id, "held_since": viewer.now} if held else {"held_by": None, "held_since": None}
    if not changed(session, update(DISPUTE).where(free).values(values)):
        return False
    moves.take_part(session, viewer, found)
    audit.record(session, viewer, events.DisputeHeld(number, held))
    return True


def hand_over(session: Session, viewer: Viewer, number: str, to_staff_id: int, words: str) -> bool:
    """Hand a dispute that one holds, or nobody, to another who may decide it, with a note; False if it is not theirs.

    Raises Refusal `unknown_dispute` or `no_such_colleague`.
    """
    found = moves.find(session, viewer, number)
    other = staff_of.staff(session.connection(), to_staff_id)
    able = other is not None and other.disabled_at is None and round_of(found.state).roles & set(other.roles)
    if other is None or not able or other.id == viewer.staff_id:
        raise Refusal("no_such_colleague")
    mine = DISPUTE.c.held_by.is_(None) | (DISPUTE.c.held_by == viewer.staff_id)
    given = {"held_by": other.id, "held_since": viewer.now}
    own = (DISPUTE.c.number == number) & mine
    if not changed(session, update(DISPUTE).where(own).values(given)):
        return False
    moves.write_message(session, viewer, found, "handover", words, {"to": other.display_name})
    moves.take_part(session, viewer, found)
    audit.record(session, viewer, events.DisputeHandedOver(number, other.id))
    return True


def write_note(session: Session, viewer: Viewer, number: str, words: str) -> None:
    """Write a note that only staff see."""
    found = moves.find(session, viewer, number)
    moves.write_message(session, viewer, found, "note", words)
    moves.take_part(session, viewer, found)
    audit.record(session, viewer, events.NoteWritten(number))


def tell_lateness(session: Session, viewer: Viewer, number: str) -> bool:
    """Tell the person that the promised date, or that of the review, has passed, once; judged again here."""
    found = moves.find(session, viewer, number)
    if found.in_review:
        return _tell_review_late(session, viewer, found)
    if found.days_over(viewer.today) == 0 or found.late_told_at is not None:
        return False
    still = (DISPUTE.c.id == found.id) & (DISPUTE.c.version == found.version) & DISPUTE.c.late_told_at.is_(None)
    if not changed(session, update(DISPUTE).where(still).values(late_told_at=viewer.now)):
        return False  # it was told, or decided, at this moment
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number, loan_id=found.loan_id)
    audit.record(session, viewer, events.LatenessTold(number, found.answer_by))
    return True


def _tell_review_late(session: Session, viewer: Viewer, found: DisputeRecord) -> bool:
    asked = review(session.connection(), found.id)
    if asked is None or asked.days_over(viewer.today) == 0 or asked.late_told_at is not None:
        return False
    own = (REVIEW_ROW.c.dispute_id == found.id) & REVIEW_ROW.c.late_told_at.is_(None)
    if not changed(session, update(REVIEW_ROW).where(own).values(late_told_at=viewer.now)):
        return False
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=found.number, loan_id=found.loan_id)
    audit.record(session, viewer, events.LatenessTold(found.number, asked.answer_by))
    return True
