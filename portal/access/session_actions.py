"""Sessions and devices of somebody who is in: touched, signed out, remembered, forgotten, and gone on from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from portal.access import checking, events, session_queries, steps
from portal.access.queries import DEVICE, SESSION, STAFF_SESSION
from portal.audit.actions import record
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code


def touch(session: Session, viewer: Viewer) -> None:
    """The visitor is still there: the fifteen minutes begin again."""
    table = STAFF_SESSION if viewer.kind == "staff" else SESSION
    session.execute(
        update(table)
        .where(table.c.id == viewer.session_id, table.c.last_seen_at < viewer.now)
        .values(last_seen_at=viewer.now)
    )


def go_on(session: Session, viewer: Viewer, ended_token: str, device_tokens: Sequence[str], new_session: str) -> bool:
    """Begin a session that awaits the check on a device that has passed before; False where none has."""
    found = session_queries.ended(session.connection(), viewer, ended_token, device_tokens)
    if found.device_id is None or found.person_id is None or found.contact_point_id is None:
        return False
    steps.begin(
        session, viewer, found.person_id, found.contact_point_id, "check", new_session, device_id=found.device_id
    )
    return True


def sign_out(session: Session, viewer: Viewer) -> None:
    """End this session; the device stays known."""
    steps.end_session(session, viewer, viewer.session_id, "signed_out")
    if viewer.person_id is not None:
        record(session, viewer, events.SignedOut(steps.person_code(session, viewer.person_id), False))


def sign_out_everywhere(session: Session, viewer: Viewer) -> None:
    """End every session of the viewer and forget every device."""
    if viewer.person_id is None:
        return
    _end_sessions_of(session, viewer, viewer.person_id, "signed_out")
    session.execute(
        update(DEVICE)
        .where(DEVICE.c.person_id == viewer.person_id, DEVICE.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now)
    )
    record(session, viewer, events.SignedOut(steps.person_code(session, viewer.person_id), True))


def _end_sessions_of(session: Session, viewer: Viewer, person_id: int, because: str) -> None:
    session.execute(
        update(SESSION)
        .where(SESSION.c.person_id == person_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for=because)
    )


def forget_device(session: Session, viewer: Viewer, code: str) -> bool:
    """Ask the viewer's device for a code from now on and end its sessions; False if it is not the viewer's."""
    found = session.execute(
        select(DEVICE.c.id).where(DEVICE.c.code == code, DEVICE.c.person_id == viewer.person_id)
    ).scalar_one_or_none()
    if found is None or viewer.person_id is None:
        return False
    forget(session, viewer, found, steps.person_code(session, viewer.person_id), "borrower")
    return True


def forget(session: Session, viewer: Viewer, device_id: int, subject: str, because: str) -> None:
    """Ask a device for a code from now on, and end its sessions."""
    session.execute(
        update(DEVICE).where(DEVICE.c.id == device_id, DEVICE.c.revoked_at.is_(None)).values(revoked_at=viewer.now)
    )
    session.execute(
        update(SESSION)
        .where(SESSION.c.device_id == device_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for="device_forgotten")
    )
    record(session, viewer, events.DeviceForgotten(subject, device_id, because))


def remember(session: Session, viewer: Viewer, visit: Row[Any], new_device: str) -> int:
    """Know a device from now on; its id."""
    return int(
        session.execute(
            insert(DEVICE)
            .values(
                code=new_code(),
                token_hash=checking.token_hash(new_device),
                person_id=visit.person_id,
                contact_point_id=visit.contact_point_id,
                wrong_checks=0,
                created_at=viewer.now,
                last_used_at=viewer.now,
                expires_at=viewer.now + checking.DEVICE_LIFE,
            )
            .returning(DEVICE.c.id)
        ).scalar_one()
    )


def device_of(session: Session, viewer: Viewer, person_id: int, tokens: Sequence[str]) -> Row[Any] | None:
    """Which of a browser's marks is a known device of this person."""
    known = session_queries.known_devices(session.connection(), tokens, viewer.now)
    return next((row for row in known if row.person_id == person_id), None)
