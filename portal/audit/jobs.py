"""What the worker does for the audit log: it notes the end of the chain outside the database."""

from collections.abc import Sequence
from pathlib import Path

from portal.audit.anchors import add_anchor
from portal.audit.queries import newest_row
from portal.platform.db import Doors


def note_anchor(doors: Doors, data_dir: Path, keys: Sequence[str]) -> int:
    """Add an anchor if one is due; returns how many were added."""
    viewer = doors.system()
    newest = doors.read_as(viewer, newest_row)
    return int(newest is not None and add_anchor(data_dir, keys, newest, viewer.now))
