"""What `portal import`, `portal export` and `portal explain` do; the command line itself is in portal/cli.py.

Each takes the doors to the database and returns the exit code; results go to standard output, and one plain line
to standard error when something fails.
"""

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias, TypeVar

import typer
from sqlalchemy import Connection

from portal.core.assessment import assess
from portal.core.facts import LoanFacts
from portal.core.money import format_major
from portal.core.receipt import explain
from portal.core.refusal import Refusal
from portal.loans import actions, csv_files, exporting, facts, live_rows, rulepacks
from portal.loans.checking import Check, Count, Terms
from portal.loans.formats import import_files
from portal.loans.intake import REJECTED_BECAUSE, File
from portal.loans.queries import REGIONS
from portal.loans.staging import Staging
from portal.platform.db import Doors
from portal.platform.gate import Viewer

T = TypeVar("T")
Format: TypeAlias = Literal["text", "json", "csv", "jsonl"]
Progress: TypeAlias = Callable[[str, int], None]

LINE_COLUMNS = (
    "loan",
    "currency",
    "as_of",
    "instalment",
    "due_on",
    "kind",
    "from",
    "to",
    "nights",
    "base",
    "daily_rate",
    "annual_ceiling",
    "amount",
)


def fail(reason: str) -> int:
    """One plain line on standard error, and the exit code that goes with it."""
    typer.echo(reason, err=True)
    return 1


# portal import


def run_import(
    doors: Doors,
    folder: Path,
    data_date: date,
    *,
    currency: str,
    data_dir: Path,
    keep_good: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda name, rows: None,
) -> int:
    """Check a folder and apply what it changes. `currency` is the lender's."""
    if not folder.is_dir():
        return fail(f"import: {folder} is not a folder")
    after, last_day = doors.read_as(doors.system(), _last_run)
    if last_day and data_date < last_day:
        return fail(f"import: the data date {data_date} is before that of the last import, {last_day}")
    files = import_files(rulepacks.codes(), currency, REGIONS.get(currency))
    with staging_file(data_dir, files) as staging:
        check = Check(_reader(doors), files, folder, staging, Terms(currency, data_date, keep_good), progress)
        check.run()
        problems = _tell(check)
        if not check.counts and not problems:
            return fail(f"import: {folder} holds no file of the import format")
        if problems and not (keep_good and check.is_complete):
            return fail(f"import: {_counted(problems)}, nothing was changed{_why_whole(keep_good)}")
        if dry_run:
            typer.echo("Dry run: nothing was changed.")
            return 1 if problems else 0
        code = _apply(doors, check, after, data_date, moved_on=data_date != last_day)
        if keep_good and code == 0:
            write_rejects(check, data_dir / "rejects")
            if problems:
                return fail(f"import: {_counted(problems)}; the rows not taken are in {data_dir / 'rejects'}")
        return code


def _counted(problems: int) -> str:
    return "1 problem" if problems == 1 else f"{problems} problems"


def _why_whole(keep_good: bool) -> str:
    """With --keep-good only a file that cannot be read as a table stops everything."""
    return "; --keep-good needs every file and column to be known" if keep_good else ""


def _tell(check: Check) -> int:
    """Say what came in and what is wrong with it; how many problems there are."""
    _tell_counts(check.counts)
    _tell_past_due(check.staging)
    return _tell_problems(check.staging)


def _apply(doors: Doors, check: Check, after: int, data_date: date, *, moved_on: bool) -> int:
    if not check.changes_anything():
        typer.echo("No row changed." if moved_on else "Nothing changed.")
        if not moved_on:
            return 0
    try:
        number = doors.write_as(
            doors.system(),
            actions.apply_import,
            check.staging,
            check.files,
            after=after,
            data_date=data_date,
            counts=check.counts,
            now=lambda: doors.system().now,
        )
    except Refusal:
        return fail("import: another import was applied meanwhile; run this one again")
    typer.echo(f"Applied as import {number}; payments up to {data_date} are included.")
    return 0


