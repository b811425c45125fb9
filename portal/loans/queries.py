"""Reads of people, loans and what is pending on them, to frozen page data; every page in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Exists,
    Select,
    and_,
    bindparam,
    exists,
    null,
    or_,
    select,
)

from portal.core.assessment import assess
from portal.core.facts import DebitAttempt, LoanFacts
from portal.core.interactions import Act, Hold, HoldKind, Part, Role, may, may_offer
from portal.core.plans import PlanLimits
from portal.core.refusal import Refusal
from portal.loans import facts
from portal.loans.facts import LOAN, LOAN_VERSION, PRODUCT, PRODUCT_VERSION, facts_columns, facts_source
from portal.loans.product_rules import ProductRules, rules_on
from portal.loans.tables import (
    Authority,
    ContactPoint,
    ImportRun,
    LoanParty,
    Payment,
    Person,
    PersonVersion,
    PlanLimit,
    ProductRule,
    table_of,
)
from portal.loans.tables import Hold as HoldRow
from portal.platform.db import json_rows
from portal.platform.gate import Viewer
from portal.platform.prepared import Prepared

PERSON, PERSON_VERSION, CONTACT_POINT = table_of(Person), table_of(PersonVersion), table_of(ContactPoint)
LOAN_PARTY, HOLD, PRODUCT_RULE = table_of(LoanParty), table_of(HoldRow), table_of(ProductRule)
PLAN_LIMIT, AUTHORITY, IMPORT_RUN = table_of(PlanLimit), table_of(Authority), table_of(ImportRun)
_PAYMENT = table_of(Payment)

HINDERING = frozenset(get_args(HoldKind))


REGIONS = {
    "CNY": "CN",
    "HKD": "HK",
    "MOP": "MO",
    "TWD": "TW",
    "JPY": "JP",
    "KRW": "KR",
    "SGD": "SG",
    "KWD": "KW",
    "CZK": "CZ",
    "GBP": "GB",
    "USD": "US",
}
"""The country of mobile numbers without a code, by the lender's currency."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person as known now; `mobile` is in international form, None without one."""

    id: int
    code: str
    ref: str
    name: str
    language: str
    birth_date: date | None
    id_last4: str | None
    payday: int | None
    time_zone: str | None
    kind: str
    contact_point_id: int | None
    mobile: str | None


@dataclass(frozen=True, slots=True)
class LoanRecord:
    """A loan as a page needs it. `name` is the product's, which is what borrowers know it by.

    `holds` may stand in the way of acts (core/interactions.py); `pending` are proposals and refunds owed.
    `role` is the viewer's part in the loan, None for staff. `borrower_id` is the person the loan names.
    """

    id: int
    code: str
    ref: str
    name: str
    product_id: int
    contract_type: str
    rule_pack: str
    status: str
    status_on: date | None
    new_owner: str | None
    new_owner_phone: str | None
    debit_last4: str | None
    debit_holder: str | None
    borrower_id: int
    role: str | None
    facts: LoanFacts
    holds: tuple[Hold, ...]
    pending: tuple[Hold, ...]
    rules: ProductRules
    data_date: date | None

    def offers(self, act: Act, day: date) -> bool:
        """Whether a page may offer an act on the loan: what it allows, and a plan only where something is due."""
        is_due = act != "propose_plan" or assess(self.facts, day).due.total > 0
        return is_due and self.allows(act, day)

    def allows(self, act: Act, day: date) -> bool:
        """Whether what stands on the loan lets an act be offered to its reader (domain.md 9)."""
        pending = [hold for hold in self.pending if hold.is_in_force(day)]
        return may_offer(act, self.in_force(day), pending, self.facts.status, self._role)

    def refusal_of(self, act: Act, day: date, parts: Sequence[Part] = ()) -> Refusal | None:
        """Why what stands on the loan refuses its reader an act, None where it lets it be (domain.md 9).

        `parts` are what the act is about; without them a rule on parts does not refuse.
        """
        return may(act, self.in_force(day), self.facts.status, self._role, parts)

    def in_force(self, day: date) -> list[Hold]:
        """What stands on the loan on a day."""
        return [hold for hold in self.holds if hold.is_in_force(day)]

    @property
    def _role(self) -> Role:
        return cast(Role, self.role or "borrower")

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        """The lender's own tries to collect."""
        return self.facts.debit_attempts

    @property
    def currency(self) -> str:
        """The loan's currency."""
        return self.facts.currency


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """All loans of one person; `also` is what a caller's own column says (`account_statement`)."""

    person_name: str
    loans: tuple[LoanRecord, ...]
    data_date: date | None
    also: Any = None


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """How much a role may grant alone, in minor units."""

    waiver_max: int
    waiver_day_max: int
    plan_max: int


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """A person's part in a loan."""

    person_id: int
    role: str
    from_day: date | None
    to_day: date | None


