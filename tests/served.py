"""A real `portal serve` in a process of its own, with its own folder and database."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.databases import Databases, Fill

START_LIMIT_SECONDS = 30
STOP_LIMIT_SECONDS = 10
ROOT = Path(__file__).resolve().parent.parent
ENTRY = "import sys; from portal.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Portal:
    """A portal installation on this machine: where it answers and how to run its commands."""

    url: str
    folder: Path
    environment: Mapping[str, str]
    python: Path = Path(sys.executable)
    process: int | None = None
    """The process that serves; None where none was started here."""

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "server.log"

    def run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run one command of the command line on this installation."""
        done = subprocess.run(
            [str(self.python), "-c", ENTRY, *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert not check or done.returncode == 0, f"portal {arguments}: {done.stdout}{done.stderr}"
        return done

    def at(self, folder: Path, database_url: str) -> "Portal":
        """The same installation with another folder and another database."""
        places = {"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(folder / "data")}
        return replace(self, folder=folder, environment={**self.environment, **places})

    def python_says(self, code: str) -> str:
        """What a line of Python prints in this installation."""
        command = [str(self.python), "-c", code]
        done = subprocess.run(
            command, cwd=self.folder, env=dict(self.environment), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    @contextmanager
    def serving(self, *options: str) -> Iterator["Portal"]:
        """Serve until the block ends; the log is shown where the server does not come up or down."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(self.python), "-c", ENTRY, "serve", *options],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                self._wait(process)
                yield replace(self, process=process.pid)
            finally:
                self._stop(process)

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if answers(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        raise AssertionError(f"portal serve did not come up:\n{self.log.read_text(encoding='utf-8')[-4000:]}")

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        try:
            process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"portal serve did not stop:\n{self.log.read_text(encoding='utf-8')}") from None


def install(folder: Path, database_url: str, **settings: str) -> Portal:
    """A development installation in `folder`; `settings` are names without PORTAL_, in capitals or not."""
    url = f"http://127.0.0.1:{free_port()}"
    chosen = {
        "MODE": "development",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder / "data"),
        "BASE_URL": url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        **{name.upper(): value for name, value in settings.items()},
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    environment |= {f"PORTAL_{name}": value for name, value in chosen.items()}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    return Portal(url, folder, environment)


_HELD: list[socket.socket] = []


def free_port() -> int:
    """A port of the loopback that is ours until this process ends, whenever a server of ours comes to listen on it."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    port = int(held.getsockname()[1])
    if sys.platform != "linux":
        held.close()
        return port
    # From now on a server that asks for it, as all do, may listen here beside us; nobody is given it by chance.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _HELD.append(held)
    return port


def answers(url: str) -> bool:
    """Whether a GET of this address gives a good answer."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Demos:
    """Installations with the demo portfolio: it is loaded once for each day, then copied.

    Those of a day have the same address, which stands in the demo's texts, so that one at a time can serve.
    """

    def __init__(self, databases: Databases, new_folder: Callable[[], Path]) -> None:
        self._databases = databases
        self._new_folder = new_folder
        self._loaded: dict[str, tuple[Portal, Fill]] = {}

    def on(self, day: str = "") -> Portal:
        """The demo as it stands on that day, or today, with a database and a folder of its own; not serving yet."""
        if day not in self._loaded:
            first = install(self._new_folder(), "", today=day) if day else install(self._new_folder(), "")
            self._loaded[day] = first, lambda url: first.at(first.folder, url).run("demo")
        first, fill = self._loaded[day]
        url, folder = self._databases.create(fill), self._new_folder()
        shutil.copytree(first.folder / "data", folder / "data")
        return first.at(folder, url)
