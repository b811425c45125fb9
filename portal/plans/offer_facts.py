"""What an offer comes to: shares of each loan, schedules, limits, and the smallest change that passes."""

from collections.abc import Sequence
from dataclasses import replace

from portal.core.affordability import Household
from portal.core.assessment import assess
from portal.core.money import minor_digits, round_half_up
from portal.core.pay_dates import PAYMENTS_A_YEAR
from portal.core.plan_changes import larger_first_payment, smallest_change
from portal.core.plans import Offer, PlanSchedule, check, keeps, schedule
from portal.core.refusal import Refusal
from portal.core.suggestions import suggested
from portal.plans.facts import Answers, Basis, Figures, LoanCheck, LoanSchedule, Payment

_SEARCH = 20
"""How many whole units above a first guess the change of several loans is looked for: rounding of shares only."""


def offers(answers: Answers, bundle: Sequence[Basis]) -> list[Offer]:
    """The offer for each loan: amounts are shared by what is due on each, in whole major units but for the last.

    Refusal `plan.no_amount` where the amount is too small to be shared.
    """
    dues = [basis.due for basis in bundle]
    unit = unit_of(bundle)
    firsts = _shares(answers.first, dues, unit, least=0)
    monthlies: Sequence[int | None] = [None] * len(dues)
    told = dict(answers.amounts)
    if told.keys() >= {basis.record.id for basis in bundle}:
        monthlies = [told[basis.record.id] for basis in bundle]
    elif answers.monthly is not None:
        monthlies = _shares(answers.monthly, dues, unit, least=min(unit, answers.monthly // len(dues)))
        if min(share or 0 for share in monthlies) < 1:
            raise Refusal("plan.no_amount")
    return [
        Offer(
            answers.pay_day,
            monthly,
            answers.payments,
            first or None,
            answers.first_today and first > 0,
            answers.rhythm,
            answers.first_on,
            answers.equal,
        )
        for monthly, first in zip(monthlies, firsts, strict=True)
    ]


def unit_of(bundle: Sequence[Basis]) -> int:
    """One whole major unit, in minor units."""
    return int(10 ** minor_digits(bundle[0].facts.currency))


def _shares(amount: int, weights: Sequence[int], unit: int, least: int) -> list[int]:
    shares: list[int] = []
    left, weight_left = amount, sum(weights)
    for weight in weights[:-1]:
        share = min(left, max(least, round_half_up(left * weight, weight_left * unit) * unit))
        shares.append(share)
        left, weight_left = left - share, weight_left - weight
    return [*shares, left]


def schedules(answers: Answers, bundle: Sequence[Basis], *, freeze: bool = False) -> list[PlanSchedule]:
    """What the answers come to for each loan. Refusals as those of `core.plans.schedule`."""
    return [
        schedule(basis.facts, offer, basis.start, basis.calendar, freeze=freeze)
        for basis, offer in zip(bundle, offers(answers, bundle), strict=True)
    ]


def figures(plans: Sequence[PlanSchedule], bundle: Sequence[Basis]) -> Figures:
    """The schedules with their sums."""
    return Figures(
        currency=bundle[0].facts.currency,
        start=bundle[0].start,
        lapses_on=min(plan.lapses_on for plan in plans),
        loans=tuple(_told(plan, basis) for plan, basis in zip(plans, bundle, strict=True)),
    )


def checks(plans: Sequence[PlanSchedule], bundle: Sequence[Basis]) -> tuple[LoanCheck, ...]:
    """The limits of each loan."""
    return tuple(
        LoanCheck(basis.record.name, check(plan, basis.limits)) for plan, basis in zip(plans, bundle, strict=True)
    )


def smallest(answers: Answers, bundle: Sequence[Basis]) -> Answers | None:
    """The smallest change that passes all limits of all loans, None if there is none."""
    wished = offers(answers, bundle)
    pairs = list(zip(bundle, wished, strict=True))
    found = [smallest_change(basis.facts, offer, basis.start, basis.calendar, basis.limits) for basis, offer in pairs]
    plans = [plan for plan in found if plan is not None]
    if len(plans) < len(bundle):
        return None
    changed = _as_answers(plans, answers)
    if len(bundle) == 1:
        return changed
    unit, due = unit_of(bundle), sum(basis.due for basis in bundle)
    # Each loan gets its share of the whole, so the one that needs most of it sets the whole.
    whole = max(plan.monthly * due // basis.due for plan, basis in zip(plans, bundle, strict=True))
    return _passing(changed, answers.monthly or 0, max(whole // unit - len(bundle), len(bundle)), bundle)


def larger_first(answers: Answers, bundle: Sequence[Basis]) -> Answers | None:
    """The other way, for a single loan: more first, then the monthly amount as wished."""
    if len(bundle) != 1:
        return None
    basis, offer = bundle[0], offers(answers, bundle)[0]
    plan = larger_first_payment(basis.facts, offer, basis.start, basis.calendar, basis.limits)
    return _as_answers([plan], answers) if plan else None


def _as_answers(plans: Sequence[PlanSchedule], answers: Answers) -> Answers:
    given = [plan.offer for plan in plans]
    days = [offer.pay_day for offer in given if offer.pay_day != answers.pay_day]
    weeks = [offer.first_on for offer in given if offer.first_on != answers.first_on]
    return replace(
        answers,
        pay_day=days[0] if days else answers.pay_day,
        first_on=weeks[0] if weeks else answers.first_on,
        monthly=sum(plan.monthly for plan in plans),
        payments=None,
        first=sum(offer.first_payment or 0 for offer in given),
        first_today=any(offer.first_today for offer in given),
        equal=False,
        amounts=(),
    )


def _passing(changed: Answers, wished: int, units: int, bundle: Sequence[Basis]) -> Answers | None:
    """The least amount a payment whose shares keep the limits of every loan: the one wished, else whole major
    units from so many on, never below it."""
    unit = unit_of(bundle)
    least = max(units, -(-wished // unit))
    for monthly in (*([wished] if wished else []), *range(least * unit, (least + _SEARCH) * unit, unit)):
        tried = replace(changed, monthly=monthly)
        plans = _tried(tried, bundle)
        if plans and all(keeps(plan, basis.limits) for plan, basis in zip(plans, bundle, strict=True)):
            return tried
    return None


def least_answers(days: Answers, bundle: Sequence[Basis]) -> Answers:
    """What a page begins with: the smallest amount that passes with this first payment on these days, else the six
    payments that people ask for."""
    wished = replace(days, monthly=unit_of(bundle) * len(bundle), payments=None, equal=False)
    return smallest(wished, bundle) or replace(wished, monthly=None, payments=6)


def suggestions(days: Answers, bundle: Sequence[Basis], household: Household | None) -> tuple[int, ...]:
    """Up to three amounts a payment for all loans together, the smallest first, on these days after this payment."""
    unit = unit_of(bundle)

    def payments_of(amount: int) -> int | None:
        plans = _tried(replace(days, monthly=amount, payments=None, equal=False), bundle)
        return max(len(plan.payments) for plan in plans) if plans and not any(plan.left for plan in plans) else None

    def amount_for(count: int) -> int | None:
        plans = _tried(replace(days, monthly=None, payments=count, equal=False), bundle)
        return sum(plan.monthly for plan in plans) if plans else None

    spare = None
    if household is not None:
        spare = max(0, household.left_over) * PAYMENTS_A_YEAR["monthly"] // PAYMENTS_A_YEAR[days.rhythm]
    least = smallest(replace(days, monthly=unit * len(bundle), payments=None, equal=False), bundle)
    return suggested(least.monthly if least else None, spare, unit, payments_of, amount_for)


def _tried(answers: Answers, bundle: Sequence[Basis]) -> list[PlanSchedule]:
    """The schedules, none where the answers come to nothing."""
    try:
        return schedules(answers, bundle)
    except Refusal:
        return []


def structure(basis: Basis) -> dict[str, int]:
    """What a loan's sum due on the start day is made of, in minor units."""
    due = assess(basis.facts, basis.start).due
    return {"fee": due.fee, "interest": due.interest, "principal": due.principal, "penalty": due.penalty}


def forecast(answers: Answers, bundle: Sequence[Basis]) -> int:
    """How much less is paid if the penalty stops while the plan is kept, in minor units."""
    running = sum(plan.total for plan in schedules(answers, bundle))
    return max(0, running - sum(plan.total for plan in schedules(answers, bundle, freeze=True)))


def _told(plan: PlanSchedule, basis: Basis) -> LoanSchedule:
    record = basis.record
    return LoanSchedule(
        loan_id=record.id,
        code=record.code,
        name=record.name,
        ref=record.ref,
        contract_type=record.contract_type,
        fingerprint=basis.fingerprint,
        payments=tuple(Payment(each.due_on, each.amount, each.moved_from) for each in plan.payments),
        running=tuple((each.number, each.due_on, each.amount) for each in plan.running),
        due_today=plan.due_today,
        monthly=plan.monthly,
        is_frozen=plan.is_frozen,
        left=plan.left,
        first=plan.offer.first_payment or 0,
        counted=tuple(sorted(basis.counted)),
    )
