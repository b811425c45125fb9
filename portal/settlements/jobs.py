"""What the worker does with settlements: it judges them by what has arrived. Safe to repeat, and to run at once."""

from collections.abc import Callable, Iterator
from functools import partial

from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.settlements import judging_actions, queries
from portal.settlements.judging_actions import IsReported, nothing_reported


def evaluate(doors: Doors, viewer: Viewer, is_reported: IsReported = nothing_reported) -> Iterator[str]:
    """Judge every settlement and request as of the viewer's day, each in a transaction of its own; a line for each
    that changed. `is_reported` tells which payment is still looked for, which is known to a feature above this one."""
    judge = partial(judging_actions.judge, is_reported=is_reported)
    for number in doors.read_as(viewer, queries.to_judge):
        if _each(doors, viewer, judge, number):
            yield f"settlement {number}: judged"
    yield from look_after(doors, viewer)
    for number in doors.read_as(viewer, queries.requests_to_judge):
        if _each(doors, viewer, judging_actions.judge_request, number):
            yield f"settlement {number}: ended"


def look_after(doors: Doors, viewer: Viewer) -> Iterator[str]:
    """Look after the paid ones: again when the plans on their loans have ended, which keep a settlement on the loan."""
    for number in doors.read_as(viewer, queries.to_watch):
        if _each(doors, viewer, judging_actions.watch, number):
            yield f"settlement {number}: looked after"


def _each(doors: Doors, viewer: Viewer, act: Callable[[Session, Viewer, str], bool], number: str) -> bool:
    try:
        return doors.write_as(viewer, act, number)
    except Refusal:
        return False  # somebody was first
