"""A person's loans as the basis of a plan, the schedules that an offer comes to, and both as they are stored."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar
from portal.core.disputed import disputed
from portal.core.facts import AmountWaiver, DaysWaiver, LoanFacts
from portal.core.interactions import may
from portal.core.money import minor_digits, round_half_up
from portal.core.plans import (
    Criterion,
    Offer,
    PlanLimits,
    PlanSchedule,
    check,
    keeps,
    larger_first_payment,
    schedule,
    smallest_change,
)
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.loans.queries import LoanRecord

PLAN_CAUSE = "plan"
"""The cause of the waiver of days that a plan writes."""

PROPOSERS = frozenset({"borrower", "co_borrower", "representative"})
"""A guarantor sees what is demanded and plans nothing."""

_SEARCH = 20
"""How many whole units above a first guess the change of several loans is looked for: rounding of shares only."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the borrower offers for all loans together; amounts in minor units, `first` 0 for none of its own."""

    pay_day: int
    monthly: int | None
    payments: int | None
    first: int = 0
    first_today: bool = True


@dataclass(frozen=True, slots=True)
class Basis:
    """One loan on the start day of a plan: its figures without what is disputed, and the limits that count.

    `fingerprint` is that of the loan as it stands; `binding` that of what the schedule is made from, which neither a
    later payment nor a new try to collect changes.
    """

    record: LoanRecord
    start: date
    facts: LoanFacts
    counted: frozenset[str]
    limits: PlanLimits
    calendar: WorkingCalendar
    due: int
    fingerprint: str
    binding: str


@dataclass(frozen=True, slots=True)
class LoanCheck:
    """The limits of a loan's product and what the plan offers for it."""

    name: str
    criteria: tuple[Criterion, ...]

    @property
    def passed(self) -> bool:
        return all(criterion.passed for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of a plan, or of all its loans on a day; `running` is what else falls due in its month."""

    due_on: date
    amount: int
    moved_from: date | None
    running: int = 0


@dataclass(frozen=True)
class LoanSchedule:
    """The schedule of one loan as it was told. Amounts are minor units."""

    loan_id: int
    code: str
    name: str
    ref: str
    contract_type: str
    fingerprint: str
    payments: tuple[Payment, ...]
    running: tuple[tuple[int, date, int], ...]
    due_today: int
    monthly: int
    is_frozen: bool
    left: int
    first: int
    counted: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(payment.amount for payment in self.payments)


@dataclass(frozen=True)
class Figures:
    """A plan's schedules, one a loan, and their sums."""

    currency: str
    start: date
    lapses_on: date
    loans: tuple[LoanSchedule, ...]

    @cached_property
    def payments(self) -> tuple[Payment, ...]:
        """All loans' payments by day."""
        days: dict[date, list[Payment]] = {}
        for loan in self.loans:
            for payment in loan.payments:
                days.setdefault(payment.due_on, []).append(payment)
        running = self._running_by_month()
        return tuple(
            Payment(
                day,
                sum(payment.amount for payment in found),
                next((payment.moved_from for payment in found if payment.moved_from), None),
                running.get((day.year, day.month), 0),
            )
            for day, found in sorted(days.items())
        )

    def _running_by_month(self) -> dict[tuple[int, int], int]:
        months: dict[tuple[int, int], int] = {}
        for loan in self.loans:
            for _number, due_on, amount in loan.running:
                months[due_on.year, due_on.month] = months.get((due_on.year, due_on.month), 0) + amount
        return months

    @property
    def running(self) -> tuple[tuple[int, date, int], ...]:
        """The later instalments of all loans, by day."""
        return tuple(sorted((item for loan in self.loans for item in loan.running), key=lambda item: item[1]))

    @property
    def due_today(self) -> int:
        return sum(loan.due_today for loan in self.loans)

    @property
    def total(self) -> int:
        return sum(loan.total for loan in self.loans)

    @property
    def extra(self) -> int:
        return self.total - self.due_today

    @property
    def monthly(self) -> int:
        return sum(loan.monthly for loan in self.loans)

    @property
    def last_on(self) -> date:
        return self.payments[-1].due_on

    @property
    def count(self) -> int:
        return len(self.payments)

    @property
    def ends(self) -> bool:
        """Whether the payments clear everything within two years."""
        return not any(loan.left for loan in self.loans)

    @property
    def is_frozen(self) -> bool:
        return all(loan.is_frozen for loan in self.loans)

    @property
    def first(self) -> int:
        """The first payment, where it is another than the monthly one."""
        return sum(loan.first for loan in self.loans)

    @property
    def contract_types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(loan.contract_type for loan in self.loans))

    @property
    def told(self) -> str:
        """The figures that a form carries, so that a changed page can lay them beside the new ones."""
        return f"{self.due_today}|{self.total}|{self.count}|{self.last_on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Told:
    """The figures that a form was sent with."""

    due_today: int
    total: int
    count: int
    last_on: date
    received: int


