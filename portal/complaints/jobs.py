"""What the worker does for complaints: tells a person whose promised date has passed."""

from portal.complaints import actions, queries
from portal.platform.db import Doors


def tell_late(doors: Doors) -> int:
    """Tell everyone whose complaint is over its promised date; returns how many. Safe to run twice."""
    late = doors.read_as(doors.system(), queries.late_numbers)
    return sum(doors.write_as(doors.system(), actions.tell_lateness, number) for number in late)
