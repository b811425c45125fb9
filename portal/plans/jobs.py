"""What the worker does with plans: what nobody answered lapses, what no longer adds up is looked at again."""

from portal.plans import (
    counter_actions,
    counter_queries,
    hardship_actions,
    hardship_queries,
    lapsing_actions,
    phone_actions,
    phone_queries,
    queries,
)
from portal.platform.db import Doors


def run_day(doors: Doors) -> int:
    """Everything that a new day asks for; safe to repeat. Returns how many plans changed."""
    return lapse_due(doors) + void_changed(doors) + lapse_phone(doors) + _end_hardship(doors)


def void_changed(doors: Doors) -> int:
    """Look again at counter-offers whose figures have changed since, each in a transaction of its own; how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, counter_queries.standing_numbers)
    return sum(doors.write_as(viewer, counter_actions.void_if_changed, number) for number in numbers)


def _end_hardship(doors: Doors) -> int:
    """End the pauses whose last day has passed, and empty what was said with those long over; how many."""
    viewer = doors.system()
    over = doors.read_as(viewer, hardship_queries.due_to_end)
    ended = sum(doors.write_as(viewer, hardship_actions.end_pause, number) for number in over)
    old = doors.read_as(viewer, hardship_queries.due_to_forget)
    return ended + sum(doors.write_as(viewer, hardship_actions.forget, number) for number in old)


def lapse_phone(doors: Doors) -> int:
    """Let every proposal written down on the phone lapse that nobody confirmed in time; how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, phone_queries.due_to_lapse)
    return sum(doors.write_as(viewer, phone_actions.lapse, number) for number in numbers)


def lapse_due(doors: Doors) -> int:
    """Let every proposal lapse whose last day has passed, each in a transaction of its own; returns how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, queries.due_to_lapse)
    return sum(doors.write_as(viewer, lapsing_actions.lapse, number) for number in numbers)
