"""Tries are counted exactly, in windows, on each kind of database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from portal.platform import throttle
from portal.platform.clock import FixedClock
from portal.platform.db import Doors

WINDOW = timedelta(minutes=5)


def test_window_begins_with_the_first_try(doors: Doors, clock: FixedClock) -> None:
    def tried() -> bool:
        return doors.write_as(
            doors.system(), lambda session, viewer: throttle.count_try(session, "x", 2, WINDOW, viewer.now)
        )

    assert [tried(), tried(), tried()] == [True, True, False]
    clock.advance(minutes=4, seconds=59)
    assert not tried()
    assert doors.write_as(doors.system(), lambda s, v: throttle.opens_at(s, "x", 2, v.now)) == clock.now() + timedelta(
        seconds=1
    )
    clock.advance(seconds=1)
    assert tried()
    assert doors.write_as(doors.system(), lambda s, v: throttle.tries_left(s, "x", 2, v.now)) == 1


def test_parallel_tries_cannot_outrun_the_count(doors: Doors) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(
            pool.map(
                lambda _: doors.write_as(doors.system(), lambda s, v: throttle.count_try(s, "y", 5, WINDOW, v.now)),
                range(40),
            )
        )
    assert sum(allowed) == 5


def test_old_windows_are_forgotten(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), lambda s, v: throttle.count_try(s, "z", 5, WINDOW, v.now))
    assert doors.write_as(doors.system(), lambda s, v: throttle.forget_old(s, v.now)) == 0
    clock.advance(minutes=5)
    assert doors.write_as(doors.system(), lambda s, v: throttle.forget_old(s, v.now)) == 1
