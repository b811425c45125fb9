"""How much one person may send in a day and have kept in all, and how much is kept of everybody (EV-12).

Room is reserved in one guarded statement, so the limits hold however many uploads come at once. What staff put into a
case counts for nobody's quota. The room for everybody is the operator's setting, `file_quota_gb`; 0 is no limit.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.evidence.queries import FILE, QUOTA, TOTAL
from portal.platform.gate import Viewer

DAY_FILES = 60
DAY_BYTES = 300_000_000
PERSON_FILES = 200
PERSON_BYTES = 1_000_000_000
GIGABYTE = 1_000_000_000

NEARLY_FULL = 80
"""From so many per cent of the room for everybody the operator is warned."""

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def reserve_today(session: Session, viewer: Viewer, name: str, size: int) -> None:
    """Count an upload of the viewer before it is written; what is refused later on was written all the same.

    Raises `Refusal` `quota_day` with `file`, `count`, `bytes`, and `from_day`: when there is room again; `quota_all`
    with `file` where nothing more of anybody is taken.
    """
    if viewer.person_id is None:
        return
    most = limit(session)
    if most and kept(session.connection()) > most - size:
        raise Refusal("quota_all", file=name)
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
    deleted next, empty if no day is known; `quota_all` with `file`.
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
    _grow_total(session, name, size)


def grow(session: Session, person_id: int, name: str, by: int) -> None:
    """A file of this person becomes so many bytes larger, or smaller; raises `Refusal` `quota_person`, `quota_all`."""
    grown = session.execute(
        update(QUOTA)
        .where(QUOTA.c.person_id == person_id, QUOTA.c.bytes <= PERSON_BYTES - by)
        .values(bytes=QUOTA.c.bytes + by)
        .returning(QUOTA.c.person_id)
    )
    if grown.first() is None:
        raise Refusal("quota_person", file=name, count=PERSON_FILES, bytes=PERSON_BYTES, from_day="")
    _grow_total(session, name, by)


def give_room(session: Session, person_id: int, size: int) -> None:
    """A file of this person is kept no longer."""
    session.execute(
        update(QUOTA).where(QUOTA.c.person_id == person_id).values(files=QUOTA.c.files - 1, bytes=QUOTA.c.bytes - size)
    )
    _grow_total(session, "", -size)


def limit(session: Session) -> int:
    """How many bytes of everybody's files may be kept; 0 is no limit."""
    return int(session.info.get("file_quota_gb", 0)) * GIGABYTE


def kept(connection: Connection) -> int:
    """How many bytes of everybody's files are kept, or reserved for such as are on their way."""
    return int(connection.scalar(select(TOTAL.c.bytes)) or 0)


def share_kept(connection: Connection, gigabytes: int) -> int:
    """How many per cent of the room for everybody are in use; 0 where there is no limit."""
    return kept(connection) * 100 // (gigabytes * GIGABYTE) if gigabytes else 0


def _grow_total(session: Session, name: str, by: int) -> None:
    """The last step of a reservation, so that everybody's one row is held for the shortest time."""
    insert = _INSERTS[session.get_bind().dialect.name](TOTAL)
    session.execute(insert.values(id=1, bytes=0).on_conflict_do_nothing())
    most = limit(session)
    has_room = TOTAL.c.bytes <= most - by if most and by > 0 else true()
    grown = session.execute(update(TOTAL).where(has_room).values(bytes=TOTAL.c.bytes + by).returning(TOTAL.c.id))
    if grown.first() is None:
        raise Refusal("quota_all", file=name)


def _know(session: Session, person_id: int) -> None:
    insert = _INSERTS[session.get_bind().dialect.name](QUOTA)
    session.execute(
        insert.values(person_id=person_id, files=0, bytes=0, day_files=0, day_bytes=0).on_conflict_do_nothing()
    )


def _if(condition: ColumnElement[bool], counted: ColumnElement[int]) -> ColumnElement[int]:
    return case((condition, counted), else_=0)
