"""Reads of promises: one, all of a person's, what can be promised, and what the worker has to look at."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from portal.core import promises as rules
from portal.core.days import working_days_after
from portal.core.plan_life import PromiseStrike
from portal.core.promises import Outcome, is_strike
from portal.core.receipt import late_fee_tonight
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.loans.tables import LoanVersion, table_of
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment
from portal.promises import facts
from portal.promises.facts import Choice
from portal.promises.tables import Promise, PromiseTold

PROMISE, TOLD = table_of(Promise), table_of(PromiseTold)
_LOAN_VERSION = table_of(LoanVersion)

LOOKED_AT_AGAIN = timedelta(days=90)
"""So long after its end a promise is judged again by payments that are booked late."""

_BY_NUMBER = select(PROMISE).where(PROMISE.c.number == bindparam("number"))
_OWN = select(PROMISE).where(PROMISE.c.person_id == bindparam("person_id")).order_by(PROMISE.c.id.desc())
_OPEN_ON = select(PROMISE).where(
    PROMISE.c.person_id == bindparam("person_id"),
    PROMISE.c.loan_id == bindparam("loan_id"),
    PROMISE.c.ended_at.is_(None),
)
_TOLD = select(TOLD).where(TOLD.c.promise_id == bindparam("promise_id")).order_by(TOLD.c.place)


@dataclass(frozen=True)
class PromiseRecord:
    """A promise as its row says, and what the person was told of it: (what, day it was about, day it was told)."""

    id: int
    number: str
    person_id: int
    loan_id: int
    currency: str
    state: str
    version: int
    amount: int
    channel: str
    instalment: int | None
    made_on: date
    first_due_on: date
    due_on: date
    cure_days: int
    said_paid_on: date | None
    ended_by: str
    told: tuple[tuple[str, date, date], ...]
    promised: rules.Promised

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to it."""
        return self.state in rules_open

    @property
    def cure_until(self) -> date:
        """The last day on which it can be made good."""
        return self.promised.cure_until


rules_open = frozenset({"open", "moved", "being_verified"})


@dataclass(frozen=True)
class NewPage:
    """What can be promised today, `blocked` where nothing can, with why; `open` is a promise that runs already."""

    today: date
    data_date: date | None
    choices: tuple[Choice, ...]
    blocked: tuple[tuple[LoanRecord, Refusal], ...]

    def late_fee_of(self, choice: Choice) -> int:
        """The late fees that fall today and are part of all that is due on a loan, though paying it today prevents
        them; nothing of one instalment."""
        return late_fee_tonight(choice.record.facts, self.today) if choice.instalment is None else 0

    @property
    def currency(self) -> str | None:
        """The currency of everything that can be promised, None where there are several."""
        found = {choice.record.currency for choice in self.choices}
        return found.pop() if len(found) == 1 else None

    @property
    def may_plan(self) -> bool:
        """Whether a plan can be proposed for one of these loans instead."""
        return any(choice.record.offers("propose_plan", self.today) for choice in self.choices)

    def choice(self, code: str) -> Choice | None:
        """The choice that a form names; the only one where it names none."""
        if not code and len(self.choices) == 1:
            return self.choices[0]
        return next((each for each in self.choices if each.code == code), None)


@dataclass(frozen=True)
class ListPage:
    """The viewer's promises, the newest first, and whether another can be made now."""

    promises: tuple[PromiseRecord, ...]
    may_promise: bool


@dataclass(frozen=True)
class DetailPage:
    """A promise as its owner sees it. `moves_to` are the days it can be moved to, `received` what has arrived."""

    promise: PromiseRecord
    record: LoanRecord
    today: date
    data_date: date | None
    outcome: Outcome
    received: int
    moves_to: tuple[date, ...]

    @property
    def left(self) -> int:
        """What is still to come of it, in minor units."""
        return max(0, self.promise.amount - self.received)

    @property
    def is_before(self) -> bool:
        """Whether its day has not begun."""
        return self.today < self.promise.due_on

    @property
    def can_pay(self) -> bool:
        """Whether paying still concerns it."""
        return self.promise.state in {"open", "moved"}


def promise(connection: Connection, number: str) -> PromiseRecord | None:
    """A promise by its number, whoever asks."""
    row = connection.execute(_BY_NUMBER, {"number": number}).mappings().first()
    return _record(connection, row) if row else None


def own_promise(connection: Connection, viewer: Viewer, number: str) -> PromiseRecord | None:
    """A promise of the viewer; a stranger's does not exist."""
    found = promise(connection, number)
    return found if found and viewer.kind == "borrower" and found.person_id == viewer.person_id else None


def own_promises(connection: Connection, viewer: Viewer) -> tuple[PromiseRecord, ...]:
    """The viewer's promises, the newest first."""
    rows = connection.execute(_OWN, {"person_id": viewer.person_id}).mappings().all()
    return tuple(_record(connection, row) for row in rows)


def _record(connection: Connection, row: Mapping[Any, Any]) -> PromiseRecord:
    told = connection.execute(_TOLD, {"promise_id": row["id"]}).all()
    same = ("id", "number", "person_id", "loan_id", "currency", "state", "version", "amount", "channel", "instalment")
    later = ("made_on", "first_due_on", "due_on", "cure_days", "said_paid_on", "ended_by")
    return PromiseRecord(
        **{name: row[name] for name in (*same, *later)},
        told=tuple((each.what, each.due_on, each.told_on) for each in told),
        promised=facts.promised(row),
    )


