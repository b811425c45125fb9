"""Counter-offers as they are stored: the one that stands for a plan, and the last one there was."""

from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import SQLModel

from portal.plans import counter_facts, stored_facts
from portal.plans.counter_facts import Counter
from portal.plans.counter_tables import PlanCounter
from portal.plans.facts import Figures
from portal.plans.queries import PlanRecord

COUNTER = SQLModel.metadata.tables[str(PlanCounter.__tablename__)]

_STANDING = select(COUNTER).where(COUNTER.c.plan_id == bindparam("plan_id"), COUNTER.c.outcome == "")
_LATEST = select(COUNTER).where(COUNTER.c.plan_id == bindparam("plan_id")).order_by(COUNTER.c.id.desc()).limit(1)


def standing(connection: Connection, plan: PlanRecord) -> Counter | None:
    """The counter-offer of a plan that stands, None without one."""
    return _counter(connection, plan, _STANDING)


def latest(connection: Connection, plan: PlanRecord) -> Counter | None:
    """The last counter-offer of a plan, whatever came of it."""
    return _counter(connection, plan, _LATEST)


def _counter(connection: Connection, plan: PlanRecord, statement: Any) -> Counter | None:
    row = connection.execute(statement, {"plan_id": plan.id}).mappings().first()
    if row is None:
        return None
    schedules = counter_facts.read_schedules(row["schedules"])
    same = ("id", "plan_id", "forecast", "within_limits", "seen", "mark", "lapses_on", "lapsed_before", "made_at")
    return Counter(
        **{name: row[name] for name in (*same, "made_by", "confirmed_by", "outcome")},
        answers=stored_facts.read_answers_row(row["answers"]),
        freeze=row["is_frozen"],
        figures=Figures(plan.currency, plan.start_on, row["lapses_on"], schedules),
    )
