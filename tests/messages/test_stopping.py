"""Reminders by text can be stopped: what waits is dropped, requests are still answered, and they can come again."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.loans.queries import PersonRecord
from portal.messages import actions, jobs, queries
from portal.messages.gateways import DemoPhone
from portal.messages.queries import OUTBOX
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.settings import Settings


@pytest.fixture
def lin_herself(doors: Doors, lin: PersonRecord) -> Viewer:
    return replace(doors.system(), kind="borrower", person_id=lin.id)


def kinds(doors: Doors, state: str) -> list[str]:
    """Which texts are in a state."""
    wanted = select(OUTBOX.c.kind).where(OUTBOX.c.state == state).order_by(OUTBOX.c.id)
    return doors.read_as(doors.system(), lambda connection, _: list(connection.scalars(wanted)))


def test_no_reminder_is_queued_and_what_waits_is_dropped(doors: Doors, settings: Settings, lin_herself: Viewer) -> None:
    assert jobs.remind_due(doors) == 1
    assert doors.write_as(lin_herself, actions.stop_reminders)
    jobs.send_due(doors, settings, DemoPhone())
    wanted = select(OUTBOX.c.state, OUTBOX.c.reason)
    rows = doors.read_as(doors.system(), lambda connection, _: [tuple(row) for row in connection.execute(wanted)])
    assert rows == [("failed", "not_wanted")]


def test_requests_are_still_asked_about_and_answered(
    doors: Doors, settings: Settings, lin_herself: Viewer, lin: PersonRecord
) -> None:
    doors.write_as(lin_herself, actions.stop_reminders)
    for template in ("sms.question", "sms.answer", "sms.news"):
        doors.write_as(
            doors.system(),
            lambda session, viewer, template=template: actions.notify(
                session, viewer, person_id=lin.id, template=template, number="4K7-2GH"
            ),
        )
    jobs.send_due(doors, settings, DemoPhone())
    assert kinds(doors, "sent") == ["sms.question", "sms.answer", "sms.news"]


def test_they_come_again_when_they_are_wanted(doors: Doors, lin_herself: Viewer, lin: PersonRecord) -> None:
    assert doors.write_as(lin_herself, actions.stop_reminders)
    assert not doors.write_as(lin_herself, actions.stop_reminders)
    assert jobs.remind_due(doors) == 0
    stopped = doors.read_as(lin_herself, lambda connection, _: queries.reminders_stopped(connection, lin.id))
    assert stopped == lin_herself.now
    assert doors.write_as(lin_herself, actions.resume_reminders)
    assert not doors.write_as(lin_herself, actions.resume_reminders)
    assert jobs.remind_due(doors) == 1
