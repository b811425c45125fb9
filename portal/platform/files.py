"""Stored files, each encrypted with a key of its own that the installation's file keys wrap (EV-11 to EV-13).

Encryption stands above the backend, so a folder and a bucket hold the same bytes and a file can move between them.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.platform.file_backends import Backend, FileMissing, Folder, StoreUnreachable
from portal.platform.settings import Settings

__all__ = ["FileDamaged", "FileMissing", "FileStore", "StoreUnreachable", "open_store"]

MAGIC = b"PRF1"
NONCE, KEY, TAG = 12, 32, 16
_WRAPPED = NONCE + KEY + TAG
_HEAD = len(MAGIC) + _WRAPPED
_log = structlog.get_logger("portal.files")


class FileDamaged(Exception):
    """The file was changed, swapped with another, or none of the file keys fits it."""


def open_store(settings: Settings) -> "FileStore":
    """The store of an installation. Nothing is connected to yet."""
    return FileStore(_backend_of(settings), settings.file_keys)


def _backend_of(settings: Settings) -> Backend:
    if not settings.files.url:
        return Folder(settings.data_dir / "files")
    from portal.platform.buckets import Bucket  # the extra s3, which only those need who use it

    return Bucket(settings.files)


class FileStore:
    """Stored files by key. A key is random and says nothing; it is part of what is authenticated.

    Every method raises StoreUnreachable where the backend cannot be reached.
    """

    def __init__(self, backend: Backend, file_keys: Sequence[str]) -> None:
        self._backend = backend
        self._wrapping = [AESGCM(sha256(b"portal.files." + key.encode()).digest()) for key in file_keys]

    @property
    def place(self) -> str:
        """What an operator calls the place where the files lie."""
        return self._backend.place

    def put(self, content: bytes | BinaryIO) -> str:
        """Store a file and give its key; it would survive a power cut when this returns."""
        data = content if isinstance(content, bytes) else content.read()
        key = secrets.token_hex(16)
        own = AESGCM.generate_key(bit_length=8 * KEY)
        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(own).encrypt(nonce, data, key.encode())
        self._backend.put(key, MAGIC + self._wrap(own, key) + nonce + sealed)
        return key

    def get(self, key: str, digest: str | None = None) -> bytes:
        """The content of a file; raises FileMissing or FileDamaged, the latter too where its SHA-256 is another."""
        raw = self._backend.get(key)
        own, _ = self._unwrap(raw, key)
        try:
            data = AESGCM(own).decrypt(raw[_HEAD : _HEAD + NONCE], raw[_HEAD + NONCE :], key.encode())
        except (InvalidTag, ValueError):
            raise FileDamaged(key) from None
        if digest is not None and sha256(data).hexdigest() != digest:
            raise FileDamaged(key)
        return data

    def delete(self, key: str) -> None:
        """Remove a file; one that is gone already is no error."""
        self._backend.delete(key)

    def discard(self, keys: Iterable[str]) -> None:
        """Remove files that no row names any more; what cannot be reached now is left to the sweep."""
        try:
            for key in keys:
                self._backend.delete(key)
        except StoreUnreachable as error:
            _log.warning("deletion_left_to_the_sweep", why=str(error))

    def rewrap(self, key: str) -> bool:
        """Wrap a file's own key with the newest file key; False if it is already. Killed, it leaves the file as it was.

        Raises FileMissing or FileDamaged.
        """
        _, place = self._unwrap(self._backend.beginning(key, _HEAD), key)
        if place == 0:
            return False
        raw = self._backend.get(key)
        own, _ = self._unwrap(raw, key)
        self._backend.put(key, MAGIC + self._wrap(own, key) + raw[_HEAD:])
        return True

    def is_ours(self, key: str) -> bool:
        """Whether one of our file keys fits, so that nothing of another installation is ever swept away."""
        try:
            self._unwrap(self._backend.beginning(key, _HEAD), key)
        except (FileDamaged, FileMissing):
            return False
        return True

    def raw(self, key: str) -> bytes:
        """A file as it lies there, still encrypted, for a backup; raises FileMissing."""
        return self._backend.get(key)

    def put_raw(self, key: str, raw: bytes) -> None:
        """Put back what `raw` gave."""
        self._backend.put(key, raw)

    def keys(self) -> Iterator[str]:
        """The keys of all files."""
        yield from (stored.key for stored in self._backend.listing())

    def older_than(self, instant: datetime) -> list[str]:
        """The keys of the files that were stored before an instant."""
        return [stored.key for stored in self._backend.listing() if stored.stored_at < instant]

    def forget_unfinished(self, before: datetime) -> int:
        """Remove what processes left half-written that died before an instant; how many."""
        return self._backend.forget_unfinished(before)

    def check(self) -> None:
        """Raise StoreUnreachable, within seconds, where files could not be read and written now."""
        self._backend.check()

    def _wrap(self, own: bytes, key: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._wrapping[0].encrypt(nonce, own, b"key." + key.encode())

    def _unwrap(self, raw: bytes, key: str) -> tuple[bytes, int]:
        """A file's own key, and which of the file keys wraps it."""
        wrapped = raw[len(MAGIC) : _HEAD]
        if not raw.startswith(MAGIC) or len(wrapped) < _WRAPPED:
            raise FileDamaged(key)
        for place, cipher in enumerate(self._wrapping):
            try:
                return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], b"key." + key.encode()), place
            except InvalidTag:
                continue
        raise FileDamaged(key)