# Statements

_DATA_DATE = select(IMPORT_RUN.c.data_date).order_by(IMPORT_RUN.c.id.desc()).limit(1)

_DAY: BindParameter[date] = bindparam("day")
_ON_THE_DAY = and_(
    or_(LOAN_PARTY.c.from_day.is_(None), LOAN_PARTY.c.from_day <= _DAY),
    or_(LOAN_PARTY.c.to_day.is_(None), LOAN_PARTY.c.to_day >= _DAY),
)
_OWN_PART = and_(
    LOAN_PARTY.c.loan_id == LOAN.c.id,
    LOAN_PARTY.c.person_id == bindparam("viewer_person"),
    LOAN_PARTY.c.superseded_at.is_(None),
    _ON_THE_DAY,
)

VISIBLE_TO_PERSON: Exists = exists(select(LOAN_PARTY.c.id).where(_OWN_PART))
"""The loan is the viewer's; takes `visible_parameters`. Every borrower's query starts here."""


def visible_parameters(viewer: Viewer) -> dict[str, Any]:
    """What `VISIBLE_TO_PERSON` takes."""
    return {"viewer_person": viewer.person_id, "day": viewer.today}


def _holds(where: ColumnElement[bool]) -> ColumnElement[Any]:
    columns = ("kind", "from_day", "until", "number", "path", "parts", "data", "person_id")
    rows = select(json_rows(*(HOLD.c[name] for name in columns)))
    return rows.where(where, HOLD.c.ended_at.is_(None)).correlate(LOAN).scalar_subquery()


def _holds_on_people() -> ColumnElement[Any]:
    """What is pending on anyone who is a party of the loan; apart, so that each list has its index."""
    party = LOAN_PARTY.alias("anyone")
    people = select(party.c.person_id).where(party.c.loan_id == LOAN.c.id, party.c.superseded_at.is_(None))
    return _holds(HOLD.c.loan_id.is_(None) & HOLD.c.person_id.in_(people.correlate(LOAN)))


def _rules() -> ColumnElement[Any]:
    columns = (PRODUCT_RULE.c.rule, PRODUCT_RULE.c.effective_from, PRODUCT_RULE.c.value)
    rows = select(json_rows(*columns)).where(
        PRODUCT_RULE.c.product_id == PRODUCT.c.id, PRODUCT_RULE.c.superseded_at.is_(None)
    )
    return rows.scalar_subquery()


_RECORD_COLUMNS = (
    LOAN.c.id,
    LOAN.c.code,
    LOAN.c.ref,
    PRODUCT_VERSION.c.name,
    PRODUCT.c.id,
    PRODUCT_VERSION.c.contract_type,
    PRODUCT_VERSION.c.rule_pack,
    LOAN_VERSION.c.status,
    LOAN_VERSION.c.status_on,
    LOAN_VERSION.c.new_owner,
    LOAN_VERSION.c.new_owner_phone,
    LOAN_VERSION.c.debit_last4,
    LOAN_VERSION.c.debit_holder,
    LOAN_VERSION.c.borrower_id,
)


