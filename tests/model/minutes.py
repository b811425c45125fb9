"""A second funds rule, written apart from the engine: the account's balance at every minute, looked at one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that comes or goes at a minute of a day; no two at the same one."""

    day: int
    minute: int
    amount: int


def was_there(opening: int, movements: Sequence[Movement], due: int, amount: int) -> dict[str, bool]:
    """Was the amount there on the due day, under each reading?"""
    before = opening + sum(each.amount for each in movements if each.day < due)
    by_minute = {each.minute: each.amount for each in movements if each.day == due}
    balances = [before]
    for minute in range(MINUTES):
        balances.append(balances[-1] + by_minute.get(minute, 0))
    enough = [balance >= amount for balance in balances]
    return {"opening": enough[0], "closing": enough[-1], "all_day": all(enough), "any_moment": any(enough)}
