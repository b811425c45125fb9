"""Counter-offers: staff make one, alone or with a second person; the borrower accepts it, or it ends by itself."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.access import granting_actions as granting
from portal.access import second_person_actions as access
from portal.access.second_person_queries import Pending
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.messages.actions import notify
from portal.plans import (
    counter_facts,
    counter_queries,
    counter_row_queries,
    deciding_actions,
    events,
    moves,
    opening_facts,
    queries,
    stored_facts,
    words,
)
from portal.plans.counter_facts import Counter, Terms
from portal.plans.counter_row_queries import COUNTER
from portal.plans.deciding_actions import Agreed, Decision, Lenders
from portal.plans.deciding_queries import COUNTER_ACT, DecidePage, decide_page
from portal.plans.queries import PlanRecord
from portal.platform.gate import Viewer
from portal.platform.i18n import language


def counter(session: Session, viewer: Viewer, number: str, given: Mapping[str, str], decision: Decision) -> str:
    """Answer a proposal with other terms: `countered`, or `waiting` where a second person has to confirm.

    Refusals: those of `deciding_actions.approve`, `plan.no_answers`, `plan.never_ends`, `plan.no_difference`,
    `plan.counter_too_late`, and those of the schedule. LookupError for an unknown number.
    """
    page = deciding_actions.undecided(session, viewer, number)
    deciding_actions.check(page, decision)
    made = _terms(page, given, decision.freeze)
    if page.alone(made.figures, made.forecast):
        moves.void_second_person(session, viewer, number)
        _offer(session, viewer, page, made, decision, viewer.staff_id or 0, None)
        return "countered"
    deciding_actions.void_if_overtaken(session, viewer, page)
    payload = counter_facts.payload_of(made, decision.reason, decision.words, page.plan.version)
    access.ask_second_person(session, viewer, COUNTER_ACT, number, page.seen, payload)
    return "waiting"


def confirm(session: Session, viewer: Viewer, page: DecidePage, pending: Pending) -> str:
    """The second person agrees to a counter-offer that `access` has just settled. Refusals as of `counter`."""
    given = pending.payload
    decision = Decision(pending.hash_seen, given["freeze"], given["reason"], given["words"])
    if given["version"] != page.plan.version:
        raise Refusal("plan.figures_changed")
    deciding_actions.check(page, decision)
    made = counter_facts.terms(stored_facts.read_answers_row(given["answers"]), page.bundle, freeze=decision.freeze)
    if refusal := counter_queries.hindrance(page, made):
        raise refusal
    _offer(session, viewer, page, made, decision, pending.maker_id, viewer.staff_id)
    return "countered"


def accept(session: Session, viewer: Viewer, number: str, mark: str, lender: str, lenders: Lenders) -> str:
    """The borrower takes the counter-offer: `running`; `proposed` or `lapsed` where the figures have changed since.

    `mark` is the hash of what was shown; the schedule is computed again and has to be the same. Changed figures end the
    counter-offer and the proposal is looked at again, since staff agreed to the old ones only. Refusals `plan.decided`,
    `plan.lapsed`, `plan.counter_changed`, `plan.counter_taken_back`, `plan.nothing_due`, and those of what stands
    beside it. LookupError for no own plan.
    """
    moves.hold(session, number)
    plan = queries.own_plan(session.connection(), viewer, number)
    if plan is None:
        raise LookupError(number)
    found = counter_row_queries.standing(session.connection(), plan)
    page = decide_page(session.connection(), viewer, number)
    if plan.state != "countered" or found is None or page is None:
        raise _gone(session, plan)
    if viewer.today > found.lapses_on or opening_facts.passed_day(found.figures, page.records, viewer.today):
        raise Refusal("plan.lapsed")
    if mark != found.mark:
        raise Refusal("plan.counter_changed")
    if page.blocked:
        raise page.blocked[0][1]
    if page.nothing_due:
        raise Refusal("plan.nothing_due")
    if not counter_queries.is_fresh(page, found):
        return void(session, viewer, page, found)
    agreed = Agreed(
        found.figures, found.freeze, found.forecast, page.plan.reason, page.plan.words, expected="countered"
    )
    deciding_actions.agree(session, viewer, page, agreed, lenders, found.made_by, found.confirmed_by, is_decided=True)
    consent = {
        "consent_text": words.counter_consent(lender),
        "consent_version": words.CONSENT_VERSION,
        "consent_language": language(),
    }
    _end(session, viewer, found, "accepted", **consent)
    audit.record(session, viewer, events.PlanCounterAccepted(number, found.mark, words.CONSENT_VERSION))
    return "running"


def void_if_changed(session: Session, viewer: Viewer, number: str) -> bool:
    """Take back a counter-offer whose figures have changed since; whether it was so."""
    moves.hold(session, number)
    page = decide_page(session.connection(), viewer, number)
    if page is None or page.plan.state != "countered":
        return False
    found = counter_row_queries.standing(session.connection(), page.plan)
    if found is None or page.blocked or counter_queries.is_fresh(page, found):
        return False
    try:
        void(session, viewer, page, found)
    except Refusal:  # somebody else was faster
        return False
    return True


def take_back(session: Session, viewer: Viewer, number: str, mark: str, said: str) -> str:
    """Staff take a counter-offer back before the borrower has answered: the proposal is `proposed` again, or `lapsed`.

    `mark` is that of the offer that was shown, `said` words to the borrower. Of this and the borrower's tap one takes
    effect. Refusals `plan.decided` (by, state), `plan.counter_changed`, `plan.own_proposal`; LookupError for an unknown
    number.
    """
    moves.hold(session, number)
    page = decide_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    found = counter_row_queries.standing(session.connection(), page.plan)
    if page.plan.state != "countered" or found is None:
        raise Refusal("plan.decided", by=page.plan.decided_by, state=page.plan.state)
    if page.is_own:
        raise Refusal("plan.own_proposal")
    if mark != found.mark:
        raise Refusal("plan.counter_changed")
    state = _look_again(session, viewer, page.plan, found, "taken back", said)
    _end(session, viewer, found, "taken_back", taken_back_by=viewer.staff_id)
    audit.record(session, viewer, events.PlanCounterTakenBack(number, found.mark, state))
    notify(session, viewer, person_id=page.plan.person_id, template="sms.answer", number=number)
    return state


def _gone(session: Session, plan: PlanRecord) -> Refusal:
    """Why a counter-offer that was shown cannot be taken any more."""
    last = counter_row_queries.latest(session.connection(), plan)
    if plan.state == "proposed" and last is not None and last.outcome == "taken_back":
        return Refusal("plan.counter_taken_back")
    return Refusal("plan.decided", by=None, state=plan.state)


def void(session: Session, viewer: Viewer, page: DecidePage, found: Counter) -> str:
    """End a counter-offer whose figures are no longer so: staff look again, or it lapses if it is too late for that."""
    number, plan = page.plan.number, page.plan
    state = _look_again(session, viewer, plan, found, "figures changed", "")
    _end(session, viewer, found, "void")
    audit.record(session, viewer, events.PlanCounterVoided(number, found.mark, page.seen, state))
    if state == "lapsed":
        notify(session, viewer, person_id=plan.person_id, template="sms.news", number=number)
    return state


def _look_again(session: Session, viewer: Viewer, plan: PlanRecord, found: Counter, why: str, said: str) -> str:
    """The proposal waits for an answer as before its counter-offer, or lapses if it is too late for one; its state."""
    number = plan.number
    state = "proposed" if viewer.today <= found.lapsed_before else "lapsed"
    undone: dict[str, Any] = {"decided_at": None, "decided_on": None, "decided_by": None, "confirmed_by": None}
    undone |= {"reason": "", "words": said, "is_frozen": False, "freeze_forecast": 0, "rules": "{}"}
    moves.move(
        session, viewer, number, plan.version, state, expected="countered", lapses_on=found.lapsed_before, **undone
    )
    loans.end_hold(session, viewer, number, viewer.today, why)
    for loan in plan.figures.loans if state == "proposed" else ():
        moves.open_hold(
            session, viewer, "proposal", loan, number, plan.start_on, found.lapsed_before, person_id=plan.person_id
        )
    return state


def end_with_plan(session: Session, viewer: Viewer, number: str, outcome: str) -> None:
    """The counter-offer of a plan that is withdrawn or lapses ends with it."""
    plan = queries.plan(session.connection(), number)
    found = counter_row_queries.standing(session.connection(), plan) if plan else None
    if found is not None:
        _end(session, viewer, found, outcome)


def _terms(page: DecidePage, given: Mapping[str, str], freeze: bool) -> Terms:
    made = counter_queries.made_of(page, {**given, "freeze": "1" if freeze else "0"})
    if made.refusal is not None:
        raise made.refusal
    if made.terms is None or not made.question.ok:
        raise Refusal("plan.no_answers")
    return made.terms


def _offer(
    session: Session,
    viewer: Viewer,
    page: DecidePage,
    made: Terms,
    decision: Decision,
    made_by: int,
    confirmed_by: int | None,
) -> None:
    number, plan = page.plan.number, page.plan
    until = counter_queries.stands_until(page, made.figures)
    mark = counter_facts.mark_of(number, page.seen, made, viewer.now)
    decided: dict[str, Any] = {
        "decided_at": viewer.now,
        "decided_on": viewer.today,
        "decided_by": made_by,
        "confirmed_by": confirmed_by,
        "freeze_forecast": made.forecast,
        "reason": decision.reason,
        "words": decision.words,
        "rules": page.rules,
        "lapses_on": until,
    }
    moves.move(session, viewer, number, plan.version, "countered", **decided)
    if confirmed_by is None:
        granting.note_granted(session, viewer, number, made.forecast, plan.currency)
    row = {
        "plan_id": plan.id,
        "answers": stored_facts.answers_row(made.answers),
        "schedules": counter_facts.schedules_row(made.figures),
        "is_frozen": made.freeze,
        "due": made.figures.due_today,
        "forecast": made.forecast,
        "within_limits": made.passed,
        "seen": page.seen,
        "mark": mark,
        "lapses_on": until,
        "lapsed_before": plan.lapses_on,
        "made_at": viewer.now,
        "made_by": made_by,
        "confirmed_by": confirmed_by,
        "outcome": "",
        "consent_text": "",
        "consent_version": "",
        "consent_language": "",
    }
    session.execute(insert(COUNTER).values(row))
    loans.end_hold(session, viewer, number, viewer.today, "countered")
    for loan in made.figures.loans:
        moves.open_hold(
            session, viewer, "proposal", loan, number, plan.start_on, until, person_id=plan.person_id, offered=True
        )
    event = events.PlanCountered(
        number,
        made_by,
        confirmed_by,
        page.seen,
        mark,
        made.figures.total,
        made.figures.last_on,
        made.freeze,
        made.forecast,
        decision.reason,
    )
    audit.record(session, viewer, event)
    notify(session, viewer, person_id=plan.person_id, template="sms.answer", number=number)


def _end(session: Session, viewer: Viewer, found: Counter, outcome: str, **more: Any) -> None:
    session.execute(
        update(COUNTER)
        .where(COUNTER.c.id == found.id, COUNTER.c.outcome == "")
        .values(outcome=outcome, ended_at=viewer.now, **more)
    )
