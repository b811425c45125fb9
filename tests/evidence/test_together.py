"""Several photos become one document, in the order that the person gives them, without a script."""

import io

import httpx2
import pikepdf
from PIL import Image

from portal.audit.tables import LOG
from portal.evidence.queries import CASE, FILE, PAGE, QUOTA
from portal.platform.numbers import new_code
from tests.client import Client, Shown, fields_of, form_of
from tests.evidence.acts import add, as_, portal_of, rows
from tests.make import evidence as make
from tests.markup import parsed

COLOURS = {"red": (200, 20, 20), "green": (20, 160, 20), "blue": (20, 20, 200)}


def colours(client: Client, code: str, pages: int) -> list[str]:
    """The colour of each page of a file."""
    found = []
    for number in range(1, pages + 1):
        pixel = (
            Image.open(io.BytesIO(client.get(f"/files/{code}/pages/{number}").content)).convert("RGB").getpixel((9, 9))
        )
        found.append(min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], pixel, strict=True))))
    return found


def photos(client: Client, draft: str, who: str = "lin") -> list[str]:
    """Three photos of one colour each in a draft."""
    return [
        add(
            client,
            make.picture(300, 200 + len(name), kind="JPEG", colour=rgb),
            f"{name}.jpg",
            case=("draft", draft),
            who=who,
        )
        for name, rgb in COLOURS.items()
    ]


def press(client: Client, path: str, act: str, page: Shown, **other: object) -> httpx2.Response:
    """Press a button of the page with everything that the page holds."""
    codes = [each["value"] for each in _inputs(page, "photo")]
    ticked = [each["value"] for each in _inputs(page, "chosen") if "checked" in each]
    fields = fields_of(page, form_of(page, path))
    entries = {**fields, "photo": codes, "chosen": ticked, "act": act, **other}
    return client.post(path, entries, headers={"Accept-Language": "en"})


def _inputs(page: Shown, name: str) -> list[dict[str, str | None]]:
    return [each.attributes for each in parsed(page.text).all("input") if each.attributes.get("name") == name]


def test_photos_become_one_document_in_their_order(client: Client) -> None:
    draft = new_code()
    codes = photos(client, draft)
    path = f"/files/drafts/{draft}/together"
    page = as_(client, "lin").get(path)
    page = press(client, path, f"up:{codes[2]}", page)
    page = press(client, path, f"down:{codes[0]}", page)
    assert [each["value"] for each in _inputs(page, "photo")] == [codes[2], codes[0], codes[1]]
    answer = press(client, path, "together", page)
    assert answer.headers["location"] == f"/files/drafts/{draft}"
    [file] = [row for row in rows(client, FILE) if row.state != "deleted"]
    assert (file.name, file.kind, file.state) == ("blue+2.pdf", "pdf", "ready")
    assert colours(client, file.code, 3) == ["blue", "red", "green"]
    with pikepdf.open(io.BytesIO(client.get(f"/files/{file.code}").content)) as pdf:
        assert len(pdf.pages) == 3
    assert [row.files for row in rows(client, CASE)] == [row.files for row in rows(client, QUOTA)] == [1]
    assert len(list(portal_of(client).files.keys())) == 1 + len(rows(client, PAGE)) == 4
    assert [row.subject for row in rows(client, LOG) if row.kind == "evidence.files_put_together"] == [file.code]


def test_some_stay_by_themselves(client: Client) -> None:
    draft = new_code()
    codes = photos(client, draft)
    path = f"/files/drafts/{draft}/together"
    page = as_(client, "lin").get(path)
    assert press(client, path, "together", page, chosen=codes[:1]).status_code == 422
    press(client, path, "together", page, chosen=codes[:2])
    assert sorted(row.name for row in rows(client, FILE) if row.state != "deleted") == ["blue.jpg", "red+1.pdf"]


def test_a_strangers_photos_are_out_of_reach(client: Client) -> None:
    draft = new_code()
    codes = photos(client, draft)
    path = f"/files/drafts/{draft}/together"
    page = as_(client, "lin").get(path)
    as_(client, "stranger")
    assert client.get(path).status_code == 404
    assert press(client, path, "together", page, chosen=codes).status_code == 404
    assert [row.state for row in rows(client, FILE)] == ["ready"] * 3


def test_where_files_are_scanned_it_is_opened_once_it_was(client: Client) -> None:
    draft = new_code()
    photos(client, draft)
    portal = portal_of(client)
    portal.doors.info["scanned_only"] = True
    path = f"/files/drafts/{draft}/together"
    press(client, path, "together", as_(client, "lin").get(path))
    [file] = [row for row in rows(client, FILE) if row.state != "deleted"]
    assert file.state == "being_checked"
    assert client.get(f"/files/{file.code}/pages/1").status_code == 404
