"""What the worker does with settlements: it judges them by what has arrived. Safe to repeat, and to run at once."""

from collections.abc import Callable

from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.settlements import judging_actions, queries


def run_day(doors: Doors) -> int:
    """Judge every settlement and request once, each in a transaction of its own; returns how many changed."""
    system = doors.system()
    return sum(
        _each(doors, act, number)
        for read, act in (
            (queries.to_judge, judging_actions.judge),
            (queries.to_watch, judging_actions.watch),
            (queries.requests_to_judge, judging_actions.end_request_of_gone_loan),
        )
        for number in doors.read_as(system, read)
    )


def _each(doors: Doors, act: Callable[[Session, Viewer, str], bool], number: str) -> bool:
    try:
        return doors.write_as(doors.system(), act, number)
    except Refusal:
        return False  # somebody was first
