"""The proof that nothing was lost or changed: after a restore, after a drill, every night.

A proof is a function of the portal that yields what is wrong, one line each; nothing is good.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import Connection, func, select

from portal.audit.queries import first_fault
from portal.complaints import proofs as complaint_proofs
from portal.core.assessment import Assessment, assess
from portal.core.facts import LoanFacts
from portal.evidence.queries import FILE, PAGE, SLOW_AFTER
from portal.installation import Installation
from portal.loans import facts
from portal.platform import once, outbox
from portal.platform.db import refuse_unmigrated
from portal.platform.files import FileDamaged, FileMissing, StoreUnreachable
from portal.platform.gate import Viewer
from portal.state_proofs import SHOWN, case_faults, state_faults

Proof = Callable[[Installation], Iterator[str]]
LOST_AFTER = timedelta(hours=1)
"""How long a message can be in one process's hands before that process must have died."""


def schema(portal: Installation) -> Iterator[str]:
    """The database is at the newest revision, and its own checks find nothing."""
    refuse_unmigrated(portal.doors.engines)
    if not portal.doors.engines.is_sqlite:
        return
    with portal.doors.engines.read.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        yield from (f"integrity: {line}" for line in found if line != "ok")
        for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            yield f"{table} row {row} points at a row of {parent} that is not there"


def audit_log(portal: Installation) -> Iterator[str]:
    """The audit chain is unbroken and agrees with the anchors outside the database."""

    settings = portal.settings
    fault = portal.doors.read_as(portal.doors.system(), first_fault, settings.audit_keys, settings.data_dir)
    if fault is not None:
        yield str(fault)


def files(portal: Installation) -> Iterator[str]:
    """Every file that a row names is there, readable, and has the hash that was noted when it came; none waits long."""
    try:
        for file in portal.doors.read_as(portal.doors.system(), _stored):
            yield from _file_faults(portal, *file)
    except StoreUnreachable as error:
        yield f"the file store cannot be reached: {error}"
    for code in portal.doors.read_as(portal.doors.system(), _waiting_long):
        yield f"file {code} has been being checked for over an hour"


def _file_faults(portal: Installation, code: str, key: str, digest: str | None) -> Iterator[str]:
    what = "file" if digest else "a page of file"
    try:
        found = hashlib.sha256(portal.files.get(key)).hexdigest()
    except FileMissing:
        if portal.doors.read_as(portal.doors.system(), _is_named, key):  # not deleted just now
            yield f"{what} {code} is missing: {key}"
    except FileDamaged:
        yield f"{what} {code} cannot be read with the file keys: {key}"
    else:
        if digest is not None and found != digest:
            yield f"file {code} is not the one that was sent: {key}"


def _waiting_long(connection: Connection, viewer: Viewer) -> list[str]:
    long = (FILE.c.state == "being_checked") & (FILE.c.created_at < viewer.now - SLOW_AFTER)
    return list(connection.scalars(select(FILE.c.code).where(long).order_by(FILE.c.id)))


def _is_named(connection: Connection, _viewer: Viewer, key: str) -> bool:
    return any(connection.scalar(select(table.c.id).where(table.c.store_key == key)) for table in (FILE, PAGE))


def _stored(connection: Connection, _viewer: Viewer) -> list[tuple[str, str, str | None]]:
    originals = select(FILE.c.code, FILE.c.store_key, FILE.c.sha256).where(FILE.c.deleted_at.is_(None))
    pages = select(FILE.c.code, PAGE.c.store_key).join(FILE, FILE.c.id == PAGE.c.file_id)
    found: list[tuple[str, str, str | None]] = [(*row,) for row in connection.execute(originals.order_by(FILE.c.id))]
    live = pages.where(FILE.c.deleted_at.is_(None)).order_by(FILE.c.id, PAGE.c.number)
    return found + [(code, key, None) for code, key in connection.execute(live)]


def messages(portal: Installation) -> Iterator[str]:
    """Every text message is in a state that its past allows, and no secret outlives its sending."""
    yield from portal.doors.read_as(portal.doors.system(), _message_faults)


