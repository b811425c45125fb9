"""The command line: `portal serve`, `portal import` and the others. Each names what does the work, and nothing more."""

import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from portal.platform import cli, log
from portal.platform.cli import Failed
from portal.platform.settings import Settings

if TYPE_CHECKING:
    from portal.app import Portal
    from portal.installation import Installation

DAY = "%Y-%m-%d"
BACKLOG = 2048
"""How many connections may wait to be taken up."""

ROLES = "plan_approver, dispute_handler, supervisor, auditor or administrator; may be given several times."
COLLECTED_EVERY = 50_000
"""New objects between two searches for garbage: what is loaded at the start stays, and looking through it again and
again takes a sixth of that time."""

GRACE_SECONDS = 30
"""How long a stopping server waits for requests in hand."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The repayment portal. Settings come from PORTAL_… variables and .env; see portal check-config.",
)
staff = typer.Typer(no_args_is_help=True, help="Staff accounts.")
app.add_typer(staff, name="staff")


def main() -> int:
    """The entry point; returns the exit code."""
    gc.set_threshold(COLLECTED_EVERY)
    return cli.run(app)


class Format(StrEnum):
    """How an explanation is written."""

    text = "text"
    json = "json"
    csv = "csv"
    jsonl = "jsonl"


class Told(StrEnum):
    """How an answer is written."""

    text = "text"
    json = "json"


class FundsReading(StrEnum):
    """Which balance of the due date counts for the funds rule."""

    opening = "opening"
    closing = "closing"
    all_day = "all_day"
    any_moment = "any_moment"


class Printed(StrEnum):
    """What check-config can write for other programs."""

    nginx = "nginx"
    systemd = "systemd"


# --- Running --------------------------------------------------------------------------------------------------


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to listen on; by default that of PORTAL_BASE_URL, or 8000."),
    ] = None,
    worker: Annotated[bool, typer.Option(help="Run the worker in this process too.")] = True,
) -> int:
    """Serve the portal until it is stopped."""
    import uvicorn

    from portal.app import create_app
    from portal.jobs import make_worker
    from portal.platform import health

    settings = _settings()
    application = create_app(settings)
    portal: Portal = application.state.portal
    health.check_at_start(portal.doors.engines, settings)
    port = port or (None if settings.in_production else urlsplit(settings.base_url).port) or 8000
    listening = _listening(host, port)
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,  # paths hold links; the application logs requests by route
            server_header=False,
            proxy_headers=False,  # the application trusts the proxies that are named, whatever serves it
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    for each in (signal.SIGTERM, signal.SIGINT):
        # The server raises what it caught once more when it has stopped; by default that would end us mid-item.
        signal.signal(each, lambda _number, _frame: setattr(server, "should_exit", True))
    jobs = make_worker(portal) if worker else None
    _welcome(settings, portal, f"{host}:{port}")
    if jobs is not None:
        jobs.start()
    try:
        server.run([listening])
    finally:
        if jobs is not None:
            jobs.stop()
        portal.doors.close()
    return 0 if server.started else 1


@app.command("worker")
def run_worker(
    once: Annotated[bool, typer.Option(help="Do what is due now, then end.")] = False,
) -> int:
    """Send messages, read uploads and do what the clock asks for, until stopped."""
    from portal.jobs import make_worker
    from portal.platform import health

    with _portal() as portal:
        health.check_at_start(portal.doors.engines, portal.settings)
        work = make_worker(portal)
        if once:
            while work.run_due():
                pass
            return 0
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda _number, _frame: work.ask_to_stop())
        work.run()
    return 0


@app.command()
def migrate() -> int:
    """Bring the database to what this version needs; repeated, it does nothing."""
    from portal.platform import db

    db.migrate(_settings().database_url)
    typer.echo("The database is up to date.")
    return 0


@app.command()
def demo() -> int:
    """Fill a development database with an invented portfolio as it stands today."""
    settings = _settings()
    if settings.in_production:
        raise Failed("The demo portfolio is for development only.")
    from portal.demo import commands

    with _portal(settings) as portal:
        return commands.run_demo(portal.doors, settings)


# --- The lender's loan system ---------------------------------------------------------------------------------


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="Folder with the CSV files.")],
    data_date: Annotated[
        datetime, typer.Option(formats=[DAY], metavar="DATE", help="The day up to which payments are included.")
    ],
    keep_good: Annotated[bool, typer.Option("--keep-good", help="Apply the good rows, set the others aside.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> int:
    """Take in what the loan system knows; the same folder twice changes nothing."""
    from portal.loans import commands

    with _portal() as portal, cli.progress() as step:
        return commands.run_import(
            portal.doors,
            folder,
            data_date.date(),
            currency=portal.settings.lender.currency,
            data_dir=portal.settings.data_dir,
            keep_good=keep_good,
            dry_run=dry_run,
            progress=step,
        )


@app.command()
def export(
    since: Annotated[int, typer.Option(min=0, help="The number that the last export ended with.")] = 0,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the CSV files; by default export in the data folder.")
    ] = None,
) -> int:
    """Write what the portal decided, for the loan system."""
    from portal.loans import commands

    with _portal() as portal:
        return commands.run_export(portal.doors, to or portal.settings.data_dir / "export", since)


@app.command()
def explain(
    loan_ref: Annotated[str | None, typer.Argument(help="Reference of a loan.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=[DAY], metavar="DATE", help="Day; today if not given.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="What was known then, such as 2026-03-17T18:00:00+08:00.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="text, json, csv, or with --all jsonl.")] = None,
    every_loan: Annotated[bool, typer.Option("--all", help="Every loan, one a line.")] = False,
) -> int:
    """Say what a loan owes at the end of a day and how that came about."""
    from portal.loans import commands

    if every_loan == (loan_ref is not None):
        raise Failed("explain: name one loan, or give --all")
    with _portal() as portal:
        return commands.run_explain(
            portal.doors,
            loan_ref,
            as_of.date() if as_of else portal.clock.today(portal.settings.time_zone),
            known_at=_instant(known_at),
            format=(format or (Format.jsonl if every_loan else Format.text)).value,
            every_loan=every_loan,
        )


@app.command("evaluate")
def evaluate_plans(
    as_of: Annotated[
        datetime | None, typer.Option(formats=[DAY], metavar="DATE", help="The day to judge; today if not given.")
    ] = None,
) -> int:
    """Judge promises and plans by what has arrived: tell what was missed, evaluate, end what was kept.

    Repeated, or run twice at once, it does nothing twice; days without a run are caught up.
    """
    from portal.jobs import evaluate

    with _portal() as portal:
        today = portal.clock.today(portal.settings.time_zone)
        day = as_of.date() if as_of else today
        if day > today:
            raise Failed(f"evaluate: {day} has not come yet; today is {today}")
        done = 0
        for line in evaluate(portal, day):
            typer.echo(line)
            done += 1
        typer.echo(f"Judged as of {day}: {done} done.")
    return 0


# --- Evidence -------------------------------------------------------------------------------------------------


@app.command("check-funds")
def check_funds(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Statements of one account, in any order.")],
    due: Annotated[datetime, typer.Option(formats=[DAY], metavar="DATE", help="The due date.")],
    amount: Annotated[str, typer.Option(help="What had to be there, in major units, such as 1180.00.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code; by default the statement's own.")] = "",
    account: Annotated[str, typer.Option(help="Last four digits of the debited account.")] = "",
    holder: Annotated[str, typer.Option(help="The account holder's name.")] = "",
    reading: Annotated[FundsReading, typer.Option(help="Which balance of the day counts.")] = FundsReading.closing,
    columns: Annotated[
        list[str] | None,
        typer.Option(help="What unknown columns mean: NAME=date,NAME=amount,NAME=balance; a number for no name."),
    ] = None,
    format: Annotated[Told, typer.Option(help="text or json.")] = Told.text,
) -> int:
    """Say whether statements show the instalment on its due date: met, not met, or what is missing to tell.

    Reads CSV, XLSX, XLS, CAMT.052 and 053, MT940, OFX and QFX; see docs/check-funds.md. Nothing is stored.
    """
    from portal.evidence.commands import Asked, run_check_funds

    asked = Asked(
        due=due.date(),
        amount=amount,
        currency=currency,
        account=account,
        holder=holder,
        reading=reading.value,
        columns=columns or (),
    )
    return run_check_funds(files, asked, format=format.value, out=sys.stdout)


# --- People ---------------------------------------------------------------------------------------------------


@app.command()
def link(who: Annotated[str, typer.Argument(help="A borrower's reference or mobile number.")]) -> int:
    """Print a new link for a borrower, to be sent by other means."""
    from portal.access import commands

    with _portal() as portal:
        return commands.make_link_command(portal.doors, portal.settings, who)


@staff.command("add")
def add_staff(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    display_name: Annotated[
        str, typer.Option("--display-name", help="The name that others see; the sign-in name if not given.")
    ] = "",
    roles: Annotated[list[str] | None, typer.Option("--role", help=ROLES)] = None,
    identity: Annotated[str | None, typer.Option(help="The natural person, such as a personnel number.")] = None,
) -> int:
    """Make a staff account and print, this once, how it signs in."""
    from portal.access import commands

    with _portal() as portal:
        return commands.add_staff(
            portal.doors, portal.settings, name, display_name or name, roles or (), identity=identity
        )


# --- Operation ------------------------------------------------------------------------------------------------


@app.command("check-config")
def check_config(
    print_for: Annotated[
        Printed | None, typer.Option("--print", help="Write configuration for another program.")
    ] = None,
) -> int:
    """Print every setting, secrets masked, and what a careful operator would fix."""
    from portal import check_config as checking

    settings = _settings()
    if print_for is Printed.nginx:
        typer.echo(checking.nginx(settings), nl=False)
    elif print_for is Printed.systemd:
        typer.echo(checking.systemd(settings), nl=False)
    else:
        for line in checking.lines(settings):
            typer.echo(line)
        for warning in checking.warnings(settings):
            typer.echo(f"warning: {warning}")
    return 0


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="File to write; it must not exist.")]) -> int:
    """Write database and files of one moment into one encrypted file."""
    from portal.backup import back_up

    with _portal() as portal, cli.progress() as step:
        counts = back_up(portal, target, step)
    typer.echo(f"{target}: {sum(counts.values()) - counts['files']} rows and {counts['files']} files")
    return 0


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="A file that `portal backup` wrote.")]) -> int:
    """Bring a backup back onto an empty database, and prove that all is there."""
    from portal import backup as archive
    from portal.platform.vault import VaultDamaged
    from portal.prove import prove as run_proofs

    with _portal() as portal, cli.progress() as step:
        try:
            archive.restore(portal, source, step)
        except VaultDamaged as damaged:
            raise Failed(str(damaged)) from None
        faults = run_proofs(portal, typer.echo)
    if faults:
        raise Failed(f"The backup was restored, and {faults} things are wrong.")
    return 0


@app.command()
def remains(source: Annotated[Path, typer.Argument(help="A file that `portal backup` wrote.")]) -> int:
    """List the uploaded files that a backup still holds although they were deleted here."""
    from portal import backup as archive
    from portal.platform.vault import VaultDamaged

    with _portal() as portal:
        try:
            held = archive.remains(portal, source)
        except VaultDamaged as damaged:
            raise Failed(str(damaged)) from None
    for file in held:
        typer.echo(f"{file.code}  {file.case}  {file.deleted}  {file.kept} stored")
    typer.echo(f"{source} holds {len(held)} files that were deleted here; delete it when its time is over.")
    return 0


@app.command()
def rewrap() -> int:
    """Wrap every stored file with the newest of PORTAL_FILE_KEYS; may run while the portal serves, and be repeated."""
    from portal.rewrap import rewrap as run_rewrap

    with _portal() as portal, cli.progress() as step:
        done = run_rewrap(portal, step)
    typer.echo(f"{done.changed} files wrapped with the newest key, {done.current} were already")
    if done.unreadable:
        for key in done.unreadable:
            typer.echo(f"  file {key} opens with none of PORTAL_FILE_KEYS")
        raise Failed(f"{len(done.unreadable)} files cannot be read: take no key away.")
    return 0


@app.command()
def prove() -> int:
    """Prove that nothing was lost or changed; exit code 1 and a list if something was."""
    from portal.prove import prove as run_proofs

    with _portal() as portal:
        faults = run_proofs(portal, typer.echo)
    if faults:
        raise Failed(f"{faults} things are wrong.")
    return 0


# --- Shared ---------------------------------------------------------------------------------------------------


def _listening(host: str, port: int) -> socket.socket:
    """A socket at this address; Failed where another program has it, before anything is started."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        ways = "see --host and --port, or PORTAL_BASE_URL"
        raise Failed(f"serve: cannot listen on {host} port {port}: {why}; {ways}") from None


