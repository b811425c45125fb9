"""A proposal lapses by itself when its last day has passed."""

from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.messages.actions import notify
from portal.plans import events, moves, queries
from portal.platform.gate import Viewer


def lapse(session: Session, viewer: Viewer, number: str) -> bool:
    """Let a proposal lapse whose last day has passed, judged again here; False if it is not due or was decided."""
    found = queries.plan(session.connection(), number)
    if found is None or found.state != "proposed" or found.lapses_on >= viewer.today:
        return False
    try:
        moves.move(session, viewer, number, found.version, "lapsed")
    except Refusal:
        return False
    moves.void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "lapsed")
    audit.record(session, viewer, events.PlanLapsed(number, found.lapses_on))
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return True
