"""What an import has to know of the live database, looked up for a chunk of rows at a time.

Every statement is a constant and takes lists of references, so its cost follows the size of the files, not
that of the database.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, select

from portal.loans.intake import Key, KnownLoan, KnownProduct, Row
from portal.loans.tables import (
    Authority,
    DebitAttempt,
    ImportRun,
    Instalment,
    Loan,
    LoanParty,
    LoanVersion,
    Payment,
    PenaltyRate,
    Person,
    PersonVersion,
    PlanLimit,
    Product,
    ProductRule,
    ProductVersion,
    RoleLimit,
    Waiver,
    WaiverConfirmation,
    table_of,
)

PRODUCT, PRODUCT_VERSION = table_of(Product), table_of(ProductVersion)
PERSON, PERSON_VERSION = table_of(Person), table_of(PersonVersion)
LOAN, LOAN_VERSION, LOAN_PARTY = table_of(Loan), table_of(LoanVersion), table_of(LoanParty)
PENALTY_RATE, PRODUCT_RULE = table_of(PenaltyRate), table_of(ProductRule)
PLAN_LIMIT, AUTHORITY = table_of(PlanLimit), table_of(Authority)
ROLE_LIMIT = table_of(RoleLimit)
INSTALMENT, PAYMENT = table_of(Instalment), table_of(Payment)
DEBIT_ATTEMPT, WAIVER = table_of(DebitAttempt), table_of(Waiver)
CONFIRMATION, IMPORT_RUN = table_of(WaiverConfirmation), table_of(ImportRun)


class LiveRow(NamedTuple):
    """The version in force of a row: its id, its digest and, of an instalment, its due date."""

    id: int
    digest: int
    due_on: date | None = None


Find: TypeAlias = Callable[[Connection, Sequence[Row]], dict[Key, LiveRow]]


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The column is one of a list that is given when the statement runs."""
    return column.in_(bindparam(name, expanding=True))


def in_force(table: Table) -> ColumnElement[bool]:
    """No later version has taken the row's place."""
    return table.c.superseded_at.is_(None)


# The versions in force of the rows of a chunk, by key


def _by_reference(identity: Table, version: Table, link: str) -> Select[Any]:
    joined = identity.join(version, version.c[link] == identity.c.id)
    columns = (identity.c.ref, version.c.id, version.c.digest)
    return select(*columns).select_from(joined).where(among(identity.c.ref, "refs"), in_force(version))


def _of_product(table: Table, *key: str) -> Select[Any]:
    joined = PRODUCT.join(table, table.c.product_id == PRODUCT.c.id)
    columns = (PRODUCT.c.ref, *(table.c[name] for name in key), table.c.id, table.c.digest)
    return select(*columns).select_from(joined).where(among(PRODUCT.c.ref, "refs"), in_force(table))


def _own_reference(table: Table) -> Select[Any]:
    columns = (table.c.ref, table.c.id, table.c.digest)
    return select(*columns).where(among(table.c.ref, "refs"), in_force(table))


def _find(statement: Select[Any], key_length: int, reference_at: int) -> Find:
    """A look-up by one column of the rows; the key is the first columns of what it finds."""

    def find(connection: Connection, rows: Sequence[Row]) -> dict[Key, LiveRow]:
        refs = list({row[reference_at] for row in rows})
        found = connection.execute(statement, {"refs": refs})
        return {_key(row[:key_length]): LiveRow(*row[key_length:]) for row in found}

    return find


def _key(values: Sequence[Any]) -> Key:
    return tuple(value.isoformat() if isinstance(value, date) else value for value in values)


_AUTHORITY = select(
    AUTHORITY.c.role, AUTHORITY.c.currency, AUTHORITY.c.effective_from, AUTHORITY.c.id, AUTHORITY.c.digest
).where(in_force(AUTHORITY), among(AUTHORITY.c.role, "refs"))

_PARTIES = (
    select(LOAN.c.ref, PERSON.c.ref, LOAN_PARTY.c.role, LOAN_PARTY.c.id, LOAN_PARTY.c.digest)
    .select_from(
        LOAN_PARTY.join(LOAN, LOAN.c.id == LOAN_PARTY.c.loan_id).join(PERSON, PERSON.c.id == LOAN_PARTY.c.person_id)
    )
    .where(in_force(LOAN_PARTY), among(LOAN.c.ref, "refs"))
)

