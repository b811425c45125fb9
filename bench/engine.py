"""How fast the penalty engine is: loans per second by size, growth, and cost by age of the debt.

Run as `python bench/engine.py`. The loan has as many payments as instalments, each late and a little short,
and is seen three years after its last due date, with all lines.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from math import log

from portal.core.assessment import assess
from portal.core.days import add_months
from portal.core.facts import Instalment, LoanFacts, Payment
from portal.core.terms import DEFAULT_ORDER, RateRow, Terms

SIZES = (12, 120, 1200)
AGES = (1, 3, 10, 30)
AIM_MICROSECONDS = 150
AIM_EXPONENT = 1.1

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
        RateRow(date(2022, 1, 1), Fraction(9, 20000), _CEILING),
    ),
)


def late_loan(count: int) -> LoanFacts:
    """A loan of so many instalments, each paid nine days late and 5.00 short."""
    first = date(2021, 1, 5)
    due_days = [add_months(first, month) for month in range(count)]
    instalments = tuple(Instalment(number, day, 112_000, 6_000, 0) for number, day in enumerate(due_days, start=1))
    payments = tuple(
        Payment(f"P{number:05}", day + timedelta(days=9), 117_500) for number, day in enumerate(due_days, start=1)
    )
    return LoanFacts("bench", "CNY", 112_000 * count, date(2020, 12, 5), _TERMS, instalments, payments)


def seconds_each(work: Callable[[], object], budget: float) -> float:
    """The least time of one call among rounds that take `budget` seconds together."""
    rounds = 7
    started = time.perf_counter()
    work()
    calls = max(1, int(budget / rounds / max(time.perf_counter() - started, 1e-9)))
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (time.perf_counter() - started) / calls)
    return best


def microseconds(facts: LoanFacts, years_later: int, budget: float) -> float:
    """What one assessment costs so long after the last due date."""
    day = add_months(facts.instalments[-1].due_on, 12 * years_later)
    return seconds_each(lambda: assess(facts, day), budget) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each figure (default 1)")
    budget = parser.parse_args().seconds
    cost = {size: microseconds(late_loan(size), 3, budget) for size in SIZES}
    for size, spent in cost.items():
        print(f"{size:>5} instalments: {spent:>9.0f} µs, {1e6 / spent:>8.0f} loans a second")
    print(f"aim for {SIZES[0]} instalments: {AIM_MICROSECONDS} µs")
    exponent = log(cost[SIZES[-1]] / cost[SIZES[0]]) / log(SIZES[-1] / SIZES[0])
    print(f"growth exponent {exponent:.2f} (aim {AIM_EXPONENT})")
    for years in AGES:
        spent = microseconds(late_loan(SIZES[0]), years, budget)
        print(f"debt of {years:>2} years: {spent:>6.0f} µs, {spent / cost[SIZES[0]]:.2f} of one of three years")


if __name__ == "__main__":
    main()
