"""The chain of balances: each one is the one before it plus the amount between them.

It proves a statement. Where it holds, no row is missing, changed or out of place; where it does not, it says
between which rows. Points are counted between rows: point 0 lies before the first row, point n after the last.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import gcd

from portal.core.statement import StatementRow

ROUNDED_TO = 10
"""Some banks print everything rounded to a tenth, so that their balances miss each other by one; nothing else is
taken for rounding."""

ROWS_TO_SHOW_IT = 5

MOST_ROUNDINGS = 5
"""How many roundings may add up where several rows lie between two printed balances."""


@dataclass(frozen=True, slots=True)
class Link:
    """The rows between two neighbouring known balances; `off_by` is what does not add up.

    `is_veiled`: a covered row lies between them, so nothing can be said.
    """

    start: int
    end: int
    off_by: int
    slack: int
    is_veiled: bool

    @property
    def holds(self) -> bool:
        """Does it add up, but for the bank's own rounding?"""
        return self.is_veiled or abs(self.off_by) <= self.slack


class Chain:
    """The balances of one account over its rows in order; a balance may be unknown at any point."""

    def __init__(self, rows: Sequence[StatementRow], opening: int | None = None, closing: int | None = None) -> None:
        self.rows = rows
        self._sums = [0, *accumulate(row.amount for row in rows)]
        self._anchors = _anchors(rows, opening, closing)
        self._points = [point for point, _ in self._anchors]
        self._veiled = [0, *accumulate(row.covered for row in rows)]
        step = gcd(*(row.amount for row in rows), *(balance for _, balance in self._anchors))
        self._slack = ROUNDED_TO if step == ROUNDED_TO and len(rows) >= ROWS_TO_SHOW_IT else 0

    @property
    def proves_itself(self) -> bool:
        """Are there at least two balances, so that a missing row would show?"""
        return len(self._anchors) > 1

    @property
    def has_balances(self) -> bool:
        """Is there a balance anywhere?"""
        return bool(self._anchors)

    def links(self, start: int = 0, end: int | None = None) -> Iterator[Link]:
        """The links that lie between two points or reach across one of them."""
        end = len(self.rows) if end is None else end
        for (first, before), (last, after) in pairwise(self._anchors):
            touches = (first < end and last > start) or start <= first == last <= end
            if touches:
                yield Link(
                    first,
                    last,
                    after - before - (self._sums[last] - self._sums[first]),
                    self._slack * min(last - first, MOST_ROUNDINGS),
                    self._veiled[last] > self._veiled[first],
                )

    def at(self, point: int) -> int | None:
        """The balance at a point: as printed, else counted from the nearest one before, else from the next."""
        return next(iter(self.witnesses(point)), None)

    def witnesses(self, point: int) -> tuple[int, ...]:
        """The balance at a point as the known ones on either side have it; where the chain holds they agree.

        One altered row or balance can mislead one side only.
        """
        before = bisect_right(self._points, point) - 1
        after = bisect_left(self._points, point + 1)
        seen = [self._carried(index, point) for index in (before, after) if 0 <= index < len(self._anchors)]
        return tuple(balance for balance in seen if balance is not None)

    def is_printed(self, point: int) -> bool:
        """Does the file itself state the balance at this point?"""
        index = bisect_left(self._points, point)
        return index < len(self._points) and self._points[index] == point

    def _carried(self, index: int, point: int) -> int | None:
        known_at, balance = self._anchors[index]
        low, high = min(known_at, point), max(known_at, point)
        if self._veiled[high] > self._veiled[low]:
            return None
        return balance + self._sums[point] - self._sums[known_at]


def _anchors(rows: Sequence[StatementRow], opening: int | None, closing: int | None) -> list[tuple[int, int]]:
    printed = [(point, row.balance) for point, row in enumerate(rows, 1)]
    ends = [(0, opening), *printed, (len(rows), closing)]
    return [(point, balance) for point, balance in ends if balance is not None]


# --- The order in which rows happened -------------------------------------------------------------------------


def in_order(rows: Sequence[StatementRow], opening: int | None = None) -> list[int]:
    """The rows' places in the order in which they happened: by day, and within a day as the balances link.

    The order of the file stands where the balances do not show another one.
    """
    ordered: list[int] = []
    before = opening
    by_day = sorted(range(len(rows)), key=lambda place: rows[place].day)
    for _, places in groupby(by_day, key=lambda place: rows[place].day):
        day = _day_in_order(rows, list(places), before)
        ordered += day
        last = rows[day[-1]]
        before = None if last.covered else before if last.balance is None else last.balance
    return ordered


def _day_in_order(rows: Sequence[StatementRow], places: list[int], before: int | None) -> list[int]:
    if len(places) == 1 or any(rows[place].balance is None for place in places):
        return places
    choices = [places, places[::-1]]
    if all(_missed(rows, choice, before) for choice in choices):
        trail = _trail(rows, places, before)
        choices += [trail] if trail else []
    return min(choices, key=lambda choice: _missed(rows, choice, before))


def _missed(rows: Sequence[StatementRow], places: Iterable[int], before: int | None) -> int:
    return disorder((rows[place] for place in places), before)


def disorder(rows: Iterable[StatementRow], before: int | None = None) -> int:
    """By how much the balances miss each other over these rows, in this order; 0 where they link.

    Over a covered row nothing can be said.
    """
    missed = 0
    known = before
    for row in rows:
        if row.covered:
            known = None
            continue
        expected = None if known is None else known + row.amount
        if row.balance is not None and expected is not None:
            missed += abs(row.balance - expected)
        known = expected if row.balance is None else row.balance
    return missed


def _trail(rows: Sequence[StatementRow], places: list[int], before: int | None) -> list[int] | None:
    """The one walk that uses every row once, each beginning where the last ended (Hierholzer); None: there is none.

    The balances met are the same whichever walk is found, and so are its ends.
    """
    leaving: dict[int, list[int]] = defaultdict(list)
    surplus: dict[int, int] = defaultdict(int)
    for place in reversed(places):
        balance = rows[place].balance or 0
        leaving[balance - rows[place].amount].append(place)
        surplus[balance - rows[place].amount] += 1
        surplus[balance] -= 1
    starts = [balance for balance, count in surplus.items() if count > 0]
    if len(starts) > 1 or any(abs(count) > 1 for count in surplus.values()):
        return None
    first = places[0]
    start = starts[0] if starts else (rows[first].balance or 0) - rows[first].amount
    if not starts and before is not None and leaving.get(before):
        start = before
    waiting: list[tuple[int, int | None]] = [(start, None)]
    trail: list[int] = []
    while waiting:
        at, arrived_by = waiting[-1]
        if leaving[at]:
            taken = leaving[at].pop()
            waiting.append((rows[taken].balance or 0, taken))
        else:
            waiting.pop()
            if arrived_by is not None:
                trail.append(arrived_by)
    return trail[::-1] if len(trail) == len(places) else None


def without_repeats(rows: Sequence[StatementRow], opening: int | None = None) -> list[StatementRow]:
    """The rows in order, a page that occurs twice counted once: repeats go only if the chain is better for it."""
    ordered = [rows[place] for place in in_order(rows, opening)]
    seen: set[tuple[object, ...]] = set()
    once: list[StatementRow] = []
    for row in rows:
        key = (row.day, row.at, row.amount, row.balance, row.text)
        if row.balance is None or key not in seen:
            once.append(row)
        seen.add(key)
    if len(once) == len(rows):
        return ordered
    once = [once[place] for place in in_order(once, opening)]
    return once if disorder(once, opening) < disorder(ordered, opening) else ordered
