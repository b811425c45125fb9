"""The life of an agreed plan: which payments arrived in time, which were missed, and what follows (domain.md 8).

Everything is computed from the facts of the loans by the one engine, so that a payment booked late for an earlier day
judges the plan anew. A payment of a plan is one day on which something is awaited on one or more loans. Amounts are
minor units of the plan's currency.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from portal.core.assessment import InstalmentAssessment, assess
from portal.core.days import WorkingCalendar, add_months, next_working_day, working_days_after
from portal.core.disputed import disputed
from portal.core.facts import Instalment, LoanFacts, Payment
from portal.core.interactions import Part

Verdict: TypeAlias = Literal["ahead", "kept", "made_good", "missed", "struck", "excused", "put_off"]
"""Of a payment: its day is not judged yet; it arrived; it arrived within the cure days; it has not arrived and can
still be made good; the cure days passed without it; the person had said so before, or strikes rest; its day was over
before the plan was agreed, so that it is awaited with the next."""

STRIKES = frozenset(("missed", "struck"))
EVALUATION_HOUR = 9
"""The hour of the business day at which a plan with two strikes is evaluated."""
STRIKES_ALLOWED = 1
_ONE_DAY = timedelta(days=1)
_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is awaited of a loan on a day. `agreed_on` is the day that the agreement says; they differ once moved."""

    agreed_on: date
    due_on: date
    amount: int


@dataclass(frozen=True)
class LoanPart:
    """One loan under a plan: its facts as they are known, and what is awaited of it.

    `counted` are the references of payments of its start day that were known when it was proposed or agreed. `parts`
    are what is disputed of the loan: that is not awaited.
    """

    facts: LoanFacts
    start: date
    awaited: tuple[Awaited, ...]
    counted: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = ()

    @cached_property
    def _arrivals(self) -> tuple[tuple[date, int], ...]:
        """Day and amount of what arrived since the start day, oldest first. What arrived on that very day and was not
        known yet counts: what the plan covers was measured without it."""
        found = (
            (payment.received_on, payment.amount)
            for payment in self.facts.payments
            if payment.kind == "payment" and payment.received_on >= self.start and payment.reference not in self.counted
        )
        return tuple(sorted(found))

    def received(self, day: date) -> int:
        """All that arrived since the start day, up to the end of a day."""
        return sum(amount for on, amount in self._arrivals if on <= day)

    def needed(self, day: date) -> int:
        """The plan's payments awaited up to a day, and the later instalments that fell due up to it."""
        planned = sum(each.amount for each in self.awaited if each.due_on <= day)
        return planned + sum(amount for on, amount in self.later if on <= day)

    @cached_property
    def later(self) -> tuple[tuple[date, int], ...]:
        """Day and amount of the instalments that fall due after the start day, which keep their own dates."""
        found = ((each.due_on, _contract(each)) for each in self.facts.instalments if each.due_on > self.start)
        return tuple(sorted((on, amount) for on, amount in found if amount))

    def due(self, day: date) -> int:
        """What is due at the end of a day, less what is disputed and unpaid."""
        seen = assess(self.facts, day)
        aside = sum(disputed(item, self.parts).unpaid for item in seen.instalments if item.is_due) if self.parts else 0
        return max(0, seen.due.total - aside)

    @cached_property
    def turning_days(self) -> frozenset[date]:
        """The days on which something came in or was taken off: only then can what is due be cleared."""
        taken_off = (waiver.on_day for waiver in self.facts.amount_waivers)
        return frozenset((*taken_off, *(payment.received_on for payment in self.facts.payments)))

    def due_between(self, after: date, until: date) -> int:
        """The later instalments that fall due after a day, up to another."""
        return sum(amount for on, amount in self.later if after < on <= until)

    def missing(self, due_on: date, seen_on: date) -> int:
        """What of all that is awaited up to `due_on` has not arrived by a later day: what fell due since comes before
        it. Never more than is due then: who paid early owes less penalty than was reckoned with (domain.md 4)."""
        lacking = self.needed(due_on) + self.due_between(due_on, seen_on) - self.received(seen_on)
        return min(lacking, self.due(seen_on)) if lacking > 0 else 0

    def covers(self, due_on: date, by: date) -> bool:
        """Whether what is awaited up to `due_on` has arrived by the end of `by`, or nothing is due any more then."""
        return self.received(by) >= self.needed(due_on) or self.due(by) == 0


