"""What counts as scanned: one plain word of the daemon, and nothing else (EV-10)."""

import io
import time
import zipfile
from collections.abc import Iterator

import pikepdf
import pytest

from portal.evidence import clamd as client
from portal.evidence.clamd import Clamd, NotScanned, ScannerDown
from tests.make import evidence as make
from tests.scanners import EICAR, LARGEST_STREAM, Daemon, Pretender, clamd, pretending


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """ClamAV's own daemon."""
    with clamd() as running:
        yield running


@pytest.fixture
def pretender() -> Iterator[Pretender]:
    """A scanner that misbehaves."""
    with pretending() as running:
        yield running


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("statement.txt", content)
    return out.getvalue()


def in_a_pdf(content: bytes) -> bytes:
    """Packed inside a stream of a PDF."""
    with pikepdf.open(io.BytesIO(make.pdf())) as document:
        document.Root.Extra = document.make_stream(content)
        out = io.BytesIO()
        document.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue()


@pytest.mark.parametrize(
    "infected",
    [
        EICAR,
        make.picture(kind="JPEG", comment=EICAR),
        make.picture(kind="JPEG") + EICAR,
        zipped(EICAR),
        in_a_pdf(EICAR),
    ],
    ids=["plain", "comment of a picture", "tail of a picture", "archive", "PDF"],
)
def test_the_real_daemon_finds_it(daemon: Daemon, infected: bytes) -> None:
    assert Clamd(daemon.address).scan(infected).finding.startswith("Portal.Eicar")


def test_the_real_daemon_passes_what_people_send(daemon: Daemon) -> None:
    scanner = Clamd(daemon.address)
    for data in (make.picture(kind="JPEG"), make.pdf(3), make.with_position("HEIC")):
        assert scanner.scan(data).finding == ""


def test_what_is_longer_than_the_daemon_takes_is_not_scanned(daemon: Daemon) -> None:
    """It hangs up in the middle, which is no word about the file."""
    with pytest.raises(NotScanned):
        Clamd(daemon.address).scan(bytes(10 * LARGEST_STREAM))


@pytest.mark.parametrize(
    "answer",
    [
        b"stream: OK",
        b"stream: OK\n",
        b"\0",
        b"OK\0",
        b"stream: OK FOUND?\0",
        b"stream: NOK\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"\xff" * 10_000,
    ],
)
def test_no_other_word_passes_a_file(pretender: Pretender, answer: bytes) -> None:
    pretender.answer = answer
    with pytest.raises(NotScanned):
        Clamd(pretender.address).scan(b"a file")


def test_a_line_that_breaks_is_no_word(pretender: Pretender) -> None:
    pretender.breaks_after = 100_000
    with pytest.raises(NotScanned):
        Clamd(pretender.address).scan(bytes(range(1, 201)) * 50_000)


def test_a_scanner_that_hangs_is_waited_for_no_longer_than_said(
    pretender: Pretender, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = client.SCAN_SECONDS
    monkeypatch.setattr(client, "SCAN_SECONDS", 1)
    monkeypatch.setattr(client, "SIGNATURES_SECONDS", 1)
    pretender.answer = None
    began = time.monotonic()
    with pytest.raises(ScannerDown):
        Clamd(pretender.address).scan(b"a file")
    pretender.version = None
    with pytest.raises(ScannerDown):
        Clamd(pretender.address).scan(b"a file")
    assert time.monotonic() - began < usual / 2


@pytest.mark.parametrize("address", ["127.0.0.1:9", "/nowhere/clamd.socket", "no-such-host.invalid:3310"])
def test_nobody_there_is_down(address: str) -> None:
    with pytest.raises(ScannerDown):
        Clamd(address).signatures()


def test_what_is_no_scanner_is_down(pretender: Pretender) -> None:
    pretender.version = b"SSH-2.0-OpenSSH_9.2\0"
    with pytest.raises(ScannerDown):
        Clamd(pretender.address).scan(b"a file")
    assert pretender.scans == 0


def test_a_find_is_told_by_its_name(pretender: Pretender) -> None:
    pretender.answer = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    verdict = Clamd(pretender.address).scan(b"a file")
    assert (verdict.finding, verdict.signatures) == (
        "Win.Test.EICAR_HDB-1",
        "ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026",
    )
