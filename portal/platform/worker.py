"""The worker: runs jobs when they are due, each in one process at a time, and finishes the item in hand when stopped.

Jobs of one worker run one after another, so what takes minutes gets a lane of its own. A job does a small batch and
says how much it did. Many processes may run a worker: a row per job tells who has it
and until when; a process that dies loses it at the end of its lease (RE-15).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Table, and_, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel

from portal.platform.columns import Instant
from portal.platform.db import Doors
from portal.platform.gate import Viewer

LOOK_EVERY = timedelta(seconds=1)
LEASE = timedelta(minutes=10)
AFTER_FAILURE = timedelta(minutes=1)

_log = structlog.get_logger("portal.worker")


class JobRun(SQLModel, table=True):
    """When a job is due next, and who has it until when."""

    __tablename__ = "job_run"

    name: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    failures: int = 0


ROWS: Table = SQLModel.metadata.tables["job_run"]
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Job:
    """Something to do now and then. `run` does one batch and says how many items; with `every` apart, more at once."""

    name: str
    run: Callable[[], int]
    every: timedelta


class Worker:
    """Runs jobs in one thread until it is stopped.

    With `patience` stopping waits so many seconds for the batch in hand and then leaves it: for jobs that are safe to
    break off at any point and to do again.
    """

    def __init__(
        self, doors: Doors, jobs: Sequence[Job], *, name: str = "worker", patience: float | None = None
    ) -> None:
        self._doors = doors
        self._jobs = jobs
        self._name = name
        self._patience = patience
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._in_hand: Job | None = None

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=self._name, daemon=self._patience is not None)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end; returns when it has, or when patience is at its end."""
        self._stopping.set()
        if self._thread is None:
            return
        self._thread.join(self._patience)
        left = self._in_hand
        if self._thread.is_alive() and left is not None:
            _log.info("job_left", job=left.name)
            self._end(left, timedelta(0), failed=False)  # the next process need not wait for the end of its lease

    def ask_to_stop(self) -> None:
        """Finish the batch in hand and end, without waiting for it: for signals."""
        self._stopping.set()

    def run(self) -> None:
        """Run until stopped. What goes wrong with one job is logged and leaves the others alone."""
        while not self._stopping.is_set():
            if not self.run_due():
                self._stopping.wait(LOOK_EVERY.total_seconds())

    def run_due(self) -> int:
        """Run every job that is due once; returns how many items were done."""
        try:
            waiting = self._doors.read_as(self._doors.system(), _waiting, self._jobs)
        except Exception:
            _log.exception("worker_cannot_read")
            return 0
        done = 0
        for job in self._jobs:
            if job.name not in waiting and not self._stopping.is_set():
                done += self._run(job)
        return done

    def _run(self, job: Job) -> int:
        try:
            if not self._doors.write_as(self._doors.system(), _claim, job):
                return 0
            self._in_hand = job
            done = job.run()
        except Exception:
            _log.exception("job_failed", job=job.name)
            self._end(job, AFTER_FAILURE, failed=True)
            return 0
        finally:
            self._in_hand = None
        self._end(job, timedelta(0) if done else job.every, failed=False)
        return done

    def _end(self, job: Job, wait: timedelta, failed: bool) -> None:
        try:
            self._doors.write_as(self._doors.system(), _release, job.name, wait, failed)
        except Exception:
            _log.exception("job_not_released", job=job.name)  # its lease ends by itself


class Lanes:
    """Workers side by side, started and stopped as one."""

    def __init__(self, *workers: Worker) -> None:
        self._workers = workers

    def start(self) -> None:
        """Run each in a thread of its own."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End all; returns when each has finished its batch, or left it."""
        self.ask_to_stop()
        for worker in self._workers:
            worker.stop()

    def ask_to_stop(self) -> None:
        """End all without waiting: for signals."""
        for worker in self._workers:
            worker.ask_to_stop()

    def run(self) -> None:
        """Run until stopped, the first lane in this thread."""
        first, *others = self._workers
        for worker in others:
            worker.start()
        try:
            first.run()
        finally:
            self.stop()

    def run_due(self) -> int:
        """Run every job that is due once, one lane after another; returns how many items were done."""
        return sum(worker.run_due() for worker in self._workers)


def _may_run(job: Job, now: datetime) -> ColumnElement[bool]:
    """Due and in nobody's hands. An instant further ahead than we ever set one shows a clock that was put back."""
    longest = max(job.every, AFTER_FAILURE)
    return and_(
        ROWS.c.name == job.name,
        or_(ROWS.c.due_at <= now, ROWS.c.due_at > now + longest),
        or_(ROWS.c.lease_until.is_(None), ROWS.c.lease_until <= now, ROWS.c.lease_until > now + LEASE),
    )


def _waiting(connection: Connection, viewer: Viewer, jobs: Sequence[Job]) -> frozenset[str]:
    """The jobs that need not be claimed now; looked up without the lock that writing takes."""
    free = or_(*(_may_run(job, viewer.now) for job in jobs))
    return frozenset(connection.scalars(select(ROWS.c.name).where(not_(free))))


def _claim(session: Session, viewer: Viewer, job: Job) -> bool:
    connection = session.connection()
    new = {"name": job.name, "due_at": viewer.now, "failures": 0}
    connection.execute(_INSERTS[connection.dialect.name](ROWS).values(new).on_conflict_do_nothing())
    claimed = connection.execute(
        update(ROWS).where(_may_run(job, viewer.now)).values(lease_until=viewer.now + LEASE).returning(ROWS.c.name)
    )
    return claimed.first() is not None


def _release(session: Session, viewer: Viewer, name: str, wait: timedelta, failed: bool) -> None:
    session.connection().execute(
        update(ROWS)
        .where(ROWS.c.name == name)
        .values(
            due_at=viewer.now + wait,
            lease_until=None,
            ended_at=viewer.now,
            failures=ROWS.c.failures + 1 if failed else 0,
        )
    )
