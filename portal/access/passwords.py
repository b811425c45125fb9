"""Staff secrets: passwords as argon2id, TOTP by RFC 6238. The same work is done for a name that does not exist."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import BoundedSemaphore

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_MIN, PASSWORD_MAX = 12, 200
TOTP_SECONDS = 30

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_HASHING = BoundedSemaphore(2)  # each takes 19 MiB and a core for 25 ms: more at once only exhausts us
_NOBODYS_SECRET = "A" * 32
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class StaffSecrets:
    """A fresh password and authenticator secret, in the clear; shown once."""

    password: str
    totp: str

    def address(self, name: str, issuer: str) -> str:
        """What an authenticator takes in, as text or QR code."""
        return pyotp.TOTP(self.totp).provisioning_uri(name=name, issuer_name=issuer)


def new_secrets(password: str | None = None) -> StaffSecrets:
    """A password of 20 unmistakable characters (98 bits), unless one is given, and a TOTP secret of 160 bits."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    made = "-".join(drawn[start : start + 5] for start in range(0, 20, 5))
    return StaffSecrets(password or made, pyotp.random_base32())


def password_hash(password: str) -> str:
    """The argon2id hash to store (19 MiB, two passes)."""
    with _HASHING:
        return _HASHER.hash(password)


def password_matches(stored: str | None, typed: str) -> bool:
    """Whether a typed password is the stored one; for no account the same work, and no."""
    try:
        with _HASHING:
            _HASHER.verify(stored or _nobodys_hash(), typed[:PASSWORD_MAX])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def totp_step(secret: str | None, typed: str, now: datetime) -> int | None:
    """The 30-second step whose code was typed, the present one or a neighbour; None if none is met."""
    totp = pyotp.TOTP(secret or _NOBODYS_SECRET)
    present = int(now.timestamp()) // TOTP_SECONDS
    steps = [present + shift for shift in (-1, 0, 1)]
    met = [step for step in steps if pyotp.utils.strings_equal(totp.generate_otp(step), typed)]
    return met[-1] if met and secret is not None else None


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
