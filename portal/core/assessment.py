"""The one entry of the penalty engine: what a loan owes at the end of a day, and how that came about.

Nights accrue and payments are allocated in turn, day by day of those on which something happens (domain.md 3,
4).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeVar

from portal.core import delinquency
from portal.core.accrual import NO_CHARGE, ExactCharge, NightCalendar, waived_spans
from portal.core.allocation import Allocation, Amounts, DueInstalment, Money, Part, Reduction
from portal.core.facts import DaysWaiver, Instalment, LoanFacts, Payment
from portal.core.lines import Line, penalty_lines


class NextDue(NamedTuple):
    """The next day on which money has to come: its first instalment, and what has to be paid then beside the
    credit that is held. What that credit pays in full by itself is passed over, unless it pays all."""

    number: int
    due_on: date
    amount: int


class InstalmentAssessment(NamedTuple):
    """An instalment at the end of a day. Amounts are minor units.

    `contract` is as agreed; `unpaid`, `paid` and `waived` say what became of it and of its penalty (late fee
    included). `lines` add up to `penalty_payable`. `waivers` are amount waivers as far as they
    took effect; what is missing of them lapsed. Of one that is not yet due everything is unpaid but nothing
    payable.
    """

    contract: Instalment
    is_due: bool
    unpaid: Amounts
    waived: Amounts
    penalty_chargeable: int
    lines: tuple[Line, ...]
    base: int
    cleared_on: date | None
    exact: ExactCharge
    waivers: tuple[Reduction, ...]

    @property
    def number(self) -> int:
        return self.contract.number

    @property
    def due_on(self) -> date:
        return self.contract.due_on

    @property
    def paid(self) -> Amounts:
        """What payments settled: all that is neither unpaid nor waived."""
        contract, unpaid, waived = self.contract, self.unpaid, self.waived
        return Amounts(
            contract.fee - unpaid.fee - waived.fee,
            contract.interest - unpaid.interest - waived.interest,
            contract.principal - unpaid.principal - waived.principal,
            self.penalty_chargeable - unpaid.penalty - waived.penalty,
        )

    @property
    def late_fee(self) -> int:
        return self.exact.late_fee

    @property
    def unpaid_fee(self) -> int:
        return self.unpaid.fee

    @property
    def unpaid_interest(self) -> int:
        return self.unpaid.interest

    @property
    def unpaid_principal(self) -> int:
        return self.unpaid.principal

    @property
    def penalty_payable(self) -> int:
        return self.unpaid.penalty

    @property
    def penalty_paid(self) -> int:
        return self.paid.penalty

    @property
    def penalty_waived(self) -> int:
        """Waivers of amounts; waived nights never were a penalty."""
        return self.waived.penalty

    @property
    def exact_penalty(self) -> Fraction:
        """What the nights cost, before late fee, ceiling and rounding."""
        return Fraction(self.exact.penalty, self.exact.denominator)

    @property
    def exact_ceiling(self) -> Fraction | None:
        """How much penalty and late fee may be together, None without a ceiling."""
        ceiling = self.exact.ceiling
        return None if ceiling is None else Fraction(ceiling, self.exact.denominator)

    @property
    def base_nights(self) -> int:
        """Σ (base × nights) over the nights that accrued, in minor units."""
        return sum((line.base or 0) * (line.nights or 0) for line in self.lines)

    @property
    def exact_chargeable(self) -> Fraction:
        """Penalty and late fee, limited by the ceiling, before rounding."""
        charge, ceiling = self.exact_penalty + self.late_fee, self.exact_ceiling
        return charge if ceiling is None else min(charge, ceiling)


class PaymentAssessment(NamedTuple):
    """Where a payment went: amount = allocated + credit + refunded."""

    reference: str
    received_on: date
    amount: int
    channel: str
    parts: tuple[Part, ...]
    credit: int
    refunded: int

    @property
    def allocated(self) -> Amounts:
        """What was met of each component."""
        return _by_component(self.parts)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A loan at the end of the day `as_of`. Amounts are minor units of `currency`.

    `due` is all that may be asked for on that day. `next_night` is how much penalty (late fee included) the night
    after it adds if nothing is paid or waived meanwhile. `oldest_due_on` is the oldest due date with unpaid base.
    `refund_owed` is the credit of a loan on which nothing can fall due any more. Instalments are in order of
    due date and number, payments in that of their day and reference.
    """

    loan: str
    currency: str
    as_of: date
    due: Amounts
    not_yet_due: int
    credit: int
    refund_owed: int
    next_night: int
    days_past_due: int
    stage: delinquency.Stage
    oldest_due_on: date | None
    next_due: NextDue | None
    instalments: tuple[InstalmentAssessment, ...]
    payments: tuple[PaymentAssessment, ...]

    def instalment(self, number: int) -> InstalmentAssessment:
        """KeyError if the loan has no instalment of that number."""
        for instalment in self.instalments:
            if instalment.number == number:
                return instalment
        raise KeyError(number)


