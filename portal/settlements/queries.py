"""What a settlement is, as its rows say; the viewer's own, and those that the worker looks at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, Row, bindparam, exists, literal, or_, select, union_all

from portal.access.queries import ACCOUNT
from portal.core import plan_states
from portal.core.payoff import PayoffInterest
from portal.core.settlement import Offer
from portal.loans import queries as loans
from portal.loans.queries import HOLD
from portal.loans.tables import table_of
from portal.platform.gate import Viewer
from portal.settlements.facts import read_offer, read_told
from portal.settlements.tables import Settlement, SettlementRequest

SETTLEMENT, REQUEST = table_of(Settlement), table_of(SettlementRequest)

PAGE = "/settlements/{number}"
"""Where a hold leads the borrower."""
REQUEST_PAGE = "/settlement-requests/{number}"

TOLD_FOR = timedelta(days=14)
"""So long an answer stands among what is under way."""


@dataclass(frozen=True)
class SettlementRecord:
    """A settlement as its row says; `offered_by` and `confirmed_by` are names of staff."""

    id: int
    number: str
    loan_id: int
    person_id: int
    currency: str
    state: str
    version: int
    offer: Offer
    rule: PayoffInterest
    fingerprint: str
    told: Mapping[date, int]
    most: int
    lender: Mapping[str, Mapping[str, str]]
    request_number: str | None
    offered_by: str | None
    confirmed_by: str | None
    reason: str
    words: str
    quoted_at: datetime
    accepted_at: datetime | None
    paid_on: date | None
    taken_off: int
    counted: tuple[str, ...]
    letter: Mapping[str, Any]
    ending: str
    ended_at: datetime | None
    undone_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid."""
        return self.state in plan_states.SETTLEMENT.open

    @property
    def from_staff(self) -> bool:
        """Whether staff decided on it."""
        return self.offered_by is not None


@dataclass(frozen=True)
class RequestRecord:
    """A request for a settlement as its row says; `answered_by` and `writer` are names of staff.

    `writer`, whose account is `drafted_by`, wrote it down on the phone; both are None where the person asked.
    """

    id: int
    number: str
    loan_id: int
    person_id: int
    currency: str
    state: str
    version: int
    could_pay: int
    whole: int
    words: str
    asked_on: date
    asked_at: datetime
    drafted_by: int | None
    writer: str | None
    answered_by: str | None
    reason: str
    answer: str
    settlement_number: str | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.state in {"written", "asked"}


