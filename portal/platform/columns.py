"""Column types that mean the same on SQLite and PostgreSQL, names of constraints, and rows as JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An instant as microseconds since 1970, UTC: the same on every database, and whole inside JSON."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:
        """Take an aware datetime."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: object) -> datetime | None:
        """Give a UTC datetime."""
        return None if value is None else instant(value)


def microseconds(value: datetime) -> int:
    """An instant as it is stored; raises ValueError for one without a zone."""
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (value - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The instant that was stored, for values read inside JSON."""
    return _EPOCH + timedelta(microseconds=stored)


class json_rows(GenericFunction[str]):  # noqa: N801 - it reads as an SQL function
    """All rows of a subquery as the text of a JSON list of lists, in the order of the columns given.

    Column types do not apply inside: instants come as microseconds, dates as text, flags as 0/1 or true/false.
    """

    type = Text()
    inherit_cache = True


@compiles(json_rows, "sqlite")
def _rows_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def _rows_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    columns = compiler.process(element.clauses, **options)
    return f"CAST(coalesce(json_agg(json_build_array({columns})), '[]') AS text)"
