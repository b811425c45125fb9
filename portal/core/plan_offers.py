"""What a borrower offers for a loan, and the schedule that an offer comes to, as values.

Amounts are minor units of the loan's currency.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from portal.core.pay_dates import PayRhythm, Rhythm

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a borrower offers to pay on each pay day: either `monthly`, the amount of each payment whatever the rhythm,
    or whatever whole major unit finishes in so many `payments`, the first one included.

    Monthly on `pay_day` (29 to 31: the last day of a shorter month), or in weeks from the day `first_on`. With `equal`
    a number of payments is priced in minor units, and the payments differ by one at most where nothing accrues. A
    `first_payment` of its own is made on the first pay day or, if `first_today`, on the start day already. ValueError
    for anything else.
    """

    pay_day: int
    monthly: int | None = None
    payments: int | None = None
    first_payment: int | None = None
    first_today: bool = False
    rhythm: Rhythm = "monthly"
    first_on: date | None = None
    equal: bool = False

    def __post_init__(self) -> None:
        figures = [figure for figure in (self.monthly, self.payments, self.first_payment) if figure is not None]
        if (self.monthly is None) == (self.payments is None) or min(figures) < 1:
            raise ValueError("an offer has an amount or a number of payments, and amounts above zero")
        if self.first_today and self.first_payment is None:
            raise ValueError("a payment today needs its amount")
        if self.rhythm != "monthly" and self.first_on is None:
            raise ValueError("weeks are counted from a first day")

    @property
    def days(self) -> PayRhythm:
        """When it is paid."""
        return PayRhythm(self.rhythm, self.pay_day, self.first_on)


class PlanPayment(NamedTuple):
    """One payment of a plan; `moved_from` is the pay day that was no working day."""

    number: int
    due_on: date
    amount: int
    moved_from: date | None


class RunningInstalment(NamedTuple):
    """An instalment that falls due while the plan runs and is taken to be paid then."""

    number: int
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class PlanSchedule:
    """The payments of a plan for one loan.

    `monthly` is the amount offered or found, `due_today` what paying on the start day would cost, `left` what
    two years of payments leave unpaid: 0 for a plan that ends.
    """

    loan: str
    currency: str
    start: date
    monthly: int
    is_frozen: bool
    payments: tuple[PlanPayment, ...]
    running: tuple[RunningInstalment, ...]
    due_today: int
    left: int
    offer: Offer

    @property
    def total(self) -> int:
        """What all payments of the plan come to."""
        return sum(payment.amount for payment in self.payments)

    @property
    def extra(self) -> int:
        """How much more that is than paying today."""
        return self.total - self.due_today

    @property
    def last_on(self) -> date:
        """The day of the last payment."""
        return self.payments[-1].due_on

    @property
    def lapses_on(self) -> date:
        """The last day on which the proposal can be agreed: before its first payment after the start day."""
        awaited = (payment.due_on for payment in self.payments if payment.due_on > self.start)
        return next(awaited, self.start + _ONE_DAY) - _ONE_DAY
