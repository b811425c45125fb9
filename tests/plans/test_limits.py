"""Limits as dated rules: imported or changed by two supervisors, kept as history, and kept with each decision."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.loans import limits_queries as stored
from portal.loans.tables import PlanLimit, table_of
from portal.plans import limits_actions, limits_queries
from portal.plans.limits_facts import Change, LimitKey
from portal.plans.limits_queries import LIMIT_CHANGE
from portal.plans.queries import PLAN
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import Row, import_tables

Visit = Callable[..., Client]
TODAY = date(2026, 4, 17)
MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def role_limit(**given: str) -> Row:
    """An approver may agree alone to six payments, and stop no penalty."""
    return {
        "product_ref": "P1",
        "role": "plan_approver",
        "effective_from": "2026-01-01",
        "first_payment_min": "0",
        "payment_min": "0",
        "payments_max": "6",
        "days_max": "366",
        "waiver_max": "0",
        "freeze": "0",
    } | given


def key_of(doors: Doors, kind: str, role: str = "") -> LimitKey:
    """A limit of the only product."""
    (product,) = doors.read_as(doors.system(), stored.products)
    return LimitKey(kind, None if kind == "authority" else product.id, role, "CNY")


def change(doors: Doors, key: LimitKey, day: date = TODAY, **after: int | bool) -> Change:
    """A change as the form would send it."""

    def read(connection: Any, _viewer: Viewer) -> Any:
        return limits_queries.values_on(connection, key, day)

    before = doors.read_as(doors.system(), read)
    return Change(key, day, before, {**before, **after})


def make_change(doors: Doors, cast: Cast, made: Change) -> str:
    """A change that two supervisors agree to."""
    number = doors.write_as(cast.staff("Shen", "supervisor"), limits_actions.propose_change, made)
    return doors.write_as(cast.staff("He", "supervisor"), limits_actions.confirm_change, number, made.mark)


def test_changed_by_two_it_counts_from_its_day(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    key = key_of(doors, "product")
    day = TODAY + timedelta(days=2)
    number = make_change(doors, cast, change(doors, key, day, payments_max=3, freeze=False))
    assert make.new_page(doors, cast.borrower(), make.answers()).passed
    clock.advance(days=2)
    page = make.new_page(doors, cast.borrower(), make.answers())
    assert not page.passed
    assert page.frozen is None
    (kept,) = rows(doors, select(LIMIT_CHANGE))
    assert kept.number == number
    assert json.loads(kept.before)["payments_max"] == 6
    assert json.loads(kept.after) == {
        "first_payment_min": 200_00,
        "payment_min": 200_00,
        "payments_max": 3,
        "days_max": 180,
        "freeze": False,
    }
    limit = table_of(PlanLimit)
    versions = rows(doors, select(limit.c.effective_from, limit.c.payments_max, limit.c.superseded_at))
    assert [(row[0], row[1], row[2]) for row in versions] == [(date(2026, 1, 1), 6, None), (day, 3, None)]
    assert "plans.limits_changed" in [row.kind for row in rows(doors, select(LOG.c.kind))]


def test_a_second_change_of_a_day_keeps_the_first_as_history(doors: Doors, cast: Cast) -> None:
    key = key_of(doors, "product")
    make_change(doors, cast, change(doors, key, payments_max=3))
    make_change(doors, cast, change(doors, key, payments_max=4))
    limit = table_of(PlanLimit)
    versions = rows(doors, select(limit).order_by(limit.c.id))
    assert [(row.payments_max, row.superseded_at is None) for row in versions] == [(6, True), (3, False), (4, True)]


def test_an_import_after_it_changes_only_its_own_day(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    key = key_of(doors, "product")
    make_change(doors, cast, change(doors, key, payments_max=3))
    import_tables(doors, tmp_path / "again", make.lin_with_limits())
    assert change(doors, key).before["payments_max"] == 3
    import_tables(doors, tmp_path / "new", {"plan_limits": [make.plan_limit(effective_from="2026-04-17")]})
    assert change(doors, key).before["payments_max"] == 6


def test_who_proposed_cannot_confirm_and_only_what_was_seen_counts(doors: Doors, cast: Cast) -> None:
    """ST-04, ST-06: another person, and exactly what was shown."""
    shen, he = cast.staff("Shen", "supervisor"), cast.staff("He", "supervisor")
    made = change(doors, key_of(doors, "authority", "plan_approver"), plan_max=1)
    number = doors.write_as(shen, limits_actions.propose_change, made)
    with pytest.raises(Refusal, match="own_act"):
        doors.write_as(shen, limits_actions.confirm_change, number, made.mark)
    with pytest.raises(Refusal, match="seen_differs"):
        doors.write_as(he, limits_actions.confirm_change, number, "0" * 64)
    with pytest.raises(Refusal, match="not_maker"):
        doors.write_as(he, limits_actions.take_back_change, number)
    doors.write_as(he, limits_actions.decline_change, number)
    with pytest.raises(Refusal, match="unknown_act"):
        doors.write_as(he, limits_actions.confirm_change, number, made.mark)
    assert rows(doors, select(LIMIT_CHANGE)) == []


@pytest.mark.parametrize(
    ("days", "after", "code"),
    [(-1, {"payments_max": 3}, "limits.past"), (0, {}, "limits.same")],
)
def test_what_cannot_be_proposed(doors: Doors, cast: Cast, days: int, after: dict[str, int], code: str) -> None:
    made = change(doors, key_of(doors, "product"), TODAY + timedelta(days=days), **after)
    with pytest.raises(Refusal) as refused:
        doors.write_as(cast.staff("Shen", "supervisor"), limits_actions.propose_change, made)
    assert refused.value.code == code


def test_overtaken_or_too_late_it_cannot_be_confirmed(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    key = key_of(doors, "product")
    shen, he = cast.staff("Shen", "supervisor"), cast.staff("He", "supervisor")
    first, other = change(doors, key, payments_max=3), change(doors, key, payments_max=4)
    one, two = (doors.write_as(shen, limits_actions.propose_change, each) for each in (first, other))
    doors.write_as(he, limits_actions.confirm_change, one, first.mark)
    with pytest.raises(Refusal, match=r"limits\.changed"):
        doors.write_as(he, limits_actions.confirm_change, two, other.mark)
    third = change(doors, key, payments_max=5)
    late = doors.write_as(shen, limits_actions.propose_change, third)
    clock.advance(days=1)
    with pytest.raises(Refusal, match=r"limits\.past|already_settled|unknown_act"):
        doors.write_as(cast.staff("He", "supervisor"), limits_actions.confirm_change, late, third.mark)
    assert len(rows(doors, select(LIMIT_CHANGE))) == 1


def test_of_twenty_confirmations_one_takes_effect(doors: Doors, cast: Cast) -> None:
    """ST-07."""
    made = change(doors, key_of(doors, "product"), payments_max=3)
    number = doors.write_as(cast.staff("Shen", "supervisor"), limits_actions.propose_change, made)
    others = [cast.staff(f"Supervisor {place}", "supervisor") for place in range(MANY)]

    def attempt(viewer: Viewer) -> str:
        try:
            return doors.write_as(viewer, limits_actions.confirm_change, number, made.mark)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, others))
    assert sorted(said) == sorted([number] + ["already_settled"] * (MANY - 1))
    assert len(rows(doors, select(LIMIT_CHANGE))) == 1


def test_a_role_s_own_limits_ask_for_a_second_person(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(role_limits=[role_limit(payments_max="5")]))
    number = make.propose(empty_doors, cast.borrower())
    assert make.approve(empty_doors, cast.staff("Qiao", "plan_approver"), number) == "waiting"
    assert make.approve(empty_doors, cast.staff("Shen", "supervisor"), number) == "running"
    (plan,) = rows(empty_doors, select(PLAN))
    (judged,) = json.loads(plan.rules)["roles"]
    assert (judged["role"], judged["limits"]) == ("supervisor", [])


@pytest.mark.parametrize(
    ("limit", "freeze", "alone"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"freeze": "1", "waiver_max": "96.93"}, True, True),
        ({"freeze": "1", "waiver_max": "96.92"}, True, False),
        ({"days_max": "178"}, False, True),
        ({"days_max": "177"}, False, False),
        ({"first_payment_min": "364.01"}, False, False),
        ({"payment_min": "364.00"}, False, True),
        ({"payment_min": "364.01"}, False, False),
    ],
)
def test_each_limit_of_a_role_binds(
    empty_doors: Doors, cast: Cast, tmp_path: Path, limit: dict[str, str], freeze: bool, alone: bool
) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(role_limits=[role_limit(**limit)]))
    number = make.propose(empty_doors, cast.borrower())
    page = make.decide_page(empty_doors, cast.staff("Qiao", "plan_approver"), number)
    assert page.within_authority(freeze) == alone


def test_an_authority_that_was_lowered_binds_at_once(doors: Doors, cast: Cast) -> None:
    """ST-05: judged when it is done, not when it was asked."""
    number = make.propose(doors, cast.borrower())
    make_change(doors, cast, change(doors, key_of(doors, "authority", "plan_approver"), plan_max=2_086_90))
    assert make.approve(doors, cast.staff("Qiao", "plan_approver"), number) == "waiting"


def test_a_supervisor_changes_a_limit_on_the_page_and_another_confirms(visit: Visit, doors: Doors) -> None:
    shen, he = visit("Shen", "supervisor"), visit("He", "supervisor")
    page = shen.get("/staff/limits")
    assert page.status_code == 200
    assert "Home appliances" in page.text
    key = key_of(doors, "product")
    form = shen.get(f"/staff/limits/new?kind=product&product={key.product_id}")
    assert 'value="200.00"' in form.text
    wrong = shen.submit(form, {"payments_max": "0", "effective_from_day": "18"}, "/new")
    assert wrong.status_code == 422
    day = {"effective_from_day": "18", "effective_from_month": "4", "effective_from_year": "2026"}
    sent = shen.submit(form, {"payments_max": "9", "payment_min": "100", **day}, "/new")
    assert sent.status_code == 303
    place = sent.headers["location"]
    assert "Take it back" in shen.get(place).text
    assert place in he.get("/staff/second").text
    seen = he.get(place)
    for words in ("100.00", "200.00", "9", "18 April 2026", "Begun by Shen"):
        assert words in seen.text, words
    assert he.submit(seen, {"answer": "confirm"}, place).status_code == 303
    assert "confirmed by He" in he.get(place).text
    after = he.get("/staff/limits")
    assert "to come" in after.text
    assert "confirmed by He" in after.text
    fresh = shen.get(f"/staff/limits/new?kind=product&product={key.product_id}")
    past = shen.submit(fresh, {**day, "effective_from_day": "16", "payments_max": "8"}, "/new")
    assert past.status_code == 422
    assert "a day that has passed" in past.text


@pytest.mark.parametrize("role", ["plan_approver", "dispute_handler", "auditor", "administrator"])
def test_only_supervisors_change_limits(visit: Visit, doors: Doors, role: str) -> None:
    staff = visit(f"{role}-1", role)
    assert staff.get("/staff/limits").status_code == (403 if role == "administrator" else 200)
    assert staff.get("/staff/limits/new?kind=authority&role=supervisor&currency=CNY").status_code == 403
    assert visit("B1").get("/staff/limits").status_code in {303, 401, 403}


def test_what_there_is_not_is_not_found(visit: Visit) -> None:
    staff = visit("Shen", "supervisor")
    for path in ("/staff/limits/XXX-XXX", "/staff/limits/new", "/staff/limits/new?kind=product&product=99"):
        assert staff.get(path).status_code == 404, path
