"""Pictures wait for their reader beside what the first reader found, each in one worker's hands, and never for ever."""

import json
from dataclasses import replace
from typing import Any

import pytest

from portal.evidence import actions, jobs, picture_actions, picture_sandbox
from portal.evidence.examining import examine
from portal.evidence.queries import FILE, STATEMENT, being_read
from portal.evidence.sandbox import Reading, Want
from portal.platform.files import StoreUnreachable
from tests.client import Client
from tests.evidence.acts import CASE_NUMBER, add, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.make import evidence as make
from tests.make.statements import plain_csv

CSV = plain_csv([("2026-03-05", 265_000, 306_255)])


class Reader:
    """Stands for the child process: what it is given is counted, what it answers is told beforehand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = Reading(kind="jpeg", pages=(), no_statement="image_unclear")
        self.meanwhile: Any = lambda: None
        self.files: list[str] = []
        monkeypatch.setattr(picture_sandbox, "is_installed", lambda: True)
        monkeypatch.setattr(picture_sandbox, "read_pictures", self.read)

    def read(self, name: str, data: bytes, password: str, want: Want) -> Reading:
        """Instead of minutes."""
        self.files.append(name)
        self.meanwhile()
        return self.answer


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


def read(client: Client) -> int:
    """One round of the job."""
    portal = portal_of(client)
    return jobs.read_pictures(portal.doors, portal.files)


def why(client: Client) -> list[str]:
    """What is noted beside the one file, and whether its pictures wait."""
    (row,) = rows(client, STATEMENT)
    return [code for code, _ in json.loads(row.notes)] + ["waits"] * row.pictures_wait


def waiting(client: Client) -> tuple[int, int]:
    """What the case still waits for."""
    doors = portal_of(client).doors
    return doors.read_as(doors.system(), lambda connection, _: being_read(connection, "dispute", CASE_NUMBER))


def test_what_the_pictures_say_takes_the_place_of_the_note(client: Client, reader: Reader) -> None:
    add(client, make.picture(kind="JPEG"))
    assert (why(client), waiting(client)) == (["image_not_read", "waits"], (1, 1))
    assert [read(client), read(client)] == [1, 0]
    assert (why(client), waiting(client)) == (["image_unclear"], (0, 0))
    assert reader.files == ["slip.jpg"]


def test_a_file_without_pictures_waits_for_nothing(client: Client, reader: Reader) -> None:
    add(client, CSV, "march.csv")
    assert (why(client), waiting(client), read(client)) == ([], (0, 0), 0)


def test_without_the_extra_nothing_waits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: False)
    add(client, make.picture(kind="JPEG"))
    assert (why(client), waiting(client), read(client)) == (["image_not_read"], (0, 0), 0)


def test_what_was_opened_by_a_password_does_not_wait(client: Client, reader: Reader) -> None:
    """The password is kept nowhere, so nobody could open it later."""
    add(client, make.picture(kind="JPEG"), read=False)
    portal = portal_of(client)
    (file,) = rows(client, FILE)
    examine(portal.doors, portal.files, actions.Waiting(file.id, file.name, file.store_key, file.sha256), None, "1234")
    assert why(client) == ["image_not_read"]


def test_where_the_reader_fails_the_note_stays_and_the_wait_ends(client: Client, reader: Reader) -> None:
    reader.answer = Reading(kind="", pages=(), problem="broken")
    add(client, make.picture(kind="JPEG"))
    assert read(client) == 1
    assert why(client) == ["image_not_read"]


def test_what_was_deleted_meanwhile_stays_gone(client: Client, reader: Reader) -> None:
    code = add(client, make.picture(kind="JPEG"))
    doors = portal_of(client).doors
    reader.meanwhile = lambda: doors.write_as(viewer_named("lin", doors.system()), actions.remove_own, code)
    assert [read(client), read(client)] == [1, 0]
    assert rows(client, STATEMENT) == []


def test_what_was_closed_meanwhile_stays_as_it_was(client: Client, reader: Reader) -> None:
    add(client, make.picture(kind="JPEG"))
    doors = portal_of(client).doors

    def block() -> None:
        doors.write_as(doors.system(), lambda session, _: session.execute(FILE.update().values(state="blocked")))

    reader.meanwhile = block
    assert [read(client), read(client)] == [1, 0]
    assert (why(client), waiting(client)) == (["image_not_read", "waits"], (0, 0))


def test_one_worker_at_a_time_reads_a_file(client: Client, reader: Reader) -> None:
    add(client, make.picture(kind="JPEG"))
    seen: list[int] = []
    reader.meanwhile = lambda: seen.append(read(client))
    assert read(client) == 1
    assert seen == [0]


def test_a_file_that_ends_its_reader_every_time_is_given_up(client: Client, reader: Reader) -> None:
    """As where the whole machine went down: the leases are over, and nothing was written."""
    add(client, make.picture(kind="JPEG"))
    doors = portal_of(client).doors
    (file,) = rows(client, FILE)
    for _ in range(picture_actions.MAX_TRIES):
        assert doors.write_as(doors.system(), picture_actions.claim, file.id)
        doors.write_as(doors.system(), lambda session, _: session.execute(STATEMENT.update().values(lease_until=None)))
    assert read(client) == 0
    assert why(client) == ["image_not_read"]
    assert reader.files == []


def test_a_store_that_is_away_costs_no_try(client: Client, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    add(client, make.picture(kind="JPEG"))

    def away(*_: Any) -> bytes:
        raise StoreUnreachable("away")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(portal_of(client).files), "get", away)
        with pytest.raises(StoreUnreachable):
            read(client)
    (row,) = rows(client, STATEMENT)
    assert (row.picture_tries, row.lease_until, row.pictures_wait) == (0, None, True)
    assert read(client) == 1


def test_pages_with_text_are_not_lost_to_pictures_that_say_nothing(reader: Reader) -> None:
    from portal.core.statement import Note
    from portal.evidence.statements import delimited

    (told,) = delimited.read("a.csv", CSV)
    first = Reading("pdf", (), statements=(replace(told, notes=(Note("image_not_read", {"pages": 1}),)),))
    assert picture_sandbox.with_pictures_read(first, "a.pdf", b"") is first