_INSTALMENTS = (
    select(LOAN.c.ref, INSTALMENT.c.number, INSTALMENT.c.id, INSTALMENT.c.digest, INSTALMENT.c.due_on)
    .select_from(LOAN.join(INSTALMENT, INSTALMENT.c.loan_id == LOAN.c.id))
    .where(in_force(INSTALMENT), among(LOAN.c.ref, "refs"), among(INSTALMENT.c.number, "numbers"))
)


def _find_instalments(connection: Connection, rows: Sequence[Row]) -> dict[Key, LiveRow]:
    # Both lists, so that a file sorted by due date does not fetch every loan's instalments again and again.
    lists = {"refs": list({row[0] for row in rows}), "numbers": list({row[1] for row in rows})}
    found = connection.execute(_INSTALMENTS, lists)
    return {(row[0], row[1]): LiveRow(*row[2:]) for row in found}


FIND: dict[str, Find] = {
    "products": _find(_by_reference(PRODUCT, PRODUCT_VERSION, "product_id"), 1, 0),
    "product_rules": _find(_of_product(PRODUCT_RULE, "rule", "effective_from"), 3, 0),
    "penalty_rates": _find(_of_product(PENALTY_RATE, "effective_from"), 2, 0),
    "plan_limits": _find(_of_product(PLAN_LIMIT, "effective_from"), 2, 0),
    "role_limits": _find(_of_product(ROLE_LIMIT, "role", "effective_from"), 3, 0),
    "authority": _find(_AUTHORITY, 3, 0),
    "borrowers": _find(_by_reference(PERSON, PERSON_VERSION, "person_id"), 1, 0),
    "loans": _find(_by_reference(LOAN, LOAN_VERSION, "loan_id"), 1, 0),
    "parties": _find(_PARTIES, 3, 0),
    "instalments": _find_instalments,
    "payments": _find(_own_reference(PAYMENT), 1, 0),
    "debit_attempts": _find(_own_reference(DEBIT_ATTEMPT), 1, 0),
    "waivers": _find(_own_reference(WAIVER).where(WAIVER.c.portal_number.is_(None)), 1, 0),
}
"""How the versions in force of a chunk of rows are found, by file."""


# What rows may refer to

_FIRST_RATE = (
    select(func.min(PENALTY_RATE.c.effective_from))
    .where(PENALTY_RATE.c.product_id == PRODUCT.c.id, in_force(PENALTY_RATE))
    .scalar_subquery()
)
_PRODUCTS = (
    select(PRODUCT.c.ref, PRODUCT_VERSION.c.currency, PRODUCT_VERSION.c.rates_apply, _FIRST_RATE)
    .select_from(PRODUCT.join(PRODUCT_VERSION, PRODUCT_VERSION.c.product_id == PRODUCT.c.id))
    .where(in_force(PRODUCT_VERSION), among(PRODUCT.c.ref, "refs"))
)
_PEOPLE = select(PERSON.c.ref).where(among(PERSON.c.ref, "refs"))
_LOANS = (
    select(LOAN.c.ref, LOAN_VERSION.c.currency, PRODUCT.c.ref, LOAN_VERSION.c.disbursed_on)
    .select_from(
        LOAN.join(LOAN_VERSION, LOAN_VERSION.c.loan_id == LOAN.c.id).join(
            PRODUCT, PRODUCT.c.id == LOAN_VERSION.c.product_id
        )
    )
    .where(in_force(LOAN_VERSION), among(LOAN.c.ref, "refs"))
)
_NUMBERS = (
    select(LOAN.c.ref, INSTALMENT.c.number)
    .select_from(LOAN.join(INSTALMENT, INSTALMENT.c.loan_id == LOAN.c.id))
    .where(in_force(INSTALMENT), among(LOAN.c.ref, "refs"))
)
_FIRST_DUE = (
    select(LOAN.c.ref, func.min(INSTALMENT.c.due_on))
    .select_from(LOAN.join(INSTALMENT, INSTALMENT.c.loan_id == LOAN.c.id))
    .where(in_force(INSTALMENT), INSTALMENT.c.void.is_(False), among(LOAN.c.ref, "refs"))
    .group_by(LOAN.c.ref)
)
_CEILINGS = (
    select(PENALTY_RATE.c.effective_from, PENALTY_RATE.c.annual_ceiling)
    .select_from(PRODUCT.join(PENALTY_RATE, PENALTY_RATE.c.product_id == PRODUCT.c.id))
    .where(in_force(PENALTY_RATE), PRODUCT.c.ref == bindparam("ref"))
)
_FIRST_CONTRACT_DAY = (
    select(func.min(LOAN_VERSION.c.disbursed_on))
    .select_from(PRODUCT.join(LOAN_VERSION, LOAN_VERSION.c.product_id == PRODUCT.c.id))
    .where(in_force(LOAN_VERSION), PRODUCT.c.ref == bindparam("ref"))
)
_PORTAL_WAIVERS = (
    select(
        WAIVER.c.portal_number,
        LOAN.c.ref,
        WAIVER.c.instalment,
        WAIVER.c.kind,
        WAIVER.c.from_day,
        WAIVER.c.to_day,
        WAIVER.c.on_day,
        WAIVER.c.amount,
        WAIVER.c.reason,
        WAIVER.c.component,
        WAIVER.c.void,
    )
    .select_from(WAIVER.join(LOAN, LOAN.c.id == WAIVER.c.loan_id))
    .where(among(WAIVER.c.portal_number, "numbers"))
)
_OWN_REFERENCES = select(WAIVER.c.ref).where(
    in_force(WAIVER), WAIVER.c.portal_number.is_not(None), among(WAIVER.c.ref, "refs")
)
_CONFIRMED_REFERENCES = select(CONFIRMATION.c.ref).where(among(CONFIRMATION.c.ref, "refs"))
_CONFIRMED = select(CONFIRMATION.c.portal_number).where(among(CONFIRMATION.c.portal_number, "numbers"))
_LAST_RUN = select(IMPORT_RUN.c.id, IMPORT_RUN.c.data_date).order_by(IMPORT_RUN.c.id.desc()).limit(1)