def _records(role: ColumnElement[Any], *more: ColumnElement[Any]) -> Select[Any]:
    """The columns of a LoanRecord; `more` follow at the end."""
    holds = (_holds(HOLD.c.loan_id == LOAN.c.id), _holds_on_people())
    columns = (*_RECORD_COLUMNS, role, *holds, _rules(), _DATA_DATE.scalar_subquery())
    # Columns of the facts repeat some of these; labels keep them apart.
    labelled = [column.label(f"c{place}") for place, column in enumerate(columns)]
    labelled += [column.label(f"f{place}") for place, column in enumerate(facts_columns(known=False))]
    return select(*labelled, *more)


def account_statement(also: ColumnElement[Any]) -> Prepared:
    """What `account` reads, with one more column: a page that asks two things so needs one way to the database.

    The column may take `visible_parameters`, and is the person's alone: the first row's is taken.
    """
    source = (
        facts_source(known=False)
        .join(LOAN_PARTY, _OWN_PART)
        .join(
            PERSON_VERSION,
            and_(PERSON_VERSION.c.person_id == LOAN_PARTY.c.person_id, PERSON_VERSION.c.superseded_at.is_(None)),
        )
    )
    rows = _records(LOAN_PARTY.c.role, also.label("also"), PERSON_VERSION.c.name).select_from(source)
    return Prepared(rows.order_by(LOAN_VERSION.c.disbursed_on, LOAN.c.id))


_ACCOUNT = account_statement(null())
_OWN_LOAN = Prepared(
    _records(LOAN_PARTY.c.role)
    .select_from(facts_source(known=False).join(LOAN_PARTY, _OWN_PART))
    .where(LOAN.c.code == bindparam("code"))
)
_ANY_LOAN = _records(null()).select_from(facts_source(known=False)).where(LOAN.c.code == bindparam("code"))
_LOAN_BY_ID = _records(null()).select_from(facts_source(known=False)).where(LOAN.c.id == bindparam("loan_id"))
_LOANS_OF = (
    _records(LOAN_PARTY.c.role)
    .select_from(facts_source(known=False).join(LOAN_PARTY, _OWN_PART))
    .order_by(LOAN_VERSION.c.disbursed_on, LOAN.c.id)
)

_PEOPLE = select(
    PERSON.c.id,
    PERSON.c.code,
    PERSON.c.ref,
    *(PERSON_VERSION.c[name] for name in ("name", "language", "birth_date", "id_last4", "payday", "time_zone", "kind")),
    CONTACT_POINT.c.id,
    CONTACT_POINT.c.value,
).select_from(
    PERSON.join(
        PERSON_VERSION,
        and_(PERSON_VERSION.c.person_id == PERSON.c.id, PERSON_VERSION.c.superseded_at.is_(None)),
    ).outerjoin(
        CONTACT_POINT,
        and_(
            CONTACT_POINT.c.person_id == PERSON.c.id,
            CONTACT_POINT.c.kind == "mobile",
            CONTACT_POINT.c.superseded_at.is_(None),
        ),
    )
)
_PERSON_BY_ID = _PEOPLE.where(PERSON.c.id == bindparam("person_id"))
_PERSON_BY_CODE = _PEOPLE.where(PERSON.c.code == bindparam("code"))
_PERSON_BY_REF = _PEOPLE.where(PERSON.c.ref == bindparam("ref"))
_PEOPLE_BY_MOBILE = _PEOPLE.where(CONTACT_POINT.c.value == bindparam("number")).order_by(PERSON.c.id)

