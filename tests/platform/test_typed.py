"""Amounts as people type them: the same reading, and the same words, in every field."""

import pytest

from portal.platform.typed import LARGEST, read_amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("1,000.50", "CNY", 100_050),
        ("１０００．５", "CNY", 100_050),
        (" 1 000 ", "JPY", 1_000),
        ("1,234,567.5", "CNY", 123_456_750),
        ("¥500", "CNY", 50_000),
        ("￥500", "JPY", 500),
        ("500元", "CNY", 50_000),
        ("CN¥ 1,180.00", "CNY", 118_000),
        ("USD 12", "USD", 1_200),
        ("0.001", "KWD", 1),
        (str(LARGEST // 100), "CNY", LARGEST),
    ],
)
def test_an_amount_is_read_however_it_is_typed(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "says"),
    [
        ("", "CNY", "in digits"),
        ("-5", "CNY", "in digits"),
        ("1e3", "CNY", "in digits"),
        ("1.005", "CNY", "in digits"),
        ("1000,5", "CNY", "in digits"),
        ("12,34,5", "CNY", "in digits"),
        ("1,0000", "CNY", "in digits"),
        ("1.5,000", "CNY", "in digits"),
        (",500", "CNY", "in digits"),
        ("$500", "CNY", "in digits"),
        ("500元", "USD", "in digits"),
        ("¥", "CNY", "in digits"),
        ("0.00", "CNY", "above zero"),
        (str(LARGEST // 100 + 1), "CNY", "too large"),
        ("9" * 40, "JPY", "too large"),
    ],
)
def test_what_is_no_amount_is_said_by_what_is_wrong_with_it(typed: str, currency: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_amount(typed, currency)


def test_nothing_is_an_amount_where_the_field_allows_it() -> None:
    assert read_amount("0", "CNY", zero=True) == 0
