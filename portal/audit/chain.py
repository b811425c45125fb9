"""The keyed hash that chains audit rows: pure, so that anybody with the keys can check a copy of the log."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from portal.audit.tables import GENESIS


class Row(NamedTuple):
    """One row of the log as it is hashed; `at` is microseconds since 1970, UTC."""

    id: int
    at: int
    actor_kind: str
    actor_id: int | None
    kind: str
    subject: str
    payload: str
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Finding:
    """The first thing that is wrong: at which row, and what. Row 0 is the file of anchors."""

    row_id: int
    what: str

    def __str__(self) -> str:
        return f"row {self.row_id} {self.what}" if self.row_id else self.what


@dataclass(frozen=True)
class Anchor:
    """A row's hash, noted outside the database at that time."""

    row_id: int
    hash: str


def row_hash(key: str, row: Row) -> str:
    """HMAC-SHA-256 over every field of the row but its hash; lengths go in, so that no field can lend to another."""
    digest = hmac.new(key.encode(), digestmod=sha256)
    for field in row[:-1]:
        encoded = b"\x00" if field is None else b"\x01" + str(field).encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def verify(rows: Iterable[Row], keys: Sequence[str], anchors: Iterable[Anchor] = ()) -> Finding | None:
    """The first row that does not fit: changed, missing, added, moved, cut off at the end, or all written anew.

    Keys are tried newest first. Anchors are notes of rows, taken when they were new: one beyond the last row shows that
    the end is missing, one with another hash that the chain was written anew.
    """
    noted: dict[int, set[str]] = {}
    for anchor in anchors:
        noted.setdefault(anchor.row_id, set()).add(anchor.hash)
    last_id, last_hash = 0, GENESIS
    for row in rows:
        what = _fault(row, last_id, last_hash, keys) or (
            "is not the row that was noted when it was new" if noted.get(row.id, {row.hash}) != {row.hash} else ""
        )
        if what:
            return Finding(row.id if row.id <= last_id + 1 else last_id + 1, what)
        last_id, last_hash = row.id, row.hash
    newest = max(noted, default=0)
    return Finding(last_id + 1, "is missing: the log once went further") if newest > last_id else None


def _fault(row: Row, last_id: int, last_hash: str, keys: Sequence[str]) -> str:
    if row.id != last_id + 1:
        return "is missing" if row.id > last_id + 1 else "stands out of order"
    if row.previous_hash != last_hash:
        return "does not follow the row before it"
    if not any(hmac.compare_digest(row.hash, row_hash(key, row)) for key in keys):
        return "was changed, or written without a known key"
    return ""
