"""What somebody had typed into a form when their session ended (SB-05)."""

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, select

from portal.access.queries import KEPT
from portal.platform.gate import Viewer
from portal.platform.sealing import SealBroken, unseal

KEPT_PURPOSE = "access.kept_entry"


def kept_by(viewer: Viewer, form: str) -> ColumnElement[bool]:
    """The row of what the viewer had typed into a form; none for anybody else."""
    if viewer.kind == "staff":
        return and_(KEPT.c.account_id == viewer.staff_id, KEPT.c.form == form)
    return and_(KEPT.c.person_id == viewer.person_id, KEPT.c.form == form)


def kept_entries(
    connection: Connection, viewer: Viewer, keys: Sequence[str], form: str
) -> list[tuple[str, str]] | None:
    """What the viewer had typed into a form when an earlier session ended (SB-05)."""
    sealed = connection.scalar(
        select(KEPT.c.sealed_entries).where(kept_by(viewer, form), KEPT.c.expires_at > viewer.now)
    )
    try:
        return [(name, text) for name, text in json.loads(unseal(keys, KEPT_PURPOSE, sealed))] if sealed else None
    except SealBroken:
        return None
