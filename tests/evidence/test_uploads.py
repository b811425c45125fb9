"""Files that arrive in parts: whatever breaks on the way, what arrives is what was sent, nothing dangles (EV-14)."""

import io
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from sqlmodel import Session

from portal.evidence import actions, jobs, quota, upload_actions, upload_jobs
from portal.evidence.queries import CASE, FILE, QUOTA
from portal.evidence.unfinished import PART, UPLOAD
from portal.evidence.upload_actions import CHUNK_BYTES
from portal.evidence.upload_queries import draft_at
from portal.platform.clock import FixedClock
from portal.platform.csrf import FIELD
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from tests.client import Client
from tests.databases import Databases
from tests.evidence.acts import add, as_, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.evidence.uploading import Sender, sha
from tests.make import evidence as make
from tests.make.between import between


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


def noisy_photo(seed: int = 1, size: tuple[int, int] = (1_900, 1_300)) -> bytes:
    """A photo that no packing makes small: about three parts."""
    noise = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=80)
    return out.getvalue()


def nothing_is_left(client: Client, files: int = 0) -> None:
    """No row of an upload, no part, no room that nobody uses; in the store only what rows name."""
    assert rows(client, PART) == []
    assert [row for row in rows(client, UPLOAD) if row.file_code is None] == []
    assert sum(row.files for row in rows(client, CASE)) == files
    assert sum(row.files for row in rows(client, QUOTA)) == files
    assert len(list(portal_of(client).files.keys())) == files


def test_a_file_arrives_part_by_part(client: Client) -> None:
    """It becomes a file of the draft with the bytes that were sent, and its parts go."""
    sender = Sender(as_(client, "lin"), noisy_photo())
    assert len(sender.data) > 2 * CHUNK_BYTES
    code = sender.whole()
    [file] = rows(client, FILE)
    assert (file.code, file.case_kind, file.case_number, file.name) == (code, "draft", sender.draft, "photo.jpg")
    assert portal_of(client).files.get(file.store_key, sha(sender.data)) == sender.data
    nothing_is_left(client, files=1)


def test_nothing_of_it_lies_readable_in_the_store(client: Client) -> None:
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    sender.part(0)
    store = portal_of(client).files
    [key] = store.keys()
    assert sender.data[:64] not in store.raw(key)


def test_twenty_cuts_with_parts_sent_again_and_sign_ins_between(client: Client) -> None:
    """The server's offset is the truth; what is sent twice is at most one part a cut (D12)."""
    chance = random.Random(14)
    data = noisy_photo(2, (3_400, 2_100))
    sender = Sender(as_(client, "lin"), data)
    sender.announce()
    cuts = sorted(chance.sample(range(1, len(data)), 20))
    at = 0
    for cut in cuts:
        while at + CHUNK_BYTES <= cut:
            at = int(sender.part(at).json()["offset"])
        lost = chance.choice(["request", "answer", "twice", "stale"])
        if lost == "request":
            sender.sent += min(CHUNK_BYTES, cut - at)  # bytes that went out and never came in
        elif lost == "answer":
            sender.part(at)
        elif lost == "twice":
            assert sender.part(at).json() == sender.part(at).json()
        else:
            before = sender.offset()
            assert sender.part(max(0, at - CHUNK_BYTES)).json()["offset"] == before
        sender = again(client, sender)
        at = sender.offset()
    while at < len(data):
        at = int(sender.part(at).json()["offset"])
    assert sender.finish().status_code == 200
    [file] = rows(client, FILE)
    assert file.sha256 == sha(data)
    assert portal_of(client).files.get(file.store_key) == data
    assert sender.sent - len(data) <= len(cuts) * CHUNK_BYTES
    nothing_is_left(client, files=1)


def again(client: Client, sender: Sender) -> Sender:
    """The same person after a new sign-in chooses the same file in the same draft: it is the same upload."""
    another = Sender(as_(client, "lin"), sender.data, sender.name, sender.draft)
    another.sent = sender.sent
    assert another.announce().json()["offset"] == sender.offset()
    assert another.code == sender.code
    return another


