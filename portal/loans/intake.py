"""What a row of an import must be: its cells become typed values, or all that is wrong with them. Pure.

A row is checked against what is known of the products, people and loans that it names; what only shows when a
whole file has been read (duplicates, rates with and without a ceiling) is found in staging.py.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from portal.core.money import MINOR_DIGITS
from portal.loans import cells, tables
from portal.loans.cells import Reader, Unfit, Value

Row: TypeAlias = tuple[Value, ...]
Key: TypeAlias = tuple[Value, ...]
Named: TypeAlias = Mapping[str, Any]
Parent: TypeAlias = Literal["product", "person", "loan"]

REJECTED_BECAUSE = "rejected_because"
"""The column that `--keep-good` adds to rejected rows; it is passed over when they are imported again."""

EVER = "0000-00-00"
"""Before every day: the first rate of a product whose rates could not all be read, so that none is missed."""

REQUIRED: Value = "\0required"
# Finest of all currencies: where a row's own currency is unknown only the shape of its amounts is checked.
UNKNOWN_CURRENCY = "CLF"


class Fault(NamedTuple):
    """What is wrong with one cell of a row; the column is empty where it is the row as a whole."""

    column: str
    value: str
    reason: str


class Flaw(NamedTuple):
    """A cell that can be read and does not fit the rest of its row, or what is known."""

    column: str
    reason: str


class Unread(LookupError):
    """A cell of the row can not be read, so nothing can be said that depends on it."""


class Readable(dict[str, Any]):
    """The cells of a row that can be read, by column."""

    def __missing__(self, column: str) -> Any:
        raise Unread(column)


class Problem(NamedTuple):
    """A fault with its place: what the operator is told."""

    file: str
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product that rows may name. `first_rate` is the first day with a penalty rate, None without any."""

    currency: str
    rates_apply: str
    first_rate: str | None
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class KnownLoan:
    """A loan that rows may name."""

    currency: str
    product: str
    disbursed_on: str
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a chunk of rows may refer to, in the live database or earlier in the same import.

    `people` leads to why a person's row was rejected, or None; `first_due` to the first due date of a loan
    that changes its product; `live_currency` to that of products and loans as imported before.
    `portal_waivers` has every version of the portal's own waivers by number, `own_references` their
    references. `keep_good` rejects what depends on a rejected row; all or nothing names each mistake once.
    `unread` are the files that could not be read, so that what they would have said is not called unknown.
    """

    lender_currency: str
    data_date: str
    keep_good: bool = False
    products: Mapping[str, KnownProduct] = field(default_factory=dict)
    people: Mapping[str, str | None] = field(default_factory=dict)
    loans: Mapping[str, KnownLoan] = field(default_factory=dict)
    instalments: Mapping[str, Collection[int]] = field(default_factory=dict)
    rejected_instalments: Mapping[tuple[str, int], str] = field(default_factory=dict)
    first_due: Mapping[str, str] = field(default_factory=dict)
    live_currency: Mapping[str, str] = field(default_factory=dict)
    portal_waivers: Mapping[str, Collection[Row]] = field(default_factory=dict)
    own_references: Collection[str] = ()
    unread: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: how its cells are read, and what an empty or absent one means."""

    name: str
    read: Reader | None
    empty: Value = REQUIRED
    may_be_absent: bool = False

    @property
    def is_money(self) -> bool:
        """Amounts are read in the currency of their row."""
        return self.read is None


@dataclass(frozen=True, slots=True)
class File:
    """One file of the import format. `key` are the columns that name a row.

    A check is left where it needs a cell that can not be read, so each looks at one thing.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    parents: tuple[tuple[str, Parent], ...] = ()
    currency: Callable[[Mapping[str, str], Known], str | None] = lambda row, known: None
    checks: tuple[Callable[[Named, Known], Iterator[Flaw]], ...] = ()

    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    @property
    def table(self) -> str:
        """The file's name without its ending."""
        return self.name.removesuffix(".csv")

    def place(self, column: str) -> int:
        """Where a column is in the typed rows of the file."""
        return self.names.index(column)


def must(name: str, read: Reader = cells.text) -> Column:
    """A column that every row fills."""
    return Column(name, read)


def may(name: str, read: Reader = cells.text, empty: Value = None, *, absent: bool = False) -> Column:
    """A column whose cells may be empty, and which may be absent from the file when `absent`."""
    return Column(name, read, empty, absent)


def money(name: str, empty: Value = REQUIRED) -> Column:
    """An amount in major units of the row's currency."""
    return Column(name, None, empty)


# Which currency the amounts of a row are in


def own_currency(row: Mapping[str, str], known: Known) -> str | None:
    return row.get("currency") or known.lender_currency


def product_currency(row: Mapping[str, str], known: Known) -> str | None:
    product = known.products.get(row["product_ref"])
    return product.currency if product else None


