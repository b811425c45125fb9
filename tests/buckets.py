"""A real S3-compatible server on this machine, with signatures and files of its own, for tests and drills."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from portal.platform.settings import Files
from tests.served import free_port

START_LIMIT_SECONDS = 20
ACCESS_KEY = "portal-of-the-tests"


@dataclass(frozen=True)
class S3Server:
    """The server: its address, the secret it takes, and the folder whose folders are its buckets."""

    endpoint: str
    folder: Path
    secret_key: str

    def bucket(self) -> Mapping[str, str]:
        """The settings of a new, empty bucket, by the names of their variables without PORTAL_."""
        name = f"evidence-{secrets.token_hex(6)}"
        (self.folder / name).mkdir()
        return {
            "FILES_URL": f"s3://{name}/portal",
            "FILES_ENDPOINT": self.endpoint,
            "FILES_ACCESS_KEY": ACCESS_KEY,
            "FILES_SECRET_KEY": self.secret_key,
        }


def files_of(settings: Mapping[str, str]) -> Files:
    """The group of settings that these variables make."""
    return Files(**{name.removeprefix("FILES_").lower(): value for name, value in settings.items()})  # type: ignore[arg-type]


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run the server until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port, secret_key = free_port(), secrets.token_urlsafe(24)
    command = [str(Path(sys.executable).with_name("nanio")), "serve", "--data-dir", str(folder), "--host", "127.0.0.1"]
    environment = {**os.environ, "NANIO_ACCESS_KEY": ACCESS_KEY, "NANIO_SECRET_KEY": secret_key}
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--no-access-log"], env=environment, stdout=log, stderr=log
        )
        try:
            server = S3Server(f"http://127.0.0.1:{port}", folder, secret_key)
            _wait(process, server)
            yield server
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", server: S3Server) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if listens(server.endpoint):
            return
        time.sleep(0.05)
    log = (server.folder.parent / f"{server.folder.name}.log").read_text(encoding="utf-8")
    raise AssertionError(f"the S3-compatible server did not come up:\n{log[-2000:]}")


def listens(address: str) -> bool:
    """Whether a server takes connections at http://host:port."""
    parts = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname or "", parts.port or 80)) == 0
