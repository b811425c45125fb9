"""A settlement that is paid closes its loan, and so ends a plan on it as kept (domain.md 9)."""

from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.plan_states import PLAN as STATES
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.queries import HOLD, LoanRecord
from portal.messages.actions import notify
from portal.plans import events, moves, queries, telling
from portal.plans.queries import PLAN
from portal.platform.gate import Viewer

_ENDS = STATES.sources("settle")


def plans_beside_settlements(connection: Connection, viewer: Viewer) -> list[str]:
    """The plans that go on, evaluated or not, on a loan with a settlement; whether it is paid is judged for each."""
    plan, settlement = HOLD.alias("plan_hold"), HOLD.alias("settlement_hold")
    beside = (settlement.c.loan_id == plan.c.loan_id) & settlement.c.ended_at.is_(None)
    found = (
        select(PLAN.c.number)
        .distinct()
        .join(plan, (plan.c.number == PLAN.c.number) & (plan.c.kind == "plan") & plan.c.ended_at.is_(None))
        .join(settlement, beside & (settlement.c.kind == "settlement"))
        .where(PLAN.c.state.in_(sorted(_ENDS)))
        .order_by(PLAN.c.number)
    )
    return list(connection.scalars(found))


def end_settled(session: Session, viewer: Viewer, number: str) -> bool:
    """End a plan that goes on as kept if all of its loans are settled, judged again here; whether it was."""
    moves.hold(session, number)
    found = queries.plan(session.connection(), number)
    if found is None or found.state not in _ENDS:
        return False
    covered = {schedule.loan_id for schedule in found.figures.loans}
    records = [loans_of.loan_by_id(session.connection(), loan_id, viewer.today) for loan_id in covered]
    if not all(record is not None and _is_settled(record) for record in records):
        return False
    try:
        telling.step(session, viewer, found, "settle")
    except Refusal:
        return False
    for ref in loans.waivers_of_case(session, number):
        loans.end_days_waiver(session, viewer, ref=ref, to_day=viewer.today)
    loans.end_hold(session, viewer, number, viewer.today, "kept")
    audit.record(session, viewer, events.PlanSettled(number))
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return True


def _is_settled(record: LoanRecord) -> bool:
    return record.status == "closed" or any(
        hold.kind == "settlement" and "paid_on" in hold.data for hold in record.holds
    )
