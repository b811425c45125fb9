"""An encrypted, checked archive in one file: what is cut off, changed or of another key is refused as a whole.

The content is a tar stream in pieces, each sealed with AES-256-GCM under a key derived from the newest file key and a
random salt. A piece's nonce holds its number and whether it is the last, so that none can be left out or moved.
"""

import io
import secrets
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"PRB1"
SALT = 32
PIECE = 1 << 20
TAG = 16


class VaultDamaged(Exception):
    """The archive is cut off, was changed, or was made with another key."""


class _Sealer(io.RawIOBase):
    """Takes a stream and writes sealed pieces."""

    def __init__(self, out: BinaryIO, key: str) -> None:
        self._out = out
        salt = secrets.token_bytes(SALT)
        self._cipher = _cipher(key, salt)
        self._waiting = bytearray()
        self._number = 0
        out.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._waiting += piece
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(piece)

    def finish(self) -> None:
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, piece: bytes, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), piece, MAGIC))
        self._number += 1


class _Opener(io.RawIOBase):
    """Reads sealed pieces and gives the stream; raises VaultDamaged."""

    def __init__(self, source: BinaryIO, keys: Sequence[str]) -> None:
        self._source = source
        head = source.read(len(MAGIC) + SALT)
        if len(head) < len(MAGIC) + SALT or not head.startswith(MAGIC):
            raise VaultDamaged("This is no backup of the portal.")
        self._ciphers = [_cipher(key, head[len(MAGIC) :]) for key in keys]
        self._ahead = source.read(PIECE + TAG)
        self._number = 0
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if not self._piece and self._ahead:
            self._open_next()
        size = min(len(view), len(self._piece))
        view[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def _open_next(self) -> None:
        sealed, self._ahead = self._ahead, self._source.read(PIECE + TAG)
        nonce = _nonce(self._number, last=not self._ahead)
        for cipher in list(self._ciphers):
            try:
                self._piece = memoryview(cipher.decrypt(nonce, sealed, MAGIC))
            except (InvalidTag, ValueError):
                continue
            self._ciphers = [cipher]
            self._number += 1
            return
        raise VaultDamaged("The backup is cut off, was changed, or was made with another of PORTAL_FILE_KEYS.")


@contextmanager
def writing(out: BinaryIO, key: str) -> Iterator[tarfile.TarFile]:
    """A tar archive to add to; it is complete only if the block ends well."""
    sealer = _Sealer(out, key)
    with tarfile.open(fileobj=sealer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        yield archive
    sealer.finish()


def members(source: BinaryIO, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Every file of an archive with its content, in order; the whole is good only if the iteration ends."""
    opener = _Opener(source, keys)
    buffered = io.BufferedReader(opener, PIECE)
    try:
        with tarfile.open(fileobj=buffered, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member)
                yield member.name, content.read() if content else b""
    except tarfile.TarError as error:
        raise VaultDamaged(f"The backup cannot be read: {error}") from None
    while buffered.read(PIECE):
        pass  # the last piece proves that nothing is cut off


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add one file."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=salt, info=b"portal.backup").derive(key.encode()))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
