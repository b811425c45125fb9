"""Queues text messages: neutral words, for a person, in the transaction of their cause; and stops reminders."""

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.loans import queries as loans
from portal.messages import events
from portal.messages.queries import REMINDER, REMINDER_STOP, reminders_stopped
from portal.messages.reminders import reason_to_remind
from portal.messages.texts import CONTACTS, TEMPLATES
from portal.platform import outbox
from portal.platform.gate import Viewer
from portal.platform.guarded import changed


def notify(
    session: Session,
    viewer: Viewer,
    *,
    person_id: int,
    template: str,
    number: str | None = None,
    loan_id: int | None = None,
) -> int | None:
    """Let a person know that there is something to read; returns the outbox id, None where no number is known.

    `template` is one of `texts.TEMPLATES`, `number` that of the request it is about. The link is made when the text
    is sent. Reminders and questions wait for the contact window; links and answers go at any hour.
    """
    if template not in TEMPLATES:
        raise ValueError(f"no text message is called {template!r}")
    return _queue(session, viewer, person_id, template, number, {"loan_id": loan_id})


def remind(session: Session, viewer: Viewer, person_id: int) -> bool:
    """Queue today's reminder for a person if there is still a reason; False if there is none or it was queued."""
    connection = session.connection()
    if reminders_stopped(connection, person_id) is not None:
        return False
    last = connection.scalar(select(func.max(REMINDER.c.day)).where(REMINDER.c.person_id == person_id))
    reason = reason_to_remind(loans.loans_of(connection, person_id, viewer.today), viewer.today, last)
    if reason is None:
        return False
    session.execute(insert(REMINDER).values(person_id=person_id, day=viewer.today, reason=reason))
    return _queue(session, viewer, person_id, "sms.news", None, {"reason": reason}) is not None


def stop_reminders(session: Session, viewer: Viewer) -> bool:
    """The viewer wants no reminders by text from now on; what waits is not sent. False where they were stopped."""
    person_id = viewer.person_id or 0
    if reminders_stopped(session.connection(), person_id) is not None:
        return False
    session.execute(insert(REMINDER_STOP).values(person_id=person_id, from_at=viewer.now))
    audit.record(session, viewer, events.RemindersStopped(_code(session, person_id)))
    return True


def resume_reminders(session: Session, viewer: Viewer) -> bool:
    """The viewer wants reminders by text again; False where they were not stopped."""
    person_id = viewer.person_id or 0
    running = (REMINDER_STOP.c.person_id == person_id) & REMINDER_STOP.c.until_at.is_(None)
    if not changed(session, update(REMINDER_STOP).where(running).values(until_at=viewer.now)):
        return False
    audit.record(session, viewer, events.RemindersResumed(_code(session, person_id)))
    return True


def _code(session: Session, person_id: int) -> str:
    person = loans.person(session.connection(), person_id)
    if person is None:
        raise LookupError(person_id)
    return person.code


def _queue(
    session: Session, viewer: Viewer, person_id: int, kind: str, number: str | None, data: dict[str, object]
) -> int | None:
    person = loans.person(session.connection(), person_id)
    if person is None or person.contact_point_id is None:
        return None
    return outbox.enqueue(
        session,
        kind=kind,
        person_id=person_id,
        contact_point_id=person.contact_point_id,
        language=person.language,
        data={name: value for name, value in data.items() if value is not None},
        now=viewer.now,
        asked_for=kind not in CONTACTS,
        number=number,
    )
