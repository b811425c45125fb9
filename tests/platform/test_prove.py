"""`portal prove` finds what was damaged past the portal, and nothing where nothing was (MO-13)."""

import itertools
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.demo import people
from portal.demo.commands import run_demo
from portal.disputes import filing_actions
from portal.evidence import actions as evidence
from portal.installation import Installation, open_installation
from portal.platform.clock import FixedClock
from portal.promises import actions as promises
from portal.promises import queries as promise_queries
from portal.prove import PROOFS, prove
from tests.make import disputes, plans
from tests.make.disputes import Cast
from tests.make.evidence import picture
from tests.platform.toy import settings_of

DAMAGE = (
    (
        "audit log",
        "UPDATE audit_log SET payload = '{}' WHERE id = (SELECT max(id) FROM audit_log)",
        "row ",
    ),
    ("messages", "UPDATE outbox SET ended_at = NULL WHERE state = 'sent'", "has no end"),
    (
        "messages",
        "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE id = (SELECT min(id) FROM outbox)",
        "was being sent for over an hour",
    ),
    (
        "messages",
        "UPDATE outbox SET state = 'pending', sealed_text = NULL WHERE id = (SELECT max(id) FROM outbox)",
        "has no words",
    ),
    (
        "requests",
        "INSERT INTO idempotency (actor, action, key, payload, recorded_at) VALUES ('a', 'b', 'c', 'd', 1)",
        "1 forms were taken and have no result",
    ),
    (
        "files",
        "UPDATE evidence_file SET sha256 = replace(sha256, substr(sha256, 1, 1), '_')",
        "is not the one that was sent",
    ),
    ("cases", "UPDATE hold SET ended_at = 1 WHERE kind = 'dispute'", "is open and holds nothing"),
    ("cases", "UPDATE dispute SET state = 'decided'", "is decided and has no decision"),
    ("cases", "UPDATE hold SET ended_at = NULL WHERE kind = 'dispute'", "is over and still holds"),
    ("cases", "UPDATE plan SET state = 'running'", "runs and has no agreement"),
    ("cases", "UPDATE hold SET ended_at = 1 WHERE kind = 'promise'", "runs and holds nothing"),
    ("cases", "UPDATE plan SET state = 'evaluated'", "without a trace"),
    ("states", "UPDATE promise SET state = 'being_verified'", "no word about a payment waits"),
    ("states", "UPDATE plan SET state = 'countered'", "no counter-offer stands"),
    ("states", "UPDATE plan SET drafted_by = (SELECT min(id) FROM staff_account)", "nobody confirmed it"),
    ("cases", "UPDATE dispute SET number = 'ZZZ-ZZZ'", "was opened and the audit log does not know"),
)
COMPLAINTS = (
    ("UPDATE complaint SET words = words || '.'", "is not what was sent"),
    ("UPDATE complaint SET state = 'answered'", "has an answer and its state says otherwise"),
    ("UPDATE staff_role SET until_at = 1 WHERE role = 'supervisor'", "every supervisor is shut out"),
)
UNGUARD = {
    "sqlite": "DROP TRIGGER audit_log_no_update",
    "postgresql": "DROP TRIGGER audit_log_no_change ON audit_log",
}


@pytest.fixture
def portal(tmp_path: Path, database_url: str, clock: FixedClock) -> Iterator[Installation]:
    """The demo portfolio with one uploaded file."""
    opened = open_installation(settings_of(tmp_path, database_url), clock)
    with redirect_stdout(StringIO()):
        assert run_demo(opened.doors, opened.settings) == 0
    kept = evidence.keep(opened.files, "slip.png", picture())
    viewer = opened.doors.system()
    opened.doors.write_as(viewer, evidence.take_upload, kept, case_kind="draft", case_number="4K7-2GH", person_id=1)
    lin = Cast(opened.doors).borrower(people.LIN_YI.ref)
    code = disputes.loan_code(opened.doors, lin, "DEMO-JD-0718")
    opened.doors.write_as(lin, filing_actions.open_dispute, code, 3, disputes.filing(opened.doors, lin, code))
    other = Cast(opened.doors).borrower(people.LIN_YI_IN_ENGLISH.ref)
    plans.propose(opened.doors, other)
    about = opened.doors.read_as(other, promise_queries.new_page).choices[0].code
    given = promises.Given(about, 100_00, opened.doors.system().today, "transfer")
    opened.doors.write_as(other, promises.make_promise, given)
    yield opened
    opened.doors.close()


def told(portal: Installation) -> tuple[int, list[str]]:
    """How many faults there are, and what is said of them."""
    lines: list[str] = []
    return prove(portal, lines.append), lines


def damage(portal: Installation, statement: str) -> None:
    """Change the database as only somebody past the portal can."""
    with portal.doors.engines.write.begin() as connection:
        connection.execute(text(statement))


def test_what_was_damaged_is_named(portal: Installation) -> None:
    faults, lines = told(portal)
    assert (faults, lines) == (0, [f"{name}: ok" for name, _ in PROOFS])
    damage(portal, UNGUARD[portal.doors.engines.kind])
    assert len(DAMAGE) >= 10
    for name, statement, words in DAMAGE:
        damage(portal, statement)
        faults, lines = told(portal)
        at = next(place for place, line in enumerate(lines) if line.startswith(f"{name}: "))
        after = itertools.takewhile(lambda line: line.startswith("  "), lines[at + 1 :])
        assert any(words in line for line in after), (name, words, lines)


@pytest.mark.parametrize(("statement", "words"), COMPLAINTS)
def test_what_is_wrong_with_a_complaint_is_named(portal: Installation, statement: str, words: str) -> None:
    damage(portal, statement)
    faults, lines = told(portal)
    assert faults == 1
    assert words in lines[lines.index("complaints: 1 wrong") + 1]


def test_a_lost_file_is_named(portal: Installation) -> None:
    for key in list(portal.files.keys()):
        portal.files.delete(key)
    faults, lines = told(portal)
    assert faults == 1
    assert any("is missing" in line for line in lines)
