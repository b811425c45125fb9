"""What becomes of plans, promises and settlements, written from the rules alone: brute force, with nothing clever.

domain.md 3 to 5, 8 and 9. Balances are those of the second penalty engine (oracle.py); amounts are minor units, days
are dates, and nothing here is imported from the portal. Whatever the rules leave open is named where it is decided.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.model.oracle import CONTRACT_PARTS, ONE_DAY, Replay, Row, round_half_up

EVALUATION_HOUR = 9
KEPT_RUNS = 50
EVERY_PART = ("fee", "interest", "principal", "penalty")


class _Run(Replay):
    """The second engine's replay, which goes on from where it stands, and can remember what was due on each day."""

    next_day: date | None = None
    dues: dict[date, int] | None = None

    def run(self, as_of: date) -> None:
        """Go on to the end of a day."""
        if self.next_day is None:
            self.next_day = min([self.loan["disbursed_on"], *(debt.due_on for debt in self.debts)])
        while self.next_day <= as_of:
            day = self.next_day
            self.accrue_night(day)
            self.take_payments(day)
            self.apply_held_credit(day)
            self.give_refunds(day)
            self.waive_amounts(day)
            self.charge_late_fees(day)
            self.judge_grace(day)
            if self.dues is not None:
                self.dues[day] = due_of(self, day)
            self.next_day += ONE_DAY

    def apply_held_credit(self, day: date) -> None:
        if any(receipt.credit for receipt in self.receipts):
            super().apply_held_credit(day)


@dataclass
class Book:
    """One loan as imported so far, in the second engine's rows, with the waivers that plans and settlements write."""

    product: Row
    rates: list[Row]
    loan: Row
    instalments: list[Row]
    payments: list[Row] = field(default_factory=list)
    waivers: list[Row] = field(default_factory=list)
    _runs: dict[object, _Run] = field(default_factory=dict, repr=False)

    @property
    def ref(self) -> str:
        return str(self.loan["loan_ref"])

    def standing_payments(self) -> list[Row]:
        """The payments that count: one that came back counts as if it had never been made."""
        return [row for row in self.payments if not row["reversed"]]

    def replay(self, day: date, payments: Iterable[Row] | None = None, waivers: Iterable[Row] | None = None) -> Replay:
        """The loan at the end of a day, with other payments or waivers where they are given. It is to be read at once:
        the next question about the same facts goes on with it."""
        run = self._run("standing", payments, waivers)
        if run.next_day is not None and run.next_day > day + ONE_DAY:
            self._runs.popitem()
            run = self._run("standing", payments, waivers)
        run.run(day)
        return run

    def due(self, day: date, payments: Iterable[Row] | None = None, waivers: Iterable[Row] | None = None) -> int:
        """What is due at the end of a day."""
        run = self._run("dues", payments, waivers)
        if run.dues is None:
            run.dues = {}
        run.run(day)
        return run.dues.get(day, 0)

    def _run(self, what: str, payments: Iterable[Row] | None, waivers: Iterable[Row] | None) -> _Run:
        """The run over these facts, the last one in `_runs`: a new one where there is none."""
        paid = self.payments if payments is None else list(payments)
        waived = self.waivers if waivers is None else list(waivers)
        known = (what, *(tuple(row.values()) for row in (*paid, *waived)))
        run = self._runs.pop(known, None)
        if run is None:
            run = _Run(self.product, self.rates, self.loan, self.instalments, paid, waived)
        if len(self._runs) > KEPT_RUNS:
            self._runs.clear()
        self._runs[known] = run
        return run

    def instalments_between(self, after: date, until: date) -> list[tuple[int, date, int]]:
        """The instalments that fall due in these days, the first excluded: number, day, contract amount."""
        return [
            (row["number"], row["due_on"], sum(row[part] for part in CONTRACT_PARTS))
            for row in self.instalments
            if not row["void"] and after < row["due_on"] <= until
        ]


def due_of(run: Replay, day: date) -> int:
    """All that is due in a replay that stands at the end of `day`."""
    return sum(run.payable(debt, part, day) for debt in run.due_by(day) for part in EVERY_PART)


