"""What the audit log records of complaints: codes and fingerprints, never a word or a name that somebody wrote.

`subject` is the complaint's number. Whom a complaint is about is recorded by `access`, and shown to nobody whom it is
about.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ComplaintOpened:
    """A person complained about how they were contacted; an answer is promised by a day."""

    kind: ClassVar[str] = "complaint.opened"
    subject: str
    happening: str
    channel: str
    wishes: tuple[str, ...]
    fingerprint: str
    answer_by: date


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The person agreed that the files of a complaint are read to answer it, and for nothing else."""

    kind: ClassVar[str] = "complaint.consent_given"
    subject: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The person took the consent back; the files were removed and the complaint goes on."""

    kind: ClassVar[str] = "complaint.consent_withdrawn"
    subject: str


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """The person added to a complaint."""

    kind: ClassVar[str] = "complaint.message_added"
    subject: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A supervisor needs more before answering; the complaint waits for the person, its promised date stays."""

    kind: ClassVar[str] = "complaint.question_asked"
    subject: str


@dataclass(frozen=True, slots=True)
class ComplaintWithdrawn:
    """The person withdrew the complaint before it was answered."""

    kind: ClassVar[str] = "complaint.withdrawn"
    subject: str


@dataclass(frozen=True, slots=True)
class ComplaintHeld:
    """A supervisor took the complaint to work on it, or gave it back (`held` false)."""

    kind: ClassVar[str] = "complaint.held"
    subject: str
    held: bool


@dataclass(frozen=True, slots=True)
class ComplaintAnswered:
    """A supervisor answered; `fingerprint` is that of the words and of what was changed."""

    kind: ClassVar[str] = "complaint.answered"
    subject: str
    outcome: str
    reason: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class LatenessTold:
    """The promised date passed without an answer, and the person was told."""

    kind: ClassVar[str] = "complaint.lateness_told"
    subject: str
    answer_by: date


@dataclass(frozen=True, slots=True)
class ComplaintSeen:
    """A supervisor or an auditor opened a complaint (ST-12)."""

    kind: ClassVar[str] = "complaint.seen"
    subject: str