class PromiseStrike(NamedTuple):
    """A promise made while the plan runs that was not kept: its day and its last cure day, and whether the data has
    reached that one."""

    number: str
    due_on: date
    cure_until: date
    is_over: bool


class Strike(NamedTuple):
    """One of the misses that count: of a payment of the plan by its agreed day, or of a promise by its number."""

    due_on: date
    cure_until: date
    is_over: bool
    agreed_on: date | None
    promise: str | None

    @property
    def key(self) -> str:
        """What names it when somebody looks at it: the promise's number, or the payment's day."""
        return self.promise or self.due_on.isoformat()


class Judged(NamedTuple):
    """A payment of the plan on all its loans together. `missing` is what would bring the plan up to date on its day,
    `beside` the later instalments that fall due from today on up to that day and are part of it.

    `agreed_on` is None for the day after the last one, on which what is still missing is awaited once more.
    """

    number: int
    agreed_on: date | None
    due_on: date
    amount: int
    verdict: Verdict
    missing: int
    cure_until: date
    beside: int

    @property
    def to_pay(self) -> int:
        """What of it is for the plan, arrears of earlier payments included; `beside` it are later instalments."""
        return max(0, self.missing - self.beside)

    @property
    def is_strike(self) -> bool:
        """Whether it counts as a miss at present."""
        return self.verdict in STRIKES

    @property
    def is_covered(self) -> bool:
        """Whether all that is awaited up to its day has arrived by now."""
        return self.missing == 0


@dataclass(frozen=True)
class Terms:
    """What a plan is judged by: cure days as agreed, the days (agreed dates) of which the person said beforehand that
    they cannot be paid, and the stretches in which strikes rest (a hold for fraud, death or incapacity).

    `forgiven` are the keys of the strikes that staff have looked at when they let the plan go on: they count no more.
    `promised_until` is the last cure day of a promise that still runs. Of a payment whose day was over before
    `agreed_on` nobody has missed anything.
    """

    cure_days: int = 3
    excused: frozenset[date] = frozenset()
    rests: tuple[tuple[date, date | None], ...] = ()
    promises: tuple[PromiseStrike, ...] = ()
    forgiven: frozenset[str] = frozenset()
    promised_until: date | None = None
    agreed_on: date | None = None


