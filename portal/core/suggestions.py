"""Three ready amounts for a plan, the smallest first; never the most that somebody could pay.

Amounts are minor units a payment, in whole major units. Pure: what an amount comes to is asked of whoever knows.
"""

from collections.abc import Callable
from typing import TypeAlias

COUNT = 3

PaymentsOf: TypeAlias = Callable[[int], int | None]
"""How many payments an amount takes, None if it never ends."""
AmountFor: TypeAlias = Callable[[int], int | None]
"""The least amount that finishes in so many payments, None if none does."""

_FIRST_TRIED = 12
"""Where no amount keeps the limits: as many payments as a product allows that says nothing (domain.md 10)."""
_LEADING = 3


def suggested(
    least: int | None, spare: int | None, unit: int, payments_of: PaymentsOf, amount_for: AmountFor
) -> tuple[int, ...]:
    """Up to three amounts, ascending, each of which ends in other payments or at another amount than the last.

    `least` is the smallest that keeps the limits, `spare` what is left a payment by the person's own figures. With
    something left: the least, half of it, two thirds of it, whichever of them end; above what is left nothing is ever
    suggested but the least. Without: the least, then fewer and fewer payments at round amounts.
    """
    begin = least if least is not None else _first(amount_for)
    known = spare is not None and spare > 0
    wished = [begin] if begin else []
    if known and spare is not None:
        wished += [spare // 2 // unit * unit, round_down(spare * 2 // 3, unit)]
    found: list[int] = []
    for amount in sorted(set(wished)):
        if amount >= unit and _adds(found, amount, payments_of):
            found.append(amount)
    while found and len(found) < COUNT:
        faster = _faster(found[-1], unit, payments_of, amount_for)
        if faster is None or (known and spare is not None and faster > spare):
            break
        found.append(faster)
    return tuple(found[:COUNT])


def round_down(amount: int, unit: int) -> int:
    """A round amount in whole units, not above this one: 566 becomes 550, 1466 becomes 1400, 97 becomes 95."""
    return amount // (step := _step(amount, unit)) * step


def round_up(amount: int, unit: int) -> int:
    """A round amount in whole units, not below this one."""
    return -(-amount // (step := _step(amount, unit))) * step


def _step(amount: int, unit: int) -> int:
    whole = str(max(1, amount // unit))
    if len(whole) < 2:
        return unit
    size = int(10 ** (len(whole) - 2))
    return unit * size * (5 if int(whole[0]) >= _LEADING else 1)


def _first(amount_for: AmountFor) -> int | None:
    counts = range(_FIRST_TRIED, 0, -1)
    return next((amount for count in counts if (amount := amount_for(count)) is not None), None)


def _adds(found: list[int], amount: int, payments_of: PaymentsOf) -> bool:
    """Whether an amount ends at all, and is not only a larger way to pay everything at once."""
    payments = payments_of(amount)
    return payments is not None and (not found or payments > 1 or payments_of(found[-1]) != 1)


def _faster(amount: int, unit: int, payments_of: PaymentsOf, amount_for: AmountFor) -> int | None:
    """A round amount that takes about two thirds of the payments, None where one payment does already."""
    payments = payments_of(amount)
    if payments is None or payments <= 1:
        return None
    target = min(payments - 1, -(-payments * 2 // 3))
    exact = amount_for(target)
    if exact is None or exact <= amount:
        return None
    rounded = round_up(exact, unit)
    return rounded if payments_of(rounded) == target else exact