def new_page(connection: Connection, viewer: Viewer) -> NewPage:
    """What the viewer can promise today."""
    account = loans.account(connection, viewer)
    own = [loan for loan in account.loans if loan.role in facts.PROMISERS]
    found = tuple(choice for loan in own for choice in facts.choices(loan, viewer.today))
    blocked = tuple((loan, refusal) for loan in own if (refusal := loan.refusal_of("promise", viewer.today)))
    return NewPage(viewer.today, account.data_date, found, blocked)


@one_moment
def list_page(connection: Connection, viewer: Viewer) -> ListPage:
    """All promises of the viewer."""
    return ListPage(own_promises(connection, viewer), bool(new_page(connection, viewer).choices))


@one_moment
def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A promise of the viewer, None if it is nobody's or somebody else's."""
    found = own_promise(connection, viewer, number)
    record = _loan_of(connection, viewer, found.loan_id) if found else None
    if found is None or record is None:
        return None
    booked = record.data_date
    arrived = rules.received(record.facts, found.promised, max(viewer.today, found.cure_until))
    return DetailPage(
        promise=found,
        record=record,
        today=viewer.today,
        data_date=booked,
        outcome=rules.outcome(record.facts, found.promised, booked),
        received=arrived,
        moves_to=days_to_move(found, record, viewer.today),
    )


def days_to_move(found: PromiseRecord, record: LoanRecord, today: date) -> tuple[date, ...]:
    """The working days to which a promise can be moved: once, before its day, by the product's days at most."""
    if found.state != "open" or found.due_on <= today:
        return ()
    return working_days_after(found.due_on, record.rules.move_days, rule_pack(record.rule_pack).calendar(today))


def _loan_of(connection: Connection, viewer: Viewer, loan_id: int) -> LoanRecord | None:
    own = loans.loans_of(connection, viewer.person_id or 0, viewer.today)
    return next((loan for loan in own if loan.id == loan_id), None)


# --- For paying, the worker and plans -------------------------------------------------------------------------


def concerned(connection: Connection, viewer: Viewer, loan_id: int, paid_on: date) -> PromiseRecord | None:
    """The viewer's promise on a loan that a payment of a day is for, None without one."""
    row = connection.execute(_OPEN_ON, {"person_id": viewer.person_id, "loan_id": loan_id}).mappings().first()
    found = _record(connection, row) if row else None
    return found if found and found.made_on <= paid_on else None


def to_judge(connection: Connection, viewer: Viewer) -> list[str]:
    """Narrows only: open promises whose day has come or whose loan is gone, and those that ended a short while ago."""
    gone = select(_LOAN_VERSION.c.loan_id).where(
        _LOAN_VERSION.c.superseded_at.is_(None), _LOAN_VERSION.c.status.in_(("sold", "closed"))
    )
    opened = PROMISE.c.ended_at.is_(None)
    recent = PROMISE.c.state.in_(("kept", "partly_kept", "broken")) & (
        PROMISE.c.due_on >= viewer.today - LOOKED_AT_AGAIN
    )
    statement = select(PROMISE.c.number).where(
        or_(opened & or_(PROMISE.c.due_on <= viewer.today, PROMISE.c.loan_id.in_(gone)), recent)
    )
    return list(connection.scalars(statement.order_by(PROMISE.c.id)))


def to_remind(connection: Connection, viewer: Viewer) -> list[str]:
    """Narrows only: open promises whose day is tomorrow."""
    tomorrow = viewer.today + timedelta(days=1)
    statement = select(PROMISE.c.number).where(PROMISE.c.state.in_(("open", "moved")), PROMISE.c.due_on == tomorrow)
    return list(connection.scalars(statement.order_by(PROMISE.c.id)))


def strikes(
    connection: Connection, person_id: int, records: Iterable[LoanRecord], since: date, booked_to: date | None
) -> tuple[PromiseStrike, ...]:
    """The broken promises of a person on these loans, made from a day on: what counts against a plan (domain.md 8).

    One for which somebody looks for a payment that the person has told of is none meanwhile.
    """
    by_id = {record.id: record for record in records}
    statement = select(PROMISE).where(
        PROMISE.c.person_id == person_id,
        PROMISE.c.loan_id.in_(list(by_id)),
        PROMISE.c.made_on >= since,
        PROMISE.c.state.not_in(("withdrawn", "being_verified")),
    )
    found = []
    for row in connection.execute(statement.order_by(PROMISE.c.due_on, PROMISE.c.id)).mappings():
        made = facts.promised(row)
        outcome = rules.outcome(by_id[row["loan_id"]].facts, made, booked_to)
        if is_strike(outcome):
            found.append(PromiseStrike(row["number"], made.due_on, made.cure_until, outcome == "broken"))
    return tuple(found)


def open_until(connection: Connection, person_id: int, records: Iterable[LoanRecord], since: date) -> date | None:
    """The last cure day of a promise that still runs, the earliest of several; None without one."""
    statement = select(PROMISE.c.due_on, PROMISE.c.cure_days).where(
        PROMISE.c.person_id == person_id,
        PROMISE.c.loan_id.in_([record.id for record in records]),
        PROMISE.c.made_on >= since,
        PROMISE.c.state.in_(("open", "moved")),
    )
    ends = (row.due_on + timedelta(days=row.cure_days) for row in connection.execute(statement))
    return min(ends, default=None)


def known_payments(record: LoanRecord, since: date) -> str:
    """The payments from a day on that are known already, as a row keeps them."""
    known = sorted(payment.reference for payment in record.facts.payments if payment.received_on >= since)
    return json.dumps(known)