def assess(facts: LoanFacts, day: date) -> Assessment:
    """What the loan owes at the end of that day, if nothing more is paid than the facts say up to it.

    ValueError if no penalty rate is in force on a night that bears penalty.
    """
    schedule = sorted(facts.instalments, key=attrgetter("due_on", "number"))
    due_count = sum(instalment.due_on <= day for instalment in schedule)
    payments = sorted(
        (payment for payment in facts.payments if payment.received_on <= day),
        key=attrgetter("received_on", "reference"),
    )
    allocation = Allocation(facts.terms)
    moneys = _replay(facts, schedule[:due_count], payments, day, allocation)
    later = schedule[due_count:]
    instalments = [_assess_due(instalment, day.toordinal()) for instalment in allocation.due]
    instalments += [_assess_later(instalment) for instalment in later]
    credit = sum(money.left for money in moneys)
    oldest = next((item.contract.due_on for item in allocation.due if item.accrual.base), None)
    days_past_due = delinquency.days_past_due(oldest, day)
    return Assessment(
        loan=facts.loan,
        currency=facts.currency,
        as_of=day,
        due=_sum(instalment.unpaid for instalment in instalments[:due_count]),
        not_yet_due=sum(_contract_total(instalment) for instalment in later),
        credit=credit,
        refund_owed=0 if later else credit,
        next_night=_next_night(allocation.due, instalments, day.toordinal() + 1),
        days_past_due=days_past_due,
        stage=delinquency.stage(days_past_due),
        oldest_due_on=oldest,
        next_due=_next_due(later, credit),
        instalments=tuple(instalments),
        payments=tuple(_assess_payment(money) for money in moneys),
    )


def _replay(
    facts: LoanFacts,
    schedule: Sequence[Instalment],
    payments: Sequence[Payment],
    day: date,
    allocation: Allocation,
) -> list[Money]:
    """Let everything happen up to that day in its order; the payments that came in."""
    calendars = _Calendars(facts)
    falling_due = _by_day(schedule, attrgetter("due_on"))
    arriving = _by_day(payments, attrgetter("received_on"))
    waivers = sorted(facts.amount_waivers, key=attrgetter("on_day", "reference"))
    waived = _by_day((waiver for waiver in waivers if waiver.on_day <= day), attrgetter("on_day"))
    moneys: list[Money] = []
    for today in sorted({*falling_due, *arriving, *waived}):
        for instalment in falling_due.get(today, ()):
            calendar = calendars.of(instalment.number)
            allocation.fall_due(DueInstalment(instalment, today.toordinal(), facts.terms, calendar))
        if today in arriving or allocation.credit:
            moneys += _pay(arriving.get(today, ()), today, allocation)
        for waiver in waived.get(today, ()):
            allocation.waive(waiver, today)
    return moneys


def _pay(arriving: Sequence[Payment], today: date, allocation: Allocation) -> list[Money]:
    """The day's payments, then held credit, then refunds."""
    moneys = [Money(payment) for payment in arriving if payment.kind == "payment"]
    for money in moneys:
        allocation.receive(money, today)
    if allocation.credit:
        allocation.use_credit(today)
        for payment in arriving:
            if payment.kind == "refund":
                allocation.refund(payment.amount)
    return moneys


