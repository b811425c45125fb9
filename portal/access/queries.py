"""Who is asking: the viewer behind a cookie. Statements are built once; rows leave as frozen values."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select
from starlette.requests import HTTPConnection

from portal.access import checking, cookies
from portal.access.tables import (
    BorrowerSession,
    Challenge,
    Device,
    KeptEntry,
    Link,
    LinkRequest,
    NumberStop,
    SecondPerson,
    StaffAccount,
    StaffRole,
    StaffSession,
    WrongCode,
)
from portal.loans.tables import ContactPoint, Person, table_of
from portal.platform import gate
from portal.platform.db import TOUCH_AFTER
from portal.platform.gate import Viewer
from portal.platform.prepared import Prepared
from portal.platform.visit import stranger, visit_of

LINK, LINK_REQUEST, DEVICE = table_of(Link), table_of(LinkRequest), table_of(Device)
SESSION, CHALLENGE, WRONG_CODE = table_of(BorrowerSession), table_of(Challenge), table_of(WrongCode)
STOP, KEPT, SECOND = table_of(NumberStop), table_of(KeptEntry), table_of(SecondPerson)
ACCOUNT, ROLE, STAFF_SESSION = table_of(StaffAccount), table_of(StaffRole), table_of(StaffSession)
CONTACT, PERSON = table_of(ContactPoint), table_of(Person)


@dataclass(frozen=True)
class BorrowerVisit:
    """A borrower's session that is alive."""

    id: int
    person_id: int
    stage: str
    contact_point_id: int
    link_id: int | None
    device_id: int | None
    last_seen_at: datetime
    ends_at: datetime

    def ends_if_idle(self, now: datetime) -> datetime:
        """When the session ends if nothing is asked for after `now`, as it will then have been noted."""
        last = now if now - self.last_seen_at >= TOUCH_AFTER else self.last_seen_at
        return min(last + checking.IDLE_LIFE, self.ends_at)


@dataclass(frozen=True)
class StaffVisit:
    """A staff session that is alive, with the roles held at this moment."""

    id: int
    account_id: int
    display_name: str
    roles: frozenset[str]
    last_seen_at: datetime


_ALIVE = and_(
    SESSION.c.token_hash == bindparam("token_hash"),
    SESSION.c.revoked_at.is_(None),
    SESSION.c.ends_at > bindparam("now", type_=SESSION.c.ends_at.type),
    SESSION.c.last_seen_at > bindparam("idle_since", type_=SESSION.c.last_seen_at.type),
)
_VISIT = Prepared(
    select(
        SESSION.c.id,
        SESSION.c.person_id,
        SESSION.c.stage,
        SESSION.c.contact_point_id,
        SESSION.c.link_id,
        SESSION.c.device_id,
        SESSION.c.last_seen_at,
        SESSION.c.ends_at,
    )
    .join(CONTACT, and_(CONTACT.c.id == SESSION.c.contact_point_id, CONTACT.c.superseded_at.is_(None)))
    .where(_ALIVE)
)
_STAFF_VISIT = (
    select(
        STAFF_SESSION.c.id,
        STAFF_SESSION.c.account_id,
        ACCOUNT.c.display_name,
        ROLE.c.role,
        STAFF_SESSION.c.last_seen_at,
    )
    .join(ACCOUNT, and_(ACCOUNT.c.id == STAFF_SESSION.c.account_id, ACCOUNT.c.disabled_at.is_(None)))
    .outerjoin(ROLE, and_(ROLE.c.account_id == ACCOUNT.c.id, ROLE.c.until_at.is_(None)))
    .where(
        STAFF_SESSION.c.token_hash == bindparam("token_hash"),
        STAFF_SESSION.c.revoked_at.is_(None),
        STAFF_SESSION.c.ends_at > bindparam("now", type_=STAFF_SESSION.c.ends_at.type),
        STAFF_SESSION.c.last_seen_at > bindparam("idle_since", type_=STAFF_SESSION.c.last_seen_at.type),
    )
)
PRE_AUTH = frozenset({"link"})
SIGNED_IN = frozenset({"borrower"})


def find_viewer(connection: Connection, request: HTTPConnection) -> Viewer:
    """Who asks: on staff's pages by the staff cookie alone, elsewhere by the borrower's.

    Before the check has passed there is no person: such a viewer has the role `link`, a session, and nothing else.
    A page for both, such as a file, takes the borrower first.
    """
    viewer = stranger(request)
    permission = visit_of(request).route
    roles = gate.PERMISSIONS[permission.may] if permission else frozenset()
    if request.scope["path"].startswith("/staff") or (roles & gate.STAFF and "borrower" not in roles):
        return _as_staff(connection, request, viewer)
    found = _as_borrower(connection, request, viewer)
    if found.kind == "anonymous" and roles & gate.STAFF:
        return _as_staff(connection, request, viewer)
    return found


def _as_borrower(connection: Connection, request: HTTPConnection, viewer: Viewer) -> Viewer:
    token = cookies.read(request, cookies.SESSION)
    visit = find_visit(connection, token, viewer.now) if token else None
    if visit is None:
        return viewer
    if visit.stage != "full":
        return replace(viewer, roles=PRE_AUTH, session_id=visit.id, seen_at=visit.last_seen_at)
    return replace(
        viewer,
        kind="borrower",
        roles=SIGNED_IN,
        person_id=visit.person_id,
        session_id=visit.id,
        device_id=visit.device_id,
        seen_at=visit.last_seen_at,
        ends_at=visit.ends_if_idle(viewer.now),
    )


def _as_staff(connection: Connection, request: HTTPConnection, viewer: Viewer) -> Viewer:
    token = cookies.read(request, cookies.STAFF)
    visit = find_staff_visit(connection, token, viewer.now) if token else None
    if visit is None:
        return viewer
    return replace(
        viewer,
        kind="staff",
        roles=visit.roles,
        staff_id=visit.account_id,
        name=visit.display_name,
        session_id=visit.id,
        seen_at=visit.last_seen_at,
    )


def find_visit(connection: Connection, token: str, now: datetime) -> BorrowerVisit | None:
    """The borrower's session of a cookie, if neither idle, over, revoked nor on a number that was replaced."""
    rows = _VISIT.rows(connection, _of_token(token, now))
    return BorrowerVisit(*rows[0]) if rows else None


def find_staff_visit(connection: Connection, token: str, now: datetime) -> StaffVisit | None:
    """The staff session of a cookie, if alive and its account not disabled; its roles are today's."""
    rows = connection.execute(_STAFF_VISIT, _of_token(token, now)).all()
    if not rows:
        return None
    roles = frozenset(row.role for row in rows if row.role)
    first = rows[0]
    return StaffVisit(first.id, first.account_id, first.display_name, roles, first.last_seen_at)


def _of_token(token: str, now: datetime) -> dict[str, Any]:
    return {
        "token_hash": checking.token_hash(token),
        "now": now,
        "idle_since": now - checking.IDLE_LIFE,
    }
