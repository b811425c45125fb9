"""What the worker does with plans: proposals that nobody answered in time lapse, and what was said is forgotten."""

from datetime import timedelta

from portal.plans import lapsing_actions, proposing_actions, queries, words
from portal.platform.db import Doors


def run_day(doors: Doors) -> int:
    """Everything that a new day asks for; safe to repeat. Returns how many plans changed."""
    return lapse_due(doors) + forget_said(doors)


def lapse_due(doors: Doors) -> int:
    """Let every proposal lapse whose last day has passed, each in a transaction of its own; returns how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, queries.due_to_lapse)
    return sum(doors.write_as(viewer, lapsing_actions.lapse, number) for number in numbers)


def forget_said(doors: Doors) -> int:
    """Delete what was said of income and spending once a plan was answered long enough ago; returns how many."""
    viewer = doors.system()
    before = viewer.now - timedelta(days=words.SAID_DAYS)
    numbers = doors.read_as(viewer, queries.said_too_long_ago, before)
    return sum(doors.write_as(viewer, proposing_actions.forget_said, number) for number in numbers)
