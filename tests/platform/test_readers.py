"""Readers: a call is answered in the loop that asked, over a connection that is kept until it is cut."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import current_thread
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from portal.platform.engines import make_engines
from portal.platform.readers import Readers

Answer = TypeVar("Answer")
ASKED_IN: ContextVar[str] = ContextVar("asked_in", default="nowhere")


@pytest.fixture
def readers(database_url: str) -> Iterator[Readers]:
    engines = make_engines(database_url)
    opened = Readers(engines.read, 1)
    yield opened
    opened.shutdown()
    engines.dispose()


def answer_of(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine returns, run in a thread: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, asking).result()


def one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


def test_many_calls_share_a_connection(readers: Readers) -> None:
    async def ask() -> list[Connection]:
        return await asyncio.gather(*(readers.run(lambda connection: connection) for _ in range(20)))

    assert len(set(map(id, answer_of(ask())))) == 1


def test_a_call_has_the_context_of_who_asked(readers: Readers) -> None:
    async def ask() -> tuple[str, str]:
        ASKED_IN.set("a request")
        return await readers.run(lambda _connection: (ASKED_IN.get(), current_thread().name))

    assert answer_of(ask()) == ("a request", "read_0")


def test_an_error_returns_to_who_asked_and_the_next_is_answered(readers: Readers) -> None:
    def fail(_connection: Connection) -> int:
        raise LookupError("nothing here")

    async def ask() -> int:
        with pytest.raises(LookupError, match="nothing here"):
            await readers.run(fail)
        return await readers.run(one)

    assert answer_of(ask()) == 1


def cut(times: int) -> Callable[[Connection], int]:
    """A read whose connection breaks so many times."""
    left = [times]

    def read(connection: Connection) -> int:
        if left[0]:
            left[0] -= 1
            raise OperationalError("SELECT 1", {}, OSError("connection lost"), connection_invalidated=True)
        return one(connection)

    return read


def test_a_cut_connection_is_replaced_once(readers: Readers) -> None:
    assert answer_of(readers.run(cut(times=1))) == 1
    with pytest.raises(OperationalError):
        answer_of(readers.run(cut(times=2)))
    assert answer_of(readers.run(one)) == 1


def test_who_left_before_the_answer_hurts_nobody(readers: Readers) -> None:
    async def ask() -> int:
        impatient = asyncio.ensure_future(readers.run(one))
        await asyncio.sleep(0)
        impatient.cancel()
        return await readers.run(one)

    assert answer_of(ask()) == 1
