"""What the worker does with plans: what nobody answered lapses, what no longer adds up is looked at again, agreed
plans are judged."""

from collections.abc import Iterator
from datetime import date, datetime

from portal.plans import (
    counter_actions,
    counter_queries,
    hardship_actions,
    hardship_queries,
    judging_actions,
    judging_queries,
    lapsing_actions,
    phone_actions,
    phone_queries,
    proposing_actions,
    queries,
    settled_actions,
)
from portal.platform.db import Doors
from portal.platform.gate import Viewer

_DAILY = (
    (settled_actions.plans_beside_settlements, settled_actions.end_settled, "kept, by a settlement"),
    (queries.due_to_lapse, lapsing_actions.lapse, "lapsed"),
    (judging_queries.left_behind, judging_actions.end_proposal, "lapsed"),
    (counter_queries.standing_numbers, counter_actions.void_if_changed, "figures changed, looked at again"),
    (phone_queries.due_to_lapse, phone_actions.lapse, "written down on the phone, lapsed"),
    (hardship_queries.due_to_end, hardship_actions.end_pause, "reminders go on"),
    (hardship_queries.due_to_forget, hardship_actions.forget, "what was said of a hard time is deleted"),
    (queries.said_too_long_ago, proposing_actions.forget_said, "what was said of income is deleted"),
)
"""What is looked for, what is done with each that is found, and what that is called."""


def evaluate(doors: Doors, viewer: Viewer, ripe_on: date, since: datetime | None = None) -> Iterator[str]:
    """Look at every plan as of the viewer's day, each in a transaction of its own; a line for each thing done.

    `ripe_on` is the last day whose hour of evaluation has struck; with `since`, plans looked at since are passed over.
    Safe to break off, to repeat, and to run twice at once: each is judged again under its lock.
    """
    for find, act, done in _DAILY:
        for number in doors.read_as(viewer, find):
            if doors.write_as(viewer, act, number):
                yield f"plan {number}: {done}"
    for number in doors.read_as(viewer, judging_queries.to_judge, since):
        for done in doors.write_as(viewer, judging_actions.judge_plan, number, ripe_on):
            yield f"plan {number}: {done}"
    for number in doors.read_as(viewer, judging_queries.cancelled_lately):
        for done in doors.write_as(viewer, judging_actions.tell_late_booking, number):
            yield f"plan {number}: {done}"
