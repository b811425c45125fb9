"""Backup into one encrypted file, and restoring it onto an empty installation.

The database goes in as rows of one moment, so that a backup of SQLite can be restored onto PostgreSQL and the other way
round. Stored files go in as they lie, encrypted, out of a folder or a bucket, and may be restored into either: one file
is everything, whatever became of the service that kept them. A manifest with every checksum goes in last.
"""

import base64
import gzip
import hashlib
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Boolean, Connection, Date, LargeBinary, MetaData, Table, func, insert, select, text
from sqlmodel import Session

from portal.audit.anchors import FILE as ANCHORS
from portal.evidence.queries import FILE, PAGE
from portal.installation import Installation
from portal.platform import vault
from portal.platform.cli import Failed, Step
from portal.platform.db import migrate
from portal.platform.file_backends import is_key
from portal.platform.files import FileMissing
from portal.platform.gate import Viewer
from portal.platform.vault import VaultDamaged

FORMAT = 1
AT_ONCE = 2_000
"""Rows in one piece of the archive."""

MANIFEST = "manifest.json"
NOT_OURS = frozenset({"alembic_version"})


def back_up(portal: Installation, target: Path, step: Step) -> dict[str, int]:
    """Write a backup to a file that must not exist yet; gives the rows of each table and the number of files."""
    if target.exists():
        raise Failed(f"{target} is there already; a backup never replaces another.")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as out:
            draft.chmod(0o600)
            with vault.writing(out, portal.settings.file_keys[0]) as archive:
                counts = _Backup(portal, archive, step).write()
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return counts


class _Backup:
    """One backup while it is written."""

    def __init__(self, portal: Installation, archive: tarfile.TarFile, step: Step) -> None:
        self._portal = portal
        self._archive = archive
        self._step = step
        self._sums: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def write(self) -> dict[str, int]:
        """Rows, files, anchors, and the manifest that vouches for them."""
        anchors = self._portal.settings.data_dir / ANCHORS
        if anchors.is_file():  # before the rows: what is noted must be among them
            self._add(ANCHORS, anchors.read_bytes())
        revision = self._rows()
        self._counts["files"] = sum(map(self._file, self._portal.files.keys()))
        manifest = {
            "format": FORMAT,
            "revision": revision,
            "made_at": self._portal.clock.now().isoformat(),
            "counts": self._counts,
            "sha256": self._sums,
        }
        vault.add(self._archive, MANIFEST, json.dumps(manifest, sort_keys=True).encode())
        return self._counts

    def _rows(self) -> str:
        engine = self._portal.doors.engines.read
        one_moment = "SERIALIZABLE" if self._portal.doors.engines.is_sqlite else "REPEATABLE READ"
        with engine.execution_options(isolation_level=one_moment).connect() as connection:
            if self._portal.doors.engines.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision is None:
                raise Failed("There is nothing to back up: the database is empty.")
            for table in _tables(connection):
                self._table(connection, table)
        return revision

    def _table(self, connection: Connection, table: Table) -> None:
        streamed = connection.execution_options(yield_per=AT_ONCE)
        count = 0
        for number, rows in enumerate(streamed.execute(select(table).order_by(*table.primary_key)).partitions(AT_ONCE)):
            lines = "".join(json.dumps([_written(value) for value in row], ensure_ascii=False) + "\n" for row in rows)
            packed = gzip.compress(lines.encode("utf-8", "surrogatepass"), 6, mtime=0)
            self._add(f"tables/{table.name}/{number:06d}.jsonl.gz", packed)
            count += len(rows)
            self._step(table.name, count)
        self._counts[table.name] = count

    def _file(self, key: str) -> int:
        try:
            content = self._portal.files.raw(key)
        except FileMissing:
            return 0  # its keeping time ended meanwhile
        self._add(f"files/{key}", content)
        self._step("files", len(self._sums))
        return 1

    def _add(self, name: str, content: bytes) -> None:
        vault.add(self._archive, name, content)
        self._sums[name] = hashlib.sha256(content).hexdigest()


def restore(portal: Installation, source: Path, step: Step) -> None:
    """Bring a backup back onto an empty database and an empty file folder; looked through as a whole before."""
    manifest = _looked_through(portal, source, step)
    url = portal.settings.database_url
    migrate(url, manifest["revision"])
    _refuse_used(portal)
    portal.doors.write_as(portal.doors.system(), _put_back, portal, source, step)
    for name, content in _members(portal, source):
        if name.startswith("files/"):
            portal.files.put_raw(name.removeprefix("files/"), content)
        elif name == ANCHORS:
            (portal.settings.data_dir / ANCHORS).write_bytes(content)
    migrate(url)


