"""What a plan is made of: the answers, the loans as its basis, schedules and their sums, the limits of each loan."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Self

from portal.core.days import WorkingCalendar
from portal.core.facts import LoanFacts
from portal.core.pay_dates import Rhythm
from portal.core.plans import Criterion, PlanLimits
from portal.loans.queries import LoanRecord

SAID_DAYS = 30
"""How long what somebody said about their income and spending is kept once the plan is answered."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the borrower offers for all loans together; amounts in minor units, `first` 0 for none of its own.

    `monthly` is the amount of each payment whatever the `rhythm`; weeks are counted from `first_on`. With `equal` a
    number of payments is meant to be all the same. `amounts` are what was told for each loan (its row's id, minor
    units), so that a decision is about nothing else; without them the amount is shared by what is due.
    """

    pay_day: int
    monthly: int | None
    payments: int | None
    first: int = 0
    first_today: bool = True
    rhythm: Rhythm = "monthly"
    first_on: date | None = None
    equal: bool = False
    amounts: tuple[tuple[int, int], ...] = ()

    @property
    def without_today(self) -> Self:
        """The same with its first payment on the first pay day instead of the start day."""
        return replace(self, first_today=False)


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
    """One payment of a plan, or of all its loans on a day; `running` is what else falls due in its month, once."""

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
                running.pop((day.year, day.month), 0),
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
