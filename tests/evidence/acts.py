"""What people and the worker do with files in these tests."""

from typing import Any

from sqlalchemy import select

from portal.app import Portal
from portal.evidence import actions, jobs
from tests.client import Client
from tests.evidence.conftest import viewer_named

CASE_NUMBER = "4K7-2GH"


def portal_of(client: Client) -> Portal:
    """The installation behind a client."""
    portal: Portal = client._app.state.portal
    return portal


def add(
    client: Client,
    data: bytes,
    name: str = "slip.jpg",
    *,
    who: str = "lin",
    case: tuple[str, str] = ("dispute", CASE_NUMBER),
    read: bool = True,
    **more: Any,
) -> str:
    """Keep and take a file, and let the worker read it; gives its code."""
    portal = portal_of(client)
    kept = actions.keep(portal.files, name, data)
    viewer = viewer_named(who, portal.doors.system())
    code = portal.doors.write_as(
        viewer,
        lambda session, viewer: actions.take_upload(
            session, viewer, kept, case_kind=case[0], case_number=case[1], **more
        ),
    )
    while read and jobs.read_waiting(portal.doors, portal.files, portal.scanner):
        pass
    return code


def rows(client: Client, table: Any) -> list[Any]:
    """Everything in a table."""
    doors = portal_of(client).doors
    return doors.read_as(doors.system(), lambda connection, _viewer: list(connection.execute(select(table))))


def as_(client: Client, name: str) -> Client:
    """The same visitor under another name."""
    client.http.headers["x-test-viewer"] = name
    return client
