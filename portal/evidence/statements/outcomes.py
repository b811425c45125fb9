"""How reading a statement can end without one: two plain outcomes, whatever the file holds."""

import hashlib
from collections.abc import Sequence

OUTCOMES = (
    "no_table",
    "no_rows",
    "notification",
    "broken",
    "too_long",
    "kind_unsupported",
    "image_not_read",
    "image_unclear",
    "password",
    "columns_unknown",
)
"""Why there is no statement in a file that could be opened."""


class NotAStatement(Exception):
    """The file could be opened, and shows no bookings of an account; `code` says what it is instead."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ColumnsUnknown(Exception):
    """A table whose columns do not say what they mean: a person must be asked, once for each header.

    `header` is the likeliest header row; `missing` what could not be found in it (`date`, `amount`); `samples` are the
    first rows below it.
    """

    def __init__(self, header: Sequence[str], missing: Sequence[str], samples: Sequence[Sequence[str]] = ()) -> None:
        super().__init__("columns_unknown")
        self.header = tuple(header)
        self.missing = tuple(missing)
        self.samples = tuple(tuple(row) for row in samples)
        self.fingerprint = fingerprint(header)


def fingerprint(header: Sequence[str]) -> str:
    """By what a header is known again, whatever its spacing."""
    names = ("".join(name.split()).casefold() for name in header)
    return hashlib.sha256("\x1f".join(names).rstrip("\x1f").encode()).hexdigest()[:16]
