"""Nobody opens a file that was not scanned, where there is a scanner; without one nothing is called clean (EV-10)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.audit.tables import LOG
from portal.evidence import actions, jobs, scanning
from portal.evidence.clamd import Clamd, ScannerDown, Verdict
from portal.evidence.examining import examine
from portal.evidence.queries import FILE, SCAN, file_record
from portal.platform import outbox
from portal.platform.clock import FixedClock
from portal.prove import files as proof
from tests.client import Client
from tests.evidence.acts import CASE_NUMBER, add, as_, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.make import evidence as make
from tests.scanners import EICAR, Pretender, clamd, pretending

INFECTED = make.picture(kind="JPEG", comment=EICAR)
NEWER = b"ClamAV 1.4.6/27501/Fri Nov 27 09:00:00 2026\0"


@pytest.fixture
def scanner() -> Iterator[Pretender]:
    """A scanner that says what it is told."""
    with pretending() as running:
        yield running


@pytest.fixture
def more_settings(scanner: Pretender) -> Mapping[str, str]:
    """The portal has that scanner."""
    return {"CLAMD": scanner.address}


def statuses(client: Client, code: str) -> set[int]:
    """What everybody gets who asks for the file in any way."""
    mine = [as_(client, "lin").get(f"/files/{code}{way}").status_code for way in ("", "/view", "/pages/1")]
    return {*mine, *(as_(client, "handler").get(f"/staff/files/{code}{way}").status_code for way in ("", "/pages/1"))}


def read_waiting(client: Client) -> int:
    portal = portal_of(client)
    return jobs.read_waiting(portal.doors, portal.files, portal.scanner)


def scan_again(client: Client) -> int:
    portal = portal_of(client)
    return jobs.scan_again(portal.doors, portal.files, portal.scanner)


def state(client: Client) -> tuple[str, str]:
    (row,) = rows(client, FILE)
    return row.state, row.problem


def test_a_scanned_file_is_read_and_opens(client: Client, scanner: Pretender) -> None:
    code = add(client, make.picture(kind="JPEG"))
    assert scanner.scans == 1
    assert statuses(client, code) == {200}
    assert [(row.finding, row.signatures[:19]) for row in rows(client, SCAN)] == [("", "ClamAV 1.4.6/27500/")]


def test_a_find_closes_the_file_for_everybody(client: Client, scanner: Pretender) -> None:
    """It is not even read; sender and staff are told, and the sender can take it out."""
    scanner.answer = b"stream: Test.Signature FOUND\0"
    code = add(client, INFECTED, case=("dispute", "4K7-2GH"))
    assert state(client) == ("blocked", "")
    assert statuses(client, code) == {404}
    assert [row.payload for row in rows(client, LOG) if row.kind == "evidence.file_blocked"] == [
        f'{{"finding": "Test.Signature", "subject": "{code}"}}'
    ]
    scanner.answer = b"stream: OK\0"
    assert read_waiting(client) == scan_again(client) == 0
    assert state(client) == ("blocked", "")
    portal = portal_of(client)
    keys = portal.doors.write_as(viewer_named("lin", portal.doors.system()), actions.remove_own, code)
    assert len(keys) == 1


def told(client: Client) -> list[tuple[str, str | None]]:
    """The text messages that wait."""
    return [(row.kind, row.number) for row in rows(client, outbox.ROWS)]


def test_whoever_sent_it_is_told_once_an_hour(client: Client, scanner: Pretender, clock: FixedClock) -> None:
    """By a neutral text; not of a draft, which says so itself, nor of what staff put in."""
    scanner.answer = b"stream: Test.Signature FOUND\0"
    add(client, INFECTED, case=("draft", "abcdefghjkmnpqrs"))
    add(client, make.picture(31, 20, kind="JPEG"), who="handler", person_id=1)
    assert told(client) == []
    add(client, INFECTED)
    add(client, make.picture(32, 20, kind="JPEG"))
    assert told(client) == [("sms.question", CASE_NUMBER)]
    clock.advance(hours=2)
    add(client, make.picture(33, 20, kind="JPEG"))
    assert told(client) == [("sms.question", CASE_NUMBER)] * 2


def test_of_a_closed_case_nobody_is_told(client: Client, scanner: Pretender, clock: FixedClock) -> None:
    """New signatures find something in a file that was read long ago; nothing more is needed."""
    add(client, make.picture(kind="JPEG"))
    portal = portal_of(client)
    day = portal.doors.system().today + timedelta(days=90)
    portal.doors.write_as(
        portal.doors.system(),
        lambda session, viewer: actions.keep_until(
            session, viewer, case_kind="dispute", case_number=CASE_NUMBER, delete_after=day
        ),
    )
    clock.advance(hours=2)
    scanner.version, scanner.answer = NEWER, b"stream: Test.Signature FOUND\0"
    assert scan_again(client) == 1
    assert (state(client)[0], told(client)) == ("blocked", [])


def test_the_real_scanner_stops_the_test_file(client: Client) -> None:
    with clamd() as daemon:
        portal_of(client).scanner = Clamd(daemon.address)
        add(client, INFECTED)
        assert state(client) == ("blocked", "")
        code = add(client, make.pdf(), "statement.pdf")
        assert as_(client, "lin").get(f"/files/{code}/view").status_code == 200


@pytest.mark.parametrize("fault", ["gone", "hangs", "breaks", "garbage", "too large for it"])
def test_a_scanner_with_a_fault_passes_nothing(
    client: Client, scanner: Pretender, clock: FixedClock, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is being checked, however long that takes, and goes on by itself when the scanner is back (D23)."""
    monkeypatch.setattr("portal.evidence.clamd.SCAN_SECONDS", 1)
    portal = portal_of(client)
    working = portal.scanner
    if fault == "gone":
        portal.scanner = Clamd("127.0.0.1:9")
    elif fault == "hangs":
        scanner.answer = None
    elif fault == "breaks":
        scanner.breaks_after = 10
    else:
        scanner.answer = b"INSTREAM size limit exceeded. ERROR\0" if fault == "too large for it" else b"\xde\xad\0"
    code = add(client, make.picture(kind="JPEG"), read=False)
    for _ in range(2 * actions.MAX_TRIES):
        try:
            read_waiting(client)
        except ScannerDown:
            assert fault in {"gone", "hangs"}
        assert state(client) == ("being_checked", "")
        assert statuses(client, code) == {404}
        clock.advance(minutes=6)
    portal.scanner, scanner.answer, scanner.breaks_after = working, b"stream: OK\0", None
    assert read_waiting(client) == 1
    assert state(client) == ("ready", "")


