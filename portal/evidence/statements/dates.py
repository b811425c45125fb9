"""Dates as banks write them, a whole column at once: which part is the day and which the month is said by all of
its cells together, or not at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["dmy", "mdy", "ymd"]

ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST_DAYS = 1_500
"""A statement is not taken to span more than this where its dates can be read in another way too."""

EXCEL_EPOCH = date(1899, 12, 30)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier ene enero gen gennaio januari",
            "feb february februar fev février fevrier febrero febbraio februari fév",
            "mar march mär märz mrz mars marzo maart mrt",
            "apr april avr avril abr abril aprile",
            "may mai mayo mag maggio mei",
            "jun june juni juin junio giu giugno",
            "jul july juli juil juillet julio lug luglio",
            "aug august aoû août aout ago agosto augustus",
            "sep sept september septembre septiembre set settembre",
            "oct october okt oktober octobre octubre ott ottobre",
            "nov november novembre noviembre",
            "dec december dez dezember déc décembre decembre dic diciembre dicembre",
        ),
        1,
    )
    for name in names.split()
}
_TIME = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"([12][0-9]{3})([-/. ])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT = re.compile(r"([12][0-9]{3})([01][0-9])([0-3][0-9])(?:([0-2][0-9])([0-5][0-9])([0-5][0-9]))?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_NO_YEAR = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\.?")
_DAY_NAMED = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|\.)?[-\s/]*([a-zà-ÿ]{3,10})\.?(?:[-\s/,]*([0-9]{4}|[0-9]{2}))?")
_MONTH_NAMED = re.compile(r"([a-zà-ÿ]{3,10})\.?[-\s]*([0-9]{1,2})(?:st|nd|rd|th)?(?:[,\s]+([0-9]{4}))?")
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:\.0+)?")
_ISO_T = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})t(?=[0-9])")
_ZONE = re.compile(r"^\s*(?:z|utc|[+-][0-9]{2}:?[0-9]{2})\s*$")
_WEEKDAY = re.compile(
    r"星期[一二三四五六日天]|周[一二三四五六日]|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b\.?,?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Written:
    """A date as one cell has it: what it can mean by each order of its parts, and its time of day."""

    by_order: dict[Order, date]
    at: time | None = None
    month_day: dict[Order, tuple[int, int]] = field(default_factory=dict)
    """The same of a date without a year, as (month, day)."""

    @property
    def orders(self) -> set[Order]:
        """The orders by which this is a date."""
        return {*self.by_order, *self.month_day}

    @property
    def is_sure(self) -> bool:
        """Do all orders give the same day?"""
        return len({*self.by_order.values(), *self.month_day.values()}) == 1


@dataclass(frozen=True, slots=True)
class Column:
    """The days and times of a column, None where a cell is no date; `unsure` is a cell that leaves two readings."""

    days: tuple[date | None, ...]
    times: tuple[time | None, ...]
    order: Order | None
    unsure: str = ""


@lru_cache(maxsize=8192)
def written(text: str) -> Written | None:
    """What a cell may mean as a date; None for anything else."""
    plain, at = _split_time(text)
    compact = _COMPACT.fullmatch(plain)
    if compact:
        day = _day(int(compact[1]), int(compact[2]), int(compact[3]))
        at = time(int(compact[4]), int(compact[5]), int(compact[6])) if compact[4] and int(compact[4]) < 24 else at
        return _certain(day, at)
    first = _YEAR_FIRST.fullmatch(plain)
    if first:
        return _certain(_day(int(first[1]), int(first[3]), int(first[4])), at)
    return _year_last(plain, at) or _named(plain, at) or _without_year(plain, at)


def _split_time(text: str) -> tuple[str, time | None]:
    plain = unicodedata.normalize("NFKC", text).strip().strip("[]\"'=").casefold()
    plain = _ISO_T.sub(r"\1 ", plain).replace("年", "-").replace("月", "-").replace("日", " ")
    at = None
    clock = _TIME.search(plain)
    if clock:
        at = clock_time(clock[0])
        rest = _ZONE.sub("", plain[clock.end() :])
        plain = f"{plain[: clock.start()]} {rest}"
    return _WEEKDAY.sub(" ", plain).strip(" ,;-"), at


def clock_time(text: str) -> time | None:
    """A time of day: 9:05, 09:05:30, 090530, 9.05 pm."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("[]\"'=").casefold()
    if re.fullmatch(r"[0-9]{5,6}", plain):
        plain = f"{plain.zfill(6)[:2]}:{plain.zfill(6)[2:4]}:{plain.zfill(6)[4:]}"
    clock = _TIME.fullmatch(plain)
    if clock is None:
        return None
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].startswith("p") else 0)
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _day(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _certain(day: date | None, at: time | None) -> Written | None:
    return Written({"dmy": day, "mdy": day, "ymd": day}, at) if day else None


def _year_last(plain: str, at: time | None) -> Written | None:
    parts = _YEAR_LAST.fullmatch(plain)
    if parts is None:
        return None
    a, b, c = int(parts[1]), int(parts[3]), int(parts[4])
    whole_year = len(parts[4]) == 4
    year = c if whole_year else 2000 + c
    tried: dict[Order, date | None] = {"dmy": _day(year, b, a)}
    if parts[2] != ".":
        tried["mdy"] = _day(year, a, b)
    if not whole_year:
        tried["ymd"] = _day(2000 + a, b, c)
    return _of(tried, at)


def _of(tried: dict[Order, date | None], at: time | None) -> Written | None:
    found = {order: day for order, day in tried.items() if day is not None}
    return Written(found, at) if found else None


def _named(plain: str, at: time | None) -> Written | None:
    """5 March 2024, Mar 5, 2024, 05-MAR-24, 5 Mar."""
    named = _DAY_NAMED.fullmatch(plain)
    day_text, name, year = (named[1], named[2], named[3]) if named else ("", "", None)
    if not named:
        named = _MONTH_NAMED.fullmatch(plain)
        if not named:
            return None
        day_text, name, year = named[2], named[1], named[3]
    month = _MONTHS.get(name)
    if month is None:
        return None
    if year is None:
        return _yearless({order: (month, int(day_text)) for order in ORDERS}, at)
    return _certain(_day(int(year) + (2000 if len(year) == 2 else 0), month, int(day_text)), at)


def _without_year(plain: str, at: time | None) -> Written | None:
    parts = _NO_YEAR.fullmatch(plain)
    if parts:
        a, b = int(parts[1]), int(parts[3])
        day_first: dict[Order, tuple[int, int]] = {"dmy": (b, a)}
        month_first: dict[Order, tuple[int, int]] = {"mdy": (a, b), "ymd": (a, b)}
        return _yearless(day_first if parts[2] == "." else day_first | month_first, at)
    serial = _SERIAL.fullmatch(plain)
    return _certain(EXCEL_EPOCH + timedelta(days=int(serial[1])), at) if serial else None


def _yearless(tried: dict[Order, tuple[int, int]], at: time | None) -> Written | None:
    fitting = {order: pair for order, pair in tried.items() if _day(2000, *pair)}
    return Written({}, at, fitting) if fitting else None


def read_column(cells: Sequence[str], period: tuple[date, date] | None = None, hint: Order | None = None) -> Column:
    """The dates of a column. Where several orders fit every cell, the one counts in which the days run one way;
    where that leaves several too, the `hint` of the file's other dates. Beyond that nothing is guessed. `period`
    gives dates without a year theirs.
    """
    seen = [written(cell) for cell in cells]
    times = tuple(each.at if each else None for each in seen)
    fitting = [order for order in ORDERS if all(order in each.orders for each in seen if each)]
    tried = {order: tuple(_resolved(each, order, period) for each in seen) for order in fitting}
    kept = _best(tried, hint)
    if kept is not None:
        return Column(tried[kept], times, kept)
    pairs = zip(cells, seen, strict=True)
    example = next((cell for cell, each in pairs if each and not each.is_sure), "")
    return Column((None,) * len(cells), times, None, unsure=example.strip() or next(iter(cells), ""))


def _best(tried: Mapping[Order, tuple[date | None, ...]], hint: Order | None) -> Order | None:
    """The only order, or one of those that all say the same; else by the days' run, their span, and the hint."""
    left = dict(tried)
    for keeps in (_runs_one_way, _spans_few_years):
        if len(set(left.values())) > 1:
            left = {order: days for order, days in left.items() if keeps(days)} or left
    if len(set(left.values())) == 1:
        return next(iter(left))
    return hint if hint in left else None


def _spans_few_years(days: Sequence[date | None]) -> bool:
    known = [day for day in days if day is not None]
    return not known or (max(known) - min(known)).days <= MOST_DAYS


def hint_of(texts: Iterable[str]) -> Order | None:
    """Whether the day or the month comes first in the other dates of a file, where all that say so agree."""
    told: set[Order] = set()
    for text in texts:
        plain = unicodedata.normalize("NFKC", text)
        for start, end in _places(plain):
            each = written(plain[start:end])
            if each and not each.is_sure:
                continue
            if each and len(each.by_order) == 1:
                told.update(each.by_order)
    return told.pop() if len(told) == 1 else None


def _runs_one_way(days: Sequence[date | None]) -> bool:
    known = [day for day in days if day is not None]
    return all(a <= b for a, b in pairwise(known)) or all(a >= b for a, b in pairwise(known))


def _resolved(each: Written | None, order: Order, period: tuple[date, date] | None) -> date | None:
    if each is None:
        return None
    if each.by_order:
        return each.by_order.get(order)
    if period is None:
        return None
    month, day = each.month_day[order]
    years = range(period[0].year - 1, period[1].year + 2)
    dates = [found for year in years if (found := _day(year, month, day))]
    return min(dates, key=lambda found: _outside(found, period), default=None)


def _outside(day: date, period: tuple[date, date]) -> int:
    return max((period[0] - day).days, (day - period[1]).days, 0)


_LOOSE: tuple[re.Pattern[str], ...] = (
    re.compile(r"[12][0-9]{3}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?"),
    re.compile(r"(?<![0-9])[12][0-9]{3}[01][0-9][0-3][0-9](?![0-9])"),
    re.compile(r"(?<![0-9])[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}(?![0-9])"),
    re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)?[-\s][A-Za-z]{3,9}\.?[-\s,]+[0-9]{4}"),
    re.compile(r"[A-Za-z]{3,9}\.?\s+[0-9]{1,2}(?:st|nd|rd|th)?,?\s+[0-9]{4}"),
)


def dates_in(text: str, order: Order | None) -> list[tuple[date, time | None]]:
    """The dates in a line of prose, each with the time written after it; numeric ones by the file's order."""
    plain = unicodedata.normalize("NFKC", text)
    found = []
    for start, end in sorted(_places(plain)):
        each = written(plain[start:end])
        clock = re.match(r"[\sT]*([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)", plain[end:])
        if each and each.by_order:
            days = set(each.by_order.values())
            day = days.pop() if len(days) == 1 else each.by_order.get(order) if order else None
            if day is not None:
                found.append((day, clock_time(clock[1]) if clock else None))
    return found


def _places(plain: str) -> Iterator[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    for pattern in _LOOSE:
        for match in pattern.finditer(plain):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                yield match.span()
