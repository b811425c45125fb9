"""Acts on plans: propose, withdraw, agree, refuse, let lapse. Every change of state is a guarded update."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Session

from portal.access import second_person_actions as access
from portal.access import second_person_queries
from portal.audit import actions as audit
from portal.core.receipt import ENGINE_VERSION
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.messages.actions import notify
from portal.plans import events, facts, queries, words
from portal.plans.facts import Figures
from portal.plans.queries import ACT, AGREEMENT, PLAN, PLAN_LOAN, DecidePage, NewPage
from portal.plans.tables import FINAL
from portal.platform.gate import Viewer
from portal.platform.i18n import language
from portal.platform.numbers import new_number

Lenders: TypeAlias = Mapping[str, Mapping[str, str]]
"""What a paper calls the lender, by language."""

PAGE = "/plans/{number}"
"""Where a hold leads the borrower."""


# --- The borrower ---------------------------------------------------------------------------------------------


def propose_plan(session: Session, viewer: Viewer, given: Mapping[str, str], lender: str) -> str:
    """Send a proposal; its number.

    Refusals: `plan.nothing_due`, `plan.already_proposed` (number), `plan.figures_changed`, `plan.outside_limits`, those
    of the schedule, and those of what stands beside it. `lender` is the name in the consent line.
    """
    page = queries.new_page(session.connection(), viewer, given)
    figures = _proposed_figures(page, given)
    number = new_number()
    plan_id = _insert_plan(session, viewer, page, figures, number, lender)
    for loan in figures.loans:
        session.execute(
            insert(PLAN_LOAN).values(
                plan_id=plan_id, loan_id=loan.loan_id, fingerprint=loan.fingerprint, schedule=facts.schedule_row(loan)
            )
        )
        _open_hold(session, viewer, "proposal", loan, number, page.today, figures.lapses_on)
    audit.record(
        session,
        viewer,
        events.PlanProposed(
            number,
            figures.start,
            figures.currency,
            figures.due_today,
            figures.total,
            page.seen,
            page.passed,
            words.CONSENT_VERSION,
        ),
    )
    return number


def _proposed_figures(page: NewPage, given: Mapping[str, str]) -> Figures:
    if page.waiting is not None:
        raise Refusal("plan.already_proposed", number=page.waiting)
    if not page.bundle:
        raise page.blocked[0][1] if page.blocked else Refusal("plan.nothing_due")
    if given.get("seen") != page.seen:
        raise Refusal("plan.figures_changed")
    if page.refusal is not None:
        raise page.refusal
    if page.figures is None:
        raise Refusal("plan.no_answers")
    if not page.passed and given.get("anyway") != "1":
        raise Refusal("plan.outside_limits")
    return page.figures


def _insert_plan(session: Session, viewer: Viewer, page: NewPage, figures: Figures, number: str, lender: str) -> int:
    answers = page.question.answers
    if answers is None:
        raise Refusal("plan.no_answers")
    values = {
        "number": number,
        "person_id": viewer.person_id,
        "currency": figures.currency,
        "state": "proposed",
        "version": 1,
        "start_on": figures.start,
        "lapses_on": figures.lapses_on,
        "due": figures.due_today,
        "answers": facts.answers_row(answers),
        "told": page.seen,
        "within_limits": page.passed,
        "consent_text": words.consent(lender),
        "consent_version": words.CONSENT_VERSION,
        "consent_language": language(),
        "proposed_at": viewer.now,
        "is_frozen": False,
        "freeze_forecast": 0,
        "reason": "",
        "words": "",
        "criteria": "[]",
        "change": "{}",
    }
    return int(session.execute(insert(PLAN).values(values).returning(PLAN.c.id)).scalar_one())


def withdraw_plan(session: Session, viewer: Viewer, number: str) -> str:
    """The borrower takes a proposal back. Refusal `plan.decided` where it has been decided; LookupError for no own."""
    found = queries.own_plan(session.connection(), viewer, number)
    if found is None:
        raise LookupError(number)
    _move(session, viewer, number, found.version, "withdrawn")
    _void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "withdrawn")
    audit.record(session, viewer, events.PlanWithdrawn(number))
    return number


# --- Staff ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """How staff agree: on which figures, with the penalty stopped or not, why, and words to the borrower."""

    seen: str
    freeze: bool
    reason: str
    words: str


def approve(session: Session, viewer: Viewer, number: str, decision: Decision, lender: Lenders) -> str:
    """Agree to a proposal: `running`, or `waiting` where a second person has to confirm.

    Refusals: `plan.decided` (by, state), `plan.lapsed`, `plan.figures_changed`, `plan.no_freeze`, `already_waiting`,
    and those of what stands beside it. LookupError for an unknown number. `lender` is what the paper calls it.
    """
    page = _undecided(session, viewer, number)
    _check(page, decision)
    if page.within_authority(decision.freeze):
        _void_second_person(session, viewer, number)
        _agree(session, viewer, page, decision, lender, viewer.staff_id, None)
        return "running"
    if page.pending is not None and page.pending.hash_seen != page.seen:
        _void_second_person(session, viewer, number)
    payload = {
        "freeze": decision.freeze,
        "reason": decision.reason,
        "words": decision.words,
        "version": page.plan.version,
    }
    access.ask_second_person(session, viewer, ACT, number, page.seen, payload)
    return "waiting"


def confirm(session: Session, viewer: Viewer, number: str, seen: str, lender: Lenders) -> str:
    """The second person agrees, and so the plan runs. Refusals of `approve` and of `access`."""
    page = _undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    pending = access.confirm_second_person(session, viewer, page.pending.id, seen)
    given = pending.payload
    decision = Decision(pending.hash_seen, given["freeze"], given["reason"], given["words"])
    if given["version"] != page.plan.version:
        raise Refusal("plan.figures_changed")
    _check(page, decision)
    _agree(session, viewer, page, decision, lender, pending.maker_id, viewer.staff_id)
    return "running"


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """The second person does not agree; the proposal waits for a decision as before."""
    page = _undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    access.decline_second_person(session, viewer, page.pending.id)
    return "proposed"


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """The first person takes back what awaits a second one."""
    page = _undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    access.withdraw_second_person(session, viewer, page.pending.id)
    return "proposed"


def refuse(session: Session, viewer: Viewer, number: str, seen: str, reason: str, said: str) -> str:
    """Do not agree: the limits with what was offered and the smallest change that passes are kept with the answer.

    Refusals `plan.decided` (by, state) and `plan.figures_changed`; LookupError for an unknown number.
    """
    page = _undecided(session, viewer, number)
    if seen != page.seen:
        raise Refusal("plan.figures_changed")
    kept: dict[str, Any] = {"reason": reason, "words": said, "criteria": facts.criteria_row(page.checks)}
    if page.change is not None:
        kept["change"] = facts.dump(dict(page.change.typed))
    kept |= {"decided_at": viewer.now, "decided_on": viewer.today, "decided_by": viewer.staff_id}
    _move(session, viewer, number, page.plan.version, "refused", **kept)
    _void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "refused")
    audit.record(session, viewer, events.PlanRefused(number, reason, page.seen))
    notify(session, viewer, person_id=page.plan.person_id, template="sms.answer", number=number)
    return "refused"


def _void_second_person(session: Session, viewer: Viewer, number: str) -> None:
    """Nobody is asked any more to confirm what can no longer happen."""
    for each in second_person_queries.waiting(session.connection(), viewer.now, number):
        if each.act == ACT:
            access.void_second_person(session, viewer, each.id)


def _undecided(session: Session, viewer: Viewer, number: str) -> DecidePage:
    page = queries.decide_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    if page.plan.state != "proposed":
        raise Refusal("plan.decided", by=page.plan.decided_by, state=page.plan.state)
    return page


def _check(page: DecidePage, decision: Decision) -> None:
    if page.has_lapsed:
        raise Refusal("plan.lapsed")
    if decision.seen != page.seen or page.now is None:
        raise Refusal("plan.figures_changed")
    if page.blocked:
        raise page.blocked[0][1]
    if decision.freeze and page.frozen is None:
        raise Refusal("plan.no_freeze")


def _agree(
    session: Session,
    viewer: Viewer,
    page: DecidePage,
    decision: Decision,
    lender: Lenders,
    decided_by: int | None,
    confirmed_by: int | None,
) -> None:
    """The one way in which a plan begins to run; of many at once the guarded update lets one through."""
    number = page.plan.number
    agreed = page.frozen if decision.freeze else page.now
    if agreed is None:
        raise Refusal("plan.figures_changed")
    forecast = page.forecast if decision.freeze else 0
    _move(
        session,
        viewer,
        number,
        page.plan.version,
        "running",
        decided_at=viewer.now,
        decided_on=viewer.today,
        decided_by=decided_by,
        confirmed_by=confirmed_by,
        is_frozen=decision.freeze,
        freeze_forecast=forecast,
        reason=decision.reason,
        words=decision.words,
    )
    _keep_paper(session, viewer, page, agreed, lender)
    loans.end_hold(session, viewer, number, viewer.today, "agreed")
    _take_place_of_others(session, viewer, page)
    for loan in agreed.loans:
        _open_hold(session, viewer, "plan", loan, number, page.plan.start_on, None, page.plan.person_id)
        if decision.freeze:
            _stop_penalty(session, viewer, page, loan.loan_id)
    seen = page.seen
    event = events.PlanAgreed(number, decided_by or 0, confirmed_by, seen, decision.freeze, forecast, decision.reason)
    audit.record(session, viewer, event)
    notify(session, viewer, person_id=page.plan.person_id, template="sms.answer", number=number)


def _keep_paper(session: Session, viewer: Viewer, page: DecidePage, agreed: Figures, lender: Lenders) -> None:
    content = {
        "lender": {language: dict(names) for language, names in lender.items()},
        "name": page.person.name,
        "person_ref": page.person.ref,
        "engine": ENGINE_VERSION,
        "is_frozen": agreed.is_frozen,
        "currency": agreed.currency,
        "start_on": agreed.start,
        "cure_days": max(basis.record.rules.cure_days for basis in page.bundle),
        "loans": [
            {
                "loan_id": loan.loan_id,
                "fingerprint": loan.fingerprint,
                "schedule": facts.as_stored(loan),
            }
            for loan in agreed.loans
        ],
    }
    session.execute(
        insert(AGREEMENT).values(
            plan_id=page.plan.id, agreed_at=viewer.now, agreed_on=viewer.today, content=facts.dump(content)
        )
    )


def _take_place_of_others(session: Session, viewer: Viewer, page: DecidePage) -> None:
    """A plan that runs on the same loans ends as replaced, an open promise as withdrawn (domain.md 9)."""
    beside = {
        hold.number: hold.kind
        for loan in page.records
        for hold in loan.holds
        if hold.kind in {"plan", "promise"} and hold.is_in_force(viewer.today) and hold.number != page.plan.number
    }
    for number, kind in beside.items():
        if kind == "plan":
            _replace(session, viewer, number, page.plan.number)
        else:
            loans.end_hold(session, viewer, number, viewer.today, "withdrawn")


def _replace(session: Session, viewer: Viewer, number: str, by: str) -> None:
    found = queries.plan(session.connection(), number)
    if found is not None and found.state == "running":
        _move(session, viewer, number, found.version, "replaced", expected="running", replaced_by=by)
        audit.record(session, viewer, events.PlanReplaced(number, by))
    for ref in loans.waivers_of_case(session, number):
        # Nights that were told not to count stay so; only those to come count by the new plan.
        loans.end_days_waiver(session, viewer, ref=ref, to_day=viewer.today)
    loans.end_hold(session, viewer, number, viewer.today, "replaced")


def _stop_penalty(session: Session, viewer: Viewer, page: DecidePage, loan_id: int) -> None:
    loans.waive_nights(
        session,
        viewer,
        loan_id=loan_id,
        instalment=None,
        from_day=facts.day_after(page.plan.start_on),
        to_day=None,
        cause=facts.PLAN_CAUSE,
        number=page.plan.number,
    )


def _open_hold(
    session: Session,
    viewer: Viewer,
    kind: str,
    loan: facts.LoanSchedule,
    number: str,
    from_day: date,
    until: date | None,
    person_id: int | None = None,
) -> None:
    loans.open_hold(
        session,
        viewer,
        kind=kind,
        loan_id=loan.loan_id,
        person_id=person_id or viewer.person_id or 0,
        from_day=from_day,
        until=until,
        number=number,
        path=PAGE.format(number=number),
        data=facts.hold_data(loan),
    )


# --- By itself ------------------------------------------------------------------------------------------------


def due_to_lapse(connection: Connection, viewer: Viewer) -> list[str]:
    """The proposals whose last day has passed."""
    passed = (PLAN.c.state == "proposed", PLAN.c.lapses_on < viewer.today)
    return list(connection.execute(select(PLAN.c.number).where(*passed).order_by(PLAN.c.id)).scalars())


def lapse(session: Session, viewer: Viewer, number: str) -> bool:
    """Let a proposal lapse whose last day has passed, judged again here; False if it is not due or was decided."""
    found = queries.plan(session.connection(), number)
    if found is None or found.state != "proposed" or found.lapses_on >= viewer.today:
        return False
    try:
        _move(session, viewer, number, found.version, "lapsed")
    except Refusal:
        return False
    _void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "lapsed")
    audit.record(session, viewer, events.PlanLapsed(number, found.lapses_on))
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return True


# --- States ---------------------------------------------------------------------------------------------------


def _move(
    session: Session,
    viewer: Viewer,
    number: str,
    version: int,
    state: str,
    *,
    expected: str = "proposed",
    **more: Any,
) -> None:
    """Change the state of a plan that nobody has changed since it was read; Refusal `plan.decided` names who did."""
    ended = {"ended_at": viewer.now} if state in FINAL else {}
    moved = session.execute(
        update(PLAN)
        .where(PLAN.c.number == number, PLAN.c.version == version, PLAN.c.state == expected)
        .values(state=state, version=version + 1, **ended, **more)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        winner = queries.plan(session.connection(), number)
        raise Refusal("plan.decided", by=winner.decided_by if winner else None, state=winner.state if winner else "")
