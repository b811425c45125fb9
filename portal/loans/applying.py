"""Writes the difference that an import makes, inside one write transaction of the live database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from portal.loans import live_rows as live
from portal.loans.cells import EPOCH, Value
from portal.loans.intake import File
from portal.loans.live_rows import among, in_force
from portal.loans.staging import StagedRow, Staging, digest_of
from portal.loans.tables import ContactPoint, table_of
from portal.platform.db import Instant
from portal.platform.numbers import new_code

Record: TypeAlias = dict[str, Any]
Ids: TypeAlias = Mapping[str, int]

CONTACT_POINT = table_of(ContactPoint)

RENAMED = {
    "payment_ref": "ref",
    "attempt_ref": "ref",
    "waiver_ref": "ref",
    "instalment_number": "instalment",
}
"""Columns whose names in the files and in the tables differ; references of others become ids."""

REFERENCES = {
    "product_ref": ("product_id", live.PRODUCT),
    "borrower_ref": ("person_id", live.PERSON),
    "loan_ref": ("loan_id", live.LOAN),
}

VERSIONS: Mapping[str, Table] = {
    "products": live.PRODUCT_VERSION,
    "product_rules": live.PRODUCT_RULE,
    "penalty_rates": live.PENALTY_RATE,
    "plan_limits": live.PLAN_LIMIT,
    "role_limits": live.ROLE_LIMIT,
    "authority": live.AUTHORITY,
    "borrowers": live.PERSON_VERSION,
    "loans": live.LOAN_VERSION,
    "parties": live.LOAN_PARTY,
    "instalments": live.INSTALMENT,
    "payments": live.PAYMENT,
    "debit_attempts": live.DEBIT_ATTEMPT,
    "waivers": live.WAIVER,
}
IDENTITIES: Mapping[str, Table] = {"products": live.PRODUCT, "borrowers": live.PERSON, "loans": live.LOAN}

_IDS = {
    table.name: select(table.c.ref, table.c.id).where(among(table.c.ref, "refs"))
    for table in (live.PRODUCT, live.PERSON, live.LOAN)
}
_SUPERSEDE = {
    table.name: update(table).where(table.c.id == bindparam("version")).values(superseded_at=bindparam("at"))
    for table in (*VERSIONS.values(), CONTACT_POINT)
}
_BORROWERS_BEFORE = select(live.LOAN_VERSION.c.id, live.LOAN_VERSION.c.borrower_id).where(
    among(live.LOAN_VERSION.c.id, "ids")
)
_PARTIES_IN_FORCE = select(
    live.LOAN_PARTY.c.loan_id, live.LOAN_PARTY.c.person_id, live.LOAN_PARTY.c.role, live.LOAN_PARTY.c.id
).where(in_force(live.LOAN_PARTY), among(live.LOAN_PARTY.c.loan_id, "ids"))
_MOBILES_IN_FORCE = select(CONTACT_POINT.c.person_id, CONTACT_POINT.c.id, CONTACT_POINT.c.value).where(
    in_force(CONTACT_POINT), CONTACT_POINT.c.kind == "mobile", among(CONTACT_POINT.c.person_id, "ids")
)


@dataclass(frozen=True, slots=True)
class Apply:
    """One import being written: the connection of its transaction, its id, and its moment."""

    connection: Connection
    staging: Staging
    import_id: int
    at: datetime

    def run(self, files: Sequence[File]) -> None:
        """Write all files, each after those that it refers to."""
        for file in files:
            write = Writer(self, file)
            for rows in self.staging.rows(file):
                write.rows(rows)

    def ids(self, table: Table, refs: Sequence[Value]) -> Ids:
        """The ids of references."""
        found = self.connection.execute(_IDS[table.name], {"refs": list(set(refs))})
        return {row.ref: row.id for row in found}

    def supersede(self, table: Table, versions: Sequence[int]) -> None:
        """Another version takes the place of these."""
        if versions:
            parameters = [{"version": version, "at": self.at} for version in versions]
            self.connection.execute(_SUPERSEDE[table.name], parameters)

    def insert(self, table: Table, records: Sequence[Record]) -> None:
        """Write new rows."""
        if records:
            self.connection.execute(insert(table), records)

    def marks(self, digest: int) -> Record:
        """What every version row carries."""
        return {"recorded_at": self.at, "import_id": self.import_id, "digest": digest}


class Writer:
    """Writes the rows of one file."""

    def __init__(self, apply: Apply, file: File) -> None:
        self.apply = apply
        self.file = file
        self.table = VERSIONS[file.table]
        self._references = [
            (
                file.place(name),
                column if file.table != "loans" or name != "borrower_ref" else "borrower_id",
                table,
            )
            for name, (column, table) in REFERENCES.items()
            if name in file.names
        ]
        self._plain = [
            (place, column, _converter(self.table, column))
            for place, column in ((file.place(name), RENAMED.get(name, name)) for name in file.names)
            if column in self.table.c
        ]

    def rows(self, rows: Sequence[StagedRow]) -> None:
        """A thousand rows: identities first, then the versions, then what else a row stands for."""
        if self.file.table in IDENTITIES:
            self._new_identities(IDENTITIES[self.file.table], rows)
        rows = self._without_confirmed(rows)
        records = list(self._records(rows))
        before = AND_BEFORE.get(self.file.table)
        if before:
            before(self, rows, records)
        self.apply.supersede(self.table, [row.live_id for row in rows if row.live_id is not None])
        self.apply.insert(self.table, records)

    def _new_identities(self, table: Table, rows: Sequence[StagedRow]) -> None:
        records: list[Record] = [{"ref": row.values[0]} for row in rows if row.live_id is None]
        if "code" in table.c:
            for record in records:
                record |= {"code": new_code(), "created_at": self.apply.at}
        self.apply.insert(table, records)

    def _records(self, rows: Sequence[StagedRow]) -> Iterator[Record]:
        links = [
            (place, column, self.apply.ids(table, [row.values[place] for row in rows]))
            for place, column, table in self._references
        ]
        for row in rows:
            record = self.apply.marks(row.digest)
            for place, column, convert in self._plain:
                value = row.values[place]
                record[column] = convert(value) if convert and value is not None else value
            for place, column, ids in links:
                record[column] = ids[str(row.values[place])]
            yield record

    def _without_confirmed(self, rows: Sequence[StagedRow]) -> Sequence[StagedRow]:
        """A waiver that came back under its portal number confirms and never adds."""
        if self.file.table != "waivers":
            return rows
        place = self.file.place("portal_number")
        confirmed = [row for row in rows if row.values[place] is not None]
        self.apply.supersede(live.WAIVER, [row.live_id for row in confirmed if row.live_id is not None])
        records = [
            {
                "portal_number": row.values[place],
                "ref": row.values[0],
                "recorded_at": self.apply.at,
                "import_id": self.apply.import_id,
            }
            for row in confirmed
        ]
        self.apply.insert(live.CONFIRMATION, records)
        return [row for row in rows if row.values[place] is None]

    def mobiles(self, rows: Sequence[StagedRow], records: Sequence[Record]) -> None:
        """A number that changed is a new contact point; the old one stays as history."""
        place = self.file.place("mobile")
        people = [record["person_id"] for record in records]
        found = self.apply.connection.execute(_MOBILES_IN_FORCE, {"ids": people})
        before = {person: (number, value) for person, number, value in found}
        gone, new = [], []
        for person, row in zip(people, rows, strict=True):
            mobile = row.values[place]
            number, value = before.get(person, (None, None))
            if mobile == value:
                continue
            if number is not None:
                gone.append(number)
            if mobile is not None:
                new.append({"person_id": person, "kind": "mobile", "value": mobile, **self.apply.marks(0)})
        self.apply.supersede(CONTACT_POINT, gone)
        self.apply.insert(CONTACT_POINT, new)

    def borrowers(self, rows: Sequence[StagedRow], records: Sequence[Record]) -> None:
        """The borrower that a loan names is a party of it; one that it no longer names is none."""
        versions = [row.live_id for row in rows if row.live_id is not None]
        found = self.apply.connection.execute(_BORROWERS_BEFORE, {"ids": versions})
        before = {row.id: row.borrower_id for row in found}
        parties = self._parties_in_force(records)
        gone, new = [], []
        for row, record in zip(rows, records, strict=True):
            loan, borrower = record["loan_id"], record["borrower_id"]
            old = before.get(row.live_id) if row.live_id is not None else None
            if old not in {None, borrower} and (loan, old, "borrower") in parties:
                gone.append(parties[loan, old, "borrower"])
            if (loan, borrower, "borrower") not in parties:
                digest = digest_of((row.values[0], row.values[1], "borrower", None, None))
                party = {"loan_id": loan, "person_id": borrower, "role": "borrower"}
                new.append(party | self.apply.marks(digest))
        self.apply.supersede(live.LOAN_PARTY, gone)
        self.apply.insert(live.LOAN_PARTY, new)

    def parties(self, rows: Sequence[StagedRow], records: Sequence[Record]) -> None:
        """A row may repeat the party that the loan's own row has just made: it takes its place."""
        in_force = self._parties_in_force(records)
        keys = ((record["loan_id"], record["person_id"], record["role"]) for record in records)
        self.apply.supersede(live.LOAN_PARTY, [in_force[key] for key in keys if key in in_force])

    def _parties_in_force(self, records: Sequence[Record]) -> dict[tuple[int, int | None, str], int]:
        loans = list({record["loan_id"] for record in records})
        found = self.apply.connection.execute(_PARTIES_IN_FORCE, {"ids": loans})
        return {(loan, person, role): number for loan, person, role, number in found}


AND_BEFORE: Mapping[str, Callable[[Writer, Sequence[StagedRow], Sequence[Record]], None]] = {
    "borrowers": Writer.mobiles,
    "loans": Writer.borrowers,
    "parties": Writer.parties,
}
"""What the rows of a file change besides their own versions."""


def _converter(table: Table, column: str) -> Callable[[Any], Any] | None:
    """How a staged value becomes what the column takes."""
    kind = table.c[column].type
    if isinstance(kind, Instant):
        return lambda microseconds: EPOCH + timedelta(microseconds=microseconds)
    if kind.python_type is date:
        return date.fromisoformat
    return bool if kind.python_type is bool else None
