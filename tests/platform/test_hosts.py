"""Staff on a host of their own: each side's pages exist on its own host alone (ST-10)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.platform.clock import FixedClock
from tests.client import Client
from tests.platform.toy import settings_of, toy_app

PEOPLE, STAFF = "https://pay.example.com", "https://desk.example.com"


@pytest.fixture
def client(tmp_path: Path, sqlite_url: str, clock: FixedClock) -> Iterator[Client]:
    """A visitor of a portal with two hosts."""
    settings = settings_of(tmp_path, sqlite_url, BASE_URL=PEOPLE, STAFF_BASE_URL=STAFF)
    with Client(toy_app(settings, clock), base_url=PEOPLE) as visitor:
        yield visitor


def test_each_side_has_its_host(client: Client) -> None:
    at_staff = {"Host": "desk.example.com"}
    assert client.get("/start").status_code == 200
    assert client.get("/start", headers=at_staff).status_code == 404
    assert client.get("/staff/sign-in").status_code == 404
    assert client.get("/staff/sign-in", headers=at_staff).status_code == 200


def test_each_host_has_its_start(client: Client) -> None:
    assert client.get("/").headers["location"] == "/start"
    assert client.get("/", headers={"Host": "desk.example.com"}).headers["location"] == "/staff/"


def test_health_is_answered_on_any_host(client: Client) -> None:
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    assert client.get("/start", headers={"Host": "10.0.0.7"}).status_code == 400
