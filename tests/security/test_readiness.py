"""`/readyz` tells each fault by its word while it lasts, and `/healthz` and versions nothing (RE-14)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from starlette.applications import Starlette

from portal.app import create_app
from portal.audit import jobs as audit
from portal.jobs import quick_jobs
from portal.platform import outbox
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.house.access_matrix import NOON
from tests.make import access as make


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def client(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Client]:
    app = create_app(Settings.load({"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)}), clock)
    with Client(app) as visitor:
        yield visitor


def app_of(client: Client) -> Starlette:
    return client._app


def ready(client: Client) -> str:
    """What `/readyz` says, held against its status; `/healthz` goes on saying that the process answers."""
    answer, alive = client.get("/readyz"), client.get("/healthz")
    assert (answer.status_code == 200) == (answer.text == "ready\n")
    assert (alive.status_code, alive.text) == (200, "ok\n")
    return answer.text


def check(client: Client) -> None:
    """The worker's look through the log."""
    portal = app_of(client).state.portal
    audit.check_log(portal.doors, portal.settings.data_dir, portal.settings.audit_keys)


def test_a_damaged_audit_log_is_told_until_it_is_whole_again(client: Client) -> None:
    doors: Doors = app_of(client).state.portal.doors
    make.staff(doors, "somebody")
    assert ready(client) == "ready\n"
    check(client)
    assert ready(client) == "ready\n"
    change(doors, "changed")
    assert ready(client) == "ready\n", "nobody has looked yet"
    check(client)
    assert ready(client) == "audit\n"
    change(doors, "somebody")
    check(client)
    assert ready(client) == "ready\n"


def change(doors: Doors, subject: str) -> None:
    with doors.engines.write.begin() as connection:
        if doors.engines.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_log_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE audit_log SET subject = :subject WHERE id = 1"), {"subject": subject})


def test_a_look_that_is_a_day_old_tells_nothing_any_more(client: Client, clock: FixedClock) -> None:
    check(client)
    clock.advance(hours=25, seconds=1)
    assert ready(client) == "audit\n"


def test_messages_that_wait_are_told(client: Client, clock: FixedClock) -> None:
    doors: Doors = app_of(client).state.portal.doors
    lin = make.person(doors)
    values = {
        "kind": "sms.link",
        "person_id": lin.id,
        "contact_point_id": lin.contact_point_id,
        "language": "en",
        "state": "pending",
        "reference": "r",
        "is_contact": False,
        "created_at": clock.now(),
        "due_at": clock.now(),
        "attempts": 0,
        "reason": "",
    }
    doors.write_as(doors.system(), lambda session, _: session.execute(insert(outbox.ROWS).values(values)) and None)
    assert ready(client) == "ready\n"
    clock.advance(minutes=15, seconds=1)
    assert ready(client) == "messages\n"


def test_a_database_that_takes_no_writes_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Doors, "write_as", no_room)
        assert ready(client) == "database\n"
    assert ready(client) == "ready\n"


def test_a_disk_without_room_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.platform.health.DISK_FREE_MIN", 101)
    assert ready(client) == "disk\n"


def test_the_worker_looks_every_hour(client: Client) -> None:
    job = next(job for job in quick_jobs(app_of(client).state.portal) if job.name == "audit.check_log")
    assert job.every == timedelta(hours=1)
    assert job.run() == 0
