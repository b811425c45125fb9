"""Parts of a file are covered before it is sent: burnt in on sending, and the uncovered file is gone for good."""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pikepdf
import pytest
from PIL import Image

from portal.audit.tables import LOG
from portal.evidence import actions, cover_actions, jobs
from portal.evidence.covering import COVER, COVER_PAGE, LEFTOVER, forget_leftovers
from portal.evidence.queries import CASE, FILE, PAGE, QUOTA
from portal.evidence.serving import pictures_as_pdf
from portal.platform.clock import FixedClock
from portal.platform.numbers import new_code
from tests.client import Client, fields_of, form_of
from tests.databases import Databases
from tests.evidence.acts import CASE_NUMBER, add, as_, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.make import evidence as make
from tests.make.between import between

ENGLISH = {"Accept-Language": "en"}


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


def cover(client: Client, code: str, page: int = 1, **marks: Any) -> Any:
    """Fill in the page and press its button."""
    path = f"/files/{code}/cover?page={page}"
    shown = client.get(path, headers=ENGLISH)
    assert "What you do not mark stays readable" in shown.text
    fields = fields_of(shown, form_of(shown, "/cover"))
    return client.post(path, {**fields, "act": "cover", **marks}, headers=ENGLISH)


def send(client: Client, draft: str) -> None:
    """The draft becomes a dispute."""
    portal = portal_of(client)

    def sent(session: Any, viewer: Any) -> int:
        return actions.send_draft(session, viewer, draft, case_kind="dispute", case_number=CASE_NUMBER)

    assert portal.doors.write_as(viewer_named("lin", portal.doors.system()), sent) == 1


def pixels(data: bytes) -> Any:
    return Image.open(io.BytesIO(data)).convert("L")


def white_photo(client: Client, draft: str, name: str = "statement.jpg") -> str:
    return add(client, make.picture(1_000, 1_000, kind="JPEG", colour="white"), name, case=("draft", draft))


def test_what_is_marked_is_black_once_it_is_sent(client: Client) -> None:
    """Until then nothing has changed; afterwards page, download, hash and name are those of what was sent."""
    draft = new_code()
    code = white_photo(client, draft)
    as_(client, "lin")
    answer = cover(client, code, band=["0", "19"], box=["400,400,200,100"])
    assert answer.headers["location"] == f"/files/{code}/cover?page=1"
    shown = client.get(answer.headers["location"], headers=ENGLISH)
    assert shown.text.count(" checked") == 3
    assert "Marked on 1 of 1 pages" in shown.text
    assert "What you marked is covered when you send" in client.get(f"/files/drafts/{draft}/rows", headers=ENGLISH).text
    assert pixels(client.get(f"/files/{code}/pages/1").content).getpixel((500, 20)) > 250
    before = [row.store_key for table in (FILE, PAGE) for row in rows(client, table)]
    send(client, draft)
    page = pixels(client.get(f"/files/{code}/pages/1").content)
    for at, is_dark in (
        ((500, 20), True),
        ((500, 980), True),
        ((500, 450), True),
        ((500, 300), False),
        ((300, 450), False),
    ):
        assert (page.getpixel(at) < 30) == is_dark, at
    [file] = rows(client, FILE)
    whole = client.get(f"/files/{code}").content
    assert (file.name, file.kind, file.state) == ("statement.pdf", "pdf", "ready")
    assert hashlib.sha256(whole).hexdigest() == file.sha256
    assert len(whole) == file.size
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        picture = pdf.pages[0].Resources.XObject.Picture
        assert pixels(picture.read_raw_bytes()).getpixel((500, 20)) < 30
    assert sorted(row.store_key for row in rows(client, LEFTOVER)) == sorted(before)


def test_nothing_of_the_uncovered_file_survives(client: Client, clock: FixedClock) -> None:
    """In the store, in the rows, and for the quotas (EV-04)."""
    draft = new_code()
    original = make.picture(1_000, 1_000, kind="JPEG", colour="white")
    code = add(client, original, case=("draft", draft))
    cover(as_(client, "lin"), code, band=["3"])
    send(client, draft)
    portal = portal_of(client)
    assert forget_leftovers(portal.doors, portal.files) == 2
    assert forget_leftovers(portal.doors, portal.files) == 0
    named = {row.store_key for table in (FILE, PAGE) for row in rows(client, table)}
    assert set(portal.files.keys()) == named
    assert not any(portal.files.get(key) == original for key in named)
    assert rows(client, COVER) == rows(client, COVER_PAGE) == rows(client, LEFTOVER) == []
    [file] = rows(client, FILE)
    assert [row.bytes for row in rows(client, CASE)] == [row.bytes for row in rows(client, QUOTA)] == [file.size]
    clock.advance(hours=25)
    assert jobs.sweep_orphans(portal.doors, portal.files) == 0


def test_a_covered_version_is_no_orphan_before_it_is_sent(client: Client, clock: FixedClock) -> None:
    code = white_photo(client, new_code())
    cover(as_(client, "lin"), code, band=["3"])
    clock.advance(hours=25)
    portal = portal_of(client)
    assert jobs.sweep_orphans(portal.doors, portal.files) == 0
    assert len(list(portal.files.keys())) == 4


