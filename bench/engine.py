"""How fast the penalty engine is: loans per second by size, growth, and cost by age of the debt.

The loan has as many payments as instalments and is seen three years after its last due date, with all lines. In one
shape each payment came nine days late and paid all, in the other each was 5.00 short as well, so that every payment
meets two instalments and every instalment has a rest that goes on accruing. Times are CPU times.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from math import log

from bench.figures import Figure, at_most
from portal.core.assessment import assess
from portal.core.days import add_months
from portal.core.facts import Instalment, LoanFacts, Payment
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms

SIZES = (12, 120, 1200)
AGES = (1, 3, 10, 30)
AIM_MICROSECONDS = 150
AIM_EXPONENT = 1.1
AIM_AGE = 1.1
ROUND_SECONDS = 0.005
LATE = timedelta(days=9)
RATE_CHANGE = date(2022, 1, 1)
NINE_NIGHTS = {False: 531, True: 478}
"""What nine nights cost before and after the change of the rate."""

_CEILING = Fraction(24, 100)
_TERMS = Terms(
    product="bench",
    contract_type="bank_loan",
    penalty_base="overdue_instalment",
    grace_days=0,
    late_fee=0,
    late_fee_after_days=0,
    allocation_strategy="by_instalment",
    component_order=DEFAULT_ORDER,
    accrues_while_disputed=True,
    rates=(
        RateRow(date(1900, 1, 1), Fraction(1, 2000), _CEILING),
        RateRow(RATE_CHANGE, Fraction(9, 20000), _CEILING),
    ),
)


def late_loan(count: int, short: bool) -> LoanFacts:
    """A loan of so many instalments, each paid nine days late: in full with its penalty, or short."""
    first = date(2021, 1, 5)
    due_days = [add_months(first, month) for month in range(count)]
    instalments = tuple(Instalment(number, day, 112_000, 6_000, 0) for number, day in enumerate(due_days, start=1))
    payments = tuple(
        Payment(f"P{number:05}", day + LATE, 117_500 if short else 118_000 + NINE_NIGHTS[day >= RATE_CHANGE])
        for number, day in enumerate(due_days, start=1)
    )
    return LoanFacts("bench", "CNY", 112_000 * count, date(2020, 12, 5), _TERMS, instalments, payments)


def measure(effort: float = 1.0) -> Iterator[Figure]:
    """Cost by size and shape, growth, and cost by age."""
    for shape, short in (("paid late in full", False), ("paid late and short", True)):
        cost = {size: microseconds(late_loan(size, short), 3, effort) for size in SIZES}
        for size, spent in cost.items():
            what = f"{size} instalments, {size} payments, each {shape}"
            if size == SIZES[0]:
                yield at_most(what, spent, AIM_MICROSECONDS, " µs")
            else:
                yield Figure(what, f"{spent:,.0f} µs")
            yield Figure("    loans a second", f"{1e6 / spent:,.0f}")
        exponent = log(cost[SIZES[-1]] / cost[SIZES[0]]) / log(SIZES[-1] / SIZES[0])
        yield at_most(f"growth exponent from {SIZES[0]} to {SIZES[-1]}, {shape}", exponent, AIM_EXPONENT, digits=2)
    yield from _by_age(effort)
    yield Figure("yardstick: a loop of 1,000 multiplications", f"{seconds_each(_yardstick, effort) * 1e6:,.0f} µs")


def _by_age(effort: float) -> Iterator[Figure]:
    facts = late_loan(SIZES[0], short=True)
    youngest = microseconds(facts, AGES[0], effort)
    for years in AGES[1:]:
        ratio = microseconds(facts, years, effort) / youngest
        yield at_most(f"cost of a debt of {years} years against one of {AGES[0]}", ratio, AIM_AGE, digits=2)


def microseconds(facts: LoanFacts, years_later: int, effort: float) -> float:
    """What one assessment costs so long after the last due date."""
    day = add_months(facts.instalments[-1].due_on, 12 * years_later)
    return seconds_each(lambda: assess(facts, day), effort) * 1e6


def seconds_each(work: Callable[[], object], effort: float) -> float:
    """The least CPU time of one call among many short rounds: other work on the machine only ever adds to it."""
    started = time.process_time()
    work()
    once = max(time.process_time() - started, 1e-6)
    calls = max(1, int(ROUND_SECONDS / once))
    best = float("inf")
    for _ in range(max(5, int(effort / (calls * once)))):
        started = time.process_time()
        for _ in range(calls):
            work()
        best = min(best, (time.process_time() - started) / calls)
    return best


def _yardstick() -> int:
    """Tells how fast the machine is, so that times of two machines can be compared."""
    total = 0
    for number in range(1_000):
        total += number * 7
    return total
