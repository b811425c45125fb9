"""Three ready amounts, the smallest first; checked on the simplest plan there is: a sum without any penalty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.suggestions import COUNT, round_down, round_up, suggested

UNIT = 100
MOST = 24


def of(due: int, least: int | None, spare: int | None) -> tuple[int, ...]:
    """The suggestions for a sum to which nothing is ever added."""

    def payments_of(amount: int) -> int | None:
        count = -(-due // amount)
        return count if count <= MOST else None

    def amount_for(count: int) -> int | None:
        return -(-due // (count * UNIT)) * UNIT if count <= MOST else None

    return suggested(least, spare, UNIT, payments_of, amount_for)


@pytest.mark.parametrize(
    ("due", "least", "spare", "expected"),
    [
        # The picture: half of 850.00 and two thirds of it, behind the least that the limits allow.
        (2_183_84, 364_00, 850_00, (364_00, 425_00, 550_00)),
        # Nothing said: the least, then fewer payments at round amounts.
        (2_183_84, 364_00, None, (364_00, 550_00, 750_00)),
        (2_183_84, 364_00, 0, (364_00, 550_00, 750_00)),
        # Half of what is left is below the limits: it comes first all the same.
        (2_183_84, 364_00, 600_00, (300_00, 364_00, 400_00)),
        # So little is left that half of it would never end.
        (2_183_84, 364_00, 100_00, (364_00,)),
        # Much is left: nobody is led to pay most of it.
        (2_183_84, 364_00, 4_000_00, (364_00, 2_000_00, 2_600_00)),
        # What pays everything at once is offered once.
        (50_00, 50_00, None, (50_00,)),
        (50_00, 10_00, 500_00, (10_00, 250_00)),
        # No amount keeps the limits.
        (1_200_00, None, None, (100_00, 150_00, 200_00)),
    ],
)
def test_amounts(due: int, least: int | None, spare: int | None, expected: tuple[int, ...]) -> None:
    assert of(due, least, spare) == expected


@pytest.mark.parametrize(
    ("amount", "down", "up"),
    [
        (566_66, 550_00, 600_00),
        (1_466_00, 1_400_00, 1_500_00),
        (97_00, 95_00, 100_00),
        (7_50, 7_00, 8_00),
        (2_99, 2_00, 3_00),
        (550_00, 550_00, 550_00),
    ],
)
def test_round_amounts(amount: int, down: int, up: int) -> None:
    assert (round_down(amount, UNIT), round_up(amount, UNIT)) == (down, up)


@given(st.integers(1, 10**9), st.integers(1, 10**7), st.one_of(st.none(), st.integers(-(10**6), 10**9)))
def test_they_ascend_end_and_never_lead_towards_the_most(due: int, units: int, spare: int | None) -> None:
    least = units * UNIT if -(-due // (units * UNIT)) <= MOST else None
    found = of(due, least, spare)
    assert len(found) <= COUNT
    assert list(found) == sorted(set(found))
    assert all(amount >= UNIT and amount % UNIT == 0 and -(-due // amount) <= MOST for amount in found)
    if spare is not None and spare > 0 and least is not None:
        assert all(amount <= spare for amount in found if amount != least)
        assert min(found) <= max(spare // 2, least)
