"""The rows of counter-offers: the other plan that staff would agree to, as it was said, and what came of it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

OUTCOMES = ("", "accepted", "withdrawn", "lapsed", "void", "taken_back")
_OUTCOME_LIST = ", ".join(repr(outcome) for outcome in OUTCOMES)
_STANDS = "outcome = ''"


class PlanCounter(SQLModel, table=True):
    """One counter-offer to a proposal. Only its end comes later; of a plan at most one stands. Staff may take it
    back (`taken_back_by`) as long as it stands.

    `answers` are its terms and `schedules` its payments, one a loan, both as JSON. `seen` is the hash of the figures
    that it was made on, `mark` that of everything the borrower is shown, so that exactly this is accepted. Amounts are
    minor units. `lapsed_before` is the last day of the proposal itself, which counts again if the figures change.
    """

    __tablename__ = "plan_counter"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOME_LIST})", name="outcome"),
        CheckConstraint("(outcome = '') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(outcome = 'accepted') = (consent_version <> '')", name="consent"),
        CheckConstraint("(outcome = 'taken_back') = (taken_back_by IS NOT NULL)", name="taken_back"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> made_by", name="two_people"),
        CheckConstraint("due > 0 AND forecast >= 0", name="not_negative"),
        UniqueConstraint("plan_id", "mark"),
        Index(
            "uq_plan_counter_stands", "plan_id", unique=True, sqlite_where=text(_STANDS), postgresql_where=text(_STANDS)
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", index=True)
    answers: str = Field(sa_type=Text)
    schedules: str = Field(sa_type=Text)
    is_frozen: bool
    due: int = Field(sa_type=BigInteger)
    forecast: int = Field(sa_type=BigInteger)
    within_limits: bool
    seen: str
    mark: str
    lapses_on: date
    lapsed_before: date
    made_at: datetime = Field(sa_type=Instant)
    made_by: int = Field(foreign_key="staff_account.id")
    confirmed_by: int | None = Field(default=None, foreign_key="staff_account.id")
    outcome: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    taken_back_by: int | None = Field(default=None, foreign_key="staff_account.id")
    consent_text: str = Field(default="", sa_type=Text)
    consent_version: str = ""
    consent_language: str = ""
