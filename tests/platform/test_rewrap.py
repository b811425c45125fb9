"""Keys are rotated while the portal serves: with one command that may be killed and repeated."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from portal.installation import Installation, open_installation
from portal.platform.clock import FixedClock
from portal.platform.files import FileDamaged
from portal.rewrap import rewrap
from tests.platform.toy import settings_of
from tests.served import install

OLD, NEW = "an-old-file-key-of-the-tests-0000000001", "a-new-file-key-of-the-tests-00000000002"
Opened = Callable[[str], Installation]


def told(_name: str, _done: int) -> None:
    """Nobody watches."""


@pytest.fixture
def opened(tmp_path: Path, sqlite_url: str, store_settings: Mapping[str, str], clock: FixedClock) -> Iterator[Opened]:
    """The same installation with these file keys, newest first, on a folder and on a bucket."""
    portals: list[Installation] = []

    def open_with(keys: str) -> Installation:
        portals.append(open_installation(settings_of(tmp_path, sqlite_url, FILE_KEYS=keys, **store_settings), clock))
        return portals[-1]

    yield open_with
    for portal in portals:
        portal.doors.close()


def test_a_key_is_retired(opened: Opened) -> None:
    """In the order of docs/operation.md: new key in front, restart, rewrap, take the old one away."""
    before = opened(OLD)
    keys = [before.files.put(f"file {number}".encode()) for number in range(5)]
    during = opened(f"{NEW},{OLD}")
    done = rewrap(during, told)
    assert (done.changed, done.current, done.unreadable) == (5, 0, ())
    again = rewrap(during, told)
    assert (again.changed, again.current) == (0, 5)
    after = opened(NEW)
    assert [after.files.get(key) for key in keys] == [f"file {number}".encode() for number in range(5)]
    with pytest.raises(FileDamaged):
        before.files.get(keys[0])


def test_a_run_that_was_killed_is_finished_by_the_next(opened: Opened) -> None:
    before = opened(OLD)
    keys = [before.files.put(f"file {number}".encode()) for number in range(5)]
    during = opened(f"{NEW},{OLD}")

    def killed(_name: str, done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrap(during, killed)
    assert [during.files.get(key)[:4] for key in keys] == [b"file"] * 5
    assert rewrap(during, told).changed == 2


def test_what_opens_with_no_key_is_named(opened: Opened) -> None:
    lost = opened("a-file-key-that-nobody-has-any-more-0001").files.put(b"lost")
    opened(OLD).files.put(b"kept")
    done = rewrap(opened(f"{NEW},{OLD}"), told)
    assert (done.changed, done.unreadable) == (1, (lost,))


def test_the_command_says_what_it_did(tmp_path: Path, sqlite_url: str, store_settings: Mapping[str, str]) -> None:
    portal = install(tmp_path, sqlite_url, file_keys=OLD, **store_settings)
    code = (
        "from portal.platform.files import open_store; from portal.platform.settings import Settings; "
        "print(open_store(Settings.from_environment()).put(b'x'))"
    )
    portal.python_says(code)
    both = install(tmp_path, sqlite_url, file_keys=f"{NEW},{OLD}", **store_settings)
    assert both.run("rewrap").stdout == "1 files wrapped with the newest key, 0 were already\n"
    assert both.run("rewrap").stdout == "0 files wrapped with the newest key, 1 were already\n"
    lost = install(tmp_path, sqlite_url, file_keys=OLD, **store_settings).run("rewrap", check=False)
    assert lost.returncode == 1
    assert "take no key away" in lost.stderr
