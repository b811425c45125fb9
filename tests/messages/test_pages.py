"""The diary: what was sent to me, when, in what words; today's count; nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from starlette.requests import Request

from portal.app import Portal, create_app
from portal.messages import jobs
from portal.messages.actions import notify
from portal.messages.gateways import DemoPhone
from portal.platform.clock import FixedClock
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from portal.platform.visit import stranger
from tests.client import Client
from tests.make.loans import import_tables, lin_yi


@pytest.fixture
def client(tmp_path: Path, sqlite_url: str, clock: FixedClock) -> Iterator[Client]:
    """Lin, signed in."""
    app = create_app(Settings.load({"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_DATABASE_URL": sqlite_url}), clock)
    portal: Portal = app.state.portal

    def find(_connection: Connection, request: Request) -> Viewer:
        like = stranger(request)
        person = int(request.headers.get("x-test-person", "1"))
        return Viewer("borrower", like.now, like.today, like.language, person, roles=frozenset(("borrower",)))

    portal.find_viewer = find
    portal.touch = None
    import_tables(portal.doors, tmp_path, lin_yi())
    with Client(app, headers={"Accept-Language": "en"}) as made:
        yield made


def send(client: Client, template: str) -> None:
    """A text for Lin, delivered to the demo phone."""
    portal: Portal = client._app.state.portal

    def queue(session: object, viewer: Viewer) -> int | None:
        return notify(session, viewer, person_id=1, template=template, number="4K7-2GH")  # type: ignore[arg-type]

    portal.doors.write_as(portal.doors.system(), queue)
    jobs.send_due(portal.doors, portal.settings, DemoPhone())


def test_an_empty_diary_says_so(client: Client) -> None:
    """And how many there may be."""
    page = client.get("/messages")
    assert "no message yet" in page.text
    assert "Today 0 of at most 3 reminders" in page.text
    assert "between 08:00 and 21:00" in page.text


def test_the_diary_counts_reminders_and_masks_links(client: Client) -> None:
    """An answer is listed and not counted; the number is masked; a stranger's diary is empty."""
    send(client, "sms.news")
    send(client, "sms.answer")
    page = client.get("/messages")
    assert "Today 1 of at most 3 reminders" in page.text
    assert page.text.count("138****8000") == 2
    assert "/l/••••••" in page.text
    assert "4K7-2GH" in page.text
    assert "12:00" in page.text
    other = client.get("/messages", headers={"x-test-person": "2"})
    assert "no message yet" in other.text


def test_the_demo_phone_shows_who_is_of_an_own_portfolio(client: Client) -> None:
    """Their texts, without which nobody gets a code in development; what to type stays with the lender."""
    assert "No text yet." in client.get("/demo/phone").text
    send(client, "sms.answer")
    page = client.get("/demo/phone").text
    assert "林一" in page
    assert "林一" in page
    assert "4K7-2GH" in page
    assert "as your import has them" in page
    assert "1990" not in page
