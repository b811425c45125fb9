"""Reminders to a number stop because somebody there says "not me", and go on again."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.access import checking, events, steps
from portal.access.queries import CONTACT, LINK, STOP
from portal.audit.actions import record
from portal.platform.gate import Viewer


def stop_number(session: Session, viewer: Viewer, link_id: int) -> int:
    """Somebody says that a link's messages are not for them: reminders to its number stop. 0 for no such link."""
    link = session.execute(
        select(LINK.c.person_id, LINK.c.contact_point_id, CONTACT.c.value)
        .join(CONTACT, CONTACT.c.id == LINK.c.contact_point_id)
        .where(LINK.c.id == link_id)
    ).first()
    if link is None:
        return 0
    running = session.execute(
        select(STOP.c.id).where(STOP.c.mobile == link.value, STOP.c.ended_at.is_(None))
    ).scalar_one_or_none()
    if running is not None:
        return int(running)
    stop_id = session.execute(
        insert(STOP)
        .values(
            mobile=link.value,
            person_id=link.person_id,
            contact_point_id=link.contact_point_id,
            created_at=viewer.now,
        )
        .returning(STOP.c.id)
    ).scalar_one()
    record(session, viewer, events.NumberStopped(steps.person_code(session, link.person_id), stop_id))
    return int(stop_id)


def undo_stop(session: Session, viewer: Viewer, stop_id: int) -> bool:
    """Take a stop back within ten minutes; False afterwards, or if there is none."""
    recent = STOP.c.created_at > viewer.now - checking.UNDO_LIFE
    return end_stop(session, viewer, "undone", STOP.c.id == stop_id, recent)


def end_stop(session: Session, viewer: Viewer, because: str, *conditions: Any) -> bool:
    """End the stops that these conditions meet; whether there was one."""
    ended = session.execute(
        update(STOP)
        .where(STOP.c.ended_at.is_(None), *conditions)
        .values(ended_at=viewer.now, ended_for=because)
        .returning(STOP.c.id, STOP.c.person_id)
    ).all()
    for stop in ended:
        subject = steps.person_code(session, stop.person_id)
        record(session, viewer, events.NumberStopEnded(subject, stop.id, because))
    return bool(ended)
