"""Statements that are compiled once and read on the driver itself.

SQLAlchemy writes the statement and turns its values to and fro. What is left out is its way through one execution,
which costs several times what the query does where other work comes between (bench/RESULTS.md).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg import RawCursor
from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

_CURSOR = "cursor_by_position"
READS_ONLY = "reads_only"
"""The execution option of an engine that never writes and has no transactions."""

Turn = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """A statement as one database takes it.

    `constants` are the parameters that it brings itself, `order` names all of them by position; `into` turns those
    given into the driver's values, `back` those of a row, by place.
    """

    text: str
    constants: Mapping[str, Any]
    order: Sequence[str]
    into: Sequence[tuple[str, Turn]]
    back: Sequence[tuple[int, Turn]]


class Prepared:
    """One statement for reading, without lists among its parameters."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._by_dialect: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """All rows. In a transaction SQLAlchemy reads them, and where the driver fails it says what is wrong."""
        dialect = connection.dialect
        if connection.get_execution_options().get(READS_ONLY):
            compiled = self._by_dialect.get(dialect.name) or self._compile(dialect)
            try:
                return _read(connection, compiled, parameters)
            except dialect.loaded_dbapi.Error:
                pass
        return connection.execute(self._statement, parameters).all()

    def _compile(self, dialect: Dialect) -> _Compiled:
        statement = self._statement.compile(dialect=_by_position(dialect))
        if any(bound.expanding for bound in statement.binds.values()):
            raise ValueError("a list among the parameters is written anew for every execution: prepare it without")
        types = {name: bound.type for name, bound in statement.binds.items()}
        into = ((name, _impl(kind, dialect).bind_processor(dialect)) for name, kind in types.items())
        kinds = (column.type for column in self._statement.selected_columns)
        back = ((place, _impl(kind, dialect).result_processor(dialect, None)) for place, kind in enumerate(kinds))
        self._by_dialect[dialect.name] = compiled = _Compiled(
            text=str(statement),
            constants={name: bound.value for name, bound in statement.binds.items() if not bound.required},
            order=statement.positiontup or (),
            into=[(name, turn) for name, turn in into if turn],
            back=[(place, turn) for place, turn in back if turn],
        )
        return compiled


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _by_position(dialect: Dialect) -> Dialect:
    """The same with numbered parameters, so that psycopg need not look for theirs in the text of every execution."""
    numbered: Callable[..., Dialect] = type(dialect)
    return numbered(paramstyle="numeric_dollar") if dialect.name == "postgresql" else dialect


def _cursor(connection: Connection) -> Any:
    """The driver's cursor that takes parameters by position; one serves a connection for as long as that lasts."""
    kept = connection.info.get(_CURSOR)
    if kept is None:
        own: Any = connection.connection.dbapi_connection
        kept = RawCursor(own) if connection.dialect.name == "postgresql" else own.cursor()
        connection.info[_CURSOR] = kept
    return kept


def _read(connection: Connection, compiled: _Compiled, parameters: Mapping[str, Any]) -> list[list[Any]]:
    values = {**compiled.constants, **parameters}
    for name, turn in compiled.into:
        values[name] = turn(values[name])
    rows = _cursor(connection).execute(compiled.text, [values[name] for name in compiled.order])
    found = [list(row) for row in rows]
    for row in found:
        for place, turn in compiled.back:
            row[place] = turn(row[place])
    return found
