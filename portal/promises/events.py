"""What the audit log records of promises: who promised what by when, and what came of it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PromiseMade:
    """A person promised to pay an amount, in minor units, by the end of a day."""

    kind: ClassVar[str] = "promises.made"
    subject: str
    loan_id: int
    currency: str
    amount: int
    due_on: date
    channel: str
    instalment: int | None


@dataclass(frozen=True, slots=True)
class PromiseMoved:
    """The person moved a promise to a later day, before its day."""

    kind: ClassVar[str] = "promises.moved"
    subject: str
    from_day: date
    to_day: date


@dataclass(frozen=True, slots=True)
class PromiseSaidPaid:
    """The person says that something was paid for a promise on a day: it is being verified, and no strike meanwhile."""

    kind: ClassVar[str] = "promises.said_paid"
    subject: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class PromisePaidAnswered:
    """What the person said to have paid was found, was not, or was taken back: the promise goes on as `state`."""

    kind: ClassVar[str] = "promises.paid_answered"
    subject: str
    outcome: str
    state: str


@dataclass(frozen=True, slots=True)
class PromiseWithdrawn:
    """A promise ended without being judged: the `person` took it back, a `plan` or the end of the `loan` did."""

    kind: ClassVar[str] = "promises.withdrawn"
    subject: str
    by: str


@dataclass(frozen=True, slots=True)
class PromiseJudged:
    """The payments that arrived decided a promise: `kept`, `partly_kept` or `broken`, with what arrived and the day up
    to which payments were known."""

    kind: ClassVar[str] = "promises.judged"
    subject: str
    state: str
    received: int
    data_date: date


@dataclass(frozen=True, slots=True)
class PromiseTold:
    """The person was told how a promise stands: `missed`, `made_good`, `rejudged` and so on."""

    kind: ClassVar[str] = "promises.told"
    subject: str
    what: str
    due_on: date
