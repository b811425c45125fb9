"""Amounts in Chinese capitals, against the banks' own examples and by reading them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.chinese_capitals import in_capitals

DIGITS = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (1_180_00, "壹仟壹佰捌拾元整"),
        (1_409_50, "壹仟肆佰零玖元伍角整"),
        (6_007_14, "陆仟零柒元壹角肆分"),
        (1_680_32, "壹仟陆佰捌拾元零叁角贰分"),
        (107_000_53, "壹拾万零柒仟元零伍角叁分"),
        (16_409_02, "壹万陆仟肆佰零玖元零贰分"),
        (325_04, "叁佰贰拾伍元零肆分"),
        (0, "零元整"),
        (5, "伍分"),
        (10, "壹角整"),
        (1_0000_0000_00, "壹亿元整"),
        (1_0000_0001_00, "壹亿零壹元整"),
    ],
)
def test_the_examples_of_the_banks(fen: int, said: str) -> None:
    assert in_capitals(fen) == said


@given(st.integers(0, 10**16 * 100 - 1))
def test_they_read_back_as_the_same_amount(fen: int) -> None:
    said = in_capitals(fen)
    assert read(said) == fen
    assert "零零" not in said


def read(said: str) -> int:
    whole, _sign, part = said.partition("元") if "元" in said else ("", "", said)
    fen = yuan(whole) * 100
    for sign, worth in (("角", 10), ("分", 1)):
        if sign in part:
            fen += DIGITS[part[part.index(sign) - 1]] * worth
    return fen


def yuan(said: str) -> int:
    if said.endswith("万亿"):
        return yuan(said.removesuffix("万亿")) * 10**12
    if "万亿" in said:
        high, _sign, low = said.partition("万亿")
        return yuan(high) * 10**12 + yuan(low)
    for sign, worth in (("亿", 10**8), ("万", 10**4)):
        if sign in said:
            high, _sign, low = said.partition(sign)
            return yuan(high) * worth + yuan(low)
    total = digit = 0
    for sign in said:
        if sign in PLACES:
            total, digit = total + digit * PLACES[sign], 0
        else:
            digit = DIGITS[sign]
    return total + digit


@pytest.mark.parametrize("fen", [-1, 10**18])
def test_what_has_no_capitals_is_refused(fen: int) -> None:
    with pytest.raises(ValueError, match="no capitals"):
        in_capitals(fen)
