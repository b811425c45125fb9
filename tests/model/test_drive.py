"""Portfolios driven through propose, agree, pay, miss, cure, cancel, promise, settle: both sides agree each day.

The drill takes its size from PORTAL_TEST_LOANS (loans, 2,000 unless told otherwise) and prints its figures with `-s`.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from portal.installation import open_installation
from portal.platform.clock import FixedClock
from tests.databases import KINDS, Databases
from tests.make.installation import settings_of
from tests.model.drive import Drive, drive

LOANS = int(os.environ.get("PORTAL_TEST_LOANS") or 2_000)
BATCHES = 10
PEOPLE, DAYS = 8, 50
"""Of a portfolio of the drill; one person in seven has two loans."""

REACHED = (
    *("plan kept", "plan cancelled", "plan replaced", "promise kept", "promise broken", "promise partly_kept"),
    *("settlement paid", "settlement lapsed", "proposal lapsed", "proposal withdrawn"),
)
"""What every batch of 100 loans and more must come to, or the drive looks at too little."""


@pytest.mark.parametrize(("kind", "seed"), [("sqlite", 28), ("sqlite", 36), ("postgresql", 29)])
def test_portal_and_model_agree_on_every_day(
    databases_of: Callable[[str], Databases], tmp_path: Path, kind: str, seed: int
) -> None:
    driven = driven_on(databases_of(kind), tmp_path, seed, people=4, days=40)
    assert driven.found == []
    assert driven.compared["strikes"]
    assert driven.compared["the settlement's amount"]


@pytest.mark.drill
@pytest.mark.parametrize("batch", range(BATCHES))
def test_portal_and_model_agree_on_thousands_of_loans(
    databases_of: Callable[[str], Databases], tmp_path: Path, batch: int
) -> None:
    found: list[str] = []
    compared, done = Counter[str](), Counter[str]()
    loans, begun = 0, time.process_time()
    for seed in count(10_000 + 1_000 * batch):
        if loans >= LOANS / BATCHES:
            break
        # One portfolio in ten on PostgreSQL: what is decided is the same, and the server takes its time.
        driven = driven_on(databases_of(KINDS[seed % 10 == 0]), tmp_path / str(seed), seed, PEOPLE, DAYS)
        found += [f"seed {seed}: {line}" for line in driven.found]
        compared += driven.compared
        done += driven.done
        loans += sum(len(person.books) for person in driven.world.people)
    took = time.process_time() - begun
    sys.stdout.write(
        f"\n{loans} loans, {loans * DAYS} days of a loan, {compared.total()} comparisons in {took:.0f} s of CPU time\n"
        f"compared: {dict(compared.most_common())}\nended: {dict(sorted(done.items()))}\n"
    )
    assert found == []
    assert loans < 100 or not [each for each in REACHED if not done[each]]


def driven_on(databases: Databases, folder: Path, seed: int, people: int, days: int) -> Drive:
    """One portfolio in a database of its own."""
    url = databases.create()
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    folder.mkdir(exist_ok=True)
    portal = open_installation(settings_of(url, folder / "data"), clock)
    try:
        return drive(portal, clock, folder, seed, people, days)
    finally:
        portal.doors.close()
        databases.drop(url)
