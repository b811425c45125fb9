"""Files that are two things at once: none is taken, and what is served acts in no browser (EV-02, EV-08)."""

import zlib
from collections.abc import Iterator
from hashlib import sha256

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update
from starlette.applications import Starlette

from portal.app import create_app
from portal.evidence.file_kinds import MEDIA_TYPES
from portal.evidence.queries import FILE
from portal.evidence.sandbox import read_upload
from portal.platform.settings import Settings
from tests.browser import new_context
from tests.client import Client
from tests.make import demo
from tests.make import evidence as make
from tests.make.cases import Cases
from tests.served import Portal

SCRIPT = b"<html><script>document.title='alive';alert(1)</script></html>"
INSIDE = {
    "html": SCRIPT,
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "zip": make.archive(),
    "php": b"<?php system($_GET['c']); ?>",
    "pdf": make.pdf(),
    "gif": b"GIF89a" + bytes(20),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(60),
    "exe": b"MZ" + bytes(120) + b"PE\x00\x00",
}
OUTSIDE = {"jpeg": make.picture(kind="JPEG"), "png": make.picture(), "heic": make.heic(), "pdf": make.pdf()}
ENDINGS = {"jpeg": "jpg", "png": "png", "heic": "heic", "pdf": "pdf"}


def png_with(kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk of its own before the end."""
    whole = make.picture()
    end = whole.rindex(b"IEND") - 4
    chunk = len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
    return whole[:end] + chunk + whole[end:]


def polyglots() -> Iterator[tuple[str, str, bytes]]:
    """Name, and file name and content: one kind behind, before or inside another."""
    for inner, content in INSIDE.items():
        for outer, whole in OUTSIDE.items():
            if inner != outer:
                yield f"{inner} behind {outer}", f"a.{ENDINGS[outer]}", whole + content
                yield f"{inner} before {outer}", f"a.{ENDINGS[outer]}", content + whole
        yield f"{inner} called jpg", "a.jpg", content
    for inner in ("html", "php", "pdf"):
        yield f"{inner} in a JPEG comment", "a.jpg", make.picture(kind="JPEG", comment=INSIDE[inner])
        yield f"{inner} in a PNG text", "a.png", png_with(b"tEXt", b"Comment\x00" + INSIDE[inner])
    for name in ("a.jpg.html", "a.html", "a.jpg\x00.html", "a.svg", "a.jpg ", "a.", "a.JPG.exe", "\u202egpj.a"):
        yield f"a picture called {name!r}", name, OUTSIDE["jpeg"]


def is_safe(name: str, data: bytes) -> bool:
    """Refused, or taken as plain pictures in which nothing of what was hidden is left."""
    reading = read_upload(name, data, "")
    traces = (b"<script", b"<svg", b"<?php", b"PK\x03\x04", b"%PDF")
    return bool(reading.problem) or not any(trace in page.data for page in reading.pages for trace in traces)


def test_there_are_sixty_of_them() -> None:
    assert len(list(polyglots())) >= 60


def test_a_plain_picture_is_taken() -> None:
    """The control."""
    assert read_upload("a.jpg", OUTSIDE["jpeg"], "").problem == ""


@pytest.mark.drill
def test_no_polyglot_survives() -> None:
    """EV-02: each is refused, but for what is a program or a picture only where a file begins.

    Phones put bytes of their own behind a picture, so not every tail can be refused; no view copy has one.
    """
    taken = {name for name, file, data in polyglots() if not read_upload(file, data, "").problem}
    print(f"taken as plain pictures: {sorted(taken)}")  # noqa: T201 - a drill tells its figures
    assert all(name.startswith(("elf behind", "exe behind", "gif behind")) for name in taken), taken
    assert all(is_safe(file, data) for name, file, data in polyglots() if name in taken)


# --- What is served -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(installed: Portal, cases: Cases) -> Iterator[tuple[Portal, Starlette, str, str]]:
    """A served demo with one file of Lin Yi's, whose bytes a test replaces as if every check had failed."""
    app = create_app(Settings.load(installed.environment))
    with Client(app, installed.url) as nobody, installed.serving("--no-worker"):
        yield installed, app, cases.file, demo.as_person(app, nobody, cases.owner).http.cookies["session"]


def test_what_is_served_acts_in_no_browser(browser: Browser, served: tuple[Portal, Starlette, str, str]) -> None:
    """EV-08: opened by its address it is saved or shown as a picture, whatever its bytes are."""
    portal, app, code, session = served
    store, doors = app.state.portal.files, app.state.portal.doors
    context = new_context(browser, portal.url, accept_downloads=True)
    context.add_cookies([{"name": "session", "value": session, "url": portal.url}])
    page = context.new_page()
    alive: list[str] = []
    page.on("dialog", lambda dialog: (alive.append(dialog.message), dialog.dismiss()))
    page.goto("/start")
    for kind in MEDIA_TYPES:
        for content in (SCRIPT, INSIDE["svg"], INSIDE["pdf"], OUTSIDE["jpeg"] + SCRIPT):
            key = store.put(content)
            change = (
                update(FILE)
                .where(FILE.c.code == code)
                .values(kind=kind, store_key=key, sha256=sha256(content).hexdigest())
            )
            doors.write_as(doors.system(), lambda write, _viewer, it=change: write.execute(it) and None)
            with page.expect_download() as saved:
                page.evaluate(f"location.href = '/files/{code}'")
            assert saved.value.suggested_filename.startswith(code)
            assert page.title() != "alive"
    context.close()
    assert not alive


def test_the_browser_would_show_what_acts(browser: Browser, served: tuple[Portal, Starlette, str, str]) -> None:
    """The control: the same bytes as a page of their own come alive."""
    context = new_context(browser, served[0].url)
    page = context.new_page()
    alive: list[str] = []
    page.on("dialog", lambda dialog: (alive.append(dialog.message), dialog.dismiss()))
    page.route("**/raw", lambda route: route.fulfill(body=SCRIPT, content_type="text/html"))
    page.goto("/raw")
    context.close()
    assert alive == ["1"]
