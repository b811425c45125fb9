"""What the worker does with plans: proposals that nobody answered in time lapse."""

from portal.plans import lapsing_actions, queries, settled_actions
from portal.platform.db import Doors


def run_day(doors: Doors) -> int:
    """Everything that a new day asks for; safe to repeat. Returns how many plans changed."""
    return end_settled(doors) + lapse_due(doors)


def lapse_due(doors: Doors) -> int:
    """Let every proposal lapse whose last day has passed, each in a transaction of its own; returns how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, queries.due_to_lapse)
    return sum(doors.write_as(viewer, lapsing_actions.lapse, number) for number in numbers)


def end_settled(doors: Doors) -> int:
    """End as kept every plan whose loans a settlement has closed; returns how many."""
    numbers = doors.read_as(doors.system(), settled_actions.plans_beside_settlements)
    return sum(doors.write_as(doors.system(), settled_actions.end_settled, number) for number in numbers)