class Remaining(NamedTuple):
    """A file that was deleted here and that a backup still holds, with so many stored pieces."""

    code: str
    case: str
    deleted: str
    kept: int


def remains(portal: Installation, source: Path) -> list[Remaining]:
    """The files of a backup that the portal has deleted since, so that it is known what a backup's own end ends."""
    deleted = portal.doors.read_as(portal.doors.system(), _deleted)
    pieces: dict[int, set[str]] = {}
    stored: set[str] = set()
    for name, content in _members(portal, source):
        kind, _, rest = name.partition("/")
        if kind == "files":
            stored.add(rest)
        elif kind == "tables" and rest.startswith((f"{FILE.name}/", f"{PAGE.name}/")):
            # Rows as an older portal may have written them: their number is first, and that of a page's file second.
            for row in _lines_of(content):
                file_id = row[0] if rest.startswith(f"{FILE.name}/") else row[1]
                pieces.setdefault(file_id, set()).update(value for value in row if is_key(str(value)))
    held = {file_id: len(keys & stored) for file_id, keys in pieces.items() if file_id in deleted}
    return [Remaining(*deleted[file_id], count) for file_id, count in sorted(held.items()) if count]


def _deleted(connection: Connection, _viewer: Viewer) -> dict[int, tuple[str, str, str]]:
    rows = connection.execute(select(FILE).where(FILE.c.deleted_at.is_not(None)))
    return {row.id: (row.code, f"{row.case_kind} {row.case_number}", f"{row.deleted_at:%Y-%m-%d}") for row in rows}


def _looked_through(portal: Installation, source: Path, step: Step) -> dict[str, Any]:
    sums: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    for name, content in _members(portal, source):
        if name == MANIFEST:
            manifest = json.loads(content)
        else:
            sums[name] = hashlib.sha256(content).hexdigest()
        step("looking through", len(sums))
    if manifest is None or manifest["sha256"] != sums:
        raise VaultDamaged("The backup is not complete.")
    if manifest["format"] != FORMAT:
        raise VaultDamaged("The backup was made by a newer portal.")
    return manifest


def _members(portal: Installation, source: Path) -> Iterator[tuple[str, bytes]]:
    with source.open("rb") as file:
        yield from vault.members(file, portal.settings.file_keys)


def _refuse_used(portal: Installation) -> None:
    with portal.doors.engines.read.connect() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in _tables(connection)
        }
    used = [name for name, count in counts.items() if count]
    if used:
        raise Failed(f"The database is not empty: {len(used)} tables have rows. A backup goes onto an empty one.")
    if next(portal.files.keys(), None) is not None:
        raise Failed(f"There are files in {portal.files.place} already.")


def _put_back(session: Session, _viewer: Viewer, portal: Installation, source: Path, step: Step) -> None:
    connection = session.connection()
    tables = {table.name: table for table in _tables(connection)}
    count = 0
    for name, content in _members(portal, source):
        if name.startswith("tables/"):
            table = tables[name.split("/")[1]]
            rows = _rows_of(table, content)
            connection.execute(insert(table), rows)
            count += len(rows)
            step(table.name, count)
    if connection.dialect.name == "postgresql":
        for table in tables.values():
            _go_on_counting(connection, table)


def _rows_of(table: Table, packed: bytes) -> list[dict[str, Any]]:
    names = table.columns.keys()
    readers = [_reader(column.type) for column in table.columns]
    return [
        {name: read(value) for name, read, value in zip(names, readers, values, strict=True)}
        for values in _lines_of(packed)
    ]


def _lines_of(packed: bytes) -> Iterator[list[Any]]:
    lines = gzip.decompress(packed).decode("utf-8", "surrogatepass").split("\n")
    yield from (json.loads(line) for line in lines if line)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """New rows get numbers after the highest that was put back."""
    (key, *others) = table.primary_key.columns
    if others:
        return
    of = {"table": f'"{table.name}"', "key": key.name}
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :key)"), of)
    highest = connection.scalar(select(func.max(key))) if sequence else None
    if highest is not None:
        connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})


def _tables(connection: Connection) -> list[Table]:
    """All tables as they are in the database, parents before children."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in NOT_OURS]


def _written(value: object) -> object:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, (bytes, memoryview)) else value


def _reader(kind: object) -> Callable[[Any], Any]:
    if isinstance(kind, Date):
        return lambda value: None if value is None else date.fromisoformat(value)
    if isinstance(kind, Boolean):
        return lambda value: None if value is None else bool(value)
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value)
    return lambda value: value
