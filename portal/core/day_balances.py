"""The balances of one day, proven by the rows around it: what the four readings of the funds rule look at."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, time

from portal.core.balance_chain import Chain, Link
from portal.core.joined_statements import Joined, PlacedRow
from portal.core.statement import Note


class DayBalances:
    """The due date between the last row before it and the first one after it."""

    def __init__(self, group: Joined, day: date, amount: int) -> None:
        self._day = day
        self._amount = amount
        self._rows = group.rows
        self._chain: Chain = group.chain
        days = [placed.row.day for placed in group.rows]
        self._first = bisect_left(days, day)
        self._last = bisect_right(days, day)
        self._seen = [self._chain.witnesses(point) for point in range(self._first, self._last + 1)]

    @property
    def cited(self) -> Sequence[tuple[PlacedRow, int | None]]:
        """The rows that an answer rests on, each with the balance after it: of the day, the one before, the one
        after."""
        places = range(max(0, self._first - 1), min(self._last + 1, len(self._rows)))
        return [(self._rows[place], self._chain.at(place + 1)) for place in places]

    @property
    def is_known(self) -> bool:
        """Is there a balance at every point of the day?"""
        return all(self._seen)

    def obstacles(self) -> list[Note]:
        """What stands between these rows and an answer: covered rows, no balances, a broken chain."""
        covered = sum(placed.row.covered for placed, _ in self.cited)
        if covered:
            return [Note("rows_covered", {"count": covered})]
        if not self.is_known:
            veiled = any(link.is_veiled for link in self._links())
            return [Note("rows_covered", {"count": 1})] if veiled else [Note("no_balance")]
        broken = next((link for link in self._links() if not link.holds), None)
        return [self._broken(broken)] if broken else []

    def _links(self) -> Sequence[Link]:
        """Every link that the day needs: all of the next day with rows, or of the one before where none follows.

        The rows of one day may have been put into the order in which they add up best, so that a link in it that does
        not hold leaves the others unproven too.
        """
        days = [placed.row.day for placed in self._rows]
        if self._last < len(days):
            return list(self._chain.links(self._first, bisect_right(days, days[self._last])))
        start = bisect_left(days, days[self._first - 1]) if self._first else 0
        return list(self._chain.links(start, len(days)))

    def _broken(self, link: Link) -> Note:
        days = [placed.row.day for placed in self._rows] or [self._day]
        first, last = days[max(link.start - 1, 0)], days[min(link.end, len(days)) - 1]
        return Note("chain_broken", {"from": first.isoformat(), "to": last.isoformat(), "by": link.off_by})

    def balance(self, reading: str) -> int | None:
        """The balance that a reading looks at, as the file has it."""
        balances = [seen[0] for seen in self._seen if seen]
        if not balances:
            return None
        chosen = {"opening": balances[0], "closing": balances[-1], "all_day": min(balances)}
        return chosen.get(reading, max(balances))

    def enough(self, point: int) -> bool | None:
        """Was it enough at this point of the day (0 is its beginning, -1 its end)? None if sources differ."""
        told = {balance >= self._amount for balance in self._seen[point]}
        return told.pop() if len(told) == 1 else None

    @property
    def has_sure_order(self) -> bool:
        """Is it known in which order the day's rows happened: by balances beside them, or by their times?"""
        inner = range(self._first + 1, self._last)
        if all(self._chain.is_printed(point) for point in inner):
            return True
        times = [placed.row.at for placed in self._rows[self._first : self._last]]
        known = [at for at in times if at is not None]
        return len(known) == len(times) and known == sorted(set(known))

    def extremes(self) -> tuple[int, int]:
        """The lowest and highest balance that any order of the day's rows could have led to."""
        start = self._seen[0][0]
        amounts = [placed.row.amount for placed in self._rows[self._first : self._last]]
        return start + sum(each for each in amounts if each < 0), start + sum(each for each in amounts if each > 0)

    def was_there(self, reading: str) -> bool | None:
        """Was the amount there, under this reading? None where rounding or an unknown order leaves it open."""
        if reading == "opening":
            return self.enough(0)
        if reading == "closing":
            return self.enough(-1)
        told = [self.enough(point) for point in range(len(self._seen)) if self._is_sure(point)]
        if reading == "all_day":
            return self._all(told, wanted=True, holds_in_any_order=self.extremes()[0] >= self._amount)
        never = self._all(told, wanted=False, holds_in_any_order=self.extremes()[1] < self._amount)
        return None if never is None else not never

    def _all(self, told: Sequence[bool | None], *, wanted: bool, holds_in_any_order: bool) -> bool | None:
        """Was it so at every point? One sure point to the contrary is enough for a no."""
        if (not wanted) in told:
            return False
        return True if all(each is wanted for each in told) and (self.has_sure_order or holds_in_any_order) else None

    def _is_sure(self, point: int) -> bool:
        at_an_end = point in {0, len(self._seen) - 1}
        return at_an_end or self.has_sure_order or self._chain.is_printed(self._first + point)

    def balance_at(self, moment: time) -> int | None:
        """The balance at a moment of the day, at its lowest where the statement shows no times."""
        rows = self._rows[self._first : self._last]
        if any(placed.row.at is None for placed in rows):
            return self.balance("all_day")
        done = sum(1 for placed in rows if placed.row.at is not None and placed.row.at <= moment)
        return self._seen[done][0] if self._seen[done] else None

    def why(self, reading: str) -> Note:
        """Why this reading cannot be told although nothing is missing: the rows' order, or a rounding too near."""
        if reading in {"all_day", "any_moment"} and not self.has_sure_order:
            return Note("order_unknown", {"date": self._day.isoformat()})
        missed = next((link for link in self._links() if link.off_by), None)
        whole_day = {"from": self._day.isoformat(), "to": self._day.isoformat()}
        return self._broken(missed) if missed else Note("chain_broken", whole_day)
