"""Who is asking, and what the pages of access show. Statements are built once; rows leave as frozen values."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, exists, func, select
from starlette.requests import HTTPConnection

from portal.access import checking, cookies
from portal.access.tables import (
    WRONG_CHECKS_MAX,
    WRONG_CODES_MAX,
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
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.tables import ContactPoint, Person, table_of
from portal.platform import gate
from portal.platform.db import TOUCH_AFTER
from portal.platform.formats import full_minute
from portal.platform.gate import Viewer
from portal.platform.sealing import SealBroken, unseal
from portal.platform.visit import stranger, visit_of

LINK, LINK_REQUEST, DEVICE = table_of(Link), table_of(LinkRequest), table_of(Device)
SESSION, CHALLENGE, WRONG_CODE = table_of(BorrowerSession), table_of(Challenge), table_of(WrongCode)
STOP, KEPT, SECOND = table_of(NumberStop), table_of(KeptEntry), table_of(SecondPerson)
ACCOUNT, ROLE, STAFF_SESSION = table_of(StaffAccount), table_of(StaffRole), table_of(StaffSession)
CONTACT, PERSON = table_of(ContactPoint), table_of(Person)

KEPT_PURPOSE = "access.kept_entry"
NUMBER_PURPOSE = "access.link_request"
TOTP_PURPOSE = "access.totp"

SKEW = timedelta(seconds=60)
"""How far two clocks may be apart where an instant of another machine is judged (SL-10)."""


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
_VISIT = (
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
    row = connection.execute(_VISIT, _of_token(token, now)).first()
    return BorrowerVisit(*row) if row else None


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


# --- the recipient check and the code -------------------------------------------------------------------------


@dataclass(frozen=True)
class CheckPage:
    """What may be asked of the person whose session this is; never what the answers are."""

    asks_birth_date: bool
    asks_last4: bool
    by_link: bool
    tries_left: int


@dataclass(frozen=True)
class CodePage:
    """The proof words, and when codes can be typed and sent. Instants are rounded up to the minute."""

    word_one: str
    word_two: str
    words_language: str
    can_type: bool
    new_code_from: datetime | None
    locked_until: datetime | None
    locked_long: bool
    tries_left: int


@dataclass(frozen=True)
class CodeState:
    """A person's codes at one instant: which are live in this session, and what is used up."""

    live: tuple[Row[Any], ...]
    newest: Row[Any] | None
    next_challenge: datetime | None
    wrong_left: int
    paused_until: datetime | None


_CHECKS = select(
    SESSION.c.stage,
    SESSION.c.person_id,
    SESSION.c.link_id,
    SESSION.c.device_id,
    LINK.c.wrong_checks.label("link_wrong"),
    LINK.c.closed_at,
    LINK.c.revoked_at,
    DEVICE.c.wrong_checks.label("device_wrong"),
    DEVICE.c.revoked_at.label("device_revoked_at"),
).select_from(
    SESSION.outerjoin(LINK, LINK.c.id == SESSION.c.link_id).outerjoin(DEVICE, DEVICE.c.id == SESSION.c.device_id)
)
_CHECKS_OF_SESSION = _CHECKS.where(SESSION.c.id == bindparam("session_id"))

_CHALLENGES = (
    select(CHALLENGE)
    .where(
        CHALLENGE.c.person_id == bindparam("person_id"),
        CHALLENGE.c.created_at > bindparam("since", type_=CHALLENGE.c.created_at.type),
    )
    .order_by(CHALLENGE.c.id.desc())
)
_WRONG_CODES = (
    select(WRONG_CODE.c.at)
    .where(
        WRONG_CODE.c.person_id == bindparam("person_id"),
        WRONG_CODE.c.at > bindparam("since", type_=WRONG_CODE.c.at.type),
    )
    .order_by(WRONG_CODE.c.at.desc())
    .limit(checking.WRONG_CODES_A_DAY)
)


