"""What the audit log records of disputes. `subject` is the dispute's number; no event repeats what a person wrote."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True)
class DisputeOpened:
    """A person disputes parts of an instalment; an answer is promised by a day. Amounts are minor units."""

    kind: ClassVar[str] = "dispute.opened"
    subject: str
    loan_id: int
    instalment: int
    reason: str
    disputed: int
    unpaid: int
    fingerprint: str
    answer_by: date


@dataclass(frozen=True)
class ConsentGiven:
    """The person agreed that the files of a dispute are read to decide it, and for nothing else."""

    kind: ClassVar[str] = "dispute.consent_given"
    subject: str


@dataclass(frozen=True)
class MessageAdded:
    """Something was written on a dispute, by the person or by staff (`from_staff`)."""

    kind: ClassVar[str] = "dispute.message_added"
    subject: str
    from_staff: bool


@dataclass(frozen=True)
class QuestionAsked:
    """Staff need more before they can decide; the dispute waits for the person."""

    kind: ClassVar[str] = "dispute.question_asked"
    subject: str


@dataclass(frozen=True)
class DisputeWithdrawn:
    """The person withdrew the dispute; it ends like a decision."""

    kind: ClassVar[str] = "dispute.withdrawn"
    subject: str


@dataclass(frozen=True)
class DisputeHeld:
    """A member of staff took the dispute to work on it, or gave it back (`held` false)."""

    kind: ClassVar[str] = "dispute.held"
    subject: str
    held: bool


@dataclass(frozen=True)
class DecisionProposed:
    """A decision above the maker's authority awaits a second person; the amount is in minor units."""

    kind: ClassVar[str] = "dispute.decision_proposed"
    subject: str
    outcome: str
    amount: int
    fingerprint: str


@dataclass(frozen=True)
class ProposalVoid:
    """A proposed decision came to nothing: declined, taken back, or its figures changed. The dispute is open again."""

    kind: ClassVar[str] = "dispute.proposal_void"
    subject: str
    because: str


@dataclass(frozen=True)
class DisputeDecided:
    """A dispute (`round` first) or its review was decided, by one person, two, or the program by the product's rule.

    `amount` (minor units) is less due plus more credit.
    """

    kind: ClassVar[str] = "dispute.decided"
    subject: str
    outcome: str
    reason: str
    amount: int
    waivers: tuple[str, ...]
    fingerprint: str
    confirmed_by: int | None
    round: str = "first"


@dataclass(frozen=True)
class LatenessTold:
    """The promised date passed without an answer, and the person was told."""

    kind: ClassVar[str] = "dispute.lateness_told"
    subject: str
    answer_by: date


@dataclass(frozen=True)
class ConsentWithdrawn:
    """The person took the consent back; the files were removed and the dispute goes on."""

    kind: ClassVar[str] = "dispute.consent_withdrawn"
    subject: str


@dataclass(frozen=True)
class DisputeSeen:
    """A member of staff opened a person's dispute (ST-12)."""

    kind: ClassVar[str] = "dispute.seen"
    subject: str


@dataclass(frozen=True)
class NoteWritten:
    """A member of staff wrote a note for the others; the person never sees it."""

    kind: ClassVar[str] = "dispute.note_written"
    subject: str


@dataclass(frozen=True)
class DisputeHandedOver:
    """A member of staff handed the dispute over to another one."""

    kind: ClassVar[str] = "dispute.handed_over"
    subject: str
    to_staff_id: int


@dataclass(frozen=True)
class ReviewAsked:
    """The person asked for the one review of a decision; its own answer is promised by a day."""

    kind: ClassVar[str] = "dispute.review_asked"
    subject: str
    answer_by: date
