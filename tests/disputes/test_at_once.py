"""Two acts at once on one dispute, or on two of one instalment: what stands, and what the loser is told."""

from sqlalchemy import select
from starlette.applications import Starlette

from portal.disputes import deciding_actions, thread_actions
from portal.disputes.filing_actions import Filing
from portal.disputes.filing_queries import new_page
from portal.disputes.ticks import Ticks
from portal.evidence import actions as evidence
from portal.evidence.queries import FILE
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.disputes.conftest import DECIDED
from tests.make.between import between, on_postgresql
from tests.make.disputes import Cast, choice, file_dispute, filing, loan_code

pytestmark = on_postgresql


def test_a_file_comes_while_the_dispute_is_decided(app: Starlette, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    """It is kept as long as the case, and not for ever (EV-17)."""
    lin, qiao = cast.borrower(), cast.staff("Qiao Mu")
    number = file_dispute(doors, lin)
    clock.set(DECIDED)
    kept = evidence.keep(app.state.portal.files, "slip.csv", b"date,description,amount,balance\n")
    sent = Filing(Ticks(), "", "", "", consent="I agree.", uploads=(kept,))
    chosen = choice(doors, qiao, number)

    def add() -> str:
        return doors.write_as(lin, thread_actions.add, number, sent)

    def decide() -> str:
        return doors.write_as(qiao, deciding_actions.decide, number, chosen)

    assert between(doors, "dispute_consent", add, decide) == (number, "decided")
    with doors.engines.read.connect() as connection:
        assert connection.scalars(select(FILE.c.delete_after)).one() is not None


def test_two_disputes_of_one_instalment_are_decided(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    """ST-06, ST-07: the later one is decided on figures that are no more, and is shown anew."""
    lin = cast.borrower()
    code = loan_code(doors, lin)
    page = doors.read_as(lin, new_page, code, 3, Ticks())
    assert page is not None
    nights = [stretch.span.name for stretch in page.offered if not stretch.inside]
    numbers = [
        file_dispute(doors, lin, ticks=Ticks((name,)), seen=filing(doors, lin, code).seen) for name in nights[:2]
    ]
    clock.set(DECIDED)
    staff = [cast.staff(name) for name in ("Qiao Mu", "Bai Lu")]
    chosen = [choice(doors, who, number) for who, number in zip(staff, numbers, strict=True)]

    def decide(place: int) -> str:
        return doors.write_as(staff[place], deciding_actions.decide, numbers[place], chosen[place])

    both = between(doors, "FROM granted_alone", lambda: decide(0), lambda: decide(1))
    assert sorted(both) == ["decided", "figures_changed"]
    again = choice(doors, staff[1], numbers[1])
    assert doors.write_as(staff[1], deciding_actions.decide, numbers[1], again) == "decided"