def part_due(book: Book, part: str, day: date) -> int:
    """What is due of one component at the end of a day."""
    run = book.replay(day)
    return sum(run.payable(debt, part, day) for debt in run.due_by(day))


def transfer(ref: str, on: date, amount: int) -> Row:
    """A payment as the second engine reads it."""
    return {"payment_ref": ref, "received_on": on, "amount": amount, "reversed": False, "kind": "payment"}


def nights_waived(ref: str, first: date, last: date | None) -> Row:
    """Nights of every instalment that accrue nothing, both days included."""
    return {
        "waiver_ref": ref,
        "instalment_number": None,
        "kind": "days",
        "from_day": first,
        "to_day": last,
        "void": False,
    }


def amount_waived(ref: str, on: date, amount: int, component: str) -> Row:
    """An amount of one component that is taken off on its day."""
    return {
        "waiver_ref": ref,
        "instalment_number": None,
        "kind": "amount",
        "on_day": on,
        "amount": amount,
        "component": component,
        "void": False,
    }


# --- Plans -----------------------------------------------------------------------------------------------------


@dataclass
class Awaited:
    """One payment of a plan: its agreed day, the day that counts now, and what each loan gets of it now and by the
    agreement."""

    agreed_on: date
    due_on: date
    amounts: dict[str, int]
    agreed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Miss:
    """A payment or a promise that was not kept on its day and has not been made good; `key` tells which."""

    due_on: date
    cure_until: date
    key: str


