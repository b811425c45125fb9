"""Amounts, dates, times, rates and sizes in the reader's language (words.md 4). All return plain text.

Babel gives the words and signs once per language; a cell of a table costs under a microsecond.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, get_currency_symbol, get_decimal_symbol, get_group_symbol

from portal.core.chinese_capitals import in_capitals
from portal.core.money import minor_digits
from portal.platform.i18n import gettext as _
from portal.platform.i18n import language, pgettext

MINUS = "\N{MINUS SIGN}"
_WRITTEN = {"CNY": ("元", "\N{YEN SIGN}"), "JPY": ("円", "\N{YEN SIGN}")}
"""How people write a currency besides its symbols."""

_CHINESE_DIGITS = "零一二三四五六七八九"


@cache
def locale_of(tag: str) -> Locale:
    """The conventions of a language; English ones are British."""
    return Locale.parse("en_GB" if tag == "en" else tag.replace("-", "_"))


# --- Amounts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Signs:
    before: str
    after: str
    group: str
    point: str
    digits: int


@cache
def _signs(currency: str, tag: str) -> _Signs:
    locale = locale_of(tag)
    sample = format_currency(1, currency, locale=locale)
    places = [place for place, mark in enumerate(sample) if mark.isdigit()]
    before = sample[: places[0]]
    return _Signs(
        before=before + "\N{NO-BREAK SPACE}" if before[-1:].isalpha() else before,
        after=sample[places[-1] + 1 :],
        group=get_group_symbol(locale),
        point=get_decimal_symbol(locale),
        digits=minor_digits(currency),
    )


def amount(minor: int, currency: str) -> str:
    """An amount of minor units without the currency's sign: 1,180.00."""
    signs = _signs(currency, language())
    figures = _figures(abs(minor), signs)
    return MINUS + figures if minor < 0 else figures


def money(minor: int, currency: str) -> str:
    """An amount with the currency's sign: CN¥1,180.00."""
    signs = _signs(currency, language())
    figures = f"{signs.before}{_figures(abs(minor), signs)}{signs.after}"
    return MINUS + figures if minor < 0 else figures


def capitals(minor: int, currency: str) -> str:
    """人民币壹仟壹佰捌拾元整: an amount as a Chinese paper writes it once (words.md 4); empty where none does so."""
    is_written_so = currency == "CNY" and minor >= 0 and language().startswith("zh")
    return f"人民币{in_capitals(minor)}" if is_written_so else ""


def currency_signs(currency: str) -> tuple[str, str]:
    """What stands before and behind an amount of a currency."""
    signs = _signs(currency, language())
    return signs.before, signs.after


@dataclass(frozen=True, slots=True)
class FigureSigns:
    """What may stand in an amount as typed: what parts thousands, the point, and the currency's own signs."""

    group: str
    point: str
    currency: tuple[str, ...]


def figure_signs(currency: str) -> FigureSigns:
    """Those of the reader's language."""
    return _figure_signs(currency, language())


@cache
def _figure_signs(currency: str, tag: str) -> FigureSigns:
    locale = locale_of(tag)
    symbols = {get_currency_symbol(currency, each) for each in (locale, locale_of("en"), locale_of("zh"))}
    written = sorted({currency, *symbols, *_WRITTEN.get(currency, ())}, key=len, reverse=True)
    return FigureSigns(get_group_symbol(locale), get_decimal_symbol(locale), tuple(written))


def _figures(minor: int, signs: _Signs) -> str:
    if not signs.digits:
        return f"{minor:,}".replace(",", signs.group)
    whole, part = divmod(minor, 10**signs.digits)
    grouped = f"{whole:,}" if signs.group == "," else f"{whole:,}".replace(",", signs.group)
    return f"{grouped}{signs.point}{part:0{signs.digits}d}"


def grouped(whole: int, digits_after: str, currency: str) -> str:
    """A number with these digits after the point, in the signs of a currency's amounts."""
    signs = _signs(currency, language())
    figures = f"{whole:,}".replace(",", signs.group)
    return f"{figures}{signs.point}{digits_after}" if digits_after else figures


# --- Days and times -------------------------------------------------------------------------------------------


def long_date(day: date) -> str:
    """5 March 2026."""
    return _long_date(day, language())


@lru_cache(maxsize=4096)
def _long_date(day: date, tag: str) -> str:
    return format_date(day, "long", locale=locale_of(tag))


def short_date(day: date, this_year: int | None = None) -> str:
    """5 March in the current year, else 5 Mar 2026."""
    return _short_date(day, day.year == this_year, language())


