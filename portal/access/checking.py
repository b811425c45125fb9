"""What the recipient check compares, what a code is, how long each lives: pure, without rows or clock."""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta

LINK_LIFE = timedelta(days=7)
CODE_LIFE = timedelta(minutes=10)
DEVICE_LIFE = timedelta(days=30)
IDLE_LIFE = timedelta(minutes=15)
ABSOLUTE_LIFE = timedelta(hours=12)
UNDO_LIFE = timedelta(minutes=10)
KEPT_ENTRY_LIFE = timedelta(days=1)
SECOND_PERSON_LIFE = timedelta(days=5)

RESEND_AFTER = timedelta(minutes=1)
CHALLENGES_MAX = 3
CHALLENGES_WINDOW = timedelta(hours=1)
WRONG_CODES_A_DAY = 15
WRONG_CODES_WINDOW = timedelta(days=1)


def new_token() -> str:
    """A random reference of 256 bits for a cookie; says nothing."""
    return secrets.token_urlsafe(32)


def new_link_ref() -> str:
    """A random reference of 132 bits for a text message, short enough for one segment (SL-05)."""
    return secrets.token_urlsafe(17)[:22]


def token_hash(token: str) -> str:
    """How a random reference is stored and found: SHA-256, enough for 128 bits and more (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code() -> str:
    """Six digits from the system's generator."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_hash(key: str, session_id: int, code: str) -> str:
    """A code bound to its session, under a key that is not in the database."""
    purpose = hmac.digest(key.encode(), b"access.code", "sha256")
    return hmac.new(purpose, f"{session_id}:{code}".encode(), "sha256").hexdigest()


def code_matches(keys: Sequence[str], session_id: int, typed: str, stored: Sequence[str]) -> int | None:
    """Which of the stored hashes the typed code meets, under any key still in use; every pair is compared."""
    found: int | None = None
    for key in keys:
        candidate = code_hash(key, session_id, plain_digits(typed))
        for index, one in enumerate(stored):
            if hmac.compare_digest(candidate, one):
                found = index
    return found


def plain_digits(typed: str) -> str:
    """A typed code without spaces and dashes, full-width digits made plain."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", typed) if mark.isalnum())


def plain_last4(typed: str) -> str:
    """Four last characters as compared: NFKC, no spaces, `x` as `X`."""
    return plain_digits(typed).upper()


def is_last4(typed: str) -> bool:
    """Whether an answer is four characters at all, whichever they are."""
    return len(plain_last4(typed)) == 4


def answers_match(*, birth_date: date | None, id_last4: str | None, typed_date: date | None, typed_last4: str) -> bool:
    """Whether both answers meet the row; what the row does not have is not compared.

    Both are always compared, in constant time, so that neither time nor words tell which was wrong (SL-13).
    A row with neither can not be checked and never matches.
    """
    wanted_date = birth_date.isoformat() if birth_date else ""
    wanted_last4 = plain_last4(id_last4) if id_last4 else ""
    given_date = typed_date.isoformat() if typed_date and birth_date else ""
    given_last4 = plain_last4(typed_last4) if id_last4 else ""
    same_date = hmac.compare_digest(_fixed(wanted_date), _fixed(given_date))
    same_last4 = hmac.compare_digest(_fixed(wanted_last4), _fixed(given_last4))
    return same_date & same_last4 & bool(wanted_date or wanted_last4)


def _fixed(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