def test_a_part_that_does_not_follow_is_told_where_to_go_on(client: Client) -> None:
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    beyond = sender.part(CHUNK_BYTES)
    assert (beyond.status_code, beyond.json()) == (409, {"offset": 0})
    damaged = sender.part(0, sha256=sha(b"other"))
    assert (damaged.status_code, damaged.json()) == (422, {"offset": 0})
    assert sender.post(f"/files/uploads/{sender.code}", {"start": 0, "sha256": sha(b"")}).status_code == 422
    assert sender.finish().status_code == 409
    assert list(portal_of(client).files.keys()) == []


def test_more_than_a_part_or_than_was_announced_is_never_taken(client: Client) -> None:
    sender = Sender(as_(client, "lin"), make.picture(kind="JPEG"))
    sender.announce()
    sender.data += bytes(2 * CHUNK_BYTES)
    assert sender.part(0, 2 * CHUNK_BYTES).status_code == 413
    assert sender.part(0, CHUNK_BYTES).json() == {"offset": 0}
    assert list(portal_of(client).files.keys()) == []


def test_what_arrives_otherwise_than_announced_begins_anew(client: Client) -> None:
    """A part that was lost in the store, or bytes of another file of the same size."""
    data = noisy_photo()
    sender = Sender(as_(client, "lin"), data)
    sender.announce()
    sender.data = data[:-1] + bytes([data[-1] ^ 1])
    for start in range(0, len(data), CHUNK_BYTES):
        sender.part(start)
    assert (sender.finish().status_code, sender.finish().json()) == (409, {"offset": 0})
    assert list(portal_of(client).files.keys()) == []
    sender.data = data
    sender.part(0)
    store = portal_of(client).files
    store.discard(list(store.keys()))
    for start in range(CHUNK_BYTES, len(data), CHUNK_BYTES):
        sender.part(start)
    assert sender.finish().json() == {"offset": 0}
    assert sender.whole()
    nothing_is_left(client, files=1)


