"""How much one person may send in a day, and have kept in all, besides what one case holds (EV-12).

Room is reserved in one guarded statement, so the limits hold however many uploads come at once. What staff put into a
case counts for nobody's quota.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.evidence.queries import FILE, QUOTA
from portal.platform.gate import Viewer

DAY_FILES = 60
DAY_BYTES = 300_000_000
PERSON_FILES = 200
PERSON_BYTES = 1_000_000_000

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def reserve_today(session: Session, viewer: Viewer, name: str, size: int) -> None:
    """Count an upload of the viewer before it is written; what is refused later on was written all the same.

    Raises `Refusal` `quota_day` with `file`, `count`, `bytes`, and `from_day`: when there is room again.
    """
    if viewer.person_id is None:
        return
    _know(session, viewer.person_id)
    is_today = QUOTA.c.day == viewer.today
    files, size_so_far = _if(is_today, QUOTA.c.day_files), _if(is_today, QUOTA.c.day_bytes)
    reserved = session.execute(
        update(QUOTA)
        .where(QUOTA.c.person_id == viewer.person_id, files < DAY_FILES, size_so_far <= DAY_BYTES - size)
        .values(day=viewer.today, day_files=files + 1, day_bytes=size_so_far + size)
        .returning(QUOTA.c.person_id)
    )
    if reserved.first() is None:
        again = viewer.today + timedelta(days=1)
        raise Refusal("quota_day", file=name, count=DAY_FILES, bytes=DAY_BYTES, from_day=again.isoformat())


def take_room(session: Session, person_id: int, name: str, size: int) -> None:
    """Reserve room for a file that is kept from now on.

    Raises `Refusal` `quota_person` with `file`, `count`, `bytes`, and `from_day`: when files of this person are
    deleted next, empty if no day is known.
    """
    _know(session, person_id)
    reserved = session.execute(
        update(QUOTA)
        .where(
            QUOTA.c.person_id == person_id,
            QUOTA.c.files < PERSON_FILES,
            QUOTA.c.bytes <= PERSON_BYTES - size,
        )
        .values(files=QUOTA.c.files + 1, bytes=QUOTA.c.bytes + size)
        .returning(QUOTA.c.person_id)
    )
    if reserved.first() is None:
        last_day = session.scalar(
            select(func.min(FILE.c.delete_after)).where(
                FILE.c.person_id == person_id, FILE.c.deleted_at.is_(None), FILE.c.added_by_staff.is_(None)
            )
        )
        again = (last_day + timedelta(days=1)).isoformat() if last_day else ""
        raise Refusal("quota_person", file=name, count=PERSON_FILES, bytes=PERSON_BYTES, from_day=again)


def grow(session: Session, person_id: int, name: str, by: int) -> None:
    """A file of this person becomes so many bytes larger, or smaller; raises `Refusal` `quota_person`."""
    grown = session.execute(
        update(QUOTA)
        .where(QUOTA.c.person_id == person_id, QUOTA.c.bytes <= PERSON_BYTES - by)
        .values(bytes=QUOTA.c.bytes + by)
        .returning(QUOTA.c.person_id)
    )
    if grown.first() is None:
        raise Refusal("quota_person", file=name, count=PERSON_FILES, bytes=PERSON_BYTES, from_day="")


def give_room(session: Session, person_id: int, size: int) -> None:
    """A file of this person is kept no longer."""
    session.execute(
        update(QUOTA).where(QUOTA.c.person_id == person_id).values(files=QUOTA.c.files - 1, bytes=QUOTA.c.bytes - size)
    )


def _know(session: Session, person_id: int) -> None:
    insert = _INSERTS[session.get_bind().dialect.name](QUOTA)
    session.execute(
        insert.values(person_id=person_id, files=0, bytes=0, day_files=0, day_bytes=0).on_conflict_do_nothing()
    )


def _if(condition: ColumnElement[bool], counted: ColumnElement[int]) -> ColumnElement[int]:
    return case((condition, counted), else_=0)
