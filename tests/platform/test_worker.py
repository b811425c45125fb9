"""Each job runs when it is due, in one process at a time, and a dead process does not keep it (RE-15)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.worker import LEASE, Job, Lanes, Worker, _claim

MINUTE = timedelta(minutes=1)


def counted(results: list[int], every: timedelta = MINUTE) -> tuple[Job, list[int]]:
    """A job that gives these results, and the list of its runs."""
    runs: list[int] = []

    def run() -> int:
        runs.append(1)
        return results[len(runs) - 1] if len(runs) <= len(results) else 0

    return Job("test", run, every), runs


def test_a_job_runs_when_it_is_due(doors: Doors, clock: FixedClock) -> None:
    job, runs = counted([0, 0])
    worker = Worker(doors, [job])
    worker.run_due()
    worker.run_due()
    assert len(runs) == 1
    clock.advance(minutes=1)
    worker.run_due()
    assert len(runs) == 2


def test_a_full_batch_is_followed_by_the_next_at_once(doors: Doors) -> None:
    job, runs = counted([20, 20, 0])
    worker = Worker(doors, [job])
    assert [worker.run_due() for _ in range(4)] == [20, 20, 0, 0]
    assert len(runs) == 3


def test_a_failure_is_tried_again_later_and_leaves_the_others_alone(doors: Doors, clock: FixedClock) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    good, runs = counted([0, 0])
    worker = Worker(doors, [Job("bad", fail, MINUTE), good])
    worker.run_due()
    clock.advance(minutes=1)
    worker.run_due()
    assert len(runs) == 2


def test_of_four_workers_one_runs_the_job(doors: Doors) -> None:
    job, runs = counted([0] * 8)
    workers = [Worker(doors, [job]) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: worker.run_due(), workers))
    assert len(runs) == 1


def test_a_dead_process_loses_its_job(doors: Doors, clock: FixedClock) -> None:
    job, runs = counted([0])
    assert doors.write_as(doors.system(), _claim, job)
    worker = Worker(doors, [job])
    worker.run_due()
    assert not runs
    clock.advance(seconds=LEASE.total_seconds())
    worker.run_due()
    assert runs


def test_a_clock_that_was_put_back_stops_nothing(doors: Doors, clock: FixedClock) -> None:
    """RE-12."""
    job, runs = counted([0, 0])
    worker = Worker(doors, [job])
    worker.run_due()
    clock.advance(days=-30)
    worker.run_due()
    assert len(runs) == 2


def test_stopping_ends_the_thread(doors: Doors) -> None:
    worker = Worker(doors, [])
    worker.start()
    worker.stop()


def test_what_is_quick_does_not_stand_behind_what_is_slow(doors: Doors) -> None:
    """A code is sent while a photo is read; the slow one is left when we stop, and due again at once."""
    begun, sent, never, ended = (threading.Event() for _ in range(4))

    def send() -> int:
        if begun.is_set():
            sent.set()
        return 0

    def read() -> int:
        begun.set()
        never.wait(60)
        ended.set()
        return 1

    slow = Job("slow", read, MINUTE)
    quick = Worker(doors, [Job("quick", send, timedelta(0))])
    lanes = Lanes(quick, Worker(doors, [slow], name="slow worker", patience=0.2))
    lanes.start()
    assert begun.wait(20)
    assert sent.wait(20)
    lanes.stop()
    assert not ended.is_set()
    assert doors.write_as(doors.system(), _claim, slow)
    never.set()


def test_stopping_finishes_what_is_quick(doors: Doors) -> None:
    begun, done = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        time.sleep(0.5)
        done.set()
        return 0

    lanes = Lanes(Worker(doors, [Job("quick", work, MINUTE)]), Worker(doors, [], patience=0.2))
    lanes.start()
    assert begun.wait(20)
    lanes.stop()
    assert done.is_set()


def test_lanes_run_here_until_they_are_asked_to_stop(doors: Doors) -> None:
    lanes = Lanes(Worker(doors, [Job("stop", lambda: lanes.ask_to_stop() or 1, MINUTE)]), Worker(doors, [], patience=1))
    lanes.run()
