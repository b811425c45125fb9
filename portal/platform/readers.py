"""The threads that read for requests: a call goes in by a queue, its answer returns to the loop that asked.

Asyncio's futures over a pool of threads, and taking a connection from the pool for each call, cost a page as much as
its queries do (bench/RESULTS.md).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Call = Callable[[Connection], Any]


class _Asked(NamedTuple):
    call: Call
    context: Context
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


class Readers:
    """So many threads, each with a connection that it keeps; they start when first asked."""

    def __init__(self, engine: Engine, count: int) -> None:
        self._engine = engine
        self._count = count
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._starting = Lock()

    async def run(self, call: Callable[[Connection], T]) -> T:
        """Run a call in one of the threads, with the context of the request."""
        if not self._threads:
            self._start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._asked.put(_Asked(call, copy_context(), loop, answer))
        return await answer

    def shutdown(self) -> None:
        """Finish what was asked and close the connections."""
        for _ in self._threads:
            self._asked.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _start(self) -> None:
        with self._starting:
            if not self._threads:
                self._threads = [Thread(target=self._work, name=f"read_{n}", daemon=True) for n in range(self._count)]
                for thread in self._threads:
                    thread.start()

    def _work(self) -> None:
        desk = _Desk(self._engine)
        while (asked := self._asked.get()) is not None:
            try:
                settle, outcome = _give, asked.context.run(desk.read, asked.call)
            except BaseException as error:  # the one who asked is told, whatever it is
                settle, outcome = _fail, error
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                asked.loop.call_soon_threadsafe(settle, asked.answer, outcome)
            del asked, outcome
        desk.leave()


class _Desk:
    """A thread's connection, taken anew after the database found fault with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None

    def read(self, call: Call) -> Any:
        """The call's answer; where the connection was cut, that of a second try on a new one."""
        try:
            return self._read_once(call)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._read_once(call)

    def leave(self) -> None:
        """Give the connection back."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _read_once(self, call: Call) -> Any:
        if self._kept is None:
            self._kept = self._engine.connect()
        try:
            return call(self._kept)
        except DBAPIError:
            self.leave()
            raise


def _give(answer: "asyncio.Future[Any]", outcome: Any) -> None:
    if not answer.done():
        answer.set_result(outcome)


def _fail(answer: "asyncio.Future[Any]", outcome: Any) -> None:
    if not answer.done():
        answer.set_exception(outcome)