def test_a_file_that_cannot_be_scanned_holds_up_no_other(client: Client, scanner: Pretender) -> None:
    scanner.answer = b"stream: Can't open file or directory ERROR\0"
    add(client, make.picture(kind="JPEG"), "first.jpg", read=False)
    assert read_waiting(client) == 1
    scanner.answer = b"stream: OK\0"
    add(client, make.picture(kind="PNG"), "second.png", read=False)
    assert read_waiting(client) == 1
    assert [row.state for row in rows(client, FILE)] == ["being_checked", "ready"]


def test_new_signatures_are_looked_for_in_old_files(client: Client, scanner: Pretender, clock: FixedClock) -> None:
    """A find that comes late closes the file too."""
    code = add(client, make.picture(kind="JPEG"))
    clock.advance(hours=2)
    assert scan_again(client) == 0
    scanner.version = NEWER
    assert scan_again(client) == 1
    assert scan_again(client) == 0
    assert statuses(client, code) == {200}
    clock.advance(hours=2)
    scanner.version, scanner.answer = NEWER.replace(b"27501", b"27502"), b"stream: Late.Find FOUND\0"
    assert scan_again(client) == 1
    assert state(client) == ("blocked", "")
    assert statuses(client, code) == {404}
    assert scan_again(client) == 0


def test_a_scanner_that_is_down_during_the_sweep_closes_nothing(
    client: Client, scanner: Pretender, clock: FixedClock
) -> None:
    code = add(client, make.picture(kind="JPEG"))
    clock.advance(hours=2)
    scanner.version, scanner.answer = NEWER, b"stream: Can't allocate memory ERROR\0"
    assert scan_again(client) == 0
    assert statuses(client, code) == {200}
    clock.advance(minutes=6)
    scanner.answer = b"stream: OK\0"
    assert scan_again(client) == 1


