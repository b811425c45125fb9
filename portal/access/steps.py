"""From step to step of the way in: which session stands where, how one ends and the next begins, and who must wait.

Raw references are made by the caller and only their hashes arrive in rows, so that no stored result of a
request can open a door. A wrong answer is a result, never an exception: its count must be kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from portal.access import checking, events
from portal.access.queries import DEVICE, PERSON, SESSION
from portal.audit.actions import record
from portal.platform import throttle
from portal.platform.gate import Viewer

NETWORK_TRIES, NETWORK_WINDOW = 120, timedelta(minutes=5)
"""Answers that one network may send from browsers that we do not know (SL-14); many phones share one."""


@dataclass(frozen=True)
class Marks:
    """A browser's marks in one request: the device marks it brought, and fresh references it may be given."""

    new_session: str
    new_device: str
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """What an answer led to: `wrong`, `incomplete` (no try is lost), `closed`, `busy` (the network is), `paused`,
    `gone`, `code` or `full`. `try_again` is from when a busy network may."""

    outcome: str
    tries_left: int = 0
    new_device: bool = False
    try_again: datetime | None = None


def visit(session: Session, viewer: Viewer, stages: set[str]) -> Row[Any] | None:
    """The session of the viewer, if it stands at one of these stages."""
    statement = select(SESSION).where(
        SESSION.c.id == viewer.session_id, SESSION.c.stage.in_(stages), SESSION.c.revoked_at.is_(None)
    )
    return session.execute(statement).first() if viewer.session_id is not None else None


def begin(
    session: Session,
    viewer: Viewer,
    person_id: int,
    contact_point_id: int,
    stage: str,
    token: str,
    *,
    link_id: int | None = None,
    device_id: int | None = None,
) -> int:
    """Begin a session at a stage; its id."""
    return int(
        session.execute(
            insert(SESSION)
            .values(
                token_hash=checking.token_hash(token),
                person_id=person_id,
                contact_point_id=contact_point_id,
                stage=stage,
                link_id=link_id,
                device_id=device_id,
                language=viewer.language,
                created_at=viewer.now,
                last_seen_at=viewer.now,
                ends_at=viewer.now + checking.ABSOLUTE_LIFE,
            )
            .returning(SESSION.c.id)
        ).scalar_one()
    )


def end_session(session: Session, viewer: Viewer, session_id: int | None, because: str) -> None:
    """End a session, if there is one and it has not ended yet."""
    session.execute(
        update(SESSION)
        .where(SESSION.c.id == session_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for=because)
    )


def sign_in(
    session: Session, viewer: Viewer, visit: Row[Any], device_id: int, marks: Marks, *, known_device: bool
) -> None:
    """Begin a full session on a device."""
    session.execute(update(DEVICE).where(DEVICE.c.id == device_id).values(last_used_at=viewer.now, wrong_checks=0))
    began = begin(
        session,
        viewer,
        visit.person_id,
        visit.contact_point_id,
        "full",
        marks.new_session,
        link_id=visit.link_id,
        device_id=device_id,
    )
    subject = person_code(session, visit.person_id)
    record(session, viewer, events.SignedIn(subject, began, known_device))


def network_waits(session: Session, viewer: Viewer, what: str) -> datetime | None:
    """Count an answer of the viewer's network; from when it may send another after too many."""
    bucket = f"{what}:{viewer.network}"
    return throttle.wait_until(session, bucket, NETWORK_TRIES, NETWORK_WINDOW, viewer.now)


def person_code(session: Session, person_id: int) -> str:
    """How the audit log calls a person."""
    return str(session.execute(select(PERSON.c.code).where(PERSON.c.id == person_id)).scalar_one())
