"""What the audit log records of messages: that a person wants no reminders by text, or wants them again."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RemindersStopped:
    """A person wants no reminders by text any more; answers, codes and links that they ask for still come."""

    kind: ClassVar[str] = "messages.reminders_stopped"
    subject: str


@dataclass(frozen=True, slots=True)
class RemindersResumed:
    """A person wants reminders by text again."""

    kind: ClassVar[str] = "messages.reminders_resumed"
    subject: str
