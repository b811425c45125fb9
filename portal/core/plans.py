"""Instalment plans: the schedule that the engine yields for an offer, and whether it keeps the limits.

The rules are those of domain.md 8. Amounts are minor units of the loan's currency; a plan that covers several
loans has one schedule a loan.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar, add_months, next_working_day, pay_days
from portal.core.facts import DaysWaiver, LoanFacts, Payment
from portal.core.money import minor_digits
from portal.core.refusal import Refusal

CriterionCode: TypeAlias = Literal["first_payment_min", "payment_min", "payments_max", "days_max"]

_ONE_DAY = timedelta(days=1)
_MONTHS_AHEAD = 24
"""The engine looks two years ahead (domain.md 1)."""
_INTERPOLATIONS = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """What a borrower offers to pay on each pay day (1 to 28): either `monthly`, or whatever whole major unit
    finishes in so many `payments`, the first one included.

    A `first_payment` of its own is made on the first pay day or, if `first_today`, on the start day already.
    ValueError for anything else.
    """

    pay_day: int
    monthly: int | None = None
    payments: int | None = None
    first_payment: int | None = None
    first_today: bool = False

    def __post_init__(self) -> None:
        figures = [figure for figure in (self.monthly, self.payments, self.first_payment) if figure is not None]
        if (self.monthly is None) == (self.payments is None) or min(figures) < 1:
            raise ValueError("an offer has a monthly amount or a number of payments, and amounts above zero")
        if self.first_today and self.first_payment is None:
            raise ValueError("a payment today needs its amount")


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


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The limits of a product for plans; those of domain.md 10 where none are given."""

    first_payment_min: int = 0
    payment_min: int = 0
    payments_max: int = 12
    days_max: int = 366


class Criterion(NamedTuple):
    """One limit and what was offered: minor units, a number of payments, or days from the start day."""

    code: CriterionCode
    limit: int
    offered: int
    passed: bool


def schedule(
    facts: LoanFacts, offer: Offer, start: date, calendar: WorkingCalendar, *, freeze: bool = False
) -> PlanSchedule:
    """What the offer comes to, if each payment arrives on its day and each later instalment on its due date.

    The pay days follow the start day, each moved to the next working day if need be. With `freeze` no night
    after the start day bears penalty. Refusal `plan.nothing_due`; `plan.too_many_payments` with the `most`
    that fit into two years; `plan.no_amount` if today's payment is the only one and too small.
    """
    return _Outlook(facts, start, calendar, freeze).schedule(offer)


def check(plan: PlanSchedule, limits: PlanLimits) -> tuple[Criterion, ...]:
    """The limits and what the plan offers, in the order of the limits.

    The last payment may be smaller than the least payment; so may a first one that clears everything.
    """
    amounts = [payment.amount for payment in plan.payments]
    least = min(amounts[:-1], default=amounts[0])
    is_only = len(amounts) == 1
    ends = plan.left == 0
    days = (plan.last_on - plan.start).days
    first_passes = is_only or amounts[0] >= limits.first_payment_min
    return (
        Criterion("first_payment_min", limits.first_payment_min, amounts[0], first_passes),
        Criterion("payment_min", limits.payment_min, least, is_only or least >= limits.payment_min),
        Criterion("payments_max", limits.payments_max, len(amounts), ends and len(amounts) <= limits.payments_max),
        Criterion("days_max", limits.days_max, days, ends and days <= limits.days_max),
    )


def keeps(plan: PlanSchedule, limits: PlanLimits) -> bool:
    """Whether the plan passes every limit."""
    return all(criterion.passed for criterion in check(plan, limits))


def smallest_change(
    facts: LoanFacts,
    offer: Offer,
    start: date,
    calendar: WorkingCalendar,
    limits: PlanLimits,
    *,
    freeze: bool = False,
) -> PlanSchedule | None:
    """The plan nearest to the offer that passes all limits, None if there is none.

    First the smallest monthly amount in whole major units; else with the least first payment as well; else a
    larger first payment; else the same on the latest pay day that the limits leave time for.
    """
    outlook = _Outlook(facts, start, calendar, freeze)
    plans = (outlook.schedule(changed) for changed in _changes(outlook, outlook.priced(offer), limits))
    return next((plan for plan in plans if keeps(plan, limits)), None)


def larger_first_payment(
    facts: LoanFacts,
    offer: Offer,
    start: date,
    calendar: WorkingCalendar,
    limits: PlanLimits,
    *,
    freeze: bool = False,
) -> PlanSchedule | None:
    """The other way: the monthly amount as wished, after the smallest first payment in whole major units that
    makes the plan pass all limits; None if none does."""
    outlook = _Outlook(facts, start, calendar, freeze)
    changed = outlook.with_larger_first(outlook.priced(offer), limits)
    plan = outlook.schedule(changed) if changed else None
    return plan if plan and keeps(plan, limits) else None


