"""What all commands share: one plain line on standard error when something fails, and a bar for long work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from portal.platform.db import NOT_MIGRATED, NotMigrated
from portal.platform.engines import UnsafeDatabase
from portal.platform.file_backends import StoreUnreachable
from portal.platform.settings import SettingsError

INTERRUPTED = 130
_UNDEFINED = frozenset(("42P01", "42703"))
"""What PostgreSQL calls a table and a column that are not there."""
Step = Callable[[str, int], None]


class Failed(Exception):
    """A command could not do what it was asked; the message is one plain line for the operator."""


def run(app: typer.Typer) -> int:
    """Run the command that was typed and return its exit code."""
    try:
        code = app(standalone_mode=False, prog_name="portal")
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        return _failed(error)
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    wrong_use = getattr(error, "format_message", None)
    say(reason(error) if wrong_use is None else f"{wrong_use()} See: {_command(error)} --help")
    return int(getattr(error, "exit_code", 1))


def _command(error: Exception) -> str:
    return getattr(getattr(error, "ctx", None), "command_path", "portal")


def say(line: str) -> None:
    """One line on standard error."""
    typer.echo(" ".join(line.split()), err=True)


def reason(error: Exception) -> str:
    """What went wrong, for an operator: no trace, no statement, no personal data."""
    if isinstance(error, (Failed, UnsafeDatabase, NotMigrated)):
        return str(error)
    if isinstance(error, SettingsError):
        return f"The configuration cannot be used: {error}"
    if isinstance(error, DBAPIError) and _lacks_schema(error):
        return NOT_MIGRATED
    if isinstance(error, DBAPIError):
        return f"The database did not answer as it should: {str(error.orig).splitlines()[0]}"
    if isinstance(error, SQLAlchemyError):
        return f"The database cannot be used: {type(error).__name__}"
    if isinstance(error, StoreUnreachable):
        return f"The file store cannot be reached: {error}"
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    return f"Something unexpected went wrong: {type(error).__name__}: {error}"


def _lacks_schema(error: DBAPIError) -> bool:
    """Whether a table or column is missing, and so a migration."""
    missing = getattr(error.orig, "sqlstate", None) in _UNDEFINED
    return missing or str(error.orig).startswith(("no such table", "no such column"))


@contextmanager
def progress() -> Iterator[Step]:
    """A function `step(name, done)` that moves a bar when a person watches, and else does nothing."""
    if not sys.stderr.isatty():
        yield lambda _name, _done: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done: bar.update(task, description=name, completed=done)
