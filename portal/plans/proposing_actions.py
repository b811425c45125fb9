"""The borrower proposes a plan, or takes the proposal back."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.affordability import Household
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.plans import counter_actions, events, lapsing_actions, moves, queries, stored_facts, words
from portal.plans.facts import Figures
from portal.plans.proposing_queries import NewPage, new_page
from portal.plans.queries import PLAN, PLAN_LOAN
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.i18n import language
from portal.platform.numbers import new_number


@dataclass(frozen=True, slots=True)
class Origin:
    """The draft that a proposal was sent from, and what was said in it of income and spending."""

    draft: str | None = None
    said: Household | None = None


def propose_plan(
    session: Session, viewer: Viewer, given: Mapping[str, str], lender: str, origin: Origin | None = None
) -> str:
    """Send a proposal; its number.

    Refusals: `plan.nothing_due`, `plan.already_proposed` (number), `plan.figures_changed`, `plan.outside_limits`, those
    of the schedule, and those of what stands beside it. `lender` is the name in the consent line, `origin` the draft
    that is sent.
    """
    loans.hold_loans_of(session, viewer.person_id or 0)
    _let_lapse(session, viewer)
    page = new_page(session.connection(), viewer, given)
    figures = proposed_figures(page, given)
    number = new_number()
    plan_id = _insert_plan(session, viewer, page, figures, number, lender, origin or Origin())
    for loan in figures.loans:
        schedule = stored_facts.schedule_row(loan)
        row = {"plan_id": plan_id, "loan_id": loan.loan_id, "fingerprint": loan.fingerprint, "schedule": schedule}
        session.execute(insert(PLAN_LOAN).values(row))
        moves.open_hold(session, viewer, "proposal", loan, number, page.today, figures.lapses_on)
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


def _let_lapse(session: Session, viewer: Viewer) -> None:
    """The person's own proposals whose last day has passed lapse first, whether or not the worker has come by."""
    for number in queries.due_to_lapse(session.connection(), viewer):
        found = queries.own_plan(session.connection(), viewer, number)
        if found is not None:
            lapsing_actions.lapse(session, viewer, number)


def proposed_figures(page: NewPage, given: Mapping[str, str]) -> Figures:
    """The figures of a proposal that can be sent as it was seen; otherwise a Refusal of `propose_plan`."""
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


def _insert_plan(
    session: Session, viewer: Viewer, page: NewPage, figures: Figures, number: str, lender: str, origin: Origin
) -> int:
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
        "answers": stored_facts.answers_row(answers),
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
        "said": stored_facts.said_row(origin.said),
        "draft": origin.draft,
    }
    return int(session.execute(insert(PLAN).values(values).returning(PLAN.c.id)).scalar_one())


def withdraw_plan(session: Session, viewer: Viewer, number: str) -> str:
    """The borrower takes a proposal back, or leaves a counter-offer.

    Refusal `plan.decided` where it has been decided; LookupError for no own.
    """
    moves.hold(session, number)
    found = queries.own_plan(session.connection(), viewer, number)
    if found is None:
        raise LookupError(number)
    expected = "countered" if found.state == "countered" else "proposed"
    moves.move(session, viewer, number, found.version, "withdrawn", expected=expected)
    counter_actions.end_with_plan(session, viewer, number, "withdrawn")
    moves.void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "withdrawn")
    audit.record(session, viewer, events.PlanWithdrawn(number))
    return number


def forget_said(session: Session, viewer: Viewer, number: str) -> bool:
    """Delete what was said with a plan of income and spending; its answer was given long enough ago."""
    if not changed(session, update(PLAN).where(PLAN.c.number == number, PLAN.c.said != "").values(said="")):
        return False
    audit.record(session, viewer, events.SaidForgotten(number))
    return True
