"""What all acts on a plan share: it is moved from state to state by one guarded update, and noted on its loans.

The update is guarded by `version`; of several at once one takes effect, and the others are told who won. Before
anything is judged the plan's loans are held, so that what is read in several statements fits together, and whoever
waited is told what has become of the plan, not something that only half of it says.
"""

from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from portal.access import second_person_actions, second_person_queries
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.plans import queries, stored_facts
from portal.plans.deciding_queries import ACTS
from portal.plans.facts import LoanSchedule
from portal.plans.queries import PLAN, PLAN_LOAN
from portal.plans.tables import FINAL
from portal.platform.gate import Viewer
from portal.platform.guarded import changed

PAGE = "/plans/{number}"
"""Where a hold leads the borrower."""


def hold(session: Session, number: str) -> None:
    """Let nobody else act on a plan and its loans until this transaction ends: what is judged is read after it."""
    covered = select(PLAN_LOAN.c.loan_id).join(PLAN, PLAN.c.id == PLAN_LOAN.c.plan_id).where(PLAN.c.number == number)
    loans.hold_loans(session, *session.scalars(covered))


def move(
    session: Session,
    viewer: Viewer,
    number: str,
    version: int,
    state: str,
    *,
    expected: str = "proposed",
    **more: Any,
) -> None:
    """Change the state of a plan that nobody has changed since it was read; Refusal `plan.decided` names who did."""
    ended = {"ended_at": viewer.now} if state in FINAL else {}
    moved = (
        update(PLAN)
        .where(PLAN.c.number == number, PLAN.c.version == version, PLAN.c.state == expected)
        .values(state=state, version=version + 1, **ended, **more)
    )
    if not changed(session, moved):
        winner = queries.plan(session.connection(), number)
        raise Refusal("plan.decided", by=winner.decided_by if winner else None, state=winner.state if winner else "")


def void_second_person(session: Session, viewer: Viewer, number: str) -> None:
    """Nobody is asked any more to confirm what can no longer happen."""
    for each in second_person_queries.waiting(session.connection(), viewer.now, number):
        if each.act in ACTS:
            second_person_actions.void_second_person(session, viewer, each.id)


def open_hold(
    session: Session,
    viewer: Viewer,
    kind: str,
    loan: LoanSchedule,
    number: str,
    from_day: date,
    until: date | None,
    person_id: int | None = None,
    *,
    offered: bool = False,
) -> None:
    """Note a plan or a proposal on one of its loans, with its dates and amounts; `offered` where we wait for the
    borrower's answer to an offer of ours."""
    loans.open_hold(
        session,
        viewer,
        kind=kind,
        loan_id=loan.loan_id,
        person_id=person_id or viewer.person_id or 0,
        from_day=from_day,
        until=until,
        number=number,
        path=PAGE.format(number=number),
        data={**stored_facts.hold_data(loan), **({"offered": True} if offered else {})},
    )
