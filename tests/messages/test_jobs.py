"""Sending: what is committed before the first try, what each outcome leads to, and when nothing may go out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from portal.access.queries import LINK, STOP
from portal.loans.actions import open_hold
from portal.loans.queries import PERSON_VERSION, PersonRecord
from portal.messages import jobs
from portal.messages.actions import notify
from portal.messages.gateways import DemoPhone, Message, Outcome
from portal.messages.queries import DIARY, phone_texts
from portal.platform import outbox
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings

OUTBOX = outbox.ROWS


class Provider:
    """A gateway that remembers what it was given and answers as told."""

    shows_texts = False

    def __init__(self, answer: Callable[[Message], Outcome] = lambda _: Outcome.SENT, dedupes: bool = False) -> None:
        self.dedupes = dedupes
        self.given: list[Message] = []
        self.answer = answer

    def send(self, message: Message) -> Outcome:
        """Take it and answer."""
        self.given.append(message)
        return self.answer(message)


class ProcessDied(BaseException):
    """Stands for a kill signal: nothing after it runs."""


def queue(doors: Doors, lin: PersonRecord, template: str = "sms.news", **more: Any) -> None:
    """A text for Lin."""
    doors.write_as(
        doors.system(), lambda session, viewer: notify(session, viewer, person_id=lin.id, template=template, **more)
    )


def queue_code(doors: Doors, lin: PersonRecord) -> None:
    """A code for Lin, as the recipient check queues it."""
    data = {"code": "482916", "word_one": "春风", "word_two": "木桥", "minutes": 10}

    def enqueue(session: Any, viewer: Any) -> int:
        return outbox.enqueue(
            session,
            kind="sms.code",
            person_id=lin.id,
            contact_point_id=lin.contact_point_id or 0,
            language="zh",
            data=data,
            now=viewer.now,
            asked_for=True,
        )

    doors.write_as(doors.system(), enqueue)


def rows(doors: Doors, table: Any = OUTBOX) -> list[Any]:
    """Everything in a table, in order."""
    return doors.read_as(
        doors.system(), lambda connection, _viewer: list(connection.execute(select(table).order_by(table.c.id)))
    )


def states(doors: Doors) -> list[tuple[str, str]]:
    """How each text stands, and why."""
    return [(row.state, row.reason) for row in rows(doors)]


def test_the_demo_phone_shows_what_was_sent(doors: Doors, settings: Settings, lin: PersonRecord) -> None:
    """The words with a live link of the configured origin; the diary has them without it."""
    queue(doors, lin, "sms.answer", number="4K7-2GH")
    assert jobs.send_due(doors, settings, DemoPhone()) == 1
    (text,) = doors.read_as(doors.system(), phone_texts, settings.secret_keys)
    assert "https://pay.example.com/l/" in text.words
    assert "4K7-2GH" in text.words
    (entry,) = rows(doors, DIARY)
    ref = text.words.rpartition("/l/")[2].split()[0]
    assert len(ref) > 10
    assert ref not in entry.words
    assert entry.masked_number == "138****8000"
    assert len(rows(doors, LINK)) == 1


def test_words_and_reference_are_committed_before_the_first_try(
    doors: Doors, settings: Settings, lin: PersonRecord
) -> None:
    """Seen from another connection while the provider has it; wiped afterwards (MO-11)."""
    seen = []

    def look(message: Message) -> Outcome:
        seen.extend(rows(doors))
        return Outcome.SENT

    queue(doors, lin)
    provider = Provider(look)
    jobs.send_due(doors, settings, provider)
    assert [(row.state, row.reference) for row in seen] == [("sending", provider.given[0].reference)]
    assert seen[0].sealed_text
    (after,) = rows(doors)
    assert (after.state, after.sealed_text) == ("sent", None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.SENT, "sent"), (Outcome.REFUSED, "failed"), (Outcome.UNCERTAIN, "uncertain")],
)
def test_every_end_wipes_the_words_and_is_final(
    doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord, outcome: Outcome, state: str
) -> None:
    """An uncertain text is never sent again by itself."""
    queue(doors, lin)
    provider = Provider(lambda _: outcome)
    for _ in range(3):
        jobs.send_due(doors, settings, provider)
        clock.advance(hours=1)
    assert len(provider.given) == 1
    (row,) = rows(doors)
    assert (row.state, row.sealed_text) == (state, None)


def test_a_provider_that_was_not_reached_is_tried_again_with_the_same_reference(
    doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord
) -> None:
    """The same words and one link, until it answers."""
    queue(doors, lin)
    provider = Provider(lambda _: Outcome.NOT_REACHED)
    for _ in range(4):
        jobs.send_due(doors, settings, provider)
        clock.advance(hours=1)
    provider.answer = lambda _: Outcome.SENT
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 5
    assert len({(message.reference, message.text) for message in provider.given}) == 1
    assert states(doors) == [("sent", "")]
    assert len(rows(doors, LINK)) == 1


@pytest.mark.parametrize(("dedupes", "expected"), [(True, ("sent", "")), (False, ("uncertain", "interrupted"))])
def test_a_process_that_dies_while_sending(
    doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord, dedupes: bool, expected: tuple[str, str]
) -> None:
    """Only a provider that drops repeats is given it again; otherwise people are told, not texted twice (MO-11)."""

    def die(_message: Message) -> Outcome:
        raise ProcessDied

    queue(doors, lin)
    with pytest.raises(ProcessDied):
        jobs.send_due(doors, settings, Provider(die, dedupes))
    provider = Provider(dedupes=dedupes)
    jobs.send_due(doors, settings, provider)
    assert provider.given == []
    clock.advance(minutes=5)
    jobs.send_due(doors, settings, provider)
    assert states(doors) == [expected]
    assert len(provider.given) == (1 if dedupes else 0)


def test_reminders_wait_for_the_window_and_codes_do_not(
    doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord
) -> None:
    """At 03:00 in Shanghai; judged when it is sent (SL-22)."""
    clock.set(datetime(2026, 3, 12, 19, 0, tzinfo=UTC))
    for template in ("sms.news", "sms.question"):
        queue(doors, lin, template, number="4K7-2GH")
    queue(doors, lin, "sms.link")
    queue(doors, lin, "sms.answer", number="4K7-2GH")
    queue_code(doors, lin)
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 3
    clock.set(datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC))
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 3
    clock.set(datetime(2026, 3, 13, 0, 0, tzinfo=UTC))
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 5


def test_a_provider_that_comes_back_at_night_waits_for_the_morning(
    doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord
) -> None:
    """A reminder of noon that could not be sent does not go out at 23:00 (D22)."""
    queue(doors, lin)
    provider = Provider(lambda _: Outcome.NOT_REACHED)
    jobs.send_due(doors, settings, provider)
    provider.answer = lambda _: Outcome.SENT
    clock.advance(hours=11)
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 1
    clock.advance(hours=10)
    jobs.send_due(doors, settings, provider)
    assert states(doors) == [("sent", "")]


def test_at_most_three_contacts_a_day(doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord) -> None:
    """The fourth waits for the next morning; answers are not counted (SL-22)."""
    for _ in range(4):
        queue(doors, lin)
    queue(doors, lin, "sms.answer", number="4K7-2GH")
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 4
    clock.advance(hours=11)
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 4
    clock.set(datetime(2026, 3, 13, 0, 0, 1, tzinfo=UTC))
    jobs.send_due(doors, settings, provider)
    assert len(provider.given) == 5


@pytest.mark.parametrize(
    ("zone", "instant", "goes"),
    [
        ("America/New_York", datetime(2026, 3, 8, 12, 30, tzinfo=UTC), True),  # the night the clocks go forward
        ("America/New_York", datetime(2026, 3, 7, 12, 30, tzinfo=UTC), False),
        ("America/New_York", datetime(2026, 11, 1, 12, 30, tzinfo=UTC), False),
        ("Europe/London", datetime(2026, 3, 29, 7, 30, tzinfo=UTC), True),
        ("Asia/Urumqi", datetime(2026, 3, 12, 1, 0, tzinfo=UTC), False),
        ("Asia/Urumqi", datetime(2026, 3, 12, 2, 0, tzinfo=UTC), True),
    ],
)
def test_the_window_is_that_of_the_persons_own_day(
    doors: Doors,
    settings: Settings,
    clock: FixedClock,
    lin: PersonRecord,
    zone: str,
    instant: datetime,
    goes: bool,
) -> None:
    """In zones of their own, over the change of the clocks (SL-22)."""
    doors.write_as(
        doors.system(), lambda session, _viewer: session.execute(update(PERSON_VERSION).values(time_zone=zone)) and None
    )
    clock.set(instant)
    queue(doors, lin)
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert bool(provider.given) is goes


def test_not_me_stops_everything_but_what_is_asked_for_there(
    doors: Doors, settings: Settings, lin: PersonRecord, clock: FixedClock
) -> None:
    """Reminders and answers are dropped; a link asked for on the start page still comes (SL-21)."""
    stop = {
        "mobile": lin.mobile,
        "person_id": lin.id,
        "contact_point_id": lin.contact_point_id,
        "created_at": clock.now(),
    }
    doors.write_as(doors.system(), lambda session, _viewer: session.execute(insert(STOP).values(**stop)) and None)
    queue(doors, lin)
    queue(doors, lin, "sms.answer", number="4K7-2GH")
    queue(doors, lin, "sms.link")
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert states(doors) == [("failed", "number_stopped"), ("failed", "number_stopped"), ("sent", "")]


def hold(doors: Doors, lin: PersonRecord, kind: str, parts: tuple[Any, ...] = ()) -> None:
    """Something in force on Lin from today on."""

    def open_it(session: Any, viewer: Any) -> Any:
        return open_hold(
            session,
            viewer,
            kind=kind,
            loan_id=None,
            person_id=lin.id,
            from_day=viewer.today,
            until=None,
            number="4K7-2GH",
            path="/disputes/4K7-2GH",
            parts=parts,
            data={},
        )

    doors.write_as(doors.system(), open_it)


def test_a_hold_after_queueing_stops_the_text(doors: Doors, settings: Settings, lin: PersonRecord) -> None:
    """A death that was told at noon stops the reminder of eleven."""
    queue(doors, lin)
    hold(doors, lin, "incapacity")
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert states(doors) == [("failed", "not_to_be_contacted")]
    assert provider.given == []


def test_one_reminder_a_day_and_a_week_of_peace(doors: Doors, settings: Settings, clock: FixedClock) -> None:
    """Lin is a week late on 12 March; the next text comes a week later, or before an instalment is due."""
    reminded = []
    for _ in range(30):
        for _ in range(2):
            if jobs.remind_due(doors):
                reminded.append(clock.today(settings.time_zone).isoformat())
            clock.advance(hours=1)
        clock.advance(hours=22)
    assert reminded == ["2026-03-12", "2026-03-19", "2026-03-26", "2026-04-02", "2026-04-04"]


def test_a_dispute_filed_meanwhile_takes_the_reminder_back(doors: Doors, settings: Settings, lin: PersonRecord) -> None:
    """Queued before, judged when it is sent (MO-15)."""
    assert jobs.remind_due(doors) == 1
    hold(doors, lin, "dispute")
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    assert provider.given == []
    assert states(doors) == [("failed", "not_to_be_contacted")]


def test_an_old_code_is_not_sent(doors: Doors, settings: Settings, clock: FixedClock, lin: PersonRecord) -> None:
    """The worker stood still for eleven minutes."""
    queue_code(doors, lin)
    clock.advance(minutes=11)
    jobs.send_due(doors, settings, Provider())
    (row,) = rows(doors)
    assert (row.state, row.reason, row.sealed_text) == ("failed", "too_late", None)


def test_no_row_holds_a_code_or_link_in_the_clear(doors: Doors, settings: Settings, lin: PersonRecord) -> None:
    """Neither outbox nor diary, before and after sending (SL-19, ST-17)."""
    queue_code(doors, lin)
    queue(doors, lin, "sms.link")
    before = str(rows(doors))
    provider = Provider()
    jobs.send_due(doors, settings, provider)
    stored = before + str(rows(doors)) + str(rows(doors, DIARY)) + str(rows(doors, LINK))
    ref = next(message.text.rpartition("/l/")[2] for message in provider.given if "/l/" in message.text)
    assert len(ref) > 10
    assert ref not in stored
    assert "482916" not in stored


def test_workers_side_by_side_send_each_text_once(doors: Doors, settings: Settings, lin: PersonRecord) -> None:
    """Four at once over twenty answers; and never a fourth contact (MO-11)."""
    for _ in range(10):
        queue(doors, lin, "sms.answer", number="4K7-2GH")
        queue(doors, lin)
    provider = Provider()
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: jobs.send_due(doors, settings, provider), range(4)))
    references = [message.reference for message in provider.given]
    assert len(references) == len(set(references)) == 13
