"""Who reaches which file, and how it is handed out: stored encrypted, shown as a view copy, logged."""

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pikepdf
import pytest

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.evidence import actions, jobs
from portal.evidence.examining import examine
from portal.evidence.file_kinds import MAX_CASE_FILES
from portal.evidence.queries import CASE, FILE, PAGE
from portal.evidence.sandbox import plain_jpeg
from portal.platform.files import FileDamaged, FileMissing
from tests.client import Client
from tests.databases import Databases
from tests.evidence.acts import CASE_NUMBER, add, as_, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.make import evidence as make


@pytest.fixture(params=(("sqlite", "folder"), ("postgresql", "folder"), ("sqlite", "bucket")), ids="-".join)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """On which database and in which store the files of these tests are."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def database_url(place: tuple[str, str], databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """A migrated, empty database."""
    databases = databases_of(place[0])
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def more_settings(place: tuple[str, str], request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The settings of the store."""
    found: Mapping[str, str] = request.getfixturevalue("bucket") if place[1] == "bucket" else {}
    return found


def test_the_owner_sees_the_view_copy_and_gets_the_original(client: Client) -> None:
    """Nothing is served under the person's name for it, and nothing inline but our own picture (EV-04, EV-08)."""
    data = make.with_position()
    code = add(client, data)
    page = as_(client, "lin").get(f"/files/{code}/pages/1")
    assert page.status_code == 200
    plain_jpeg(page.content)
    assert make.CANARY not in page.content
    whole = client.get(f"/files/{code}")
    assert whole.content == data
    assert whole.headers["content-disposition"] == f'attachment; filename="{code}.jpg"'
    for answer, kind in ((page, "image/jpeg"), (whole, "image/jpeg")):
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"


def test_staff_get_no_place_and_no_device(client: Client) -> None:
    """Their download is the view copy as a PDF (EV-05)."""
    code = add(client, make.with_position())
    answer = as_(client, "handler").get(f"/staff/files/{code}")
    assert answer.headers["content-type"] == "application/pdf"
    assert make.CANARY not in answer.content
    assert b"GPS" not in answer.content
    with pikepdf.open(io.BytesIO(answer.content)) as document:
        assert len(document.pages) == 1


@pytest.mark.parametrize("path", ["/files/{code}", "/files/{code}/pages/1", "/files/{code}/view"])
def test_borrowers_reach_only_their_own(client: Client, path: str) -> None:
    """A stranger sees what is not there; nobody without a session sees anything (EV-09)."""
    code = add(client, make.picture(kind="JPEG"))
    assert as_(client, "lin").get(path.format(code=code)).status_code == 200
    stranger = as_(client, "stranger").get(path.format(code=code))
    nothing = client.get(path.format(code="nosuchcodenosuch"))
    assert stranger.status_code == nothing.status_code == 404
    assert as_(client, "").get(path.format(code=code)).status_code in {303, 401}


@pytest.mark.parametrize(
    ("who", "case", "status"),
    [
        ("handler", "dispute", 200),
        ("auditor", "dispute", 200),
        ("approver", "dispute", 404),
        ("approver", "plan", 200),
        ("handler", "plan", 404),
        ("auditor", "draft", 404),
        ("handler", "draft", 404),
        ("admin", "dispute", 403),
        ("lin", "dispute", 401),
    ],
)
def test_staff_reach_the_cases_of_their_role(client: Client, who: str, case: str, status: int) -> None:
    """A draft is nobody's but its writer's; an administrator has no business here (EV-09)."""
    code = add(client, make.picture(kind="JPEG"), case=(case, CASE_NUMBER))
    for path in (f"/staff/files/{code}", f"/staff/files/{code}/pages/1", f"/staff/files/{code}/view"):
        answer = as_(client, who).get(path)
        assert answer.status_code == status or (status == 401 and answer.status_code in {303, 401, 403}), path


def test_what_staff_keep_among_themselves(client: Client) -> None:
    """An inner paper is not there for the borrower; a shared one is, without a way to delete it."""
    inner = add(client, make.pdf(), "note.pdf", who="handler", person_id=1, shared=False)
    shared = add(client, make.pdf(2), "letter.pdf", who="handler", person_id=1)
    assert as_(client, "lin").get(f"/files/{inner}").status_code == 404
    page = client.get(f"/files/{shared}/view")
    assert "letter.pdf" in page.text
    assert "/remove" not in page.text
    assert as_(client, "handler").get(f"/staff/files/{inner}/view").status_code == 200


