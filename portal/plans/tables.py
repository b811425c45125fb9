"""The rows of plans: the proposal with its answers, its schedule for each loan, and the agreement that came of it.

The figures here were told to a person, so they are kept as they were said; what is due is never read from them.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

STATES = (
    "draft",
    "proposed",
    "countered",
    "refused",
    "lapsed",
    "withdrawn",
    "running",
    "evaluated",
    "cancelled",
    "kept",
    "replaced",
)
FINAL = ("refused", "lapsed", "withdrawn", "cancelled", "kept", "replaced")
_STATE_LIST = ", ".join(repr(state) for state in STATES)
_FINAL_LIST = ", ".join(repr(state) for state in FINAL)
_UNDECIDED = "state = 'proposed'"


class Plan(SQLModel, table=True):
    """One plan of a person in one currency. `version` guards every change of state.

    `answers` is a JSON object of what the borrower typed, `criteria` and `change` are kept when it is refused: the
    limits with what was offered, and the smallest change that would have passed. `told` is the hash of the figures
    that the borrower sent it with. `freeze_forecast` is what stopping the penalty was expected to save. `said` is a
    JSON object of what the borrower said comes in and goes out each month, kept only while the plan is decided about;
    `draft` the code of the draft that was sent. `rules` are the limits and authorities that the decision was judged
    by, as a JSON object. `drafted_by` wrote it down for the borrower on the phone, and decides nothing about it.
    """

    __table_args__ = (
        CheckConstraint(f"state IN ({_STATE_LIST})", name="state"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("decided_by IS NULL OR confirmed_by IS NULL OR decided_by <> confirmed_by", name="two_people"),
        CheckConstraint("lapses_on >= start_on", name="lapses"),
        CheckConstraint("due >= 0 AND freeze_forecast >= 0", name="not_negative"),
        CheckConstraint(f"(state IN ({_FINAL_LIST})) = (ended_at IS NOT NULL)", name="ended"),
        Index(
            "uq_plan_proposed",
            "person_id",
            "currency",
            unique=True,
            sqlite_where=text(_UNDECIDED),
            postgresql_where=text(_UNDECIDED),
        ),
        Index("uq_plan_draft", "draft", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    state: str = Field(default="proposed", index=True)
    version: int = 1
    start_on: date
    lapses_on: date
    due: int = Field(sa_type=BigInteger)
    answers: str = Field(sa_type=Text)
    told: str
    within_limits: bool
    consent_text: str = Field(sa_type=Text)
    consent_version: str
    consent_language: str
    proposed_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_on: date | None = None
    decided_by: int | None = Field(default=None, foreign_key="staff_account.id")
    confirmed_by: int | None = Field(default=None, foreign_key="staff_account.id")
    is_frozen: bool = False
    freeze_forecast: int = Field(default=0, sa_type=BigInteger)
    reason: str = ""
    words: str = Field(default="", sa_type=Text)
    criteria: str = Field(default="[]", sa_type=Text)
    change: str = Field(default="{}", sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    replaced_by: str | None = None
    # When it was last looked at (judging_actions.py), so that the worker looks once a day and after an import.
    judged_at: datetime | None = Field(default=None, sa_type=Instant)
    rules: str = Field(default="{}", sa_type=Text)
    drafted_by: int | None = Field(default=None, foreign_key="staff_account.id")
    said: str = Field(default="", sa_type=Text)
    draft: str | None = None


class PlanLoan(SQLModel, table=True):
    """The part of a plan that is about one loan: its offer and schedule as JSON, and the fingerprint of its figures."""

    __tablename__ = "plan_loan"
    __table_args__ = (UniqueConstraint("plan_id", "loan_id"),)
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id")
    loan_id: int = Field(foreign_key="loan.id", index=True)
    fingerprint: str
    schedule: str = Field(sa_type=Text)


class PlanAgreement(SQLModel, table=True):
    """What both sides agreed, once a plan: the paper's content as JSON, never changed afterwards."""

    __tablename__ = "plan_agreement"
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", unique=True)
    agreed_at: datetime = Field(sa_type=Instant)
    agreed_on: date
    content: str = Field(sa_type=Text)


class PlanPaper(SQLModel, table=True):
    """The agreement as a PDF in one language, as it was first fetched: the same bytes ever after."""

    __tablename__ = "plan_paper"
    __table_args__ = (UniqueConstraint("plan_id", "language"),)
    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id")
    language: str
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    made_at: datetime = Field(sa_type=Instant)
