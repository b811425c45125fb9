"""How much one person may send in a day and have kept in all; the limits hold however many come at once (EV-12)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.disputes.labels import file_problem
from portal.evidence import actions, quota
from portal.evidence.queries import CASE, FILE, QUOTA
from portal.platform import i18n
from portal.platform.clock import FixedClock
from portal.platform.gate import Viewer
from tests.client import Client
from tests.evidence.acts import add, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.make import evidence as make


def send(client: Client, number: int, who: str = "lin", case: str = "4K7-2GH") -> str:
    """Keep and take a small picture as a form does; the code of the refusal, if any."""
    portal = portal_of(client)
    viewer = viewer_named(who, portal.doors.system())
    data = make.picture(20 + number, 20, kind="JPEG")
    try:
        kept = actions.keep(portal.files, f"{number}.jpg", data, doors=portal.doors, viewer=viewer)
        portal.doors.write_as(viewer, actions.take_upload, kept, case_kind="dispute", case_number=case)
    except Refusal as refusal:
        return refusal.code
    return "taken"


def test_one_day_has_room_for_so_many(client: Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them nothing is even written; the next day there is room again."""
    monkeypatch.setattr(quota, "DAY_FILES", 3)
    assert [send(client, number) for number in range(5)] == ["taken"] * 3 + ["quota_day"] * 2
    assert len(list(portal_of(client).files.keys())) == 3
    assert send(client, 6, who="stranger", case="5K7-2GH") == "taken"
    clock.advance(hours=24)
    assert send(client, 7) == "taken"


def test_one_day_has_room_for_so_much(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(make.picture(20, 20, kind="JPEG"))
    monkeypatch.setattr(quota, "DAY_BYTES", 2 * size + 100)
    assert [send(client, number) for number in range(3)] == ["taken", "taken", "quota_day"]


def test_twenty_uploads_at_once_never_go_over_a_day(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One below the limit before, side by side in cases of their own."""
    monkeypatch.setattr(quota, "DAY_FILES", 8)
    for number in range(7):
        assert send(client, number) == "taken"
    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(lambda number: send(client, 10 + number, case=f"{number}K7-2GH"), range(20)))
    assert sorted(set(outcomes)) == ["quota_day", "taken"]
    assert outcomes.count("taken") == 1
    assert len(list(portal_of(client).files.keys())) == len(rows(client, FILE)) == 8


def test_twenty_uploads_at_once_never_go_over_a_person(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "PERSON_FILES", 8)
    for number in range(7):
        assert send(client, number) == "taken"
    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(lambda number: send(client, 10 + number, case=f"{number}K7-2GH"), range(20)))
    assert outcomes.count("taken") == 1
    assert outcomes.count("quota_person") == 19
    assert [row.files for row in rows(client, QUOTA)] == [8]


def test_a_file_that_is_refused_takes_no_room_of_its_case(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the form goes on without it, in the same transaction."""
    monkeypatch.setattr(quota, "PERSON_FILES", 1)
    portal = portal_of(client)
    lin = viewer_named("lin", portal.doors.system())
    kept = [actions.keep(portal.files, f"{size}.jpg", make.picture(size, 20, kind="JPEG")) for size in (20, 30)]

    def take_both(session: Session, viewer: Viewer) -> list[str]:
        refused = []
        for each in kept:
            try:
                actions.take_upload(session, viewer, each, case_kind="dispute", case_number="4K7-2GH")
            except Refusal as refusal:
                refused.append(refusal.code)
        return refused

    assert portal.doors.write_as(lin, take_both) == ["quota_person"]
    assert [(row.files, row.bytes) for row in rows(client, CASE)] == [(1, kept[0].size)]
    assert [(row.files, row.bytes) for row in rows(client, QUOTA)] == [(1, kept[0].size)]


def test_what_is_deleted_makes_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "PERSON_FILES", 1)
    assert send(client, 1) == "taken"
    assert send(client, 2) == "quota_person"
    (file,) = rows(client, FILE)
    portal = portal_of(client)
    portal.doors.write_as(viewer_named("lin", portal.doors.system()), actions.remove_own, file.code)
    assert [(row.files, row.bytes) for row in rows(client, QUOTA)] == [(0, 0)]
    assert send(client, 2) == "taken"


def test_the_papers_of_staff_use_up_nobodys_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "PERSON_FILES", 1)
    assert send(client, 1) == "taken"
    code = add(client, make.pdf(), "letter.pdf", who="handler", person_id=1, read=False)
    portal = portal_of(client)
    portal.doors.write_as(viewer_named("handler", portal.doors.system()), actions.remove_own, code)
    assert [row.files for row in rows(client, QUOTA)] == [1]


def test_the_same_file_again_takes_no_more_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(client, 1) == send(client, 1) == "taken"
    assert [(row.files, row.day_files) for row in rows(client, QUOTA)] == [(1, 2)]


@pytest.mark.parametrize(("language", "words"), [("en", "There is room again from"), ("zh", "起可以再传")])
def test_the_refusal_says_the_limit_and_when_there_is_room(
    client: Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setattr(quota, "DAY_FILES", 0)
    portal = portal_of(client)
    viewer = viewer_named("lin", portal.doors.system())
    with pytest.raises(Refusal) as refused:
        actions.keep(portal.files, "slip.jpg", make.picture(kind="JPEG"), doors=portal.doors, viewer=viewer)
    tomorrow = viewer.today + timedelta(days=1)
    assert refused.value.data["from_day"] == tomorrow.isoformat()
    i18n.speak(language)
    said = file_problem({"code": "quota_day", **refused.value.data, "count": 60})
    i18n.speak("en")
    assert words in said
    assert "60" in said
    assert "300" in said
    assert str(tomorrow.year) in said
