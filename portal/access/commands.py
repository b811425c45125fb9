"""What `portal link` and `portal staff add` do; the command line itself is in portal/cli.py.

Each takes the doors to the database and returns the exit code; one plain line to standard error when something fails.
"""

from collections.abc import Sequence

import typer
from sqlalchemy import Connection

from portal.access import link_actions, passwords, staff_actions, staff_queries
from portal.access.forms import mobile_number
from portal.access.tables import STAFF_ROLES
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.sealing import seal
from portal.platform.settings import Settings

_REFUSED = {
    "name_taken": "there is an account with this name",
    "roles_conflict": "an administrator decides nothing: give either that role or the others",
    "unknown_role": f"the roles are {', '.join(STAFF_ROLES)}",
}


def make_link_command(doors: Doors, settings: Settings, who: str) -> int:
    """Print a link for the person with this reference, or for everyone with this mobile number."""
    people = doors.read_as(doors.system(), _found, who, loans.REGIONS.get(settings.lender.currency))
    reachable = [person for person in people if person.contact_point_id is not None]
    if not reachable:
        return _fail(f"link: nobody with a mobile number has the reference or number {who}")
    for person in reachable:
        ref = doors.write_as(doors.system(), link_actions.make_link, person.id, person.contact_point_id or 0)
        typer.echo(f"{settings.base_url}/l/{ref}")
    return 0


def _found(connection: Connection, viewer: Viewer, who: str, region: str | None) -> tuple[loans.PersonRecord, ...]:
    person = loans.person_by_ref(connection, who)
    if person is not None:
        return (person,)
    number = mobile_number(who, region)
    return loans.persons_by_mobile(connection, number) if number else ()


def add_staff(
    doors: Doors,
    settings: Settings,
    name: str,
    display_name: str,
    roles: Sequence[str],
    *,
    identity: str | None = None,
    password: str | None = None,
) -> int:
    """Make a staff account and print, this once, how it signs in. Without a password one is made.

    `identity` names the natural person, such as a personnel number; without one it is the sign-in name.
    """
    if password is not None and not passwords.PASSWORD_MIN <= len(password) <= passwords.PASSWORD_MAX:
        return _fail(f"staff add: a password has {passwords.PASSWORD_MIN} to {passwords.PASSWORD_MAX} characters")
    if not roles:
        return _fail(f"staff add: {_REFUSED['unknown_role']}")
    secrets = passwords.new_secrets(password)
    try:
        make_staff(doors, settings, name, display_name, tuple(roles), identity or name, secrets)
    except Refusal as refusal:
        return _fail(f"staff add: {_REFUSED.get(refusal.code, refusal.code)}")
    issuer = settings.lender.in_language("en").public_name
    typer.echo(f"name      {name}")
    if password is None:
        typer.echo(f"password  {secrets.password}")
    typer.echo(f"code      {secrets.address(name, issuer)}")
    return 0


def make_staff(
    doors: Doors,
    settings: Settings,
    name: str,
    display_name: str,
    roles: tuple[str, ...],
    identity: str,
    secrets: passwords.StaffSecrets,
) -> int:
    """Make a staff account with these secrets; raises Refusal as `staff_actions.add_staff` does."""
    new = staff_actions.NewStaff(
        name=name,
        display_name=display_name,
        identity=identity,
        roles=roles,
        password_hash=passwords.password_hash(secrets.password),
        sealed_totp=seal(settings.secret_keys, staff_queries.TOTP_PURPOSE, secrets.totp),
    )
    return doors.write_as(doors.system(), staff_actions.add_staff, new)


def _fail(reason: str) -> int:
    typer.echo(reason, err=True)
    return 1
