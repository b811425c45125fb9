"""What `portal demo` does; the command line itself is in portal/cli.py."""

import io
import tempfile
from contextlib import redirect_stdout
from datetime import date, timedelta
from pathlib import Path

import typer

from portal.access import staff_queries as access
from portal.access.commands import make_staff
from portal.access.passwords import StaffSecrets
from portal.demo import actions, people, queries
from portal.demo.portfolio import Tables, portfolio, write_folder
from portal.loans.commands import fail, run_import
from portal.messages.gateways import DemoPhone, gateway_of
from portal.messages.jobs import send_due
from portal.platform.db import Doors
from portal.platform.settings import Settings


def run_demo(doors: Doors, settings: Settings) -> int:
    """Load the demo portfolio, its staff, a complaint and first texts, and say where to go; the exit code.

    Run again it changes nothing, but on a later day the lender's data date moves on with the calendar.
    """
    if settings.in_production:
        return fail("demo: the demo is for development only; this installation runs in production mode")
    viewer = doors.system()
    if doors.read_as(viewer, queries.holds_another_portfolio):
        return fail(
            "demo: this database holds a portfolio of its own; the demo needs a folder of its own: "
            "set PORTAL_DATA_DIR=data-demo (and another PORTAL_DATABASE_URL if you set one)"
        )
    data_date = viewer.today - timedelta(days=1)
    last = doors.read_as(viewer, queries.data_date)
    if last and data_date < last:
        return fail(
            f"demo: the data here reaches {last}, so the demo of {viewer.today} needs a folder of its own: "
            f"set PORTAL_DATA_DIR=data-{viewer.today} (and another PORTAL_DATABASE_URL if you set one)"
        )
    first_day = doors.read_as(viewer, queries.first_loaded, settings.time_zone) or viewer.today
    code, said = _import(doors, settings, portfolio(first_day, data_date, settings.time_zone), data_date)
    if code:
        typer.echo(said, err=True)
        return code
    _make_staff(doors, settings)
    doors.write_as(doors.system(), actions.send_first_complaint)
    if doors.write_as(doors.system(), actions.send_first_texts):
        _deliver(doors, settings)
    _tell(settings, changed="Nothing changed." not in said)
    return 0


def _import(doors: Doors, settings: Settings, tables: Tables, data_date: date) -> tuple[int, str]:
    """Import the portfolio as an operator would; the exit code and what the import said."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(said):
        write_folder(tables, Path(folder))
        currency, data_dir = settings.lender.currency, settings.data_dir
        code = run_import(doors, Path(folder), data_date, currency=currency, data_dir=data_dir)
    return code, said.getvalue()


def _make_staff(doors: Doors, settings: Settings) -> None:
    known = {account.name for account in doors.read_as(doors.system(), access.staff_accounts)}
    for staff in people.STAFF:
        if staff.name not in known:
            secrets = StaffSecrets(staff.password, staff.totp)
            make_staff(doors, settings, staff.name, staff.display_name, staff.roles, f"demo:{staff.name}", secrets)


def _deliver(doors: Doors, settings: Settings) -> None:
    """Let the texts arrive at once; a real gateway is left to the worker."""
    gateway = gateway_of(settings)
    while isinstance(gateway, DemoPhone) and send_due(doors, settings, gateway):
        pass


def _tell(settings: Settings, *, changed: bool) -> None:
    state = "is loaded" if changed else "is as it was"
    typer.echo(f"The demo {state}: {len(people.PEOPLE)} people and {len(people.STAFF)} members of staff.")
    typer.echo(f"  Demo phone  {settings.base_url}/demo/phone  (text messages, and what to type for whom)")
    typer.echo(f"  Staff       {settings.staff_base_url}/staff/  (names, passwords and codes are on the demo phone)")
