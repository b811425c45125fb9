"""Counted tries in windows of time, shared by all processes and kept over restarts (SL-14 to SL-16)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

from portal.platform.columns import Instant
from portal.platform.guarded import changed


class Throttle(SQLModel, table=True):
    """How many tries a bucket has had since its window began; rows of windows that are over are deleted."""

    __tablename__ = "throttle"

    bucket: str = Field(primary_key=True)
    window_start: datetime = Field(sa_type=Instant)
    window_end: datetime = Field(sa_type=Instant, index=True)
    count: int


ROWS: Table = SQLModel.metadata.tables["throttle"]
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def count_try(session: Session, bucket: str, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one try; False if the bucket has had `limit` of them in the window that its first try began.

    One statement, so that parallel tries cannot outrun the count. A try that is refused does not prolong the window.
    """
    fresh = {"window_start": now, "window_end": now + window, "count": 1}
    is_over = ROWS.c.window_end <= now
    insert = _INSERTS[session.get_bind().dialect.name](ROWS).values(bucket=bucket, **fresh)
    statement = insert.on_conflict_do_update(
        index_elements=[ROWS.c.bucket],
        set_={
            "count": case((is_over, 1), else_=ROWS.c.count + 1),
            "window_start": case((is_over, insert.excluded.window_start), else_=ROWS.c.window_start),
            "window_end": case((is_over, insert.excluded.window_end), else_=ROWS.c.window_end),
        },
    ).returning(ROWS.c.count)
    return int(session.execute(statement).scalar_one()) <= limit


def wait_until(session: Session, bucket: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
    """Count one try; None if it may be made, else when the bucket can be tried again."""
    return None if count_try(session, bucket, limit, window, now) else opens_at(session, bucket, limit, now)


def tries_left(session: Session, bucket: str, limit: int, now: datetime) -> int:
    """How many tries the bucket still has, without counting one."""
    counted = session.scalar(select(ROWS.c.count).where(ROWS.c.bucket == bucket, ROWS.c.window_end > now))
    return max(limit - int(counted or 0), 0)


def opens_at(session: Session, bucket: str, limit: int, now: datetime) -> datetime | None:
    """When a bucket that has had enough can be tried again; None while it has tries left."""
    end: datetime | None = session.scalar(
        select(ROWS.c.window_end).where(ROWS.c.bucket == bucket, ROWS.c.window_end > now, ROWS.c.count >= limit)
    )
    return end


def forget_old(session: Session, now: datetime) -> int:
    """Delete buckets whose window is over; returns how many."""
    return changed(session, delete(ROWS).where(ROWS.c.window_end <= now))