@dataclass
class Plan:
    """An agreed plan. `known` are the payments that what was due on the start day had taken in already."""

    number: str
    start_on: date
    agreed_on: date
    cure_days: int
    is_frozen: bool
    books: list[Book]
    awaited: list[Awaited]
    known: set[str] = field(default_factory=set)
    excused: set[date] = field(default_factory=set)
    moved: set[date] = field(default_factory=set)
    skipped: set[date] = field(default_factory=set)
    forgiven: set[str] = field(default_factory=set)
    extra: dict[str, int] = field(default_factory=dict)
    evaluated: set[str] = field(default_factory=set)
    state: str = "running"

    @property
    def days(self) -> list[date]:
        """The days on which something is awaited, in order."""
        return sorted({each.due_on for each in self.awaited})

    @property
    def last_on(self) -> date:
        return self.days[-1]

    def of(self, book: Book) -> list[Awaited]:
        """What is awaited of a loan, in order."""
        mine = [each for each in self.awaited if book.ref in each.amounts]
        return sorted(mine, key=lambda each: (each.due_on, each.agreed_on))

    def put_last(self, book: Book) -> None:
        """What changes cost more is asked for with the last payment, which is the remainder."""
        for each in self.of(book):
            each.amounts[book.ref] = each.agreed[book.ref]
        self.of(book)[-1].amounts[book.ref] += self.extra.get(book.ref, 0)

    def stands(self, misses: list[Miss]) -> bool:
        """Whether two of the misses that the evaluation rests on still are; others have to be evaluated by themselves,
        each after its own cure days."""
        return sum(miss.key in self.evaluated for miss in misses) > 1

    def received(self, book: Book, day: date) -> int:
        """What has arrived on a loan since the start day by the end of a day."""
        return sum(
            row["amount"]
            for row in book.standing_payments()
            if row["kind"] == "payment"
            and self.start_on <= row["received_on"] <= day
            and row["payment_ref"] not in self.known
        )

    def needed(self, book: Book, day: date) -> int:
        """The plan's payments and the later instalments fallen due up to a day."""
        planned = sum(each.amounts.get(book.ref, 0) for each in self.awaited if each.due_on <= day)
        return planned + sum(amount for _no, _on, amount in book.instalments_between(self.start_on, day))

    def is_met(self, day: date, by: date) -> bool:
        """Whether by the end of `by` every loan had got what was to have come by `day`, or nothing was due on it."""
        return all(
            self.received(book, by) >= self.needed(book, day) or any(book.due(each) == 0 for each in _days(day, by))
            for book in self.books
        )

    def verdict(self, awaited: Awaited, data_date: date) -> str:
        """How a payment stands once the bookings reach `data_date`; "" while its day is not known yet."""
        day = awaited.due_on
        cure_until = day + timedelta(days=self.cure_days)
        if data_date < day:
            return ""
        if self.is_met(day, day):
            return "kept"
        if self.is_met(day, cure_until):  # what is known of a day to come counts at once
            return "made_good"
        if awaited.agreed_on in self.excused:
            return "excused"
        return "struck" if data_date >= cure_until else "missed"

    def once_more(self, data_date: date, today: date) -> list[Awaited]:
        """What the rules leave open: something is missing after the last day. It is awaited again a period later, so
        that a plan neither ends for one late payment nor goes on unjudged."""
        found: list[Awaited] = []
        last = max(self.awaited, key=lambda each: (each.due_on, each.agreed_on))
        while (
            self.verdict(last, data_date) in {"struck", "excused"}
            and last.due_on + timedelta(days=self.cure_days) < today
            and any(self.missing(book, last.due_on, data_date) for book in self.books)
        ):
            day = _a_period_after(last.due_on, self.days)
            last = Awaited(day, day, {})
            found.append(last)
        return found

    def missing(self, book: Book, day: date, data_date: date) -> int:
        """What of all that was to have come by a day, or fell due since, is not there yet: never more than is due."""
        known = max([data_date, day, *(row["received_on"] for each in self.books for row in each.standing_payments())])
        since = sum(amount for _no, _on, amount in book.instalments_between(day, known))
        lacking = self.needed(book, day) + since - self.received(book, known)
        return min(lacking, book.due(known)) if lacking > 0 else 0

    def next_payment(self, data_date: date, today: date) -> tuple[date, int] | None:
        """The day and amount to be paid next: what can still be made good, else the first to come."""
        rows = []
        in_order = sorted(self.awaited, key=lambda row: (row.due_on, row.agreed_on))
        for each in [*in_order, *self.once_more(data_date, today)]:
            verdict = self.verdict(each, data_date)
            amount = sum(self.missing(book, each.due_on, data_date) for book in self.books)
            if amount and verdict not in {"kept", "made_good"}:
                rows.append((verdict in {"", "missed"}, each.due_on, amount))
        first = next((row for row in rows if row[0]), rows[0] if rows else None)
        return first[1:] if first else None

    def misses(self, data_date: date, today: date, broken_promises: Iterable[Miss] = ()) -> list[Miss]:
        """What counts towards the two, the earliest first."""
        own = [
            Miss(each.due_on, each.due_on + timedelta(days=self.cure_days), each.due_on.isoformat())
            for each in [*self.awaited, *self.once_more(data_date, today)]
            if self.verdict(each, data_date) in {"missed", "struck"}
        ]
        found = [miss for miss in (*own, *broken_promises) if miss.key not in self.forgiven]
        return sorted(found, key=lambda miss: (miss.due_on, miss.key))

    def evaluation_on(self, misses: list[Miss]) -> date | None:
        """The day of the evaluation, at EVALUATION_HOUR: the one after the cure days of the second miss, each with its
        own, when two can no longer be made good."""
        ends = sorted(miss.cure_until for miss in misses)
        return ends[1] + ONE_DAY if len(ends) > 1 else None

    def is_over(self, data_date: date, today: date) -> bool:
        """Whether it has ended as kept: on a day all that was due had been cleared, or all that was agreed has come,
        once its last day is judged. It is the same on whichever day somebody looks."""
        if any(self.is_cleared(day) for day in _days(self.start_on + ONE_DAY, data_date)):
            return True
        again = self.once_more(data_date, today)
        last = again[-1] if again else max(self.awaited, key=lambda each: (each.due_on, each.agreed_on))
        if self.verdict(last, data_date) in {"kept", "made_good"}:
            return True
        return last.due_on <= data_date and not any(self.missing(book, last.due_on, data_date) for book in self.books)

    def is_cleared(self, day: date) -> bool:
        """Whether nothing was due at the end of a day."""
        return all(book.due(day) == 0 for book in self.books)

    def saved(self, book: Book, day: date) -> int:
        """The penalty that did not count because of the plan."""
        others = [row for row in book.waivers if row["waiver_ref"] != self.number]

        def charged(run: Replay) -> int:
            return sum(run.chargeable(debt, day) for debt in run.due_by(day))

        return charged(book.replay(day, waivers=others)) - charged(book.replay(day))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def _a_period_after(day: date, days: list[date]) -> date:
    """The usual step between payments later: one week, two, or a month; a month where there is none."""
    gaps = sorted((after - before).days for before, after in pairwise(days))
    usual = gaps[len(gaps) // 2] if gaps else 0
    if 0 < usual <= 10:
        return day + timedelta(days=7)
    if 0 < usual <= 20:
        return day + timedelta(days=14)
    month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    length = (date(month.year + month.month // 12, month.month % 12 + 1, 1) - month).days
    return month.replace(day=min(day.day, length))


def schedule_fault(
    book: Book, start: date, payments: list[tuple[date, int]], is_frozen: bool, known_refs: set[str], replaced: str
) -> str:
    """What is wrong with the agreed payments of a loan as it was known at `start`, "" for nothing.

    They are made each on its day, and each instalment that falls due meanwhile on its own: the last one has to clear
    all that is due to the last minor unit, and none before it.
    """
    days = [day for day, _amount in payments]
    if days != sorted(set(days)) or days[0] < start or any(amount <= 0 for _day, amount in payments):
        return f"days or amounts: {payments}"
    known = [row for row in book.standing_payments() if row["payment_ref"] in known_refs]
    meanwhile = book.instalments_between(start, days[-1])
    regular = [transfer(f"~instalment-{no}", on, amount) for no, on, amount in meanwhile]
    planned = [transfer(f"~plan-{place:03}", day, amount) for place, (day, amount) in enumerate(payments)]
    # What an earlier plan stopped is taken to count again from the start day on, though it goes on until this one is
    # agreed: its last payment can only become smaller by that.
    waivers = [
        row if row["waiver_ref"] != replaced else {**row, "to_day": start}
        for row in book.waivers
        if row["kind"] == "days" or row["on_day"] <= start
    ]
    if is_frozen:
        waivers.append(nights_waived("~freeze", start + ONE_DAY, None))
    for place, day in enumerate(days[:-1]):
        if book.due(day, [*known, *regular, *planned[: place + 1]], waivers) == 0:
            return f"cleared on {day} before the last payment"
    end = book.replay(days[-1], [*known, *regular, *planned], waivers)
    left = due_of(end, days[-1])
    over = sum(receipt.credit for receipt in end.receipts)
    return f"left {left}, too much {over}" if left or over else ""


# --- Promises --------------------------------------------------------------------------------------------------


@dataclass
class Promise:
    """A promise to pay: an amount by a day, of what is due or of one later instalment.

    The rules say of a promise what they say of a plan's payment: payments since its start day have to reach it and what
    else falls due up to its day. So the named instalment itself is not asked for twice, and what a running plan awaits
    up to that day comes beside it.
    """

    number: str
    book: Book
    made_on: date
    due_on: date
    amount: int
    cure_days: int
    instalment: int | None
    known: set[str]
    planned: list[tuple[date, int]]
    state: str = "open"

    @property
    def cure_until(self) -> date:
        return self.due_on + timedelta(days=self.cure_days)

    def received(self, by: date) -> int:
        return sum(
            row["amount"]
            for row in self.book.standing_payments()
            if self.made_on <= row["received_on"] <= by and row["payment_ref"] not in self.known
        )

    def beside(self) -> int:
        """What else falls due after the day it was made, up to its day."""
        later = self.book.instalments_between(self.made_on, self.due_on)
        contract = sum(amount for number, _on, amount in later if number != self.instalment)
        return contract + sum(amount for on, amount in self.planned if self.made_on < on <= self.due_on)

    def is_met(self, by: date) -> bool:
        """Whether enough had arrived by the end of a day, or nothing was left of what it is about."""
        if self.received(by) >= self.amount + self.beside():
            return True
        run = self.book.replay(by)
        if self.instalment is None:
            return due_of(run, by) == 0
        named = next(debt for debt in run.debts if debt.number == self.instalment)
        return named.due_on <= by and all(run.payable(named, part, by) == 0 for part in EVERY_PART)

    def outcome(self, data_date: date) -> str:
        """How it stands once the bookings reach `data_date`; "" while its day is not known yet."""
        if data_date < self.due_on:
            return ""
        if self.is_met(self.due_on):
            return "kept"
        if self.is_met(self.cure_until):  # what is known of a day to come counts at once
            return "made_good"
        if data_date < self.cure_until:
            return "missed"
        return "partly_kept" if self.received(self.cure_until) > self.beside() else "broken"

    def miss(self, data_date: date) -> Miss | None:
        """What it counts against a plan: one kept in part is not broken."""
        if self.outcome(data_date) in {"missed", "broken"}:
            return Miss(self.due_on, self.cure_until, self.number)
        return None


# --- Settlement ------------------------------------------------------------------------------------------------


def payoff(book: Book, day: date, rule: str, waivers: Iterable[Row] | None = None) -> int:
    """What closes a loan on a day: what is due, later principal, later interest as the product has it, less credit."""
    run = book.replay(day, waivers=waivers)
    later = [debt for debt in run.debts if debt.due_on > day]
    whole = due_of(run, day) + sum(debt.unpaid["principal"] for debt in later)
    if rule == "full":
        whole += sum(debt.unpaid["interest"] for debt in later)
    elif later:
        whole += running_interest(run, later[0].due_on, day)
    return max(0, whole - sum(receipt.credit for receipt in run.receipts))


def running_interest(run: Replay, due_on: date, day: date) -> int:
    """Of the running instalment the days elapsed over the days of its period, rounded half up."""
    begun = [debt.due_on for debt in run.debts if debt.due_on <= day]
    since = max([*begun, run.loan["disbursed_on"]])
    interest = sum(debt.unpaid["interest"] for debt in run.debts if debt.due_on == due_on)
    length = (due_on - since).days
    return round_half_up(Fraction(interest * (day - since).days, length)) if length > 0 else interest


@dataclass
class Settlement:
    """One payment that closes a loan until a day, with what is taken off on an evening before."""

    number: str
    book: Book
    quoted_on: date
    until: date
    evening: date
    reductions: list[tuple[str, int]]
    rule: str
    stops_penalty: bool
    state: str = "quoted"
    closed_on: date | None = None
    counted: list[Row] = field(default_factory=list)

    def waivers(self, day: date) -> list[Row]:
        """What is taken off where it is paid on a day: with the whole penalty the nights since that evening too."""
        amounts = [
            amount_waived(f"{self.number}-{place}", self.evening, amount, component)
            for place, (component, amount) in enumerate(self.reductions)
        ]
        first = self.evening + ONE_DAY
        return [*amounts, nights_waived(f"{self.number}-nights", first, day)] if self.stops_penalty else amounts

    def to_pay(self, day: date) -> int:
        """What closes the loan on a day; never more than without the settlement."""
        less = payoff(self.book, day, self.rule, [*self.book.waivers, *self.waivers(day)])
        return min(less, payoff(self.book, day, self.rule))

    def paid_on(self, today: date) -> date | None:
        """The first day on which what had arrived closed the loan."""
        day = self.quoted_on
        while day <= min(today, self.until):
            if self.to_pay(day) == 0:
                return day
            day += ONE_DAY
        return None

    def pay(self, day: date) -> None:
        """It was paid on a day: what is taken off is written."""
        self.state, self.closed_on = "paid", day
        self.counted = [row for row in self.book.standing_payments() if row["received_on"] <= day]
        self.book.waivers.extend(self.waivers(day))

    def came_back(self, today: date) -> bool:
        """Whether a payment that it rested on came back, so that the loan was not closed; then nothing is taken off."""
        if self.closed_on is None or not any(row["reversed"] for row in self.counted):
            return False
        if payoff(self.book, self.closed_on, self.rule) == 0:
            return False
        mine = {row["waiver_ref"] for row in self.waivers(self.closed_on)}
        self.book.waivers[:] = [row for row in self.book.waivers if row["waiver_ref"] not in mine]
        return True
