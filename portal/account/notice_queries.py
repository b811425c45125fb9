"""What people say to have paid, as its rows say; a person's own, and the staff's list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, exists, func, or_, select

from portal.access.queries import ACCOUNT
from portal.account.events import SlipConsentWithdrawn
from portal.account.tables import NOTICE_STATES, PaymentNotice
from portal.audit import queries as audit
from portal.core.facts import Payment
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import PERSON_VERSION, LoanRecord, PersonRecord
from portal.loans.tables import table_of
from portal.platform.gate import Viewer
from portal.promises import queries as promises
from portal.promises.queries import PromiseRecord
from portal.settlements import queries as settlements
from portal.settlements.queries import SettlementRecord

NOTICE = table_of(PaymentNotice)

CASE_KIND = "payment"
"""As `evidence` calls the case of a slip."""

CONSENT_ENDED = SlipConsentWithdrawn.kind

EARLIER, LATER = timedelta(days=3), timedelta(days=30)
"""How far before and after the day that a person names their payment may have arrived."""

TOLD_FOR = timedelta(days=14)
"""So long an answer stands among what is under way."""

PAGE_ROWS = 50

_VIEWER: BindParameter[int] = bindparam("viewer_person")
EVER = exists(select(NOTICE.c.id).where(NOTICE.c.person_id == _VIEWER))
"""Whether the viewer ever said to have paid; takes `visible_parameters` of the loans."""


@dataclass(frozen=True)
class NoticeRecord:
    """What a person says to have paid, as its row says; `answered_by` is a name of staff."""

    id: int
    number: str
    loan_id: int
    person_id: int
    currency: str
    amount: int
    paid_on: date
    channel: str
    words: str
    state: str
    version: int
    consent_text: str
    told_on: date
    told_at: datetime
    payment_ref: str | None
    promise_number: str | None
    answered_by: str | None
    answer: str
    ended_at: datetime | None


_NAMES = [name for name in NoticeRecord.__dataclass_fields__ if name != "answered_by"]
_RECORDS: Select[Any] = select(*(NOTICE.c[name] for name in _NAMES), ACCOUNT.c.display_name).select_from(
    NOTICE.outerjoin(ACCOUNT, ACCOUNT.c.id == NOTICE.c.answered_by)
)


def notice(connection: Connection, number: str) -> NoticeRecord | None:
    """What was said, by its number, whoever asks."""
    row = connection.execute(_RECORDS.where(NOTICE.c.number == number)).first()
    return _record(row) if row else None


def own_notice(connection: Connection, viewer: Viewer, number: str) -> NoticeRecord | None:
    """What the viewer said; a stranger's does not exist."""
    found = notice(connection, number)
    return found if found and viewer.kind == "borrower" and found.person_id == viewer.person_id else None


def waiting_of(connection: Connection, viewer: Viewer) -> tuple[NoticeRecord, ...]:
    """What the viewer said and nobody has found yet, the newest first."""
    mine = _RECORDS.where(NOTICE.c.person_id == viewer.person_id, NOTICE.c.state == "waiting")
    return tuple(_record(row) for row in connection.execute(mine.order_by(NOTICE.c.id.desc())))


def under_way(connection: Connection, viewer: Viewer) -> tuple[NoticeRecord, ...]:
    """What the viewer said and nobody has found yet, and the answers of the last days, the oldest first."""
    answered = NOTICE.c.state.in_(("found", "not_found")) & (NOTICE.c.ended_at >= viewer.now - TOLD_FOR)
    mine = _RECORDS.where(NOTICE.c.person_id == viewer.person_id, or_(NOTICE.c.state == "waiting", answered))
    return tuple(_record(row) for row in connection.execute(mine.order_by(NOTICE.c.id)))


def is_reported(connection: Connection, settlement: SettlementRecord) -> bool:
    """Whether its person says to have paid while a settlement could be paid, and nobody has answered yet."""
    asked = select(NOTICE.c.id).where(
        NOTICE.c.loan_id == settlement.loan_id,
        NOTICE.c.person_id == settlement.person_id,
        NOTICE.c.state == "waiting",
        NOTICE.c.paid_on.between(settlement.offer.quoted_on, settlement.offer.until),
    )
    return connection.scalar(asked.limit(1)) is not None


def of_person(connection: Connection, person_id: int) -> tuple[NoticeRecord, ...]:
    """All that a person said to have paid, the newest first."""
    found = _RECORDS.where(NOTICE.c.person_id == person_id).order_by(NOTICE.c.id.desc())
    return tuple(_record(row) for row in connection.execute(found))


def waiting_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """What the worker looks for, the oldest first."""
    return list(connection.scalars(select(NOTICE.c.number).where(NOTICE.c.state == "waiting").order_by(NOTICE.c.id)))


