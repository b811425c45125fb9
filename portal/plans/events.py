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
class PlanCountered:
    """Staff offered another plan instead, on figures with the hash `seen`; `mark` is the hash of what is offered."""

    kind: ClassVar[str] = "plans.countered"
    subject: str
    decided_by: int
    confirmed_by: int | None
    seen: str
    mark: str
    total: int
    last_on: date
    is_frozen: bool
    freeze_forecast: int
    reason: str


@dataclass(frozen=True, slots=True)
class PlanCounterAccepted:
    """The borrower took the counter-offer with this hash, and agreed to its consent line."""

    kind: ClassVar[str] = "plans.counter_accepted"
    subject: str
    mark: str
    consent_version: str


@dataclass(frozen=True, slots=True)
class PlanCounterVoided:
    """The figures changed after a counter-offer was made, so that nobody can accept it; the plan is in `state`."""

    kind: ClassVar[str] = "plans.counter_voided"
    subject: str
    mark: str
    seen: str
    state: str


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """Two supervisors changed a limit of plans from a day on; `before` and `after` are what it said and says."""

    kind: ClassVar[str] = "plans.limits_changed"
    subject: str
    limit: str
    product_id: int | None
    role: str
    effective_from: date
    before: str
    after: str
    mark: str
    made_by: int
    confirmed_by: int


@dataclass(frozen=True, slots=True)
class PhoneProposalBegun:
    """Staff looked at what is due from a person, to write a proposal down on the phone."""

    kind: ClassVar[str] = "plans.phone_begun"
    subject: str


@dataclass(frozen=True, slots=True)
class PhoneProposalWritten:
    """Staff wrote a proposal down for a person on the phone; it counts only once that person has confirmed it."""

    kind: ClassVar[str] = "plans.phone_written"
    subject: str
    person: str
    made_by: int
    total: int
    within_limits: bool


@dataclass(frozen=True, slots=True)
class PhoneProposalEnded:
    """A proposal written down on the phone was confirmed (as that plan), declined, taken back, or lapsed."""

    kind: ClassVar[str] = "plans.phone_ended"
    subject: str
    outcome: str
    plan_number: str | None


@dataclass(frozen=True, slots=True)
class RemindersPaused:
    """A person cannot pay at present, and reminders pause; never what was said, only whether something was."""

    kind: ClassVar[str] = "plans.reminders_paused"
    subject: str
    from_day: date
    until: date
    with_words: bool


@dataclass(frozen=True, slots=True)
class RemindersGoOn:
    """A pause of reminders is over, by its date or because the person wants them again."""

    kind: ClassVar[str] = "plans.reminders_go_on"
    subject: str


@dataclass(frozen=True, slots=True)
class HardshipForgotten:
    """What a person said with a pause of reminders was deleted: its time was over, or the person wished it."""

    kind: ClassVar[str] = "plans.hardship_forgotten"
    subject: str
