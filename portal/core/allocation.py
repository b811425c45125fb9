"""What a payment meets: the components of the instalments due, in the product's order (domain.md 4)."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from portal.core.accrual import Accrual, NightCalendar
from portal.core.facts import AmountWaiver, Instalment, Payment
from portal.core.lines import Line, event_line
from portal.core.terms import Terms


class Amounts(NamedTuple):
    """One amount a component, in minor units."""

    fee: int = 0
    interest: int = 0
    principal: int = 0
    penalty: int = 0

    @property
    def total(self) -> int:
        return sum(self)


class Part(NamedTuple):
    """Where a part of a payment went, on the day on which it came in or its credit was used."""

    instalment: int
    component: str
    amount: int
    on_day: date


class Reduction(NamedTuple):
    """How much an amount waiver, by reference, took off a component of an instalment."""

    reference: str
    component: str
    amount: int
    on_day: date


class DueInstalment:
    """An instalment that has fallen due, and what is still to pay of it.

    `payable` is by component; its penalty is that of the last day on which anything met the instalment. `settlements`
    are the lines of what took something off the penalty, in the order in which it happened.
    """

    __slots__ = (
        "_bears_interest",
        "_penalty_day",
        "accrual",
        "cleared_on",
        "contract",
        "payable",
        "penalty_settled",
        "settlements",
        "waivers",
    )

    def __init__(self, contract: Instalment, due_on: int, terms: Terms, calendar: NightCalendar) -> None:
        self.contract = contract
        self.payable = {
            "fee": contract.fee,
            "interest": contract.interest,
            "principal": contract.principal,
            "penalty": 0,
        }
        self._bears_interest = terms.penalty_base == "overdue_instalment"
        self.accrual = Accrual(due_on, self._base(), terms, calendar)
        self._penalty_day = due_on
        self.penalty_settled = 0
        self.settlements: list[Line] = []
        self.waivers: list[Reduction] = []
        self.cleared_on = None if any(self.payable.values()) else contract.due_on

    def payable_on(self, day: int) -> dict[str, int]:
        """What can be asked for by component while that day (an ordinal) is going on.

        Payments of a day do not change its penalty; a late fee falls after them and counts from the next day
        on.
        """
        if day != self._penalty_day:
            self.payable["penalty"] = self.accrual.chargeable(day, day - 1) - self.penalty_settled
            self._penalty_day = day
        return self.payable

    def settle_penalty(self, line: Line) -> None:
        """Note what took something off the penalty; the line's amount is below zero."""
        self.penalty_settled -= line.amount
        self.settlements.append(line)

    def settle(self, today: date, day: int) -> None:
        """At the end of a change: the base from the next night on, and whether anything is left to pay.

        Once nothing is payable nothing will be: without a base no night accrues and no late fee falls.
        """
        base, accrual = self._base(), self.accrual
        if base != accrual.base:
            accrual.lower_base(base, day)
        if not base and not any(self.payable.values()):
            self.cleared_on = today

    def _base(self) -> int:
        """The penalty base (domain.md 3.1)."""
        payable = self.payable
        return payable["principal"] + payable["interest"] if self._bears_interest else payable["principal"]


class Money:
    """A payment on its way: what is left is held as credit until something falls due or it is given back."""

    __slots__ = ("left", "parts", "payment", "refunded")

    def __init__(self, payment: Payment) -> None:
        self.payment = payment
        self.left = payment.amount
        self.refunded = 0
        self.parts: list[Part] = []

    def meet(self, instalment: DueInstalment, components: Iterable[str], today: date, day: int) -> None:
        """Pay as much as there is of what is payable of these components, one after the other."""
        payable, number, left = instalment.payable_on(day), instalment.contract.number, self.left
        for component in components:
            amount = payable[component]
            if amount:
                if amount > left:
                    amount = left
                left -= amount
                payable[component] -= amount
                self.parts.append(Part(number, component, amount, today))
                if component == "penalty":
                    instalment.settle_penalty(event_line("paid", today, -amount, self.payment.reference))
                if not left:
                    break
        self.left = left
        instalment.settle(today, day)


Strategy = Callable[[Money, Iterable[DueInstalment], Sequence[str], date, int], None]


def by_instalment(money: Money, due: Iterable[DueInstalment], order: Sequence[str], today: date, day: int) -> None:
    """Oldest instalment first, all its components in order."""
    for instalment in due:
        money.meet(instalment, order, today, day)
        if not money.left:
            return


def by_component(money: Money, due: Iterable[DueInstalment], order: Sequence[str], today: date, day: int) -> None:
    """First component across all instalments due, oldest first, then the next component."""
    for component in order:
        for instalment in due:
            money.meet(instalment, (component,), today, day)
            if not money.left:
                return


STRATEGIES: dict[str, Strategy] = {"by_instalment": by_instalment, "by_component": by_component}


class Allocation:
    """The instalments of a loan that are due, oldest first, and the money held for those to come."""

    __slots__ = ("_allocate", "_order", "credit", "due", "open")

    def __init__(self, terms: Terms) -> None:
        self.due: list[DueInstalment] = []
        self.open: deque[DueInstalment] = deque()
        self.credit: deque[Money] = deque()
        self._allocate = STRATEGIES[terms.allocation_strategy]
        self._order = terms.component_order

    def fall_due(self, instalment: DueInstalment) -> None:
        self.due.append(instalment)
        self.open.append(instalment)

    def receive(self, money: Money, today: date) -> None:
        """A payment meets what is due; what is left of it becomes credit."""
        self._spend(money, today)
        if money.left:
            self.credit.append(money)

    def use_credit(self, today: date) -> None:
        """Held money meets what is due, the oldest payment first."""
        for money in self.credit:
            self._spend(money, today)
        self._drop_spent_credit()

    def refund(self, amount: int) -> None:
        """Give back held money, the oldest payment's first, never more than there is."""
        for money in self.credit:
            part = min(money.left, amount)
            money.left -= part
            money.refunded += part
            amount -= part
        self._drop_spent_credit()

    def waive(self, waiver: AmountWaiver, today: date) -> None:
        """Take the amount off what is payable, oldest due first; what is more lapses (domain.md 3.6)."""
        left, component, day = waiver.amount, waiver.component, today.toordinal()
        for instalment in self.open:
            if waiver.instalment in {None, instalment.contract.number}:
                payable = instalment.payable_on(day)
                amount = min(left, payable[component])
                if amount:
                    left -= amount
                    payable[component] -= amount
                    if component == "penalty":
                        instalment.settle_penalty(event_line("amount_waiver", today, -amount, waiver.reference))
                    instalment.waivers.append(Reduction(waiver.reference, component, amount, today))
                    instalment.settle(today, day)

    def _spend(self, money: Money, today: date) -> None:
        self._allocate(money, self.open, self._order, today, today.toordinal())
        while self.open and self.open[0].cleared_on is not None:
            self.open.popleft()

    def _drop_spent_credit(self) -> None:
        while self.credit and not self.credit[0].left:
            self.credit.popleft()
