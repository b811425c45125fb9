"""`portal prove` finds settlements and questions that contradict their state, and nothing else."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from portal.platform.db import Doors
from portal.state_proofs import state_faults
from tests.databases import Databases, lent
from tests.make import settlements as make
from tests.make.disputes import Cast
from tests.make.installation import holding
from tests.make.settlements import lin_settling
from tests.plans.conftest import PROPOSED

OFFERED = (
    ("UPDATE settlement SET state = 'accepted', accepted_at = NULL", "nobody knows since when"),
    ("UPDATE settlement SET request_number = 'ZZZ-ZZZ'", "answers a question that does not know it"),
    ("UPDATE settlement_request SET settlement_number = 'ZZZ-ZZZ'", "a settlement that is not there"),
    ("UPDATE settlement_request SET state = 'refused', reason = ''", "by nobody or without a reason"),
    ("UPDATE settlement SET state = 'paid', paid_on = until, ended_at = 1", "is paid and has no letter"),
    ("UPDATE granted_alone SET object_number = 'ZZZ-ZZZ'", "was offered alone and no limit of a day knows"),
)


def no_rules() -> dict[str, list[dict[str, str]]]:
    """Only staff take anything off."""
    return lin_settling("0")


@pytest.fixture
def database_url(databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """One kind of database: the statements are tried on both by the proof of the demo."""
    yield from lent(databases_of("sqlite"), holding(no_rules, PROPOSED))


@pytest.mark.parametrize(("statement", "words"), OFFERED)
def test_what_contradicts_an_offer_is_named(doors: Doors, cast: Cast, statement: str, words: str) -> None:
    asked = make.ask(doors, cast.borrower(), 11_060_00)
    make.offer(doors, cast.staff("Qiao", "plan_approver"), asked, 10_00)
    assert doors.read_as(doors.system(), state_faults) == []
    with doors.engines.write.begin() as connection:
        connection.execute(text(statement))
    faults = doors.read_as(doors.system(), state_faults)
    assert any(words in fault for fault in faults), faults
