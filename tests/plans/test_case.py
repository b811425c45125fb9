"""The case of a plan before staff: rules kept, what plans of this size came to, what voids a decision."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from portal.core.refusal import Refusal
from portal.plans import counter_actions, deciding_actions, second_actions
from portal.plans.achieved_queries import LEAST_CLOSED
from portal.plans.counter_row_queries import COUNTER
from portal.plans.queries import AGREEMENT, PLAN
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, instalment, payment

Visit = Callable[..., Client]
MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def close_some(doors: Doors, number: str, kept: int, cancelled: int, due: int) -> None:
    """Closed plans of a size, copies of one that was refused."""

    def write(session: Any, viewer: Viewer) -> None:
        row = dict(session.execute(select(PLAN).where(PLAN.c.number == number)).mappings().one())
        del row["id"]
        for place in range(kept + cancelled):
            state = "kept" if place < kept else "cancelled"
            copy = row | {"number": f"C{due}-{place}", "state": state, "due": due, "ended_at": viewer.now}
            copy |= {"draft": None} if "draft" in row else {}
            session.execute(insert(PLAN).values(copy))

    doors.write_as(doors.system(), write)


def test_what_plans_of_this_size_came_to_is_said_from_thirty_on(visit: Visit, doors: Doors, cast: Cast) -> None:
    qiao = cast.staff("Qiao", "plan_approver")
    done = make.propose(doors, cast.borrower())
    make.refuse(doors, qiao, done)
    close_some(doors, done, kept=20, cancelled=LEAST_CLOSED - 21, due=2_000_00)
    close_some(doors, done, kept=50, cancelled=0, due=5_000_00)  # more than twice as much
    close_some(doors, done, kept=50, cancelled=0, due=1_000_00)  # less than half
    number = make.propose(doors, cast.borrower())
    assert make.decide_page(doors, qiao, number).achieved is None
    close_some(doors, done, kept=1, cancelled=0, due=4_000_00)
    found = make.decide_page(doors, qiao, number).achieved
    assert found is not None
    assert (found.closed, found.kept) == (30, 21)
    page = visit("Qiao", "plan_approver").get(f"/staff/plans/{number}")
    assert "Of 30 closed plans of this size 21 were kept." in page.text


def test_a_decision_keeps_the_rules_it_was_judged_by(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    agreed = make.propose(doors, lin)
    make.approve(doors, cast.staff("Qiao", "plan_approver"), agreed)
    refused = make.propose(doors, lin, monthly="270")
    make.refuse(doors, cast.staff("Shen", "supervisor"), refused)
    for row, role in zip(rows(doors, select(PLAN).order_by(PLAN.c.id)), ("plan_approver", "supervisor"), strict=True):
        kept = json.loads(row.rules)
        assert kept["products"]["Home appliances"] == {
            "effective_from": "2026-01-01",
            "freeze": True,
            "limits": {"first_payment_min": 200_00, "payment_min": 200_00, "payments_max": 6, "days_max": 180},
        }
        assert kept["roles"] == [
            {
                "role": role,
                "authority": {"waiver_max": 500_00, "waiver_day_max": 2_000_00, "plan_max": 5_000_00},
                "limits": [],
            }
        ]


@pytest.mark.parametrize(
    "changed",
    [
        {"payments": [payment("A4", "2026-04-16", "500.00")]},
        {"instalments": [instalment(3, "2026-03-05", principal="1000.00")]},
        {"payments": [payment("A3", "2026-03-20", "300.00", reversed="1")]},
    ],
)
def test_whatever_an_import_changes_voids_what_was_seen(
    doors: Doors, cast: Cast, tmp_path: Path, changed: dict[str, Any]
) -> None:
    """ST-06: alone, before a second person, and for a counter-offer."""
    number = make.propose(doors, cast.borrower())
    qiao = cast.staff("Qiao", "plan_approver")
    seen = make.decision(doors, qiao, number)
    entries = make.typed(doors, qiao, number)
    import_tables(doors, tmp_path / "second", changed)
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(qiao, deciding_actions.approve, number, seen, make.PAPER)
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(qiao, deciding_actions.refuse, number, seen.seen, "other_against", "")
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(qiao, counter_actions.counter, number, entries, seen)
    assert make.state(doors, number) == "proposed"


def test_a_second_person_confirms_nothing_on_other_figures(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """ST-06, ST-04."""
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(plan_max="2000.00"))
    number = make.propose(empty_doors, cast.borrower())
    make.approve(empty_doors, cast.staff("Qiao", "plan_approver"), number)
    shen = cast.staff("Shen", "supervisor")
    page = make.decide_page(empty_doors, shen, number)
    assert page.pending is not None
    import_tables(empty_doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "50.00")]})
    now = make.decide_page(empty_doors, shen, number)
    for seen in (page.seen, now.seen):
        with pytest.raises(Refusal, match=r"figures_changed|seen_differs"):
            empty_doors.write_as(shen, second_actions.confirm, number, seen, page.pending.code, make.PAPER)
    assert make.state(empty_doors, number) == "proposed"


def test_an_edit_of_the_plan_voids_what_awaits_a_second_person(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """ST-06: the request carries the version it was made on."""
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(plan_max="2000.00"))
    number = make.propose(empty_doors, cast.borrower())
    make.approve(empty_doors, cast.staff("Qiao", "plan_approver"), number)
    shen = cast.staff("Shen", "supervisor")
    page = make.decide_page(empty_doors, shen, number)
    assert page.pending is not None
    edit = update(PLAN).where(PLAN.c.number == number).values(version=PLAN.c.version + 1)
    empty_doors.write_as(shen, lambda session, _: session.execute(edit) and None)
    with pytest.raises(Refusal, match="figures_changed"):
        empty_doors.write_as(shen, second_actions.confirm, number, page.seen, page.pending.code, make.PAPER)


def test_outside_the_limits_is_marked_in_the_queue_and_the_case(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = make.propose(doors, cast.borrower(), monthly="270")
    staff = visit("Qiao", "plan_approver")
    queue = staff.get("/staff/plans?limits=outside")
    assert number in queue.text
    assert "Outside the limits" in queue.text
    case = staff.get(f"/staff/plans/{number}")
    assert case.text.count("Not met:") == 2
    assert "Offer 364.00 instead" in case.text


def test_of_twenty_decisions_of_every_kind_one_takes_effect(doors: Doors, cast: Cast) -> None:
    """ST-07: approving, refusing and offering another plan at once; the others are told."""
    number = make.propose(doors, cast.borrower())
    staff = [cast.staff(f"Approver {place}", "plan_approver") for place in range(MANY)]
    decided = make.decision(doors, staff[0], number, freeze=True)
    entries = make.typed(doors, staff[0], number)
    acts: list[Callable[[Viewer], str]] = [
        lambda viewer: doors.write_as(viewer, deciding_actions.approve, number, decided, make.PAPER),
        lambda viewer: doors.write_as(viewer, deciding_actions.refuse, number, decided.seen, "other_against", ""),
        lambda viewer: doors.write_as(viewer, counter_actions.counter, number, entries, decided),
    ]

    def attempt(place: int) -> str:
        try:
            return acts[place % 3](staff[place])
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    assert said.count("plan.decided") == MANY - 1, said
    (won,) = set(said) - {"plan.decided"}
    assert make.state(doors, number) == won
    assert len(rows(doors, select(AGREEMENT))) == (won == "running")
    assert len(rows(doors, select(COUNTER))) == (won == "countered")
