"""One cell at a time: what is read, and why another is refused."""

from collections.abc import Callable

import pytest

from portal.loans import cells, tables
from portal.loans.cells import Unfit, Value

CHINESE = cells.mobile("CN")
ORDER = cells.component_order(tables.COMPONENTS)


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (cells.daily_rate, "0.0005", "1/2000"),
        (cells.daily_rate, "0.175/360", "7/14400"),
        (cells.daily_rate, "0.01", "1/100"),
        (cells.daily_rate, "0", "0"),
        (cells.annual_ceiling, "1", "1"),
        (cells.annual_ceiling, "0.5/3", "1/6"),
        (CHINESE, "138 0013 8000", "+8613800138000"),
        (CHINESE, "+86-138-0013-8000", "+8613800138000"),
        (CHINESE, "１３８００１３８０００", "+8613800138000"),
        (CHINESE, "+1 415 555 2671", "+14155552671"),
        (cells.last_four, "123x", "123X"),
        (cells.last_four, "１２３Ｘ", "123X"),
        (cells.instant, "1970-01-01T08:00:01+08:00", 1_000_000),
        (cells.day, "2024-02-29", "2024-02-29"),
        (ORDER, "principal > interest>fee>penalty", "principal>interest>fee>penalty"),
        (cells.time_zone, "Asia/Shanghai", "Asia/Shanghai"),
    ],
)
def test_what_is_read(read: Callable[[str], Value], cell: str, value: Value) -> None:
    assert read(cell) == value


@pytest.mark.parametrize(
    ("read", "cell", "reason"),
    [
        (cells.daily_rate, "0.0101", "percentage"),
        (cells.daily_rate, "0.05%", "percentage"),
        (cells.daily_rate, "1/0", "zero"),
        (cells.daily_rate, "-0.1", "not a rate"),
        (cells.daily_rate, "5e-4", "not a rate"),
        (cells.annual_ceiling, "1.01", "percentage"),
        (CHINESE, "1.38E+10", "spreadsheet"),
        (CHINESE, "1380013800", "digits"),
        (CHINESE, "none", "no mobile number"),
        (cells.mobile(None), "13800138000", "country code"),
        (cells.last_four, "123", "spreadsheet"),
        (cells.last_four, "12345", "last four"),
        (cells.instant, "2026-03-05 08:12", "offset"),
        (cells.instant, "yesterday", "time such as"),
        (cells.day, "2026-02-29", "calendar"),
        (cells.day, "20260305", "2026-03-05"),
        (cells.day, "0026-03-05", "years"),
        (cells.text, "a\x00b", "control"),
        (cells.text, "a" * 501, "500"),
        (cells.flag, "true", "neither"),
        (cells.whole(1, 31), "32", "between 1 and 31"),
        (cells.whole(), "1.0", "whole number"),
        (ORDER, "fee>fee>interest>principal", "once"),
        (cells.penalty_base, "whole_loan", "not supported"),
        (cells.penalty_base, "moon", "is not known"),
        (cells.language, "中文", "language"),
        (cells.time_zone, "../../etc/passwd", "time zone"),
        (cells.currency, "cny", "ISO 4217"),
    ],
)
def test_what_is_refused(read: Callable[[str], Value], cell: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        read(cell)


@pytest.mark.parametrize(
    ("cell", "currency", "minor"), [("1", "CNY", 100), ("1.5", "CNY", 150), ("7", "JPY", 7), ("0.001", "KWD", 1)]
)
def test_amounts_are_minor_units(cell: str, currency: str, minor: int) -> None:
    assert cells.money(cell, currency) == minor


@pytest.mark.parametrize(
    ("cell", "currency"), [("1.005", "CNY"), ("1.0", "JPY"), ("-1", "CNY"), ("1e3", "CNY"), ("9" * 30, "CNY")]
)
def test_amounts_that_are_none(cell: str, currency: str) -> None:
    with pytest.raises(Unfit):
        cells.money(cell, currency)
