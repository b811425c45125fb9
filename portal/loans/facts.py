"""Rows become the facts that the engine reads: all of a loan in one statement, so a figure shows one moment.

The statements are built once (stack.md 14); children arrive as JSON lists, decoded here.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, cast

from pydantic_core import from_json
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    bindparam,
    or_,
    select,
    true,
)

from portal.core.facts import (
    AmountWaiver,
    DaysWaiver,
    DebitAttempt,
    Instalment,
    LoanFacts,
    LoanStatus,
    Payment,
)
from portal.core.terms import RateRow, Terms
from portal.loans.tables import (
    DebitAttempt as DebitAttemptRow,
)
from portal.loans.tables import (
    ImportRun,
    Loan,
    LoanVersion,
    PenaltyRate,
    Product,
    ProductVersion,
    Waiver,
    table_of,
)
from portal.loans.tables import (
    Instalment as InstalmentRow,
)
from portal.loans.tables import (
    Payment as PaymentRow,
)
from portal.platform.db import Instant, instant, json_rows

LOAN, LOAN_VERSION = table_of(Loan), table_of(LoanVersion)
PRODUCT, PRODUCT_VERSION = table_of(Product), table_of(ProductVersion)
PENALTY_RATE, WAIVER = table_of(PenaltyRate), table_of(Waiver)
INSTALMENT, PAYMENT, DEBIT_ATTEMPT = table_of(InstalmentRow), table_of(PaymentRow), table_of(DebitAttemptRow)
IMPORT_RUN = table_of(ImportRun)

KNOWN_AT: BindParameter[datetime] = bindparam("known_at", type_=Instant)
BATCH = 200


class TermsRow(NamedTuple):
    """The columns of a product that are its penalty terms."""

    product: str
    contract_type: str
    penalty_base: str
    grace_days: int
    late_fee: int
    late_fee_after_days: int
    allocation_strategy: str
    component_order: str
    accrues_while_disputed: bool
    rates_apply: str


class FactsRow(NamedTuple):
    """The columns of the statement that the facts of one loan are made of; lists are JSON."""

    loan: str
    currency: str
    principal: int
    disbursed_on: date
    status: str
    status_on: date | None
    terms: TermsRow
    rates: str
    instalments: str
    payments: str
    debit_attempts: str
    waivers: str


def in_force(table: Table, *, known: bool) -> ColumnElement[bool]:
    """The versions in force now or, if `known`, those that were at the instant `known_at`."""
    if not known:
        return table.c.superseded_at.is_(None)
    not_yet_superseded = or_(table.c.superseded_at.is_(None), table.c.superseded_at > KNOWN_AT)
    return (table.c.recorded_at <= KNOWN_AT) & not_yet_superseded


def of_loan(
    table: Table, columns: Sequence[str], *, known: bool, where: ColumnElement[bool] | None = None
) -> ScalarSelect[Any]:
    """A loan's rows of a table as one JSON list."""
    rows = select(json_rows(*(table.c[name] for name in columns))).where(table.c.loan_id == LOAN.c.id)
    rows = rows.where(in_force(table, known=known), true() if where is None else where)
    return rows.scalar_subquery()


def facts_columns(*, known: bool) -> list[ColumnElement[Any]]:
    """What a statement over `facts_source` selects for `read_facts`, in the order of FactsRow."""
    rates = (
        select(json_rows(PENALTY_RATE.c.effective_from, PENALTY_RATE.c.daily_rate, PENALTY_RATE.c.annual_ceiling))
        .where(PENALTY_RATE.c.product_id == PRODUCT.c.id, in_force(PENALTY_RATE, known=known))
        .scalar_subquery()
    )
    loan = [LOAN_VERSION.c[name] for name in ("currency", "principal", "disbursed_on", "status", "status_on")]
    return [
        LOAN.c.ref,
        *loan,
        PRODUCT.c.ref,
        *(PRODUCT_VERSION.c[name] for name in TermsRow._fields[1:]),
        rates,
        of_loan(
            INSTALMENT,
            ("number", "due_on", "principal", "interest", "fee"),
            known=known,
            where=INSTALMENT.c.void.is_(False),
        ),
        of_loan(
            PAYMENT,
            ("ref", "received_on", "amount", "channel", "kind"),
            known=known,
            where=PAYMENT.c.reversed.is_(False),
        ),
        of_loan(
            DEBIT_ATTEMPT,
            ("ref", "instalment", "attempted_at", "amount", "result", "result_code"),
            known=known,
            where=DEBIT_ATTEMPT.c.void.is_(False),
        ),
        of_loan(
            WAIVER,
            ("ref", "instalment", "kind", "from_day", "to_day", "on_day", "amount", "reason", "component"),
            known=known,
            where=WAIVER.c.void.is_(False),
        ),
    ]


FACTS_WIDTH = 6 + len(TermsRow._fields) + 5
"""How many columns `facts_columns` are."""


def facts_source(*, known: bool) -> Any:
    """Loans with their version and their product's version."""
    loan_version = (LOAN_VERSION.c.loan_id == LOAN.c.id) & in_force(LOAN_VERSION, known=known)
    product_version = (PRODUCT_VERSION.c.product_id == PRODUCT.c.id) & in_force(PRODUCT_VERSION, known=known)
    return (
        LOAN.join(LOAN_VERSION, loan_version)
        .join(PRODUCT, PRODUCT.c.id == LOAN_VERSION.c.product_id)
        .join(PRODUCT_VERSION, product_version)
    )


