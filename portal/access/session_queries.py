"""Sessions that ended, with which device one may go on from them, and the devices that their owner sees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, select
from starlette.requests import HTTPConnection

from portal.access import checking, cookies
from portal.access.queries import ACCOUNT, CONTACT, DEVICE, SESSION, STAFF_SESSION
from portal.platform.gate import Viewer


@dataclass(frozen=True)
class DeviceLine:
    """A known device, as its owner sees it."""

    code: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_this: bool


@dataclass(frozen=True)
class Ended:
    """What is left of a session: whose it was, and with which of the browser's device marks one may go on."""

    device_id: int | None
    person_id: int | None
    contact_point_id: int | None


_USABLE_DEVICE = and_(
    DEVICE.c.revoked_at.is_(None),
    exists().where(CONTACT.c.id == DEVICE.c.contact_point_id, CONTACT.c.superseded_at.is_(None)),
)


def known_devices(connection: Connection, tokens: Sequence[str], now: datetime) -> list[Row[Any]]:
    """The rows of a browser's device marks that still count, the last used first."""
    hashes = [checking.token_hash(token) for token in tokens]
    statement = (
        select(DEVICE)
        .where(DEVICE.c.token_hash.in_(hashes), DEVICE.c.expires_at > now, _USABLE_DEVICE)
        .order_by(DEVICE.c.last_used_at.desc(), DEVICE.c.id.desc())
    )
    return list(connection.execute(statement).all()) if hashes else []


def ended(connection: Connection, viewer: Viewer, token: str, device_tokens: Sequence[str]) -> Ended:
    """Who may go on with this device: the person of the ended session first, else the last one here."""
    person_id = person_of_token(connection, token)
    devices = known_devices(connection, device_tokens, viewer.now)
    own = [row for row in devices if person_id in {None, row.person_id}]
    if not own:
        return Ended(None, person_id, None)
    return Ended(own[0].id, own[0].person_id, own[0].contact_point_id)


def person_of_token(connection: Connection, token: str) -> int | None:
    """Whose full session a cookie was, if it ran out by itself; not after signing out or being revoked."""
    statement = select(SESSION.c.person_id).where(
        SESSION.c.token_hash == checking.token_hash(token),
        SESSION.c.stage == "full",
        SESSION.c.revoked_at.is_(None),
    )
    return connection.scalar(statement) if token else None


def devices(connection: Connection, viewer: Viewer) -> tuple[DeviceLine, ...]:
    """The viewer's known devices, the last used first."""
    statement = (
        select(DEVICE)
        .where(DEVICE.c.person_id == viewer.person_id, DEVICE.c.expires_at > viewer.now, _USABLE_DEVICE)
        .order_by(DEVICE.c.last_used_at.desc(), DEVICE.c.id.desc())
    )
    return tuple(
        DeviceLine(row.code, row.created_at, row.last_used_at, row.expires_at, row.id == viewer.device_id)
        for row in connection.execute(statement)
    )


def viewer_of_ended(connection: Connection, viewer: Viewer, kind: str, token: str) -> Viewer | None:
    """Whose session a cookie (cookies.SESSION or STAFF) was, if it ran out by itself."""
    if kind == cookies.SESSION:
        person_id = person_of_token(connection, token)
        return replace(viewer, kind="borrower", person_id=person_id) if person_id is not None else None
    account_id = connection.scalar(_ENDED_STAFF, {"token_hash": checking.token_hash(token)}) if token else None
    return replace(viewer, kind="staff", staff_id=account_id) if account_id is not None else None


def is_known(connection: Connection, viewer: Viewer, request: HTTPConnection, staff: bool) -> bool:
    """Whether a request comes from a session that lasts, or one that ran out by itself."""
    kind = cookies.STAFF if staff else cookies.SESSION
    return viewer_of_ended(connection, viewer, kind, cookies.read(request, kind)) is not None


_ENDED_STAFF = (
    select(STAFF_SESSION.c.account_id)
    .join(ACCOUNT, and_(ACCOUNT.c.id == STAFF_SESSION.c.account_id, ACCOUNT.c.disabled_at.is_(None)))
    .where(STAFF_SESSION.c.token_hash == bindparam("token_hash"), STAFF_SESSION.c.revoked_at.is_(None))
)