@dataclass(frozen=True)
class Life:
    """How an agreed plan stands on the data date. `next` is what to pay next.

    `cleared_on` is the first day after the start at whose end nothing was due on any of its loans: with it the plan
    ends (domain.md 8), whoever looks when.
    """

    payments: tuple[Judged, ...]
    strikes: tuple[Strike, ...]
    received: int
    total: int
    nothing_due: bool
    cleared_on: date | None
    cure_days: int
    data_date: date | None
    promised_until: date | None = None

    @property
    def is_fulfilled(self) -> bool:
        """Whether the plan has been kept: all that was due has been cleared, or all that it asked for has arrived."""
        last = self.payments[-1]
        return self.cleared_on is not None or (last.is_covered and self._is_judged(last.due_on))

    @property
    def next(self) -> Judged | None:
        """The payment to be made next: one that can be made good, else the first to come; it has what is missing."""
        missing = [each for each in self.payments if not each.is_covered]
        return next((each for each in missing if each.verdict in {"ahead", "missed"}), missing[0] if missing else None)

    @property
    def covered(self) -> int:
        """How many payments have arrived."""
        return sum(each.is_covered for each in self.payments if each.agreed_on)

    @property
    def second(self) -> Strike | None:
        """The strike that puts the plan up for cancellation, None while there are fewer than two: the second by the end
        of its cure days, so that neither of the two can be made good any more (domain.md 8: each with its own)."""
        in_order = sorted(self.strikes, key=lambda strike: strike.cure_until)
        return in_order[STRIKES_ALLOWED] if len(in_order) > STRIKES_ALLOWED else None

    @property
    def evaluation_on(self) -> date | None:
        """The day of the evaluation: after the cure days of the second miss."""
        return self.second.cure_until + _ONE_DAY if self.second else None

    @property
    def evaluation_if_missed(self) -> date | None:
        """The earliest day on which the plan could be evaluated, told from the first strike on."""
        if not self.strikes:
            return None
        if self.second:
            return self.evaluation_on
        ahead = [each.cure_until for each in self.payments if each.verdict == "ahead" and not each.is_covered]
        ends = [*ahead[:1], *([self.promised_until] if self.promised_until else [])]
        return max(self.strikes[0].cure_until, min(ends)) + _ONE_DAY if ends else None

    def is_ripe(self, day: date) -> bool:
        """Whether the evaluation is to be made on a day, from its hour on: the data must reach the last cure day."""
        second, on = self.second, self.evaluation_on
        return second is not None and on is not None and second.is_over and on <= day

    def _is_judged(self, day: date) -> bool:
        return self.data_date is not None and day <= self.data_date


def judge(loans: Sequence[LoanPart], data_date: date | None, terms: Terms, today: date) -> Life:
    """How a plan stands: each payment, its strikes, and what comes next.

    A day is judged once the data date has reached it. After the last day what is still missing is awaited once more,
    a period later, until it has arrived: so a plan neither ends for one late payment nor goes on unjudged.
    """
    days = _awaited_days(loans)
    judged = [
        _judge(loans, number, agreed, due, data_date, terms, today) for number, (agreed, due) in enumerate(days, 1)
    ]
    step = _step([due for _agreed, due in days])
    while _goes_on(judged[-1], today):
        due_on = _later(judged[-1].due_on, step)
        judged.append(_judge(loans, len(judged) + 1, None, due_on, data_date, terms, today))
    horizon = max(data_date or today, today)
    return Life(
        payments=tuple(judged),
        strikes=_strikes(judged, terms),
        received=sum(loan.received(horizon) for loan in loans),
        total=sum(each.amount for loan in loans for each in loan.awaited),
        nothing_due=_nothing_due(loans, data_date),
        cleared_on=_cleared_on(loans, data_date),
        cure_days=terms.cure_days,
        data_date=data_date,
        promised_until=terms.promised_until,
    )


def _awaited_days(loans: Iterable[LoanPart]) -> list[tuple[date, date]]:
    days = {each.agreed_on: each.due_on for loan in loans for each in loan.awaited}
    return sorted(days.items(), key=lambda pair: (pair[1], pair[0]))


def _judge(
    loans: Sequence[LoanPart],
    number: int,
    agreed: date | None,
    due_on: date,
    data_date: date | None,
    terms: Terms,
    today: date,
) -> Judged:
    cure_until = due_on + timedelta(days=terms.cure_days)
    known = max((payment.received_on for loan in loans for payment in loan.facts.payments), default=due_on)
    horizon = max(known, data_date or due_on, due_on)
    verdict = _verdict(loans, agreed, due_on, cure_until, data_date, terms)
    open_on = () if verdict in {"kept", "made_good"} else [loan for loan in loans if loan.missing(due_on, horizon)]
    missing = sum(loan.missing(due_on, horizon) for loan in open_on)
    amount = sum(each.amount for loan in loans for each in loan.awaited if each.agreed_on == agreed)
    beside = min(missing, sum(loan.due_between(today, due_on) for loan in open_on))
    return Judged(number, agreed, due_on, amount if agreed else missing, verdict, missing, cure_until, beside)


