"""What somebody has left each month by their own figures, and how much of it a plan takes.

Amounts are minor units a month. Smaller payments are kept more often: half of what is left is where a warning begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portal.core.money import round_half_up
from portal.core.pay_dates import PAYMENTS_A_YEAR, Rhythm

_MONTHS_A_YEAR = PAYMENTS_A_YEAR["monthly"]


@dataclass(frozen=True, slots=True)
class Household:
    """What a person says comes in and goes out each month: `income`, `spending`, what `others` lenders are paid.

    `running` is the most that the person's own contracts ask for in one month while a plan runs; nobody types it.
    ValueError for negative figures.
    """

    income: int
    spending: int = 0
    others: int = 0
    running: int = 0

    def __post_init__(self) -> None:
        if min(self.income, self.spending, self.others, self.running) < 0:
            raise ValueError("what comes in and goes out is never negative")

    @property
    def left_over(self) -> int:
        """What is left after all of it, below zero if it does not suffice."""
        return self.income - self.spending - self.others - self.running

    @property
    def half(self) -> int:
        """Half of what is left, rounded down; nothing where nothing is left."""
        return max(0, self.left_over) // 2

    def most(self, rhythm: Rhythm) -> int:
        """The largest payment in a rhythm that takes no more than half of what is left, rounded down."""
        return max(0, self.left_over) * _MONTHS_A_YEAR // (2 * PAYMENTS_A_YEAR[rhythm])

    def share(self, payment: int, rhythm: Rhythm) -> Fraction | None:
        """Which part of what is left a payment in a rhythm takes, in whole percents; None where nothing is left."""
        if self.left_over <= 0:
            return None
        exact = a_month(payment, rhythm) / self.left_over
        return Fraction(round_half_up(100 * exact.numerator, exact.denominator), 100)

    def is_above_half(self, payment: int, rhythm: Rhythm) -> bool:
        """Whether a payment in a rhythm takes more than half of what is left."""
        return 2 * a_month(payment, rhythm) > max(0, self.left_over)


def a_month(payment: int, rhythm: Rhythm) -> Fraction:
    """What payments in a rhythm come to in a month."""
    return Fraction(payment * PAYMENTS_A_YEAR[rhythm], _MONTHS_A_YEAR)


def most_in_a_month(dated: Iterable[tuple[date, int]]) -> int:
    """The largest sum of dated amounts in one calendar month."""
    months: dict[tuple[int, int], int] = {}
    for day, amount in dated:
        months[day.year, day.month] = months.get((day.year, day.month), 0) + amount
    return max(months.values(), default=0)
