"""The staff's queue: the disputes that nobody has decided yet, by promised date."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from portal.disputes.queries import DISPUTE, RECORD, STAFF, DisputeRecord
from portal.disputes.tables import UNDECIDED
from portal.loans import queries as loans
from portal.platform.gate import Viewer

QUEUE_PAGE = 50


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue is narrowed to; empty is everything."""

    reason: str = ""
    state: str = ""
    held: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A dispute that waits for staff."""

    record: DisputeRecord
    person: str
    held_name: str | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue, overdue promises on top."""

    rows: tuple[QueueRow, ...]
    total: int
    over: int
    asked: QueueFilter
    today: date

    @property
    def has_more(self) -> bool:
        return self.asked.page * QUEUE_PAGE < self.total


def queue_page(connection: Connection, viewer: Viewer, asked: QueueFilter) -> QueuePage:
    """The disputes that nobody has decided yet, by promised date."""
    where = _asked_for(asked, viewer)
    count = func.count()
    over = func.coalesce(func.sum(_over(viewer.today)), 0)
    total, overdue = connection.execute(select(count, over).select_from(DISPUTE).where(where)).one()
    statement: Select[Any] = (
        select(*RECORD.selected_columns, STAFF.c.display_name)
        .outerjoin(STAFF, STAFF.c.id == DISPUTE.c.held_by)
        .where(where)
        .order_by(DISPUTE.c.answer_by, DISPUTE.c.id)
        .limit(QUEUE_PAGE)
        .offset((asked.page - 1) * QUEUE_PAGE)
    )
    rows = []
    for row in connection.execute(statement):
        record = DisputeRecord(*row[:-1])
        person = loans.person(connection, record.person_id)
        rows.append(QueueRow(record, person.name if person else "", row[-1]))
    return QueuePage(tuple(rows), total, int(overdue), asked, viewer.today)


def _over(today: date) -> ColumnElement[Any]:
    return case((DISPUTE.c.answer_by < today, 1), else_=0)


def _asked_for(asked: QueueFilter, viewer: Viewer) -> ColumnElement[bool]:
    states = (asked.state,) if asked.state in UNDECIDED else UNDECIDED
    wanted: list[ColumnElement[bool]] = [DISPUTE.c.state.in_(states)]
    if asked.reason:
        wanted.append(DISPUTE.c.reason == asked.reason)
    if asked.held == "me":
        wanted.append(DISPUTE.c.held_by == viewer.staff_id)
    elif asked.held == "nobody":
        wanted.append(DISPUTE.c.held_by.is_(None))
    return and_(*wanted)
