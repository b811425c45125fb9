"""Anchors: the end of the audit chain, noted in a file outside the database, hourly and every thousand rows (ST-14).

The file should be copied to another machine: whoever can change both it and the database, and has the key, can
write the whole log anew.
"""

import hmac
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from portal.audit.chain import Anchor

FILE = "audit-anchors.log"
EVERY_ROWS = 1_000


class AnchorsDamaged(Exception):
    """A line of the file was not written by this portal, or was changed."""


def read_anchors(data_dir: Path, keys: Sequence[str]) -> tuple[Anchor, ...]:
    """All anchors, oldest first; raises AnchorsDamaged for a line whose seal does not fit."""
    path = data_dir / FILE
    if not path.is_file():
        return ()
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    return tuple(_read(line, number, keys) for number, line in lines if not _is_torn(line))


def add_anchor(data_dir: Path, keys: Sequence[str], newest: tuple[int, str], now: datetime) -> bool:
    """Note the newest row if an hour has begun or a thousand rows were added since the last note; True if noted."""
    earlier = _last_line(data_dir / FILE)
    row_id, row_hash = newest
    hour = f"{now.astimezone(UTC):%Y-%m-%dT%H}"
    if earlier is not None:
        last_hour, last_row = earlier
        if not (last_row + EVERY_ROWS <= row_id or (last_hour < hour and last_row < row_id)):
            return False
    note = {"hour": hour, "row": row_id, "hash": row_hash}
    line = json.dumps({**note, "seal": _seal(keys[0], note)}) + "\n"
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / FILE).open("ab") as file:
        file.write((line if _ends_well(data_dir / FILE) else f"\n{line}").encode())
        file.flush()
        os.fsync(file.fileno())
    return True


def _last_line(path: Path) -> tuple[str, int] | None:
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    try:
        note = json.loads(lines[-1]) if lines else None
        return (str(note["hour"]), int(note["row"])) if note else None
    except (ValueError, KeyError):
        return None


def _ends_well(path: Path) -> bool:
    """Whether the last line is whole. A power cut may leave half of one, to which nothing must be added."""
    content = path.read_bytes() if path.is_file() else b""
    return not content or content.endswith(b"\n")


def _is_torn(line: str) -> bool:
    """Whether a line was never finished: an empty one, or the beginning of one."""
    return not line.endswith("}")


def _read(line: str, number: int, keys: Sequence[str]) -> Anchor:
    try:
        given = json.loads(line)
        seal = given.pop("seal")
        anchor = Anchor(int(given["row"]), str(given["hash"]))
    except (ValueError, KeyError, AttributeError):
        raise AnchorsDamaged(f"{FILE} line {number} cannot be read") from None
    if not any(hmac.compare_digest(seal, _seal(key, given)) for key in keys):
        raise AnchorsDamaged(f"{FILE} line {number} was changed")
    return anchor


def _seal(key: str, note: dict[str, object]) -> str:
    return hmac.new(key.encode(), json.dumps(note, sort_keys=True).encode(), sha256).hexdigest()
