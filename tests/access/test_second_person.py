"""Four eyes: what one began another must confirm, held by the database too (ST-04, ST-07, ST-08)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from portal.access import second_person_actions, second_person_queries
from portal.access.queries import ACCOUNT, SECOND
from portal.core.refusal import Refusal
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.engines import make_engines
from portal.platform.gate import Viewer
from tests.access.conftest import NOON
from tests.make import access as make
from tests.make.access import Member


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def doors(database_url: str, clock: FixedClock) -> Iterator[Doors]:
    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.now().date())

    opened = Doors(make_engines(database_url), system, {"audit_keys": ("a" * 40,), "secret_keys": ("s" * 40,)})
    yield opened
    opened.close()


@pytest.fixture
def maker(doors: Doors) -> Member:
    return make.staff(doors, "maker", "Mia Ker")


@pytest.fixture
def checker(doors: Doors) -> Member:
    return make.staff(doors, "checker", "Che Cker")


@pytest.fixture
def asked(doors: Doors, maker: Member) -> int:
    return doors.write_as(make.staff_viewer(doors, maker), second_person_actions.ask_second_person, *ACT)


ACT = ("uphold", "4K7-2GH", "hash-1", {"amount": 2054})


def confirm(doors: Doors, member: Member, asked: int, **more: str) -> second_person_queries.Pending:
    viewer = make.staff_viewer(doors, member)
    return doors.write_as(viewer, second_person_actions.confirm_second_person, asked, **more)


def test_another_person_confirms_what_was_asked(doors: Doors, maker: Member, checker: Member, asked: int) -> None:
    waiting = doors.read_as(doors.system(), lambda c, v: second_person_queries.waiting(c, v.now, "4K7-2GH"))
    assert [(each.act, each.maker_name, each.payload) for each in waiting] == [("uphold", "Mia Ker", {"amount": 2054})]
    pending = confirm(doors, checker, asked, hash_seen="hash-1")
    assert pending.payload == {"amount": 2054}
    settled = doors.read_as(doors.system(), lambda c, v: second_person_queries.second_person(c, asked))
    assert settled is not None
    assert (settled.state, settled.checker_name) == ("confirmed", "Che Cker")
    assert doors.read_as(doors.system(), lambda c, v: second_person_queries.waiting(c, v.now)) == ()


def test_nobody_confirms_their_own_act(doors: Doors, maker: Member, asked: int) -> None:
    with pytest.raises(Refusal, match="own_act"):
        confirm(doors, maker, asked)


def test_a_second_account_of_one_person_does_not_help(doors: Doors, maker: Member, asked: int) -> None:
    with pytest.raises(Refusal, match="own_act"):
        confirm(doors, make.staff(doors, "maker2", identity="maker"), asked)


def test_what_was_seen_must_be_the_same(doors: Doors, checker: Member, asked: int) -> None:
    with pytest.raises(Refusal, match="seen_differs"):
        confirm(doors, checker, asked, hash_seen="hash-2")


def test_whoever_comes_second_learns_who_was_first(doors: Doors, checker: Member, asked: int) -> None:
    confirm(doors, checker, asked)
    with pytest.raises(Refusal, match="already_settled") as refused:
        confirm(doors, make.staff(doors, "third", "Thi Rd"), asked)
    assert refused.value.data["by"] == "Che Cker"
    assert refused.value.data["state"] == "confirmed"


def test_of_twenty_at_once_one_takes_effect(doors: Doors, asked: int) -> None:
    members = [make.staff(doors, f"checker-{n}") for n in range(4)]

    def attempt(n: int) -> bool:
        try:
            confirm(doors, members[n % 4], asked)
        except Refusal as refusal:
            return refusal.code != "already_settled"
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 1


def test_final_states_stay_final(doors: Doors, maker: Member, checker: Member, asked: int) -> None:
    doors.write_as(make.staff_viewer(doors, maker), second_person_actions.withdraw_second_person, asked)
    with pytest.raises(Refusal, match="already_settled"):
        confirm(doors, checker, asked)
    with pytest.raises(Refusal, match="already_settled"):
        doors.write_as(make.staff_viewer(doors, checker), second_person_actions.decline_second_person, asked)


def test_only_the_maker_withdraws(doors: Doors, checker: Member, asked: int) -> None:
    with pytest.raises(Refusal, match="not_maker"):
        doors.write_as(make.staff_viewer(doors, checker), second_person_actions.withdraw_second_person, asked)


def test_an_act_awaits_one_second_person_at_a_time(
    doors: Doors, maker: Member, checker: Member, asked: int, clock: FixedClock
) -> None:
    with pytest.raises(Refusal, match="already_waiting"):
        doors.write_as(make.staff_viewer(doors, checker), second_person_actions.ask_second_person, *ACT)
    clock.advance(days=5, seconds=1)
    with pytest.raises(Refusal, match="already_settled") as refused:
        confirm(doors, checker, asked)
    assert refused.value.data["state"] == "lapsed"
    doors.write_as(make.staff_viewer(doors, checker), second_person_actions.ask_second_person, *ACT)


def test_what_changed_meanwhile_is_void(doors: Doors, checker: Member, asked: int) -> None:
    """ST-06: nobody can confirm it, and voiding it again does nothing."""
    for _ in range(2):
        doors.write_as(doors.system(), second_person_actions.void_second_person, asked)
    with pytest.raises(Refusal, match="already_settled"):
        confirm(doors, checker, asked)


def test_after_declining_it_can_be_asked_anew(doors: Doors, maker: Member, checker: Member, asked: int) -> None:
    doors.write_as(make.staff_viewer(doors, checker), second_person_actions.decline_second_person, asked)
    viewer = make.staff_viewer(doors, maker)
    again = doors.write_as(viewer, second_person_actions.ask_second_person, *ACT, timedelta(days=1))
    assert again != asked


@pytest.fixture
def write(doors: Doors) -> Callable[..., None]:
    def run(statement: object) -> None:
        def execute(session: Session, _viewer: Viewer) -> None:
            session.connection().execute(statement)  # type: ignore[call-overload]

        doors.write_as(doors.system(), execute)

    return run


def test_the_database_itself_refuses_one_account_on_both_sides(
    write: Callable[..., None], maker: Member, asked: int
) -> None:
    """ST-04: direct SQL as the application's user."""
    values = {"state": "confirmed", "settled_at": NOON}
    with pytest.raises(IntegrityError):
        write(update(SECOND).where(SECOND.c.id == asked).values(checker_id=maker.id, **values))


def test_the_database_itself_refuses_two_accounts_of_one_person(
    doors: Doors, write: Callable[..., None], maker: Member, checker: Member, asked: int
) -> None:
    """ST-04: on update and on insert, and no account changes whose it is."""
    twin = make.staff(doors, "maker2", identity="maker")
    values = {"state": "confirmed", "settled_at": NOON}
    with pytest.raises(DBAPIError, match="one person"):
        write(update(SECOND).where(SECOND.c.id == asked).values(checker_id=twin.id, **values))
    whole = {
        "code": "x",
        "act": "waive",
        "object_number": "1",
        "hash_seen": "h",
        "payload": "{}",
        "asked_at": NOON,
        "expires_at": NOON,
    }
    with pytest.raises(DBAPIError, match="one person"):
        write(insert(SECOND).values(maker_id=maker.id, checker_id=twin.id, **values, **whole))
    with pytest.raises(DBAPIError, match="identity is fixed"):
        write(update(ACCOUNT).where(ACCOUNT.c.id == twin.id).values(identity="somebody else"))
    write(update(SECOND).where(SECOND.c.id == asked).values(checker_id=checker.id, **values))