def _verdict(
    loans: Sequence[LoanPart],
    agreed: date | None,
    due_on: date,
    cure_until: date,
    data_date: date | None,
    terms: Terms,
) -> Verdict:
    if data_date is None or data_date < due_on:
        return "ahead"
    if all(loan.covers(due_on, due_on) for loan in loans):
        return "kept"
    if all(_covers_within(loan, due_on, cure_until) for loan in loans):
        return "made_good"
    if terms.agreed_on is not None and due_on < terms.agreed_on:
        return "put_off"
    if agreed in terms.excused or _rests(terms.rests, due_on, cure_until):
        return "excused"
    return "struck" if data_date >= cure_until else "missed"


def _covers_within(loan: LoanPart, due_on: date, cure_until: date) -> bool:
    """Whether what was missed on its day arrived within the cure days, or nothing was due any more on one of them."""
    days = ((due_on + timedelta(days=count)) for count in range((cure_until - due_on).days + 1))
    return loan.received(cure_until) >= loan.needed(due_on) or any(loan.due(day) == 0 for day in days)


def _rests(rests: Iterable[tuple[date, date | None]], first: date, last: date) -> bool:
    return any(begin <= last and (end is None or first <= end) for begin, end in rests)


def _goes_on(last: Judged, today: date) -> bool:
    """Whether something is still missing after the last day, so that it is awaited once more."""
    return not last.is_covered and last.verdict in {"struck", "excused", "put_off"} and last.cure_until < today


def _strikes(judged: Iterable[Judged], terms: Terms) -> tuple[Strike, ...]:
    own = [
        Strike(each.due_on, each.cure_until, each.verdict == "struck", each.agreed_on, None)
        for each in judged
        if each.is_strike
    ]
    promised = [
        Strike(each.due_on, each.cure_until, each.is_over, None, each.number)
        for each in terms.promises
        if not _rests(terms.rests, each.due_on, each.cure_until)
    ]
    counted = (strike for strike in (*own, *promised) if strike.key not in terms.forgiven)
    return tuple(sorted(counted, key=lambda strike: (strike.due_on, strike.promise or "")))


def _nothing_due(loans: Sequence[LoanPart], data_date: date | None) -> bool:
    """Whether all that was due under the plan is settled at the end of the data date."""
    return data_date is not None and all(loan.start < data_date and loan.due(data_date) == 0 for loan in loans)


def _cleared_on(loans: Sequence[LoanPart], data_date: date | None) -> date | None:
    """The first day after the start, up to the data date, at whose end nothing was due."""
    if data_date is None:
        return None
    first = max(loan.start for loan in loans) + _ONE_DAY
    days = {first, *(day for loan in loans for day in loan.turning_days)}
    within = (day for day in sorted(days) if first <= day <= data_date)
    return next((day for day in within if all(loan.due(day) == 0 for loan in loans)), None)


