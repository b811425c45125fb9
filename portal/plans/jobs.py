"""What the worker does with plans: proposals that nobody answered in time lapse, agreed ones are looked at."""

from collections.abc import Iterator
from datetime import date, datetime

from portal.plans import judging_actions, judging_queries, lapsing_actions, queries, settled_actions
from portal.platform.db import Doors
from portal.platform.gate import Viewer


def lapse(doors: Doors, viewer: Viewer) -> Iterator[str]:
    """Let every proposal lapse whose last day is before the viewer's day; a line for each."""
    for number in doors.read_as(viewer, queries.due_to_lapse):
        if doors.write_as(viewer, lapsing_actions.lapse, number):
            yield f"plan {number}: lapsed"


def evaluate(doors: Doors, viewer: Viewer, ripe_on: date, since: datetime | None = None) -> Iterator[str]:
    """Look at every agreed plan as of the viewer's day, each in a transaction of its own; a line for each thing done.

    `ripe_on` is the last day whose hour of evaluation has struck; with `since`, plans looked at since are passed over.
    Safe to break off, to repeat, and to run twice at once: each is judged again under its lock.
    """
    for number in doors.read_as(viewer, settled_actions.plans_beside_settlements):
        if doors.write_as(viewer, settled_actions.end_settled, number):
            yield f"plan {number}: kept, by a settlement"
    yield from lapse(doors, viewer)
    for number in doors.read_as(viewer, judging_queries.left_behind):
        if doors.write_as(viewer, judging_actions.end_proposal, number):
            yield f"plan {number}: lapsed"
    for number in doors.read_as(viewer, judging_queries.to_judge, since):
        for done in doors.write_as(viewer, judging_actions.judge_plan, number, ripe_on):
            yield f"plan {number}: {done}"
    for number in doors.read_as(viewer, judging_queries.cancelled_lately):
        for done in doors.write_as(viewer, judging_actions.tell_late_booking, number):
            yield f"plan {number}: {done}"