@lru_cache(maxsize=4096)
def _short_date(day: date, without_year: bool, tag: str) -> str:
    locale = locale_of(tag)
    if not without_year:
        return format_date(day, "medium", locale=locale)
    return format_date(day, locale.datetime_skeletons["MMMMd"].pattern, locale=locale)


def date_range(first: date, last: date) -> str:
    """6–17 March 2026; both days belong to it."""
    return long_date(first) if first == last else _date_range(first, last, language())


@lru_cache(maxsize=4096)
def _date_range(first: date, last: date, tag: str) -> str:
    locale = locale_of(tag)
    differs = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    patterns = [part.replace("MMM", "MMMM") for part in locale.interval_formats["yMMMd"][differs]]
    days = zip((first, last), patterns, strict=True)
    return "".join(format_date(day, pattern, locale=locale) for day, pattern in days)


def clock_time(moment: datetime | time, zone: str) -> str:
    """18:00, in the lender's zone."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(ZoneInfo(zone)).time()
    return format_time(moment, "HH:mm", locale=locale_of("en"))


def full_minute(instant: datetime) -> datetime:
    """Rounded up, so that what is said by the clock holds when the clock shows it."""
    if (instant.second, instant.microsecond) == (0, 0):
        return instant
    return instant.replace(second=0, microsecond=0) + timedelta(minutes=1)


def moment(instant: datetime, zone: str) -> str:
    """A day with its time: 5 March 2026, 18:00."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{long_date(local.date())}{' ' if language() == 'zh' else ', '}{clock_time(local.time(), zone)}"


# --- Rates and sizes ------------------------------------------------------------------------------------------


def rate(value: Fraction | str) -> str:
    """A night's rate with all its digits, 0.05%; one that does not end as a fraction, 0.175 ÷ 360."""
    return _rate(Fraction(value), language())


@lru_cache(maxsize=1024)
def _rate(value: Fraction, tag: str) -> str:
    ended = _decimal(value * 100)
    if ended is None:
        days = next((days for days in (360, 365, 366) if _decimal(value * days) is not None), None)
        if days is None:
            return f"{value.numerator} ÷ {value.denominator}"
        return f"{_decimal(value * days)} ÷ {days}"
    return f"{ended}%{_spoken(value) if tag == 'zh' else ''}"


def percent(value: Fraction | str) -> str:
    """A yearly rate or share, at most two digits after the point: 18.25%."""
    return _percent(Fraction(value))


@lru_cache(maxsize=1024)
def _percent(value: Fraction) -> str:
    hundredths = round_half_up(value * 10_000)
    sign, hundredths = (MINUS, -hundredths) if hundredths < 0 else ("", hundredths)
    whole, part = divmod(hundredths, 100)
    return f"{sign}{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"


def round_half_up(value: Fraction) -> int:
    """The nearest whole number, halves upwards."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _decimal(value: Fraction) -> str | None:
    """A fraction as a decimal, if it ends within 12 digits."""
    for digits in range(13):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            figures = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            sign = MINUS if scaled < 0 else ""
            return sign + (f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures)
    return None


def _spoken(value: Fraction) -> str:
    for base, words in ((1_000, "千分之"), (10_000, "万分之")):
        times = value * base
        if times.denominator == 1 and 0 < times < 100:
            return f"（{words}{_chinese(times.numerator)}）"
    return ""


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    spoken = "" if not tens else ("十" if tens == 1 else f"{_CHINESE_DIGITS[tens]}十")
    return spoken + (_CHINESE_DIGITS[ones] if ones or not tens else "")


def file_size(size: int) -> str:
    """Bytes as 20 MB or 850 kB, rounded up; a line never breaks before the unit."""
    if size >= 1_000_000:
        tenths = -(-size // 100_000)
        return f"{tenths / 10:g}\u00a0MB"
    return f"{max(1, -(-size // 1000))}\u00a0kB"


# --- Words of the contract ------------------------------------------------------------------------------------


def penalty_word(*contract_types: str, start: bool = False) -> str:
    """What being late costs, as the contract calls it; `start` where a sentence or heading begins with it."""
    kinds = {"bank_loan" if kind == "bank_loan" else "other" for kind in contract_types}
    if len(kinds) > 1:
        return _("Penalties") if start else _("penalties")
    if kinds == {"bank_loan"}:
        return pgettext("bank_loan", "Penalty") if start else pgettext("bank_loan", "penalty")
    return pgettext("contract_penalty", "Penalty") if start else pgettext("contract_penalty", "penalty")


def contract_word(contract_type: str) -> str:
    """What the contract is called: loan, lease or sales contract."""
    words = {"bank_loan": _("loan"), "finance_lease": _("lease"), "sales_credit": _("sales credit")}
    return words[contract_type]
