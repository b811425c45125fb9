"""Who of the staff is shut out of a case because it is about them: no account of that natural person sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, exists, insert, literal, select, update
from sqlmodel import Session

from portal.access import events
from portal.access.queries import ACCOUNT, ROLE
from portal.access.tables import ShutOut
from portal.audit.actions import record
from portal.loans.tables import table_of
from portal.platform.gate import Viewer
from portal.platform.guarded import changed

SHUT_OUT = table_of(ShutOut)
# Names of their own, so that a query which has these tables already is never mixed up with them.
_SHUT, _NAMED = SHUT_OUT.alias("shut"), ACCOUNT.alias("shut_account")
_ACTING, _HOLDER, _HELD = ACCOUNT.alias("acting_account"), ACCOUNT.alias("holder"), ROLE.alias("held_role")


@dataclass(frozen=True, slots=True)
class ShutOutRecord:
    """Somebody who is shut out of a case; `because` is `words` or `picked`, `by` who picked them."""

    account_id: int
    display_name: str
    because: str
    by: str | None
    from_at: datetime


def is_shut_out(number: ColumnElement[str], account_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """A condition: the case of this number is about the natural person behind this account."""
    return exists(
        select(_SHUT.c.id)
        .join(_NAMED, _NAMED.c.id == _SHUT.c.account_id)
        .join(_ACTING, _ACTING.c.identity == _NAMED.c.identity)
        .where(_SHUT.c.case_number == number, _SHUT.c.until_at.is_(None), _ACTING.c.id == account_id)
        .correlate_except(_SHUT, _NAMED, _ACTING)
    )


def not_shut_out(viewer: Viewer, number: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition on the column of a case's number: the case is not about this member of staff."""
    return ~is_shut_out(number, literal(viewer.staff_id, Integer))


def somebody_left(number: ColumnElement[str], role: str) -> ColumnElement[bool]:
    """A condition on the column of a case's number: somebody with this role is not shut out of it."""
    return exists(
        select(_HELD.c.id)
        .join(_HOLDER, and_(_HOLDER.c.id == _HELD.c.account_id, _HOLDER.c.disabled_at.is_(None)))
        .where(_HELD.c.role == role, _HELD.c.until_at.is_(None), ~is_shut_out(number, _HOLDER.c.id))
        .correlate_except(_HELD, _HOLDER)
    )


def accounts_of_same_person(account_id: int) -> Select[Any]:
    """The ids of all accounts of the natural person behind an account."""
    same = _ACTING.c.identity == _NAMED.c.identity
    return select(_ACTING.c.id).join(_NAMED, same).where(_NAMED.c.id == account_id)


def numbers_hidden_from(connection: Connection, viewer: Viewer) -> frozenset[str]:
    """The numbers of all cases that are about this member of staff."""
    hidden = (
        select(_SHUT.c.case_number)
        .join(_NAMED, _NAMED.c.id == _SHUT.c.account_id)
        .join(_ACTING, _ACTING.c.identity == _NAMED.c.identity)
        .where(_SHUT.c.until_at.is_(None), _ACTING.c.id == viewer.staff_id)
    )
    return frozenset(connection.scalars(hidden))


def shut_out_of(connection: Connection, number: str) -> tuple[ShutOutRecord, ...]:
    """Who is shut out of a case now, in the order in which it came to be."""
    found = (
        select(_SHUT.c.account_id, _NAMED.c.display_name, _SHUT.c.because, _ACTING.c.display_name, _SHUT.c.from_at)
        .join(_NAMED, _NAMED.c.id == _SHUT.c.account_id)
        .outerjoin(_ACTING, _ACTING.c.id == _SHUT.c.by_id)
        .where(_SHUT.c.case_number == number, _SHUT.c.until_at.is_(None))
        .order_by(_SHUT.c.id)
    )
    return tuple(ShutOutRecord(*row) for row in connection.execute(found))


def shut_out(session: Session, viewer: Viewer, number: str, account_id: int) -> bool:
    """Shut somebody out of a case; False where they are already. A person's own words do it without staff."""
    if any(each.account_id == account_id for each in shut_out_of(session.connection(), number)):
        return False
    by_staff = viewer.kind == "staff"
    because = "picked" if by_staff else "words"
    row = {
        "case_number": number,
        "account_id": account_id,
        "because": because,
        "by_id": viewer.staff_id if by_staff else None,
        "from_at": viewer.now,
    }
    session.execute(insert(SHUT_OUT).values(row))
    record(session, viewer, events.StaffShutOut(number, account_id, because))
    return True


def let_in(session: Session, viewer: Viewer, number: str, account_id: int) -> bool:
    """Somebody else says that the case is not about this member of staff; False where they were not shut out."""
    running = (SHUT_OUT.c.case_number == number) & (SHUT_OUT.c.account_id == account_id) & SHUT_OUT.c.until_at.is_(None)
    ended = update(SHUT_OUT).where(running).values(until_at=viewer.now, lifted_by=viewer.staff_id)
    if not changed(session, ended):
        return False
    record(session, viewer, events.StaffLetIn(number, account_id))
    return True