def test_marks_are_changed_and_taken_back(client: Client) -> None:
    """Page by page, and all at once; the room that was reserved is given back."""
    draft = new_code()
    code = add(client, make.pdf(3), "statement.pdf", case=("draft", draft))
    as_(client, "lin")
    cover(client, code, 2, band=["1"])
    cover(client, code, 3, box=["0,0,1000,500"])
    assert "Marked on 2 of 3 pages" in client.get(f"/files/{code}/cover", headers=ENGLISH).text
    cover(client, code, 2)
    assert "Marked on 2 of 3" in client.get(f"/files/{code}/cover", headers=ENGLISH).text
    cover(client, code, 2, band=[])
    assert "Marked on 1 of 3" in client.get(f"/files/{code}/cover", headers=ENGLISH).text
    assert len(list(portal_of(client).files.keys())) == 1 + 3 + 1 + 3
    cover(client, code, 1, act="undo")
    assert "Marked on" not in client.get(f"/files/{code}/cover", headers=ENGLISH).text
    assert len(list(portal_of(client).files.keys())) == 1 + 3
    [file] = rows(client, FILE)
    assert [row.bytes for row in rows(client, CASE)] == [row.bytes for row in rows(client, QUOTA)] == [file.size]
    kinds = [row.payload for row in rows(client, LOG) if row.kind == "evidence.file_covered"]
    assert len(kinds) == 5
    send(client, draft)
    assert [row.kind for row in rows(client, FILE)] == ["pdf"]
    assert rows(client, LEFTOVER) == []


def test_taken_out_it_goes_with_its_covered_version(client: Client) -> None:
    code = white_photo(client, new_code())
    cover(as_(client, "lin"), code, band=["3"])
    page = client.get(f"/files/{code}/view", headers=ENGLISH)
    client.submit(page, form="/remove")
    assert list(portal_of(client).files.keys()) == []
    assert [row.bytes for row in rows(client, CASE)] == [row.bytes for row in rows(client, QUOTA)] == [0]


def test_it_is_burnt_in_where_it_is_added_to_a_case(client: Client) -> None:
    draft = new_code()
    code = white_photo(client, draft)
    add(client, make.pdf(), "before.pdf")
    cover(as_(client, "lin"), code, band=["3"])
    portal = portal_of(client)

    def added(session: Any, viewer: Any) -> list[Any]:
        return actions.add_draft(session, viewer, draft, case_kind="dispute", case_number=CASE_NUMBER)

    assert portal.doors.write_as(viewer_named("lin", portal.doors.system()), added) == []
    assert len(rows(client, LEFTOVER)) == 2
    sizes = sum(row.size for row in rows(client, FILE))
    assert sorted(row.bytes for row in rows(client, CASE)) == [0, sizes]
    assert [row.bytes for row in rows(client, QUOTA)] == [sizes]


@pytest.mark.parametrize("marks", [{"band": ["20"]}, {"box": ["0,0,1001,5"]}, {"box": ["1,2,3"]}, {"box": ["0,0,0,0"]}])
def test_marks_outside_the_page_are_refused(client: Client, marks: dict[str, Any]) -> None:
    code = white_photo(client, new_code())
    assert cover(as_(client, "lin"), code, **marks).status_code == 422
    assert rows(client, COVER) == []


def test_only_its_sender_covers_it_and_only_before_sending(client: Client) -> None:
    draft = new_code()
    code = white_photo(client, draft)
    path = f"/files/{code}/cover"
    page = as_(client, "lin").get(path, headers=ENGLISH)
    fields = fields_of(page, form_of(page, "/cover"))
    for who, status in (("stranger", 404), ("handler", 403), ("auditor", 403)):
        as_(client, who)
        assert client.get(path).status_code == status
        assert client.post(path, {**fields, "band": "1", "act": "cover"}).status_code == status
    as_(client, "lin")
    assert [client.get(f"{path}?page={page}").status_code for page in ("0", "2", "x", "9999")] == [404] * 4
    send(client, draft)
    assert client.get(path).status_code == 404
    assert rows(client, COVER) == []


def test_a_covered_photo_is_not_put_together_uncovered(client: Client) -> None:
    draft = new_code()
    covered = white_photo(client, draft)
    other = add(client, make.picture(40, 40, kind="JPEG"), case=("draft", draft))
    third = add(client, make.picture(41, 40, kind="JPEG"), case=("draft", draft))
    cover(as_(client, "lin"), covered, band=["3"])
    page = client.get(f"/files/drafts/{draft}/together", headers=ENGLISH).text
    assert covered not in page
    assert other in page
    assert third in page


@pytest.mark.parametrize("place", [("postgresql", "folder")], indirect=True)
def test_covered_while_it_is_sent(client: Client) -> None:
    """EV-04: what somebody was told is covered is sent covered; or they are told that it was sent already."""
    draft = new_code()
    code = white_photo(client, draft)
    portal = portal_of(client)
    lin = viewer_named("lin", portal.doors.system())
    file = portal.doors.read_as(lin, cover_actions.coverable, code)
    assert file is not None
    marks = {1: cover_actions.Marks(bands=(0,))}
    covered = cover_actions.make_covered(portal.files, file.page_keys, marks, pictures_as_pdf)
    as_(client, "lin")

    def mark() -> list[str]:
        keys: list[str] = portal.doors.write_as(lin, cover_actions.cover, code, covered)
        return keys

    assert between(portal.doors, "FROM evidence_file", mark, lambda: send(client, draft)) == ("[]", "None")
    assert rows(client, COVER) == []
    [sent] = rows(client, FILE)
    assert sent.sha256 == covered.sha256
