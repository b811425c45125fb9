"""How one cell of an import file is read: text in, a plain value out, or the reason why not. Pure.

Values are what both databases and a hash can take as they are: text, integers, ISO dates, None.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import phonenumbers

from portal.core import money as amounts

Value: TypeAlias = str | int | None
Reader: TypeAlias = Callable[[str], Value]

LARGEST_AMOUNT = 10**15
LONGEST_TEXT = 500
HIGHEST_DAILY_RATE = Fraction(1, 100)
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
SPREADSHEET = "a spreadsheet has changed it: format the column as text and export again"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_SCIENTIFIC = re.compile(r"[0-9.,]+[eE]\+?[0-9]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PART = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_FRACTION = re.compile(rf"(?P<over>{_PART})(?:/(?P<under>{_PART}))?")
_LAST_FOUR = re.compile(r"[0-9A-Z]{4}")

UNSUPPORTED_BASES = {
    "late_fee": "a penalty on a late fee is not supported: fees never bear penalty",
    "whole_loan": "a penalty on the whole loan instead of on its overdue instalments is not supported",
    "penalty": "penalty on penalty is not supported: it is never charged here",
    "interest": "a separate rate on overdue interest is not supported",
}


class Unfit(ValueError):
    """A cell that can not be taken; its text is the reason, in words for the operator."""


def text(cell: str) -> str:
    """A name or reference: no control characters, at most 500 characters."""
    if not cell.isprintable() and any(unicodedata.category(mark) == "Cc" for mark in cell):
        raise Unfit("holds a line break or another control character")
    if len(cell) > LONGEST_TEXT:
        raise Unfit(f"is longer than {LONGEST_TEXT} characters")
    return cell


def one_of(words: Iterable[str]) -> Reader:
    """A word of a list."""
    known = tuple(words)
    allowed = frozenset(known)

    def read(cell: str) -> str:
        if cell not in allowed:
            raise Unfit(f"is not known: one of {', '.join(known)}")
        return cell

    return read


def penalty_base(cell: str) -> str:
    """A supported penalty base; the others are refused with why (domain.md 2)."""
    if cell in UNSUPPORTED_BASES:
        raise Unfit(UNSUPPORTED_BASES[cell])
    return str(one_of(("overdue_principal", "overdue_instalment"))(cell))


@lru_cache(maxsize=16_384)
def day(cell: str) -> str:
    """A date such as 2026-03-05."""
    if not _DATE.fullmatch(cell):
        raise Unfit("is not a date such as 2026-03-05")
    try:
        year = date.fromisoformat(cell).year
    except ValueError:
        raise Unfit("is not a day of the calendar") from None
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise Unfit(f"is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return cell


def is_day(cell: str) -> bool:
    """Whether a cell can be read as a date."""
    try:
        return bool(day(cell))
    except Unfit:
        return False


def instant(cell: str) -> int:
    """A time with its offset, such as 2026-03-05T08:12:00+08:00, as microseconds since 1970."""
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        raise Unfit("is not a time such as 2026-03-05T08:12:00+08:00") from None
    if moment.tzinfo is None:
        raise Unfit("has no offset: write it as 2026-03-05T08:12:00+08:00")
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise Unfit(f"is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return (moment - EPOCH) // timedelta(microseconds=1)


def flag(cell: str) -> int:
    """0 or 1."""
    if cell not in {"0", "1"}:
        raise Unfit("is neither 0 nor 1")
    return int(cell)


def whole(lowest: int = 0, highest: int = 999_999_999) -> Reader:
    """A whole number within bounds, both included."""

    def read(cell: str) -> int:
        if not _WHOLE.fullmatch(cell):
            raise Unfit("is not a whole number")
        number = int(cell)
        if not lowest <= number <= highest:
            raise Unfit(f"is not between {lowest} and {highest}")
        return number

    return read


@lru_cache(maxsize=65_536)
def money(cell: str, currency: str) -> int:
    """A decimal in major units, as minor units of the currency."""
    try:
        amount = amounts.parse_major(cell, currency)
    except ValueError as refused:
        raise Unfit(_without_value(str(refused), cell)) from None
    if amount > LARGEST_AMOUNT:
        raise Unfit("is larger than any loan")
    return amount


def currency(cell: str) -> str:
    """An ISO 4217 code."""
    if cell not in amounts.MINOR_DIGITS:
        raise Unfit("is not a currency of ISO 4217")
    return cell


def fraction(cell: str) -> Fraction:
    """An exact fraction: `0.0005` or `0.175/360`."""
    match = _FRACTION.fullmatch(cell)
    if "%" in cell:
        raise Unfit("is a percentage: write 0.0005 for 0.05 %")
    if match is None:
        raise Unfit("is not a rate such as 0.0005 or 0.175/360")
    under = Fraction(match["under"] or 1)
    if under == 0:
        raise Unfit("divides by zero")
    return Fraction(match["over"]) / under


def daily_rate(cell: str) -> str:
    """A daily rate as a reduced fraction (`1/2000`); above 0.01 it is probably a percentage."""
    rate = fraction(cell)
    if rate > HIGHEST_DAILY_RATE:
        raise Unfit("is above 0.01 a day, so it is probably a percentage: write 0.0005 for 0.05 %")
    return str(rate)


def annual_ceiling(cell: str) -> str:
    """A yearly ceiling as a reduced fraction; above 1 it is probably a percentage."""
    ceiling = fraction(cell)
    if ceiling > 1:
        raise Unfit("is above 1 a year, so it is probably a percentage: write 0.24 for 24 %")
    return str(ceiling)


def component_order(components: tuple[str, ...]) -> Reader:
    """All components, each once, such as `fee>penalty>interest>principal`."""

    def read(cell: str) -> str:
        order = [part.strip() for part in cell.split(">")]
        if sorted(order) != sorted(components):
            raise Unfit(f"does not name each of {', '.join(components)} once, with > between them")
        return ">".join(order)

    return read


def mobile(region: str | None) -> Reader:
    """A mobile number in international form; without a country code it belongs to the lender's region."""

    def read(cell: str) -> str:
        number = unicodedata.normalize("NFKC", cell)
        if _SCIENTIFIC.fullmatch(number):
            raise Unfit(f"is no mobile number: {SPREADSHEET}")
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            raise Unfit("is no mobile number, or lacks its country code (+86 ...)") from None
        # By length only: the tables of prefixes age, and a wrong refusal would stop a whole import.
        if not phonenumbers.is_possible_number_for_type(parsed, phonenumbers.PhoneNumberType.MOBILE):
            raise Unfit("has too few or too many digits for a mobile number")
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    return read


def last_four(cell: str) -> str:
    """The last four characters of an ID or account number; full-width digits and a small x are the same."""
    characters = unicodedata.normalize("NFKC", cell).upper()
    if len(characters) < 4 and characters.isdigit():
        raise Unfit(f"has {len(characters)} characters instead of four; leading zeros are lost, {SPREADSHEET}")
    if not _LAST_FOUR.fullmatch(characters):
        raise Unfit("is not the last four characters (digits, letters) of the number")
    return characters


def language(cell: str) -> str:
    """A BCP 47 tag such as zh or zh-Hans."""
    if not _LANGUAGE.fullmatch(cell):
        raise Unfit("is not a language such as zh or en")
    return cell


def time_zone(cell: str) -> str:
    """An IANA time zone."""
    try:
        return ZoneInfo(cell).key
    except (KeyError, ValueError, OSError):
        raise Unfit("is not a time zone such as Asia/Shanghai") from None


def _without_value(reason: str, cell: str) -> str:
    return reason.removeprefix(repr(cell)).strip()
