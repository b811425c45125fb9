"""Acts on loans: applying an import, holds, and waivers. Each decision writes its row for `portal export`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.interactions import Part
from portal.core.refusal import Refusal
from portal.loans import live_rows
from portal.loans.applying import Apply
from portal.loans.checking import Count
from portal.loans.events import (
    AmountWaived,
    DaysWaiverEnded,
    HoldEnded,
    HoldOpened,
    ImportApplied,
    NightsWaived,
    WaiverVoided,
)
from portal.loans.facts import LOAN, LOAN_VERSION, WAIVER
from portal.loans.intake import File
from portal.loans.staging import Staging
from portal.loans.tables import DecisionExport, Hold, ImportRun, LoanParty, Person, table_of
from portal.platform.gate import Viewer
from portal.platform.numbers import new_number

HOLD, PARTY, PERSON = table_of(Hold), table_of(LoanParty), table_of(Person)
DECISION, IMPORT_RUN = table_of(DecisionExport), table_of(ImportRun)

_LOAN = (
    select(LOAN.c.ref, LOAN_VERSION.c.currency)
    .select_from(LOAN.join(LOAN_VERSION, LOAN_VERSION.c.loan_id == LOAN.c.id))
    .where(LOAN.c.id == bindparam("loan_id"), LOAN_VERSION.c.superseded_at.is_(None))
)
_PERSON_REF = select(PERSON.c.ref).where(PERSON.c.id == bindparam("person_id"))
_OPEN_HOLDS = select(HOLD).where(HOLD.c.number == bindparam("number"), HOLD.c.ended_at.is_(None))
_WAIVER = select(WAIVER).where(WAIVER.c.ref == bindparam("ref"), WAIVER.c.superseded_at.is_(None))
_WAIVERS_OF_CASE = select(WAIVER.c.ref).where(
    WAIVER.c.case_number == bindparam("number"), WAIVER.c.superseded_at.is_(None), WAIVER.c.void.is_(False)
)


# Imports


def hold_loans(session: Session, *loan_ids: int) -> None:
    """Let nobody else promise, plan, settle, file or decide anything on these loans until this transaction ends.

    What is judged is read after it: each statement sees what was committed by then. An import goes on meanwhile.
    """
    _hold(session, LOAN.c.id.in_(loan_ids))


def hold_loans_of(session: Session, person_id: int) -> None:
    """Hold every loan that a person is or was a party of, as `hold_loans` does."""
    _hold(session, LOAN.c.id.in_(select(PARTY.c.loan_id).where(PARTY.c.person_id == person_id)))


def _hold(session: Session, which: ColumnElement[bool]) -> None:
    # In one order, so that two that hold several do not wait for each other; and not against the mere mention of a
    # loan in a new row, or whoever holds several would wait for an import in a circle.
    held = select(LOAN.c.id).where(which).order_by(LOAN.c.id).with_for_update(key_share=True)
    session.connection().execute(held).all()


def hold_person(session: Session, person_id: int) -> None:
    """Let one act of a person at a time be judged: a code, a link, a draft. It is taken before any loan is held."""
    session.execute(select(PERSON.c.id).where(PERSON.c.id == person_id).with_for_update(key_share=True))


def apply_import(
    session: Session,
    viewer: Viewer,
    staging: Staging,
    files: Sequence[File],
    *,
    after: int,
    data_date: date,
    counts: Mapping[str, Count],
    now: Callable[[], datetime],
) -> int:
    """Write a checked import; its number. Refusal `import.overtaken` if another one came between.

    `now` is asked again at the end: until then nobody saw the rows (facts.py, known_at).
    """
    connection = session.connection()
    if live_rows.last_run(connection)[0] != after:
        raise Refusal("import.overtaken")
    run = {"previous_id": after, "data_date": data_date, "started_at": viewer.now, "applied_at": viewer.now}
    summary = json.dumps({name: _summary(count) for name, count in counts.items()}, sort_keys=True)
    import_id = connection.execute(
        insert(IMPORT_RUN).values(**run, summary=summary).returning(IMPORT_RUN.c.id)
    ).scalar_one()
    Apply(connection, staging, import_id, viewer.now).run(files)
    connection.execute(update(IMPORT_RUN).where(IMPORT_RUN.c.id == import_id).values(applied_at=now()))
    audit.record(session, viewer, _import_event(import_id, data_date, counts, staging.count_problems()))
    return int(import_id)


def _summary(count: Count) -> dict[str, int]:
    return {"new": count.new, "changed": count.changed, "same": count.same, "confirmed": count.confirmed}


def _import_event(import_id: int, data_date: date, counts: Mapping[str, Count], rejected: int) -> ImportApplied:
    return ImportApplied(
        import_id,
        data_date,
        sum(count.new for count in counts.values()),
        sum(count.changed for count in counts.values()),
        sum(count.confirmed for count in counts.values()),
        rejected,
    )


# Holds


def open_hold(
    session: Session,
    viewer: Viewer,
    *,
    kind: str,
    loan_id: int | None,
    person_id: int,
    from_day: date,
    until: date | None,
    number: str,
    path: str,
    parts: Sequence[Part] = (),
    data: Mapping[str, Any] | None = None,
    outcome: str = "",
) -> int:
    """Note what is pending on a loan, or without one on a person and all loans of that person; the hold's id.

    A plan's `data` has `payments`: [day, amount] in minor units, which `portal export` writes. `outcome` is what the
    lender's system is told already, such as `paid` of a settlement that stays noted until the loan is closed.
    """
    row = {
        "kind": kind,
        "loan_id": loan_id,
        "person_id": person_id,
        "from_day": from_day,
        "until": until,
        "number": number,
        "path": path,
        "parts": _json([[part.instalment, part.from_day, part.to_day, part.kind] for part in parts]),
        "data": _json(dict(data or {})),
        "recorded_at": viewer.now,
    }
    hold_id = session.connection().execute(insert(HOLD).values(row).returning(HOLD.c.id)).scalar_one()
    _export_hold(session, viewer, row, outcome)
    audit.record(session, viewer, HoldOpened(number, kind, loan_id, person_id, from_day, until))
    return int(hold_id)


def end_hold(session: Session, viewer: Viewer, number: str, on_day: date, outcome: str = "") -> int:
    """End everything that is pending under a number; how many holds that were.

    `outcome` says how, for the lender's system: of a plan `kept`, `cancelled` or `replaced`.
    """
    connection = session.connection()
    holds = connection.execute(_OPEN_HOLDS, {"number": number}).mappings().all()
    for hold in holds:
        guard = (HOLD.c.id == hold["id"]) & HOLD.c.ended_at.is_(None)
        connection.execute(update(HOLD).where(guard).values(ended_on=on_day, ended_at=viewer.now))
        _export_hold(session, viewer, dict(hold) | {"ended_on": on_day}, outcome)
    if holds:
        audit.record(session, viewer, HoldEnded(number, on_day, outcome))
    return len(holds)


def open_parts(session: Session, number: str) -> tuple[Part, ...]:
    """The parts of what is pending under a number, so that it can be noted anew with another day."""
    rows = session.connection().execute(_OPEN_HOLDS, {"number": number}).mappings().all()
    day = date.fromisoformat
    return tuple(
        Part(instalment, day(start) if start else None, day(end) if end else None, kind)
        for row in rows
        for instalment, start, end, kind in json.loads(row["parts"])
    )


def _export_hold(session: Session, viewer: Viewer, hold: Mapping[str, Any], outcome: str) -> None:
    if hold["kind"] in {"proposal", "refund"}:
        return
    ref, currency = _loan(session, hold["loan_id"]) if hold["loan_id"] is not None else (None, None)
    borrower = session.connection().execute(_PERSON_REF, {"person_id": hold["person_id"]}).scalar_one()
    payload = {
        "kind": hold["kind"],
        "borrower_ref": borrower,
        "loan_ref": ref,
        "currency": currency,
        "from_day": hold["from_day"],
        "until": hold["until"],
        "ended_on": hold.get("ended_on"),
        "outcome": outcome,
        "payments": json.loads(hold["data"]).get("payments", []),
    }
    _export(session, viewer, "plan" if hold["kind"] == "plan" else "hold", hold["number"], payload)


# Waivers


def waive_nights(
    session: Session,
    viewer: Viewer,
    *,
    loan_id: int,
    instalment: int | None,
    from_day: date,
    to_day: date | None,
    cause: str,
    number: str,
) -> str:
    """The nights ending on these days, both included, cost nothing; no end is open. The waiver's reference."""
    if to_day is not None and to_day < from_day:
        raise ValueError("a waiver ends before it begins")
    portal_number = new_number()
    row = _new_waiver(portal_number, loan_id, instalment, cause, number)
    _write_waiver(session, viewer, row | {"kind": "days", "from_day": from_day, "to_day": to_day})
    event = NightsWaived(portal_number, loan_id, instalment, from_day, to_day, cause, number)
    audit.record(session, viewer, event)
    return portal_number


