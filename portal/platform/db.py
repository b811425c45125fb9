"""The two doors to the database, and its migrations.

Nobody else commits. A read is called as `fn(connection, viewer, …)`, a write as `fn(session, viewer, …)`, each in one
hand-off to a thread that also finds out who asks and whether the route allows it.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from functools import cache, partial
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session
from starlette.requests import Request

from portal.platform import gate
from portal.platform.columns import Instant, instant, json_rows
from portal.platform.engines import READ_THREADS, WRITE_THREADS, Engines, UnsafeDatabase, make_engines
from portal.platform.gate import Viewer
from portal.platform.once import once, result_type, was_done
from portal.platform.readers import Readers
from portal.platform.resources import migrations
from portal.platform.visit import Posted, visit_of

__all__ = [
    "Doors",
    "Engines",
    "FormNotRead",
    "Instant",
    "UnsafeDatabase",
    "admit",
    "instant",
    "json_rows",
    "make_engines",
    "migrate",
    "read",
    "write",
]

P = ParamSpec("P")
T = TypeVar("T")
Reading = Callable[Concatenate[Connection, Viewer, P], T]
Writing = Callable[Concatenate[Session, Viewer, P], T]

TOUCH_AFTER = timedelta(minutes=1)
"""How often it is noted that a session is in use: a write in every request would cost more than the page."""

_RETRIED = frozenset({"40001", "40P01"})  # serialisation failure, deadlock
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_log = structlog.get_logger("portal.db")


class FormNotRead(RuntimeError):
    """A handler tried to write without having checked the form's token: a mistake in the handler."""


class FindViewer(Protocol):
    """Who asks, by the cookies of the request; `visit.stranger(request)` if nobody is known."""

    def __call__(self, connection: Connection, request: Request) -> Viewer:
        """Find the viewer in the same transaction as what follows."""
        ...


