"""What the audit log keeps of plans: who proposed, decided, took back, and what came of it. Never words typed."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PlanProposed:
    """A borrower sent a proposal and agreed to its consent line; `told` is the hash of the figures shown."""

    kind: ClassVar[str] = "plans.proposed"
    subject: str
    start_on: date
    currency: str
    due: int
    total: int
    told: str
    within_limits: bool
    consent_version: str


@dataclass(frozen=True, slots=True)
class PlanAgreed:
    """Staff agreed to a proposal, on figures with this hash; `confirmed_by` is the second person, if one was needed."""

    kind: ClassVar[str] = "plans.agreed"
    subject: str
    decided_by: int
    confirmed_by: int | None
    seen: str
    is_frozen: bool
    freeze_forecast: int
    reason: str


@dataclass(frozen=True, slots=True)
class PlanRefused:
    """Staff did not agree to a proposal."""

    kind: ClassVar[str] = "plans.refused"
    subject: str
    reason: str
    seen: str


@dataclass(frozen=True, slots=True)
class PlanWithdrawn:
    """The borrower took a proposal back before it was decided."""

    kind: ClassVar[str] = "plans.withdrawn"
    subject: str


@dataclass(frozen=True, slots=True)
class PlanLapsed:
    """Nobody decided before the end of the day before the first payment."""

    kind: ClassVar[str] = "plans.lapsed"
    subject: str
    lapsed_on: date


@dataclass(frozen=True, slots=True)
class PlanReplaced:
    """A running plan ended because another one was agreed in its place."""

    kind: ClassVar[str] = "plans.replaced"
    subject: str
    by: str


@dataclass(frozen=True, slots=True)
class SaidForgotten:
    """What a borrower said of income and spending with a plan was deleted, its time being over."""

    kind: ClassVar[str] = "plans.said_forgotten"
    subject: str


@dataclass(frozen=True, slots=True)
class AgreementPrinted:
    """The agreement was made as PDF in a language and is kept so; `sha256` is that of its bytes."""

    kind: ClassVar[str] = "plans.agreement_printed"
    subject: str
    language: str
    sha256: str