def loan_currency(row: Mapping[str, str], known: Known) -> str | None:
    loan = known.loans.get(row["loan_ref"])
    return loan.currency if loan else None


# What must be true of a row as a whole


def check_product(row: Named, known: Known) -> Iterator[Flaw]:
    before = known.live_currency.get(row["product_ref"])
    if before and before != row["currency"]:
        yield Flaw("currency", f"the product is in {before} and keeps its currency")


RULES: Mapping[str, Reader] = {
    "funds_reading": cells.one_of(("opening", "closing", "all_day", "any_moment")),
    "payoff_interest": cells.one_of(("accrued_only", "full")),
    "answer_days": cells.whole(1, 365),
    "review_days": cells.whole(1, 365),
    "evidence_keep_days": cells.whole(0, 36_500),
    "freeze": cells.flag,
    "cure_days": cells.whole(0, 365),
    "move_days": cells.whole(0, 365),
    "skips": cells.whole(0, 100),
    "hardship_pause_days": cells.whole(0, 365),
    "settlement_percent": cells.whole(0, 100),
    "settlement_days": cells.whole(0, 60),
}
"""The rules of domain.md 10 and their values; `auto_uphold_max` is an amount and `reducible` a list."""


def reducible(cell: str) -> str:
    """`none`, or components such as `penalty` or `penalty>interest`; the penalty includes the late fee."""
    if cell == "none":
        return cell
    parts = [part.strip() for part in cell.split(">")]
    if len(set(parts)) < len(parts) or not set(parts) <= set(tables.COMPONENTS):
        raise Unfit(f"is neither none nor some of {', '.join(tables.COMPONENTS)} with > between them")
    return ">".join(parts)


def check_rule(row: Named, known: Known) -> Iterator[Flaw]:
    rule, value = row["rule"], row["value"]
    try:
        if rule == "auto_uphold_max":
            cells.money(value, product_currency(row, known) or UNKNOWN_CURRENCY)
        elif rule == "reducible":
            reducible(value)
        elif rule in RULES:
            RULES[rule](value)
        else:
            known_rules = ", ".join((*RULES, "auto_uphold_max", "reducible"))
            yield Flaw("rule", f"is not known: one of {known_rules}")
    except Unfit as unfit:
        yield Flaw("value", str(unfit))


def check_identity(row: Named, known: Known) -> Iterator[Flaw]:
    if row["birth_date"] is None and row["id_last4"] is None:
        yield Flaw("birth_date", "neither birth date nor ID digits: the person could never be checked")


def check_birth_date(row: Named, known: Known) -> Iterator[Flaw]:
    if row["birth_date"] and row["birth_date"] > known.data_date:
        yield Flaw("birth_date", "is after the data date")


def check_loan_currency(row: Named, known: Known) -> Iterator[Flaw]:
    product = known.products.get(row["product_ref"])
    before = known.live_currency.get(row["loan_ref"])
    if product and product.currency and product.currency != row["currency"]:
        reason = f"differs from the currency of product {row['product_ref']}, which is {product.currency}"
        yield Flaw("currency", reason)
    elif before and before != row["currency"]:
        yield Flaw("currency", f"the loan is in {before} and keeps its currency")


def check_loan_rates(row: Named, known: Known) -> Iterator[Flaw]:
    product = known.products.get(row["product_ref"])
    if product and product.rates_apply == "by_contract_date":
        yield from _uncovered("disbursed_on", row["disbursed_on"], row["product_ref"], product)
    first_due = known.first_due.get(row["loan_ref"])
    if product and first_due and product.rates_apply == "by_night":
        yield from _uncovered("product_ref", _night_after(first_due), row["product_ref"], product)


def check_loan_status(row: Named, known: Known) -> Iterator[Flaw]:
    if row["status_on"] and row["status_on"] < row["disbursed_on"]:
        yield Flaw("status_on", "is before the loan was disbursed")


def check_due_date(row: Named, known: Known) -> Iterator[Flaw]:
    loan = known.loans.get(row["loan_ref"])
    if loan is None or row["void"]:
        return
    if row["due_on"] < loan.disbursed_on:
        yield Flaw("due_on", f"is before the loan was disbursed ({loan.disbursed_on})")
    product = known.products.get(loan.product)
    if product and product.rates_apply == "by_night":
        yield from _uncovered("due_on", _night_after(row["due_on"]), loan.product, product)


def _uncovered(column: str, day: str, ref: str, product: KnownProduct) -> Iterator[Flaw]:
    """A penalty night, or a contract day, on which no rate of the product is in force."""
    if product.first_rate is None:
        yield Flaw(column, f"product {ref} has no penalty rate, none covers {day}")
    elif day < product.first_rate:
        reason = f"no penalty rate of product {ref} covers {day}: the first is in force from {product.first_rate}"
        yield Flaw(column, reason)


