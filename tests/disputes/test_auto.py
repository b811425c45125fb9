"""The worker and the funds rule: what lists are told, and upholding by it where a product allows it; off at first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from portal.audit.tables import LOG
from portal.disputes import handling_actions, jobs
from portal.disputes.queries import DECISION_ROW, READING, decision, dispute
from portal.evidence import jobs as evidence_jobs
from portal.evidence import picture_sandbox
from portal.loans.product_rules import ProductRules
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.disputes.conftest import DECIDED
from tests.make import evidence as make
from tests.make.disputes import Cast, add_files, file_dispute, lin_with_authorities, statement
from tests.make.loans import Row, debit_attempt, import_tables, loan

Allow = Callable[[str], None]


def rule(value: str) -> Row:
    """Up to how much the program may uphold by itself."""
    return {"product_ref": "P1", "effective_from": "2024-01-01", "rule": "auto_uphold_max", "value": value}


@pytest.fixture
def allow(doors: Doors, tmp_path: Path) -> Allow:
    """Imports the product with this limit."""

    def imported(value: str) -> None:
        import_tables(doors, tmp_path / f"allow{value}", lin_with_authorities(product_rules=[rule(value)]))

    return imported


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    return file_dispute(doors, cast.borrower())


def send(app: Starlette, doors: Doors, cast: Cast, number: str, *files: tuple[str, bytes]) -> None:
    add_files(doors, app.state.portal.files, cast.borrower(), number, *(files or (("march.csv", statement()),)))
    jobs.note_readings(doors)


def state(doors: Doors, number: str) -> str:
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    return found.state


def noted(doors: Doors) -> list[str]:
    with doors.engines.read.connect() as connection:
        return list(connection.execute(select(READING.c.result).order_by(READING.c.id)).scalars())


def test_it_is_off_by_default(app: Starlette, doors: Doors, cast: Cast, number: str) -> None:
    assert ProductRules().auto_uphold_max == 0
    send(app, doors, cast, number)
    assert noted(doors) == ["met"]
    assert state(doors, number) == "open"


def test_met_within_the_limit_is_upheld_by_the_program(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str, clock: FixedClock, client: Client
) -> None:
    allow("50.00")
    clock.set(DECIDED)
    send(app, doors, cast, number)
    assert state(doors, number) == "decided"
    with doors.engines.read.connect() as connection:
        found = doors.read_as(doors.system(), dispute, number)
        assert found is not None
        told = decision(connection, found.id)
        actors = connection.execute(select(LOG.c.actor_kind).where(LOG.c.kind == "dispute.decided")).scalars().all()
    assert told is not None
    assert (told.outcome, told.by_program, told.amount) == ("upheld", True, 2_054)
    assert actors == ["system"]
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    page = client.get(f"/disputes/{number}").text
    assert "A program upheld this by the rule" in page
    handler = client.another()
    handler.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
    assert "the program, by the product’s rule" in handler.get(f"/staff/disputes/{number}").text


@pytest.mark.parametrize("limit", ["20.53", "0"])
def test_never_above_the_limit(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str, clock: FixedClock, limit: str
) -> None:
    allow(limit)
    clock.set(DECIDED)
    send(app, doors, cast, number)
    assert state(doors, number) == "open"


@pytest.mark.parametrize(
    "data",
    [
        statement(rent="-1900.00,1162.55").replace(b"-45.00,1158.55", b"-45.00,1117.55"),
        statement(without="2026-03-06"),
        statement(account="6217000000001111"),
        statement().replace(b"-200.00,498.95", b"-200.00,598.95"),
    ],
    ids=["not met", "cannot tell", "another account", "a signal"],
)
def test_only_what_is_met_without_a_doubt(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str, data: bytes
) -> None:
    allow("50.00")
    send(app, doors, cast, number, ("march.csv", data))
    assert state(doors, number) == "open"


def test_never_before_every_photo_is_read(
    app: Starlette,
    doors: Doors,
    cast: Cast,
    allow: Allow,
    number: str,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: True)
    monkeypatch.setattr(evidence_jobs, "read_pictures", lambda *_: 0)
    allow("50.00")
    clock.set(DECIDED)
    send(app, doors, cast, number, ("photo.jpg", make.picture(kind="JPEG")), ("march.csv", statement()))
    assert noted(doors) == ["being_read"]
    assert state(doors, number) == "open"


def test_where_the_lender_names_no_account_a_person_looks(
    app: Starlette, doors: Doors, cast: Cast, tmp_path: Path, number: str
) -> None:
    nameless = lin_with_authorities(product_rules=[rule("50.00")], loans=[loan(debit_last4="", debit_holder="")])
    import_tables(doors, tmp_path / "nameless", nameless)
    send(app, doors, cast, number)
    assert noted(doors) == ["met"]
    assert state(doors, number) == "open"


def test_a_file_of_another_case_leaves_it_to_a_person(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str
) -> None:
    allow("50.00")
    other = file_dispute(doors, cast.borrower(), 4, reason="paid")
    add_files(doors, app.state.portal.files, cast.borrower(), other, ("march.csv", statement()))
    send(app, doors, cast, number)
    assert state(doors, number) == "open"


def test_never_for_fraud_and_never_over_somebodys_work(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str
) -> None:
    allow("50.00")
    fraud = file_dispute(doors, cast.borrower(), 4, reason="not_mine")
    add_files(doors, app.state.portal.files, cast.borrower(), fraud, ("other.csv", statement(without="2026-03-01")))
    send(app, doors, cast, number)
    assert (state(doors, fraud), state(doors, number)) == ("open", "open")  # a fraud hold is on the loan


def test_what_a_handler_holds_is_theirs(app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str) -> None:
    allow("50.00")
    doors.write_as(cast.staff("Qiao Mu"), handling_actions.hold, number, True)
    send(app, doors, cast, number)
    assert state(doors, number) == "open"


def test_lists_are_told_anew_after_a_file_or_an_import(
    app: Starlette, doors: Doors, cast: Cast, number: str, tmp_path: Path
) -> None:
    assert jobs.note_readings(doors) == 1
    assert jobs.note_readings(doors) == 0
    assert noted(doors) == ["cannot_tell"]
    add_files(doors, app.state.portal.files, cast.borrower(), number, ("photo.jpg", make.picture(kind="JPEG")))
    assert jobs.note_readings(doors) == 1
    send(app, doors, cast, number)
    assert noted(doors) == ["met"]
    taken = [debit_attempt("D1", 3, "2026-03-05T08:12:00+08:00", result="collected", result_code="00")]
    import_tables(doors, tmp_path / "again", lin_with_authorities(debit_attempts=taken))
    assert jobs.note_readings(doors) == 1
    assert noted(doors) == ["not_met"]


def test_at_once_with_a_person_only_one_decides(
    app: Starlette, doors: Doors, cast: Cast, allow: Allow, number: str, clock: FixedClock
) -> None:
    allow("50.00")
    clock.set(DECIDED)
    send(app, doors, cast, number)
    send(app, doors, cast, number, ("again.csv", statement())) if state(doors, number) == "open" else None
    with doors.engines.read.connect() as connection:
        rows: Any = connection.execute(select(DECISION_ROW.c.dispute_id)).all()
    assert len(rows) == 1
