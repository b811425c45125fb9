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
class PlanSettled:
    """A running plan ended as kept, because a settlement closed every loan that it covers."""

    kind: ClassVar[str] = "plans.settled"
    subject: str


@dataclass(frozen=True, slots=True)
class PlanPaymentMoved:
    """The borrower moved a payment of a running plan to another day, before its own; `extra` is what that costs more
    in penalty, in minor units."""

    kind: ClassVar[str] = "plans.payment_moved"
    subject: str
    agreed_on: date
    to_day: date
    extra: int


@dataclass(frozen=True, slots=True)
class PlanPaymentSkipped:
    """The borrower left a payment out; it is awaited on a day after the last one."""

    kind: ClassVar[str] = "plans.payment_skipped"
    subject: str
    agreed_on: date
    to_day: date
    extra: int


@dataclass(frozen=True, slots=True)
class PlanPaymentExcused:
    """The borrower said before its day that a payment cannot be made: it is no strike."""

    kind: ClassVar[str] = "plans.payment_excused"
    subject: str
    agreed_on: date


@dataclass(frozen=True, slots=True)
class PlanTold:
    """The person was told how a running plan goes: `missed`, `made_good`, `rejudged` and so on; `about` is the day of
    the payment, or the number of the promise."""

    kind: ClassVar[str] = "plans.told"
    subject: str
    what: str
    about: str


@dataclass(frozen=True, slots=True)
class PlanEvaluated:
    """Two strikes stood after the cure days: the plan is put up for cancellation, and a person decides. `trace` is the
    hash of what it read; `data_date` is the day up to which payments were known."""

    kind: ClassVar[str] = "plans.evaluated"
    subject: str
    evaluated_on: date
    data_date: date
    strikes: tuple[str, ...]
    trace: str


@dataclass(frozen=True, slots=True)
class PlanWentOn:
    """A plan that was put up for cancellation goes on: `by` staff who looked, or because a payment was booked late."""

    kind: ClassVar[str] = "plans.went_on"
    subject: str
    by: int | None
    strikes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanCancelled:
    """A plan ended before it was paid: `breach` confirmed by staff, or `loan_left`. From that day contract terms count
    again, never for the time before."""

    kind: ClassVar[str] = "plans.cancelled"
    subject: str
    cause: str
    by: int | None
    on_day: date
    trace: str


@dataclass(frozen=True, slots=True)
class PlanKept:
    """A plan was kept: all that it asked for arrived, with what was received in minor units."""

    kind: ClassVar[str] = "plans.kept"
    subject: str
    received: int
    data_date: date


@dataclass(frozen=True, slots=True)
class PlanWordsSaid:
    """The borrower wrote something about a plan, for whoever looks at it; the words are not in the log."""

    kind: ClassVar[str] = "plans.words_said"
    subject: str


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
class PlanCounterTakenBack:
    """Staff took a counter-offer back before the borrower answered; the plan is in `state`."""

    kind: ClassVar[str] = "plans.counter_taken_back"
    subject: str
    mark: str
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
