"""A settlement: one payment closes a loan by a date, with a reduction inside limits set beforehand (domain.md 8).

What is taken off is what was payable of the reducible components on the last evening of which everything is booked, at
the latest the one before the quote: waivers of amounts dated on that evening. Whatever has been paid since meets the
other components, so that no payment uses a reduction up, not even one that is not booked yet. Where the whole penalty
is taken off, the nights after that evening do not count either. Every figure is what the one engine yields with these
waivers; they are written only when the settlement is paid.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.core.assessment import assess
from portal.core.facts import AmountWaiver, Component, DaysWaiver, Instalment, LoanFacts
from portal.core.payoff import Payoff, PayoffInterest, interest_asked, payoff
from portal.core.refusal import Refusal

CAUSE = "settlement"
"""The cause of the waivers that a paid settlement writes."""

ORDER: tuple[Component, ...] = ("penalty", "interest", "fee", "principal")
"""In which order a reduction is taken off the components that can be reduced."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a settlement takes off: amounts by component in minor units, and whether the nights after count.

    It is made on `quoted_on` and can be paid up to the end of `until`; its reductions take effect on `evening`.
    """

    quoted_on: date
    until: date
    evening: date
    reductions: tuple[tuple[Component, int], ...] = ()
    stops_penalty: bool = False

    @property
    def reduced(self) -> int:
        """All amounts that are taken off, nights that do not count left out."""
        return sum(amount for _, amount in self.reductions)


@dataclass(frozen=True, slots=True)
class Figure:
    """What closes a loan on a day: `whole` without the reduction, `to_pay` with it, both less held credit."""

    day: date
    whole: int
    to_pay: int

    @property
    def reduction(self) -> int:
        """How much less is asked for on this day."""
        return self.whole - self.to_pay


def evening_before(day: date, booked_to: date | None) -> date:
    """The evening on which a quote of `day` takes effect: the last of which everything is booked (`booked_to`)."""
    return min(day - _ONE_DAY, booked_to or date.max)


@dataclass(frozen=True, slots=True)
class Share:
    """What of one component a quote can take off: `payable` on its evening, less what of that is `gone` by its day."""

    component: Component
    payable: int
    gone: int

    @property
    def most(self) -> int:
        """What can be taken off at most, in minor units."""
        return self.payable - self.gone


def shares(facts: LoanFacts, evening: date, day: date, components: Collection[str]) -> tuple[Share, ...]:
    """The components that can be reduced by a quote made on `day`, in their order, those without anything left out."""
    before, now = assess(facts, evening).due, assess(facts, day).due
    payable = {name: getattr(before, name) for name in ORDER if name in components}
    return tuple(Share(name, amount, max(0, amount - getattr(now, name))) for name, amount in payable.items() if amount)


def reducible_on(facts: LoanFacts, evening: date, day: date, components: Collection[str]) -> dict[Component, int]:
    """What can be taken off by a quote made on `day`: of each component what was payable on that evening.

    What has been paid of it since is no longer there. Components without anything are left out.
    """
    return {share.component: share.most for share in shares(facts, evening, day, components) if share.most}


def automatic(
    facts: LoanFacts, day: date, days: int, components: Collection[str], percent: int, booked_to: date | None = None
) -> Offer:
    """The quote that the product's rules give without anybody deciding: so many percent of what can be reduced.

    Rounded down to the minor unit. At 100 % of the penalty, nights until it is paid do not count either. `booked_to` is
    the day up to which payments are known, without it the day before.
    """
    if not 0 <= percent <= 100:
        raise ValueError("a reduction is from 0 to 100 percent")
    evening = evening_before(day, booked_to)
    taken = tuple(
        (name, amount * percent // 100)
        for name, amount in reducible_on(facts, evening, day, components).items()
        if amount * percent // 100
    )
    return Offer(day, day + timedelta(days=days), evening, taken, percent == 100 and "penalty" in components)


def spread(amount: int, reducible: Mapping[Component, int]) -> tuple[tuple[Component, int], ...]:
    """An amount over the components that can be reduced, in their order; Refusal `settlement.too_much` (most)."""
    most = sum(reducible.values())
    if not 0 <= amount <= most:
        raise Refusal("settlement.too_much", most=most)
    taken: list[tuple[Component, int]] = []
    for name in ORDER:
        part = min(amount, reducible.get(name, 0))
        if part:
            taken.append((name, part))
            amount -= part
    return tuple(taken)


def with_offer(facts: LoanFacts, offer: Offer, through: date) -> LoanFacts:
    """The facts as they would be, were the offer's waivers written; nights do not count up to `through`."""
    amounts = tuple(
        AmountWaiver(f"settlement {name}", None, offer.evening, amount, CAUSE, name)
        for name, amount in offer.reductions
    )
    nights: tuple[DaysWaiver, ...] = ()
    if offer.stops_penalty and through > offer.evening:
        nights = (DaysWaiver("settlement nights", None, offer.evening + _ONE_DAY, through, CAUSE),)
    return replace(
        facts,
        amount_waivers=(*facts.amount_waivers, *amounts),
        days_waivers=(*facts.days_waivers, *nights),
    )


