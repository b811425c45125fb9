"""What is noted on a dispute without moving it: who looked at it, who works on it, that its answer is late."""

from sqlalchemy import update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.disputes import events, moves
from portal.disputes.queries import DISPUTE, dispute
from portal.messages.actions import notify
from portal.platform.gate import Viewer


def open_case(session: Session, viewer: Viewer, number: str) -> bool:
    """Write down that staff looked at a person's dispute (ST-12); False if there is none."""
    found = dispute(session.connection(), viewer, number)
    if found is None:
        return False
    audit.record(session, viewer, events.DisputeSeen(number))
    return True


def hold(session: Session, viewer: Viewer, number: str, held: bool) -> bool:
    """Take a dispute to work on it, or give it back; False if somebody else has it."""
    moves.find(session, viewer, number)
    mine = DISPUTE.c.held_by == viewer.staff_id
    free = (DISPUTE.c.number == number) & (DISPUTE.c.held_by.is_(None) if held else mine)
    values = {"held_by": viewer.staff_id, "held_since": viewer.now} if held else {"held_by": None, "held_since": None}
    changed = session.connection().execute(update(DISPUTE).where(free).values(values)).rowcount
    if changed:
        audit.record(session, viewer, events.DisputeHeld(number, held))
    return bool(changed)


def tell_lateness(session: Session, viewer: Viewer, number: str) -> bool:
    """Tell the person that the promised date has passed, once; judged again here."""
    found = moves.find(session, viewer, number)
    if found.days_over(viewer.today) == 0 or found.late_told_at is not None:
        return False
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(late_told_at=viewer.now))
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number, loan_id=found.loan_id)
    audit.record(session, viewer, events.LatenessTold(number, found.answer_by))
    return True