def test_every_opening_is_logged(client: Client) -> None:
    """Who, which file, which page; a refused try leaves no trace of a file (ST-12)."""
    code = add(client, make.picture(kind="JPEG"))
    as_(client, "lin").get(f"/files/{code}/pages/1")
    as_(client, "handler").get(f"/staff/files/{code}")
    as_(client, "stranger").get(f"/files/{code}")
    log = [(row.actor_kind, row.kind, row.subject) for row in rows(client, LOG) if row.kind == "evidence.file_opened"]
    assert log == [("borrower", "evidence.file_opened", code), ("staff", "evidence.file_opened", code)]


def test_a_page_beyond_the_last_is_not_there(client: Client) -> None:
    """Nor page nought, nor a number that no database takes."""
    code = add(client, make.picture(kind="JPEG"))
    for number in ("0", "2", "99999999999999999999", "-1", "x"):
        assert as_(client, "lin").get(f"/files/{code}/pages/{number}").status_code == 404


def test_what_is_not_read_yet_is_not_served(client: Client) -> None:
    """Being checked is not clean; unreadable is never shown."""
    waiting = add(client, make.picture(kind="JPEG"), read=False)
    assert as_(client, "lin").get(f"/files/{waiting}").status_code == 404
    broken = add(client, make.picture(600, 400, kind="JPEG")[:900], "b.jpg")
    assert client.get(f"/files/{broken}").status_code == 404
    assert {(row.state, row.problem) for row in rows(client, FILE)} == {("ready", ""), ("unreadable", "broken")}


def test_a_password_opens_a_pdf_once_and_is_kept_nowhere(client: Client, tmp_path: Any) -> None:
    """Asked for politely; the view copy needs none (EV-06)."""
    code = add(client, make.locked_pdf(), "流水.pdf")
    (row,) = rows(client, FILE)
    assert (row.state, row.problem) == ("unreadable", "password")
    portal = portal_of(client)
    waiting = portal.doors.read_as(viewer_named("lin", portal.doors.system()), actions.locked_file, code)
    for password, problem in (("wrong", "password"), (make.PASSWORD, "")):
        reading = examine(portal.doors, portal.files, waiting, None, password)
        assert reading is not None
        assert reading.problem == problem
    assert as_(client, "lin").get(f"/files/{code}/pages/1").status_code == 200
    assert not any(make.PASSWORD in str(found) for table in (FILE, PAGE, LOG) for found in rows(client, table))


def test_the_borrower_takes_a_file_out(client: Client) -> None:
    """Bytes, pages and name go at once; the row stays as history; the room is free again (EV-17)."""
    code = add(client, make.picture(kind="JPEG"), "secret name.jpg")
    portal = portal_of(client)
    assert len(list(portal.files.keys())) == 2
    page = as_(client, "lin").get(f"/files/{code}/view")
    answer = client.submit(page, form="/remove")
    assert answer.status_code == 303
    assert list(portal.files.keys()) == []
    (row,) = rows(client, FILE)
    assert (row.state, row.name) == ("deleted", "")
    assert [(case.files, case.bytes) for case in rows(client, CASE)] == [(0, 0)]
    assert client.get(f"/files/{code}").status_code == 404


def test_the_same_file_twice_is_one_document(client: Client) -> None:
    """In one case; another case has its own (EV-15)."""
    data = make.picture(kind="JPEG")
    assert add(client, data) == add(client, data, "other name.jpg")
    assert add(client, data, case=("plan", CASE_NUMBER)) != add(client, data)
    assert len(rows(client, FILE)) == 2


def test_the_limits_of_a_case_hold_at_once(client: Client) -> None:
    """Twenty uploads side by side: ten are taken (EV-12)."""

    def try_one(number: int) -> str:
        try:
            add(client, make.picture(20 + number, 20, kind="JPEG"), f"{number}.jpg", read=False)
        except Refusal as refusal:
            return refusal.code
        return "taken"

    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(try_one, range(20)))
    assert outcomes.count("taken") == MAX_CASE_FILES
    assert set(outcomes) == {"taken", "files_too_many"}
    assert len(rows(client, FILE)) == MAX_CASE_FILES