def products(connection: Connection, refs: Collection[str]) -> dict[str, KnownProduct]:
    """Products by reference, each with the first day that has a penalty rate."""
    found = connection.execute(_PRODUCTS, {"refs": list(refs)})
    return {
        ref: KnownProduct(currency, rates_apply, first.isoformat() if first else None)
        for ref, currency, rates_apply, first in found
    }


def people(connection: Connection, refs: Collection[str]) -> set[str]:
    """Which of the references are people."""
    return set(connection.execute(_PEOPLE, {"refs": list(refs)}).scalars())


def loans(connection: Connection, refs: Collection[str]) -> dict[str, KnownLoan]:
    """Loans by reference."""
    found = connection.execute(_LOANS, {"refs": list(refs)})
    return {ref: KnownLoan(currency, product, on.isoformat()) for ref, currency, product, on in found}


def instalments(connection: Connection, loan_refs: Collection[str]) -> dict[str, set[int]]:
    """The numbers of the loans' instalments."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for ref, number in connection.execute(_NUMBERS, {"refs": list(loan_refs)}):
        numbers[ref].add(number)
    return numbers


def first_due(connection: Connection, loan_refs: Collection[str]) -> dict[str, str]:
    """The first due date of loans that have instalments."""
    found = connection.execute(_FIRST_DUE, {"refs": list(loan_refs)})
    return {ref: day.isoformat() for ref, day in found}


def ceilings(connection: Connection, product_ref: str) -> dict[str, bool]:
    """Which of a product's rates have a ceiling, by the day from which they are in force."""
    found = connection.execute(_CEILINGS, {"ref": product_ref})
    return {day.isoformat(): ceiling is not None for day, ceiling in found}


def first_contract_day(connection: Connection, product_ref: str) -> str | None:
    """The day on which the product's first loan was disbursed."""
    day: date | None = connection.execute(_FIRST_CONTRACT_DAY, {"ref": product_ref}).scalar()
    return day.isoformat() if day else None


def portal_waivers(connection: Connection, numbers: Collection[str]) -> dict[str, set[Row]]:
    """Every version of the portal's own waivers, by portal number, as `intake.waiver_content` has it."""
    versions: dict[str, set[Row]] = defaultdict(set)
    for number, *values in connection.execute(_PORTAL_WAIVERS, {"numbers": list(numbers)}):
        *dated, void = _key(values)
        versions[number].add((*dated, int(bool(void))))
    return versions


def own_references(connection: Connection, refs: Collection[str]) -> set[str]:
    """Which of the references are of the portal's own waivers, under its own or the lender's reference."""
    parameters = {"refs": list(refs)}
    own = connection.execute(_OWN_REFERENCES, parameters).scalars()
    return {*own, *connection.execute(_CONFIRMED_REFERENCES, parameters).scalars()}


def confirmed(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Which portal numbers have come back from the lender before."""
    return set(connection.execute(_CONFIRMED, {"numbers": list(numbers)}).scalars())


def last_run(connection: Connection) -> tuple[int, date | None]:
    """The id and data date of the last import; 0 and None before the first."""
    row = connection.execute(_LAST_RUN).first()
    return (row[0], row[1]) if row else (0, None)