def stage(connection: Connection, viewer: Viewer) -> str | None:
    """How far this visitor's session has come, if there is one."""
    found = connection.scalar(select(SESSION.c.stage).where(SESSION.c.id == viewer.session_id))
    return str(found) if found else None


def check_page(connection: Connection, viewer: Viewer) -> CheckPage:
    """What the check asks; raises Refusal `check_closed` where no try is left, `no_check` where none is due."""
    row = connection.execute(_CHECKS_OF_SESSION, {"session_id": viewer.session_id}).first()
    if row is None or row.stage not in {"link", "check"}:
        raise Refusal("no_check")
    by_link = row.stage == "link"
    wrong = row.link_wrong if by_link else row.device_wrong
    ended = (row.closed_at or row.revoked_at) if by_link else row.device_revoked_at
    if ended or wrong is None or wrong >= WRONG_CHECKS_MAX:
        raise Refusal("check_closed")
    person = loans.person(connection, row.person_id)
    if person is None:
        raise Refusal("no_check")
    return CheckPage(
        asks_birth_date=person.birth_date is not None,
        asks_last4=bool(person.id_last4),
        by_link=by_link,
        tries_left=WRONG_CHECKS_MAX - wrong,
    )


def code_state(connection: Connection, person_id: int, session_id: int, now: datetime) -> CodeState:
    """Which codes of this session still count, and what this person's hour and day leave (SL-12)."""
    recent = connection.execute(_CHALLENGES, {"person_id": person_id, "since": now - checking.CHALLENGES_WINDOW}).all()
    own = tuple(row for row in recent if row.session_id == session_id)
    live = tuple(
        row for row in own if row.used_at is None and row.expires_at > now and row.wrong_tries < WRONG_CODES_MAX
    )
    wrong = connection.scalars(_WRONG_CODES, {"person_id": person_id, "since": now - checking.WRONG_CODES_WINDOW}).all()
    paused_until = wrong[-1] + checking.WRONG_CODES_WINDOW if len(wrong) >= checking.WRONG_CODES_A_DAY else None
    return CodeState(
        live=live,
        newest=own[0] if own else None,
        next_challenge=_next_challenge(recent, own, now),
        wrong_left=checking.WRONG_CODES_A_DAY - len(wrong),
        paused_until=paused_until,
    )


def _next_challenge(recent: Sequence[Row[Any]], own: Sequence[Row[Any]], now: datetime) -> datetime | None:
    candidates = []
    if len(recent) >= checking.CHALLENGES_MAX:
        oldest_counted = recent[checking.CHALLENGES_MAX - 1]
        candidates.append(oldest_counted.created_at + checking.CHALLENGES_WINDOW)
    if own:
        candidates.append(own[0].created_at + checking.RESEND_AFTER)
    later = [instant for instant in candidates if instant > now]
    return max(later) if later else None


SAID_BY_THE_CLOCK = timedelta(hours=6)
"""Further ahead a time of day is said with its day."""


def code_page(connection: Connection, viewer: Viewer) -> CodePage:
    """What the code page shows; raises Refusal `no_code` where no code is awaited."""
    row = connection.execute(_CHECKS_OF_SESSION, {"session_id": viewer.session_id}).first()
    if row is None or row.stage != "code" or viewer.session_id is None:
        raise Refusal("no_code")
    state = code_state(connection, row.person_id, viewer.session_id, viewer.now)
    can_type = bool(state.live) and state.paused_until is None
    locked = state.paused_until or (None if can_type else _longer_than_a_resend(state, viewer.now))
    shown = state.live[0] if state.live else None
    return CodePage(
        word_one=shown.word_one if shown else "",
        word_two=shown.word_two if shown else "",
        words_language=shown.words_language if shown else "",
        can_type=can_type,
        new_code_from=full_minute(state.next_challenge) if state.next_challenge and not locked else None,
        locked_until=full_minute(locked) if locked else None,
        locked_long=locked is not None and locked - viewer.now > SAID_BY_THE_CLOCK,
        tries_left=tries_left(state),
    )


