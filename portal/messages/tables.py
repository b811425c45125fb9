"""What the diary keeps of messages, and which day's reminder a person has had."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant


class DiaryEntry(SQLModel, table=True):
    """A text as it was handed to the gateway: its words with link and code masked, written before the first try."""

    __tablename__ = "diary_entry"
    __table_args__ = (
        Index("ix_diary_entry_person_id_at", "person_id", "at"),
        CheckConstraint("segments > 0", name="segments"),
    )

    id: int | None = Field(default=None, primary_key=True)
    outbox_id: int = Field(foreign_key="outbox.id", unique=True)
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(sa_type=Instant)
    language: str
    words: str = Field(sa_type=Text)
    masked_number: str
    segments: int
    is_contact: bool


class Reminder(SQLModel, table=True):
    """A reminder that was queued: at most one a person and day, whatever the number of loans."""

    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        CheckConstraint("reason IN ('due_tomorrow', 'late')", name="reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    day: date
    reason: str


class ReminderStop(SQLModel, table=True):
    """A person wants no reminders by text, from one instant until another."""

    __tablename__ = "reminder_stop"
    __table_args__ = (
        Index(
            "uq_reminder_stop_running",
            "person_id",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)
