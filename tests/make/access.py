"""People to let in, links, codes from the outbox, and staff accounts, in a database that a test owns."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyotp
from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.access import link_actions, passwords, staff_actions, staff_queries
from portal.access.queries import CONTACT, PERSON
from portal.loans.tables import PersonVersion, table_of
from portal.platform import outbox
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from portal.platform.sealing import seal, unseal

BIRTH_DATE = date(1990, 5, 17)
LAST4 = "123X"
MOBILE = "+8613800138000"


@dataclass(frozen=True)
class Somebody:
    """A person in the database, with what a test needs to know."""

    id: int
    code: str
    contact_point_id: int


def person(
    doors: Doors,
    ref: str = "B1",
    name: str = "林一",
    mobile: str = MOBILE,
    birth_date: date | None = BIRTH_DATE,
    id_last4: str | None = LAST4,
    language: str = "en",
) -> Somebody:
    """A person with a number, as an import would have brought them."""

    def add(session: Session, viewer: Viewer) -> Somebody:
        now = {"recorded_at": viewer.now, "digest": 0}
        code = new_code()
        identity = insert(PERSON).values(ref=ref, code=code, created_at=viewer.now)
        person_id = int(session.execute(identity.returning(PERSON.c.id)).scalar_one())
        known: dict[str, Any] = {"birth_date": birth_date, "id_last4": id_last4, "kind": "natural"}
        session.execute(
            insert(table_of(PersonVersion)).values(person_id=person_id, name=name, language=language, **known, **now)
        )
        number = insert(CONTACT).values(person_id=person_id, kind="mobile", value=mobile, **now)
        return Somebody(person_id, code, int(session.execute(number.returning(CONTACT.c.id)).scalar_one()))

    return doors.write_as(doors.system(), add)


def change_number(doors: Doors, somebody: Somebody, mobile: str) -> Somebody:
    """The lender's system has brought another number."""

    def change(session: Session, viewer: Viewer) -> Somebody:
        session.execute(
            update(CONTACT).where(CONTACT.c.id == somebody.contact_point_id).values(superseded_at=viewer.now)
        )
        new = insert(CONTACT).values(
            person_id=somebody.id, kind="mobile", value=mobile, recorded_at=viewer.now, digest=0
        )
        contact_point_id = int(session.execute(new.returning(CONTACT.c.id)).scalar_one())
        return Somebody(somebody.id, somebody.code, contact_point_id)

    return doors.write_as(doors.system(), change)


def link(doors: Doors, somebody: Somebody) -> str:
    """The reference of a fresh link."""
    return doors.write_as(doors.system(), link_actions.make_link, somebody.id, somebody.contact_point_id)


def texts(doors: Doors, kind: str | None = None) -> list[dict[str, Any]]:
    """What waits in the outbox, oldest first: its columns and the values for its words."""

    def read(session: Session, _viewer: Viewer) -> list[dict[str, Any]]:
        rows = session.execute(select(outbox.ROWS).order_by(outbox.ROWS.c.id)).all()
        keys = session.info[outbox.KEYS]
        return [{**row._mapping, "data": json.loads(unseal(keys, outbox.PURPOSE, row.sealed_text))} for row in rows]

    found = doors.write_as(doors.system(), read)
    return [row for row in found if kind in {None, row["kind"]}]


def newest_code(doors: Doors) -> str:
    """The six digits that went out last."""
    return str(texts(doors, "sms.code")[-1]["data"]["code"])


@dataclass(frozen=True)
class Member:
    """A member of staff who can sign in."""

    id: int
    name: str
    password: str
    totp: str

    def code(self, now: datetime) -> str:
        """What the authenticator shows."""
        return pyotp.TOTP(self.totp).at(now)


def staff(
    doors: Doors,
    name: str = "handler",
    display_name: str = "Hua Li",
    roles: tuple[str, ...] = ("dispute_handler",),
    identity: str | None = None,
) -> Member:
    """A staff account with these roles."""
    secrets = passwords.new_secrets()

    def add(session: Session, viewer: Viewer) -> int:
        sealed = seal(session.info[outbox.KEYS], staff_queries.TOTP_PURPOSE, secrets.totp)
        hashed = passwords.password_hash(secrets.password)
        new = staff_actions.NewStaff(name, display_name, identity or name, roles, hashed, sealed)
        return staff_actions.add_staff(session, viewer, new)

    return Member(doors.write_as(doors.system(), add), name, secrets.password, secrets.totp)


def staff_viewer(doors: Doors, member: Member, roles: tuple[str, ...] = ("dispute_handler",)) -> Viewer:
    """The viewer that this member of staff is, for actions without a request."""
    system = doors.system()
    return Viewer(
        kind="staff",
        now=system.now,
        today=system.today,
        staff_id=member.id,
        name=member.name,
        roles=frozenset(roles),
    )