def waive_amount(
    session: Session,
    viewer: Viewer,
    *,
    loan_id: int,
    instalment: int | None,
    on_day: date,
    amount: int,
    cause: str,
    number: str,
    component: str = "penalty",
) -> str:
    """Less is asked for of one component from a day on, by an amount in minor units. The waiver's reference."""
    if amount <= 0:
        raise ValueError("a waiver is of more than nothing")
    portal_number = new_number()
    row = _new_waiver(portal_number, loan_id, instalment, cause, number)
    dated = {"kind": "amount", "on_day": on_day, "amount": amount, "component": component}
    _write_waiver(session, viewer, row | dated)
    event = AmountWaived(portal_number, loan_id, instalment, on_day, amount, component, cause, number)
    audit.record(session, viewer, event)
    return portal_number


def end_days_waiver(session: Session, viewer: Viewer, *, ref: str, to_day: date) -> None:
    """A waiver of nights now ends on a day: a new version. Ending before it began makes it void.

    LookupError if no such waiver is in force.
    """
    connection = session.connection()
    before = connection.execute(_WAIVER, {"ref": ref}).mappings().first()
    if before is None or before["kind"] != "days":
        raise LookupError(f"no waiver of days {ref!r}")
    guard = (WAIVER.c.id == before["id"]) & WAIVER.c.superseded_at.is_(None)
    connection.execute(update(WAIVER).where(guard).values(superseded_at=viewer.now))
    row = {name: value for name, value in before.items() if name not in {"id", "superseded_at"}}
    changed = {"void": True} if to_day < row["from_day"] else {"to_day": to_day}
    _write_waiver(session, viewer, row | changed)
    audit.record(session, viewer, DaysWaiverEnded(ref, to_day, row["case_number"] or ref))


