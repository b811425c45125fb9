"""The plan nearest to an offer that keeps a product's limits (domain.md 8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from portal.core.days import WorkingCalendar
from portal.core.facts import LoanFacts
from portal.core.plan_limits import PlanLimits, keeps
from portal.core.plan_offers import Offer, PlanSchedule
from portal.core.plans import Outlook

_LAST_PAY_DAY = 28
_DAYS = {"two_weekly": 14, "weekly": 7}


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

    First the smallest amount a payment in whole major units; else with the least first payment as well; else a
    larger first payment; else the same on the latest pay day that the limits leave time for. Amounts found so are
    whole major units, as those of a wished number of payments are, so that equal payments are promised no more and
    an amount with decimals below them may pass too.
    """
    outlook = Outlook(facts, start, calendar, freeze)
    wished = replace(outlook.priced(offer), equal=False)
    plans = (outlook.schedule(changed) for changed in _changes(outlook, wished, limits))
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
    outlook = Outlook(facts, start, calendar, freeze)
    changed = outlook.with_larger_first(replace(outlook.priced(offer), equal=False), limits)
    plan = outlook.schedule(changed) if changed else None
    return plan if plan and keeps(plan, limits) else None


def _changes(outlook: Outlook, offer: Offer, limits: PlanLimits) -> Iterator[Offer]:
    for wished in (offer, _with_earlier_day(outlook, offer, limits)):
        has_first = wished.first_payment is not None or limits.first_payment_min > 0
        least_first = outlook.least_first(wished, limits) if has_first else None
        ways = (
            (outlook.with_larger_monthly, wished),
            (outlook.with_larger_monthly, replace(wished, first_payment=least_first)),
            (outlook.with_larger_first, wished),
        )
        yield from (changed for way, basis in ways if (changed := way(basis, limits)))


def _with_earlier_day(outlook: Outlook, offer: Offer, limits: PlanLimits) -> Offer:
    """The offer on the pay day that comes first latest, yet in time."""
    last = outlook.start + timedelta(days=limits.days_max)
    firsts = {each: outlook.pay_dates(replace(each, first_today=False))[0].on for each in _other_days(outlook, offer)}
    in_time = [each for each in firsts if firsts[each] <= last]
    return max(in_time, key=lambda each: firsts[each]) if in_time else offer


def _other_days(outlook: Outlook, offer: Offer) -> Iterator[Offer]:
    """The same offer on each day of the month, or of the week or fortnight to come."""
    if offer.rhythm == "monthly":
        yield from (replace(offer, pay_day=day) for day in range(1, _LAST_PAY_DAY + 1))
    else:
        days = (outlook.start + timedelta(days=step) for step in range(1, _DAYS[offer.rhythm] + 1))
        yield from (replace(offer, first_on=day) for day in days)