def read_facts(columns: Sequence[Any]) -> LoanFacts:
    """The columns of `facts_columns` as facts; instalments, payments and waivers in a fixed order."""
    width = 6 + len(TermsRow._fields)
    row = FactsRow._make((*columns[:6], TermsRow._make(columns[6:width]), *columns[width:FACTS_WIDTH]))
    days_waivers, amount_waivers = _waivers(row.waivers)
    return LoanFacts(
        loan=row.loan,
        currency=row.currency,
        principal=row.principal,
        disbursed_on=row.disbursed_on,
        terms=_terms(row.terms, row.rates),
        instalments=_instalments(row.instalments),
        payments=_payments(row.payments),
        debit_attempts=_debit_attempts(row.debit_attempts),
        days_waivers=days_waivers,
        amount_waivers=amount_waivers,
        status=cast(LoanStatus, row.status),
        status_on=row.status_on,
    )


@lru_cache(maxsize=1_024)
def _terms(row: TermsRow, rates: str) -> Terms:
    fields = row._asdict() | {
        "component_order": tuple(row.component_order.split(">")),
        "accrues_while_disputed": bool(row.accrues_while_disputed),
    }
    return Terms(**fields, rates=tuple(sorted(_rates(rates), key=attrgetter("effective_from"))))


def _rates(rates: str) -> Iterator[RateRow]:
    for day, rate, ceiling in from_json(rates):
        yield RateRow(date.fromisoformat(day), Fraction(rate), Fraction(ceiling) if ceiling else None)


def _instalments(rows: str) -> tuple[Instalment, ...]:
    day = date.fromisoformat
    instalments = [
        Instalment(number, day(due_on), principal, interest, fee)
        for number, due_on, principal, interest, fee in from_json(rows)
    ]
    instalments.sort(key=attrgetter("due_on", "number"))
    return tuple(instalments)


def _payments(rows: str) -> tuple[Payment, ...]:
    day = date.fromisoformat
    payments = [
        Payment(reference, day(received_on), amount, channel, kind)
        for reference, received_on, amount, channel, kind in from_json(rows)
    ]
    payments.sort(key=attrgetter("received_on", "reference"))
    return tuple(payments)


def _debit_attempts(rows: str) -> tuple[DebitAttempt, ...]:
    attempts = [
        DebitAttempt(reference, instalment, instant(at), amount, result, code)
        for reference, instalment, at, amount, result, code in from_json(rows)
    ]
    attempts.sort(key=attrgetter("attempted_at", "reference"))
    return tuple(attempts)


def _waivers(rows: str) -> tuple[tuple[DaysWaiver, ...], tuple[AmountWaiver, ...]]:
    days, amounts = [], []
    day = date.fromisoformat
    for reference, instalment, kind, start, end, on, amount, reason, component in sorted(from_json(rows)):
        if kind == "days":
            days.append(DaysWaiver(reference, instalment, day(start), day(end) if end else None, reason))
        else:
            amounts.append(AmountWaiver(reference, instalment, day(on), amount, reason, component))
    return tuple(days), tuple(amounts)


# Statements and the doors to them


def _facts_of(where: ColumnElement[bool], *, known: bool) -> Select[Any]:
    return select(*facts_columns(known=known)).select_from(facts_source(known=known)).where(where)


_BY_ID = {known: _facts_of(LOAN.c.id == bindparam("loan_id"), known=known) for known in (False, True)}
_BY_REF = {known: _facts_of(LOAN.c.ref == bindparam("ref"), known=known) for known in (False, True)}
_BATCH = {
    known: select(LOAN.c.id, *facts_columns(known=known))
    .select_from(facts_source(known=known))
    .where(LOAN.c.id > bindparam("after"))
    .order_by(LOAN.c.id)
    .limit(BATCH)
    for known in (False, True)
}
_RUN_UNDERWAY = select(IMPORT_RUN.c.started_at).where(
    IMPORT_RUN.c.started_at <= KNOWN_AT, IMPORT_RUN.c.applied_at > KNOWN_AT
)


def loan_facts(connection: Connection, loan_id: int, known_at: datetime | None = None) -> LoanFacts:
    """The facts of a loan, as they are now or as known at an instant. LookupError if there is none."""
    return _one(connection, _BY_ID, {"loan_id": loan_id}, known_at)


def loan_facts_by_ref(connection: Connection, ref: str, known_at: datetime | None = None) -> LoanFacts:
    """The same by the lender's reference."""
    return _one(connection, _BY_REF, {"ref": ref}, known_at)


def facts_after(connection: Connection, after: int, known_at: datetime | None = None) -> list[tuple[int, LoanFacts]]:
    """The next loans by id, at most `BATCH`, so that all can be read without holding all."""
    parameters = {"after": after} | _known(connection, known_at)
    rows = connection.execute(_BATCH[known_at is not None], parameters)
    return [(row[0], read_facts(row[1:])) for row in rows]


def _one(
    connection: Connection,
    statements: dict[bool, Select[Any]],
    parameters: dict[str, Any],
    known_at: datetime | None,
) -> LoanFacts:
    statement = statements[known_at is not None]
    row = connection.execute(statement, parameters | _known(connection, known_at)).first()
    if row is None:
        raise LookupError("no such loan")
    return read_facts(tuple(row))


def _known(connection: Connection, known_at: datetime | None) -> dict[str, datetime]:
    """The instant to ask for: rows of an import were not yet to be seen while it was being written."""
    if known_at is None:
        return {}
    underway = connection.execute(_RUN_UNDERWAY, {"known_at": known_at}).scalar()
    return {"known_at": underway - timedelta(microseconds=1) if underway else known_at}