def void_waiver(session: Session, viewer: Viewer, *, ref: str) -> None:
    """A waiver counts as never written, since what it rested on is gone: a new version, exported like the first.

    LookupError if no such waiver is in force.
    """
    connection = session.connection()
    before = connection.execute(_WAIVER, {"ref": ref}).mappings().first()
    if before is None or before["void"]:
        raise LookupError(f"no waiver {ref!r}")
    guard = (WAIVER.c.id == before["id"]) & WAIVER.c.superseded_at.is_(None)
    connection.execute(update(WAIVER).where(guard).values(superseded_at=viewer.now))
    row = {name: value for name, value in before.items() if name not in {"id", "superseded_at"}}
    _write_waiver(session, viewer, row | {"void": True})
    audit.record(session, viewer, WaiverVoided(ref, row["case_number"] or ref))


def waivers_of_case(session: Session, number: str) -> list[str]:
    """The references of what a dispute or plan has waived so far."""
    return list(session.connection().execute(_WAIVERS_OF_CASE, {"number": number}).scalars())


def _new_waiver(portal_number: str, loan_id: int, instalment: int | None, cause: str, number: str) -> dict[str, Any]:
    return {
        "ref": portal_number,
        "portal_number": portal_number,
        "case_number": number,
        "loan_id": loan_id,
        "instalment": instalment,
        "from_day": None,
        "to_day": None,
        "on_day": None,
        "amount": None,
        "reason": cause,
        "component": "penalty",
        "void": False,
        "digest": 0,
        "import_id": None,
    }


def _write_waiver(session: Session, viewer: Viewer, row: dict[str, Any]) -> None:
    session.connection().execute(insert(WAIVER).values(row | {"recorded_at": viewer.now}))
    loan_ref, currency = _loan(session, row["loan_id"])
    exported = ("instalment", "kind", "from_day", "to_day", "on_day", "amount", "reason", "component", "void")
    payload = {name: row[name] for name in exported} | {"loan_ref": loan_ref, "currency": currency}
    _export(session, viewer, "waiver", row["portal_number"], payload)


def _export(session: Session, viewer: Viewer, kind: str, number: str, payload: Mapping[str, Any]) -> None:
    row = {"kind": kind, "number": number, "payload": _json(payload), "recorded_at": viewer.now}
    session.connection().execute(insert(DECISION).values(row))


def _loan(session: Session, loan_id: int) -> tuple[str, str]:
    row = session.connection().execute(_LOAN, {"loan_id": loan_id}).one()
    return row.ref, row.currency


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=date.isoformat)
