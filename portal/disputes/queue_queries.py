"""The staff's queues: the disputes that nobody has decided yet, claims of fraud, and reviews; by promised date."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, select

from portal.disputes.funds_queries import FUNDS_REASON
from portal.disputes.queries import DISPUTE, READING, RECORD, REVIEW_ROW, STAFF, DisputeRecord, waiting_in
from portal.disputes.tables import UNDECIDED
from portal.loans import queries as loans
from portal.loans.tables import LoanVersion, ProductVersion, table_of
from portal.platform.gate import Viewer

LOAN_VERSION, PRODUCT_VERSION = table_of(LoanVersion), table_of(ProductVersion)
QUEUE_PAGE = 50


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a queue is narrowed to; empty is everything. `queue` is which one."""

    reason: str = ""
    state: str = ""
    held: str = ""
    page: int = 1
    result: str = ""
    queue: str = "disputes"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A dispute that waits for staff; `answer_by` is what was promised, of a review its own date, and it
    `waits` for more from the person.

    `result` is what the funds rule said when last noted, `none` where there is none to check.
    """

    record: DisputeRecord
    person: str
    held_name: str | None
    result: str
    answer_by: date
    waits: bool
    contract_type: str

    @property
    def state(self) -> str:
        """What a list calls its state: a review that waits for the person says so."""
        return "waiting" if self.waits else self.record.state

    def days_over(self, today: date) -> int:
        """How many days the promised date is past."""
        return max(0, (today - self.answer_by).days)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue, overdue promises on top."""

    rows: tuple[QueueRow, ...]
    total: int
    over: int
    asked: QueueFilter
    today: date

    @property
    def has_more(self) -> bool:
        return self.asked.page * QUEUE_PAGE < self.total

    @property
    def left(self) -> int:
        """How many the next page shows."""
        return min(QUEUE_PAGE, self.total - self.asked.page * QUEUE_PAGE)


_ANSWER_BY = case((DISPUTE.c.state == "in_review", REVIEW_ROW.c.answer_by), else_=DISPUTE.c.answer_by)
_WAITS = and_(DISPUTE.c.state == "in_review", REVIEW_ROW.c.waits_since.is_not(None))
_RESULT = case(
    (DISPUTE.c.reason != FUNDS_REASON, literal("none")), else_=func.coalesce(READING.c.result, literal("being_read"))
)
_CONTRACT_TYPE = (
    select(PRODUCT_VERSION.c.contract_type)
    .join(LOAN_VERSION, LOAN_VERSION.c.product_id == PRODUCT_VERSION.c.product_id)
    .where(LOAN_VERSION.c.loan_id == DISPUTE.c.loan_id)
    .where(LOAN_VERSION.c.superseded_at.is_(None), PRODUCT_VERSION.c.superseded_at.is_(None))
    .scalar_subquery()
)
_JOINED = DISPUTE.outerjoin(READING, READING.c.dispute_id == DISPUTE.c.id).outerjoin(
    REVIEW_ROW, REVIEW_ROW.c.dispute_id == DISPUTE.c.id
)


def queue_page(connection: Connection, viewer: Viewer, asked: QueueFilter) -> QueuePage:
    """What waits in a queue, by promised date."""
    where = _asked_for(asked, viewer)
    over = func.coalesce(func.sum(case((viewer.today > _ANSWER_BY, 1), else_=0)), 0)
    total, overdue = connection.execute(select(func.count(), over).select_from(_JOINED).where(where)).one()
    statement: Select[Any] = (
        select(*RECORD.selected_columns, STAFF.c.display_name, _RESULT, _ANSWER_BY, _WAITS, _CONTRACT_TYPE)
        .select_from(_JOINED.outerjoin(STAFF, STAFF.c.id == DISPUTE.c.held_by))
        .where(where)
        .order_by(_ANSWER_BY, DISPUTE.c.id)
        .limit(QUEUE_PAGE)
        .offset((asked.page - 1) * QUEUE_PAGE)
    )
    rows = tuple(_row(connection, row) for row in connection.execute(statement))
    return QueuePage(rows, total, int(overdue), asked, viewer.today)


def _row(connection: Connection, row: Row[Any]) -> QueueRow:
    width = len(RECORD.selected_columns)
    record = DisputeRecord(*row[:width])
    person = loans.person(connection, record.person_id)
    return QueueRow(record, person.name if person else "", *row[width:])


def _asked_for(asked: QueueFilter, viewer: Viewer) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [waiting_in(viewer, asked.queue)]
    if asked.state in UNDECIDED:
        wanted.append(DISPUTE.c.state == asked.state)
    if asked.reason:
        wanted.append(DISPUTE.c.reason == asked.reason)
    if asked.result:
        wanted.append(_RESULT.in_((asked.result,)))
    if asked.held == "me":
        wanted.append(DISPUTE.c.held_by == viewer.staff_id)
    elif asked.held == "nobody":
        wanted.append(DISPUTE.c.held_by.is_(None))
    return and_(*wanted)
