"""What the worker does with promises: reminds of them, and judges them by the payments that arrived."""

from collections.abc import Iterator

from portal.core.refusal import Refusal
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.promises import actions, queries


def evaluate(doors: Doors, viewer: Viewer) -> Iterator[str]:
    """Judge every promise whose day has come, as of the viewer's day, each in a transaction of its own.

    Gives a line for each that changed. Safe to break off, to repeat, and to run twice at once.
    """
    for number in doors.read_as(viewer, queries.to_judge):
        if not doors.read_as(viewer, actions.has_news, number):
            continue
        try:
            done = doors.write_as(viewer, actions.judge, number)
        except Refusal:
            continue  # somebody changed it at this moment; the next look finds it as it is then
        if done:
            yield f"promise {number}: {done}"


def remind_due(doors: Doors) -> int:
    """Remind of the promises of tomorrow, each once; returns how many."""
    viewer = doors.system()
    numbers = doors.read_as(viewer, queries.to_remind)
    return sum(doors.write_as(viewer, actions.remind, number) for number in numbers)
