"""A key's result: for whom, for which form and object, and for how long it is kept (MO-09)."""

import pytest
from pydantic import TypeAdapter
from sqlmodel import Session

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.once import KeyReused, forget_old, once

NAME = ("borrower:1", "dispute_add /disputes/4K7-2GH/add", "key.0")


def send(doors: Doors, name: tuple[str, str, str], payload: str = "p") -> int:
    """The result of an effect that counts its runs, as it is stored under this name."""
    runs: list[int] = []

    def effect() -> int:
        runs.append(1)
        return len(runs)

    def write(session: Session, viewer: Viewer) -> int:
        return once(session, name, payload, viewer.now, TypeAdapter(int), effect) * 10 + len(runs)

    return doors.write_as(doors.system(), write)


@pytest.mark.parametrize(
    "other",
    [
        ("borrower:2", NAME[1], NAME[2]),
        ("staff:1", NAME[1], NAME[2]),
        (NAME[0], "dispute_add /disputes/9ZZ-2GH/add", NAME[2]),
        (NAME[0], "dispute_withdraw /disputes/4K7-2GH/add", NAME[2]),
        (NAME[0], NAME[1], "key.1"),
    ],
)
def test_nobody_gets_the_result_of_another(doors: Doors, other: tuple[str, str, str]) -> None:
    assert send(doors, NAME) == 11
    assert send(doors, NAME) == 10, "the same result, without running again"
    assert send(doors, other) == 11, "its own run"
    with pytest.raises(KeyReused):
        send(doors, NAME, "another payload")


def test_a_result_is_kept_for_thirty_days(doors: Doors, clock: FixedClock) -> None:
    send(doors, NAME)
    clock.advance(days=29)
    doors.write_as(doors.system(), lambda session, viewer: forget_old(session, viewer.now))
    assert send(doors, NAME) == 10
    clock.advance(days=2)
    assert doors.write_as(doors.system(), lambda session, viewer: forget_old(session, viewer.now)) == 1
    assert send(doors, NAME) == 11
