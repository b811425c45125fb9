"""What the worker does with files: scans and reads the waiting ones, then their pictures, deletes those whose time is
over, sweeps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection, select
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.evidence import actions, column_actions, column_queries, cover_actions, picture_actions, quota, scanning
from portal.evidence.clamd import Clamd, NotScanned, ScannerDown
from portal.evidence.covering import COVER, COVER_PAGE
from portal.evidence.examining import examine
from portal.evidence.picture_sandbox import with_pictures_read
from portal.evidence.queries import FILE, PAGE
from portal.evidence.sandbox import Reading, Want
from portal.evidence.statement_facts import as_stored
from portal.evidence.unfinished import PART
from portal.platform.db import Doors
from portal.platform.files import FileDamaged, FileMissing, FileStore, StoreUnreachable
from portal.platform.gate import Viewer

BATCH = 50
ORPHAN_AGE = timedelta(hours=24)
"""A stored file that no row knows may be on its way into one for so long (EV-13)."""

_log = structlog.get_logger("portal.evidence")


def read_waiting(doors: Doors, files: FileStore, scanner: Clamd | None = None) -> int:
    """Scan and read the oldest file that waits to be checked; returns 1 if there was one.

    One at a time: it may take 12 seconds, and a code that somebody waits for must not stand behind ten files. Where
    scanner or store do not answer at all the job fails, and is tried again as any that fails.
    """
    waiting = doors.read_as(doors.system(), _waiting_ids)
    return int(any(_read_one(doors, files, scanner, file_id) for file_id in waiting))


def _waiting_ids(connection: Connection, viewer: Viewer) -> list[int]:
    statement = (
        select(FILE.c.id)
        .where(
            FILE.c.state == "being_checked",
            FILE.c.lease_until.is_(None) | (FILE.c.lease_until < viewer.now),
        )
        .order_by(FILE.c.id)
        .limit(BATCH)
    )
    return list(connection.scalars(statement))


def _read_one(doors: Doors, files: FileStore, scanner: Clamd | None, file_id: int) -> bool:
    waiting = doors.write_as(doors.system(), actions.claim_waiting, file_id)
    if waiting is None:
        return False
    try:
        examine(doors, files, waiting, scanner)
    except (ScannerDown, StoreUnreachable):
        doors.write_as(doors.system(), scanning.postpone, file_id)
        raise
    except NotScanned as error:
        doors.write_as(doors.system(), scanning.postpone, file_id)
        _log.warning("file_not_scanned", file=file_id, why=str(error))
    except (FileMissing, FileDamaged) as error:
        # Its lease ends by itself; after a few tries it is broken, and said to be.
        _log.error("file_not_read", file=file_id, why=type(error).__name__)
    return True


def read_pictures(doors: Doors, files: FileStore) -> int:
    """Read the pictures of one file of those that wait for it, which may take minutes; returns 1 if there was one.

    What the first reader found stands where the pictures say nothing better, and where their reader fails.
    """
    waiting = doors.read_as(doors.system(), picture_actions.waiting_ids)
    return int(any(_read_pictures(doors, files, file_id) for file_id in waiting))


def _read_pictures(doors: Doors, files: FileStore, file_id: int) -> bool:
    waiting = doors.write_as(doors.system(), picture_actions.claim, file_id)
    if waiting is None:
        return False
    try:
        data = files.get(waiting.store_key, waiting.sha256)
    except StoreUnreachable:
        doors.write_as(doors.system(), picture_actions.let_go, file_id)
        raise
    except (FileMissing, FileDamaged) as error:
        _log.error("pictures_not_read", file=file_id, why=type(error).__name__)
        doors.write_as(doors.system(), picture_actions.record, file_id, None)
        return True
    reading = _pictures_of(doors, waiting, data)
    told = None if reading is waiting.first else as_stored(reading)
    doors.write_as(doors.system(), picture_actions.record, file_id, told)
    return True


def read_named(doors: Doors, files: FileStore) -> int:
    """Read files again of whose columns somebody said meanwhile what they mean; returns how many were tried."""
    codes = doors.read_as(doors.system(), column_queries.named_since)
    for code in codes:
        _read_named(doors, files, code)
    return len(codes)


def _read_named(doors: Doors, files: FileStore, code: str) -> None:
    page = doors.read_as(doors.system(), column_queries.columns_page, code)
    if page is None:
        return
    answer = doors.read_as(doors.system(), column_queries.answer_for, page.header.fingerprint, page.file_id)
    if answer is None:
        return
    try:
        column_actions.read_again(doors, files, page, answer)
    except Refusal:
        doors.write_as(doors.system(), column_actions.give_up, page.file_id)
    except (FileMissing, FileDamaged) as error:
        doors.write_as(doors.system(), column_actions.give_up, page.file_id)
        _log.error("file_not_read", file=page.file_id, why=type(error).__name__)


def _pictures_of(doors: Doors, waiting: picture_actions.WaitingPictures, data: bytes) -> Reading:
    """What the pictures say, by what somebody said of their columns where that was asked."""

    def read(columns: Mapping[str, str] | None) -> Reading:
        covered = cover_actions.boxes_by_page(waiting.marks) if waiting.marks else None
        want = Want(pages=False, statements=True, columns=columns, covered=covered)
        return with_pictures_read(waiting.first, waiting.name, data, want=want)

    def said(fingerprint: str) -> column_queries.Answer | None:
        return doors.read_as(doors.system(), column_queries.answer_for, fingerprint, waiting.id)

    answer = said(waiting.fingerprint) if waiting.fingerprint else None
    if answer is not None:
        reading = read(answer.mapping)
        return reading if reading is waiting.first else replace(reading, answer=answer.id)
    reading = read(None)
    answer = said(reading.columns.fingerprint) if reading.columns else None
    if answer is None:
        return reading
    named = read(answer.mapping)
    if named is waiting.first or named.no_statement == column_actions.UNKNOWN:
        return reading
    return replace(reading, statements=named.statements, no_statement=named.no_statement, answer=answer.id)


def scan_again(doors: Doors, files: FileStore, scanner: Clamd | None) -> int:
    """Scan a few of the files that were scanned with older signatures; returns how many (EV-10)."""
    if scanner is None:
        return 0
    doors.write_as(doors.system(), scanning.close_unscanned)
    signatures = scanner.signatures()
    return sum(
        _scan_again(doors, files, scanner, old) for old in doors.read_as(doors.system(), scanning.outdated, signatures)
    )


def _scan_again(doors: Doors, files: FileStore, scanner: Clamd, old: scanning.Outdated) -> bool:
    try:
        verdict = scanner.scan(files.get(old.store_key, old.sha256))
    except (ScannerDown, StoreUnreachable):
        raise
    except (NotScanned, FileMissing, FileDamaged) as error:
        doors.write_as(doors.system(), scanning.postpone, old.id)
        _log.warning("file_not_scanned", file=old.id, why=str(error) or type(error).__name__)
        return False
    doors.write_as(doors.system(), scanning.record_scan, old.id, verdict)
    return True


def delete_expired(doors: Doors, files: FileStore) -> int:
    """Delete files after their last day, original and view copy; returns how many (EV-17)."""
    expired = doors.read_as(doors.system(), _expired_ids)
    for file_id in expired:
        files.discard(doors.write_as(doors.system(), _remove_expired, file_id))
    return len(expired)


def _expired_ids(connection: Connection, viewer: Viewer) -> list[int]:
    statement = select(FILE.c.id).where(FILE.c.deleted_at.is_(None), FILE.c.delete_after < viewer.today)
    return list(connection.scalars(statement.order_by(FILE.c.id).limit(BATCH)))


def _remove_expired(session: Session, viewer: Viewer, file_id: int) -> list[str]:
    # Judged again, and held: the time may have been extended since the sweep looked, or be at this moment.
    day = session.scalar(select(FILE.c.delete_after).where(FILE.c.id == file_id).with_for_update(key_share=True))
    if day is None or day >= viewer.today:
        return []
    return actions.remove(session, viewer, file_id, because="keeping_time_over")


def watch_room(doors: Doors, gigabytes: int) -> int:
    """Warn the operator in the log where the room for everybody's files is nearly full (EV-12)."""

    def share(connection: Connection, _viewer: Viewer) -> int:
        return quota.share_kept(connection, gigabytes)

    per_cent = doors.read_as(doors.system(), share)
    if per_cent >= quota.NEARLY_FULL:
        _log.warning("files_nearly_full", per_cent=per_cent, gigabytes=gigabytes)
    return 0


def sweep_orphans(doors: Doors, files: FileStore) -> int:
    """Delete stored files that are older than a day and that no row knows; returns how many (EV-13).

    What none of our file keys opens is another installation's, or proof of damage, and stays.
    """
    long_ago = doors.system().now - ORPHAN_AGE
    old = files.older_than(long_ago)
    known = doors.read_as(doors.system(), _known_keys)
    unknown = [key for key in old if key not in known]
    orphans = [key for key in unknown if files.is_ours(key)]
    if len(unknown) > len(orphans):
        _log.warning("files_of_others_left_alone", count=len(unknown) - len(orphans), place=files.place)
    for key in orphans:
        files.delete(key)
    return len(orphans) + files.forget_unfinished(long_ago)


def _known_keys(connection: Connection, viewer: Viewer) -> set[str]:
    # Read after the folder was listed: a file that was taken meanwhile is known by now.
    return {
        key for table in (FILE, PAGE, PART, COVER, COVER_PAGE) for key in connection.scalars(select(table.c.store_key))
    }
