"""The rows of a table as bookings: day, amount, balance; and which rows are none, or could not be read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby, pairwise

from portal.core.balance_chain import in_order
from portal.core.statement import Note, StatementRow
from portal.evidence.statements import signs
from portal.evidence.statements.dates import Column, clock_time
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.numbers import COVERED, Figure, Mark, decimal_mark, figure, is_empty, minor_units
from portal.evidence.statements.preamble import CLOSING, OPENING, TOTAL

MOST_NOTES = 40
"""More stretches of unreadable rows than this are told as one."""

NOT_BOOKED = re.compile(
    r"关闭|失败|撤销|取消|作废|未入账|处理中|等待|待入账|cancel|fail|declin|revert|pending|reject|void|unpaid|vorgemerkt",
    re.IGNORECASE,
)

_OF_A_PAGE = re.compile(r"小计|本页|subtotal|page", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is a booking and could not be read: where it stands, and its day where that is clear."""

    place: int
    line: int
    day: date | None


class Bookings:
    """Reads the rows below a header, in the file's own order."""

    def __init__(
        self, meanings: Mapping[int, Meaning], dates: Column, digits: int, unclear: frozenset[int] = frozenset()
    ) -> None:
        self._meanings = meanings
        self._places_of = {meaning: place for place, meaning in reversed([*meanings.items()])}
        self._dates = dates
        self._digits = digits
        self._unclear = unclear
        self._mark: Mark = "."
        self._debits_are_negative = False
        self._direction_column: int | None = None
        self._has_signs = False
        self._last_day: date | None = None
        self.figures: list[Figure | None] = []
        self.rows: list[StatementRow] = []
        self.unreadable: list[Unreadable] = []
        self.opening: int | None = None
        self.closing: int | None = None
        self.from_day: date | None = None
        self.to_day: date | None = None
        self.left_out = 0
        self._places: list[int] = []
        self._declared: dict[Meaning, int] = {}
        self._summed: dict[Meaning, int] = {"credit": 0, "debit": 0}

    @property
    def counted(self) -> int:
        """How many bookings the file shows, those that came to nothing included."""
        return len(self.rows) + len(self.unreadable) + self.left_out

    def read(self, body: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Read all rows; what came of it is in the attributes."""
        self._survey([row for _, row in body])
        for place, (line, row) in enumerate(body):
            if any(cell.strip() for cell in row):
                self._take(place, line, row)

    # --- What the whole table shows ---

    def _survey(self, rows: Sequence[Sequence[str]]) -> None:
        known = zip(rows, self._dates.days, strict=True)
        dated = [row for row, day in known if day is not None and not self._is_covered(row)]
        money: tuple[Meaning, ...] = ("amount", "credit", "debit", "balance")
        self.figures = [figure(self._of(row, meaning)) for row in dated for meaning in money]
        self._mark = decimal_mark(self.figures)
        debits = [each for row in dated if (each := figure(self._of(row, "debit"))) and each.body.strip("0.,")]
        self._debits_are_negative = bool(debits) and all(each.sign == "-" for each in debits)
        amounts = [each for row in dated if (each := figure(self._of(row, "amount")))]
        self._has_signs = any(each.sign or each.side for each in amounts)
        self._direction_column = self._find_direction(dated)

    def _find_direction(self, dated: Sequence[Sequence[str]]) -> int | None:
        named = next((place for place, meaning in self._meanings.items() if meaning == "direction"), None)
        if named is not None or self._has_signs or "amount" not in self._meanings.values():
            return named
        width = max((len(row) for row in dated), default=0)
        for place in range(width):
            words = [row[place].strip() if place < len(row) else "" for row in dated]
            if self._meanings.get(place) in {None, "text"} and all(signs.direction(word) for word in words):
                return place
        return None

    def _of(self, row: Sequence[str], meaning: Meaning) -> str:
        place = self._places_of.get(meaning)
        return row[place].strip() if place is not None and place < len(row) else ""

    # --- One row ---

    def _take(self, place: int, line: int, row: Sequence[str]) -> None:
        day = self._dates.days[place]
        if self._is_covered(row):
            self._take_covered(place, line, day or (self._last_day if is_empty(self._of(row, "date")) else None))
            return
        texts = " ".join(cell.strip() for cell in row if cell.strip())
        if self._is_about_all(row, texts, day):
            return
        status = self._of(row, "status")
        if status and NOT_BOOKED.search(status):
            self.left_out += day is not None
            return
        amount_cells = [self._of(row, meaning) for meaning in ("amount", "credit", "debit")]
        says_an_amount = any(not is_empty(cell) for cell in amount_cells)
        balance = self._money(self._of(row, "balance"))
        if day is None:
            day = self._inherited(row, amount_cells, balance)
            if day is None:
                if says_an_amount and any(figure(cell) for cell in amount_cells):
                    self.unreadable.append(Unreadable(place, line, None))
                return
        amount = self._amount(row)
        if amount is None:
            if says_an_amount or balance is not None:
                self.unreadable.append(Unreadable(place, line, day))
            return
        if amount == "neither":
            self.left_out += 1
            return
        self._last_day = day
        self._places.append(place)
        self.rows.append(StatementRow(line, day, self._time(place, row), int(amount), balance, self._text(row)))

    def _is_covered(self, row: Sequence[str]) -> bool:
        return any(self._of(row, meaning) == COVERED for meaning in ("amount", "credit", "debit"))

    def _take_covered(self, place: int, line: int, day: date | None) -> None:
        """A line of which only its day may be known: something was there."""
        if day is None:
            self.unreadable.append(Unreadable(place, line, None))
            return
        self._last_day = day
        self._places.append(place)
        self.rows.append(StatementRow(line, day, None, 0, None, covered=True))

    def _is_about_all(self, row: Sequence[str], texts: str, day: date | None) -> bool:
        """A row that speaks of the whole: a balance carried over, or totals."""
        empty = all(not self._money(self._of(row, meaning)) for meaning in ("amount", "credit", "debit"))
        balance = self._money(self._of(row, "balance"))
        if empty or day is None:
            for pattern, name in ((OPENING, "opening"), (CLOSING, "closing")):
                if pattern.search(texts):
                    stated = balance if balance is not None else self._only_figure(row)
                    self._state(name, stated, day)
                    return True
        if day is None and TOTAL.search(texts):
            self._note_totals(row, texts)
            return True
        return False

    def _note_totals(self, row: Sequence[str], texts: str) -> None:
        """The sums that a line at the end states of all money in and out; a page's own do not count."""
        for meaning in ("credit", "debit"):
            stated = self._money(self._of(row, meaning))
            if stated is not None and not _OF_A_PAGE.search(texts):
                self._declared[meaning] = abs(stated)

    @property
    def totals_differ(self) -> bool:
        """Does the file state sums that its rows do not come to?"""
        if any(row.covered for row in self.rows):
            return False  # what was covered is not known
        return any(self._summed[meaning] != stated for meaning, stated in self._declared.items())

    def _only_figure(self, row: Sequence[str]) -> int | None:
        told = {value for cell in row if (value := self._money(cell)) is not None}
        return told.pop() if len(told) == 1 else None

    def _state(self, name: str, balance: int | None, day: date | None) -> None:
        if balance is None:
            return
        if name == "opening" and self.opening is None:
            self.opening = balance
            self.from_day = day + timedelta(days=1) if day else None
        if name == "closing":
            self.closing = balance
            self.to_day = day - timedelta(days=1) if day else None

    def _inherited(self, row: Sequence[str], amounts: Sequence[str], balance: int | None) -> date | None:
        """A date that is printed once for all rows of its day."""
        if not is_empty(self._of(row, "date")) or self._last_day is None or balance is None:
            return None
        given = [cell for cell in amounts if figure(cell)]
        return self._last_day if len(given) == 1 else None

    def _money(self, text: str) -> int | None:
        if is_empty(text):
            return None
        found = figure(text)
        value = minor_units(found.body, self._mark, self._digits) if found else None
        if found is None or value is None:
            return None
        return -value if found.sign == "-" or found.side == "debit" else value

    def _amount(self, row: Sequence[str]) -> int | str | None:
        """The signed amount; None where it cannot be read, "neither" where a wallet counts it as no movement."""
        if "credit" in self._meanings.values():
            return self._from_two_columns(row)
        value = self._money(self._of(row, "amount"))
        if value is None or self._direction_column is None:
            return value
        word = row[self._direction_column].strip() if self._direction_column < len(row) else ""
        way = signs.direction(word)
        if way is None or way == "neither":
            has_balance = "balance" in self._meanings.values() and not is_empty(self._of(row, "balance"))
            return None if has_balance or (way is None and word) else "neither"
        return value if way == "in" else -abs(value)

    def _from_two_columns(self, row: Sequence[str]) -> int | None:
        texts = self._of(row, "credit"), self._of(row, "debit")
        credit, debit = (0 if is_empty(text) else self._money(text) for text in texts)
        if credit is None or debit is None or all(is_empty(text) for text in texts) or (credit and debit):
            return None
        self._summed["credit"] += credit
        self._summed["debit"] += abs(debit)
        return credit + debit if self._debits_are_negative else credit - debit

    def _time(self, place: int, row: Sequence[str]) -> time | None:
        own = self._dates.times[place]
        return clock_time(self._of(row, "time").split(" ")[-1]) if own is None or own == time(0) else own

    def _text(self, row: Sequence[str]) -> str:
        parts = [
            row[place].strip() for place, meaning in self._meanings.items() if meaning == "text" and place < len(row)
        ]
        return " ".join(part for part in parts if not is_empty(part))[:200]

    # --- All rows together ---

    def in_order_of_happening(self, opening: int | None) -> tuple[tuple[StatementRow, ...], list[Note]]:
        """The rows oldest first with proven signs, and what a reader of them must know."""
        newest_first = self._is_newest_first()
        rows = self.rows[::-1] if newest_first else list(self.rows)
        unsigned = not self._has_signs and self._direction_column is None and "credit" not in self._meanings.values()
        settled = signs.settled(rows, opening, are_unsigned=unsigned)
        ordered = tuple(settled[place] for place in in_order(settled, opening))
        notes = [
            *self._unreadable_notes(newest_first=newest_first),
            *self._unclear_notes(),
            *self._order_notes(settled),
            *covered_notes(settled),
        ]
        if not any(row.balance is not None for row in ordered):
            notes.append(Note("no_balance"))
        return ordered, notes

    def _is_newest_first(self) -> bool:
        steps = [(after.day - before.day).days for before, after in pairwise(self.rows)]
        down, up = sum(step < 0 for step in steps), sum(step > 0 for step in steps)
        return down > up

    def _order_notes(self, rows: Sequence[StatementRow]) -> Iterator[Note]:
        for before, after in pairwise(rows):
            if after.day < before.day:
                yield Note("out_of_order", {"row": after.line})
                return

    def _unclear_notes(self) -> Iterator[Note]:
        marred = [row for row in self.rows if row.line in self._unclear]
        for day, rows in groupby(sorted(marred, key=lambda row: row.day), key=lambda row: row.day):
            yield Note("image_unclear", {"count": len(list(rows)), "from": day.isoformat(), "to": day.isoformat()})

    def _unreadable_notes(self, *, newest_first: bool) -> list[Note]:
        """Each stretch of unreadable rows with the days between which it lies."""
        stretches: list[list[Unreadable]] = []
        readable = set(self._places)
        for each in self.unreadable:
            previous = stretches[-1][-1] if stretches else None
            if previous and not any(previous.place < place < each.place for place in readable):
                stretches[-1].append(each)
            else:
                stretches.append([each])
        if len(stretches) > MOST_NOTES:
            return [Note("rows_unreadable", {"count": len(self.unreadable), "lines": _lines(self.unreadable)})]
        return [self._stretch(stretch, newest_first=newest_first) for stretch in stretches]

    def _stretch(self, rows: Sequence[Unreadable], *, newest_first: bool) -> Note:
        data: dict[str, str | int] = {"count": len(rows), "lines": _lines(rows)}
        known = [row.day for row in rows if row.day is not None]
        if len(known) == len(rows):
            return Note("rows_unreadable", data | {"from": min(known).isoformat(), "to": max(known).isoformat()})
        before = [row.day for place, row in zip(self._places, self.rows, strict=True) if place < rows[0].place]
        after = [row.day for place, row in zip(self._places, self.rows, strict=True) if place > rows[-1].place]
        first, last = (after[:1], before[-1:]) if newest_first else (before[-1:], after[:1])
        if first:
            data["from"] = min(*first, *known).isoformat() if known else first[0].isoformat()
        if last:
            data["to"] = max(*last, *known).isoformat() if known else last[0].isoformat()
        return Note("rows_unreadable", data)


def covered_notes(rows: Sequence[StatementRow]) -> list[Note]:
    """How many lines were covered before the file was sent, for whoever looks at it."""
    count = sum(row.covered for row in rows)
    return [Note("lines_covered", {"count": count})] if count else []


def _lines(rows: Sequence[Unreadable]) -> str:
    return ", ".join(str(row.line) for row in rows[:10]) + (" …" if len(rows) > 10 else "")
