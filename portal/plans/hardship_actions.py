"""A person says that they cannot pay at present: reminders pause at once, up to the product's limit, nothing else."""

from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.plans import events, hardship_queries, words
from portal.plans.hardship_queries import HARDSHIP
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.i18n import language
from portal.platform.numbers import new_number

PAGE = "/plans/hardship"


@dataclass(frozen=True, slots=True)
class Said:
    """What the person chose to say of what has changed; both may be empty, and then no consent is needed."""

    change: str = ""
    words: str = ""

    @property
    def is_something(self) -> bool:
        """Whether anything was said that needs consent to be kept."""
        return bool(self.change or self.words)


def pause_reminders(session: Session, viewer: Viewer, said: Said, lender: str) -> str:
    """Pause the viewer's reminders from today on; the number of the pause.

    Refusals: `hardship.running` (until) while one runs, `hardship.none_left` where the product's days are used up or
    no contract of the viewer's lets them pause. `lender` is the name in the consent line.
    """
    loans.hold_loans_of(session, viewer.person_id or 0)
    connection = session.connection()
    page = hardship_queries.hardship_page(connection, viewer)
    if page.running is not None:
        raise Refusal("hardship.running", until=page.running.until)
    if page.until is None:
        raise Refusal("hardship.none_left")
    number, person_id = new_number(), viewer.person_id or 0
    row = {
        "number": number,
        "person_id": person_id,
        "change": said.change,
        "words": said.words,
        "from_day": viewer.today,
        "until": page.until,
        "told_at": viewer.now,
        "consent_text": words.hardship_consent(lender) if said.is_something else "",
        "consent_version": words.CONSENT_VERSION if said.is_something else "",
        "consent_language": language() if said.is_something else "",
    }
    session.execute(insert(HARDSHIP).values(row))
    for record in hardship_queries.pausing(loan_queries.loans_of(connection, person_id, viewer.today)):
        loans.open_hold(
            session,
            viewer,
            kind="hardship",
            loan_id=record.id,
            person_id=person_id,
            from_day=viewer.today,
            until=page.until,
            number=number,
            path=PAGE,
        )
    audit.record(session, viewer, events.RemindersPaused(number, viewer.today, page.until, said.is_something))
    return number


def go_on(session: Session, viewer: Viewer) -> bool:
    """The viewer wants reminders again; False where none pause."""
    running = hardship_queries.current(session.connection(), viewer.person_id or 0, viewer.today)
    return running is not None and end_pause(session, viewer, running.number)


def end_pause(session: Session, viewer: Viewer, number: str) -> bool:
    """A pause is over; False if it was already."""
    ended = (
        update(HARDSHIP)
        .where(HARDSHIP.c.number == number, HARDSHIP.c.ended_on.is_(None))
        .values(ended_on=viewer.today, ended_at=viewer.now)
    )
    if not changed(session, ended):
        return False
    loans.end_hold(session, viewer, number, viewer.today, "over")
    audit.record(session, viewer, events.RemindersGoOn(number))
    return True


def delete_said(session: Session, viewer: Viewer) -> bool:
    """The viewer takes the consent back: what was said with the pause that runs is deleted; the pause goes on."""
    running = hardship_queries.current(session.connection(), viewer.person_id or 0, viewer.today)
    return running is not None and forget(session, viewer, running.number)


def forget(session: Session, viewer: Viewer, number: str) -> bool:
    """Empty what was said with a pause; False if nothing was."""
    said = (HARDSHIP.c.change != "") | (HARDSHIP.c.words != "")
    emptied = update(HARDSHIP).where(HARDSHIP.c.number == number, said).values(change="", words="")
    if not changed(session, emptied):
        return False
    audit.record(session, viewer, events.HardshipForgotten(number))
    return True
