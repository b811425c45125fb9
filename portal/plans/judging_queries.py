"""Which plans the worker has to look at."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from portal.loans.queries import IMPORT_RUN
from portal.loans.tables import LoanVersion, table_of
from portal.plans.queries import PLAN, PLAN_LOAN
from portal.plans.running_queries import GOING
from portal.platform.gate import Viewer

_LOAN_VERSION = table_of(LoanVersion)
LOOKED_AT_AGAIN = timedelta(days=90)
"""So long after its end a plan is judged again by payments that are booked late."""
_LAST_IMPORT = select(func.max(IMPORT_RUN.c.applied_at)).scalar_subquery()


def to_judge(connection: Connection, viewer: Viewer, since: datetime | None) -> list[str]:
    """The agreed plans that still run; with `since` only those not looked at since then and since the last import."""
    running = PLAN.c.state.in_(sorted(GOING))
    statement = select(PLAN.c.number).where(running).order_by(PLAN.c.id)
    if since is not None:
        looked = PLAN.c.judged_at
        statement = statement.where(or_(looked.is_(None), looked < since, looked < _LAST_IMPORT))
    return list(connection.scalars(statement))


def cancelled_lately(connection: Connection, viewer: Viewer) -> list[str]:
    """Plans that staff ended, of which a payment booked late could still tell something else."""
    lately = (PLAN.c.state == "cancelled", PLAN.c.ended_at >= viewer.now - LOOKED_AT_AGAIN)
    return list(connection.scalars(select(PLAN.c.number).where(*lately).order_by(PLAN.c.id)))


def left_behind(connection: Connection, viewer: Viewer) -> list[str]:
    """Proposals and counter-offers on a loan that is sold or closed by now."""
    gone = select(_LOAN_VERSION.c.loan_id).where(
        _LOAN_VERSION.c.superseded_at.is_(None), _LOAN_VERSION.c.status.in_(("sold", "closed"))
    )
    statement = (
        select(PLAN.c.number)
        .join(PLAN_LOAN, PLAN_LOAN.c.plan_id == PLAN.c.id)
        .where(PLAN.c.state.in_(("proposed", "countered")), PLAN_LOAN.c.loan_id.in_(gone))
    )
    return sorted(set(connection.scalars(statement)))