@contextmanager
def staging_file(data_dir: Path, files: tuple[File, ...]) -> Iterator[Staging]:
    """A staging file that leaves nothing behind, not even when the process is killed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="import-", dir=data_dir, ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "staging.db"
        staging = Staging(path, files)
        # The open file lives on without its name, and dies with the process. Windows does not allow it.
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()
        try:
            yield staging
        finally:
            staging.close()


def write_rejects(check: Check, folder: Path) -> None:
    """The rows that were not taken, as they were, each with why, in place of those of the last time."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in check.files:
        target = folder / file.name
        # Beside it first: the import may have been of this very folder.
        unfinished = target.with_suffix(".unfinished")
        if _write_rejected_rows(check.folder / file.name, unfinished, check.staging.rejected_lines(file)):
            unfinished.replace(target)
        else:
            target.unlink(missing_ok=True)


def _write_rejected_rows(source: Path, target: Path, reasons: Iterator[tuple[int, str]]) -> bool:
    """Write the rejected rows, by line as the reasons are; whether there were any."""
    rejected = next(reasons, None)
    if rejected is None:
        return False
    with target.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        rows = csv_files.original_rows(source)
        _, header = next(rows)
        again = len(header) if header[-1] == REJECTED_BECAUSE else 0
        writer.writerow([*(header[:-1] if again else header), REJECTED_BECAUSE])
        for line, cells in rows:
            if rejected and line == rejected[0]:
                writer.writerow([*(cells[:-1] if len(cells) == again else cells), rejected[1]])
                rejected = next(reasons, None)
    return True


def _reader(doors: Doors) -> Callable[..., Any]:
    viewer = doors.system()

    def read(fn: Callable[..., T], *args: Any) -> T:
        return doors.read_as(viewer, lambda connection, _viewer: fn(connection, *args))

    return read


def _last_run(connection: Connection, viewer: Viewer) -> tuple[int, date | None]:
    return live_rows.last_run(connection)


def _tell_counts(counts: Mapping[str, Count]) -> None:
    for name, count in counts.items():
        parts = [f"{count.new} new", f"{count.changed} changed", f"{count.same} as before"]
        if count.confirmed:
            parts.append(f"{count.confirmed} confirmed")
        typer.echo(f"{name}: {count.rows} rows: {', '.join(parts)}")


def _tell_past_due(staging: Staging) -> None:
    for change in staging.past_due():
        typer.echo(
            f"past due date changed: loan {change.loan}, instalment {change.number}: {change.old} is now {change.new}"
        )


def _tell_problems(staging: Staging) -> int:
    count = staging.count_problems()
    if count:
        typer.echo("file\tline\tcolumn\tvalue\treason")
    for problem in staging.problems():
        typer.echo("\t".join(_printable(str(part)) for part in problem))
    return count


