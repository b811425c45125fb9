"""Reading, writing, rounding and splitting amounts (MO-03)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.money import (
    MINOR_DIGITS,
    format_major,
    minor_digits,
    parse_major,
    round_half_up,
    split_evenly,
)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("CNY", 2), ("KWD", 3), ("CLF", 4)])
def test_currencies_differ_in_their_minor_digits(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["cny", "RMB", "", "XXX", "BTC"])
def test_only_iso_codes_are_currencies(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        minor_digits(code)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.5", "CNY", 1_250),
        ("12", "CNY", 1_200),
        (" 0.01 ", "CNY", 1),
        ("007", "JPY", 7),
        ("1.234", "KWD", 1_234),
    ],
)
def test_a_plain_decimal_is_read_as_minor_units(text: str, currency: str, amount: int) -> None:
    assert parse_major(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("1.001", "CNY", "more than 2 digits"),
        ("1.0", "JPY", "more than 0 digits"),
        ("-1", "CNY", "negative"),
        ("+1", "CNY", "plain decimal"),
        ("1e3", "CNY", "plain decimal"),
        ("1,000.00", "CNY", "plain decimal"),
        ("1 000", "CNY", "plain decimal"),
        ("1.", "CNY", "plain decimal"),
        (".5", "CNY", "plain decimal"),
        ("", "CNY", "plain decimal"),
        ("１", "CNY", "plain decimal"),
        ("NaN", "CNY", "plain decimal"),
        ("1\n", "CNY", "plain decimal"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text: str, currency: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_major(text, currency)


def test_a_sign_is_read_where_it_is_allowed() -> None:
    assert parse_major("-1.5", "CNY", signed=True) == -150


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1_250, "CNY", "12.50"), (5, "CNY", "0.05"), (-5, "CNY", "-0.05"), (7, "JPY", "7"), (1, "KWD", "0.001")],
)
def test_minor_units_are_written_as_a_plain_decimal(amount: int, currency: str, text: str) -> None:
    assert format_major(amount, currency) == text


@given(st.integers(-(10**18), 10**18), st.sampled_from(sorted(MINOR_DIGITS)))
def test_what_is_written_is_read_as_it_was(amount: int, currency: str) -> None:
    assert parse_major(format_major(amount, currency), currency, signed=True) == amount


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(1, 2, 1), (3, 2, 2), (49, 100, 0), (-1, 2, 0), (-3, 2, -1), (4, 2, 2)],
)
def test_a_half_goes_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(0, 10**12), st.integers(1, 120))
def test_a_split_loses_nothing_and_its_parts_differ_by_one_at_most(total: int, parts: int) -> None:
    """MO-05."""
    split = split_evenly(total, parts)
    assert (len(split), sum(split)) == (parts, total)
    assert max(split) - min(split) <= 1


def test_nothing_is_split_into_no_parts() -> None:
    with pytest.raises(ValueError, match="at least one"):
        split_evenly(100, 0)
