"""Malware scanners for tests: ClamAV's real daemon with one rule of our own, and one that misbehaves as it is told."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.evidence.clamd import Clamd, NotScanned
from scripts.find_scanner import installed_scanner

START_LIMIT_SECONDS = 60
# The harmless file that every scanner is to find, in pieces, so that this one is not found itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST_STREAM = 2_000_000


@dataclass
class Daemon:
    """A running daemon and where its rules lie."""

    address: str
    rules: Path

    def look_for(self, name: str, content: bytes) -> None:
        """Add a rule and have it read."""
        with (self.rules / "portal.ndb").open("a", encoding="ascii") as file:
            file.write(f"{name}:0:*:{content.hex()}\n")
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.address)
            line.sendall(b"zRELOAD\0")
            line.recv(100)


@contextmanager
def clamd() -> Iterator[Daemon]:
    """ClamAV's daemon with a rule for EICAR, until the block ends. Its socket needs a short path."""
    folder = Path(tempfile.mkdtemp(prefix="clamd-"))
    try:
        (folder / "rules").mkdir()
        (folder / "rules/portal.ndb").write_text(f"Portal.Eicar:0:*:{EICAR[:40].hex()}\n", "ascii")
        (folder / "clamd.conf").write_text(
            f"LocalSocket {folder}/socket\nDatabaseDirectory {folder}/rules\nTemporaryDirectory {folder}\n"
            f"Foreground yes\nLogFile {folder}/log\nStreamMaxLength {LARGEST_STREAM}\nConcurrentDatabaseReload no\n",
            "ascii",
        )
        process = subprocess.Popen(
            [str(installed_scanner()), "--config-file", str(folder / "clamd.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(process, folder)
            yield Daemon(f"{folder}/socket", folder / "rules")
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(NotScanned):
            Clamd(f"{folder}/socket").signatures()
            return
        time.sleep(0.05)
    log = folder / "log"
    raise AssertionError(f"clamd did not come up:\n{log.read_text('utf-8')[-2000:] if log.exists() else ''}")


@dataclass
class Pretender:
    """Speaks for a scanner. `version` and `answer` are what it says; None: nothing, with the line held open.

    `breaks_after` bytes of a file it hangs up. It listens on this machine's loopback.
    """

    version: bytes | None = b"ClamAV 1.4.6/27500/Thu Nov 26 09:00:00 2026\0"
    answer: bytes | None = b"stream: OK\0"
    breaks_after: int | None = None
    scans: int = 0
    address: str = ""
    _held: list[socket.socket] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Answer until the socket is closed."""
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with suppress(OSError):
            asked = line.recv(len(b"zVERSION\0"), socket.MSG_WAITALL)
            if asked.startswith(b"zVERSION\0"):
                self._say(line, self.version)
                return
            self.scans += 1
            taken = b""
            while not taken.endswith(bytes(4)):
                piece = line.recv(1 << 16)
                taken += piece
                if not piece or (self.breaks_after is not None and len(taken) > self.breaks_after):
                    line.close()
                    return
            self._say(line, self.answer)

    def _say(self, line: socket.socket, words: bytes | None) -> None:
        if words is None:
            self._held.append(line)
            return
        line.sendall(words)
        line.close()


@contextmanager
def pretending() -> Iterator[Pretender]:
    """A scanner that misbehaves as it is told, until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    pretender = Pretender(address=f"127.0.0.1:{listening.getsockname()[1]}")
    threading.Thread(target=pretender.serve, args=(listening,), daemon=True).start()
    try:
        yield pretender
    finally:
        listening.close()
        for line in pretender._held:
            line.close()