class Doors:
    """The only way to the database for handlers, jobs and commands."""

    def __init__(self, engines: Engines, system: Callable[[], Viewer], info: Mapping[str, Any] | None = None) -> None:
        """`info` is what every session carries for the features, such as the keys of the audit log."""
        self.engines = engines
        self.system = system
        self.info = dict(info or {})
        # Apart, so that a write that waits for another holds up no page.
        self._readers = Readers(engines.read, READ_THREADS[engines.kind])
        self._writers = ThreadPoolExecutor(WRITE_THREADS[engines.kind], thread_name_prefix="write")

    def read_as(self, viewer: Viewer, fn: Reading[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read as somebody already known; once more on a new connection where the old one was cut."""
        try:
            return self._read_once(viewer, fn, *args, **kwargs)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._read_once(viewer, fn, *args, **kwargs)

    def write_as(self, viewer: Viewer, fn: Writing[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write as somebody already known, in one transaction; the whole is tried once more after a clash."""
        attempt = _Attempt()
        try:
            return self._write_once(attempt, viewer, fn, *args, **kwargs)
        except DBAPIError as error:
            if not attempt.may_repeat_after(error):
                raise
        return self._write_once(_Attempt(), viewer, fn, *args, **kwargs)

    async def reading(self, call: Callable[[Connection], T]) -> T:
        """Run a read in one of the threads for it, with the context of the request."""
        return await self._readers.run(call)

    async def writing(self, call: Callable[[], T]) -> T:
        """Run a write in its executor, with the context of the request."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, copy_context().run, call)

    def later(self, viewer: Viewer, fn: Writing[[], None]) -> None:
        """Write after the answer; what goes wrong is logged and hurts nobody."""
        self._writers.submit(copy_context().run, self._quietly, viewer, fn)

    def close(self) -> None:
        """Finish what is under way and close every connection."""
        self._readers.shutdown()
        self._writers.shutdown()
        self.engines.dispose()

    def _read_once(self, viewer: Viewer, fn: Reading[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.engines.read.connect() as connection:
            return fn(connection, viewer, *args, **kwargs)

    def _write_once(
        self, attempt: "_Attempt", viewer: Viewer, fn: Writing[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with Session(self.engines.write, expire_on_commit=False, info=self.info) as session:
            result = fn(session, viewer, *args, **kwargs)
            session.flush()
            attempt.committing = True
            session.commit()
            return result

    def _quietly(self, viewer: Viewer, fn: Writing[[], None]) -> None:
        try:
            self.write_as(viewer, fn)
        except Exception:
            _log.exception("write_after_answer_failed", what=getattr(fn, "__name__", "partial"))


class _Attempt:
    """How far one try of a write came, since a cut during the commit leaves open whether it happened."""

    committing = False

    def may_repeat_after(self, error: DBAPIError) -> bool:
        if isinstance(error, IntegrityError):
            return True
        if error.connection_invalidated:
            return not self.committing
        return getattr(error.orig, "sqlstate", None) in _RETRIED


# --- Doors of a request ---------------------------------------------------------------------------------------


async def read(request: Request, fn: Reading[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read for a request: who asks, may they, and the answer, at one moment."""
    portal = request.app.state.portal
    doors: Doors = portal.doors

    def asked(connection: Connection) -> T:
        return fn(connection, _admitted(request, connection), *args, **kwargs)

    answer = await doors.reading(asked)
    _touch(request)
    return answer


async def write(request: Request, fn: Writing[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Write for a request, in one transaction. Sent again with the same form key, it gives the same result.

    Raises Refusal and what else `fn` raises, after rolling back; KeyReused when the key came with another payload.
    """
    visit = visit_of(request)
    number, visit.writes = visit.writes, visit.writes + 1

    def keyed(session: Session, viewer: Viewer) -> T:
        effect = partial(fn, session, viewer, *args, **kwargs)
        if visit.posted is None:
            return effect()
        name = _name_of(request, viewer, visit.posted, number)
        result: T = once(session, name, visit.posted.payload, viewer.now, result_type(fn), effect)
        return result

    return await _write(request, keyed)


async def overwrite(request: Request, fn: Writing[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Write for a request what may be written over and over: of one form sent twice the latest entries count.

    `fn` has to leave the same behind when it runs twice. Raises what it raises, after rolling back.
    """
    return await _write(request, lambda session, viewer: fn(session, viewer, *args, **kwargs))


async def _write(request: Request, fn: Writing[[], T]) -> T:
    portal = request.app.state.portal
    doors: Doors = portal.doors
    visit = visit_of(request)
    if request.method not in _SAFE and visit.posted is None:
        raise FormNotRead(f"{request.method} {visit.route.name if visit.route else ''}")

    def asked(session: Session, _system: Viewer) -> T:
        viewer = _admitted(request, session.connection())
        result = fn(session, viewer)
        if visit.posted is not None and visit.typed is not None:
            portal.drop_entries(session, viewer, visit.typed.form)
        return result

    def run() -> T:
        return _written(doors, visit.stranger, asked, visit.posted is not None)

    return await doors.writing(run)


def took_effect(session: Session, request: Request, viewer: Viewer) -> bool:
    """Whether this very form, sent by this person, has had its effect already."""
    posted = visit_of(request).posted
    return posted is not None and was_done(session, _name_of(request, viewer, posted, 0), posted.payload)


async def admit(request: Request) -> Viewer:
    """Find out who asks and whether they may, without reading anything else."""
    return await read(request, lambda _connection, viewer: viewer)


def _written(doors: Doors, viewer: Viewer, asked: Writing[[], T], keyed: bool) -> T:
    try:
        return doors.write_as(viewer, asked)
    except DBAPIError as error:
        if not (keyed and error.connection_invalidated):
            raise
    return doors.write_as(viewer, asked)  # the key tells whether it had happened


def _admitted(request: Request, connection: Connection) -> Viewer:
    visit = visit_of(request)
    find: FindViewer = request.app.state.portal.find_viewer
    visit.viewer = find(connection, request)
    if visit.route is not None:
        gate.check(visit.route.may, visit.viewer)
    visit.admitted = True
    return visit.viewer


def _name_of(request: Request, viewer: Viewer, posted: Posted, number: int) -> tuple[str, str, str]:
    """(actor, action, key): a key counts for whom it was made, for its form, for one object, and for one write."""
    actor = f"{viewer.kind}:{viewer.person_id or viewer.staff_id or posted.binding}"
    # The reference of a link is written down nowhere (SL-19).
    place = request.scope["route"].path if "ref" in request.path_params else request.scope["path"]
    return actor, f"{posted.purpose} {place}", f"{posted.key}.{number}"


def _touch(request: Request) -> None:
    portal, visit = request.app.state.portal, visit_of(request)
    viewer = visit.viewer
    if viewer is None or viewer.seen_at is None or viewer.now - viewer.seen_at < TOUCH_AFTER:
        return
    if visit.route is not None and visit.route.keeps_awake:
        portal.doors.later(viewer, portal.touch)


# --- Migrations -----------------------------------------------------------------------------------------------


NOT_MIGRATED = "The database is not up to date. Run: portal migrate"


class NotMigrated(Exception):
    """The database is not at the revision that this portal was written for."""


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database to a revision, all or nothing; repeated, it does nothing."""
    engines = make_engines(url, patient=True)
    try:
        with engines.write.connect() as connection:
            if engines.is_sqlite:
                # Rebuilding a table drops it for a moment; its children must not go with it. Inside a
                # transaction the setting would be ignored, so it is made below SQLAlchemy.
                _raw(connection).execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                _upgrade(connection, revision)
                _refuse_dangling(connection, engines)
            connection.invalidate()
    finally:
        engines.dispose()


def refuse_unmigrated(engines: Engines) -> None:
    """Raise NotMigrated unless the database is at the newest revision."""
    with engines.read.connect() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    if found != _newest():
        raise NotMigrated(NOT_MIGRATED)


@cache
def _newest() -> set[str]:
    """The newest revision of this installation; its files do not change while a process runs."""
    return set(ScriptDirectory.from_config(alembic_config()).get_heads())


def alembic_config() -> Config:
    """Alembic with the revisions of this installation."""
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7236178)")  # two at once take turns
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _refuse_dangling(connection: Connection, engines: Engines) -> None:
    if engines.is_sqlite and (dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise UnsafeDatabase(f"The migration would leave rows that point at nothing: {dangling[:5]}")


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