def told(figures: Figures, received: int) -> str:
    """What a form carries: its figures, and all that had arrived on the loans, in minor units."""
    return f"{figures.told}|{received}"


def read_told(text: str) -> Told | None:
    """What `told` wrote, None for anything else."""
    try:
        due, total, count, last_on, received = text.split("|")
        return Told(int(due), int(total), int(count), date.fromisoformat(last_on), int(received))
    except ValueError:
        return None


def received_on(records: Iterable[LoanRecord]) -> int:
    """All that has arrived on these loans, in minor units."""
    return sum(payment.amount for record in records for payment in record.facts.payments if payment.kind == "payment")


# --- The basis ------------------------------------------------------------------------------------------------


def standing(record: LoanRecord, day: date, role: str | None = None) -> Refusal | None:
    """Why no plan may be proposed for a loan, None if one may."""
    holds = [hold for hold in record.holds if hold.is_in_force(day)]
    return may("propose_plan", holds, record.status, role or record.role or "borrower")  # type: ignore[arg-type]


def basis_of(
    record: LoanRecord,
    start: date,
    limits: PlanLimits,
    calendar: WorkingCalendar,
    counted: frozenset[str] | None = None,
) -> Basis:
    """A loan as a plan from `start` on sees it, whatever has been paid since.

    `counted` are the payments of the start day that were known when the plan was proposed; without them all that are
    known now count.
    """
    facts = _on_start_day(record.facts, start, counted)
    facts = replace(facts, amount_waivers=(*facts.amount_waivers, *_set_aside(record, facts, start)))
    today = frozenset(payment.reference for payment in facts.payments if payment.received_on == start)
    due = assess(facts, start).due.total
    mark, binding = fingerprint(record.facts, start), fingerprint(facts, start)
    return Basis(record, start, facts, today, limits, calendar, due, mark, binding)


def _on_start_day(facts: LoanFacts, start: date, counted: frozenset[str] | None) -> LoanFacts:
    return replace(
        facts,
        payments=tuple(
            payment
            for payment in facts.payments
            if payment.received_on < start
            or (payment.received_on == start and (counted is None or payment.reference in counted))
        ),
        amount_waivers=tuple(waiver for waiver in facts.amount_waivers if waiver.on_day <= start),
        days_waivers=tuple(_until_start(waiver, start) for waiver in facts.days_waivers if _counts(waiver, start)),
        # Tries to collect change no figure, and new ones come every day.
        debit_attempts=(),
    )


def _counts(waiver: DaysWaiver, start: date) -> bool:
    return waiver.cause != PLAN_CAUSE or waiver.from_day <= start


def _until_start(waiver: DaysWaiver, start: date) -> DaysWaiver:
    """What an earlier plan stopped counts again from the day on which another one would take its place."""
    if waiver.cause != PLAN_CAUSE or (waiver.to_day is not None and waiver.to_day <= start):
        return waiver
    return replace(waiver, to_day=start)


def _set_aside(record: LoanRecord, facts: LoanFacts, start: date) -> list[AmountWaiver]:
    """What is disputed and unpaid, so that the plan covers what stays payable (domain.md 9)."""
    holds = [hold for hold in record.holds if hold.kind == "dispute" and hold.is_in_force(start)]
    parts = [part for hold in holds for part in hold.parts]
    if not parts:
        return []
    found = ((item.number, disputed(item, parts).unpaid) for item in assess(facts, start).instalments if item.is_due)
    return [AmountWaiver(f"disputed {number}", number, start, amount, "dispute") for number, amount in found if amount]


def hash_of(bundle: Sequence[Basis]) -> str:
    """One hash over the fingerprints of all loans: what a form was shown."""
    lines = sorted(f"{basis.facts.loan} {basis.binding}" for basis in bundle)
    return sha256("\n".join(lines).encode()).hexdigest()


# --- Schedules ------------------------------------------------------------------------------------------------