def _settings() -> Settings:
    settings = Settings.from_environment()
    log.set_up(as_json=settings.in_production)
    return settings


@contextmanager
def _portal(settings: Settings | None = None) -> "Iterator[Installation]":
    """The portal of this installation for one command, whose statements may take as long as they need."""
    from portal.installation import open_installation
    from portal.platform.clock import SystemClock

    settings = settings or _settings()
    portal = open_installation(settings, SystemClock(settings.time_zone, settings.today), patient=True)
    try:
        yield portal
    finally:
        portal.doors.close()


def _instant(typed: str | None) -> datetime | None:
    if typed is None:
        return None
    try:
        parsed = datetime.fromisoformat(typed)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise Failed(f"--known-at {typed}: write an instant with its offset, such as 2026-03-17T18:00:00+08:00")
    return parsed.astimezone(UTC)


def _welcome(settings: Settings, portal: "Portal", listening: str) -> None:
    typer.echo(f"Serving {settings.base_url}")
    if urlsplit(settings.base_url).netloc != listening:
        typer.echo(f"Listening on {listening}; links in messages lead to the address above (PORTAL_BASE_URL).")
    if not settings.in_production:
        typer.echo(f"Demo phone and what to type: {settings.base_url}/demo/phone")
    if not portal.pages.assets.has_htmx:
        typer.echo("htmx is missing, so pages work as with JavaScript off. Run: make setup")


if __name__ == "__main__":
    sys.exit(main())