def candidates(connection: Connection, found: NoticeRecord, record: LoanRecord) -> tuple[Payment, ...]:
    """The payments on the loan around the day that was named, which answer nothing else yet."""
    taken = set(connection.scalars(select(NOTICE.c.payment_ref).where(NOTICE.c.payment_ref.is_not(None))))
    return tuple(
        payment
        for payment in record.facts.payments
        if payment.kind == "payment"
        and found.paid_on - EARLIER <= payment.received_on <= found.paid_on + LATER
        and payment.reference not in taken
    )


def _record(row: Row[Any]) -> NoticeRecord:
    return NoticeRecord(**{name: getattr(row, name) for name in _NAMES}, answered_by=row.display_name)


# Pages


@dataclass(frozen=True)
class NoticePage:
    """What somebody said to have paid, with its slips; `candidates` are the payments that it may be, for staff.

    `promise` is the one that is, or was, being verified by it, `settlement` the one that waits for it, which stands;
    `consent_ended_at` when the person took the consent to
    read the slips back.
    """

    notice: NoticeRecord
    record: LoanRecord
    person: PersonRecord
    files: tuple[FileRecord, ...]
    candidates: tuple[Payment, ...]
    promise: PromiseRecord | None
    today: date
    data_date: date | None
    consent_ended_at: datetime | None
    settlement: SettlementRecord | None

    @property
    def has_slips(self) -> bool:
        """Whether a slip is still here."""
        return any(file.state != "deleted" for file in self.files)


def notice_page(connection: Connection, viewer: Viewer, number: str) -> NoticePage | None:
    """For its person their own, for staff any; None if there is none."""
    found = own_notice(connection, viewer, number) if viewer.kind == "borrower" else notice(connection, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    person = loans.person(connection, found.person_id) if found else None
    if found is None or record is None or person is None:
        return None
    files = evidence.case_files(connection, viewer, CASE_KIND, number)
    near = candidates(connection, found, record) if viewer.kind == "staff" else ()
    promise = promises.promise(connection, found.promise_number) if found.promise_number else None
    ended_at = _consent_ended_at(connection, viewer, number) if found.consent_text else None
    settlement = _waits_for(connection, found) if found.state == "waiting" else None
    return NoticePage(found, record, person, files, near, promise, viewer.today, record.data_date, ended_at, settlement)


def _waits_for(connection: Connection, found: NoticeRecord) -> SettlementRecord | None:
    """The settlement that does not lapse before this is answered."""
    standing = settlements.open_of_loan(connection, found.loan_id)
    if standing is None or standing.person_id != found.person_id:
        return None
    return standing if standing.offer.quoted_on <= found.paid_on <= standing.offer.until else None


def _consent_ended_at(connection: Connection, viewer: Viewer, number: str) -> datetime | None:
    """When the person took back the consent to read the slips; the words that they had agreed to stay as proof."""
    ends = (each.at for each in audit.entries_about(connection, viewer, number) if each.kind == CONSENT_ENDED)
    return next(ends, None)


@dataclass(frozen=True)
class NoticeRow:
    """One line of the staff's list."""

    number: str
    name: str
    currency: str
    amount: int
    paid_on: date
    state: str
    told_at: datetime


@dataclass(frozen=True)
class NoticeQueue:
    """What people say to have paid, of one state; what waits has the oldest on top."""

    rows: tuple[NoticeRow, ...]
    state: str
    page: int
    total: int

    @property
    def has_more(self) -> bool:
        return self.total > self.page * PAGE_ROWS


def notice_queue(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> NoticeQueue:
    """The list under the filter of the address."""
    state = given.get("state", "waiting")
    state = state if state in NOTICE_STATES else "waiting"
    number = given.get("page", "")
    page = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    current = (PERSON_VERSION.c.person_id == NOTICE.c.person_id) & PERSON_VERSION.c.superseded_at.is_(None)
    columns = (NOTICE.c.currency, NOTICE.c.amount, NOTICE.c.paid_on, NOTICE.c.state, NOTICE.c.told_at)
    statement = (
        select(NOTICE.c.number, PERSON_VERSION.c.name, *columns)
        .join(PERSON_VERSION, current)
        .where(NOTICE.c.state == state)
        .order_by(NOTICE.c.id if state == "waiting" else NOTICE.c.id.desc())
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    )
    total = int(connection.scalar(select(func.count()).select_from(NOTICE).where(NOTICE.c.state == state)) or 0)
    return NoticeQueue(tuple(NoticeRow(*row) for row in connection.execute(statement)), state, page, total)


def waiting_count(connection: Connection, viewer: Viewer) -> int:
    """How much waits to be found, for the bar."""
    return int(connection.scalar(select(func.count()).select_from(NOTICE).where(NOTICE.c.state == "waiting")) or 0)
