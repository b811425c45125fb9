"""Complaints for tests: one that is sent, and an answer to it."""

from dataclasses import replace
from typing import Any

from portal.complaints import actions, queries
from portal.complaints.actions import Reply, Sending
from portal.complaints.facts import Told
from portal.platform.db import Doors
from portal.platform.gate import Viewer

ZONE = "Asia/Shanghai"
WORDS = "He shouted and said that my neighbours would hear of it."


def told(**given: Any) -> Told:
    """Rude words on the telephone."""
    return replace(Told("pressure", channel="call", words=WORDS, wishes=("apology",)), **given)


def complain(doors: Doors, viewer: Viewer, **given: Any) -> str:
    """A complaint, sent now; its number."""
    return doors.write_as(viewer, actions.open_complaint, told(**given), Sending())


def version(doors: Doors, number: str) -> int:
    """The version of a complaint now."""
    found = doors.read_as(doors.system(), queries.complaint, number)
    assert found is not None
    return found.version


def state(doors: Doors, number: str) -> str:
    """The state of a complaint now."""
    found = doors.read_as(doors.system(), queries.complaint, number)
    assert found is not None
    return found.state


def founded(doors: Doors, number: str, **given: Any) -> Reply:
    """What a supervisor would send who finds the complaint founded."""
    usual = Reply("founded", "conduct", "We heard the recording.", "The caller was retrained.", version(doors, number))
    return replace(usual, **given)


def answer(doors: Doors, viewer: Viewer, number: str, **given: Any) -> str:
    """Answer a complaint on its version of now."""
    return doors.write_as(viewer, actions.reply, number, founded(doors, number, **given))


def keep_from(doors: Doors, viewer: Viewer, number: str, account_id: int | None) -> str:
    """Say that a complaint is about somebody."""
    assert account_id is not None
    return doors.write_as(viewer, actions.concerns, number, version(doors, number), account_id)
