"""Card numbers are found by their check digit, however they are written; other long numbers stay (EV-16)."""

import pytest

from portal.core.card_numbers import is_card_number, masked, without_numbers


def card(start: str, length: int = 16) -> str:
    """A made-up number of this length with the right check digit."""
    body = start.ljust(length - 1, "0")
    return next(body + str(digit) for digit in range(10) if is_card_number(body + str(digit)))


@pytest.mark.parametrize("length", range(13, 20))
def test_a_card_number_keeps_its_first_six_and_last_four(length: int) -> None:
    number = card("622202", length)
    assert masked(f"to {number}, rent") == f"to 622202…{number[-4:]}, rent"


@pytest.mark.parametrize("gap", [" ", "-", "\u00a0"])
def test_groups_of_four_are_one_number(gap: str) -> None:
    number = card("411111")
    grouped = gap.join(number[at : at + 4] for at in range(0, 16, 4))
    assert masked(f"Card {grouped}") == f"Card 411111…{number[-4:]}"


def test_an_amount_that_follows_stays() -> None:
    number = card("411111")
    grouped = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    assert masked(f"{grouped} 412.55") == f"411111…{number[-4:]} 412.55"


def test_nineteen_digits_and_six_by_four_are_found_too() -> None:
    long = card("622848", 19)
    grouped = " ".join([*(long[at : at + 4] for at in range(0, 16, 4)), long[16:]])
    assert masked(grouped) == f"622848…{long[-4:]}"
    short = card("378282", 15)
    assert masked(f"{short[:4]} {short[4:10]} {short[10:]}") == f"378282…{short[-4:]}"


@pytest.mark.parametrize("text", ["4111111111111112", "2026-03-05 17:32", "1234567890123", "13800138000", "¥1,180.00"])
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to DE02 1203 0000 0000 2020 51, rent", "to …2051, rent"),
        ("to DE02120300000000202051", "to …2051"),
        ("GB82WEST12345698765432 x", "…5432 x"),
        ("转账 6222 0212 0813 7721 张三", "转账 …7721 张三"),
        ("account 110943210987", "account …0987"),
        ("mobile 13800138000", "mobile …8000"),
        ("ref 20260305143010998877665544", "ref …5544"),
    ],
)
def test_who_only_looks_sees_the_end_of_any_account(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


@pytest.mark.parametrize(
    "text", ["2026-03-05 17:32", "20260305", "¥1,180.00", "1234567890.12", "shop 4711", "ATM0305 DE 5 x", "…7721", ""]
)
def test_amounts_days_and_short_numbers_stay(text: str) -> None:
    assert without_numbers(text) == text


def test_a_card_keeps_its_first_six_for_who_only_looks() -> None:
    number = card("622202")
    assert without_numbers(f"to {number}") == f"to 622202…{number[-4:]}"
