"""What the worker does for the audit log: it notes its end outside the database, and looks the whole of it through."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from portal.audit.actions import note_check
from portal.audit.anchors import add_anchor
from portal.audit.queries import first_fault, newest_row
from portal.platform.db import Doors

_log = structlog.get_logger("portal.audit")


def note_anchor(doors: Doors, data_dir: Path, keys: Sequence[str]) -> int:
    """Add an anchor if one is due; returns how many were added."""
    viewer = doors.system()
    newest = doors.read_as(viewer, newest_row)
    return int(newest is not None and add_anchor(data_dir, keys, newest, viewer.now))


def check_log(doors: Doors, data_dir: Path, keys: Sequence[str]) -> int:
    """Look every row through and note what was found, for `/readyz`; never more at once."""
    fault = doors.read_as(doors.system(), first_fault, keys, data_dir)
    if fault is not None:
        _log.error("audit_log_damaged", row=fault.row_id, what=fault.what)
    doors.write_as(doors.system(), note_check, str(fault or ""))
    return 0
