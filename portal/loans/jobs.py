"""The nightly run: what every loan came to at the end of a day, for staff lists only."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import structlog
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select
from sqlmodel import Session

from portal.core.assessment import Assessment, assess
from portal.core.delinquency import risk_class
from portal.core.facts import LoanFacts
from portal.loans import facts
from portal.loans.facts import IMPORT_RUN, LOAN
from portal.loans.tables import NightlyFigure, table_of
from portal.platform.db import Doors
from portal.platform.gate import Viewer

FIGURE = table_of(NightlyFigure)
_FORGET = delete(FIGURE).where(FIGURE.c.loan_id.in_(bindparam("loans", expanding=True)))

_BEHIND = (
    select(LOAN.c.id)
    .select_from(
        LOAN.outerjoin(
            FIGURE,
            and_(
                FIGURE.c.loan_id == LOAN.c.id,
                FIGURE.c.day == bindparam("day"),
                FIGURE.c.computed_at >= select(func.max(IMPORT_RUN.c.applied_at)).scalar_subquery(),
            ),
        )
    )
    .where(FIGURE.c.id.is_(None))
    .limit(1)
)

_log = structlog.get_logger("portal.loans")


def nightly(doors: Doors) -> int:
    """Figures of today, once a day and again after every import; how many loans were computed."""
    system = doors.system()
    return compute_figures(doors, system.today) if doors.read_as(system, _is_behind) else 0


def compute_figures(doors: Doors, day: date) -> int:
    """Write each loan's row for the end of a day, a batch at a time; how many loans there were.

    Safe to run twice. A loan whose terms lack a rate is logged and left without a row.
    """
    after = count = 0
    while batch := doors.read_as(doors.system(), _batch, after):
        doors.write_as(doors.system(), _store, batch, day)
        after, count = batch[-1][0], count + len(batch)
    return count


def _is_behind(connection: Connection, viewer: Viewer) -> bool:
    """Whether a loan has no row of today that is younger than the last import."""
    return connection.execute(_BEHIND, {"day": viewer.today}).first() is not None


def _batch(connection: Connection, viewer: Viewer, after: int) -> list[tuple[int, LoanFacts]]:
    return facts.facts_after(connection, after)


def _store(session: Session, viewer: Viewer, batch: Sequence[tuple[int, LoanFacts]], day: date) -> None:
    rows = [row for loan_id, loan in batch if (row := _figure(loan_id, loan, day, viewer)) is not None]
    connection = session.connection()
    connection.execute(_FORGET, {"loans": [loan_id for loan_id, _ in batch]})
    if rows:
        connection.execute(insert(FIGURE), rows)


def _figure(loan_id: int, loan: LoanFacts, day: date, viewer: Viewer) -> dict[str, Any] | None:
    try:
        assessment: Assessment = assess(loan, day)
    except ValueError as error:
        _log.error("figure_failed", loan_id=loan_id, reason=str(error))
        return None
    return {
        "loan_id": loan_id,
        "day": day,
        "currency": loan.currency,
        "due": sum(assessment.due),
        "penalty": assessment.due.penalty,
        "not_yet_due": assessment.not_yet_due,
        "credit": assessment.credit,
        "days_past_due": assessment.days_past_due,
        "stage": assessment.stage,
        "risk_class": risk_class(assessment.days_past_due, loan.status),
        "computed_at": viewer.now,
    }
