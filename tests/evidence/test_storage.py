"""What people meet when the store fails them: a damaged file, a service that is away, an end of the keeping time."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.audit.tables import LOG
from portal.evidence import actions, jobs
from portal.evidence.queries import FILE, PAGE
from portal.platform.buckets import Bucket
from portal.platform.clock import FixedClock
from portal.platform.files import FileStore, StoreUnreachable
from portal.prove import files as proof
from tests.buckets import files_of
from tests.client import Client
from tests.evidence.acts import add, as_, portal_of, rows
from tests.make import evidence as make


@pytest.fixture
def more_settings(store_settings: Mapping[str, str]) -> Mapping[str, str]:
    """Every test on a folder and on a bucket."""
    return store_settings


AWAY = {
    "FILES_URL": "s3://evidence/portal",
    "FILES_ENDPOINT": "http://127.0.0.1:9",
    "FILES_ACCESS_KEY": "nobody",
    "FILES_SECRET_KEY": "nothing",
}


def away(client: Client) -> FileStore:
    """A store whose service does not answer."""
    return FileStore(Bucket(files_of(AWAY)), portal_of(client).settings.file_keys)


@pytest.mark.parametrize("what", ["damaged", "swapped", "missing", "exchanged with the keys"])
def test_what_is_not_what_was_sent_is_never_shown(client: Client, what: str) -> None:
    """A clear page, a row of the audit log, a line of the proof."""
    code = add(client, make.picture(kind="JPEG"))
    other = add(client, make.pdf(), "other.pdf")
    portal, files = portal_of(client), portal_of(client).files
    file, another = rows(client, FILE)
    page_key = rows(client, PAGE)[0].store_key
    asked = [f"/files/{code}"]
    if what == "exchanged with the keys":
        with portal.doors.engines.write.begin() as connection:
            connection.execute(update(FILE).where(FILE.c.id == file.id).values(store_key=files.put(b"another")))
    else:
        for key in (file.store_key, page_key):
            if what == "missing":
                files.delete(key)
            else:
                files.put_raw(key, files.raw(another.store_key) if what == "swapped" else files.raw(key)[:-1] + b"x")
        asked += [f"/files/{code}/pages/1"]
    for path in asked:
        answer = as_(client, "lin").get(path)
        assert answer.status_code == 500
        assert "not what was sent" in answer.text
        assert answer.headers["content-type"].startswith("text/html")
    said = [(row.subject, row.payload) for row in rows(client, LOG) if row.kind == "evidence.file_damaged"]
    assert len(said) == len(asked)
    assert all(subject == code and ("missing" in payload) == (what == "missing") for subject, payload in said)
    faults = list(proof(portal))
    assert len(faults) == len(asked)
    assert all(code in fault for fault in faults)
    assert as_(client, "lin").get(f"/files/{other}").status_code == 200


def test_a_store_that_is_away_is_said_and_loses_nothing(client: Client, clock: FixedClock) -> None:
    """Pages that need it answer 503 with a time; the rest goes on; afterwards all is there."""
    code = add(client, make.picture(kind="JPEG"))
    add(client, make.pdf(), "waits.pdf", read=False)
    portal = portal_of(client)
    working, portal.files = portal.files, away(client)
    for path in (f"/files/{code}", f"/files/{code}/pages/1"):
        answer = as_(client, "lin").get(path)
        assert answer.status_code == 503
        assert "What you sent is safe" in answer.text
        assert answer.headers["retry-after"]
    assert client.get(f"/files/{code}/view").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, "files\n" in ready.text) == (503, True)
    for _ in range(2 * actions.MAX_TRIES):
        with pytest.raises(StoreUnreachable):
            jobs.read_waiting(portal.doors, portal.files, None)
        clock.advance(minutes=6)
    assert [fault for fault in proof(portal) if "cannot be reached" in fault]
    portal.files = working
    assert jobs.read_waiting(portal.doors, portal.files, None) == 1
    assert [row.state for row in rows(client, FILE)] == ["ready", "ready"]
    assert client.get(f"/files/{code}").status_code == 200
    assert client.get("/readyz").text.count("files") == 0


def test_a_file_is_removed_while_the_store_is_away(
    client: Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once for everybody; its bytes go with the next sweep."""
    code = add(client, make.picture(kind="JPEG"))
    portal = portal_of(client)
    working, portal.files = portal.files, away(client)
    page = as_(client, "lin").get(f"/files/{code}/view")
    assert client.submit(page, form="/remove").status_code == 303
    portal.files = working
    assert len(list(portal.files.keys())) == 2
    clock.advance(hours=25)
    assert jobs.sweep_orphans(portal.doors, portal.files) == 2
    assert list(portal.files.keys()) == []


def test_the_end_of_the_keeping_time_takes_everything(client: Client, clock: FixedClock) -> None:
    """Original and every page of the view copy, and the name (EV-17)."""
    today = portal_of(client).doors.system().today
    add(client, make.pdf(3), "statement.pdf", delete_after=today + timedelta(days=10))
    portal = portal_of(client)
    assert len(list(portal.files.keys())) == 4
    clock.advance(days=10)
    assert jobs.delete_expired(portal.doors, portal.files) == 0
    clock.advance(days=1)
    assert jobs.delete_expired(portal.doors, portal.files) == 1
    assert list(portal.files.keys()) == []
    assert [(row.state, row.name) for row in rows(client, FILE)] == [("deleted", "")]
    assert rows(client, PAGE) == []


def test_the_sweep_touches_nothing_of_another_installation(client: Client, clock: FixedClock) -> None:
    """Two portals on one bucket by mistake: what none of our file keys opens is not ours to delete."""
    add(client, make.picture(kind="JPEG"))
    portal = portal_of(client)
    other = FileStore(portal.files._backend, ["the-file-key-of-another-installation-01"])
    theirs, orphan = other.put(b"theirs"), portal.files.put(b"nobody's")
    clock.advance(hours=25)
    assert jobs.sweep_orphans(portal.doors, portal.files) == 1
    assert other.get(theirs) == b"theirs"
    assert orphan not in set(portal.files.keys())
    assert len(list(portal.files.keys())) == 3
