"""What the worker does with the funds rule: notes it for staff's lists, and upholds by it where the product says so."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, not_, or_, select
from sqlmodel import Session

from portal.core.receipt import fingerprint
from portal.disputes import moves
from portal.disputes.deciding_actions import Choice, carry_out
from portal.disputes.deciding_queries import effect_of
from portal.disputes.duplicate_queries import earlier_of
from portal.disputes.funds_facts import Funds
from portal.disputes.funds_queries import FUNDS_REASON, funds_of
from portal.disputes.queries import DISPUTE, READING, DisputeRecord, parts
from portal.disputes.rounds import REVIEW
from portal.disputes.tables import UNDECIDED
from portal.evidence import queries as evidence
from portal.evidence.queries import FILE, IS_BEING_READ, STATEMENT
from portal.loans import queries as loans
from portal.loans.queries import IMPORT_RUN, LoanRecord
from portal.platform.gate import Viewer
from portal.platform.i18n import gettext as _
from portal.platform.i18n import speaking

_HERE = and_(
    FILE.c.case_kind == "dispute", FILE.c.case_number == DISPUTE.c.number, FILE.c.shared, FILE.c.deleted_at.is_(None)
)
_LAST_FILE = select(func.max(FILE.c.id)).where(_HERE).correlate(DISPUTE).scalar_subquery()
_FILES_READ = (
    select(func.count()).select_from(FILE).where(_HERE, not_(IS_BEING_READ)).correlate(DISPUTE).scalar_subquery()
)
_LAST_READ = (
    select(func.max(STATEMENT.c.read_at))
    .join(FILE, FILE.c.id == STATEMENT.c.file_id)
    .where(_HERE)
    .correlate(DISPUTE)
    .scalar_subquery()
)
"""A file is read again when somebody said what its columns mean."""
_IMPORT = select(func.max(IMPORT_RUN.c.id)).scalar_subquery()
_STALE = (
    select(DISPUTE.c.number)
    .outerjoin(READING, READING.c.dispute_id == DISPUTE.c.id)
    .where(
        DISPUTE.c.state.in_((*UNDECIDED, REVIEW.waits)),
        DISPUTE.c.reason == FUNDS_REASON,
        or_(
            READING.c.id.is_(None),
            func.coalesce(READING.c.last_file, 0) != func.coalesce(_LAST_FILE, 0),
            READING.c.files_read != _FILES_READ,
            READING.c.noted_at < _LAST_READ,
            func.coalesce(READING.c.import_id, 0) != func.coalesce(_IMPORT, 0),
        ),
    )
    .order_by(DISPUTE.c.id)
    .limit(50)
)


def unread_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """Disputes about funds of which a file was read, or an import came, since the rule was last noted."""
    return list(connection.execute(_STALE).scalars())


def note_reading(session: Session, viewer: Viewer, number: str) -> bool:
    """Note for staff's lists what the rule says now; where the product allows it, uphold by it. True if upheld."""
    found = moves.held(session, viewer, number)
    connection = session.connection()
    record = loans.loan_by_id(connection, found.loan_id, viewer.today)
    funds = funds_of(connection, viewer, found, record) if record else None
    stamp = connection.execute(select(_LAST_FILE, _FILES_READ, _IMPORT).where(DISPUTE.c.id == found.id)).one()
    connection.execute(delete(READING).where(READING.c.dispute_id == found.id))
    row = {"result": funds.listed if funds else "none", "noted_at": viewer.now}
    seen = {"last_file": stamp[0], "files_read": stamp[1], "import_id": stamp[2]}
    connection.execute(insert(READING).values(dispute_id=found.id, **row, **seen))
    return bool(record and funds and _uphold(session, viewer, found, record, funds))


def _uphold(session: Session, viewer: Viewer, found: DisputeRecord, record: LoanRecord, funds: Funds) -> bool:
    """Only what is met in the product's reading, with nothing worth a look, up to the product's amount."""
    most = record.rules.auto_uphold_max
    if not most or found.state != "open" or found.held_by is not None or _is_doubtful(session, viewer, found, funds):
        return False
    if any(hold.kind in {"fraud", "incapacity"} and hold.is_in_force(viewer.today) for hold in record.holds):
        return False
    own = parts(session.connection(), found.id)
    what = effect_of(session.connection(), found, record.facts, own, viewer.today, None)
    if what.outcome != "upheld" or not 0 < what.amount <= most:
        return False
    moves.move(session, viewer, found, "decided", from_states=("open",))
    seen = fingerprint(record.facts, viewer.today)
    choice = Choice(tuple(what.ticked), "funds_met", _words(session, found), seen, found.version)
    carry_out(session, viewer, found, choice, what, None, None)
    return True


def _is_doubtful(session: Session, viewer: Viewer, found: DisputeRecord, funds: Funds) -> bool:
    connection = session.connection()
    looks: Iterable[Any] = (
        *funds.check.signals,
        *funds.check.missing,
        *evidence.seen_elsewhere(connection, viewer, "dispute", found.number),
    )
    repeats = earlier_of(connection, found, parts(connection, found.id))
    is_theirs = funds.check.account.match == "yes"  # where the lender names no account, any would do: a person looks
    return funds.state != "met" or not is_theirs or any(looks) or repeats is not None


def _words(session: Session, found: DisputeRecord) -> str:
    """What the person reads, in their own language."""
    person = loans.person(session.connection(), found.person_id)
    with speaking(person.language if person else "en"):
        return _(
            "Your statement shows what the rule asks, and the amount is one that our program may take off by itself. "
            "No person has decided this."
        )