def tries_left(state: CodeState) -> int:
    """How many wrong codes the best live challenge and the day still survive."""
    best = max((WRONG_CODES_MAX - row.wrong_tries for row in state.live), default=0)
    return min(best, state.wrong_left)


def _longer_than_a_resend(state: CodeState, now: datetime) -> datetime | None:
    instant = state.next_challenge
    return instant if instant and instant - now > checking.RESEND_AFTER else None


# --- links, sessions that ended, devices, kept entries --------------------------------------------------------


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


def link_id(connection: Connection, viewer: Viewer, ref: str) -> int:
    """The link of a reference, alive or not; 0 for one that was never made. For "not me" only."""
    found = connection.scalar(select(LINK.c.id).where(LINK.c.ref_hash == checking.token_hash(ref)))
    return int(found or 0)


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


_ENDED_STAFF = (
    select(STAFF_SESSION.c.account_id)
    .join(ACCOUNT, and_(ACCOUNT.c.id == STAFF_SESSION.c.account_id, ACCOUNT.c.disabled_at.is_(None)))
    .where(STAFF_SESSION.c.token_hash == bindparam("token_hash"), STAFF_SESSION.c.revoked_at.is_(None))
)


def kept_by(viewer: Viewer, form: str) -> ColumnElement[bool]:
    """The row of what the viewer had typed into a form; none for anybody else."""
    if viewer.kind == "staff":
        return and_(KEPT.c.account_id == viewer.staff_id, KEPT.c.form == form)
    return and_(KEPT.c.person_id == viewer.person_id, KEPT.c.form == form)


def kept_entries(
    connection: Connection, viewer: Viewer, keys: Sequence[str], form: str
) -> list[tuple[str, str]] | None:
    """What the viewer had typed into a form when an earlier session ended (SB-05)."""
    sealed = connection.scalar(
        select(KEPT.c.sealed_entries).where(kept_by(viewer, form), KEPT.c.expires_at > viewer.now)
    )
    try:
        return [(name, text) for name, text in json.loads(unseal(keys, KEPT_PURPOSE, sealed))] if sealed else None
    except SealBroken:
        return None


# --- what messages and desk ask -------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoppedNumber:
    """A "not me" that still holds, for staff."""

    person_id: int
    contact_point_id: int
    since: datetime


def number_stopped(connection: Connection, mobile: str) -> bool:
    """Whether "not me" holds for a number: no reminder goes to it (texts that were asked for do)."""
    return connection.scalar(select(STOP.c.id).where(STOP.c.mobile == mobile, STOP.c.ended_at.is_(None))) is not None


def stopped_numbers(connection: Connection) -> tuple[StoppedNumber, ...]:
    """Every "not me" that holds, the newest first."""
    statement = (
        select(STOP.c.person_id, STOP.c.contact_point_id, STOP.c.created_at)
        .where(STOP.c.ended_at.is_(None))
        .order_by(STOP.c.id.desc())
    )
    return tuple(StoppedNumber(*row) for row in connection.execute(statement))


def last_confirmed(connection: Connection, contact_point_id: int) -> datetime | None:
    """When a code sent to this number was last typed in rightly (SL-21)."""
    statement = select(func.max(CHALLENGE.c.used_at)).where(CHALLENGE.c.contact_point_id == contact_point_id)
    found: datetime | None = connection.scalar(statement)
    return found


# --- staff ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StaffRecord:
    """A staff account without its secrets."""

    id: int
    name: str
    display_name: str
    identity: str
    roles: tuple[str, ...]
    disabled_at: datetime | None


@dataclass(frozen=True)
class Credentials:
    """What a staff sign-in is compared with."""

    id: int
    password_hash: str
    sealed_totp: str
    totp_step: int


@dataclass(frozen=True)
class Pending:
    """An act that awaits, or awaited, a second person."""

    id: int
    code: str
    act: str
    object_number: str
    hash_seen: str
    payload: Any
    maker_id: int
    maker_name: str
    state: str
    asked_at: datetime
    expires_at: datetime
    checker_id: int | None
    checker_name: str | None
    settled_at: datetime | None


