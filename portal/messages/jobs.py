"""What the worker does with messages: hands texts to the gateway, and queues reminders."""

import re
from datetime import date, timedelta

from sqlalchemy import Connection, Select, and_, or_, select

from portal.loans.queries import LOAN_PARTY
from portal.loans.tables import Instalment, LoanVersion, table_of
from portal.messages import actions
from portal.messages.gateways import Gateway, Message, Outcome, gateway_of
from portal.messages.queries import REMINDER
from portal.messages.reminders import LATE_DAYS, LATE_PAUSE
from portal.messages.sending import prepare
from portal.platform import outbox
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.outbox import Taken
from portal.platform.settings import Settings

BATCH = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
"""After a try that surely did not reach the provider: half as long again as it has waited already."""

_SIGNATURE = re.compile("^【[^】]*】")
_INSTALMENT, _LOAN_VERSION = table_of(Instalment), table_of(LoanVersion)


def send_due(doors: Doors, settings: Settings, gateway: Gateway | None = None) -> int:
    """Send texts that are due, one at a time; returns how many were looked at (MO-11)."""
    if doors.read_as(doors.system(), outbox.oldest_waiting) is None:
        return 0
    gateway = gateway or gateway_of(settings)
    for done in range(BATCH):
        taken = doors.write_as(doors.system(), outbox.take, 1)
        if not taken:
            return done
        _send(doors, settings, gateway, taken[0])
    return BATCH


def _send(doors: Doors, settings: Settings, gateway: Gateway, taken: Taken) -> None:
    if taken.interrupted and not gateway.dedupes:
        # A process died while it was sending this: nobody knows, so nobody sends it again.
        doors.write_as(doors.system(), outbox.finish, taken.id, "uncertain", "interrupted")
        return
    text = doors.write_as(doors.system(), prepare, taken, settings)
    if text is None:
        return
    signature = _SIGNATURE.match(text.words)
    message = Message(
        number=text.number,
        text=_SIGNATURE.sub("", text.words),
        signature=signature[0] if signature else "",
        reference=taken.reference,
    )
    _note(doors, taken, gateway.send(message), gateway.shows_texts)


def _note(doors: Doors, taken: Taken, outcome: Outcome, keep_text: bool) -> None:
    viewer = doors.system()
    if outcome is Outcome.SENT:
        doors.write_as(viewer, outbox.finish, taken.id, "sent", "", keep_text)
    elif outcome is Outcome.UNCERTAIN:
        doors.write_as(viewer, outbox.finish, taken.id, "uncertain", "no_answer")
    elif outcome is Outcome.REFUSED:
        doors.write_as(viewer, outbox.finish, taken.id, "failed", outcome.value)
    else:
        pause = min(max(FIRST_PAUSE, (viewer.now - taken.created_at) / 2), LONGEST_PAUSE)
        doors.write_as(viewer, outbox.again, taken.id, viewer.now + pause)


def remind_due(doors: Doors) -> int:
    """Queue today's reminders: the day before an instalment is due, and while it is late; returns how many.

    Once a day and person at most; the text itself waits for the contact window (M0 and M1 of domain.md 5).
    """
    people = doors.read_as(doors.system(), _may_need_reminding)
    return sum(doors.write_as(doors.system(), actions.remind, person_id) for person_id in people)


def _may_need_reminding(connection: Connection, viewer: Viewer) -> list[int]:
    """Narrows only: parties of active loans with an instalment due tomorrow, or in the days that may be late."""
    today = viewer.today
    statement = (
        select(LOAN_PARTY.c.person_id)
        .join(
            _LOAN_VERSION,
            and_(_LOAN_VERSION.c.loan_id == LOAN_PARTY.c.loan_id, _LOAN_VERSION.c.superseded_at.is_(None)),
        )
        .join(
            _INSTALMENT,
            and_(_INSTALMENT.c.loan_id == LOAN_PARTY.c.loan_id, _INSTALMENT.c.superseded_at.is_(None)),
        )
        .where(
            LOAN_PARTY.c.superseded_at.is_(None),
            _LOAN_VERSION.c.status.in_(("active", "called")),
            _INSTALMENT.c.due_on.between(today - timedelta(days=LATE_DAYS), today + timedelta(days=1)),
            LOAN_PARTY.c.person_id.not_in(_left_alone(today)),
        )
        .group_by(LOAN_PARTY.c.person_id)
        .order_by(LOAN_PARTY.c.person_id)
    )
    return list(connection.scalars(statement))


def _left_alone(today: date) -> Select[tuple[int]]:
    tomorrow = select(LOAN_PARTY.c.person_id).where(
        LOAN_PARTY.c.loan_id.in_(
            select(_INSTALMENT.c.loan_id).where(
                _INSTALMENT.c.due_on == today + timedelta(days=1), _INSTALMENT.c.superseded_at.is_(None)
            )
        )
    )
    recent = REMINDER.c.day > today - LATE_PAUSE
    return select(REMINDER.c.person_id).where(
        or_(REMINDER.c.day == today, and_(recent, REMINDER.c.person_id.not_in(tomorrow)))
    )
