"""The numbers to which no reminder goes, because somebody there said "not me", and the link that led to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from portal.access import checking
from portal.access.queries import LINK, STOP
from portal.platform.gate import Viewer


@dataclass(frozen=True)
class StoppedNumber:
    """A "not me" that still holds, for staff."""

    person_id: int
    contact_point_id: int
    since: datetime


def link_id(connection: Connection, viewer: Viewer, ref: str) -> int:
    """The link of a reference, alive or not; 0 for one that was never made. For "not me" only."""
    found = connection.scalar(select(LINK.c.id).where(LINK.c.ref_hash == checking.token_hash(ref)))
    return int(found or 0)


def number_stopped(connection: Connection, mobile: str) -> bool:
    """Whether "not me" holds for a number: no reminder goes to it (texts that were asked for do)."""
    return connection.scalar(select(STOP.c.id).where(STOP.c.mobile == mobile, STOP.c.ended_at.is_(None))) is not None


def stopped_numbers(connection: Connection) -> tuple[StoppedNumber, ...]:
    """Every "not me" that holds, the newest first."""
    statement = (
        select(STOP.c.person_id, STOP.c.contact_point_id, STOP.c.created_at)
        .where(STOP.c.ended_at.is_(None))
        .order_by(STOP.c.id.desc())
    )
    return tuple(StoppedNumber(*row) for row in connection.execute(statement))
