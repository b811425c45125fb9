"""An agreed plan is looked at once more: it is told what arrived or was missed, evaluated, or ended as kept.

What is true is computed from the facts (core/plan_life.py), what was told is kept; only what differs from what was told
last is told, so that looking again says nothing twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.plan_life import EVALUATION_HOUR, Judged, Life
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.messages.actions import notify
from portal.plans import events, moves, queries, running_queries, telling
from portal.plans.queries import PLAN, PlanRecord
from portal.plans.running_queries import PlanLife
from portal.platform.gate import Viewer

_TELL: Mapping[str, Mapping[str, str]] = {
    "missed": {"": "missed", "made_good": "missed", "rejudged": "missed"},
    "struck": {"": "missed", "made_good": "missed", "rejudged": "missed"},
    "made_good": {"missed": "made_good"},
    "kept": {"missed": "rejudged", "made_good": "rejudged"},
    "excused": {"missed": "rejudged"},
    "put_off": {"missed": "rejudged"},
    "ahead": {},
}
"""By how a payment stands now, then by what was told of it last: what is to be told."""

CONTACTS = frozenset({"missed", "evaluated"})
"""What goes out as a contact, in its window; good news and answers come at any hour."""


def judge_plan(session: Session, viewer: Viewer, number: str, ripe_on: date) -> list[str]:
    """Look at an agreed plan as of the viewer's day: what was done, nothing if all is as it was told.

    `ripe_on` is the last day whose hour of evaluation has struck.
    """
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None or found.state not in running_queries.GOING:
        return []
    booked_to = loan_queries.data_date(session.connection())
    known_to = min(booked_to, viewer.today) if booked_to else None
    going = running_queries.life_of(session.connection(), found, viewer.today, known_to)
    session.execute(update(PLAN).where(PLAN.c.id == found.id).values(judged_at=viewer.now))
    if going is None or (going.told and going.told[-1].told_on > viewer.today):
        return []  # a look back at an earlier day: what is known since then was told already
    try:
        done = list(_judge(session, viewer, going, ripe_on))
    except Refusal:
        return []  # somebody changed it at this moment; the next look finds it as it is then
    _send(session, viewer, found, done)
    return done


def _judge(session: Session, viewer: Viewer, going: PlanLife, ripe_on: date) -> Iterator[str]:
    if going.has_left:
        yield _leave(session, viewer, going)
        return
    life, data_date = going.life, going.data_date
    if life is None or going.rests or data_date is None:
        return
    if life.is_fulfilled:
        yield _keep(session, viewer, going, life, data_date)
        return
    place = 0
    for about, what in _news(going, life):
        telling.tell(session, viewer, going, what, about, place=place)
        place += 1
        yield what
    if going.plan.state == "evaluated" and not going.evaluation_stands:
        yield _go_on(session, viewer, going, place)
        place += 1
        going = replace(going, plan=queries.plan(session.connection(), going.plan.number) or going.plan)
    if going.plan.state == "running" and life.is_ripe(ripe_on):
        yield _evaluate(session, viewer, going, life, data_date, place)


def _news(going: PlanLife, life: Life) -> Iterator[tuple[str, str]]:
    for payment in life.payments:
        about = payment.due_on.isoformat()
        what = _TELL[payment.verdict].get(going.last_told(about))
        if what:
            yield about, what
        elif _is_tomorrow(going, payment):
            yield about, "reminder"


def _is_tomorrow(going: PlanLife, payment: Judged) -> bool:
    """Whether a payment is to be reminded of: the day before it, once."""
    told = any(each.what == "reminder" and each.about == payment.due_on.isoformat() for each in going.told)
    return payment.due_on == going.today + timedelta(days=1) and payment.to_pay > 0 and not told


def _keep(session: Session, viewer: Viewer, going: PlanLife, life: Life, data_date: date) -> str:
    telling.end_agreed(session, viewer, going.plan, "fulfil")
    telling.tell(session, viewer, going, "kept", content={"received": life.received, "data_date": data_date})
    audit.record(session, viewer, events.PlanKept(going.plan.number, life.received, data_date))
    return "kept"


def _evaluate(session: Session, viewer: Viewer, going: PlanLife, life: Life, data_date: date, place: int) -> str:
    """Put a plan up for cancellation; what it rests on is kept as it was read, and printed in the notice."""
    trace = trace_of(going, life, data_date)
    telling.step(session, viewer, going.plan, "evaluate")
    telling.tell(session, viewer, going, "evaluated", content=trace, place=place)
    keys = tuple(strike.key for strike in life.strikes)
    seen = telling.hash_of(trace)
    audit.record(session, viewer, events.PlanEvaluated(going.plan.number, viewer.today, data_date, keys, seen))
    return "evaluated"


def trace_of(going: PlanLife, life: Life, data_date: date) -> dict[str, Any]:
    """What an evaluation reads: the rule, the day and hour, and of each strike its payment and cut-off."""
    payments = {each.due_on: each for each in life.payments}

    def row(due_on: date, promise: str | None) -> dict[str, Any]:
        payment = None if promise else payments[due_on]
        parts = going.parts
        return {
            "number": payment.number if payment else None,
            "amount": payment.amount if payment else None,
            "needed": sum(part.needed(due_on) for part in parts) if payment else None,
            "received": sum(part.received(due_on) for part in parts) if payment else None,
        }

    strikes = [
        {
            "due_on": strike.due_on,
            "cure_until": strike.cure_until,
            "promise": strike.promise,
            **row(strike.due_on, strike.promise),
        }
        for strike in life.strikes
    ]
    return {
        "rule": "two_strikes",
        "evaluation_on": life.evaluation_on,
        "hour": EVALUATION_HOUR,
        "cure_days": going.cure_days,
        "data_date": data_date,
        "strikes": strikes,
    }


def _go_on(session: Session, viewer: Viewer, going: PlanLife, place: int) -> str:
    """A payment that was booked late shows that there were not these two strikes: the evaluation falls. Two others are
    evaluated by themselves, after the cure days of the second."""
    telling.step(session, viewer, going.plan, "rejudge")
    telling.tell(session, viewer, going, "going_on", content={"strikes": []}, place=place)
    audit.record(session, viewer, events.PlanWentOn(going.plan.number, None, ()))
    return "going_on"


def _leave(session: Session, viewer: Viewer, going: PlanLife) -> str:
    telling.end_agreed(session, viewer, going.plan, "loan_left")
    telling.tell(session, viewer, going, "left")
    audit.record(session, viewer, events.PlanCancelled(going.plan.number, "loan_left", None, viewer.today, ""))
    return "left"


def _send(session: Session, viewer: Viewer, found: PlanRecord, done: list[str]) -> None:
    """One text for all that was told at once; it says nothing but that there is something to read."""
    said = set(done) - {"reminder"}
    if said:
        template = "sms.news" if said & CONTACTS else "sms.answer"
        notify(session, viewer, person_id=found.person_id, template=template, number=found.number)
    elif done:
        notify(session, viewer, person_id=found.person_id, template="sms.news")


def tell_late_booking(session: Session, viewer: Viewer, number: str) -> list[str]:
    """Of a plan that staff ended: tell once where payments booked since show that there were not two strikes.

    A final state stays final; the person can offer a new plan, and staff see it.
    """
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None or found.state != "cancelled":
        return []
    going = running_queries.life_of(
        session.connection(), found, viewer.today, loan_queries.data_date(session.connection())
    )
    ended = going.content_of("cancelled") if going else None
    if going is None or going.life is None or ended is None or going.last_told("") == "rejudged":
        return []
    keys = set(ended.content.get("strikes", ()))
    standing = [strike for strike in going.life.strikes if strike.key in keys]
    if len(standing) > 1:
        return []
    telling.tell(session, viewer, going, "rejudged")
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return ["rejudged"]


def end_proposal(session: Session, viewer: Viewer, number: str) -> bool:
    """End a proposal whose loan was sold or closed, with a notice; False if it was decided meanwhile."""
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None or found.state not in {"proposed", "countered"}:
        return False
    try:
        telling.step(session, viewer, found, "loan_left")
    except Refusal:
        return False
    moves.void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "lapsed")
    audit.record(session, viewer, events.PlanLapsed(number, viewer.today))
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number)
    return True
