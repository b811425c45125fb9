"""Words for the codes of a contract: its kind, its parts, results of debits, causes of waivers (words.md 2)."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import count
from math import lcm

from babel.core import UnknownLocaleError

from portal.core.days import each_day
from portal.core.lines import Line
from portal.core.money import minor_digits
from portal.platform import formats
from portal.platform.i18n import gettext as _
from portal.platform.i18n import native_name, pgettext

EXACT_DIGITS = 8
"""Digits after the point of an exact amount that does not end."""


def component_word(component: str, contract_type: str) -> str:
    """What a part of an amount is called: fees, penalty, interest, principal."""
    if component == "penalty":
        return formats.penalty_word(contract_type, start=True)
    return {"fee": _("Fees"), "interest": _("Interest"), "principal": _("Principal")}[component]


def parts_words(parts: Iterable[tuple[str, int]], currency: str, contract_type: str) -> str:
    """Where an amount went, in one line: Interest 120.00, Principal 800.00."""
    said = (
        f"{component_word(component, contract_type)} {formats.amount(amount, currency)}" for component, amount in parts
    )
    return pgettext("between the parts of an amount", ", ").join(said)


def debit_result(code: str) -> str:
    """How a try to debit an account ended."""
    words = {
        "collected": _("collected"),
        "insufficient_funds": _("not enough money on the account"),
        "account_problem": _("the account could not be debited"),
        "not_presented": _("no debit was started"),
    }
    return words[code]


def channel_word(channel: str) -> str:
    """Which way a payment came in; what the lender's system calls it otherwise stands as it was imported."""
    words = {
        "transfer": _("bank transfer"),
        "debit": _("debit"),
        "card": _("card"),
        "app": _("payment app"),
        "cash": _("cash"),
        "counter": _("at a counter"),
        "other": _("another way"),
    }
    return words.get(channel.strip().lower(), channel)


def language_name(tag: str) -> str:
    """What the speakers of a person's language call it; a tag that nobody knows stands as it was imported."""
    try:
        return native_name(tag)
    except (ValueError, UnknownLocaleError):
        return tag


def waiver_cause(cause: str) -> str:
    """Why something is not charged; a cause that the lender wrote itself stands as it was written."""
    words = {
        "dispute": _("your dispute is open"),
        "dispute_upheld": _("you were right in a dispute"),
        "plan": _("your plan is being kept"),
        "promise": _("as agreed with you"),
        "settlement": _("as agreed in a settlement"),
        "hardship": _("support in a hard time"),
        "goodwill": _("waived by us"),
        "our_mistake": _("this was our mistake"),
        "holiday": _("a public holiday"),
    }
    return words.get(cause, cause)


def exact(value: Fraction, currency: str, digits: int | None = None) -> str:
    """An amount of minor units that need not be whole, with all its digits; one that does not end with eight and ….

    With `digits` it is rounded half up to so many after the point.
    """
    least = minor_digits(currency)
    numerator, denominator = abs(value.numerator), value.denominator * 10**least
    sign = formats.MINUS if value < 0 else ""
    if digits is not None:
        scaled = (2 * numerator * 10**digits + denominator) // (2 * denominator)
        return sign + _decimal(scaled, digits, min(least, digits), currency)
    return sign + _all_digits(numerator, denominator, least, currency)


def _all_digits(numerator: int, denominator: int, least: int, currency: str) -> str:
    """A fraction of major units that is not below zero."""
    most = EXACT_DIGITS if (numerator * 10**12) % denominator else 12
    scaled, rest = divmod(numerator * 10**most, denominator)
    return _decimal(scaled, most, most if rest else least, currency) + ("…" if rest else "")


def _decimal(scaled: int, digits: int, least: int, currency: str) -> str:
    """A scaled whole number with its point, without zeros at the end beyond the least number of digits."""
    whole, part = divmod(scaled, 10**digits)
    after = f"{part:0{digits}d}" if digits else ""
    kept = after[:least] + after[least:].rstrip("0")
    return formats.grouped(whole, kept, currency)


def opened_nights(line: Line, currency: str) -> list[tuple[str, str, str]]:
    """Rows of a `nights` line, night by night: the day on which it ends, what it cost exactly, and the sum so far."""
    each, (before, of) = line.night, line.charged_before or (0, 1)
    denominator, least = lcm(each.denominator, of), minor_digits(currency)
    step = each.numerator * (denominator // each.denominator)
    sums = count(before * (denominator // of) + step, step)
    said, denominator = exact(each, currency), denominator * 10**least
    return [
        (formats.short_date(day), said, _all_digits(running, denominator, least, currency))
        for day, running in zip(each_day(line.from_day, line.to_day), sums, strict=False)
    ]


def fingerprint(value: str) -> str:
    """The first twelve digits of a fingerprint in groups that can be read aloud: 3fa9 0c71 d2e8."""
    return " ".join(value[start : start + 4] for start in range(0, 12, 4))
