"""The staff's queue of plans, those that lapse first on top."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from portal.access import second_person_queries
from portal.loans import queries as loans
from portal.plans.deciding_queries import ACTS
from portal.plans.queries import PLAN
from portal.platform.gate import Viewer

PAGE_ROWS = 50


@dataclass(frozen=True)
class QueueRow:
    """One plan in the queue."""

    number: str
    name: str
    currency: str
    state: str
    due: int
    within_limits: bool
    proposed_at: datetime
    lapses_on: date
    by_phone: bool
    waits_for_second: bool


@dataclass(frozen=True)
class QueuePage:
    """Plans by state, those that lapse first on top."""

    rows: tuple[QueueRow, ...]
    counts: Mapping[str, int]
    filters: Mapping[str, str]
    total: int
    page: int

    @property
    def has_more(self) -> bool:
        return self.total > self.page * PAGE_ROWS


_COUNTS = select(PLAN.c.state, func.count()).group_by(PLAN.c.state)
_QUEUE = select(
    PLAN.c.number,
    loans.PERSON_VERSION.c.name,
    PLAN.c.currency,
    PLAN.c.state,
    PLAN.c.due,
    PLAN.c.within_limits,
    PLAN.c.proposed_at,
    PLAN.c.lapses_on,
    PLAN.c.drafted_by.is_not(None).label("by_phone"),
).select_from(
    PLAN.join(
        loans.PERSON_VERSION,
        (loans.PERSON_VERSION.c.person_id == PLAN.c.person_id) & loans.PERSON_VERSION.c.superseded_at.is_(None),
    )
)


def queue_page(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> QueuePage:
    """The queue under the filters of the address: state, limits, page."""
    counts = {row[0]: row[1] for row in connection.execute(_COUNTS)}
    state = given.get("state") or "proposed"
    limits = given.get("limits", "")
    conditions = [] if state == "all" else [PLAN.c.state == state]
    if limits in {"within", "outside"}:
        conditions.append(PLAN.c.within_limits.is_(limits == "within"))
    page = max(1, int(given["page"])) if given.get("page", "").isdecimal() and len(given["page"]) < 6 else 1
    order = (PLAN.c.lapses_on, PLAN.c.id) if state == "proposed" else (PLAN.c.id.desc(),)
    total = connection.scalar(select(func.count()).select_from(PLAN).where(*conditions)) or 0
    statement = _QUEUE.where(*conditions).order_by(*order).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    waiting = {each.object_number for each in second_person_queries.waiting(connection, viewer.now) if each.act in ACTS}
    rows = tuple(
        QueueRow(**row._mapping, waits_for_second=row.number in waiting) for row in connection.execute(statement)
    )
    return QueuePage(rows, counts, {"state": state, "limits": limits}, total, page)


def waiting_count(connection: Connection, viewer: Viewer) -> int:
    """How many plans wait for an answer, for the bar."""
    return (
        connection.scalar(select(func.count()).select_from(PLAN).where(PLAN.c.state.in_(("proposed", "evaluated"))))
        or 0
    )
