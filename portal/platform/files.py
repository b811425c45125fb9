"""Files on disk, each encrypted with a key of its own that the installation's file keys wrap (EV-11 to EV-13).

A file is written beside its place, brought to the disk, and only then named, so that a reader never sees half of one.
"""

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"PRF1"
NONCE, KEY, TAG = 12, 32, 16
_WRAPPED = NONCE + KEY + TAG
_NAME = re.compile(r"[0-9a-f]{32}")


class FileMissing(Exception):
    """There is no file of that key."""


class FileDamaged(Exception):
    """The file was changed, swapped with another, or none of the file keys fits it."""


class FileStore:
    """Stored files by key. A key is random and says nothing; it is part of what is authenticated."""

    def __init__(self, folder: Path, file_keys: Sequence[str]) -> None:
        self._folder = folder
        self._wrapping = [AESGCM(sha256(b"portal.files." + key.encode()).digest()) for key in file_keys]

    def put(self, content: bytes | BinaryIO) -> str:
        """Store a file and give its key; it is on the disk when this returns."""
        data = content if isinstance(content, bytes) else content.read()
        key = secrets.token_hex(16)
        own = AESGCM.generate_key(bit_length=8 * KEY)
        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(own).encrypt(nonce, data, key.encode())
        self._write(key, MAGIC + self._wrap(own, key) + nonce + sealed)
        return key

    def get(self, key: str) -> bytes:
        """The content of a file; raises FileMissing or FileDamaged."""
        raw = self._read(key)
        own = self._unwrap(raw, key)
        start = len(MAGIC) + _WRAPPED
        try:
            return AESGCM(own).decrypt(raw[start : start + NONCE], raw[start + NONCE :], key.encode())
        except InvalidTag:
            raise FileDamaged(key) from None

    def delete(self, key: str) -> None:
        """Remove a file; one that is gone already is no error."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _to_disk(path.parent)

    def rewrap(self, key: str) -> None:
        """Wrap a file's own key with the newest file key, so that an old one can be retired."""
        raw = self._read(key)
        own = self._unwrap(raw, key)
        self._write(key, MAGIC + self._wrap(own, key) + raw[len(MAGIC) + _WRAPPED :])

    def raw(self, key: str) -> bytes:
        """A file as it lies on the disk, still encrypted, for a backup; raises FileMissing."""
        return self._read(key)

    def put_raw(self, key: str, raw: bytes) -> None:
        """Put back what `raw` gave."""
        self._write(key, raw)

    def keys(self) -> Iterator[str]:
        """The keys of all files."""
        yield from (path.name for path in self._folder.glob("??/*") if _NAME.fullmatch(path.name))

    def older_than(self, instant: datetime) -> list[str]:
        """The keys of the files that were stored before an instant."""
        return [key for key in self.keys() if self._stored_at(key) < instant]

    def _stored_at(self, key: str) -> datetime:
        try:
            return datetime.fromtimestamp(self._path(key).stat().st_mtime, UTC)
        except FileNotFoundError:
            return datetime.max.replace(tzinfo=UTC)  # deleted meanwhile

    def _wrap(self, own: bytes, key: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._wrapping[0].encrypt(nonce, own, b"key." + key.encode())

    def _unwrap(self, raw: bytes, key: str) -> bytes:
        wrapped = raw[len(MAGIC) : len(MAGIC) + _WRAPPED]
        if not raw.startswith(MAGIC) or len(wrapped) < _WRAPPED:
            raise FileDamaged(key)
        for cipher in self._wrapping:
            try:
                return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], b"key." + key.encode())
            except InvalidTag:
                continue
        raise FileDamaged(key)

    def _path(self, key: str) -> Path:
        if not _NAME.fullmatch(key):
            raise FileMissing(key)
        return self._folder / key[:2] / key

    def _read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise FileMissing(key) from None

    def _write(self, key: str, raw: bytes) -> None:
        path = self._path(key)
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


def _to_disk(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be synchronised there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
