"""What a complaint consists of, between forms, rows and fingerprints; and what the diary says about it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.core.contact import ContactRule
from portal.messages.queries import Diary


@dataclass(frozen=True, slots=True)
class Told:
    """What a person tells: what happened, when, by which channel, from whom, and what they want."""

    happening: str
    happened_on: date | None = None
    is_rough: bool = False
    about_time: str = ""
    channel: str = ""
    sender: str = ""
    who: str = ""
    words: str = ""
    wishes: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """The columns that hold it."""
        return asdict(self) | {"wishes": json.dumps(self.wishes)}


def told_of(columns: Mapping[str, Any]) -> Told:
    """What was told, of a row."""
    values = {name: columns[name] for name in Told.__dataclass_fields__}
    return Told(**values | {"wishes": tuple(json.loads(values["wishes"]))})


def fingerprint(number: str, *said: Any) -> str:
    """A hash that changes with any word or entry; the number is part of it, so that equal words differ."""
    return hashlib.sha256(json.dumps([number, *said], ensure_ascii=False, default=str).encode()).hexdigest()


def fingerprint_of(number: str, told: Told) -> str:
    """The fingerprint of a complaint as it was sent."""
    return fingerprint(number, *sorted(told.row().items()))


@dataclass(frozen=True, slots=True)
class Contact:
    """A text that the portal sent, held against the rule: outside the window, or beyond the day's most."""

    at: datetime
    masked_number: str
    words: str
    language: str
    state: str
    is_contact: bool
    is_outside: bool
    is_too_many: bool


@dataclass(frozen=True, slots=True)
class ContactDay:
    """The texts of one day of the person's, the newest first."""

    day: date
    contacts: tuple[Contact, ...]


def contacts(diary: Diary, rule: ContactRule, since: date) -> tuple[ContactDay, ...]:
    """What the portal sent from a day on; only what counts as a contact about a debt is held against the rule."""
    zone = ZoneInfo(diary.zone)
    return tuple(
        ContactDay(day.date, tuple(reversed(list(_judged(list(reversed(day.entries)), rule, zone)))))
        for day in diary.days
        if day.date >= since
    )


def _judged(entries: Sequence[Any], rule: ContactRule, zone: ZoneInfo) -> Iterator[Contact]:
    """The entries of a day, the oldest first."""
    so_far = 0
    for entry in entries:
        counts = entry.is_contact and entry.state != "failed"
        so_far += counts
        at = entry.at.astimezone(zone)
        yield Contact(
            at=entry.at,
            masked_number=entry.masked_number,
            words=entry.words,
            language=entry.language,
            state=entry.state,
            is_contact=entry.is_contact,
            is_outside=counts and not rule.opens <= at.time() < rule.closes,
            is_too_many=counts and so_far > rule.contacts_a_day,
        )
