"""What the audit log records of the desk: whose personal data staff looked at, and why (ST-12)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A search by staff showed a person's name and number; `because` is the reason that was given for it."""

    kind: ClassVar[str] = "desk.person_found"
    subject: str
    because: str


@dataclass(frozen=True, slots=True)
class CaseRead:
    """Staff opened a part of a person's case; `because` is the number of the request it was opened for, or empty."""

    kind: ClassVar[str] = "desk.case_read"
    subject: str
    part: str
    because: str


@dataclass(frozen=True, slots=True)
class ReceiptRead:
    """Staff opened the penalty receipt of one instalment as the person sees it."""

    kind: ClassVar[str] = "desk.receipt_read"
    subject: str
    loan_id: int
    instalment: int