class _PayDate(NamedTuple):
    on: date
    moved_from: date | None


class _Outlook:
    """The future of one loan from the start day of a plan on, all but the plan's payments settled."""

    def __init__(self, facts: LoanFacts, start: date, calendar: WorkingCalendar, freeze: bool) -> None:
        self.start = start
        self.unit: int = 10 ** minor_digits(facts.currency)
        self._calendar = calendar
        self._is_frozen = freeze
        self._running = _running_instalments(facts, start)
        arriving = (Payment(f"running {item.number}", item.due_on, item.amount) for item in self._running)
        waivers = (DaysWaiver("plan", None, start + _ONE_DAY, None, "plan"),) if freeze else ()
        self._facts = replace(
            facts,
            payments=(*facts.payments, *arriving),
            days_waivers=(*facts.days_waivers, *waivers),
        )
        self.due_today = assess(self._facts, start).due.total
        if not self.due_today:
            raise Refusal("plan.nothing_due", loan=facts.loan)

    def schedule(self, offer: Offer) -> PlanSchedule:
        offer, wished = self.priced(offer), offer
        dates = self.pay_dates(offer)
        count = 1 + bisect_left(range(1, len(dates)), True, key=lambda so_far: self._clears(offer, dates[:so_far]))
        payments, left = self._payments(offer, dates[:count])
        last_on = payments[-1].due_on
        return PlanSchedule(
            loan=self._facts.loan,
            currency=self._facts.currency,
            start=self.start,
            monthly=_monthly(offer),
            is_frozen=self._is_frozen,
            payments=payments,
            running=tuple(instalment for instalment in self._running if instalment.due_on <= last_on),
            due_today=self.due_today,
            left=left,
            offer=wished,
        )

    def priced(self, offer: Offer) -> Offer:
        """The offer with its monthly amount, found from the number of payments if need be."""
        if offer.payments is None:
            return offer
        dates = self.pay_dates(offer)
        if offer.payments > len(dates):
            raise Refusal("plan.too_many_payments", most=len(dates))
        monthly = self._least_monthly(offer, dates[: offer.payments])
        if monthly is None:
            raise Refusal("plan.no_amount", payments=offer.payments)
        return replace(offer, monthly=monthly, payments=None)

    def with_larger_monthly(self, offer: Offer, limits: PlanLimits) -> Offer | None:
        """The least monthly amount, not below that of the offer, for which time and least payment suffice."""
        dates = self._dates_within(offer, limits)
        least = self._least_monthly(offer, dates) if dates else None
        if least is None:
            return None
        needed = max(least, self.round_up(limits.payment_min))
        return replace(offer, monthly=max(_monthly(offer), needed))

    def with_larger_first(self, offer: Offer, limits: PlanLimits) -> Offer | None:
        """The least first payment, not below that of the offer, after which time suffices."""
        dates = self._dates_within(offer, limits)
        if not dates:
            return None
        least = self._least(
            lambda first: replace(offer, first_payment=first), dates, enough=self._owed(offer, dates[:1])
        )
        least = max(least, self.round_up(limits.first_payment_min), offer.first_payment or 0)
        return replace(offer, first_payment=least)

    def pay_dates(self, offer: Offer) -> list[_PayDate]:
        """Every day of a payment within two years, the start day only if the first payment is made then."""
        today = [_PayDate(self.start, None)] if offer.first_today else []
        wished = pay_days(self.start + _ONE_DAY, offer.pay_day, _MONTHS_AHEAD)
        moved = ((day, next_working_day(day, self._calendar)) for day in wished)
        dates = [_PayDate(worked, None if worked == day else day) for day, worked in moved]
        return today + [paid for paid in dates if paid.on <= add_months(self.start, _MONTHS_AHEAD)]

    def round_up(self, amount: int) -> int:
        """The amount or the next whole major unit above it."""
        return -(-amount // self.unit) * self.unit

    def _dates_within(self, offer: Offer, limits: PlanLimits) -> list[_PayDate]:
        last = self.start + timedelta(days=limits.days_max)
        return [paid for paid in self.pay_dates(offer) if paid.on <= last][: limits.payments_max]

    def _payments(self, offer: Offer, dates: Sequence[_PayDate]) -> tuple[tuple[PlanPayment, ...], int]:
        """The payments on these dates, the last one no more than clears all, and what is left then."""
        owed = self._owed(offer, dates)
        amounts = [_amount(offer, index) for index in range(len(dates))]
        amounts[-1] = min(amounts[-1], owed)
        payments = tuple(
            PlanPayment(number, paid.on, amount, paid.moved_from)
            for number, (paid, amount) in enumerate(zip(dates, amounts, strict=True), start=1)
            if amount
        )
        if not payments:
            raise Refusal("plan.nothing_due", loan=self._facts.loan)
        return payments, owed - amounts[-1]

    def _clears(self, offer: Offer, dates: Sequence[_PayDate]) -> bool:
        # Once cleared it stays so: what falls due later is paid on its day, and what is too much is credit.
        return self._surplus(offer, dates) >= 0

    def _owed(self, offer: Offer, dates: Sequence[_PayDate]) -> int:
        """What is due on the last of the dates before that day's payment."""
        return assess(self._with_payments(offer, dates[:-1]), dates[-1].on).due.total

    def _surplus(self, offer: Offer, dates: Sequence[_PayDate]) -> int:
        """What is too much (or, negative, still due) after paying on all the dates."""
        seen = assess(self._with_payments(offer, dates), dates[-1].on)
        return -seen.due.total or seen.credit

    def _with_payments(self, offer: Offer, dates: Sequence[_PayDate]) -> LoanFacts:
        paid = (Payment(f"plan {index}", day.on, _amount(offer, index)) for index, day in enumerate(dates))
        return replace(self._facts, payments=(*self._facts.payments, *paid))

    def _least_monthly(self, offer: Offer, dates: Sequence[_PayDate]) -> int | None:
        own_first = int(offer.first_payment is not None)
        if len(dates) == own_first:
            return self.unit if self._clears(offer, dates) else None
        enough = self._owed(offer, dates[: own_first + 1])
        return self._least(lambda monthly: replace(offer, monthly=monthly, payments=None), dates, enough)

    def _least(self, priced: Callable[[int], Offer], dates: Sequence[_PayDate], enough: int) -> int:
        """The least amount in whole major units with which the offer clears all by the last of the dates."""

        def surplus(units: int) -> int:
            return self._surplus(priced(units * self.unit), dates)

        return _least_passing(surplus, self.round_up(enough) // self.unit) * self.unit


def _running_instalments(facts: LoanFacts, start: date) -> tuple[RunningInstalment, ...]:
    later = sorted((item.due_on, item.number, item) for item in facts.instalments if item.due_on > start)
    running = (
        RunningInstalment(number, due_on, item.fee + item.interest + item.principal) for due_on, number, item in later
    )
    return tuple(instalment for instalment in running if instalment.amount)


def _changes(outlook: _Outlook, offer: Offer, limits: PlanLimits) -> Iterator[Offer]:
    for wished in (offer, _with_earlier_day(outlook, offer, limits)):
        least_first = max(wished.first_payment or 0, outlook.round_up(limits.first_payment_min)) or None
        ways = (
            (outlook.with_larger_monthly, wished),
            (outlook.with_larger_monthly, replace(wished, first_payment=least_first)),
            (outlook.with_larger_first, wished),
        )
        yield from (changed for way, basis in ways if (changed := way(basis, limits)))


def _with_earlier_day(outlook: _Outlook, offer: Offer, limits: PlanLimits) -> Offer:
    """The offer on the pay day that comes first latest, yet in time."""
    last = outlook.start + timedelta(days=limits.days_max)
    firsts = {day: outlook.pay_dates(replace(offer, pay_day=day, first_today=False))[0].on for day in range(1, 29)}
    in_time = [day for day in firsts if firsts[day] <= last]
    return replace(offer, pay_day=max(in_time, key=lambda day: firsts[day])) if in_time else offer


def _monthly(offer: Offer) -> int:
    if offer.monthly is None:
        raise ValueError("the monthly amount of the offer has not been found yet")
    return offer.monthly


def _amount(offer: Offer, index: int) -> int:
    if index == 0 and offer.first_payment is not None:
        return offer.first_payment
    return _monthly(offer)


def _least_passing(surplus: Callable[[int], int], high: int) -> int:
    """The least whole number above zero with no negative surplus; `high` is known to have none."""
    low, below = 1, surplus(1)
    if below >= 0 or high <= 1:
        return 1
    above = surplus(high)
    step = 0
    while high - low > 1:
        # The surplus grows almost in a straight line, so that a few interpolations reach what halving would.
        is_early = step < _INTERPOLATIONS
        guess = low - below * (high - low) // (above - below) if is_early else (low + high) // 2
        guess = min(max(guess, low + 1), high - 1)
        found = surplus(guess)
        if found >= 0:
            high, above = guess, found
        else:
            low, below = guess, found
        step += 1
    return high
