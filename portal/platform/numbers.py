"""Numbers that are read aloud and codes that stand in addresses: random, and no permission in themselves."""

import secrets
import unicodedata

_READABLE = "23456789BCDFGHJKLMNPQRSTVWXYZ"  # no 0 O 1 I, and no vowels that would make words
_CODE = "abcdefghjkmnpqrstuvwxyz23456789"


def new_number() -> str:
    """A request number such as `4K7-2GH`. It does not tell its kind (words.md 4)."""
    drawn = "".join(secrets.choice(_READABLE) for _ in range(6))
    return f"{drawn[:3]}-{drawn[3:]}"


def new_code() -> str:
    """What names an object in an address: 16 characters, about 79 bits."""
    return "".join(secrets.choice(_CODE) for _ in range(16))


def read_number(typed: str) -> str | None:
    """A request number as somebody typed it (small, full-width, without the dash), or None if it is none."""
    plain = "".join(mark for mark in unicodedata.normalize("NFKC", typed).upper() if mark.isalnum())
    if len(plain) != 6 or not plain.isascii():
        return None
    return f"{plain[:3]}-{plain[3:]}"