def _message_faults(connection: Connection, viewer: Viewer) -> list[str]:
    rows = outbox.ROWS
    lost = (rows.c.state == "sending") & (rows.c.lease_until < viewer.now - LOST_AFTER)
    unsaid = (rows.c.state == "pending") & rows.c.sealed_text.is_(None)
    unended = rows.c.state.in_(("sent", "failed", "uncertain")) & rows.c.ended_at.is_(None)
    kinds = (("was being sent for over an hour", lost), ("has no words", unsaid), ("has no end", unended))
    return [
        f"message {row_id} {what}"
        for what, wrong in kinds
        for row_id in connection.scalars(select(rows.c.id).where(wrong).order_by(rows.c.id).limit(SHOWN))
    ]


def requests(portal: Installation) -> Iterator[str]:
    """Every form that was taken has its result."""

    def count(connection: Connection, _viewer: Viewer) -> int:
        return connection.scalar(select(func.count()).where(once.ROWS.c.result.is_(None))) or 0

    if found := portal.doors.read_as(portal.doors.system(), count):
        yield f"{found} forms were taken and have no result"


def cases(portal: Installation) -> Iterator[str]:
    """Every dispute, plan, promise and settlement is held, decided and logged as its state says; nothing else is."""
    yield from portal.doors.read_as(portal.doors.system(), case_faults)


def states(portal: Installation) -> Iterator[str]:
    """Every promise, settlement, counter-offer and proposal on the phone has beside it what its state needs."""
    yield from portal.doors.read_as(portal.doors.system(), state_faults)


def money(portal: Installation) -> Iterator[str]:
    """Of every loan: what was paid is allocated, credit or refunded; what is due is neither paid nor waived."""
    after = 0
    day = portal.doors.system().today
    while batch := portal.doors.read_as(portal.doors.system(), _some_loans, after):
        after = batch[-1][0]
        for _loan_id, loan in batch:
            try:
                yield from loan_faults(assess(loan, day))
            except ValueError as error:
                yield f"loan {loan.loan}: {error}"


def _some_loans(connection: Connection, _viewer: Viewer, after: int) -> list[tuple[int, LoanFacts]]:
    return facts.facts_after(connection, after)


def loan_faults(seen: Assessment) -> Iterator[str]:
    """What does not add up in one loan."""
    for payment in seen.payments:
        if sum(payment.allocated) + payment.credit + payment.refunded != payment.amount:
            yield f"loan {seen.loan}: payment {payment.reference} is not allocated in full"
    for part in seen.instalments:
        owed = part.contract.fee + part.contract.interest + part.contract.principal + part.penalty_chargeable
        if owed != sum(part.paid) + sum(part.waived) + sum(part.unpaid):
            yield f"loan {seen.loan}: instalment {part.contract.number} does not add up"
        if min(*part.paid, *part.waived, *part.unpaid) < 0:
            yield f"loan {seen.loan}: instalment {part.contract.number} has an amount below zero"


def complaints(portal: Installation) -> Iterator[str]:
    """Every complaint says what was sent, has an answer exactly where it says so, and somebody who may answer it."""
    yield from portal.doors.read_as(portal.doors.system(), _complaint_faults)


def _complaint_faults(connection: Connection, viewer: Viewer) -> list[str]:
    changed = (f"complaint {number} is not what was sent" for number in complaint_proofs.changed(connection, viewer))
    kinds = (
        ("has an answer and its state says otherwise, or the other way round", complaint_proofs.MISMATCHED),
        ("was answered, held or written on by somebody whom it is about", complaint_proofs.IN_NAMED_HANDS),
        ("is open and every supervisor is shut out: give somebody the role", complaint_proofs.NOBODY_LEFT),
    )
    found = (
        f"complaint {number} {what}"
        for what, wrong in kinds
        for number in complaint_proofs.numbers_where(connection, wrong)
    )
    return [*changed, *found]


PROOFS: tuple[tuple[str, Proof], ...] = (
    ("schema", schema),
    ("audit log", audit_log),
    ("files", files),
    ("messages", messages),
    ("requests", requests),
    ("cases", cases),
    ("states", states),
    ("money", money),
    ("complaints", complaints),
)
"""Name and proof, in the order in which they are told. A feature with more to prove adds a function here."""


def prove(portal: Installation, tell: Callable[[str], None]) -> int:
    """Run every proof and tell its result; returns how many faults there are."""
    total = 0
    for name, proof in PROOFS:
        faults = list(proof(portal))
        total += len(faults)
        tell(f"{name}: {'ok' if not faults else f'{len(faults)} wrong'}")
        for fault in faults[:SHOWN]:
            tell(f"  {fault}")
    return total
