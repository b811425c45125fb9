"""What the worker does for disputes: tells a person whose promised date has passed, and reads the funds rule."""

from portal.core.refusal import Refusal
from portal.disputes import auto_actions, handling_actions, queries
from portal.platform.db import Doors


def tell_late(doors: Doors) -> int:
    """Tell everyone whose dispute or review is over its promised date; returns how many. Safe to run twice."""
    late = doors.read_as(doors.system(), queries.late_numbers)
    return sum(doors.write_as(doors.system(), handling_actions.tell_lateness, number) for number in late)


def note_readings(doors: Doors) -> int:
    """Judge the funds rule anew where something came to it, for lists and for products that uphold by it."""
    numbers = doors.read_as(doors.system(), auto_actions.unread_numbers)
    for number in numbers:
        try:
            doors.write_as(doors.system(), auto_actions.note_reading, number)
        except Refusal:
            continue  # somebody decided it at this moment
    return len(numbers)
