"""What the worker does about paying: it looks for what people say to have paid, and wipes links that have run out."""

from portal.account import notice_actions, notice_queries, sharing_actions
from portal.core.refusal import Refusal
from portal.platform.db import Doors


def look_for_payments(doors: Doors) -> int:
    """Look for everything that waits, each in a transaction of its own; returns how many have arrived."""
    numbers = doors.read_as(doors.system(), notice_queries.waiting_numbers)
    return sum(_look(doors, number) for number in numbers)


def forget_links(doors: Doors) -> int:
    """Wipe the references of links that have run out; returns how many."""
    return doors.write_as(doors.system(), sharing_actions.forget_old)


def _look(doors: Doors, number: str) -> bool:
    try:
        return doors.write_as(doors.system(), notice_actions.look_for, number)
    except Refusal:
        return False  # staff answered at this moment
