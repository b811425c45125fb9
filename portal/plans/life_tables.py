"""The rows of a plan's life: what the person changed or said, and what they were told. Nothing here is ever changed.

What is true of a plan is computed from the facts (core/plan_life.py); these rows keep what was asked for and said.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

CHANGES = ("moved", "skipped", "cannot")
TOLD = ("reminder", "missed", "made_good", "rejudged", "evaluated", "going_on", "cancelled", "kept", "left")


def _one_of(values: tuple[str, ...]) -> str:
    return ", ".join(repr(value) for value in values)


class PlanChange(SQLModel, table=True):
    """One payment, named by its agreed day, is `moved` or left out (`skipped`: awaited after the last one) to a day, or
    the person `cannot` pay it. `extra` (JSON) is what the change costs more of each loan, in minor units."""

    __tablename__ = "plan_change"
    __table_args__ = (
        UniqueConstraint("plan_id", "agreed_on", "kind"),
        CheckConstraint(f"kind IN ({_one_of(CHANGES)})", name="kind"),
        CheckConstraint("(kind = 'cannot') = (to_day IS NULL)", name="to_day"),
    )
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id")
    kind: str
    agreed_on: date
    to_day: date | None = None
    extra: str = Field(default="{}", sa_type=Text)
    made_at: datetime = Field(sa_type=Instant)
    made_on: date


class PlanTold(SQLModel, table=True):
    """What a person was told of a plan, in order. `about` names the payment (its day) or promise, empty for the plan;
    `content` (JSON) is what it rested on: the trace of an evaluation, the strikes that staff let pass."""

    __tablename__ = "plan_told"
    __table_args__ = (
        UniqueConstraint("plan_id", "place"),
        CheckConstraint(f"what IN ({_one_of(TOLD)})", name="what"),
    )
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id")
    place: int
    what: str
    about: str = ""
    content: str = Field(default="{}", sa_type=Text)
    words: str = Field(default="", sa_type=Text)
    staff_id: int | None = Field(default=None, foreign_key="staff_account.id")
    told_at: datetime = Field(sa_type=Instant)
    told_on: date


class PlanSaid(SQLModel, table=True):
    """What the borrower wrote about a plan that does not go as agreed, for whoever looks at it."""

    __tablename__ = "plan_said"
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", index=True)
    words: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=Instant)
