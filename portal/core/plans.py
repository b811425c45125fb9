"""Instalment plans: the schedule that the engine yields for an offer (domain.md 8).

What an offer and a schedule are stands in `plan_offers`, the limits in `plan_limits`, the nearest plan that keeps them
in `plan_changes`. A plan that covers several loans has one schedule a loan.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar, add_months
from portal.core.facts import DaysWaiver, LoanFacts, Payment
from portal.core.money import minor_digits
from portal.core.pay_dates import PayDate, pay_dates
from portal.core.plan_limits import Criterion, CriterionCode, PlanLimits, check, keeps
from portal.core.plan_offers import Offer, PlanPayment, PlanSchedule, RunningInstalment
from portal.core.refusal import Refusal

__all__ = [
    "Criterion",
    "CriterionCode",
    "Offer",
    "Outlook",
    "PlanLimits",
    "PlanPayment",
    "PlanSchedule",
    "RunningInstalment",
    "check",
    "keeps",
    "schedule",
]

_ONE_DAY = timedelta(days=1)
_MONTHS_AHEAD = 24
"""The engine looks two years ahead (domain.md 1)."""
_INTERPOLATIONS = 6


def schedule(
    facts: LoanFacts, offer: Offer, start: date, calendar: WorkingCalendar, *, freeze: bool = False
) -> PlanSchedule:
    """What the offer comes to, if each payment arrives on its day and each later instalment on its due date.

    The pay days follow the start day, each moved to the next working day if need be. With `freeze` no night
    after the start day bears penalty. Refusal `plan.nothing_due`; `plan.too_many_payments` with the `most`
    that fit into two years; `plan.no_amount` if today's payment is the only one and too small.
    """
    return Outlook(facts, start, calendar, freeze).schedule(offer)


class Outlook:
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
        """What an offer comes to."""
        offer, wished = self.priced(offer), offer
        dates = self.pay_dates(offer)
        count = 1 + bisect_left(
            range(1, len(dates)), True, key=lambda so_far: self._clears(dates[:so_far], _amounts(offer, so_far))
        )
        payments, left = self._payments(dates[:count], self._settled(offer, dates[:count]))
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
        """The offer with the amount of its payments, found from their number if need be."""
        if offer.payments is None:
            return offer
        dates = self.pay_dates(offer)
        if offer.payments > len(dates):
            raise Refusal("plan.too_many_payments", most=len(dates))
        monthly = self._least_monthly(offer, dates[: offer.payments], 1 if offer.equal else self.unit)
        if monthly is None:
            raise Refusal("plan.no_amount", payments=offer.payments)
        return replace(offer, monthly=monthly, payments=None)

    def with_larger_monthly(self, offer: Offer, limits: PlanLimits) -> Offer | None:
        """The least amount a payment, not below that of the offer, for which time and least payment suffice.

        That of the offer if it does, else in whole major units. The last payment may be smaller than the least payment:
        an amount that clears all with the next one passes too.
        """
        dates = self._dates_within(offer, limits)
        least = self._least_monthly(offer, dates, self.unit) if dates else None
        if least is None:
            return None
        own_first = int(offer.first_payment is not None)
        lowest = limits.payment_min
        if len(dates) > own_first:
            next_one = dates[: own_first + 1]
            lowest = min(lowest, self._enough(next_one, _amounts(replace(offer, monthly=1), len(next_one))))
        if _monthly(offer) >= lowest and self._clears(dates, _amounts(offer, len(dates))):
            return offer
        return replace(offer, monthly=max(_monthly(offer), least, self.round_up(lowest)))

    def with_larger_first(self, offer: Offer, limits: PlanLimits) -> Offer | None:
        """The least first payment, not below that of the offer, after which time suffices.

        That of the offer if it does, else in whole major units. Payments below the least one are left room for one
        only, which may be smaller as the last.
        """
        dates = self._dates_within(offer, limits)
        if not dates:
            return None
        if _monthly(offer) < limits.payment_min:
            dates = dates[:2]
        lowest = self.least_first(offer, limits)
        if offer.first_payment == lowest and self._clears(dates, _amounts(offer, len(dates))):
            return offer
        enough = self._owed(dates[:1], _amounts(offer, 1))
        least = self._least(lambda first: replace(offer, first_payment=first), dates, enough, self.unit)
        return replace(offer, first_payment=max(least, lowest))

    def least_first(self, offer: Offer, limits: PlanLimits) -> int:
        """The least first payment of its own that the limits take, not below that of the offer: also a payment as
        small as any other may be, unless it clears all. In whole major units if above that of the offer."""
        given = offer.first_payment or 0
        lowest = min(max(limits.first_payment_min, limits.payment_min), self._enough(self.pay_dates(offer)[:1], [1]))
        return given if given >= lowest else self.round_up(lowest)

    def pay_dates(self, offer: Offer) -> list[PayDate]:
        """Every day of a payment within two years, the start day only if the first payment is made then.

        Refusal `plan.no_day` where weeks are counted from a day after that.
        """
        today = [PayDate(self.start, None)] if offer.first_today else []
        until = add_months(self.start, _MONTHS_AHEAD)
        dates = today + pay_dates(offer.days, self.start, until, self._calendar)
        if not dates:
            raise Refusal("plan.no_day")
        return dates

    def round_up(self, amount: int) -> int:
        """The amount or the next whole major unit above it."""
        return -(-amount // self.unit) * self.unit

    def _dates_within(self, offer: Offer, limits: PlanLimits) -> list[PayDate]:
        last = self.start + timedelta(days=limits.days_max)
        return [paid for paid in self.pay_dates(offer) if paid.on <= last][: limits.payments_max]

    def _settled(self, offer: Offer, dates: Sequence[PayDate]) -> list[int]:
        """The amounts on these dates; of an equal offer the later ones are one minor unit less where that suffices."""
        count = len(dates)
        regular = count - int(offer.first_payment is not None)
        if not offer.equal or _monthly(offer) == 1 or not self._clears(dates, _amounts(offer, count)):
            return _amounts(offer, count)
        larger = bisect_left(
            range(regular), True, key=lambda larger: self._clears(dates, _amounts(offer, count, larger))
        )
        return _amounts(offer, count, larger)

    def _payments(self, dates: Sequence[PayDate], amounts: list[int]) -> tuple[tuple[PlanPayment, ...], int]:
        """The payments on these dates, the last one no more than clears all, and what is left then."""
        enough = self._enough(dates, amounts)
        amounts = [*amounts[:-1], min(amounts[-1], enough)]
        left = 0 if amounts[-1] == enough else max(0, -self._surplus(dates, amounts))
        payments = tuple(
            PlanPayment(number, paid.on, amount, paid.moved_from)
            for number, (paid, amount) in enumerate(zip(dates, amounts, strict=True), start=1)
            if amount
        )
        if not payments:
            raise Refusal("plan.nothing_due", loan=self._facts.loan)
        return payments, left

    def _enough(self, dates: Sequence[PayDate], amounts: Sequence[int]) -> int:
        """What clears all on the last of the dates: less than is due that evening without it where a late fee falls on
        that day, which comes after its payment and is not charged then (domain.md 4)."""
        owed = self._owed(dates, amounts)
        return owed - max(0, self._surplus(dates, [*amounts[:-1], owed])) if owed else 0

    def _clears(self, dates: Sequence[PayDate], amounts: Sequence[int]) -> bool:
        # Once cleared it stays so: what falls due later is paid on its day, and what is too much is credit.
        return self._surplus(dates, amounts) >= 0

    def _owed(self, dates: Sequence[PayDate], amounts: Sequence[int]) -> int:
        """What is due on the last of the dates before that day's payment."""
        return assess(self._with_payments(dates[:-1], amounts[:-1]), dates[-1].on).due.total

    def _surplus(self, dates: Sequence[PayDate], amounts: Sequence[int]) -> int:
        """What is too much (or, negative, still due) after paying on all the dates."""
        seen = assess(self._with_payments(dates, amounts), dates[-1].on)
        return -seen.due.total or seen.credit

    def _with_payments(self, dates: Sequence[PayDate], amounts: Sequence[int]) -> LoanFacts:
        paid = (
            Payment(f"plan {index}", day.on, amount)
            for index, (day, amount) in enumerate(zip(dates, amounts, strict=True))
        )
        return replace(self._facts, payments=(*self._facts.payments, *paid))

    def _least_monthly(self, offer: Offer, dates: Sequence[PayDate], unit: int) -> int | None:
        own_first = int(offer.first_payment is not None)
        if len(dates) == own_first:
            return self.unit if self._clears(dates, _amounts(replace(offer, monthly=1, payments=None), 1)) else None
        before = replace(offer, monthly=1, payments=None)
        enough = self._owed(dates[: own_first + 1], _amounts(before, own_first + 1))
        return self._least(lambda monthly: replace(offer, monthly=monthly, payments=None), dates, enough, unit)

    def _least(self, priced: Callable[[int], Offer], dates: Sequence[PayDate], enough: int, unit: int) -> int:
        """The least multiple of the unit with which the offer clears all by the last of the dates."""

        def surplus(units: int) -> int:
            return self._surplus(dates, _amounts(priced(units * unit), len(dates)))

        return _least_passing(surplus, -(-enough // unit)) * unit


def _running_instalments(facts: LoanFacts, start: date) -> tuple[RunningInstalment, ...]:
    later = sorted((item.due_on, item.number, item) for item in facts.instalments if item.due_on > start)
    running = (
        RunningInstalment(number, due_on, item.fee + item.interest + item.principal) for due_on, number, item in later
    )
    return tuple(instalment for instalment in running if instalment.amount)


def _monthly(offer: Offer) -> int:
    if offer.monthly is None:
        raise ValueError("the amount of the payments has not been found yet")
    return offer.monthly


def _amounts(offer: Offer, count: int, larger: int | None = None) -> list[int]:
    """So many payments of an offer; after its first payment and the `larger` ones each is one minor unit less."""
    monthly = _monthly(offer)
    first = [] if offer.first_payment is None else [offer.first_payment]
    regular = count - len(first)
    larger = regular if larger is None else larger
    return (first + [monthly] * larger + [monthly - 1] * (regular - larger))[:count]


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
