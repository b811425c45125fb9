"""Pages that are read in several statements and yet show one moment.

A read has no transaction, since most pages are one statement. Where several have to fit together, so that nobody sees
figures of before beside words of after, the page says so with `one_moment`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from portal.platform.prepared import READS_ONLY

P = ParamSpec("P")
T = TypeVar("T")

_BEGIN = {"postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "sqlite": "BEGIN"}
_BEGUN = "in_one_moment"


def one_moment(read: Callable[Concatenate[Connection, P], T]) -> Callable[Concatenate[Connection, P], T]:
    """Let a page see what was committed when its first statement began, and nothing later.

    In a write the statements see what its locks hold still; a page within a page is of that one's moment.
    """

    @wraps(read)
    def fitting(connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if not connection.get_execution_options().get(READS_ONLY) or _BEGUN in connection.info:
            return read(connection, *args, **kwargs)
        with _moment(connection):
            return read(connection, *args, **kwargs)

    return fitting


@contextmanager
def _moment(connection: Connection) -> Iterator[None]:
    known = connection.info
    connection.exec_driver_sql(_BEGIN[connection.dialect.name])
    known[_BEGUN] = True
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            with suppress(SQLAlchemyError):  # what went wrong first is what is told
                connection.exec_driver_sql("ROLLBACK")
        raise
    else:
        connection.exec_driver_sql("COMMIT")
    finally:
        del known[_BEGUN]
