"""Staff write a question for a settlement down on the phone; it counts once the person has confirmed it from a link."""

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.settlements import asking_actions, events, moves, phone_queries, queries
from portal.settlements.own_queries import CONFIRM_WITHIN, new_page
from portal.settlements.phone_queries import WritePage
from portal.settlements.queries import REQUEST, RequestRecord


def look_up(session: Session, viewer: Viewer, person: str, loan: str) -> WritePage | None:
    """The form for a person, which shows what is due: noted as a look at personal data (ST-12)."""
    page = phone_queries.write_page(session.connection(), viewer, person, loan)
    if page is not None:
        audit.record(session, viewer, events.SettlementPhoneBegun(person))
    return page


def write_down(session: Session, viewer: Viewer, person: str, loan: str, could_pay: int, words: str) -> str:
    """Write down what a person could pay at once, and send them a link to confirm it; the request's number.

    Refusals of `asking_actions.ask`; LookupError for no such person or loan of theirs.
    """
    page = phone_queries.write_page(session.connection(), viewer, person, loan)
    if page is None or page.new is None:
        raise LookupError(loan)
    loans.hold_loans(session, page.new.record.id)
    page = phone_queries.write_page(session.connection(), viewer, person, loan)
    if page is None or page.new is None:
        raise LookupError(loan)
    asking_actions.check_asked(page.new, could_pay)
    if page.new.asked is not None:
        raise Refusal("settlement.asked_already", number=page.new.asked.number)
    row = asking_actions.asked_row(viewer, page.new, could_pay, words)
    row |= {"person_id": page.person.id, "state": "written", "drafted_by": viewer.staff_id}
    session.connection().execute(insert(REQUEST).values(row))
    number = str(row["number"])
    audit.record(session, viewer, events.SettlementWritten(number, page.new.record.id, viewer.staff_id or 0, could_pay))
    notify(session, viewer, person_id=page.person.id, template="sms.link", number=number)
    return number


def confirm(session: Session, viewer: Viewer, number: str) -> str:
    """The person confirms what was written down, and so asks staff, on the figures of today. The number.

    Refusals `settlement.answered` (state) where it waits no more, and those of `asking_actions.ask`. LookupError for
    none of theirs.
    """
    moves.hold(session, number)
    found = queries.own_request(session.connection(), viewer, number)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None:
        raise LookupError(number)
    page = new_page(session.connection(), viewer, record.code)
    if found.state != "written" or page is None or is_over(found, viewer):
        raise Refusal("settlement.answered", by=None, state="ended" if found.state == "written" else found.state)
    asking_actions.check_asked(page, found.could_pay)
    whole = page.quote.today.whole if page.quote else found.whole
    moved = (
        update(REQUEST)
        .where(REQUEST.c.id == found.id, REQUEST.c.version == found.version, REQUEST.c.state == "written")
        .values(state="asked", version=found.version + 1, whole=whole, asked_on=viewer.today, asked_at=viewer.now)
    )
    if not changed(session, moved):
        winner = queries.request(session.connection(), number)
        raise Refusal("settlement.answered", by=None, state=winner.state if winner else "ended")
    audit.record(session, viewer, events.SettlementAsked(number, found.loan_id, found.could_pay, whole))
    return number


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """Staff take back what the person has not confirmed yet. Refusal `settlement.answered`; LookupError for none."""
    found = queries.request(session.connection(), number)
    if found is None:
        raise LookupError(number)
    if found.state != "written":
        raise Refusal("settlement.answered", by=found.answered_by, state=found.state)
    moves.end_request(session, viewer, found, "withdrawn")
    return number


def is_over(found: RequestRecord, viewer: Viewer) -> bool:
    """Whether it was to be confirmed by a day that has passed."""
    return found.state == "written" and viewer.today > found.asked_on + CONFIRM_WITHIN