class _Calendars:
    """The calendar of each instalment: the loan's, less the days waived for the loan or the instalment."""

    def __init__(self, facts: LoanFacts) -> None:
        self._rates = NightCalendar.of(facts.terms, facts.disbursed_on)
        self._waivers: dict[int | None, list[DaysWaiver]] = defaultdict(list)
        for waiver in facts.days_waivers:
            self._waivers[waiver.instalment].append(waiver)
        self._whole_loan = self._waivers.pop(None, [])
        self._shared = self._without(self._whole_loan)

    def of(self, number: int) -> NightCalendar:
        own = self._waivers.get(number)
        return self._without([*self._whole_loan, *own]) if own else self._shared

    def _without(self, waivers: Sequence[DaysWaiver]) -> NightCalendar:
        return self._rates.without(waived_spans(waivers)) if waivers else self._rates


_Fact = TypeVar("_Fact")


def _by_day(facts: Iterable[_Fact], day_of: Callable[[_Fact], date]) -> dict[date, list[_Fact]]:
    days: dict[date, list[_Fact]] = {}
    for fact in facts:
        days.setdefault(day_of(fact), []).append(fact)
    return days


def _assess_due(instalment: DueInstalment, day: int) -> InstalmentAssessment:
    accrual, payable, settled = instalment.accrual, instalment.payable, instalment.penalty_settled
    cleared_on = instalment.cleared_on
    chargeable = settled if cleared_on else accrual.chargeable(day, day)
    unpaid = Amounts(payable["fee"], payable["interest"], payable["principal"], chargeable - settled)
    waivers = tuple(instalment.waivers)
    waived = _by_component(waivers) if waivers else _NOTHING
    exact = accrual.exact(day)
    lines = penalty_lines(accrual, instalment.settlements, day, exact.late_fee, chargeable)
    # By position: names cost more than all of these.
    return InstalmentAssessment(
        instalment.contract, True, unpaid, waived, chargeable, lines, accrual.base, cleared_on, exact, waivers
    )


def _next_night(due: Iterable[DueInstalment], assessed: Iterable[InstalmentAssessment], tomorrow: int) -> int:
    """What all that still bears penalty costs more tomorrow."""
    return sum(
        instalment.accrual.chargeable(tomorrow, tomorrow) - today.penalty_chargeable
        for instalment, today in zip(due, assessed, strict=False)
        if instalment.accrual.base
    )


def _by_component(met: Iterable[Part | Reduction]) -> Amounts:
    total = {"fee": 0, "interest": 0, "principal": 0, "penalty": 0}
    for part in met:
        total[part.component] += part.amount
    return Amounts(**total)


_NOTHING = Amounts()


def _assess_later(instalment: Instalment) -> InstalmentAssessment:
    unpaid = Amounts(instalment.fee, instalment.interest, instalment.principal)
    return InstalmentAssessment(instalment, False, unpaid, _NOTHING, 0, (), 0, None, NO_CHARGE, ())


def _assess_payment(money: Money) -> PaymentAssessment:
    payment = money.payment
    return PaymentAssessment(
        payment.reference,
        payment.received_on,
        payment.amount,
        payment.channel,
        tuple(money.parts),
        money.left,
        money.refunded,
    )


def _sum(amounts: Iterable[Amounts]) -> Amounts:
    return Amounts(*map(sum, zip(*amounts, strict=True)))


def _contract_total(instalment: Instalment) -> int:
    return instalment.fee + instalment.interest + instalment.principal


def _next_due(later: Sequence[Instalment], credit: int) -> NextDue | None:
    for due_on, falling in groupby(later, key=attrgetter("due_on")):
        first, *others = falling
        amount = sum(map(_contract_total, (first, *others)))
        if amount > credit:
            return NextDue(first.number, due_on, amount - credit)
        credit -= amount
    return NextDue(later[0].number, later[0].due_on, 0) if later else None
