"""Settlements in tests: the look that the worker takes at them."""

from portal.platform.db import Doors
from portal.settlements import jobs


def run_day(doors: Doors) -> int:
    """Judge everything as of today; how many changed."""
    return sum(1 for _line in jobs.evaluate(doors, doors.system()))
