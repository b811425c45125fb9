"""What is left of an agreed plan: its payments from a day on, as far as they are still needed (domain.md 8)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from portal.core.assessment import assess
from portal.core.facts import LoanFacts, Payment


class PlanRest(NamedTuple):
    """How many payments a plan still has, the day of the last one, and what they come to in minor units."""

    payments: int
    last_on: date | None
    total: int


def rest_of(facts: LoanFacts, planned: Sequence[tuple[date, int]], day: date) -> PlanRest:
    """The payments after a day until nothing is due any more, each arriving on its day, later instalments on theirs.

    The last one is no more than what is left then.
    """
    coming = sorted((on, amount) for on, amount in planned if on > day)
    if not coming or assess(facts, day).due.total == 0:
        return PlanRest(0, None, 0)
    arriving = tuple(
        Payment(f"running {each.number}", each.due_on, each.fee + each.interest + each.principal)
        for each in facts.instalments
        if each.due_on > day
    )
    paid: list[Payment] = []
    total = 0
    for on, amount in coming:
        due = assess(replace(facts, payments=(*facts.payments, *arriving, *paid)), on).due.total
        needed = min(amount, due)
        if needed:
            paid.append(Payment(f"plan {len(paid)}", on, needed))
            total += needed
        if due <= amount:
            break
    return PlanRest(len(paid), paid[-1].received_on if paid else None, total)
