"""Text messages leave once: whatever dies on the way, none is lost, none is sent twice unawares (MO-11)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlmodel import Session

from portal.loans.tables import ContactPoint, Person, table_of
from portal.platform import outbox
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.platform.conftest import SECRET


def queue(session: Session, viewer: Viewer, count: int = 1, asked_for: bool = True) -> list[int]:
    """So many messages to one person."""
    person = session.execute(
        insert(table_of(Person)).values(ref="B1", code="b1", created_at=viewer.now).returning(table_of(Person).c.id)
    ).scalar_one()
    number = session.execute(
        insert(table_of(ContactPoint))
        .values(person_id=person, kind="mobile", value="+8613800138000", recorded_at=viewer.now)
        .returning(table_of(ContactPoint).c.id)
    ).scalar_one()
    return [
        outbox.enqueue(
            session,
            kind="sms.code",
            person_id=person,
            contact_point_id=number,
            language="zh",
            data={"code": "123456"},
            now=viewer.now,
            asked_for=asked_for,
        )
        for _ in range(count)
    ]


def take(doors: Doors, limit: int = 20) -> tuple[outbox.Taken, ...]:
    return doors.write_as(doors.system(), outbox.take, limit)


def stored(doors: Doors) -> list[tuple[str, str | None]]:
    def find(connection, _viewer):  # type: ignore[no-untyped-def]
        return [tuple(row) for row in connection.execute(select(outbox.ROWS.c.state, outbox.ROWS.c.sealed_text))]

    return doors.read_as(doors.system(), find)


def test_the_usual_way(doors: Doors) -> None:
    doors.write_as(doors.system(), queue)
    (taken,) = take(doors)
    assert taken.data == {"code": "123456"}
    assert not taken.interrupted
    assert take(doors) == ()
    assert doors.write_as(doors.system(), outbox.ready, taken.id, "your code: 123456")
    assert "123456" not in str(stored(doors))
    assert doors.write_as(doors.system(), outbox.finish, taken.id, "sent")
    assert stored(doors) == [("sent", None)]
    assert not doors.write_as(doors.system(), outbox.finish, taken.id, "failed")


def test_what_died_before_sending_is_taken_up_anew(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), queue)
    take(doors)
    clock.advance(seconds=outbox.LEASE.total_seconds())
    (taken,) = take(doors)
    assert (taken.state, taken.interrupted, taken.data) == ("pending", False, {"code": "123456"})


def test_what_died_while_sending_is_known_to_be_doubtful(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), queue)
    (first,) = take(doors)
    doors.write_as(doors.system(), outbox.ready, first.id, "words")
    assert take(doors) == ()
    clock.advance(seconds=outbox.LEASE.total_seconds())
    (taken,) = take(doors)
    assert (taken.interrupted, taken.text, taken.reference) == (True, "words", first.reference)


def test_what_surely_was_not_sent_goes_again_with_the_same_words(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), queue)
    (first,) = take(doors)
    doors.write_as(doors.system(), outbox.ready, first.id, "words")
    doors.write_as(doors.system(), outbox.again, first.id, clock.now() + timedelta(minutes=1))
    assert take(doors) == ()
    clock.advance(minutes=1)
    (taken,) = take(doors)
    assert (taken.interrupted, taken.text, taken.attempts) == (False, "words", 1)


def test_what_may_not_go_yet_waits_unsaid(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), queue)
    (first,) = take(doors)
    doors.write_as(doors.system(), outbox.postpone, first.id, clock.now() + timedelta(hours=10))
    assert take(doors) == ()
    assert doors.read_as(doors.system(), outbox.oldest_waiting) is None
    clock.advance(hours=10)
    assert doors.read_as(doors.system(), outbox.oldest_waiting) == clock.now()
    assert len(take(doors)) == 1


def test_workers_never_share_a_message(doors: Doors) -> None:
    doors.write_as(doors.system(), queue, 60)
    with ThreadPoolExecutor(3) as pool:
        batches = list(pool.map(lambda _: take(doors, 10), range(9)))
    ids = [taken.id for batch in batches for taken in batch]
    assert len(ids) == len(set(ids)) == 60


def test_a_rolled_back_cause_sends_nothing(doors: Doors) -> None:
    def fail(session: Session, viewer: Viewer) -> None:
        queue(session, viewer)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        doors.write_as(doors.system(), fail)
    assert stored(doors) == []


def test_contacts_are_counted_and_kept_words_shown(doors: Doors, clock: FixedClock) -> None:
    doors.write_as(doors.system(), queue, 2, False)
    for taken in take(doors):
        doors.write_as(doors.system(), outbox.ready, taken.id, "words")
        doors.write_as(doors.system(), outbox.finish, taken.id, "sent", "", True)
    since = clock.now() - timedelta(hours=1)
    assert doors.read_as(doors.system(), outbox.contacts_since, 1, since) == 2
    assert [text for _, text in doors.read_as(doors.system(), outbox.kept_texts, (SECRET,))] == ["words", "words"]