def _step(days: Sequence[date]) -> int:
    """The usual days between payments: 7, 14, or 0 for a month."""
    gaps = sorted((after - before).days for before, after in pairwise(days))
    middle = gaps[len(gaps) // 2] if gaps else 0
    if middle == 0 or middle > 2 * _DAYS_A_WEEK + 6:
        return 0
    # A payment that was moved widens a gap, which is no rhythm of its own.
    return _DAYS_A_WEEK if middle <= _DAYS_A_WEEK + 3 else 2 * _DAYS_A_WEEK


def _later(day: date, step: int) -> date:
    return day + timedelta(days=step) if step else add_months(day, 1)


def next_period(days: Sequence[date], calendar: WorkingCalendar) -> date:
    """The day on which a payment after the last one would fall: a week, two weeks or a month later, moved to the next
    working day if need be."""
    return next_working_day(_later(max(days), _step(sorted(days))), calendar)


# --- Moving a payment, or leaving one out ---------------------------------------------------------------------


def extra_for(facts: LoanFacts, before: Sequence[Awaited], after: Sequence[Awaited], today: date) -> int:
    """What changed days cost more in penalty until the plan ends, if all that is to come arrives on its day.

    Nothing while the penalty is stopped. It is added to the last payment, which is the remainder (domain.md 8).
    """
    return max(0, _left(facts, after, today) - _left(facts, before, today))


def _left(facts: LoanFacts, awaited: Sequence[Awaited], today: date) -> int:
    """What is due after the last payment, or, below zero, what is too much."""
    coming = [Payment(f"plan {index}", each.due_on, each.amount) for index, each in enumerate(awaited)]
    instalments = [
        Payment(f"running {each.number}", each.due_on, _contract(each))
        for each in facts.instalments
        if each.due_on > today
    ]
    paid = (payment for payment in (*coming, *instalments) if payment.received_on > today and payment.amount)
    seen = assess(replace(facts, payments=(*facts.payments, *paid)), max(each.due_on for each in awaited))
    return seen.due.total - seen.credit


def rest(loan: LoanPart, today: date) -> tuple[tuple[date, int], ...]:
    """What is still to be paid of a plan on a loan, if it all arrives on its day: day and amount, the last one no more
    than is due then. What has arrived ahead counts towards the next payments, what is behind is paid with the next."""
    ahead = loan.received(today) - loan.needed(today)
    paid: list[Payment] = []
    coming = tuple(
        Payment(f"running {each.number}", each.due_on, _contract(each))
        for each in loan.facts.instalments
        if each.due_on > today
    )
    for each in loan.awaited:
        if each.due_on <= today:
            continue
        amount, ahead = max(0, each.amount - ahead), max(0, ahead - each.amount)
        due = assess(replace(loan.facts, payments=(*loan.facts.payments, *coming, *paid)), each.due_on).due.total
        if min(amount, due):
            paid.append(Payment(f"plan {len(paid)}", each.due_on, min(amount, due)))
    return tuple((payment.received_on, payment.amount) for payment in paid)


def paying(loans: Sequence[LoanPart], today: date, amount: int) -> tuple[LoanPart, ...]:
    """The loans of a plan after one more payment today: on the first as far as anything is due, then on the next."""
    after: list[LoanPart] = []
    for loan in loans:
        used = min(amount, loan.due(today)) if loan is not loans[-1] else amount
        amount -= used
        more = (Payment("what if", today, used),) if used else ()
        after.append(replace(loan, facts=replace(loan.facts, payments=(*loan.facts.payments, *more))))
    return tuple(after)


def days_to_move(due_on: date, awaited: Iterable[date], move_days: int, calendar: WorkingCalendar) -> tuple[date, ...]:
    """The days to which a payment can be moved: later by no more than `move_days`, and before the next payment.

    Working days only, as the plan's own days are (domain.md 8).
    """
    following = min((day for day in awaited if day > due_on), default=date.max)
    return tuple(day for day in working_days_after(due_on, move_days, calendar) if day < following)


# --- What it is worth -----------------------------------------------------------------------------------------


def saved(facts: LoanFacts, references: frozenset[str], day: date) -> int:
    """The penalty that has not counted up to a day because of these waivers of days, as the engine sees it."""
    if not any(waiver.reference in references for waiver in facts.days_waivers):
        return 0
    others = tuple(waiver for waiver in facts.days_waivers if waiver.reference not in references)
    without = assess(replace(facts, days_waivers=others), day)
    return max(0, _penalty(without.instalments) - _penalty(assess(facts, day).instalments))


def _penalty(instalments: Iterable[InstalmentAssessment]) -> int:
    return sum(item.penalty_chargeable for item in instalments)


def _contract(instalment: Instalment) -> int:
    return instalment.fee + instalment.interest + instalment.principal
