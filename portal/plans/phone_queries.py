"""Proposals written down on the phone: the form for staff, and the page on which the borrower confirms one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlmodel import SQLModel

from portal.access.queries import ACCOUNT
from portal.loans import queries as loans
from portal.loans.queries import PersonRecord
from portal.plans.facts import Told, read_told
from portal.plans.phone_tables import PhoneProposal
from portal.plans.proposing_queries import NewPage, new_page
from portal.platform.gate import Viewer, as_borrower
from portal.platform.moment import one_moment

PHONE = SQLModel.metadata.tables[str(PhoneProposal.__tablename__)]


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A proposal written down on the phone; `maker` is a name, `told` what was read out."""

    number: str
    person_id: int
    currency: str
    state: str
    version: int
    answers: Mapping[str, str]
    told: Told | None
    made_by: int
    maker: str
    made_on: date
    made_at: datetime
    expires_on: date
    plan_number: str | None


@dataclass(frozen=True)
class WritePage:
    """The form for staff: whose it is, and the proposal in the making as that person would see it."""

    person: PersonRecord
    new: NewPage


@dataclass(frozen=True)
class ConfirmPage:
    """What was written down, and what it comes to today; `new` only while it waits."""

    phone: PhoneRecord
    person: PersonRecord
    today: date
    new: NewPage | None

    @property
    def is_open(self) -> bool:
        """Whether the borrower can still confirm it, whether or not the nightly job has been by."""
        return self.phone.state == "waiting" and self.today <= self.phone.expires_on

    @property
    def state(self) -> str:
        """Its state, lapsed as soon as its last day has passed."""
        return "lapsed" if self.phone.state == "waiting" and not self.is_open else self.phone.state

    @property
    def differs(self) -> bool:
        """Whether today's figures are others than those read out on the phone."""
        figures, told = (self.new.figures if self.new else None), self.phone.told
        if figures is None or told is None:
            return False
        now = (figures.due_today, figures.total, figures.count, figures.last_on)
        return now != (told.due_today, told.total, told.count, told.last_on)


def write_page(connection: Connection, viewer: Viewer, code: str, given: Mapping[str, str]) -> WritePage | None:
    """The form of a proposal for a person, None if there is no such person."""
    person = loans.person_by_code(connection, code)
    if person is None:
        return None
    return WritePage(person, new_page(connection, as_borrower(viewer, person.id), given))


@one_moment
def confirm_page(connection: Connection, viewer: Viewer, number: str) -> ConfirmPage | None:
    """A proposal written down on the phone: the borrower's own, any for staff."""
    found = phone(connection, number)
    if found is None or (viewer.kind == "borrower" and found.person_id != viewer.person_id):
        return None
    person = loans.person(connection, found.person_id)
    if person is None:
        return None
    page = ConfirmPage(found, person, viewer.today, None)
    if not page.is_open:
        return page
    return replace(page, new=new_page(connection, as_borrower(viewer, found.person_id), found.answers))


_PHONE = select(PHONE, ACCOUNT.c.display_name).join(ACCOUNT, ACCOUNT.c.id == PHONE.c.made_by)


def phone(connection: Connection, number: str) -> PhoneRecord | None:
    """A proposal written down on the phone, whoever asks."""
    row = connection.execute(_PHONE.where(PHONE.c.number == number)).first()
    return _record(row) if row else None


def _record(row: Row[Any]) -> PhoneRecord:
    same = ("number", "person_id", "currency", "state", "version", "made_by", "made_on", "made_at", "expires_on")
    return PhoneRecord(
        **{name: getattr(row, name) for name in (*same, "plan_number")},
        answers=json.loads(row.answers),
        told=read_told(row.told),
        maker=row.display_name,
    )


def due_to_lapse(connection: Connection, viewer: Viewer) -> list[str]:
    """Those that nobody confirmed in time."""
    passed = (PHONE.c.state == "waiting", PHONE.c.expires_on < viewer.today)
    return list(connection.execute(select(PHONE.c.number).where(*passed).order_by(PHONE.c.id)).scalars())