_PARTIES = (
    select(LOAN_PARTY.c.person_id, LOAN_PARTY.c.role, LOAN_PARTY.c.from_day, LOAN_PARTY.c.to_day)
    .where(LOAN_PARTY.c.loan_id == bindparam("loan_id"), LOAN_PARTY.c.superseded_at.is_(None))
    .order_by(LOAN_PARTY.c.id)
)
_PLAN_LIMITS = (
    select(*(PLAN_LIMIT.c[name] for name in ("first_payment_min", "payment_min", "payments_max", "days_max")))
    .where(
        PLAN_LIMIT.c.product_id == bindparam("product_id"),
        PLAN_LIMIT.c.effective_from <= _DAY,
        PLAN_LIMIT.c.superseded_at.is_(None),
    )
    .order_by(PLAN_LIMIT.c.effective_from.desc())
    .limit(1)
)
_AUTHORITY = (
    select(AUTHORITY.c.waiver_max, AUTHORITY.c.waiver_day_max, AUTHORITY.c.plan_max)
    .where(
        AUTHORITY.c.role == bindparam("role"),
        AUTHORITY.c.currency == bindparam("currency"),
        AUTHORITY.c.effective_from <= _DAY,
        AUTHORITY.c.superseded_at.is_(None),
    )
    .order_by(AUTHORITY.c.effective_from.desc())
    .limit(1)
)


# Loans


def account(connection: Connection, viewer: Viewer, statement: Prepared = _ACCOUNT) -> AccountRecord:
    """All loans of the viewer, the oldest first; read by an `account_statement` of one's own, what else it says."""
    rows = statement.rows(connection, visible_parameters(viewer))
    if not rows:
        owner = person(connection, viewer.person_id) if viewer.person_id else None
        return AccountRecord(owner.name if owner else "", (), data_date(connection))
    *_, also, name = rows[0]
    loans = _once(_record(row, viewer.today) for row in rows)
    return AccountRecord(name, loans, loans[0].data_date, also)


def loan_by_code(connection: Connection, viewer: Viewer, code: str) -> LoanRecord | None:
    """A loan by the code in its address: a borrower's own, any for staff and jobs."""
    if viewer.kind == "borrower":
        rows = _OWN_LOAN.rows(connection, visible_parameters(viewer) | {"code": code})
    else:
        rows = connection.execute(_ANY_LOAN, {"code": code}).all()
    return _record(_first(rows), viewer.today) if rows else None


def loan_by_id(connection: Connection, loan_id: int, day: date) -> LoanRecord | None:
    """A loan for staff, jobs and other features that hold its id; rules are those of the day."""
    row = connection.execute(_LOAN_BY_ID, {"loan_id": loan_id}).first()
    return _record(row, day) if row else None


def loans_of(connection: Connection, person_id: int, day: date) -> tuple[LoanRecord, ...]:
    """All loans of which a person is a party on a day, for staff and jobs."""
    rows = connection.execute(_LOANS_OF, {"viewer_person": person_id, "day": day})
    return _once(_record(row, day) for row in rows)


def parties(connection: Connection, loan_id: int) -> tuple[PartyRecord, ...]:
    """Everyone on a loan."""
    return tuple(PartyRecord(*row) for row in connection.execute(_PARTIES, {"loan_id": loan_id}))


def data_date(connection: Connection) -> date | None:
    """The day up to which the lender had booked everything, None before the first import."""
    return cast("date | None", connection.execute(_DATA_DATE).scalar())


# People


def person(connection: Connection, person_id: int) -> PersonRecord | None:
    """A person by id."""
    return _person(connection, _PERSON_BY_ID, person_id=person_id)


def person_by_code(connection: Connection, code: str) -> PersonRecord | None:
    """A person by the code in an address, for staff."""
    return _person(connection, _PERSON_BY_CODE, code=code)


def person_by_ref(connection: Connection, ref: str) -> PersonRecord | None:
    """A person by the lender's reference."""
    return _person(connection, _PERSON_BY_REF, ref=ref)


def persons_by_mobile(connection: Connection, number: str) -> tuple[PersonRecord, ...]:
    """Everyone whose number it is, in international form (`+86...`)."""
    found: Any = connection.execute(_PEOPLE_BY_MOBILE, {"number": number})
    return tuple(PersonRecord(*row) for row in found)


# Limits


def plan_limits(connection: Connection, product_id: int, day: date) -> PlanLimits:
    """A product's limits for plans on a day, the defaults where none are given."""
    row = connection.execute(_PLAN_LIMITS, {"product_id": product_id, "day": day}).first()
    return PlanLimits(*row) if row else PlanLimits()


