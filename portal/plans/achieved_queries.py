"""What closed plans of about the same size came to, for staff who decide about another one."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from portal.plans.queries import PLAN

LEAST_CLOSED = 30
"""So many closed plans are needed before anything is said of them (the order's number)."""

_CLOSED = ("kept", "cancelled")


@dataclass(frozen=True, slots=True)
class Achieved:
    """Closed plans that covered between half and twice as much, and how many of them were kept."""

    closed: int
    kept: int


def achieved(connection: Connection, currency: str, due: int) -> Achieved | None:
    """What plans of about this size came to; None before there are enough of them. `due` is in minor units."""
    of_this_size = (PLAN.c.due * 2 >= due, PLAN.c.due <= due * 2)
    counted = connection.execute(
        select(PLAN.c.state, func.count())
        .where(PLAN.c.state.in_(_CLOSED), PLAN.c.currency == currency, *of_this_size)
        .group_by(PLAN.c.state)
    )
    found: dict[str, int] = {row[0]: row[1] for row in counted}
    closed = sum(found.values())
    return Achieved(closed, found.get("kept", 0)) if closed >= LEAST_CLOSED else None
