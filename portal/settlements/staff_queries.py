"""The staff's list of settlements: what waits for an answer, and what was offered, accepted or paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from portal.access import second_person_queries
from portal.core import plan_states
from portal.loans import queries as loans
from portal.loans.queries import PERSON_VERSION, PersonRecord
from portal.platform.gate import Viewer
from portal.settlements import queries
from portal.settlements.moves import ACT
from portal.settlements.own_queries import DetailPage, detail_of
from portal.settlements.queries import REQUEST, SETTLEMENT

PAGE_ROWS = 50

WAITING = ("asked", "written")
"""Requests that wait: for an answer, or to be confirmed by their person."""


@dataclass(frozen=True)
class QueueRow:
    """A request or a settlement in the list; `amount` is what could be paid, or what is taken off at most."""

    number: str
    name: str
    currency: str
    state: str
    amount: int
    since: datetime
    until: date | None
    waits_for_second: bool


@dataclass(frozen=True)
class QueuePage:
    """Requests that wait, the oldest first, or settlements of a state, the newest first."""

    rows: tuple[QueueRow, ...]
    state: str
    page: int
    total: int

    @property
    def has_more(self) -> bool:
        return self.total > self.page * PAGE_ROWS


def queue_page(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> QueuePage:
    """The list under the filter of the address: `asked` or `written` of requests, or a state of settlements."""
    state = given.get("state", "asked")
    state = state if state in (*plan_states.SETTLEMENT.states, *WAITING) else "asked"
    number = given.get("page", "")
    page = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    table, amount, since = (
        (REQUEST, REQUEST.c.could_pay, REQUEST.c.asked_at)
        if state in WAITING
        else (SETTLEMENT, SETTLEMENT.c.most, SETTLEMENT.c.quoted_at)
    )
    until = SETTLEMENT.c.until if table is SETTLEMENT else REQUEST.c.asked_on
    current = (PERSON_VERSION.c.person_id == table.c.person_id) & PERSON_VERSION.c.superseded_at.is_(None)
    order = table.c.id if state in WAITING else table.c.id.desc()
    statement = (
        select(table.c.number, PERSON_VERSION.c.name, table.c.currency, table.c.state, amount, since, until)
        .join(PERSON_VERSION, current)
        .where(table.c.state == state)
        .order_by(order)
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    )
    total = int(connection.scalar(select(func.count()).select_from(table).where(table.c.state == state)) or 0)
    waiting = {each.object_number for each in second_person_queries.waiting(connection, viewer.now) if each.act == ACT}
    rows = tuple(
        QueueRow(*row[:6], row[6] if table is SETTLEMENT else None, row.number in waiting)
        for row in connection.execute(statement)
    )
    return QueuePage(rows, state, page, total)


def waiting_count(connection: Connection, viewer: Viewer) -> int:
    """How many requests wait for an answer, for the bar."""
    return int(connection.scalar(select(func.count()).select_from(REQUEST).where(REQUEST.c.state == "asked")) or 0)


@dataclass(frozen=True)
class StaffPage:
    """A settlement as staff see it: the person, and what the person sees."""

    person: PersonRecord
    detail: DetailPage


def staff_page(connection: Connection, viewer: Viewer, number: str) -> StaffPage | None:
    """A settlement for staff, None if there is none of that number."""
    found = queries.settlement(connection, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    person = loans.person(connection, found.person_id) if found else None
    if found is None or record is None or person is None:
        return None
    return StaffPage(person, detail_of(found, record, viewer))
