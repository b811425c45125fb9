"""A proposal, or the counter-offer to one, lapses by itself when its last day has passed."""

from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.messages.actions import notify
from portal.plans import counter_actions, events, moves, queries
from portal.platform.gate import Viewer


def lapse(session: Session, viewer: Viewer, number: str) -> bool:
    """Let a proposal or counter-offer lapse whose last day has passed, judged again here; False if it is not so."""
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None or found.state not in queries.AWAITING or found.lapses_on >= viewer.today:
        return False
    try:
        moves.move(session, viewer, number, found.version, "lapsed", expected=found.state)
    except Refusal:
        return False
    counter_actions.end_with_plan(session, viewer, number, "lapsed")
    moves.void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "lapsed")
    audit.record(session, viewer, events.PlanLapsed(number, found.lapses_on))
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number)
    return True
