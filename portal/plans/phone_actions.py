"""Staff write a proposal down on the phone; it counts only once the borrower has confirmed it from a link."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.messages.actions import notify
from portal.plans import events, phone_queries, proposing_actions
from portal.plans.phone_queries import PHONE, PhoneRecord, WritePage
from portal.plans.queries import PLAN
from portal.plans.stored_facts import dump, hold_data
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_number

LIFE = timedelta(days=7)
"""As long as the link in the text lives (domain.md 6)."""

PAGE = "/plans/phone/{number}"
"""Where the hold leads the borrower."""


def look_up(session: Session, viewer: Viewer, code: str, given: Mapping[str, str]) -> WritePage | None:
    """The form for a person, which shows what is due: noted as a look at personal data (ST-12)."""
    page = phone_queries.write_page(session.connection(), viewer, code, given)
    if page is not None:
        audit.record(session, viewer, events.PhoneProposalBegun(code))
    return page


def write_down(session: Session, viewer: Viewer, code: str, given: Mapping[str, str]) -> str:
    """Write a proposal down and send the person a link to confirm it; its number.

    Refusals as those of `proposing_actions.propose_plan`, except for the limits: whoever confirms it sends it anyway.
    LookupError for an unknown person.
    """
    person = loan_queries.person_by_code(session.connection(), code)
    if person is not None:
        loans.hold_loans_of(session, person.id)
    page = phone_queries.write_page(session.connection(), viewer, code, given)
    if page is None:
        raise LookupError(code)
    figures = proposing_actions.proposed_figures(page.new, {**given, "anyway": "1"})
    number, until = new_number(), viewer.today + LIFE
    row = {
        "number": number,
        "person_id": page.person.id,
        "currency": figures.currency,
        "state": "waiting",
        "version": 1,
        "answers": dump(dict(page.new.question.raw)),
        "told": page.new.told,
        "made_by": viewer.staff_id,
        "made_on": viewer.today,
        "made_at": viewer.now,
        "expires_on": until,
    }
    session.execute(insert(PHONE).values(row))
    for loan in figures.loans:
        loans.open_hold(
            session,
            viewer,
            kind="proposal",
            loan_id=loan.loan_id,
            person_id=page.person.id,
            from_day=viewer.today,
            until=until,
            number=number,
            path=PAGE.format(number=number),
            data=hold_data(loan),
        )
    event = events.PhoneProposalWritten(number, page.person.code, viewer.staff_id or 0, figures.total, page.new.passed)
    audit.record(session, viewer, event)
    notify(session, viewer, person_id=page.person.id, template="sms.link", number=number)
    return number


def confirm(session: Session, viewer: Viewer, number: str, seen: str, lender: str) -> str:
    """The borrower confirms it, and so it is a proposal of today; the number of the plan.

    Refusals: `phone.over` (state) where it was ended, and those of `proposing_actions.propose_plan` on the figures of
    today. LookupError for no own. `lender` is the name in the consent line.
    """
    loans.hold_loans_of(session, viewer.person_id or 0)
    found = _own(session, viewer, number)
    given = {**found.answers, "seen": seen, "anyway": "1"}
    loans.end_hold(session, viewer, number, viewer.today, "confirmed")
    plan_number = proposing_actions.propose_plan(session, viewer, given, lender)
    session.execute(update(PLAN).where(PLAN.c.number == plan_number).values(drafted_by=found.made_by))
    _move(session, viewer, found, "confirmed", plan_number=plan_number)
    audit.record(session, viewer, events.PhoneProposalEnded(number, "confirmed", plan_number))
    return plan_number


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """The borrower does not want it. Refusal `phone.over`; LookupError for no own."""
    return _end(session, viewer, _own(session, viewer, number), "declined")


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """Staff take back what they wrote down. Refusal `phone.over`; LookupError for none."""
    found = phone_queries.phone(session.connection(), number)
    if found is None:
        raise LookupError(number)
    if found.state != "waiting":
        raise Refusal("phone.over", state=found.state)
    return _end(session, viewer, found, "withdrawn")


def lapse(session: Session, viewer: Viewer, number: str) -> bool:
    """Let one lapse that nobody confirmed in time, judged again here."""
    found = phone_queries.phone(session.connection(), number)
    if found is None or found.state != "waiting" or found.expires_on >= viewer.today:
        return False
    try:
        _end(session, viewer, found, "lapsed")
    except Refusal:
        return False
    return True


def _own(session: Session, viewer: Viewer, number: str) -> PhoneRecord:
    found = phone_queries.phone(session.connection(), number)
    if found is None or viewer.kind != "borrower" or found.person_id != viewer.person_id:
        raise LookupError(number)
    if found.state != "waiting" or viewer.today > found.expires_on:
        raise Refusal("phone.over", state=found.state if found.state != "waiting" else "lapsed")
    return found


def _end(session: Session, viewer: Viewer, found: PhoneRecord, state: str) -> str:
    _move(session, viewer, found, state)
    loans.end_hold(session, viewer, found.number, viewer.today, state)
    audit.record(session, viewer, events.PhoneProposalEnded(found.number, state, None))
    return state


def _move(session: Session, viewer: Viewer, found: PhoneRecord, state: str, **more: Any) -> None:
    moved = (
        update(PHONE)
        .where(PHONE.c.number == found.number, PHONE.c.version == found.version, PHONE.c.state == "waiting")
        .values(state=state, version=found.version + 1, ended_at=viewer.now, **more)
    )
    if not changed(session, moved):
        winner = phone_queries.phone(session.connection(), found.number)
        raise Refusal("phone.over", state=winner.state if winner else state)
