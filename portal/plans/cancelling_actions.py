"""Staff look at a plan that was evaluated: they confirm that it ends, or let it go on."""

from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.messages.actions import notify
from portal.plans import events, moves, queries, running_queries, telling
from portal.plans.running_queries import PlanLife
from portal.platform.gate import Viewer


def confirm_end(session: Session, viewer: Viewer, number: str, seen: str, said: str) -> str:
    """Confirm that a plan ends: contract terms count again from today, never for the time before.

    Refusals: `plan.not_evaluated`, `plan.trace_changed` where another trace was seen or two strikes no longer stand,
    `plan.decided`. LookupError for an unknown number.
    """
    going, trace = _evaluated(session, viewer, number, seen)
    if going.life is None or going.rests or not going.evaluation_stands or going.life.is_fulfilled:
        raise Refusal("plan.trace_changed")
    telling.end_agreed(session, viewer, going.plan, "confirm")
    keys = [strike.key for strike in going.life.strikes]
    telling.tell(session, viewer, going, "cancelled", content={"strikes": keys, "trace": trace}, words=said)
    audit.record(session, viewer, events.PlanCancelled(number, "breach", viewer.staff_id, viewer.today, trace))
    notify(session, viewer, person_id=going.plan.person_id, template="sms.answer", number=number)
    return "cancelled"


def let_go_on(session: Session, viewer: Viewer, number: str, seen: str, said: str) -> str:
    """Let a plan go on: the strikes that were looked at count no more. Refusals as above."""
    going, _trace = _evaluated(session, viewer, number, seen)
    telling.step(session, viewer, going.plan, "go_on")
    keys = tuple(strike.key for strike in going.life.strikes) if going.life else ()
    telling.tell(session, viewer, going, "going_on", content={"strikes": list(keys)}, words=said)
    audit.record(session, viewer, events.PlanWentOn(number, viewer.staff_id, keys))
    notify(session, viewer, person_id=going.plan.person_id, template="sms.answer", number=number)
    return "running"


def _evaluated(session: Session, viewer: Viewer, number: str, seen: str) -> tuple[PlanLife, str]:
    """A plan that waits for staff, and the hash of its trace, which has to be the one that was seen."""
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None:
        raise LookupError(number)
    if found.state != "evaluated":
        raise Refusal("plan.not_evaluated")
    going = running_queries.life_of(session.connection(), found, viewer.today, loans.data_date(session.connection()))
    told = going.content_of("evaluated") if going else None
    if going is None or told is None:
        raise LookupError(number)
    trace = telling.hash_of(told.content)
    if seen != trace:
        raise Refusal("plan.trace_changed")
    return going, trace
