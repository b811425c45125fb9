"""What the audit log keeps of settlements: asked, quoted or offered, accepted, paid, lapsed. Never words typed."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class SettlementAsked:
    """A person asked staff for a settlement, saying what they could pay at once, in minor units."""

    kind: ClassVar[str] = "settlements.asked"
    subject: str
    loan_id: int
    could_pay: int
    whole: int


@dataclass(frozen=True, slots=True)
class SettlementPhoneBegun:
    """Staff looked at what closes a person's loan, to write a question for a settlement down on the phone."""

    kind: ClassVar[str] = "settlements.phone_begun"
    subject: str


@dataclass(frozen=True, slots=True)
class SettlementWritten:
    """Staff wrote a question for a settlement down on the phone; it counts only once the person has confirmed it."""

    kind: ClassVar[str] = "settlements.written"
    subject: str
    loan_id: int
    made_by: int
    could_pay: int


@dataclass(frozen=True, slots=True)
class SettlementRequestEnded:
    """A request was answered with an offer or without one, taken back, or became void: `state` says which."""

    kind: ClassVar[str] = "settlements.request_ended"
    subject: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class SettlementQuoted:
    """The rules, or staff, named what closes a loan up to a date; `seen` is the hash of the figures told.

    `offered_by` and `confirmed_by` are staff; both are empty where the product's rules gave the quote.
    """

    kind: ClassVar[str] = "settlements.quoted"
    subject: str
    loan_id: int
    until: date
    reductions: tuple[str, ...]
    stops_penalty: bool
    most: int
    seen: str
    offered_by: int | None
    confirmed_by: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SettlementAccepted:
    """The person accepted a settlement, or its whole amount arrived before they did (`by_payment`)."""

    kind: ClassVar[str] = "settlements.accepted"
    subject: str
    until: date
    seen: str
    by_payment: bool


@dataclass(frozen=True, slots=True)
class SettlementPaid:
    """What arrived by its date closed the loan; `taken_off` is how much less was asked for, in minor units."""

    kind: ClassVar[str] = "settlements.paid"
    subject: str
    paid_on: date
    taken_off: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SettlementLapsed:
    """A settlement ended unpaid: its date passed, a dispute was filed, the loan went, or another offer came."""

    kind: ClassVar[str] = "settlements.lapsed"
    subject: str
    ending: str


@dataclass(frozen=True, slots=True)
class SettlementUndone:
    """A payment that had closed a settlement came back: its waivers are void and the contract counts again."""

    kind: ClassVar[str] = "settlements.undone"
    subject: str


@dataclass(frozen=True, slots=True)
class LetterPrinted:
    """The letter that all is paid was made as PDF in a language and is kept so; `sha256` is that of its bytes."""

    kind: ClassVar[str] = "settlements.letter_printed"
    subject: str
    language: str
    sha256: str