def test_files_from_before_there_was_a_scanner_are_being_checked_again(client: Client, scanner: Pretender) -> None:
    """They cannot be opened even before the worker has noticed; read they are already, so only the scan is missing."""
    portal = portal_of(client)
    working, portal.scanner = portal.scanner, None
    code = add(client, make.pdf(3), "statement.pdf")
    assert state(client) == ("ready", "")
    assert as_(client, "lin").get(f"/files/{code}").status_code == 404
    portal.scanner = working
    assert scan_again(client) == 0
    assert state(client) == ("being_checked", "")
    assert read_waiting(client) == 1
    assert state(client) == ("ready", "")
    assert as_(client, "lin").get(f"/files/{code}/pages/3").status_code == 200


def test_a_password_does_not_open_what_the_scanner_stops(client: Client, scanner: Pretender) -> None:
    code = add(client, make.locked_pdf(), "statement.pdf")
    portal = portal_of(client)
    waiting = portal.doors.read_as(viewer_named("lin", portal.doors.system()), actions.locked_file, code)
    scanner.answer = b"stream: Late.Find FOUND\0"
    assert examine(portal.doors, portal.files, waiting, portal.scanner, make.PASSWORD) is None
    assert state(client) == ("blocked", "")


def test_a_scan_that_ends_after_the_file_was_removed_changes_nothing(client: Client, scanner: Pretender) -> None:
    code = add(client, make.picture(kind="JPEG"))
    portal = portal_of(client)
    portal.doors.write_as(viewer_named("lin", portal.doors.system()), actions.remove_own, code)
    (row,) = rows(client, FILE)
    portal.doors.write_as(portal.doors.system(), scanning.record_scan, row.id, Verdict("Late.Find", "x"))
    assert state(client) == ("deleted", "")


class TestWithoutAScanner:
    """The portal has none."""

    @pytest.fixture
    def more_settings(self) -> Mapping[str, str]:
        """No scanner."""
        return {}

    def test_a_file_is_read_and_nothing_says_that_it_is_clean(self, client: Client) -> None:
        code = add(client, make.picture(kind="JPEG"))
        page = as_(client, "lin").get(f"/files/{code}/view")
        assert page.status_code == 200
        assert not any(word in page.text.lower() for word in ("clean", "virus", "malware"))
        assert rows(client, SCAN) == []

    def test_a_file_that_waits_for_an_hour_is_said_to(self, client: Client, clock: FixedClock) -> None:
        portal = portal_of(client)
        code = add(client, make.picture(kind="JPEG"), read=False)

        def is_slow() -> bool:
            record = portal.doors.read_as(viewer_named("lin", portal.doors.system()), file_record, code)
            assert record is not None
            return record.is_slow

        assert not is_slow()
        assert list(proof(portal)) == []
        clock.advance(minutes=61)
        assert is_slow()
        assert list(proof(portal)) == [f"file {code} has been being checked for over an hour"]

    def test_a_file_whose_reader_dies_again_and_again_is_said_to_be_broken(
        self, client: Client, clock: FixedClock
    ) -> None:
        """A lease that nobody gives back is a try; after three it is said (EV-13)."""
        portal = portal_of(client)
        add(client, make.picture(kind="JPEG"), read=False)
        file_id = rows(client, FILE)[0].id
        for _ in range(actions.MAX_TRIES):
            assert portal.doors.write_as(portal.doors.system(), actions.claim_waiting, file_id) is not None
            clock.advance(minutes=6)
        assert portal.doors.write_as(portal.doors.system(), actions.claim_waiting, file_id) is None
        assert state(client) == ("unreadable", "broken")


def test_the_database_itself_knows_the_states(client: Client) -> None:
    add(client, make.picture(kind="JPEG"))
    portal = portal_of(client)
    with pytest.raises(Exception, match="ck_evidence_file_state"):
        portal.doors.write_as(
            portal.doors.system(), lambda session, _viewer: session.execute(update(FILE).values(state="clean"))
        )
