"""Amounts of money: integers of a currency's minor unit, read, written, rounded and split without losing any.

Currencies and their minor digits are the active ones of ISO 4217 (list one), units of account such as CLF
included; funds, metals and codes for testing are left out.
"""

import re

_DIGITS_OTHER_THAN_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_TWO_DIGITS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR
    ZMW ZWG
"""

MINOR_DIGITS: dict[str, int] = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **{code: digits for digits, codes in _DIGITS_OTHER_THAN_TWO.items() for code in codes.split()},
}
"""Digits after the point of every currency that can be used."""

_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?")


def minor_digits(currency: str) -> int:
    """How many digits the currency has after the point. ValueError for a code that is not in ISO 4217."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency") from None


def parse_major(text: str, currency: str, *, signed: bool = False) -> int:
    """Read a plain decimal in major units as minor units: "12.5" in CNY is 1250.

    ValueError with a plain reason for anything but digits and one point, for more digits than the currency
    has, and for a minus sign unless `signed`.
    """
    digits = minor_digits(currency)
    match = _DECIMAL.fullmatch(text.strip(" \t"))
    if match is None:
        raise ValueError(f"{text!r} is not a plain decimal number such as 1234.50")
    if match["sign"] and not signed:
        raise ValueError(f"{text!r} is negative")
    part = match["part"] or ""
    if len(part) > digits:
        raise ValueError(f"{text!r} has more than {digits} digits after the point ({currency})")
    amount = int(match["whole"] + part.ljust(digits, "0"))
    return -amount if match["sign"] else amount


def format_major(amount: int, currency: str) -> str:
    """Write minor units as a plain decimal in major units: 1250 in CNY is "12.50"."""
    digits = minor_digits(currency)
    sign = "-" if amount < 0 else ""
    figures = str(abs(amount)).rjust(digits + 1, "0")
    return sign + (f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures)


def round_half_up(numerator: int, denominator: int) -> int:
    """The whole number nearest to the fraction, a half going up (domain.md 3.7). The denominator is
    positive."""
    return (2 * numerator + denominator) // (2 * denominator)


def split_evenly(total: int, parts: int) -> tuple[int, ...]:
    """Split an amount into parts that differ by one minor unit at most, the larger ones first."""
    if parts < 1:
        raise ValueError("an amount is split into at least one part")
    each, left = divmod(total, parts)
    return (each + 1,) * left + (each,) * (parts - left)