def authority(connection: Connection, role: str, currency: str, day: date) -> AuthorityRecord:
    """How much a role may grant alone on a day: nothing where nothing is given."""
    row = connection.execute(_AUTHORITY, {"role": role, "currency": currency, "day": day}).first()
    return AuthorityRecord(*row) if row else AuthorityRecord(0, 0, 0)


def _person(connection: Connection, statement: Select[Any], **parameters: Any) -> PersonRecord | None:
    row = connection.execute(statement, parameters).first()
    return PersonRecord(*row) if row else None


_PLACE = len(_RECORD_COLUMNS)
_ROLE_ORDER = {"borrower": 0, "co_borrower": 1, "representative": 2, "guarantor": 3}


def _record(row: Any, day: date) -> LoanRecord:
    role, on_loan, on_people, rules, booked_to = row[_PLACE : _PLACE + 5]
    loan_facts = facts.read_facts(row[_PLACE + 5 :])
    all_holds = [_hold(values) for values in (*from_json(on_loan), *from_json(on_people))]
    all_holds.sort(key=lambda hold: (hold.from_day, hold.number))
    values = (
        *row[:_PLACE],
        role,
        loan_facts,
        tuple(hold for hold in all_holds if hold.kind in HINDERING),
        tuple(hold for hold in all_holds if hold.kind not in HINDERING),
        rules_on(day, map(tuple, from_json(rules)), loan_facts.terms.contract_type, loan_facts.currency),
        booked_to,
    )
    return LoanRecord(*values)


def _hold(values: Sequence[Any]) -> Hold:
    kind, from_day, until, number, path, parts, data, person_id = values
    return Hold(
        kind=kind,
        from_day=date.fromisoformat(from_day),
        until=date.fromisoformat(until) if until else None,
        number=number,
        page=path,
        parts=tuple(_part(part) for part in from_json(parts)),
        data=from_json(data),
        person_id=person_id,
    )


def _part(values: Sequence[Any]) -> Part:
    instalment, from_day, to_day, kind = values
    day = date.fromisoformat
    return Part(instalment, day(from_day) if from_day else None, day(to_day) if to_day else None, kind)


def _first(rows: Sequence[Any]) -> Any:
    """Of several roles of one person on a loan the first in rank."""
    return min(rows, key=lambda row: _ROLE_ORDER[row[_PLACE]]) if rows[0][_PLACE] else rows[0]


def _once(records: Iterable[LoanRecord]) -> tuple[LoanRecord, ...]:
    """A person with two roles on a loan sees it once, in the first role in rank."""
    by_id: dict[int, LoanRecord] = {}
    for record in records:
        known = by_id.get(record.id)
        if known is None or _ROLE_ORDER[str(record.role)] < _ROLE_ORDER[str(known.role)]:
            by_id[record.id] = record
    return tuple(by_id.values())


@dataclass(frozen=True, slots=True)
class ReversedPayment:
    """A payment that came back: it counts as if it had never been made, so that the figures do not show it."""

    reference: str
    received_on: date
    amount: int


def reversed_payments(connection: Connection, loan_id: int) -> tuple[ReversedPayment, ...]:
    """What was paid on a loan and came back, in order of its day."""
    found = connection.execute(
        select(_PAYMENT.c.ref, _PAYMENT.c.received_on, _PAYMENT.c.amount)
        .where(_PAYMENT.c.loan_id == loan_id, _PAYMENT.c.superseded_at.is_(None), _PAYMENT.c.reversed.is_(True))
        .order_by(_PAYMENT.c.received_on, _PAYMENT.c.ref)
    )
    return tuple(ReversedPayment(*row) for row in found)


def is_stale(data_date: date | None, now: datetime, zone: str, hours: int) -> bool:
    """Whether the figures are older than so many hours after the end of the data date (domain.md 10)."""
    if data_date is None:
        return False
    end = datetime.combine(data_date + timedelta(days=1), time(), ZoneInfo(zone))
    return now > end + timedelta(hours=hours)
