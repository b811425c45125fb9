"""What the worker does with plans: what nobody answered lapses, what no longer adds up is looked at again."""

from portal.plans import counter_actions, counter_queries, lapsing_actions, queries
from portal.platform.db import Doors


def run_day(doors: Doors) -> int:
    """Everything that a new day asks for; safe to repeat. Returns how many plans changed."""
    return lapse_due(doors) + void_changed(doors)


def void_changed(doors: Doors) -> int:
    """Look again at counter-offers whose figures have changed since, each in a transaction of its own; how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, counter_queries.standing_numbers)
    return sum(doors.write_as(viewer, counter_actions.void_if_changed, number) for number in numbers)


def lapse_due(doors: Doors) -> int:
    """Let every proposal lapse whose last day has passed, each in a transaction of its own; returns how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, queries.due_to_lapse)
    return sum(doors.write_as(viewer, lapsing_actions.lapse, number) for number in numbers)
