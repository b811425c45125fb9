"""A client of ClamAV's daemon: streams a file to it and believes nothing but its one plain word (EV-10).

Whatever is not exactly "OK" or "FOUND" is "not scanned": a time-out, a pipe that breaks because the file is longer than
the daemon's StreamMaxLength, an answer that nobody knows.
"""

import re
import socket
from dataclasses import dataclass
from time import monotonic

from portal.platform.settings import Settings

SCANNED_ONLY = "scanned_only"
"""Where `Session.info` says that a scanner is configured, so that only what it has passed may be opened."""

SIGNATURES_SECONDS = 3
"""How long the daemon may take to say that it is there."""

SCAN_SECONDS = 30
PIECE = 1 << 16
LONGEST_ANSWER = 4_096
LONGEST_NAME = 200
_FOUND = re.compile(r"stream: (\S.*) FOUND")


class NotScanned(Exception):
    """The scanner gave no answer about this file, which is neither clean nor infected then."""


class ScannerDown(NotScanned):
    """The scanner does not answer at all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scan found: the name of a signature, or nothing; and which signatures were looked for."""

    finding: str
    signatures: str


def scanner_of(settings: Settings) -> "Clamd | None":
    """The scanner of an installation; None where it has none."""
    return Clamd(settings.clamd) if settings.clamd else None


class Clamd:
    """The daemon at the path of a Unix socket, or at host:port. A connection for each question."""

    def __init__(self, address: str) -> None:
        self._address = address

    def signatures(self) -> str:
        """Version and date of engine and signatures; raises ScannerDown."""
        try:
            answer = self._ask(b"zVERSION\0", b"", SIGNATURES_SECONDS)
        except (OSError, NotScanned) as error:
            raise ScannerDown(str(error) or type(error).__name__) from error
        if not answer.startswith("ClamAV "):
            raise ScannerDown("what answers there is no ClamAV")
        return answer[:LONGEST_NAME]

    def scan(self, data: bytes) -> Verdict:
        """Look for malware in a file; raises ScannerDown or NotScanned."""
        signatures = self.signatures()  # before, so that newer ones that come meanwhile are looked for again
        try:
            answer = self._ask(b"zINSTREAM\0", data, SCAN_SECONDS)
        except TimeoutError as error:
            raise ScannerDown("the scanner took too long") from error  # and would over the next file
        except OSError as error:
            raise NotScanned(str(error) or type(error).__name__) from error
        if answer == "stream: OK":
            return Verdict("", signatures)
        found = _FOUND.fullmatch(answer)
        if found is None:
            raise NotScanned(f"the scanner answered: {answer[:LONGEST_NAME]!r}")
        return Verdict(found.group(1)[:LONGEST_NAME], signatures)

    def _ask(self, command: bytes, data: bytes, seconds: int) -> str:
        line = _Line(self._address, seconds)
        try:
            line.send(command)
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                line.send(len(piece).to_bytes(4, "big") + piece)
            if data:
                line.send(bytes(4))
            return line.answer()
        finally:
            line.close()


class _Line:
    """A connection that ends at its time, however slowly the other side reads or writes."""

    def __init__(self, address: str, seconds: int) -> None:
        self._until = monotonic() + seconds
        if address.startswith("/"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(seconds)
            try:
                self._socket.connect(address)
            except OSError:
                self._socket.close()
                raise
        else:
            host, _, port = address.rpartition(":")
            self._socket = socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)

    def send(self, data: bytes) -> None:
        """Send all of it in the time that is left."""
        self._wait_no_longer()
        self._socket.sendall(data)

    def answer(self) -> str:
        """What the other side says, up to its closing NUL."""
        said = b""
        while not said.endswith(b"\0"):
            self._wait_no_longer()
            piece = self._socket.recv(LONGEST_ANSWER)
            said += piece
            if not piece or len(said) > LONGEST_ANSWER:
                raise NotScanned("the scanner broke off")
        return said[:-1].decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _wait_no_longer(self) -> None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the scanner took too long")
        self._socket.settimeout(left)
