"""What the audit log keeps of paying: said to have paid, found or not, links for who pays for a person. No words."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PaymentSaid:
    """A person said that they paid an amount, in minor units, on a day; with how many files as slips."""

    kind: ClassVar[str] = "account.payment_said"
    subject: str
    loan_id: int
    amount: int
    paid_on: date
    channel: str
    files: int


@dataclass(frozen=True, slots=True)
class SlipConsentGiven:
    """The person agreed that their slip is read to find the payment, and for nothing else."""

    kind: ClassVar[str] = "account.slip_consent_given"
    subject: str


@dataclass(frozen=True, slots=True)
class SlipConsentWithdrawn:
    """The person took that consent back: the slips were deleted, and the payment is still looked for."""

    kind: ClassVar[str] = "account.slip_consent_withdrawn"
    subject: str


@dataclass(frozen=True, slots=True)
class PaymentAnswered:
    """What was said to be paid was found, was not, or was taken back; `payment_ref` is the payment that was found."""

    kind: ClassVar[str] = "account.payment_answered"
    subject: str
    state: str
    payment_ref: str | None


@dataclass(frozen=True, slots=True)
class PayLinkMade:
    """A person made a link for someone who pays for them: it shows a reference and this amount, until then."""

    kind: ClassVar[str] = "account.pay_link_made"
    subject: str
    loan_id: int
    amount: int
    expires_on: date


@dataclass(frozen=True, slots=True)
class PayLinkRevoked:
    """The person took such a link back."""

    kind: ClassVar[str] = "account.pay_link_revoked"
    subject: str