def _night_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def check_instalment_known(row: Named, known: Known) -> Iterator[Flaw]:
    loan, number = row["loan_ref"], row["instalment_number"]
    if number is None or loan not in known.loans or number in known.instalments.get(loan, ()):
        return
    if "instalments" in known.unread:
        return
    why = known.rejected_instalments.get((loan, number))
    if why is None:
        yield Flaw("instalment_number", f"loan {loan} has no such instalment")
    elif known.keep_good:
        yield Flaw("instalment_number", f"depends on a rejected row ({why})")


def check_portal_number(row: Named, known: Known) -> Iterator[Flaw]:
    number = row["portal_number"]
    if number is None:
        if row["waiver_ref"] in known.own_references:
            yield Flaw("portal_number", "the portal wrote this waiver: its portal_number is missing")
    elif number not in known.portal_waivers:
        yield Flaw("portal_number", "the portal has not given this number to any waiver")
    elif waiver_content(row) not in known.portal_waivers[number]:
        yield Flaw("portal_number", "differs from what the portal decided under this number")


def check_waiver_shape(row: Named, known: Known) -> Iterator[Flaw]:
    days, amounts = ("from_day", "to_day"), ("on_day", "amount")
    needed, unwanted = (amounts, days) if row["kind"] == "amount" else (days[:1], amounts)
    for column in needed:
        if column in row and row[column] is None:
            yield Flaw(column, f"is empty, and a waiver of kind {row['kind']} needs it")
    for column in unwanted:
        if column in row and row[column] is not None:
            yield Flaw(column, f"has no meaning in a waiver of kind {row['kind']}")


def check_waived(row: Named, known: Known) -> Iterator[Flaw]:
    if row["kind"] == "amount" and row["amount"] == 0:
        yield Flaw("amount", "waives nothing")
    if row["kind"] == "days" and row["component"] != "penalty":
        yield Flaw("component", "a waiver of days is of the penalty")


def check_span(row: Named, known: Known) -> Iterator[Flaw]:
    if row["from_day"] and row["to_day"] and row["to_day"] < row["from_day"]:
        yield Flaw("to_day", "is before from_day")


WAIVER_CONTENT = (
    "loan_ref",
    "instalment_number",
    "kind",
    "from_day",
    "to_day",
    "on_day",
    "amount",
    "reason",
    "component",
    "void",
)
"""What must come back unchanged under a portal number; the reference is the lender's to choose."""


def waiver_content(row: Named) -> Row:
    """The part of a waiver that the portal decided."""
    return tuple(row[name] for name in WAIVER_CONTENT)


def read_row(file: File, texts: Sequence[str], known: Known) -> Row | list[Fault]:
    """A row's cells, in the order of the file's columns, as typed values, or all that is wrong with them."""
    named = dict(zip(file.names, texts, strict=True))
    faults = list(_parent_faults(file, named, known)) if file.parents else []
    currency = file.currency(named, known)
    if currency not in MINOR_DIGITS:
        currency = UNKNOWN_CURRENCY
    values = Readable()
    for column, cell in zip(file.columns, texts, strict=True):
        if cell:
            try:
                values[column.name] = column.read(cell) if column.read else cells.money(cell, currency)
            except Unfit as unfit:
                faults.append(Fault(column.name, cell, str(unfit)))
        elif column.empty is REQUIRED:
            faults.append(Fault(column.name, "", "is empty"))
        else:
            values[column.name] = column.empty
    for check in file.checks:
        try:
            faults.extend(Fault(column, named[column], reason) for column, reason in check(values, known))
        except Unread:
            continue
    return faults or tuple(values.values())


def row_key(file: File, texts: Sequence[str]) -> Key:
    """What names a row, from its cells as they stand: enough to tell that a rejected row was there."""
    return tuple(texts[index] for index in key_places(file))


def key_places(file: File) -> tuple[int, ...]:
    """Where the key's columns are among the file's columns."""
    return tuple(map(file.place, file.key))


FILE_OF: Mapping[Parent, str] = {"product": "products", "person": "borrowers", "loan": "loans"}


def _parent_faults(file: File, named: Mapping[str, str], known: Known) -> Iterator[Fault]:
    for column, parent in file.parents:
        reference = named[column]
        if reference:
            yield from _parent_fault(column, parent, reference, known)


def _parent_fault(column: str, parent: Parent, reference: str, known: Known) -> Iterator[Fault]:
    file = FILE_OF[parent]
    if parent == "person":
        is_known, rejected = reference in known.people, known.people.get(reference)
    else:
        found = known.products.get(reference) if parent == "product" else known.loans.get(reference)
        is_known, rejected = found is not None, found.rejected if found else None
    if not is_known:
        if file not in known.unread:
            yield Fault(column, reference, f"is unknown: neither in {file}.csv nor imported before")
    elif rejected and known.keep_good:
        yield Fault(column, reference, f"depends on a rejected row ({rejected})")
