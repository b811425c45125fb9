"""What a borrower does while a plan runs: move a payment, leave one out, say that one cannot be paid, write to us."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core import plan_life
from portal.core.plan_life import LoanPart
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.plans import events, moves, running_facts, running_queries, stored_facts
from portal.plans.running_facts import Change
from portal.plans.running_queries import CHANGE, SAID, PaymentChoices, PlanLife
from portal.platform.gate import Viewer


def move_payment(session: Session, viewer: Viewer, number: str, agreed_on: date, to_day: date) -> str:
    """Move a payment to a later day, once and before its own. Refusals `plan.changed`, `plan.cannot_move`."""
    going, choices = _payment(session, viewer, number, agreed_on)
    if to_day not in choices.moves_to:
        raise Refusal("plan.cannot_move")
    extra = _change(session, viewer, going, "moved", agreed_on, to_day)
    audit.record(session, viewer, events.PlanPaymentMoved(number, agreed_on, to_day, extra))
    return number


def skip_payment(session: Session, viewer: Viewer, number: str, agreed_on: date) -> str:
    """Leave a payment out where the product allows it: it is awaited after the last one. Refusals `plan.changed`,
    `plan.cannot_skip`."""
    going, choices = _payment(session, viewer, number, agreed_on)
    if not choices.can_skip:
        raise Refusal("plan.cannot_skip")
    extra = _change(session, viewer, going, "skipped", agreed_on, choices.skip_to)
    audit.record(session, viewer, events.PlanPaymentSkipped(number, agreed_on, choices.skip_to, extra))
    return number


def say_cannot(session: Session, viewer: Viewer, number: str, agreed_on: date) -> str:
    """Say before its day that a payment cannot be made: no strike; it is awaited with the next. Refusals as above."""
    going, choices = _payment(session, viewer, number, agreed_on)
    if not choices.can_say:
        raise Refusal("plan.changed")
    _guard(session, viewer, going)
    session.execute(insert(CHANGE).values(_row(viewer, going, "cannot", agreed_on, None, {})))
    audit.record(session, viewer, events.PlanPaymentExcused(number, agreed_on))
    return number


def say_words(session: Session, viewer: Viewer, number: str, said: str) -> str:
    """Write to whoever looks at the plan. Refusal `plan.changed` where it has ended; LookupError for no own."""
    moves.hold(session, number)
    page = running_queries.running_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    if page.plan.state not in running_queries.GOING:
        raise Refusal("plan.changed")
    session.execute(insert(SAID).values(plan_id=page.plan.id, words=said, said_at=viewer.now))
    audit.record(session, viewer, events.PlanWordsSaid(number))
    return number


def _payment(session: Session, viewer: Viewer, number: str, agreed_on: date) -> tuple[PlanLife, PaymentChoices]:
    """A payment of the viewer's own plan; LookupError for nobody's, Refusal where nothing can be chosen any more."""
    moves.hold(session, number)
    page = running_queries.running_page(session.connection(), viewer, number)
    life = page.life if page else None
    if page is None or life is None or all(each.agreed_on != agreed_on for each in life.payments):
        raise LookupError(number)
    payment = next(each for each in life.payments if each.agreed_on == agreed_on)
    choices = page.choices(payment)
    if choices is None:
        raise Refusal("plan.changed")
    return page.going, choices


def _change(session: Session, viewer: Viewer, going: PlanLife, kind: str, agreed_on: date, to_day: date) -> int:
    """Write a change of days, what it costs more of each loan, and the new dates on the hold; gives the cost's sum."""
    _guard(session, viewer, going)
    bare = Change(kind, agreed_on, to_day, {}, viewer.today)
    after = _parts(going, (*going.changes, bare), viewer.today)
    extra = {
        schedule.loan_id: plan_life.extra_for(new.facts, old.awaited, new.awaited, viewer.today)
        for schedule, old, new in zip(going.schedules, going.parts, after, strict=True)
    }
    session.execute(insert(CHANGE).values(_row(viewer, going, kind, agreed_on, to_day, extra)))
    _note_days(session, viewer, going, (*going.changes, Change(kind, agreed_on, to_day, extra, viewer.today)))
    return sum(extra.values())


def _parts(going: PlanLife, changes: tuple[Change, ...], today: date) -> tuple[LoanPart, ...]:
    pairs = zip(going.schedules, going.records, strict=True)
    return tuple(running_facts.part(each, record, going.plan.start_on, changes, today) for each, record in pairs)


def _note_days(session: Session, viewer: Viewer, going: PlanLife, changes: tuple[Change, ...]) -> None:
    """The holds say the new days, so that the account and the lender's system have them."""
    number = going.plan.number
    loans.end_hold(session, viewer, number, viewer.today, "changed")
    for schedule in going.schedules:
        payments = [[each.due_on, each.amount] for each in running_facts.awaited(schedule, changes)]
        loans.open_hold(
            session,
            viewer,
            kind="plan",
            loan_id=schedule.loan_id,
            person_id=going.plan.person_id,
            from_day=going.plan.start_on,
            until=None,
            number=number,
            path=moves.PAGE.format(number=number),
            data={"payments": payments, "next": payments[0], "counted": list(schedule.counted)},
        )


def _guard(session: Session, viewer: Viewer, going: PlanLife) -> None:
    """Of a change and an evaluation at once one takes effect."""
    found = going.plan
    try:
        moves.move(session, viewer, found.number, found.version, "running", expected="running")
    except Refusal:
        raise Refusal("plan.changed") from None


def _row(
    viewer: Viewer, going: PlanLife, kind: str, agreed_on: date, to_day: date | None, extra: Mapping[int, int]
) -> dict[str, Any]:
    return {
        "plan_id": going.plan.id,
        "kind": kind,
        "agreed_on": agreed_on,
        "to_day": to_day,
        "extra": stored_facts.dump({str(loan_id): amount for loan_id, amount in extra.items()}),
        "made_at": viewer.now,
        "made_on": viewer.today,
    }
