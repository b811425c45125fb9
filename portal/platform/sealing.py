"""Short texts that rest encrypted in the database: messages on their way out, authenticator secrets, kept entries."""

import base64
import binascii
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class SealBroken(Exception):
    """The text was changed, belongs to another purpose, or was sealed with a key that is no longer known."""


def seal(keys: Sequence[str], purpose: str, text: str) -> str:
    """Encrypt a text with the newest key, so that only the same purpose can read it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _cipher(keys[0], purpose).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(keys: Sequence[str], purpose: str, sealed: str) -> str:
    """Read a sealed text, whichever of the keys it was sealed with; raises SealBroken."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
    except (binascii.Error, ValueError):
        raise SealBroken(purpose) from None
    for key in keys:
        try:
            return _cipher(key, purpose).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise SealBroken(purpose)


@lru_cache(maxsize=64)
def _cipher(key: str, purpose: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"portal.seal.{purpose}".encode()).derive(key.encode())
    return AESGCM(derived)
