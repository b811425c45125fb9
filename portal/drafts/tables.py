"""The rows of what was begun and not sent."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant


class DisputeDraft(SQLModel, table=True):
    """A dispute that was not sent yet. It belongs to its person, not to the loan; nobody else learns of it.

    `content` (JSON) are the entries of its steps as they were typed. `seen` and `told` are the fingerprint and the
    figures of the penalty that they are about. `version` guards every change; `writer` is the device, or the session,
    that made the latest. `beside` is the code of the draft whose entries were changed elsewhere meanwhile, so that
    these became one of their own. `form_key` is that of the form that began it, so that sent twice it begins one.
    `keep_until` is its last day.
    """

    __tablename__ = "dispute_draft"
    __table_args__ = (CheckConstraint("version > 0", name="version"), UniqueConstraint("person_id", "form_key"))

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    loan_id: int = Field(foreign_key="loan.id")
    instalment: int
    content: str = Field(sa_type=Text)
    seen: str
    told: str = Field(sa_type=Text)
    version: int = 1
    writer: str
    beside: str | None = None
    form_key: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    keep_until: date = Field(index=True)


class PlanDraft(SQLModel, table=True):
    """A plan that was not sent yet, in one currency; what is said of `DisputeDraft` holds here too.

    `seen` and `told` are empty: a plan's figures are made anew on each page, and looked over before they are sent.
    """

    __tablename__ = "plan_draft"
    __table_args__ = (CheckConstraint("version > 0", name="version"), UniqueConstraint("person_id", "form_key"))

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    content: str = Field(sa_type=Text)
    seen: str = ""
    told: str = Field(default="", sa_type=Text)
    version: int = 1
    writer: str
    beside: str | None = None
    form_key: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    keep_until: date = Field(index=True)