def payoff_with(facts: LoanFacts, offer: Offer, day: date, rule: PayoffInterest) -> Payoff:
    """What closes the loan on a day under the offer, by its parts."""
    known = with_offer(facts, offer, day)
    return payoff(known, assess(known, day), rule)


def figure(facts: LoanFacts, offer: Offer, day: date, rule: PayoffInterest = "accrued_only") -> Figure:
    """The figure of a day: what closes the loan without and with the offer."""
    whole = payoff(facts, assess(facts, day), rule).to_pay
    return Figure(day, whole, min(whole, payoff_with(facts, offer, day, rule).to_pay))


def figures(facts: LoanFacts, offer: Offer, since: date, rule: PayoffInterest = "accrued_only") -> tuple[Figure, ...]:
    """The figure of each day from `since` to the last one of the offer; nothing more is paid meanwhile."""
    return tuple(figure(facts, offer, day, rule) for day in _each(max(since, offer.quoted_on), offer.until))


def settled_on(facts: LoanFacts, offer: Offer, rule: PayoffInterest, known_to: date) -> date | None:
    """The day on which what had arrived closed the loan under the offer; None if it has not by its date.

    Payments are known up to `known_to`. Only a day on which something came in or was taken off can be the one.
    """
    last = min(offer.until, known_to)
    arrived = {payment.received_on for payment in facts.payments} | {waiver.on_day for waiver in facts.amount_waivers}
    for day in sorted({offer.quoted_on, *arrived}):
        if offer.quoted_on <= day <= last and payoff_with(facts, offer, day, rule).to_pay == 0:
            return day
    return None


def taken_off(facts: LoanFacts, offer: Offer, day: date, rule: PayoffInterest) -> int:
    """How much less was asked for in the end on the day on which the settlement was paid, in minor units."""
    whole = payoff(facts, assess(facts, day), rule)
    reduced = payoff_with(facts, offer, day, rule)
    return (whole.total - whole.credit) - (reduced.total - reduced.credit)


def closed(facts: LoanFacts, day: date, rule: PayoffInterest = "accrued_only") -> LoanFacts:
    """The loan as it is once all of it falls due on `day`: later principal, and later interest by the payoff rule.

    So the lender's system books a prepayment; fees not yet due are not asked for (domain.md 5).
    """
    return replace(facts, instalments=tuple(_called(facts, each, day, rule) for each in facts.instalments))


def _called(facts: LoanFacts, instalment: Instalment, day: date, rule: PayoffInterest) -> Instalment:
    if instalment.due_on <= day:
        return instalment
    interest = interest_asked(facts, instalment, day, rule)
    return Instalment(instalment.number, day, instalment.principal, interest, 0)


def _each(first: date, last: date) -> Iterable[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
