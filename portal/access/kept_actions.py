"""What somebody typed into a form whose session had ended is kept, sealed, until they are back (SB-05)."""

import json
from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlmodel import Session

from portal.access import checking
from portal.access.kept_queries import KEPT_PURPOSE, kept_by
from portal.access.queries import KEPT
from portal.platform import outbox
from portal.platform.gate import Viewer
from portal.platform.sealing import seal


def keep_entries(session: Session, viewer: Viewer, form: str, entries: Sequence[tuple[str, str]]) -> None:
    """Keep, sealed, what the viewer typed into a form that could not be taken (SB-05)."""
    drop_entries(session, viewer, form)
    text = json.dumps([list(entry) for entry in entries], ensure_ascii=False)
    session.execute(
        insert(KEPT).values(
            person_id=viewer.person_id,
            account_id=viewer.staff_id,
            form=form,
            sealed_entries=seal(session.info[outbox.KEYS], KEPT_PURPOSE, text),
            created_at=viewer.now,
            expires_at=viewer.now + checking.KEPT_ENTRY_LIFE,
        )
    )


def drop_entries(session: Session, viewer: Viewer, form: str) -> None:
    """What was kept of a form is needed no more: it was sent."""
    session.execute(delete(KEPT).where(kept_by(viewer, form)))
