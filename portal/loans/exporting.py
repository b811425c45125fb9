"""What the portal decided, as CSV files for the lender's system, from the numbered rows of each decision."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from portal.core.money import format_major
from portal.loans.formats import WAIVERS
from portal.loans.tables import DecisionExport, table_of

DECISION = table_of(DecisionExport)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

PLAN_COLUMNS = (
    "portal_number",
    "borrower_ref",
    "loan_ref",
    "currency",
    "from_day",
    "until",
    "ended_on",
    "outcome",
    "payment",
    "due_on",
    "amount",
)
HOLD_COLUMNS = ("portal_number", "kind", "borrower_ref", "loan_ref", "from_day", "until", "ended_on", "outcome")

_SINCE = (
    select(DECISION.c.id, DECISION.c.kind, DECISION.c.number, DECISION.c.payload)
    .where(DECISION.c.id > bindparam("since"))
    .order_by(DECISION.c.id)
)

Cells = Mapping[str, str | int | None]


class Exported(NamedTuple):
    """How many rows each file has, and the number to export from next time."""

    rows: Mapping[str, int]
    last: int


def write_decisions(connection: Connection, folder: Path, since: int) -> Exported:
    """Write waivers.csv, plans.csv and holds.csv of all decisions after a number; the latest state of each."""
    latest: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    last = since
    for row in connection.execute(_SINCE, {"since": since}):
        decided = json.loads(row.payload) | {"number": row.number}
        latest[row.kind, row.number, decided.get("loan_ref")] = decided
        last = row.id
    of_kind = {
        kind: [decided for key, decided in latest.items() if key[0] == kind] for kind in ("waiver", "plan", "hold")
    }
    rows = {
        "waivers.csv": _write(folder / "waivers.csv", WAIVERS.names, map(_waiver, of_kind["waiver"])),
        "plans.csv": _write(folder / "plans.csv", PLAN_COLUMNS, _plans(of_kind["plan"])),
        "holds.csv": _write(folder / "holds.csv", HOLD_COLUMNS, map(_hold, of_kind["hold"])),
    }
    return Exported(rows, last)


def _waiver(decided: Mapping[str, Any]) -> Cells:
    amount = decided["amount"]
    return {
        "waiver_ref": decided["number"],
        "portal_number": decided["number"],
        "instalment_number": decided["instalment"],
        **{name: decided[name] for name in ("loan_ref", "kind", "from_day", "to_day", "on_day", "component")},
        "amount": None if amount is None else format_major(amount, decided["currency"]),
        "reason": decided["reason"],
        "void": int(decided["void"]),
    }


def _plans(plans: Iterable[Mapping[str, Any]]) -> Iterator[Cells]:
    """A row for each payment of a plan; one row without payment where none are known."""
    for plan in plans:
        head = _hold(plan) | {"currency": plan["currency"]}
        for number, (day, amount) in enumerate(plan["payments"], start=1):
            money = format_major(amount, plan["currency"]) if plan["currency"] else amount
            yield head | {"payment": number, "due_on": day, "amount": money}
        if not plan["payments"]:
            yield head


def _hold(decided: Mapping[str, Any]) -> dict[str, str | int | None]:
    names = ("kind", "borrower_ref", "loan_ref", "from_day", "until", "ended_on", "outcome")
    return {"portal_number": decided["number"], **{name: decided[name] for name in names}}


def _write(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: guarded(value) for name, value in row.items()})
            count += 1
    return count


def guarded(value: str | int | None) -> str | int | None:
    """A cell that no spreadsheet takes for a formula; the import takes the apostrophe off again."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
