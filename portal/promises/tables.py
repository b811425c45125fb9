"""The rows of promises: what was promised, and what the person was told of it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.core.plan_states import PROMISE
from portal.platform.db import Instant

CHANNELS = ("transfer", "debit", "counter", "other")
ENDED_BY = ("person", "plan", "loan", "rule")
TOLD = ("reminder", "missed", "made_good", "kept", "partly_kept", "broken", "rejudged")


def _one_of(values: tuple[str, ...]) -> str:
    return ", ".join(repr(value) for value in values)


_OPEN = "ended_at IS NULL"


class Promise(SQLModel, table=True):
    """One promise of a person for a loan. `version` guards every change of state; the amount is in minor units.

    `first_due_on` is the day first promised, `due_on` the one that counts. `instalment` is a later one that it is
    about, none: what was due. `counted` (JSON) are the payments known when it was made, `planned` (JSON) what a running
    plan awaited meanwhile. `said_paid_on` is when the person says it was paid; what came of it the payments tell.
    """

    __table_args__ = (
        CheckConstraint(f"state IN ({_one_of(PROMISE.states)})", name="state"),
        CheckConstraint(f"channel IN ({_one_of(CHANNELS)})", name="channel"),
        CheckConstraint(f"ended_by IN ('', {_one_of(ENDED_BY)})", name="ended_by"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("cure_days >= 0", name="cure_days"),
        CheckConstraint("first_due_on >= made_on AND due_on >= first_due_on", name="days"),
        CheckConstraint(f"(state IN ({_one_of(PROMISE.final)})) = (ended_at IS NOT NULL)", name="ended"),
        Index("uq_promise_open", "loan_id", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    currency: str
    state: str = Field(default="open", index=True)
    version: int = 1
    amount: int = Field(sa_type=BigInteger)
    channel: str
    instalment: int | None = None
    made_on: date
    made_at: datetime = Field(sa_type=Instant)
    first_due_on: date
    due_on: date
    cure_days: int
    counted: str = Field(default="[]", sa_type=Text)
    planned: str = Field(default="[]", sa_type=Text)
    said_paid_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: str = ""


class PromiseTold(SQLModel, table=True):
    """What a person was told of a promise, in order; never changed. `due_on` is the day it was about."""

    __tablename__ = "promise_told"
    __table_args__ = (
        UniqueConstraint("promise_id", "place"),
        CheckConstraint(f"what IN ({_one_of(TOLD)})", name="what"),
    )
    id: int | None = Field(default=None, primary_key=True)
    promise_id: int = Field(foreign_key="promise.id")
    place: int
    what: str
    due_on: date
    told_at: datetime = Field(sa_type=Instant)
    told_on: date
