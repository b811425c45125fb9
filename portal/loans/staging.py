"""Holds what an import changes in a temporary SQLite file outside the live database until all is checked.

Rows that are new or changed are kept, and of the others their keys, so memory does not grow with the files.
"""

import hashlib
import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from portal.loans.intake import File, Key, Problem, Row

BATCH = 1_000
DUPLICATE = "is in the file more than once (line {line})"


class StagedRow(NamedTuple):
    """A row that is new (`live_id` is None) or changes the version `live_id`."""

    line: int
    live_id: int | None
    digest: int
    values: Row


class PastDueChange(NamedTuple):
    """A due date that moved although the old or the new one has passed."""

    loan: str
    number: int
    old: str
    new: str


def digest_of(row: Row) -> int:
    """A hash of a row's values that fits a BIGINT and is the same on every machine."""
    # Version 0 of the format writes equal values as equal bytes, whatever Python keeps only once.
    hashed = hashlib.blake2b(marshal.dumps(row, 0), digest_size=8)
    return int.from_bytes(hashed.digest(), signed=True)


def key_text(key: Key) -> str:
    """A key as one text."""
    return "\x1f".join(map(str, key))


class Staging:
    """The staging file of one import; it is used by one thread and thrown away afterwards."""

    def __init__(self, path: Path, files: Sequence[File]) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._files = {file.table: file for file in files}
        # Nothing here outlives the import, so nothing needs to survive a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA temp_store = FILE")
        self._database.execute("CREATE TABLE problem (place, line, file, name, value, reason)")
        self._database.execute("CREATE TABLE past_due (loan, number, old, new)")
        for file in files:
            self._create(file)

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def add(self, file: File, rows: Iterable[tuple[str, StagedRow]], keys: Iterable[tuple[str, int]]) -> None:
        """Keep rows that are new or changed, by key, and the keys of all good rows."""
        marks = ", ".join("?" * (5 + len(file.columns)))
        kept = ((row.line, key, row.live_id, row.digest, 1, *row.values) for key, row in rows)
        self._database.execute("BEGIN")
        self._database.executemany(f'INSERT INTO "rows_{file.table}" VALUES ({marks})', kept)  # noqa: S608
        self._database.executemany(f'INSERT INTO "keys_{file.table}" VALUES (?, ?)', keys)  # noqa: S608
        self._database.execute("COMMIT")

    def reject(self, file: File, key: str | None, problems: Sequence[Problem]) -> None:
        """Note what is wrong with a row, and that the row of this key is rejected."""
        if key is not None:
            statement = f'INSERT INTO "rejected_{file.table}" VALUES (?, ?)'  # noqa: S608
            self._database.execute(statement, (key, problems[0].line))
        self.report(problems)

    def report(self, problems: Iterable[Problem]) -> None:
        """Note problems that belong to no row that could be kept."""
        places = list(self._files)
        self._database.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    _place(places, problem.file),
                    problem.line,
                    problem.file,
                    problem.column,
                    problem.value,
                    problem.reason,
                )
                for problem in problems
            ),
        )

    def note_past_due(self, change: PastDueChange) -> None:
        """Remember a change that the operator is told of."""
        self._database.execute("INSERT INTO past_due VALUES (?, ?, ?, ?)", change)

    def finish(self, file: File) -> None:
        """A file has been read: reject what it holds twice and make its rows findable."""
        table = file.table
        self._database.execute(f'CREATE INDEX "ix_keys_{table}" ON "keys_{table}" (key)')
        self._database.execute(f'CREATE INDEX "ix_rows_{table}" ON "rows_{table}" (key)')
        self._database.execute(f'CREATE INDEX "ix_rejected_{table}" ON "rejected_{table}" (key)')
        for key, line, other in self._duplicates(table):
            value = key.rpartition("\x1f")[2]
            self.reject_row(file, key, Problem(file.name, line, file.key[-1], value, DUPLICATE.format(line=other)))

    def reject_row(self, file: File, key: str, problem: Problem) -> None:
        """Take back a row that was good by itself."""
        self._database.execute(f'UPDATE "rows_{file.table}" SET is_taken = 0 WHERE line = ?', (problem.line,))  # noqa: S608
        self.reject(file, key, [problem])

    def rows(self, file: File) -> Iterator[list[StagedRow]]:
        """The rows that are new or changed, in the order of the file, a thousand at a time."""
        statement = f'SELECT * FROM "rows_{file.table}" WHERE is_taken ORDER BY line'  # noqa: S608
        cursor = self._database.execute(statement)
        while batch := cursor.fetchmany(BATCH):
            yield [StagedRow(line, live_id, digest, tuple(values)) for line, _, live_id, digest, _, *values in batch]

    def find(
        self, table: str, column: str, values: Collection[str | int], *, even_rejected: bool = False
    ) -> list[dict[str, str | int | None]]:
        """Staged rows whose column has one of the values; `even_rejected` those too that were taken back."""
        names = self._files[table].names
        by = "key" if (column,) == self._files[table].key else f'"{column}"'
        marks = ", ".join("?" * len(values))
        taken = "" if even_rejected else " AND is_taken"
        statement = f'SELECT * FROM "rows_{table}" WHERE {by} IN ({marks}){taken}'  # noqa: S608
        found = self._database.execute(statement, tuple(values))
        return [dict(zip(names, row[5:], strict=True)) | {"line": row[0]} for row in found]

    def rejected(self, table: str, keys: Collection[str]) -> dict[str, str]:
        """Which of the keys name rejected rows, and where those are."""
        marks = ", ".join("?" * len(keys))
        statement = f'SELECT key, min(line) FROM "rejected_{table}" WHERE key IN ({marks}) GROUP BY key'  # noqa: S608
        found = self._database.execute(statement, tuple(keys))
        return {key: f"{table}.csv line {line}" for key, line in found}

    def rejected_beneath(self, table: str, first: str) -> list[str]:
        """The rest of the keys of rejected rows whose key begins with a reference."""
        statement = f'SELECT key FROM "rejected_{table}" WHERE key > ? AND key < ?'  # noqa: S608
        found = self._database.execute(statement, (f"{first}\x1f", f"{first}\x20"))
        return [str(key).partition("\x1f")[2] for (key,) in found]

    def index_by(self, table: str, column: str) -> None:
        """Make a column quick to search that is not the key."""
        self._database.execute(f'CREATE INDEX "ix_{table}_{column}" ON "rows_{table}" ("{column}")')

    def repeated(self, table: str, column: str) -> list[tuple[int, str, str]]:
        """Rows (line, key, value) that share a value which must be their own."""
        statement = (
            f'SELECT line, key, "{column}" FROM "rows_{table}" WHERE is_taken AND "{column}" IN (SELECT "{column}"'  # noqa: S608
            f' FROM "rows_{table}" WHERE is_taken AND "{column}" IS NOT NULL GROUP BY "{column}" HAVING count(*) > 1)'
        )
        return self._database.execute(statement).fetchall()

    def distinct(self, table: str, column: str) -> list[str]:
        """The values of a column."""
        statement = f'SELECT DISTINCT "{column}" FROM "rows_{table}" WHERE is_taken'  # noqa: S608
        return [str(row[0]) for row in self._database.execute(statement)]

    def count(self, file: File) -> tuple[int, int]:
        """How many rows are new and how many changed."""
        statement = f'SELECT count(*) - count(live_id), count(live_id) FROM "rows_{file.table}" WHERE is_taken'  # noqa: S608
        new, changed = self._database.execute(statement).fetchone()
        return new, changed

    def count_filled(self, table: str, column: str) -> int:
        """How many rows have a value in a column."""
        statement = f'SELECT count("{column}") FROM "rows_{table}" WHERE is_taken'  # noqa: S608
        return int(self._database.execute(statement).fetchone()[0])

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong, file by file, line by line."""
        found = self._database.execute(
            "SELECT file, line, name, value, reason FROM problem ORDER BY place, file, line, rowid"
        )
        return map(Problem._make, found)

    def count_problems(self) -> int:
        """How many problems there are."""
        return int(self._database.execute("SELECT count(*) FROM problem").fetchone()[0])

    def rejected_lines(self, file: File) -> Iterator[tuple[int, str]]:
        """The lines of a file that were not taken, each with all reasons, in order."""
        found = self._database.execute(
            "SELECT line, group_concat(ltrim(name || ' ' || reason), '; ') FROM problem"
            " WHERE file = ? AND line > 0 GROUP BY line ORDER BY line",
            (file.name,),
        )
        return iter(found)

    def past_due(self) -> Iterator[PastDueChange]:
        """The due dates that moved although they had passed."""
        return map(PastDueChange._make, self._database.execute("SELECT * FROM past_due ORDER BY rowid"))

    def _create(self, file: File) -> None:
        columns = ", ".join(f'"{column.name}"' for column in file.columns)
        self._database.execute(
            f'CREATE TABLE "rows_{file.table}" (line INTEGER PRIMARY KEY, key, live_id, digest, is_taken, {columns})'
        )
        self._database.execute(f'CREATE TABLE "keys_{file.table}" (key, line)')
        self._database.execute(f'CREATE TABLE "rejected_{file.table}" (key, line)')

    def _duplicates(self, table: str) -> Iterator[tuple[str, int, int]]:
        """Every occurrence of a repeated key, with the line of another one."""
        statement = (
            f'SELECT key, line, CASE line WHEN low THEN high ELSE low END FROM "keys_{table}"'  # noqa: S608
            f' JOIN (SELECT key, min(line) AS low, max(line) AS high FROM "keys_{table}"'
            " GROUP BY key HAVING count(*) > 1) USING (key)"
        )
        return iter(self._database.execute(statement))


def _place(tables: list[str], file: str) -> int:
    table = file.removesuffix(".csv")
    return tables.index(table) if table in tables else len(tables)
