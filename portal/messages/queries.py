"""The borrower's diary, what staff must know about texts that may not have arrived, and the demo phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from portal.loans import queries as loans
from portal.loans.queries import PERSON
from portal.loans.tables import table_of
from portal.messages.tables import DiaryEntry, Reminder, ReminderStop
from portal.platform import outbox
from portal.platform.gate import Viewer

DIARY, REMINDER, REMINDER_STOP = table_of(DiaryEntry), table_of(Reminder), table_of(ReminderStop)
OUTBOX = outbox.ROWS

DIARY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One text: when it went out, to which number, in what words (secrets masked), and what became of it.

    `is_contact` if it counted as a contact about a debt.
    """

    at: datetime
    masked_number: str
    language: str
    words: str
    state: str
    is_contact: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The texts of one day of the person's, the newest first."""

    date: date
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Diary:
    """Everything that was sent to a person, how many contacts of today, and since when reminders are stopped."""

    days: tuple[Day, ...]
    contacts_today: int
    zone: str
    stopped_at: datetime | None


_ENTRIES = (
    select(DIARY.c.at, DIARY.c.masked_number, DIARY.c.language, DIARY.c.words, OUTBOX.c.state, DIARY.c.is_contact)
    .join(OUTBOX, OUTBOX.c.id == DIARY.c.outbox_id)
    .order_by(DIARY.c.id.desc())
    .limit(DIARY_LENGTH)
)


def diary(connection: Connection, viewer: Viewer, zone: str) -> Diary:
    """The viewer's own diary; `zone` is the lender's, for people who have none of their own."""
    return diary_of(connection, viewer, viewer.person_id or 0, zone)


def diary_of(connection: Connection, viewer: Viewer, person_id: int, zone: str) -> Diary:
    """The diary of a person, for who may see what was sent to them."""
    person = loans.person(connection, person_id)
    own = ZoneInfo((person.time_zone if person else None) or zone)
    rows = connection.execute(_ENTRIES.where(DIARY.c.person_id == person_id))
    entries = [Entry(*row) for row in rows]
    by_day = groupby(entries, key=lambda entry: entry.at.astimezone(own).date())
    now = viewer.now.astimezone(own)
    midnight = datetime(now.year, now.month, now.day, tzinfo=own)
    return Diary(
        days=tuple(Day(day, tuple(group)) for day, group in by_day),
        contacts_today=outbox.contacts_since(connection, viewer, person_id, midnight),
        zone=own.key,
        stopped_at=reminders_stopped(connection, person_id),
    )


def reminders_stopped(connection: Connection, person_id: int) -> datetime | None:
    """Since when a person wants no reminders by text; None where they want them."""
    running = (REMINDER_STOP.c.person_id == person_id) & REMINDER_STOP.c.until_at.is_(None)
    found: datetime | None = connection.scalar(select(REMINDER_STOP.c.from_at).where(running))
    return found


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A text that was not sent, or of which nobody knows; without its words."""

    person_code: str
    kind: str
    number: str | None
    state: str
    reason: str
    at: datetime


def undelivered(connection: Connection, viewer: Viewer, since: datetime) -> tuple[Undelivered, ...]:
    """Texts since an instant that failed or are uncertain, the newest first, for staff (ST-17: no word, no secret)."""
    columns = (OUTBOX.c.kind, OUTBOX.c.number, OUTBOX.c.state, OUTBOX.c.reason, OUTBOX.c.ended_at)
    rows = connection.execute(
        select(PERSON.c.code, *columns)
        .join(OUTBOX, OUTBOX.c.person_id == PERSON.c.id)
        .where(OUTBOX.c.state.in_(("failed", "uncertain")), OUTBOX.c.ended_at >= since)
        .order_by(OUTBOX.c.id.desc())
        .limit(DIARY_LENGTH)
    )
    return tuple(Undelivered(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class PhoneText:
    """A text as the demo phone shows it."""

    person_id: int
    words: str
    at: datetime


def phone_texts(connection: Connection, viewer: Viewer, keys: Sequence[str], limit: int = 50) -> tuple[PhoneText, ...]:
    """The newest texts that the demo phone kept, the newest first; development only."""
    kept = outbox.kept_texts(connection, viewer, tuple(keys), limit)
    return tuple(PhoneText(row.person_id, words, row.ended_at) for row, words in kept)