def _printable(text: str) -> str:
    """A cell as one word of a table: what could move the cursor shows as its escape."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


# portal export


def run_export(doors: Doors, folder: Path, since: int = 0) -> int:
    """Write what was decided after a number into a folder; it says from which number to go on."""
    folder.mkdir(parents=True, exist_ok=True)
    exported = doors.read_as(
        doors.system(), lambda connection, viewer: exporting.write_decisions(connection, folder, since)
    )
    for name, rows in exported.rows.items():
        typer.echo(f"{name}: {rows} rows")
    typer.echo(f"Next time: --since {exported.last}")
    return 0


# portal explain


def run_explain(
    doors: Doors,
    loan_ref: str | None,
    as_of: date,
    *,
    known_at: datetime | None = None,
    format: Format = "text",
    every_loan: bool = False,
    out: TextIO | None = None,
) -> int:
    """Say what a loan owes at the end of a day and how that came about; of every loan, one a line."""
    if every_loan == (loan_ref is not None):
        return fail("explain: name one loan, or say --all")
    out = out or sys.stdout
    if every_loan:
        return _explain_all(doors, as_of, known_at, format, out)
    try:
        found = doors.read_as(doors.system(), _facts, loan_ref or "", known_at)
        document = explain(assess(found, as_of), found)
    except LookupError:
        return fail(f"explain: there is no loan {loan_ref!r}" + (f" as known at {known_at}" if known_at else ""))
    except ValueError as error:
        return fail(f"explain: {loan_ref}: {error}")
    _begin(format, out)
    WRITERS[format](document, out)
    return 0


def _explain_all(doors: Doors, as_of: date, known_at: datetime | None, format: Format, out: TextIO) -> int:
    code = 0
    _begin(format, out)
    for loan in every_loan_facts(doors, known_at):
        try:
            document = explain(assess(loan, as_of), loan)
        except ValueError as error:
            code = fail(f"explain: {loan.loan}: {error}")
        else:
            WRITERS["jsonl" if format == "json" else format](document, out)
    return code


def every_loan_facts(doors: Doors, known_at: datetime | None = None) -> Iterator[LoanFacts]:
    """All loans, a batch at a time."""
    after = 0
    while batch := doors.read_as(doors.system(), _batch, after, known_at):
        yield from (loan for _, loan in batch)
        after = batch[-1][0]


def _facts(connection: Connection, viewer: Viewer, ref: str, known_at: datetime | None) -> LoanFacts:
    return facts.loan_facts_by_ref(connection, ref, known_at)


def _batch(
    connection: Connection, viewer: Viewer, after: int, known_at: datetime | None
) -> list[tuple[int, LoanFacts]]:
    return facts.facts_after(connection, after, known_at)


def _begin(format: Format, out: TextIO) -> None:
    if format == "csv":
        csv.writer(out, lineterminator="\n").writerow(LINE_COLUMNS)


def _write_json(document: Mapping[str, Any], out: TextIO) -> None:
    out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _write_jsonl(document: Mapping[str, Any], out: TextIO) -> None:
    out.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def _write_csv(document: Mapping[str, Any], out: TextIO) -> None:
    writer = csv.DictWriter(out, LINE_COLUMNS, lineterminator="\n")
    for instalment in document["instalments"]:
        head = {name: document[name] for name in ("loan", "currency", "as_of")}
        head |= {"instalment": instalment["number"], "due_on": instalment["due_on"]}
        writer.writerows(head | line for line in instalment["lines"])


def _write_text(document: Mapping[str, Any], out: TextIO) -> None:
    currency = document["currency"]

    def money(amount: int) -> str:
        return format_major(amount, currency)

    due = document["due"]
    parts = ", ".join(f"{name} {money(due[name])}" for name in ("fee", "interest", "principal", "penalty"))
    out.write(f"Loan {document['loan']}, end of {document['as_of']}, {currency}\n")
    out.write(f"Due {money(due['total'])}: {parts}\n")
    out.write(f"Not yet due {money(document['not_yet_due'])}, credit {money(document['credit'])}\n")
    out.write(f"{document['days_past_due']} days past due, stage {document['stage']}\n")
    for instalment in document["instalments"]:
        out.writelines(f"{line}\n" for line in _instalment_text(instalment, money))
    for payment in document["payments"]:
        went = ", ".join(f"{name} {money(part)}" for name, part in payment["allocated"].items() if part)
        received = f"Payment {payment['payment']} on {payment['received_on']}: {money(payment['amount'])}"
        out.write(f"{received}: {went or 'held'}, credit {money(payment['credit'])}\n")
    out.write(f"Engine {document['engine']}, fingerprint {document['fingerprint']}\n")


def _instalment_text(instalment: Mapping[str, Any], money: Callable[[int], str]) -> Iterator[str]:
    parts = ", ".join(f"{name} {money(instalment[name])}" for name in ("fee", "interest", "principal"))
    penalty = money(instalment["penalty_payable"])
    yield f"Instalment {instalment['number']}, due {instalment['due_on']}: {parts}, penalty {penalty}"
    for line in instalment["lines"]:
        span = line["from"] if line["from"] == line["to"] else f"{line['from']} to {line['to']}"
        how = ""
        if line["base"] is not None:
            how = f" {line['nights']} x {money(line['base'])} x {line['daily_rate']}"
        yield f"  {span} {line['kind']}{how}: {money(line['amount'])}"


WRITERS: Mapping[str, Callable[[Mapping[str, Any], TextIO], None]] = {
    "text": _write_text,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}
