"""What the worker does with settlements: it judges them by what has arrived. Safe to repeat, and to run at once."""

from collections.abc import Callable, Iterator

from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.settlements import judging_actions, queries


def evaluate(doors: Doors, viewer: Viewer) -> Iterator[str]:
    """Judge every settlement and request as of the viewer's day, each in a transaction of its own; a line for each
    that changed."""
    for read, act, done in (
        (queries.to_judge, judging_actions.judge, "judged"),
        (queries.to_watch, judging_actions.watch, "looked after"),
        (queries.requests_to_judge, judging_actions.judge_request, "ended"),
    ):
        for number in doors.read_as(viewer, read):
            if _each(doors, viewer, act, number):
                yield f"settlement {number}: {done}"


def _each(doors: Doors, viewer: Viewer, act: Callable[[Session, Viewer, str], bool], number: str) -> bool:
    try:
        return doors.write_as(viewer, act, number)
    except Refusal:
        return False  # somebody was first
