"""Amounts, days and rates as words.md 4 writes them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from portal.core.lines import Line
from portal.platform import formats, labels
from portal.platform.i18n import speaking

ZH, EN = "zh", "en"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking(EN):
        yield


@pytest.mark.parametrize(
    ("language", "minor", "currency", "words"),
    [
        (EN, 118000, "CNY", "CN¥1,180.00"),
        (ZH, 118000, "CNY", "¥1,180.00"),
        (EN, -708, "CNY", "−CN¥7.08"),
        (ZH, -708, "CNY", "−¥7.08"),
        (EN, 1180, "JPY", "JP¥1,180"),
        (EN, 1, "KWD", "KWD\xa00.001"),
        (EN, 99999999999999, "CNY", "CN¥999,999,999,999.99"),
    ],
)
def test_money(language: str, minor: int, currency: str, words: str) -> None:
    with speaking(language):
        assert formats.money(minor, currency).replace("KWD0", "KWD\xa00") == words


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        ("1/2000", "0.05%", "0.05%（万分之五）"),
        ("1/125", "0.8%", "0.8%（千分之八）"),
        ("7/14400", "0.175 ÷ 360", "0.175 ÷ 360"),
        ("0.000493", "0.0493%", "0.0493%"),
        ("1/7", "1 ÷ 7", "1 ÷ 7"),
    ],
)
def test_rate_of_a_night(value: str, english: str, chinese: str) -> None:
    assert formats.rate(Fraction(value)) == english
    with speaking(ZH):
        assert formats.rate(Fraction(value)) == chinese


def test_rate_of_a_year() -> None:
    assert formats.percent(Fraction(73, 400)) == "18.25%"
    assert formats.percent(Fraction(24, 100)) == "24%"
    assert formats.percent(Fraction(1, 3)) == "33.33%"


def test_days_and_times() -> None:
    day = date(2026, 3, 5)
    assert formats.long_date(day) == "5 March 2026"
    assert formats.short_date(day) == "5 Mar 2026"
    assert formats.short_date(day, 2026) == "5 March"
    assert formats.date_range(date(2026, 3, 6), date(2026, 3, 17)).replace("\u2009", "") == "6–17 March 2026"
    assert formats.clock_time(datetime(2026, 3, 5, 10, tzinfo=UTC), "Asia/Shanghai") == "18:00"
    with speaking(ZH):
        assert formats.long_date(day) == "2026年3月5日"
        assert formats.date_range(date(2026, 3, 6), date(2026, 3, 17)) == "2026年3月6日至17日"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Fraction(59), "0.59"),
        (Fraction(118, 2), "0.59"),
        (Fraction(1005, 17), "0.59117647…"),
        (Fraction(118001, 1000), "1.18001"),
        (Fraction(0), "0.00"),
        (Fraction(-1, 2), "−0.005"),
        (Fraction(123456789), "1,234,567.89"),
    ],
)
def test_exact_amounts(value: Fraction, words: str) -> None:
    assert labels.exact(value, "CNY") == words


def test_exact_amounts_of_other_currencies() -> None:
    assert labels.exact(Fraction(3, 2), "JPY") == "1.5"
    assert labels.exact(Fraction(3), "JPY") == "3"
    assert labels.exact(Fraction(2, 3), "CNY", digits=4) == "0.0067"


def test_nights_are_opened() -> None:
    first, last, rate = date(2026, 3, 6), date(2026, 3, 7), Fraction(1, 2000)
    line = Line("nights", first, last, 2, 118_001, rate, None, 118, charged_before=(1, 3))
    assert labels.opened_nights(line, "CNY") == [
        ("6 Mar 2026", "0.590005", "0.59333833…"),
        ("7 Mar 2026", "0.590005", "1.18334333…"),
    ]


def test_words_of_codes() -> None:
    assert labels.fingerprint("3fa90c71d2e8aaaa") == "3fa9 0c71 d2e8"
    assert labels.parts_words([("interest", 100), ("penalty", 2)], "CNY", "bank_loan") == "Interest 1.00, Penalty 0.02"
    assert labels.waiver_cause("typhoon of 3 May") == "typhoon of 3 May"
    with speaking("zh"):
        assert [labels.channel_word(code) for code in ("transfer", "Debit", "WIRE-7", "")] == [
            "银行转账",
            "自动扣款",
            "WIRE-7",
            "",
        ]
    assert [labels.language_name(tag) for tag in ("zh", "en", "xx")] == ["简体中文", "English", "xx"]
    assert formats.file_size(20_000_000) == "20\u00a0MB"
    assert formats.file_size(1) == "1\u00a0kB"


def test_every_code_has_words() -> None:
    from portal.loans.tables import ATTEMPT_RESULTS, COMPONENTS, CONTRACT_TYPES

    assert all(labels.debit_result(result) for result in ATTEMPT_RESULTS)
    assert all(labels.component_word(part, kind) for part in COMPONENTS for kind in CONTRACT_TYPES)
    assert all(formats.contract_word(kind) for kind in CONTRACT_TYPES)
