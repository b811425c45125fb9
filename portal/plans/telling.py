"""Keeping what a person was told of a plan, and how a plan that was agreed ends: in one place each."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.plan_states import PLAN as STATES
from portal.loans import actions as loans
from portal.plans import events, moves, stored_facts
from portal.plans.queries import PlanRecord
from portal.plans.running_queries import TOLD, PlanLife
from portal.platform.gate import Viewer


def tell(
    session: Session,
    viewer: Viewer,
    going: PlanLife,
    what: str,
    about: str = "",
    *,
    content: Mapping[str, Any] | None = None,
    words: str = "",
    place: int = 0,
) -> None:
    """Keep what was told; of two at once the second finds its `place` taken, and its transaction is done again."""
    row = {
        "plan_id": going.plan.id,
        "place": len(going.told) + place,
        "what": what,
        "about": about,
        "content": stored_facts.dump(dict(content or {})),
        "words": words,
        "staff_id": viewer.staff_id,
        "told_at": viewer.now,
        "told_on": viewer.today,
    }
    session.execute(insert(TOLD).values(row))
    audit.record(session, viewer, events.PlanTold(going.plan.number, what, about))


def step(session: Session, viewer: Viewer, found: PlanRecord, event: str) -> str:
    """Move a plan by an event of the table of states; Refusal `plan.state` or, where it was overtaken, of `moves`."""
    state = STATES.after(found.state, event)
    moves.move(session, viewer, found.number, found.version, state, expected=found.state)
    return state


def end_agreed(session: Session, viewer: Viewer, found: PlanRecord, event: str) -> str:
    """End an agreed plan from today on: its hold goes, and nights to come count again. Those told not to count stay so,
    whatever became of the plan (domain.md 8)."""
    state = step(session, viewer, found, event)
    moves.void_second_person(session, viewer, found.number)
    for ref in loans.waivers_of_case(session, found.number):
        loans.end_days_waiver(session, viewer, ref=ref, to_day=viewer.today)
    loans.end_hold(session, viewer, found.number, viewer.today, state)
    return state


def hash_of(content: Mapping[str, Any]) -> str:
    """The hash of a trace, which a decision is bound to."""
    return sha256(stored_facts.dump(dict(content)).encode()).hexdigest()
