"""What happened on a loan: the contract rows, payments, debit attempts and waivers that the engine reads.

Amounts are integer minor units of the loan's currency, days are dates in the lender's zone (domain.md 1, 2). Those of
which a loan has many are named tuples, which are made in a third of the time of a frozen dataclass.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeAlias

from portal.core.terms import Terms

Component: TypeAlias = Literal["fee", "penalty", "interest", "principal"]
LoanStatus: TypeAlias = Literal["active", "called", "closed", "written_off", "sold"]


class Instalment(NamedTuple):
    """One dated part of the contract, as agreed; what is unpaid of it is computed, never stored."""

    number: int
    due_on: date
    principal: int
    interest: int
    fee: int


class Payment(NamedTuple):
    """Money that arrived (`payment`) or held credit given back (`refund`). Reversed ones are never loaded."""

    reference: str
    received_on: date
    amount: int
    channel: str = ""
    kind: Literal["payment", "refund"] = "payment"


@dataclass(frozen=True, slots=True)
class DebitAttempt:
    """The lender's own try to collect from the borrower's account."""

    reference: str
    instalment: int
    attempted_at: datetime
    amount: int
    result: Literal["collected", "insufficient_funds", "account_problem", "not_presented"]
    result_code: str


@dataclass(frozen=True, slots=True)
class DaysWaiver:
    """Nights that accrue nothing, both days included; `to_day` None: open end, `instalment` None: whole loan."""

    reference: str
    instalment: int | None
    from_day: date
    to_day: date | None
    cause: str


@dataclass(frozen=True, slots=True)
class AmountWaiver:
    """A dated reduction of what is payable of one component (domain.md 3.6); of the whole loan, oldest due
    first."""

    reference: str
    instalment: int | None
    on_day: date
    amount: int
    cause: str
    component: Component = "penalty"


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """Everything the engine needs of one loan, as known at one instant."""

    loan: str
    currency: str
    principal: int
    disbursed_on: date
    terms: Terms
    instalments: tuple[Instalment, ...]
    payments: tuple[Payment, ...] = ()
    debit_attempts: tuple[DebitAttempt, ...] = ()
    days_waivers: tuple[DaysWaiver, ...] = ()
    amount_waivers: tuple[AmountWaiver, ...] = ()
    status: LoanStatus = "active"
    status_on: date | None = None
