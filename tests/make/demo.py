"""The demo in a database that a test owns, and everybody of its cast signed in."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from starlette.applications import Starlette

from portal.access.checking import token_hash
from portal.access.tables import BorrowerSession, StaffAccount, StaffSession
from portal.demo.commands import run_demo
from portal.demo.people import STAFF, DemoPerson
from portal.loans import queries as loans
from portal.loans.queries import PersonRecord
from portal.loans.tables import table_of
from portal.platform.csrf import cookie_name
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from tests.client import Client

ROLE_NAMES = {role: staff.name for staff in reversed(STAFF) for role in staff.roles}
"""The member of staff who holds a role."""


def load(app: Starlette) -> int:
    """Run `portal demo`; its exit code."""
    portal = app.state.portal
    return run_demo(portal.doors, portal.settings)


def person_code(app: Starlette, person: DemoPerson) -> str:
    """The code of a person's case."""
    return _record(app, person).code


def loan_codes(app: Starlette, person: DemoPerson) -> dict[str, str]:
    """The codes of a person's loans by reference."""
    doors = app.state.portal.doors
    record = _record(app, person)
    found = doors.read_as(
        doors.system(), lambda connection, viewer: loans.loans_of(connection, record.id, viewer.today)
    )
    return {loan.ref: loan.code for loan in found}


def as_person(app: Starlette, client: Client, person: DemoPerson) -> Client:
    """Another visitor: this person, signed in."""
    record = _record(app, person)
    row = {"person_id": record.id, "contact_point_id": record.contact_point_id, "stage": "full"}
    return _visitor(app, client, "session", BorrowerSession, row)


def as_staff(app: Starlette, client: Client, role: str) -> Client:
    """Another visitor: the demo's member of staff with this role, signed in."""
    doors = app.state.portal.doors
    account = table_of(StaffAccount)
    wanted = select(account.c.id).where(account.c.name == ROLE_NAMES[role])
    account_id = doors.read_as(doors.system(), lambda connection, _: connection.scalar(wanted))
    return as_account(app, client, int(account_id))


def as_account(app: Starlette, client: Client, account_id: int) -> Client:
    """Another visitor: this staff account, signed in."""
    return _visitor(app, client, "staff", StaffSession, {"account_id": account_id})


def _visitor(app: Starlette, client: Client, cookie: str, table: Any, row: dict[str, Any]) -> Client:
    doors = app.state.portal.doors
    token = new_code()

    def begin(session: Any, viewer: Viewer) -> None:
        now = {"created_at": viewer.now, "last_seen_at": viewer.now, "ends_at": viewer.now + timedelta(hours=12)}
        session.execute(insert(table_of(table)).values(token_hash=token_hash(token), language="en", **row, **now))

    doors.write_as(doors.system(), begin)
    visitor = client.another(headers={"Accept-Language": "en"})
    visitor.http.cookies.set(cookie_name(app.state.portal.settings, cookie), token)
    return visitor


def _record(app: Starlette, person: DemoPerson) -> PersonRecord:
    doors: Doors = app.state.portal.doors
    found = doors.read_as(doors.system(), lambda connection, _: loans.person_by_ref(connection, person.ref))
    assert found is not None, person.ref
    return found
