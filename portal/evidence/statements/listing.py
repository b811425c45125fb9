"""The lists that banks' and wallets' apps show: no table, each booking a small block of two or three lines.

    12-08 现金支取      -12,600.00
    2024-12-08      余额 27,687.80

A line with money that is no balance and no sum opens a block; its date stands in the block or above a group of
blocks, its year perhaps only above the month. The block becomes a row of a table with the usual names.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from portal.evidence.statements import marks
from portal.evidence.statements.words import Cell, Grid, Line, Word, lines_of, segments

NAMES = ("交易日期", "交易时间", "交易摘要", "交易金额", "账户余额")
KINDS = ("date", "time", "text", "amount", "balance")
HANGING = 0.8  # of the lines between bookings, before all are taken to hang on the same side
LEAST_BLOCKS = 2

_MONTH = re.compile(r"((?:19|20)\d\d) ?[-/.年] ?(\d{1,2}) ?月?(?![-/.\d])")
_SUMS = re.compile(
    r"^(?:总?(?:支出|收入|流入|流出|转入|转出)|合计|共|expenses?|income|spent|received|total)", re.IGNORECASE
)
_WEEKDAYS = re.compile(
    r"星期[一二三四五六日天]|周[一二三四五六日天]|今天|昨天|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|[\s,()]",
    re.IGNORECASE,
)
_DAY_AND_MONTH = re.compile(r"(\d{1,2})\D+(\d{1,2})")


@dataclass(frozen=True, slots=True)
class _Block:
    """What one booking shows."""

    amount: Word
    balance: Word | None
    words: tuple[Word, ...]


def listing_of(words: Iterable[Word]) -> Grid | None:
    """The list on these pages as a table, None when it shows no run of bookings."""
    lines = lines_of(words)
    anchors = [at for at, line in enumerate(lines) if _amount_of(line) is not None]
    if len(anchors) < LEAST_BLOCKS or _is_table(lines, anchors):
        return None
    owners = _owners(lines, anchors)
    above: list[tuple[Cell, ...]] = []
    rows: list[tuple[Cell, ...]] = []
    dates = _Dates("\n".join(line.text for line, owner in zip(lines, owners, strict=True) if owner is None))
    for at, line in enumerate(lines):
        if owners[at] is None:
            dates.see(line)
            above.append(segments(line))
        if at in anchors:
            block = _block([lines[own] for own, owner in enumerate(owners) if owner == at], line)
            rows.append(_row(block, dates))
    return Grid(tuple(above), NAMES, KINDS, tuple(rows))


def _amount_of(line: Line) -> Word | None:
    """The amount of the booking that the line opens: money that is no balance, no sum and stands last."""
    if marks.is_total(line.text):
        return None
    found = None
    for before, word in zip((None, *line.words), line.words, strict=False):
        labelled = before is not None and (marks.is_balance_label(before.text) or _SUMS.match(marks.plain(before.text)))
        if marks.is_amount(word.text) and not labelled:
            found = word
    return found


def _is_table(lines: Sequence[Line], anchors: Sequence[int]) -> bool:
    """Does many a line bear two bare amounts? Which is the balance would be a guess: that is a table without names."""
    bare = [sum(marks.is_amount(word.text) for word in lines[at].words) for at in anchors]
    return sum(count > 1 for count in bare) * 10 > len(anchors)


def _owners(lines: Sequence[Line], anchors: Sequence[int]) -> list[int | None]:
    """The booking to which each line belongs; None for a date over a group, a month, a letterhead, a footer.

    In one list all lines hang on the same side of the line with the amount: what the lines between the first and
    the last booking show also holds for those before and after.
    """
    steps = [lines[b].middle - lines[a].middle for a, b in pairwise(anchors) if lines[a].page == lines[b].page]
    reach = median(steps) if steps else 4 * lines[anchors[0]].height
    loose = [at for at in range(len(lines)) if at not in anchors and not _is_group_head(at, lines, anchors)]
    nearest = {at: _nearest(at, lines, anchors) for at in loose}
    inner = [nearest[at] < at for at in loose if anchors[0] < at < anchors[-1]]
    below = sum(inner) / len(inner) if inner else 0.5
    owners: list[int | None] = [at if at in anchors else None for at in range(len(lines))]
    for at in loose:
        if below >= HANGING:
            owner = max((anchor for anchor in anchors if anchor < at), default=None)
        elif below <= 1 - HANGING:
            owner = min((anchor for anchor in anchors if anchor > at), default=None)
        else:
            owner = nearest[at]
        if owner is not None and lines[owner].page == lines[at].page:
            near = abs(lines[owner].middle - lines[at].middle) < reach
            owners[at] = owner if near else None
    return owners


def _nearest(at: int, lines: Sequence[Line], anchors: Sequence[int]) -> int:
    def distance(anchor: int) -> tuple[int, float, int]:
        other_page = lines[anchor].page != lines[at].page
        return other_page, round(abs(lines[anchor].middle - lines[at].middle)), anchor

    return min(anchors, key=distance)


def _hangs_below(at: int, lines: Sequence[Line], anchors: Sequence[int]) -> bool:
    """Does a line with a day alone stand nearer to the booking above it than to the one below?"""
    if _MONTH.match(marks.plain(lines[at].text)) or _SUMS.match(marks.plain(lines[at].text)):
        return False
    up = max((anchor for anchor in anchors if anchor < at), default=None)
    down = min((anchor for anchor in anchors if anchor > at), default=None)
    if up is None or down is None:
        return up is not None
    return lines[at].middle - lines[up].middle < 0.8 * (lines[down].middle - lines[at].middle)


def _is_group_head(at: int, lines: Sequence[Line], anchors: Sequence[int]) -> bool:
    """A month with or without its sums, or a day that stands alone over the bookings of that day."""
    return _may_head(lines[at]) and not _hangs_below(at, lines, anchors)


def _may_head(line: Line) -> bool:
    text = marks.plain(line.text)
    if _MONTH.match(text) and not marks.full_date(text):
        return True
    rest = text.replace(marks.full_date(text) or marks.short_date(text) or "\0", "", 1)
    bare = _WEEKDAYS.sub("", rest)
    if marks.has_date(text) and not bare:
        return not _beside_balance(line) and not marks.time_of_day(text)
    return bool(_SUMS.match(text))


def _beside_balance(line: Line) -> bool:
    return any(marks.labelled_balance(word.text) or marks.is_balance_label(word.text) for word in line.words)


def _block(lines: Sequence[Line], anchor: Line) -> _Block:
    (amount,) = filter(None, (_amount_of(anchor),))
    words = [word for line in lines for word in line.words if word is not amount]
    balance: Word | None = None
    rest: list[Word] = []
    waiting = False
    for word in words:
        labelled = marks.labelled_balance(word.text)
        if labelled:
            balance = replace(word, text=labelled, readings=_unlabelled(word.readings))
        elif waiting and marks.is_amount(word.text):
            balance = word
        elif not marks.is_balance_label(word.text):
            rest.append(word)
        waiting = marks.is_balance_label(word.text)
    return _Block(amount, balance, tuple(rest))


def _unlabelled(readings: Sequence[str]) -> tuple[str, ...]:
    return tuple(rest for rest in map(marks.labelled_balance, readings) if rest)


class _Dates:
    """The dates that stand above groups, carried down to the bookings under them."""

    def __init__(self, above: str) -> None:
        days = sorted(_in_order_of_year(day) for day in marks.full_dates(above))
        self._period = (days[0], days[-1]) if len(days) > 1 else ()
        self._years = sorted(set(re.findall(r"(?<!\d)((?:19|20)\d\d)(?= ?[-/.年] ?\d)", above)))
        self._year = ""
        self._day: tuple[Word, ...] = ()

    def see(self, line: Line) -> None:
        """Take note of a month or a day."""
        text = marks.plain(line.text)
        month = _MONTH.match(text)
        if month:
            self._year, self._day = month[1], ()
        if marks.full_date(text) and len(marks.full_dates(text)) == 1:
            self._day = tuple(replace(word, text=marks.full_date(text)) for word in line.words[:1])
        elif marks.short_date(text):
            self._day = line.words

    def of(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The date of a booking: its own with a year, its own day in the year of its group, or its group's."""
        full = next((word for word in words if marks.full_date(word.text)), None)
        short = next((word for word in words if marks.short_date(word.text)), None)
        if full is not None:
            said = replace(full, text=marks.full_date(full.text))
            return (said if short is None or _same_day(said.text, short.text) else replace(said, confidence=0.0),)
        if short is not None:
            return self._in_year(short)
        if self._day and not marks.full_date(self._day[0].text):
            return self._in_year(self._day[0])
        return self._day

    def _in_year(self, word: Word) -> tuple[Word, ...]:
        """With the year of its month's heading, or else the only year in which the day lies in the period shown."""
        parts = _DAY_AND_MONTH.search(marks.short_date(word.text))
        if parts is None:
            return ()
        day = f"{int(parts[1]):02}-{int(parts[2]):02}"
        fitting = [self._year] if self._year else [year for year in self._years if self._covers(f"{year}-{day}")]
        return (replace(word, text=f"{fitting[0]}-{day}"),) if len(fitting) == 1 else ()

    def _covers(self, day: str) -> bool:
        return not self._period or self._period[0] <= day <= self._period[1]


def _same_day(full: str, short: str) -> bool:
    return [int(part) for part in re.findall(r"\d+", full)][1:] == [
        int(part) for part in re.findall(r"\d+", marks.short_date(short))
    ]


def _in_order_of_year(day: str) -> str:
    """2026年3月5日 as 2026-03-05, so that days compare as texts."""
    parts = re.findall(r"\d+", day)
    return "-".join(part.zfill(2) for part in parts) if len(parts[0]) == 4 else day


def _row(block: _Block, dates: _Dates) -> tuple[Cell, ...]:
    times = [replace(word, text=marks.time_of_day(word.text)) for word in block.words if marks.time_of_day(word.text)]
    text = [word for word in block.words if not marks.full_date(word.text)]
    return (
        Cell(dates.of(block.words)),
        Cell(tuple(times[:1])),
        Cell(tuple(text)),
        Cell((block.amount,)),
        Cell((block.balance,) if block.balance else ()),
    )
