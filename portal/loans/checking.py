"""Checks an import folder against the live database and leaves what it would change in a staging file.

The live database is only read here, a chunk at a time; applying.py then writes the difference at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

from portal.loans import csv_files, intake, live_rows
from portal.loans.cells import is_day
from portal.loans.csv_files import BadRow, RawRow, Unreadable
from portal.loans.intake import EVER, File, Key, Known, KnownLoan, KnownProduct, Problem, Row
from portal.loans.live_rows import LiveRow
from portal.loans.staging import PastDueChange, StagedRow, Staging, digest_of, key_text

T = TypeVar("T")


class Reading(Protocol):
    """Runs a function on a connection to the live database."""

    def __call__(self, fn: Callable[..., T], *args: Any) -> T: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How an import is done: the lender's currency, the day of the data, and whether good rows are kept."""

    lender_currency: str
    data_date: date
    keep_good: bool = False


@dataclass(slots=True)
class Count:
    """What became of the rows of one file."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    confirmed: int = 0


@dataclass(slots=True)
class Check:
    """One run through the folder. `counts` fills as files are read; the rest is in the staging."""

    read: Reading
    files: Sequence[File]
    folder: Path
    staging: Staging
    terms: Terms
    progress: Callable[[str, int], None] = lambda name, rows: None
    counts: dict[str, Count] = field(default_factory=dict)
    is_complete: bool = False
    _products: dict[str, KnownProduct] = field(default_factory=dict)
    _unread: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Read and check every file; the check is complete if all of them could be read."""
        survey = csv_files.survey(self.folder, self.files)
        self.staging.report(survey.problems)
        self._unread.update(survey.misnamed)
        for file in survey.present:
            self._products.clear()
            self._read_file(file)
        if not self._unread:
            self._contract_days()
            self.is_complete = True

    def changes_anything(self) -> bool:
        """Whether any row is new or changed."""
        return any(count.new or count.changed or count.confirmed for count in self.counts.values())

    def _read_file(self, file: File) -> None:
        count = self.counts[file.name] = Count()
        try:
            for chunk in csv_files.chunks(self.folder / file.name, file):
                count.rows += len(chunk)
                self._read_chunk(file, chunk)
                self.progress(file.name, count.rows)
        except Unreadable as unreadable:
            self.staging.report(unreadable.problems)
            self._unread.add(file.table)
        self.staging.finish(file)
        if file.table not in self._unread:
            AFTERWARDS.get(file.table, _nothing)(self, file)
        self._count(file, count)

    def _read_chunk(self, file: File, chunk: Sequence[RawRow | BadRow]) -> None:
        known = self._known(file, [row.cells for row in chunk if isinstance(row, RawRow)])
        good: list[tuple[int, Row]] = []
        for row in chunk:
            if isinstance(row, BadRow):
                self._reject(file, row, [row.problem])
                continue
            result = intake.read_row(file, row.cells, known)
            if isinstance(result, tuple):
                good.append((row.line, result))
            else:
                self._reject(file, row, [Problem(file.name, row.line, *fault) for fault in result])
        if good:
            self._keep(file, good)

    def _reject(self, file: File, row: RawRow | BadRow, problems: Sequence[Problem]) -> None:
        self.staging.reject(file, key_text(intake.row_key(file, row.cells)), problems)

    def _keep(self, file: File, good: Sequence[tuple[int, Row]]) -> None:
        """Stage the rows that differ from the version in force."""
        rows = [row for _, row in good]
        live = self.read(live_rows.FIND[file.table], rows)
        confirmed = self._confirmed(file, rows)
        places = intake.key_places(file)
        staged, keys = [], []
        for line, row in good:
            key = tuple(row[place] for place in places)
            text = key_text(key)
            keys.append((text, line))
            digest = digest_of(row)
            before = live.get(key)
            if (before and before.digest == digest) or row[-1] in confirmed:
                continue
            staged.append((text, StagedRow(line, before.id if before else None, digest, row)))
            self._note_past_due(file, key, row, before)
        self.counts[file.name].same += len(good) - len(staged)
        self.staging.add(file, staged, keys)

    def _confirmed(self, file: File, rows: Sequence[Row]) -> set[str]:
        """The portal numbers, in the last column of waivers, that have come back before."""
        numbers = {str(row[-1]) for row in rows if row[-1] is not None} if file.table == "waivers" else set()
        return self.read(live_rows.confirmed, numbers) if numbers else set()

    def _note_past_due(self, file: File, key: Key, row: Row, before: LiveRow | None) -> None:
        if file.table != "instalments" or before is None or before.due_on is None:
            return
        old, new = before.due_on.isoformat(), str(row[2])
        if old != new and min(old, new) <= self.terms.data_date.isoformat():
            self.staging.note_past_due(PastDueChange(str(key[0]), int(str(key[1])), old, new))

    def _count(self, file: File, count: Count) -> None:
        count.new, count.changed = self.staging.count(file)
        if file.table == "waivers":
            count.confirmed = self.staging.count_filled("waivers", "portal_number")
            count.new -= count.confirmed

    # What the rows of a chunk refer to

    def _known(self, file: File, rows: Sequence[Sequence[str]]) -> Known:
        known = Known(
            lender_currency=self.terms.lender_currency,
            data_date=self.terms.data_date.isoformat(),
            keep_good=self.terms.keep_good,
            unread=self._unread,
        )
        named = _named_by(file, rows)
        if "loan" in named:
            known = replace(known, loans=self._loans(named["loan"]))
        wanted = named.get("product", set()) | {loan.product for loan in known.loans.values()}
        known = replace(known, products=self._known_products(wanted))
        if "person" in named:
            known = replace(known, people=self._people(named["person"]))
        more = ALSO_KNOWN.get(file.table)
        return more(self, known, file, rows) if more else known

    def _known_products(self, refs: Iterable[str]) -> Mapping[str, KnownProduct]:
        missing = [ref for ref in refs if ref not in self._products]
        if missing:
            self._products.update(self._look_up_products(missing))
        return self._products

    def _look_up_products(self, refs: Sequence[str]) -> dict[str, KnownProduct]:
        found = self.read(live_rows.products, refs)
        for row in self.staging.find("products", "product_ref", refs, even_rejected=True):
            ref = str(row["product_ref"])
            before = found.get(ref)
            first_rate = before.first_rate if before else None
            found[ref] = KnownProduct(str(row["currency"]), str(row["rates_apply"]), first_rate)
        for row in self.staging.find("penalty_rates", "product_ref", refs):
            ref, day = str(row["product_ref"]), str(row["effective_from"])
            if ref in found:
                found[ref] = replace(found[ref], first_rate=min(day, found[ref].first_rate or day))
        if not self.terms.keep_good:
            found = {ref: self._as_if_all_rates_were_good(ref, product) for ref, product in found.items()}
        for ref, place in self.staging.rejected("products", refs).items():
            found[ref] = replace(found.get(ref, KnownProduct("", "", None)), rejected=place)
        return found

    def _as_if_all_rates_were_good(self, ref: str, product: KnownProduct) -> KnownProduct:
        """All or nothing names a bad rate once, not again for each instalment that it would have covered."""
        if "penalty_rates" in self._unread:
            return replace(product, first_rate=EVER)
        # A day that can not be read sorts nowhere in particular, so it counts as the first.
        rejected = self.staging.rejected_beneath("penalty_rates", ref)
        days = [day if is_day(day) else EVER for day in rejected]
        good = [product.first_rate] if product.first_rate else []
        return replace(product, first_rate=min(days + good, default=None))

    def _people(self, refs: Iterable[str]) -> dict[str, str | None]:
        wanted = list(refs)
        found: dict[str, str | None] = dict.fromkeys(self.read(live_rows.people, wanted))
        staged = self.staging.find("borrowers", "borrower_ref", wanted)
        found.update(dict.fromkeys(str(row["borrower_ref"]) for row in staged))
        found.update(self.staging.rejected("borrowers", wanted))
        return found

    def _loans(self, refs: Iterable[str]) -> dict[str, KnownLoan]:
        wanted = list(refs)
        found = self.read(live_rows.loans, wanted)
        for row in self.staging.find("loans", "loan_ref", wanted, even_rejected=True):
            found[str(row["loan_ref"])] = KnownLoan(
                str(row["currency"]), str(row["product_ref"]), str(row["disbursed_on"])
            )
        for ref, place in self.staging.rejected("loans", wanted).items():
            found[ref] = replace(found.get(ref, KnownLoan("", "", "")), rejected=place)
        return found

    def _instalments(self, known: Known, file: File, rows: Sequence[Sequence[str]]) -> Known:
        """The instalments that the rows of debit attempts or waivers may be about."""
        loans = [loan for loan in known.loans if loan]
        numbers = self.read(live_rows.instalments, loans)
        for row in self.staging.find("instalments", "loan_ref", loans):
            numbers.setdefault(str(row["loan_ref"]), set()).add(int(str(row["number"])))
        place = file.place("instalment_number")
        keys = {key_text((cells[file.place("loan_ref")], cells[place])) for cells in rows if cells[place]}
        rejected = {}
        for key, where in self.staging.rejected("instalments", keys).items():
            loan, number = key.split("\x1f")
            if number.isdigit():
                rejected[loan, int(number)] = where
        return replace(known, instalments=numbers, rejected_instalments=rejected)

    def _waiver_numbers(self, known: Known, file: File, rows: Sequence[Sequence[str]]) -> Known:
        known = self._instalments(known, file, rows)
        refs = {cells[file.place("waiver_ref")] for cells in rows}
        numbers = {cells[file.place("portal_number")] for cells in rows} - {""}
        return replace(
            known,
            portal_waivers=self.read(live_rows.portal_waivers, numbers) if numbers else {},
            own_references=self.read(live_rows.own_references, refs),
        )

    def _live_products(self, known: Known, file: File, rows: Sequence[Sequence[str]]) -> Known:
        found = self.read(live_rows.products, {cells[0] for cells in rows})
        return replace(known, live_currency={ref: product.currency for ref, product in found.items()})

    def _live_loans(self, known: Known, file: File, rows: Sequence[Sequence[str]]) -> Known:
        """The loans as they were, and the first due date of those that change their product."""
        before = self.read(live_rows.loans, {cells[0] for cells in rows})
        product = file.place("product_ref")
        moved = {cells[0] for cells in rows if cells[0] in before and before[cells[0]].product != cells[product]}
        return replace(
            known,
            live_currency={ref: loan.currency for ref, loan in before.items()},
            first_due=self.read(live_rows.first_due, moved) if moved else {},
        )

    # What only shows when a whole file has been read

    def _contract_days(self) -> None:
        """A product whose rates now go by the contract date must have one on every contract date."""
        products = next(file for file in self.files if file.table == "products")
        self._products.clear()
        for rows in self.staging.rows(products):
            for row in rows:
                self._check_contract_days(products, row)

    def _check_contract_days(self, file: File, row: StagedRow) -> None:
        ref, rates_apply = str(row.values[0]), str(row.values[file.place("rates_apply")])
        if rates_apply != "by_contract_date":
            return
        first_rate = self._known_products([ref])[ref].first_rate
        day = self.read(live_rows.first_contract_day, ref)
        if day and (first_rate is None or day < first_rate):
            reason = f"no penalty rate of product {ref} covers {day}, a contract date of its loans"
            problem = Problem(file.name, row.line, "rates_apply", rates_apply, reason)
            self.staging.reject_row(file, key_text((ref,)), problem)

    def _rates_read(self, file: File) -> None:
        """Either all rates of a product have a ceiling or none (domain.md 2)."""
        for ref in self.staging.distinct("penalty_rates", "product_ref"):
            has_ceiling = self.read(live_rows.ceilings, ref)
            staged = self.staging.find("penalty_rates", "product_ref", [ref])
            has_ceiling |= {str(row["effective_from"]): row["annual_ceiling"] is not None for row in staged}
            if len(set(has_ceiling.values())) < 2:
                continue
            lines = [int(str(row["line"])) for row in staged]
            written = csv_files.cells_of(self.folder / file.name, "annual_ceiling", lines)
            for line, row in zip(lines, staged, strict=True):
                reason = f"product {ref} has rates with and without a ceiling: all must have one or none"
                problem = Problem(file.name, line, "annual_ceiling", written[line], reason)
                self.staging.reject_row(file, key_text((ref, row["effective_from"])), problem)

    def _instalments_read(self, file: File) -> None:
        self.staging.index_by("instalments", "loan_ref")

    def _waivers_read(self, file: File) -> None:
        for line, key, number in self.staging.repeated("waivers", "portal_number"):
            problem = Problem(file.name, line, "portal_number", number, "is in the file more than once")
            self.staging.reject_row(file, key, problem)


ALSO_KNOWN: Mapping[str, Callable[[Check, Known, File, Sequence[Sequence[str]]], Known]] = {
    "products": Check._live_products,
    "loans": Check._live_loans,
    "debit_attempts": Check._instalments,
    "waivers": Check._waiver_numbers,
}
AFTERWARDS: Mapping[str, Callable[[Check, File], None]] = {
    "penalty_rates": Check._rates_read,
    "instalments": Check._instalments_read,
    "waivers": Check._waivers_read,
}


def _nothing(check: Check, file: File) -> None:
    """Most files have nothing left to check."""


def _named_by(file: File, rows: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """The references of a chunk by what they are to."""
    named: dict[str, set[str]] = {}
    for column, parent in file.parents:
        place = file.place(column)
        named.setdefault(parent, set()).update(cells[place] for cells in rows)
    return named