def _staff_records(connection: Connection, *conditions: Any) -> tuple[StaffRecord, ...]:
    statement = (
        select(
            ACCOUNT.c.id,
            ACCOUNT.c.name,
            ACCOUNT.c.display_name,
            ACCOUNT.c.identity,
            ACCOUNT.c.disabled_at,
            ROLE.c.role,
        )
        .outerjoin(ROLE, and_(ROLE.c.account_id == ACCOUNT.c.id, ROLE.c.until_at.is_(None)))
        .where(*conditions)
        .order_by(ACCOUNT.c.name, ROLE.c.role)
    )
    found: dict[int, StaffRecord] = {}
    for row in connection.execute(statement):
        earlier = found[row.id].roles if row.id in found else ()
        roles = (*earlier, row.role) if row.role else earlier
        found[row.id] = StaffRecord(row.id, row.name, row.display_name, row.identity, roles, row.disabled_at)
    return tuple(found.values())


def staff_accounts(connection: Connection, viewer: Viewer | None = None) -> tuple[StaffRecord, ...]:
    """All staff accounts by name, with the roles they hold now."""
    return _staff_records(connection)


def staff(connection: Connection, account_id: int) -> StaffRecord | None:
    """One staff account, also a disabled one: its name stays under what it decided."""
    return next(iter(_staff_records(connection, ACCOUNT.c.id == account_id)), None)


def staff_named(connection: Connection, viewer: Viewer | None, name: str) -> StaffRecord | None:
    """One staff account by its sign-in name."""
    return next(iter(_staff_records(connection, ACCOUNT.c.name == name)), None)


def credentials(connection: Connection, viewer: Viewer, name: str) -> Credentials | None:
    """What the password and code of an account that may sign in are compared with."""
    return _credentials(connection, ACCOUNT.c.name == name)


def credentials_of(connection: Connection, account_id: int | None) -> Credentials | None:
    """The same, of an account that is signed in."""
    return _credentials(connection, ACCOUNT.c.id == account_id)


def _credentials(connection: Connection, condition: Any) -> Credentials | None:
    statement = select(ACCOUNT.c.id, ACCOUNT.c.password_hash, ACCOUNT.c.sealed_totp, ACCOUNT.c.totp_step)
    row = connection.execute(statement.where(condition, ACCOUNT.c.disabled_at.is_(None))).first()
    return Credentials(*row) if row else None


_MAKER, _CHECKER = ACCOUNT.alias("maker"), ACCOUNT.alias("checker")
_PENDING = select(
    SECOND.c.id,
    SECOND.c.code,
    SECOND.c.act,
    SECOND.c.object_number,
    SECOND.c.hash_seen,
    SECOND.c.payload,
    SECOND.c.maker_id,
    _MAKER.c.display_name.label("maker_name"),
    SECOND.c.state,
    SECOND.c.asked_at,
    SECOND.c.expires_at,
    SECOND.c.checker_id,
    _CHECKER.c.display_name.label("checker_name"),
    SECOND.c.settled_at,
).select_from(
    SECOND.join(_MAKER, _MAKER.c.id == SECOND.c.maker_id).outerjoin(_CHECKER, _CHECKER.c.id == SECOND.c.checker_id)
)


def _pending(row: Any) -> Pending:
    return Pending(**{**row._mapping, "payload": json.loads(row.payload)})


def second_person(connection: Connection, second_person_id: int) -> Pending | None:
    """One act that awaits or awaited a second person."""
    row = connection.execute(_PENDING.where(SECOND.c.id == second_person_id)).first()
    return _pending(row) if row else None


def waiting(connection: Connection, now: datetime, object_number: str | None = None) -> tuple[Pending, ...]:
    """What awaits a second person now, the oldest first; of one object if its number is given."""
    statement = _PENDING.where(SECOND.c.state == "waiting", SECOND.c.expires_at > now).order_by(SECOND.c.id)
    if object_number is not None:
        statement = statement.where(SECOND.c.object_number == object_number)
    return tuple(_pending(row) for row in connection.execute(statement))
