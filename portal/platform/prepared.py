"""Statements that are compiled once and read on the driver itself.

SQLAlchemy writes the statement and turns its values to and fro. What is left out is its way through one execution,
which costs several times what the query does where other work comes between (bench/RESULTS.md).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

READS_ONLY = "reads_only"
"""The execution option of an engine that never writes and has no transactions."""

Turn = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """A statement as one database takes it.

    `constants` are the parameters that it brings itself, `order` names all of them where they go by position; `into`
    turns those given into the driver's values, `back` those of a row, by place.
    """

    text: str
    constants: Mapping[str, Any]
    order: Sequence[str] | None
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
        statement = self._statement.compile(dialect=dialect)
        types = {name: bound.type for name, bound in statement.binds.items()}
        into = ((name, _impl(kind, dialect).bind_processor(dialect)) for name, kind in types.items())
        kinds = (column.type for column in self._statement.selected_columns)
        back = ((place, _impl(kind, dialect).result_processor(dialect, None)) for place, kind in enumerate(kinds))
        self._by_dialect[dialect.name] = compiled = _Compiled(
            text=str(statement),
            constants={name: bound.value for name, bound in statement.binds.items() if not bound.required},
            order=statement.positiontup if statement.positional else None,
            into=[(name, turn) for name, turn in into if turn],
            back=[(place, turn) for place, turn in back if turn],
        )
        return compiled


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _read(connection: Connection, compiled: _Compiled, parameters: Mapping[str, Any]) -> list[list[Any]]:
    values = {**compiled.constants, **parameters}
    for name, turn in compiled.into:
        values[name] = turn(values[name])
    given = values if compiled.order is None else [values[name] for name in compiled.order]
    cursor = connection.connection.cursor()
    cursor.execute(compiled.text, given)
    rows = [list(row) for row in cursor.fetchall()]
    cursor.close()
    for row in rows:
        for place, turn in compiled.back:
            row[place] = turn(row[place])
    return rows
