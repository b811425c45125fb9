"""One act comes between two statements of another, by arrangement and not by luck."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from portal.core.refusal import Refusal
from portal.platform.db import Doors

DEADLINE_SECONDS = 30
"""For a machine that does a hundred other things: the other act either ends or waits within milliseconds."""

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what SQLite cannot do: there a second writer does not even begin."""

_WAITS = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


def said(act: Callable[[], Any]) -> str:
    """What an act gives, or the code of its refusal."""
    try:
        return str(act())
    except Refusal as refusal:
        return refusal.code


def between(doors: Doors, table: str, one: Callable[[], Any], other: Callable[[], Any]) -> tuple[str, str]:
    """What `one` and `other` say where `other` is done as soon as `one` has looked at `table`, if it may.

    On PostgreSQL `one` goes on when `other` has ended, or waits for a lock; on SQLite it can only wait.
    """
    with ThreadPoolExecutor(1) as pool, _after_the_first(doors, table, lambda: pool.submit(said, other)) as begun:
        first = said(one)
        assert begun, f"nothing looked at {table}"
        return first, begun[0].result(DEADLINE_SECONDS)


@contextmanager
def _after_the_first(doors: Doors, table: str, begin: Callable[[], "Future[str]"]) -> Iterator[list["Future[str]"]]:
    """Begin once this thread has sent a statement on the table; gives what was begun."""
    mine, begun = threading.get_ident(), list["Future[str]"]()

    def look(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if begun or threading.get_ident() != mine or table not in statement:
            return
        begun.append(begin())
        _let_go_on(doors, begun[0])

    event.listen(doors.engines.write, "after_cursor_execute", look)
    try:
        yield begun
    finally:
        event.remove(doors.engines.write, "after_cursor_execute", look)


def _let_go_on(doors: Doors, other: "Future[str]") -> None:
    """Return when the other act has ended or waits for a lock."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (other.done() or doors.engines.is_sqlite or _waits(doors)):
        assert time.monotonic() < deadline, "the other act neither ended nor waits"
        time.sleep(0.002)


def _waits(doors: Doors) -> bool:
    with doors.engines.read.connect() as connection:
        return bool(connection.scalar(_WAITS))
