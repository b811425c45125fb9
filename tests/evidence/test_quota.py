"""How much one person may send in a day and have kept in all; the limits hold however many come at once (EV-12)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from portal import check_config
from portal.core.refusal import Refusal
from portal.disputes.labels import file_problem
from portal.evidence import actions, jobs, quota
from portal.evidence.queries import CASE, FILE, QUOTA, TOTAL
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


def room_for(client: Client, files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many of these pictures of everybody's together."""
    size = max(len(make.picture(20 + number, 20, kind="JPEG")) for number in range(40))
    monkeypatch.setattr(quota, "GIGABYTE", files * size)
    portal_of(client).doors.info["file_quota_gb"] = 1


def test_everybodys_room_is_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes when it is full is told so by name, and nothing is written; what is deleted makes room."""
    room_for(client, 2, monkeypatch)
    assert [send(client, 1), send(client, 2, who="stranger", case="5K7-2GH")] == ["taken"] * 2
    assert [send(client, 3), send(client, 4, who="stranger", case="5K7-2GH")] == ["quota_all"] * 2
    assert len(list(portal_of(client).files.keys())) == 2
    assert [row.bytes for row in rows(client, TOTAL)] == [sum(row.bytes for row in rows(client, QUOTA))]
    portal = portal_of(client)
    portal.doors.write_as(viewer_named("lin", portal.doors.system()), actions.remove_own, rows(client, FILE)[0].code)
    assert send(client, 3, who="stranger", case="5K7-2GH") == "taken"


def test_twenty_uploads_at_once_never_go_over_everybodys_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two people side by side, with room for three."""
    room_for(client, 3, monkeypatch)

    def one(number: int) -> str:
        return send(client, number, who=("lin", "stranger")[number % 2], case=f"{number}K7-2GH")

    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(one, range(20)))
    assert set(outcomes) == {"taken", "quota_all"}
    assert outcomes.count("taken") >= 3, "smaller pictures leave room for one more"
    [total] = rows(client, TOTAL)
    assert total.bytes == sum(row.bytes for row in rows(client, QUOTA)) <= quota.GIGABYTE


def test_the_operator_is_warned_before_it_is_full(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    room_for(client, 2, monkeypatch)
    portal = portal_of(client)
    with capture_logs() as logged:
        jobs.watch_room(portal.doors, 1)
        assert logged == []
        send(client, 1)
        send(client, 2)
        jobs.watch_room(portal.doors, 1)
        jobs.watch_room(portal.doors, 0)
    assert [(each["event"], each["gigabytes"]) for each in logged] == [("files_nearly_full", 1)]
    told = list(check_config.warnings(portal.settings.model_copy(update={"file_quota_gb": 1})))
    assert any("per cent of PORTAL_FILE_QUOTA_GB" in line for line in told)
    unbounded = check_config.warnings(portal.settings.model_copy(update={"file_quota_gb": 0}))
    assert any("nothing bounds" in line for line in unbounded)


@pytest.mark.parametrize(("language", "words"), [("en", "Send without it"), ("zh", "可以先不带它提交")])
def test_a_full_store_is_said_kindly(language: str, words: str) -> None:
    i18n.speak(language)
    said = file_problem({"code": "quota_all", "file": "slip.jpg"})
    i18n.speak("en")
    assert words in said


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
