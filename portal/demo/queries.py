"""What the demo phone shows: the texts that arrived, and who is there to play."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyotp
from sqlalchemy import Connection, Table, select
from sqlmodel import SQLModel

from portal.access import staff_queries as access
from portal.demo import people
from portal.demo.people import DemoPerson, DemoStaff
from portal.loans import queries as loans
from portal.loans.queries import PersonRecord
from portal.messages import queries as messages
from portal.messages.queries import PhoneText
from portal.platform.clock import day_in
from portal.platform.gate import Viewer

PERSON: Table = SQLModel.metadata.tables["person"]
TEXTS = 500
"""How many of the newest texts are looked through for one phone."""

_ADDRESS = re.compile(r"https?://[^\s，。、）]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text message: plain words, or an address that can be tapped."""

    words: str
    href: str | None


@dataclass(frozen=True, slots=True)
class ArrivedText:
    """A text message on the phone."""

    pieces: tuple[Piece, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A borrower with the code that names them in the phone's address; of one of an own portfolio the texts alone."""

    code: str
    person: DemoPerson | PersonRecord

    @property
    def is_of_demo(self) -> bool:
        """Whether the phone says what to type."""
        return isinstance(self.person, DemoPerson)


@dataclass(frozen=True, slots=True)
class OneStaff:
    """A member of staff of the demo with the code that an authenticator would show now."""

    staff: DemoStaff
    totp_code: str


@dataclass(frozen=True, slots=True)
class PhonePage:
    """The phone of one person, and everybody else."""

    chosen: OnePerson | None
    texts: tuple[ArrivedText, ...]
    people: tuple[OnePerson, ...]
    staff: tuple[OneStaff, ...]
    now: datetime
    today: date


def phone_page(connection: Connection, viewer: Viewer, code: str, keys: tuple[str, ...]) -> PhonePage:
    """The phone of the person with this code, of the first one if there is none; nobody before anybody got a text."""
    arrived = messages.phone_texts(connection, viewer, keys, TEXTS)
    everybody = (*_demo_people(connection), *_others(connection, arrived))
    chosen = next((one for one in everybody if one.code == code), everybody[0] if everybody else None)
    texts = _texts(connection, arrived, chosen.code) if chosen else ()
    known = {account.name for account in access.staff_accounts(connection) if account.disabled_at is None}
    staff = tuple(OneStaff(one, pyotp.TOTP(one.totp).at(viewer.now)) for one in people.STAFF if one.name in known)
    return PhonePage(chosen, texts, everybody, staff, viewer.now, viewer.today)


def _demo_people(connection: Connection) -> Iterator[OnePerson]:
    for person in people.PEOPLE:
        if record := loans.person_by_ref(connection, person.ref):
            yield OnePerson(record.code, person)


def _others(connection: Connection, arrived: Sequence[PhoneText]) -> Iterator[OnePerson]:
    """Who is not of the demo and got a text, the newest first."""
    of_demo = {person.ref for person in people.PEOPLE}
    for person_id in dict.fromkeys(text.person_id for text in arrived if text.person_id):
        record = loans.person(connection, person_id)
        if record and record.ref not in of_demo:
            yield OnePerson(record.code, record)


def first_loaded(connection: Connection, viewer: Viewer, zone: str) -> date | None:
    """The day on which the demo was first loaded, None before it was."""
    created = connection.scalar(select(PERSON.c.created_at).where(PERSON.c.ref == people.DUE_TOMORROW.ref))
    return day_in(zone, created) if created else None


def holds_another_portfolio(connection: Connection, viewer: Viewer) -> bool:
    """Whether there is anybody who is not of the demo: a lender's own portfolio is never mixed with it."""
    own = [person.ref for person in people.PEOPLE]
    return connection.scalar(select(PERSON.c.id).where(PERSON.c.ref.not_in(own)).limit(1)) is not None


def data_date(connection: Connection, viewer: Viewer) -> date | None:
    """The data date of the last import of any portfolio."""
    return loans.data_date(connection)


def _texts(connection: Connection, arrived: Sequence[PhoneText], code: str) -> tuple[ArrivedText, ...]:
    person = loans.person_by_code(connection, code)
    own = (text for text in arrived if person and text.person_id == person.id)
    return tuple(reversed([ArrivedText(tuple(_pieces(text.words)), text.at) for text in own]))


def _pieces(words: str) -> Iterator[Piece]:
    place = 0
    for address in _ADDRESS.finditer(words):
        yield Piece(words[place : address.start()], None)
        yield Piece(address.group(), address.group())
        place = address.end()
    yield Piece(words[place:], None)
