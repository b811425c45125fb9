"""A promise to pay: what can be promised, and whether it was kept (domain.md 8).

Like a plan's payment it is judged by the payments that arrived, once the data date has reached its day. Amounts are
minor units of the loan's currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.disputed import disputed
from portal.core.facts import Instalment, LoanFacts
from portal.core.interactions import Part
from portal.core.refusal import Refusal

Outcome: TypeAlias = Literal["ahead", "kept", "made_good", "missed", "partly_kept", "broken"]
"""Not judged yet; arrived in time; within the cure days; not here yet and can be made good; part of it arrived, or
nothing, and the cure days have passed."""

FURTHEST_DAYS = 31
"""How far ahead a payment can be promised; for longer a plan is made, which comes with an agreement."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What was promised: an amount by the end of a day, made on another. `instalment` is a later one that it is about,
    None for what was due when it was made. `counted` are the payments known then, `planned` what a running plan
    awaits meanwhile (day, amount)."""

    made_on: date
    due_on: date
    amount: int
    cure_days: int
    instalment: int | None = None
    counted: frozenset[str] = frozenset()
    planned: tuple[tuple[date, int], ...] = ()

    @property
    def cure_until(self) -> date:
        """The last day on which it can be made good."""
        return self.due_on + timedelta(days=self.cure_days)


def payable(facts: LoanFacts, day: date, instalment: int | None, parts: Iterable[Part] = ()) -> int:
    """The most that can be promised: what is due on a day, or what is unpaid of one instalment, due or not.

    What is disputed (`parts`) need not be paid, and so cannot be promised; nor what held credit will pay by itself.
    """
    named, seen = tuple(parts), assess(facts, day)
    wanted = [
        item for item in seen.instalments if (item.is_due if instalment is None else item.contract.number == instalment)
    ]
    left = sum(item.unpaid.total - disputed(item, named).unpaid for item in wanted)
    return left - sum(min(item.unpaid.total, _credit_for(seen, item)) for item in wanted if not item.is_due)


def _credit_for(seen: Assessment, later: InstalmentAssessment) -> int:
    """What is left of the credit once it has paid what falls due before an instalment (domain.md 4)."""
    before = (
        item.unpaid.total
        for item in seen.instalments
        if not item.is_due and (item.due_on, item.number) < (later.due_on, later.number)
    )
    return max(0, seen.credit - sum(before))


def check(amount: int, due_on: date, today: date, most: int, later: Instalment | None = None) -> None:
    """Refusals `promise.amount` (most), `promise.nothing_due`, `promise.date` (first, last)."""
    if most <= 0:
        raise Refusal("promise.nothing_due")
    if not 0 < amount <= most:
        raise Refusal("promise.amount", most=most)
    first, last = today, furthest(today, later)
    if not first <= due_on <= last:
        raise Refusal("promise.date", first=first, last=last)


def furthest(today: date, later: Instalment | None = None) -> date:
    """The last day that can be promised: of a later instalment so many days after it falls due."""
    return max(today, later.due_on if later else today) + timedelta(days=FURTHEST_DAYS)


def received(facts: LoanFacts, promised: Promised, by: date) -> int:
    """What arrived towards it by the end of a day, after what else fell due since it was made."""
    arrived = sum(
        payment.amount
        for payment in facts.payments
        if payment.kind == "payment"
        and promised.made_on <= payment.received_on <= by
        and payment.reference not in promised.counted
    )
    return max(0, arrived - _beside(facts, promised))


def _beside(facts: LoanFacts, promised: Promised) -> int:
    """The later instalments and plan payments fallen due up to the promised day, which come before it."""
    due = sum(
        each.fee + each.interest + each.principal
        for each in facts.instalments
        if promised.made_on < each.due_on <= promised.due_on and each.number != promised.instalment
    )
    return due + sum(amount for on, amount in promised.planned if promised.made_on < on <= promised.due_on)


def outcome(facts: LoanFacts, promised: Promised, data_date: date | None) -> Outcome:
    """Whether the promise was kept, as far as the data tells."""
    if data_date is None or data_date < promised.due_on:
        return "ahead"
    if _is_met(facts, promised, promised.due_on):
        return "kept"
    if _is_met(facts, promised, promised.cure_until):
        return "made_good"
    if data_date < promised.cure_until:
        return "missed"
    return "partly_kept" if received(facts, promised, promised.cure_until) else "broken"


def _is_met(facts: LoanFacts, promised: Promised, by: date) -> bool:
    """Whether enough arrived by the end of a day, or nothing is due any more of what it was about."""
    if received(facts, promised, by) >= promised.amount:
        return True
    seen = assess(facts, by)
    if promised.instalment is None:
        return seen.due.total == 0
    return all(
        item.is_due and item.unpaid.total == 0
        for item in seen.instalments
        if item.contract.number == promised.instalment
    )


def is_strike(found: Outcome) -> bool:
    """Whether it counts against a plan that runs: nothing of it came. One kept in part is no broken promise."""
    return found in {"missed", "broken"}
