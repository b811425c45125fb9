"""Where the bytes of stored files lie: what a backend does, and the one that keeps them in a folder of this machine.

A backend keeps what it is given under a key of 32 hexadecimal digits, whole or not at all. What it keeps is encrypted
already; it knows neither owners nor names.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

_KEY = re.compile(r"[0-9a-f]{32}")
_DRAFT = re.compile(r"\.[0-9a-f]{32}\.[0-9a-f]{8}")


class FileMissing(Exception):
    """There is no file of that key."""


class StoreUnreachable(Exception):
    """The service that keeps the files does not answer, or does not let us in; what is there stays there."""


class Stored(NamedTuple):
    """A file of the store and since when it lies there."""

    key: str
    stored_at: datetime


class Backend(Protocol):
    """Keeps bytes by key. Every method may raise StoreUnreachable."""

    place: str
    """What an operator calls it."""

    def put(self, key: str, raw: bytes) -> None:
        """Keep bytes; they would survive a power cut when this returns, and no reader ever meets half of them."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes of a key; raises FileMissing."""
        ...

    def beginning(self, key: str, size: int) -> bytes:
        """The first bytes of a key, fewer where there are no more; raises FileMissing."""
        ...

    def delete(self, key: str) -> None:
        """Forget a key; one that is gone already is no error."""
        ...

    def listing(self) -> Iterator[Stored]:
        """Everything that is kept."""
        ...

    def forget_unfinished(self, before: datetime) -> int:
        """Remove what a process left half-written that died before an instant; how many."""
        ...

    def check(self) -> None:
        """Raise StoreUnreachable, within seconds, where files could not be read and written now."""
        ...


class Folder:
    """Files in a folder of this machine: written beside their place, brought to the disk, and only then named."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = str(folder)

    def put(self, key: str, raw: bytes) -> None:
        """Keep bytes."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{key}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _to_disk(path.parent)
        _to_disk(self._folder)

    def get(self, key: str) -> bytes:
        """The bytes of a key."""
        with _found(key):
            return self.path(key).read_bytes()

    def beginning(self, key: str, size: int) -> bytes:
        """The first bytes of a key."""
        with _found(key), self.path(key).open("rb") as file:
            return file.read(size)

    def delete(self, key: str) -> None:
        """Forget a key."""
        path = self.path(key)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _to_disk(path.parent)

    def listing(self) -> Iterator[Stored]:
        """Everything that is kept."""
        for path in self._folder.glob("??/*"):
            if is_key(path.name) and (since := _changed_at(path)):
                yield Stored(path.name, since)

    def forget_unfinished(self, before: datetime) -> int:
        """Remove drafts of processes that died."""
        count = 0
        for path in self._folder.glob("??/.*"):
            since = _changed_at(path) if _DRAFT.fullmatch(path.name) else None
            if since is not None and since < before:
                path.unlink(missing_ok=True)
                count += 1
        return count

    def check(self) -> None:
        """Whether the folder, or where it will be made, can be written."""
        there = self._folder if self._folder.is_dir() else self._folder.parent
        if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
            raise StoreUnreachable(f"{there} cannot be written")

    def path(self, key: str) -> Path:
        """Where a key lies."""
        return self._folder / known_key(key)[:2] / key


def is_key(name: str) -> bool:
    """Whether a name is one that we would have given."""
    return _KEY.fullmatch(name) is not None


def known_key(key: str) -> str:
    """The key itself; raises FileMissing for what is none, so that nothing else is ever a path or an object."""
    if not is_key(key):
        raise FileMissing(key)
    return key


@contextmanager
def _found(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise FileMissing(key) from None


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None  # deleted meanwhile


def _to_disk(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be synchronised there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
