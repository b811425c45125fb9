"""The rows of hardship: that a person cannot pay at present, and until when reminders pause."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

CHANGES = ("", "work", "illness", "accident", "other")
_CHANGE_LIST = ", ".join(repr(change) for change in CHANGES)
_RUNNING = "ended_on IS NULL"


class Hardship(SQLModel, table=True):
    """One pause of reminders, both days included; `ended_on` comes when it is over or the person ends it.

    `change` and `words` are what the person chose to say, with a consent of its own, and are emptied once the pause has
    been over for long enough: of an illness nothing may stay without need (PIPL 28, 29).
    """

    __table_args__ = (
        CheckConstraint(f"change IN ({_CHANGE_LIST})", name="change"),
        CheckConstraint("until >= from_day", name="until"),
        CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(change = '' AND words = '') OR consent_version <> ''", name="consent"),
        Index(
            "uq_hardship_running",
            "person_id",
            unique=True,
            sqlite_where=text(_RUNNING),
            postgresql_where=text(_RUNNING),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    change: str
    words: str = Field(sa_type=Text)
    from_day: date
    until: date
    told_at: datetime = Field(sa_type=Instant)
    ended_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    consent_text: str = Field(default="", sa_type=Text)
    consent_version: str = ""
    consent_language: str = ""
