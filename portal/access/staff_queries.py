"""Staff accounts, the roles they hold, and what a sign-in is compared with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from portal.access.queries import ACCOUNT, ROLE
from portal.platform.gate import Viewer

TOTP_PURPOSE = "access.totp"


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