def offers(answers: Answers, bundle: Sequence[Basis]) -> list[Offer]:
    """The offer for each loan: amounts are shared by what is due on each, in whole major units but for the last.

    Refusal `plan.no_amount` where the amount is too small to be shared.
    """
    dues = [basis.due for basis in bundle]
    unit = _unit(bundle)
    firsts = _shares(answers.first, dues, unit, least=0)
    monthlies: Sequence[int | None] = [None] * len(dues)
    if answers.monthly is not None:
        monthlies = _shares(answers.monthly, dues, unit, least=min(unit, answers.monthly // len(dues)))
        if min(share or 0 for share in monthlies) < 1:
            raise Refusal("plan.no_amount")
    return [
        Offer(answers.pay_day, monthly, answers.payments, first or None, answers.first_today and first > 0)
        for monthly, first in zip(monthlies, firsts, strict=True)
    ]


def _unit(bundle: Sequence[Basis]) -> int:
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
    unit, due = _unit(bundle), sum(basis.due for basis in bundle)
    # Each loan gets its share of the whole, so the one that needs most of it sets the whole.
    whole = max(plan.monthly * due // basis.due for plan, basis in zip(plans, bundle, strict=True))
    return _passing(replace(changed, monthly=(whole // unit - len(bundle)) * unit), bundle)


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
    return Answers(
        pay_day=days[0] if days else answers.pay_day,
        monthly=sum(plan.monthly for plan in plans),
        payments=None,
        first=sum(offer.first_payment or 0 for offer in given),
        first_today=any(offer.first_today for offer in given),
    )


def _passing(answers: Answers, bundle: Sequence[Basis]) -> Answers | None:
    """The least monthly amount from this one on whose shares keep the limits of every loan."""
    unit = _unit(bundle)
    for step in range(_SEARCH):
        tried = replace(answers, monthly=max(unit * len(bundle), answers.monthly or 0) + step * unit)
        plans = schedules(tried, bundle)
        if all(keeps(plan, basis.limits) for plan, basis in zip(plans, bundle, strict=True)):
            return tried
    return None


def least_answers(pay_day: int, bundle: Sequence[Basis]) -> Answers:
    """What a page begins with: the smallest monthly amount that passes, else the six payments that people ask for."""
    unit = _unit(bundle)
    return smallest(Answers(pay_day, unit * len(bundle), None), bundle) or Answers(pay_day, None, 6)


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
        counted=tuple(sorted(basis.counted)) if plan.offer.first_today else (),
    )


# --- As stored ------------------------------------------------------------------------------------------------


def dump(value: Any) -> str:
    """JSON with sorted keys and ISO dates."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=date.isoformat)


def as_stored(loan: LoanSchedule) -> dict[str, Any]:
    """A loan's schedule as `dump` takes it."""
    return {
        "code": loan.code,
        "name": loan.name,
        "ref": loan.ref,
        "contract_type": loan.contract_type,
        "payments": [[each.due_on, each.amount, each.moved_from] for each in loan.payments],
        "running": [list(each) for each in loan.running],
        "due_today": loan.due_today,
        "monthly": loan.monthly,
        "is_frozen": loan.is_frozen,
        "left": loan.left,
        "first": loan.first,
        "counted": list(loan.counted),
    }


def schedule_row(loan: LoanSchedule) -> str:
    """A loan's schedule as text."""
    return dump(as_stored(loan))


def read_schedule(loan_id: int, mark: str, text: str) -> LoanSchedule:
    """What `schedule_row` wrote; `mark` is the fingerprint."""
    row: dict[str, Any] = json.loads(text)
    payments = [Payment(_day(due), amount, _day(moved) if moved else None) for due, amount, moved in row["payments"]]
    running = [(number, _day(due), amount) for number, due, amount in row["running"]]
    same = ("code", "name", "ref", "contract_type", "due_today", "monthly", "is_frozen", "left", "first")
    return LoanSchedule(
        loan_id=loan_id,
        fingerprint=mark,
        payments=tuple(payments),
        running=tuple(running),
        counted=tuple(row["counted"]),
        **{name: row[name] for name in same},
    )


def answers_row(answers: Answers) -> str:
    """The answers as text."""
    return dump({name: getattr(answers, name) for name in Answers.__slots__})


def read_answers_row(text: str) -> Answers:
    """What `answers_row` wrote."""
    return Answers(**json.loads(text))


def criteria_row(found: Sequence[LoanCheck]) -> str:
    """Limits and what was offered, as text."""
    return dump([[each.name, [list(criterion) for criterion in each.criteria]] for each in found])


def read_criteria(text: str) -> tuple[LoanCheck, ...]:
    """What `criteria_row` wrote."""
    return tuple(LoanCheck(name, tuple(Criterion(*row) for row in rows)) for name, rows in json.loads(text))


def hold_data(loan: LoanSchedule) -> Mapping[str, Any]:
    """What the hold of an agreed plan shows: its dates and amounts, and the first of them."""
    payments = [[each.due_on, each.amount] for each in loan.payments]
    return {"payments": payments, "next": payments[0]}


def day_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)


def _day(text: str) -> date:
    return date.fromisoformat(text)