_CHECKER = ACCOUNT.alias("settlement_checker")
_SETTLEMENTS = select(SETTLEMENT, ACCOUNT.c.display_name, _CHECKER.c.display_name.label("checker_name")).select_from(
    SETTLEMENT.outerjoin(ACCOUNT, ACCOUNT.c.id == SETTLEMENT.c.offered_by).outerjoin(
        _CHECKER, _CHECKER.c.id == SETTLEMENT.c.confirmed_by
    )
)
_BY_NUMBER = _SETTLEMENTS.where(SETTLEMENT.c.number == bindparam("number"))
_OPEN_OF_LOAN = _SETTLEMENTS.where(
    SETTLEMENT.c.loan_id == bindparam("loan_id"), SETTLEMENT.c.state.in_(("quoted", "accepted"))
)
_OF_PERSON = _SETTLEMENTS.where(SETTLEMENT.c.person_id == bindparam("person_id")).order_by(SETTLEMENT.c.id.desc())
_WRITER = ACCOUNT.alias("settlement_writer")
_REQUESTS = select(REQUEST, ACCOUNT.c.display_name, _WRITER.c.display_name.label("writer_name")).select_from(
    REQUEST.outerjoin(ACCOUNT, ACCOUNT.c.id == REQUEST.c.answered_by).outerjoin(
        _WRITER, _WRITER.c.id == REQUEST.c.drafted_by
    )
)
_WAITS = REQUEST.c.state.in_(("written", "asked"))
_REQUEST_BY_NUMBER = _REQUESTS.where(REQUEST.c.number == bindparam("number"))
_ASKED_OF_LOAN = _REQUESTS.where(REQUEST.c.loan_id == bindparam("loan_id"), _WAITS)
_REQUESTS_OF_PERSON = _REQUESTS.where(REQUEST.c.person_id == bindparam("person_id")).order_by(REQUEST.c.id.desc())
_PAID_ON_LOAN = (
    select(SETTLEMENT.c.number)
    .where(
        SETTLEMENT.c.loan_id == bindparam("loan_id"),
        SETTLEMENT.c.person_id == bindparam("person_id"),
        SETTLEMENT.c.state == "paid",
        SETTLEMENT.c.undone_at.is_(None),
    )
    .order_by(SETTLEMENT.c.id.desc())
    .limit(1)
)
_ENDED_BY_DISPUTE = select(SETTLEMENT.c.number).where(
    SETTLEMENT.c.loan_id == bindparam("loan_id"),
    SETTLEMENT.c.person_id == bindparam("person_id"),
    SETTLEMENT.c.ending == "dispute",
    SETTLEMENT.c.ended_at == bindparam("at"),
)
_MINE: BindParameter[int] = bindparam("person_id")
_SINCE: BindParameter[datetime] = bindparam("since", type_=SETTLEMENT.c.ended_at.type)
_TODAY: BindParameter[date] = bindparam("today", type_=SETTLEMENT.c.until.type)
_UNDER_WAY = union_all(
    select(literal("settlement_question"), REQUEST.c.number, REQUEST.c.state).where(
        REQUEST.c.person_id == _MINE, or_(_WAITS, (REQUEST.c.state == "refused") & (REQUEST.c.ended_at >= _SINCE))
    ),
    select(literal("settlement"), SETTLEMENT.c.number, SETTLEMENT.c.state).where(
        SETTLEMENT.c.person_id == _MINE,
        or_(
            SETTLEMENT.c.state == "quoted",
            (SETTLEMENT.c.state == "accepted") & (SETTLEMENT.c.until < _TODAY),
            (SETTLEMENT.c.state == "lapsed")
            & (SETTLEMENT.c.ended_at >= _SINCE)
            & SETTLEMENT.c.ending.in_(("date", "dispute", "loan")),
        ),
    ),
)
_VIEWER: BindParameter[int] = bindparam("viewer_person")
EVER = or_(*(exists(select(table.c.id).where(table.c.person_id == _VIEWER)) for table in (REQUEST, SETTLEMENT)))
"""Whether the viewer ever asked for a settlement or was offered one; takes `visible_parameters` of the loans."""

_TO_JUDGE = select(SETTLEMENT.c.number).where(SETTLEMENT.c.state.in_(("quoted", "accepted"))).order_by(SETTLEMENT.c.id)
_HELD = select(HOLD.c.id).where(HOLD.c.number == SETTLEMENT.c.number, HOLD.c.ended_at.is_(None)).exists()
_TO_WATCH = (
    select(SETTLEMENT.c.number)
    .where(SETTLEMENT.c.state == "paid", SETTLEMENT.c.undone_at.is_(None))
    .where(or_(_HELD, SETTLEMENT.c.paid_on >= bindparam("since")))
    .order_by(SETTLEMENT.c.id)
)
_REQUESTS_TO_JUDGE = select(REQUEST.c.number).where(_WAITS).order_by(REQUEST.c.id)

WATCHED_FOR = timedelta(days=90)
"""So long after its day a payment that comes back undoes a settlement, even of a loan on which nothing was left."""


def settlement(connection: Connection, number: str) -> SettlementRecord | None:
    """A settlement by its number, whoever asks."""
    row = connection.execute(_BY_NUMBER, {"number": number}).first()
    return _record(row) if row else None


def own_settlement(connection: Connection, viewer: Viewer, number: str) -> SettlementRecord | None:
    """A settlement of the viewer; a stranger's does not exist."""
    found = settlement(connection, number)
    return found if found and viewer.kind == "borrower" and found.person_id == viewer.person_id else None


def open_of_loan(connection: Connection, loan_id: int) -> SettlementRecord | None:
    """The settlement of a loan that can still be paid, whoever it belongs to."""
    row = connection.execute(_OPEN_OF_LOAN, {"loan_id": loan_id}).first()
    return _record(row) if row else None


def of_person(connection: Connection, person_id: int) -> tuple[SettlementRecord, ...]:
    """All settlements of a person, the newest first."""
    return tuple(_record(row) for row in connection.execute(_OF_PERSON, {"person_id": person_id}))


def paid_on_loan(connection: Connection, loan_id: int, person_id: int) -> str | None:
    """The number of the settlement by which a person closed a loan, for its letter."""
    return cast("str | None", connection.scalar(_PAID_ON_LOAN, {"loan_id": loan_id, "person_id": person_id}))