def test_a_case_takes_sixty_megabytes(client: Client) -> None:
    """And says so when one more would be too much."""
    portal = portal_of(client)
    viewer = viewer_named("lin", portal.doors.system())
    for number in range(4):
        kept = actions.KeptUpload(f"{number}.jpg", "jpeg", 19_000_000, f"hash {number}", f"key {number}")

        def take(session: Any, viewer: Any, kept: actions.KeptUpload = kept) -> str:
            return actions.take_upload(session, viewer, kept, case_kind="dispute", case_number=CASE_NUMBER)

        if number < 3:
            portal.doors.write_as(viewer, take)
        else:
            with pytest.raises(Refusal, match="files_too_large"):
                portal.doors.write_as(viewer, take)


def test_a_draft_becomes_a_case(client: Client) -> None:
    """Its files move with it, nobody else's do."""
    add(client, make.picture(kind="JPEG"), case=("draft", "draft-of-lin"))
    add(client, make.picture(kind="JPEG"), case=("draft", "draft-of-stranger"), who="stranger")
    portal = portal_of(client)
    lin = viewer_named("lin", portal.doors.system())

    def send(draft: str) -> int:
        return portal.doors.write_as(
            lin,
            lambda session, viewer: actions.send_draft(
                session, viewer, draft, case_kind="dispute", case_number=CASE_NUMBER
            ),
        )

    assert send("draft-of-stranger") == 0
    assert send("draft-of-lin") == 1
    assert sorted((row.case_kind, row.delete_after is None) for row in rows(client, FILE)) == [
        ("dispute", True),
        ("draft", False),
    ]


def test_keeping_time_and_sweep(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last day everything goes; stored files that no row knows go after a day, others never (EV-13)."""
    portal = portal_of(client)
    today = portal.doors.system().today
    add(client, make.picture(kind="JPEG"), delete_after=today)
    gone = add(client, make.pdf(), "a.pdf", delete_after=today - timedelta(days=1))
    assert jobs.delete_expired(portal.doors, portal.files) == 1
    assert [row.state for row in rows(client, FILE) if row.code == gone] == ["deleted"]
    assert len(list(portal.files.keys())) == 2
    orphan = portal.files.put(b"nobody's")
    assert jobs.sweep_orphans(portal.doors, portal.files) == 0
    monkeypatch.setattr(jobs, "ORPHAN_AGE", timedelta(hours=-1))
    assert jobs.sweep_orphans(portal.doors, portal.files) == 1
    with pytest.raises(FileMissing):
        portal.files.get(orphan)
    assert len(list(portal.files.keys())) == 2


def test_swapped_and_changed_files_are_refused(client: Client) -> None:
    """A stored file is bound to its key (EV-11)."""
    add(client, make.picture(kind="JPEG"))
    store = portal_of(client).files
    first, second = store.keys()
    store.put_raw(first, store.raw(second))
    with pytest.raises(FileDamaged):
        store.get(first)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.jpg", b"", "file_empty"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(20_000_000), "file_too_large"),
        ("a.svg", b"<svg/>", "file_wrong_type"),
        ("a.pdf", make.picture(), "file_wrong_type"),
        ("a.jpg", make.picture(kind="JPEG") + make.archive(), "file_wrong_type"),
    ],
)
def test_what_is_refused_at_the_door_is_not_stored(client: Client, name: str, data: bytes, code: str) -> None:
    """No row, no bytes."""
    with pytest.raises(Refusal, match=code):
        add(client, data, name)
    assert list(portal_of(client).files.keys()) == []


def test_what_was_internal_is_seen_once_the_same_content_is_shared(client: Client) -> None:
    """It stays one file."""
    data = make.picture(kind="JPEG")
    internal = add(client, data, who="handler", person_id=1, shared=False)
    assert as_(client, "lin").get(f"/files/{internal}/pages/1").status_code == 404
    assert add(client, data, who="handler", person_id=1) == internal
    assert as_(client, "lin").get(f"/files/{internal}/pages/1").status_code == 200
    assert add(client, data, who="handler", person_id=1, shared=False) == internal
    assert [row.shared for row in rows(client, FILE)] == [True]