def test_beginning_anew_counts_for_the_day(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes without end by sending something else than was announced (EV-12)."""
    sender = Sender(as_(client, "lin"), make.picture(kind="JPEG"))
    sender.announce()
    monkeypatch.setattr(quota, "DAY_FILES", 1)
    sender.data = bytes(len(sender.data))
    sender.part(0)
    answer = sender.finish()
    assert answer.status_code == 422
    assert "In one day we take" in answer.json()["words"]
    nothing_is_left(client)


def test_the_same_file_twice_is_one(client: Client) -> None:
    """Chosen again after it arrived, or finished twice because an answer was lost (EV-15)."""
    sender = Sender(as_(client, "lin"), noisy_photo())
    code = sender.whole()
    assert sender.finish().json() == {"file": code}
    assert Sender(client, sender.data, "copy.jpg", sender.draft).announce().json()["file"] == code
    assert len(rows(client, FILE)) == 1
    nothing_is_left(client, files=1)


def test_it_comes_with_the_form_meanwhile(client: Client) -> None:
    sender = Sender(as_(client, "lin"), make.picture(kind="JPEG"))
    sender.announce()
    code = add(client, sender.data, case=("draft", sender.draft), read=False)
    sender.part(0)
    assert sender.finish().json() == {"file": code}
    nothing_is_left(client, files=1)


@pytest.mark.parametrize("who", ["stranger", "handler", "auditor", ""])
def test_nobody_else_reaches_it(client: Client, who: str) -> None:
    """For another borrower it does not exist; staff and nobody have no such page (EV-09)."""
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    sender.part(0)
    as_(client, who)
    wanted = {404} if who == "stranger" else {303, 403}
    answers = [
        client.get(f"/files/uploads/{sender.code}"),
        sender.part(CHUNK_BYTES),
        sender.finish(),
        sender.post(f"/files/uploads/{sender.code}/stop"),
    ]
    assert {answer.status_code for answer in answers} <= wanted
    if who == "stranger":
        assert "photo.jpg" not in client.get(f"/files/drafts/{sender.draft}/rows").text
    as_(client, "lin")
    assert sender.offset() == CHUNK_BYTES


def test_a_form_of_another_site_moves_nothing(client: Client) -> None:
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    evil = {"headers": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}}
    assert sender.post(f"/files/uploads/{sender.code}/stop", **evil).status_code == 403
    assert client.post(f"/files/uploads/{sender.code}/stop").status_code == 400
    assert sender.offset() == 0


@pytest.mark.parametrize(
    ("name", "other", "words"),
    [
        ("film.MOV", {}, "is a video"),
        ("all.zip", {}, "is packed"),
        ("letter.docx", {}, "is a text document"),
        ("photo.webp", {}, "Save it as JPEG"),
        ("big.jpg", {"size": 20_000_001}, "The limit is 20"),
        ("nothing.jpg", {"size": 0}, "is empty"),
    ],
)
def test_what_cannot_be_taken_is_said_before_it_is_sent(
    client: Client, name: str, other: dict[str, object], words: str
) -> None:
    """By name, with what to do instead."""
    sender = Sender(as_(client, "lin"), make.picture(kind="JPEG"), name)
    answer = sender.announce(**other)
    assert answer.status_code == 422
    assert words in answer.json()["words"]
    assert name in answer.json()["words"]
    nothing_is_left(client)


def test_what_turns_out_to_be_something_else_goes_at_once(client: Client) -> None:
    sender = Sender(as_(client, "lin"), b"no picture at all", "photo.jpg")
    sender.announce()
    sender.part(0)
    answer = sender.finish()
    assert answer.status_code == 422
    assert "photo.jpg" in answer.json()["words"]
    nothing_is_left(client)


def test_stopped_it_leaves_nothing(client: Client) -> None:
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    sender.part(0)
    assert sender.post(f"/files/uploads/{sender.code}/stop").status_code == 200
    assert sender.post(f"/files/uploads/{sender.code}/stop").status_code == 404
    nothing_is_left(client)


def test_room_is_reserved_before_a_byte_is_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty at once, one below the limit: one is taken (EV-12)."""
    monkeypatch.setattr(quota, "DAY_FILES", 5)
    as_(client, "lin")
    for number in range(4):
        assert Sender(client, make.picture(20 + number, 20, kind="JPEG")).announce().status_code == 201
    senders = [Sender(client, make.picture(40 + number, 20, kind="JPEG")) for number in range(20)]
    with ThreadPoolExecutor(8) as people:
        statuses = list(people.map(lambda sender: sender.announce().status_code, senders))
    assert sorted(statuses) == [201] + [422] * 19
    assert sum(row.files for row in rows(client, QUOTA)) == 5


def test_a_draft_holds_so_many_whole_or_coming(client: Client) -> None:
    first = Sender(as_(client, "lin"), make.picture(20, 20, kind="JPEG"))
    first.whole()
    for number in range(9):
        sender = Sender(client, make.picture(21 + number, 20, kind="JPEG"), draft=first.draft)
        assert sender.announce().status_code == 201
    one_more = Sender(client, make.picture(50, 20, kind="JPEG"), "eleventh.jpg", first.draft).announce()
    assert "eleventh.jpg" in one_more.json()["words"]


def test_what_does_not_arrive_is_swept_after_a_day(client: Client, clock: FixedClock) -> None:
    """A part in the meantime gives it another day."""
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    sender.part(0)
    portal = portal_of(client)
    clock.advance(hours=23)
    sender.part(CHUNK_BYTES)
    clock.advance(hours=23)
    assert upload_jobs.sweep_uploads(portal.doors, portal.files) == 0
    assert jobs.sweep_orphans(portal.doors, portal.files) == 0
    clock.advance(hours=2)
    assert upload_jobs.sweep_uploads(portal.doors, portal.files) == 1
    nothing_is_left(client)


def test_sent_it_leaves_behind_what_did_not_arrive(client: Client, clock: FixedClock) -> None:
    """The draft becomes a case with what is whole."""
    whole = Sender(as_(client, "lin"), noisy_photo(3))
    whole.whole()
    half = Sender(client, noisy_photo(4), draft=whole.draft)
    half.announce()
    half.part(0)
    portal = portal_of(client)
    lin = viewer_named("lin", portal.doors.system())
    moved = portal.doors.write_as(
        lin,
        lambda session, viewer: actions.send_draft(
            session, viewer, whole.draft, case_kind="dispute", case_number="4K7-2GH"
        ),
    )
    assert moved == 1
    assert half.part(CHUNK_BYTES).status_code == 404
    clock.advance(hours=25)
    jobs.sweep_orphans(portal.doors, portal.files)
    upload_jobs.sweep_uploads(portal.doors, portal.files)
    nothing_is_left(client, files=1)
    assert rows(client, UPLOAD) == []


def test_it_is_added_to_a_case_that_has_files(client: Client) -> None:
    """What the case has already stays one and is told; what finds no room is told and stays in the draft (EV-15)."""
    portal = portal_of(client)
    known = make.picture(19, 20, kind="JPEG")
    add(client, known, "known.jpg", read=False)
    for number in range(8):
        add(client, make.picture(20 + number, 20, kind="JPEG"), read=False)
    first = Sender(as_(client, "lin"), known, "again.jpg")
    first.whole()
    for number in range(2):
        Sender(client, make.picture(40 + number, 20, kind="JPEG"), f"new{number}.jpg", first.draft).whole()
    lin = viewer_named("lin", portal.doors.system())
    refused = portal.doors.write_as(
        lin,
        lambda session, viewer: actions.add_draft(
            session, viewer, first.draft, case_kind="dispute", case_number="4K7-2GH"
        ),
    )
    assert [(each["code"], each["file"]) for each in refused] == [
        ("file_twice", "again.jpg"),
        ("files_too_many", "new1.jpg"),
    ]
    live = [row.case_kind for row in rows(client, FILE) if row.state != "deleted"]
    assert (live.count("dispute"), live.count("draft")) == (10, 1)
    assert sorted((row.case_kind, row.files) for row in rows(client, CASE)) == [("dispute", 10), ("draft", 1)]


def test_who_comes_back_to_the_page_finds_the_draft(client: Client) -> None:
    """Of this person, from this page, with something in it."""
    sender = Sender(as_(client, "lin"), noisy_photo())
    sender.announce()
    doors = portal_of(client).doors
    lin, stranger = (viewer_named(name, doors.system()) for name in ("lin", "stranger"))
    assert doors.read_as(lin, draft_at, "/here") == sender.draft
    assert doors.read_as(stranger, draft_at, "/here") is None
    assert doors.read_as(lin, draft_at, "/there") is None
    sender.whole()
    assert doors.read_as(lin, draft_at, "/here") == sender.draft


def test_the_list_says_that_nothing_is_sent_yet(client: Client) -> None:
    """What is here, what is on its way, what failed and why; and each can be taken out (ui.md, file_row)."""
    sender = Sender(as_(client, "lin"), noisy_photo(), "whole.jpg")
    sender.whole()
    half = Sender(client, noisy_photo(5), "half.jpg", sender.draft)
    half.announce()
    half.part(0)
    add(client, make.locked_pdf(), "locked.pdf", case=("draft", sender.draft), read=False)
    add(client, b"%PDF-1.7 and nothing", "broken.pdf", case=("draft", sender.draft))
    as_(client, "lin").http.headers["accept-language"] = "en"
    page = client.get(f"/files/drafts/{sender.draft}/rows").text
    for words in (
        "Uploaded, not sent yet",
        "Interrupted at 525\u00a0kB of",
        "Choose it again, and it goes on from there",
        "has a password",
        "could not be opened",
        "You can send without it",
    ):
        assert words in page, words
    assert "clean" not in page


def test_the_page_of_a_draft_works_without_a_script(client: Client) -> None:
    """More files, a password, and taking out; one that fails is named and the rest is kept."""
    draft = Sender(as_(client, "lin"), noisy_photo(), "first.jpg")
    draft.whole()
    client.http.headers["accept-language"] = "en"
    path = f"/files/drafts/{draft.draft}"
    files = [
        ("files", ("locked.pdf", make.locked_pdf(), "application/pdf")),
        ("files", ("film.mov", b"moving", "video/quicktime")),
    ]
    page = client.submit(client.get(path), form=path, files=files)
    assert page.status_code == 422
    assert "film.mov is a video" in page.text
    assert "locked.pdf" in page.text
    portal = portal_of(client)
    while jobs.read_waiting(portal.doors, portal.files, portal.scanner):
        pass
    page = client.get(path)
    locked = next(row.code for row in rows(client, FILE) if row.name == "locked.pdf")
    assert as_(client, "stranger").get(f"/files/{locked}/password").status_code == 404
    asked = as_(client, "lin").get(f"/files/{locked}/password")
    wrong = client.submit(asked, {"password": "not it"}, form="/password")
    assert wrong.status_code == 422
    assert "This password does not open the file." in wrong.text
    answer = client.submit(wrong, {"password": make.PASSWORD}, form="/password")
    assert answer.headers["location"] == path
    assert client.get(f"/files/{locked}/password").status_code == 404, "it is open"
    page = client.follow(answer)
    assert "has a password" not in page.text
    code = next(row.code for row in rows(client, FILE) if row.name == "first.jpg")
    token = client.get(path).text.partition('data-remove-token="')[2].partition('"')[0]
    assert client.post(f"/files/{code}/remove", {FIELD: token}).headers["location"] == path
    assert [row.name for row in rows(client, FILE) if row.state == "ready"] == ["locked.pdf"]
    assert as_(client, "stranger").get(path).status_code == 404
    assert client.get(f"{path}/rows").status_code == 404
    assert client.get(f"/files/drafts/{new_code()}/rows").status_code == 200, "a form that was just opened"
    assert client.post(path, {FIELD: draft.token}).status_code in {403, 404}


@pytest.mark.parametrize("place", [("postgresql", "folder")], indirect=True)
def test_one_becomes_whole_while_the_next_is_announced(client: Client) -> None:
    """As files of one phone do; neither is ended by the database so that the other can go on."""
    portal = portal_of(client)
    lin = viewer_named("lin", portal.doors.system())
    first, second = (make.picture(size, 20, kind="JPEG") for size in (20, 40))
    tries: list[str] = []

    def announce(session: Session, viewer: Viewer, data: bytes) -> upload_actions.Begun:
        tries.append("announced")
        coming = upload_actions.Announced("draft", "/disputes/drafts/x", "photo.jpg", len(data), sha(data))
        return upload_actions.announce(session, viewer, coming)

    begun = portal.doors.write_as(lin, announce, first)
    kept = actions.keep(portal.files, "photo.jpg", first)
    part = portal.files.put(first)
    assert portal.doors.write_as(lin, upload_actions.add_part, begun.code, 0, len(first), part)

    def finish(session: Session, viewer: Viewer) -> upload_actions.Finished:
        tries.append("whole")
        return upload_actions.finish(session, viewer, begun.code, kept)

    between(
        portal.doors,
        "evidence_case",
        lambda: portal.doors.write_as(lin, finish),
        lambda: portal.doors.write_as(lin, announce, second),
    )
    assert sorted(tries) == ["announced", "announced", "whole"]
    assert sum(row.files for row in rows(client, QUOTA)) == 2