def ended_by_dispute(connection: Connection, loan_id: int, person_id: int, at: datetime) -> str | None:
    """The number of the person's accepted settlement that lapsed because a dispute was filed at this moment."""
    key = {"loan_id": loan_id, "person_id": person_id, "at": at}
    return cast("str | None", connection.scalar(_ENDED_BY_DISPUTE, key))


def request(connection: Connection, number: str) -> RequestRecord | None:
    """A request by its number, whoever asks."""
    row = connection.execute(_REQUEST_BY_NUMBER, {"number": number}).first()
    return _request(row) if row else None


def own_request(connection: Connection, viewer: Viewer, number: str) -> RequestRecord | None:
    """A request of the viewer; a stranger's does not exist."""
    found = request(connection, number)
    return found if found and viewer.kind == "borrower" and found.person_id == viewer.person_id else None


def asked_of_loan(connection: Connection, loan_id: int) -> RequestRecord | None:
    """The request on a loan that waits: for an answer, or to be confirmed by its person."""
    row = connection.execute(_ASKED_OF_LOAN, {"loan_id": loan_id}).first()
    return _request(row) if row else None


def requests_of_person(connection: Connection, person_id: int) -> tuple[RequestRecord, ...]:
    """All requests of a person, the newest first."""
    return tuple(_request(row) for row in connection.execute(_REQUESTS_OF_PERSON, {"person_id": person_id}))


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A question for a settlement, or one that was quoted or offered, for the account's list of what is under way."""

    kind: str
    number: str
    state: str

    @property
    def page(self) -> str:
        return (REQUEST_PAGE if self.kind == "settlement_question" else PAGE).format(number=self.number)


def under_way(connection: Connection, viewer: Viewer) -> tuple[UnderWay, ...]:
    """The viewer's questions and quotes that wait, and answers of the last days, which they were told of by a text.

    A settlement that is accepted or paid is not among them while the loan's holds tell of it: up to its last day.
    """
    asked = {"person_id": viewer.person_id, "since": viewer.now - TOLD_FOR, "today": viewer.today}
    return tuple(UnderWay(*row) for row in connection.execute(_UNDER_WAY, asked))


def to_judge(connection: Connection, viewer: Viewer) -> list[str]:
    """The settlements that can still be paid."""
    return list(connection.scalars(_TO_JUDGE))


def to_watch(connection: Connection, viewer: Viewer) -> list[str]:
    """The paid settlements whose loan the lender's system has not closed yet, and those paid a short while ago."""
    return list(connection.scalars(_TO_WATCH, {"since": viewer.today - WATCHED_FOR}))


def requests_to_judge(connection: Connection, viewer: Viewer) -> list[str]:
    """The requests that wait."""
    return list(connection.scalars(_REQUESTS_TO_JUDGE))


def own_loan(connection: Connection, viewer: Viewer, loan_id: int) -> loans.LoanRecord | None:
    """A loan by id as its viewer sees it, with the viewer's role; any for staff and jobs."""
    record = loans.loan_by_id(connection, loan_id, viewer.today)
    if record is None or viewer.kind != "borrower":
        return record
    return loans.loan_by_code(connection, viewer, record.code)


def _record(row: Row[Any]) -> SettlementRecord:
    same = ("id", "number", "loan_id", "person_id", "currency", "state", "version", "fingerprint", "most")
    later = ("request_number", "reason", "words", "quoted_at", "accepted_at", "paid_on", "taken_off", "ending")
    return SettlementRecord(
        **{name: getattr(row, name) for name in (*same, *later, "ended_at", "undone_at")},
        offer=read_offer(row.quoted_on, row.until, row.evening, row.reductions, row.stops_penalty),
        rule=cast(PayoffInterest, row.payoff_interest),
        told=read_told(row.told),
        lender=json.loads(row.lender),
        offered_by=row.display_name,
        confirmed_by=row.checker_name,
        counted=tuple(json.loads(row.counted)),
        letter=json.loads(row.letter) if row.letter else {},
    )


def _request(row: Row[Any]) -> RequestRecord:
    names = [name for name in RequestRecord.__dataclass_fields__ if name not in {"answered_by", "writer"}]
    given = {name: getattr(row, name) for name in names}
    return RequestRecord(**given, answered_by=row.display_name, writer=row.writer_name)
