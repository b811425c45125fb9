"""Files go up from a phone whose network breaks, whose session ends, or that runs no scripts; nothing is lost."""

import hashlib
import io
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from portal.demo.people import LIN_YI_IN_ENGLISH
from portal.evidence.upload_actions import CHUNK_BYTES
from tests.browser import page_of
from tests.cutting import Cutting, cutting
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.make.evidence import locked_pdf
from tests.served import Portal

pytestmark = pytest.mark.browser

SECONDS = 1_000


def photo(seed: int, megapixels: int = 4) -> FilePayload:
    """A photo that no packing makes small, as a phone names it."""
    side = int((megapixels * 1_000_000) ** 0.5)
    noise = Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=60)
    return {"name": f"IMG_{seed:04d}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def kept_hashes(portal: Portal) -> set[str]:
    """The hashes of the files that the portal has."""
    path = urlsplit(portal.environment["PORTAL_DATABASE_URL"]).path
    with sqlite3.connect(path) as database:
        return {row[0] for row in database.execute("SELECT sha256 FROM evidence_file WHERE deleted_at IS NULL")}


def hash_of(file: FilePayload) -> str:
    return hashlib.sha256(file["buffer"]).hexdigest()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, portal_of_lin: Portal) -> Any:
    """The cookies of a borrower who has come in."""
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        return page.context.cookies()


@contextmanager
def at_the_form(
    browser: Browser, portal: Portal, proxy: Cutting, cookies: Any, language: str = "en", script: bool = True
) -> Iterator[Page]:
    """A borrower whose phone reaches the portal through the proxy, on the form of a dispute."""
    phone = {"viewport": steps.PHONE_OF_THE_HOUSE, "locale": steps.LOCALES[language], "java_script_enabled": script}
    with page_of(browser, portal.url, **phone) as page:
        page.context.add_cookies(cookies)
        page.goto("/account")
        steps.link_to(page, "/penalty").click()
        steps.main_button(page).click()
        page.wait_for_url("**/dispute")
        steps.main_button(page).click()
        page.locator('[name="reason"][value="funds"]').check()
        steps.main_button(page).click()
        page.locator('[name="tail"]').fill("6021")
        steps.main_button(page).click()
        page.wait_for_url("**/files")
        page.goto(proxy.url + urlsplit(page.url).path)
        take_out_all(page)
        yield page


def take_out_all(page: Page) -> None:
    """Begin with an empty draft: what an earlier test left is still there, as it should be."""
    rows, form = page.locator("#_draft_rows li"), page.url
    for left in range(rows.count(), 0, -1):
        rows.first.locator("button").click()
        page.wait_for_load_state()
        expect(rows).to_have_count(left - 1)
    page.goto(form)


def choose(page: Page, *files: FilePayload) -> None:
    page.locator('[name="files"]').set_input_files(list(files))


def uploaded(page: Page, count: int) -> None:
    """Wait until so many files are here and none is on its way."""
    expect(page.locator("[data-coming-rows] li")).to_have_count(0, timeout=90 * SECONDS)
    expect(page.locator("#_draft_rows li")).to_have_count(count, timeout=30 * SECONDS)


def test_every_cut_is_made_good(browser: Browser, portal_of_lin: Portal, signed_in: Any) -> None:
    """The connection breaks again and again at random bytes; all arrives, and little is sent twice."""
    files = [photo(number) for number in range(3)]
    total = sum(len(file["buffer"]) for file in files)
    with cutting(portal_of_lin.url, seed=5) as proxy, at_the_form(browser, portal_of_lin, proxy, signed_in) as page:
        before = proxy.taken
        proxy.cut_within, proxy.cuts_left = 1_200_000, 8
        choose(page, *files)
        uploaded(page, 3)
        assert proxy.cuts >= 4
        assert proxy.taken - before <= total + proxy.cuts * CHUNK_BYTES + 300_000
        assert {hash_of(file) for file in files} <= kept_hashes(portal_of_lin)
        see(page, "upload-uploaded")


def test_a_dark_network_is_said_and_goes_on_by_itself(browser: Browser, portal_of_lin: Portal, signed_in: Any) -> None:
    with cutting(portal_of_lin.url) as proxy, at_the_form(browser, portal_of_lin, proxy, signed_in) as page:
        proxy.slowness = 0.05
        choose(page, photo(11), photo(12))
        first, second = page.locator("[data-coming-rows] .file").all()
        expect(first).to_have_class(re.compile("file--uploading"))
        expect(first).to_contain_text(re.compile(r"Uploading \d+ %"))
        expect(second).to_contain_text("Waiting")
        see(page, "upload-under-way")
        proxy.is_dark = True
        expect(first).to_contain_text("It goes on by itself", timeout=20 * SECONDS)
        see(page, "upload-interrupted")
        steps.main_button(page).click()
        expect(page.locator(".uploader .notice")).to_contain_text("Not all files are uploaded yet")
        proxy.is_dark, proxy.slowness = False, 0.0
        first.get_by_role("button", name="Try again now").click()
        uploaded(page, 2)


def test_it_outlives_a_reload_and_a_session(browser: Browser, portal_of_lin: Portal, signed_in: Any) -> None:
    """Chosen again after a new sign-in it goes on where it was, in the same draft."""
    long, whole = photo(21, 12), photo(22, 1)
    with cutting(portal_of_lin.url) as proxy, at_the_form(browser, portal_of_lin, proxy, signed_in) as page:
        choose(page, whole)
        uploaded(page, 1)
        proxy.slowness = 0.02
        choose(page, long)
        expect(page.locator("[data-coming-rows] progress")).to_have_attribute(
            "value", re.compile(r"[1-9]\d{6}"), timeout=60 * SECONDS
        )
        form = page.url
        page.context.clear_cookies(name="session")
        proxy.slowness = 0.0
        expect(page.locator("[data-coming-rows] .file")).to_contain_text("Your session has ended", timeout=30 * SECONDS)
        see(page, "upload-session-ended")
        page.context.clear_cookies()
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        before = proxy.taken
        page.goto(form)
        rows = page.locator("#_draft_rows li")
        expect(rows).to_have_count(2)
        expect(rows.nth(1)).to_contain_text("Choose it again")
        see(page, "upload-after-sign-in")
        choose(page, long)
        uploaded(page, 2)
        assert proxy.taken - before < len(long["buffer"]) - 500_000
        assert {hash_of(long), hash_of(whole)} <= kept_hashes(portal_of_lin)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_photos_are_put_together_and_covered_with_a_finger(
    browser: Browser, portal_of_lin: Portal, signed_in: Any, language: str
) -> None:
    """Two photos become one document; a stripe is touched, a box is drawn, and one drawn by mistake is taken back."""
    first, second = photo(41, 1), photo(42, 1)
    cookies = [each for each in signed_in if each["name"] != "lang"]
    with (
        cutting(portal_of_lin.url) as proxy,
        at_the_form(browser, portal_of_lin, proxy, cookies, language) as page,
    ):
        choose(page, first, second)
        uploaded(page, 2)
        link = page.locator('#_draft_rows a[href$="/together"]')
        expect(link).to_be_visible(timeout=30 * SECONDS)
        link.click()
        see(page, "together")
        page.locator('button[value^="up:"]').first.click()
        page.wait_for_load_state()
        expect(page.locator(".pages__item .name").first).to_have_text(second["name"])
        steps.main_button(page).click()
        page.wait_for_load_state()
        rows = page.locator("#_draft_rows li")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("IMG_0042+1.pdf")
        see(page, "draft")
        rows.locator('a[href$="/cover"]').click()
        page.locator(".cover__picture").evaluate("picture => picture.decode()")
        page.locator(".cover__band").nth(4).click()
        page.locator("[data-drawing]").check()
        draw(page, (0.1, 0.5), (0.6, 0.58))
        draw(page, (0.2, 0.7), (0.9, 0.9))
        page.locator('[name="box"]').last.click()
        expect(page.locator('[name="box"]')).to_have_count(1)
        see(page, "cover")
        steps.main_button(page).click()
        page.wait_for_load_state()
        expect(page.locator(".notice--ok")).to_be_visible()
        expect(page.locator('[name="band"]:checked, [name="box"]:checked')).to_have_count(2)
        see(page, "cover-marked")


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box on the page, from one corner to the other, in parts of its width and height."""
    place = page.locator(".cover").bounding_box()
    assert place is not None
    page.locator(".cover__boxes").dispatch_event("pointerdown", at(place, start))
    page.locator(".cover__boxes").dispatch_event("pointermove", at(place, end))
    page.locator(".cover__boxes").dispatch_event("pointerup", at(place, end))


def at(place: Any, point: tuple[float, float]) -> dict[str, Any]:
    x, y = place["x"] + point[0] * place["width"], place["y"] + point[1] * place["height"]
    return {"clientX": x, "clientY": y, "pointerId": 1, "isPrimary": True}


def test_without_a_script_the_plain_field_works(browser: Browser, portal_of_lin: Portal, signed_in: Any) -> None:
    """Its files wait for the dispute to be sent; on their own page they are covered and taken out."""
    files = [photo(51, 1), photo(52, 1)]
    with (
        cutting(portal_of_lin.url) as proxy,
        at_the_form(browser, portal_of_lin, proxy, signed_in, script=False) as page,
    ):
        choose(page, *files)
        page.locator('button[value="add"]').click()
        page.wait_for_load_state()
        rows = page.locator("#_draft_rows li")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("not sent yet")
        see(page, "upload-without-script")
        for _ in range(120):
            if rows.first.locator('a[href$="/cover"]').count():
                break
            page.wait_for_timeout(500)
            page.reload()
        rows.first.locator('a[href$="/cover"]').click()
        page.wait_for_load_state()
        page.locator(".cover__band").nth(2).click()
        steps.main_button(page).click()
        page.wait_for_load_state()
        expect(page.locator(".notice--ok")).to_be_visible()
        see(page, "cover-without-script")
        page.locator(".back a").click()
        page.wait_for_load_state()
        expect(rows.first).to_contain_text("is covered when you send")
        rows.last.locator("button").click()
        page.wait_for_load_state()
        expect(rows).to_have_count(1)


@pytest.mark.parametrize(("language", "script"), [("zh", False), ("en", True)])
def test_columns_are_named_and_lines_are_covered(
    browser: Browser, portal_of_lin: Portal, signed_in: Any, language: str, script: bool
) -> None:
    """The columns nobody knew, then the list of its lines, two unticked, kept, and said in the draft; with and without
    a script."""
    lines = "".join(f"2026-03-{day:02},shop {day},-1.00,{500 - day}.00\n" for day in range(1, 10))
    table = (f"Zeta {language},Words,Kappa,Omega\n" + lines).encode()
    cookies = [each for each in signed_in if each["name"] != "lang"]
    with (
        cutting(portal_of_lin.url) as proxy,
        at_the_form(browser, portal_of_lin, proxy, cookies, language, script) as page,
    ):
        choose(page, {"name": "March.csv", "mimeType": "text/csv", "buffer": table})
        if not script:
            page.locator('button[value="add"]').click()
            page.wait_for_load_state()
        columns, lines_of_it = (page.locator(f'#_draft_rows a[href$="/{way}"]') for way in ("columns", "lines"))
        for _ in range(120):
            if columns.count():
                break
            page.wait_for_timeout(500)
            if not script:
                page.reload()
        columns.click()
        page.wait_for_load_state()
        for at, meaning in enumerate(("date", "text", "amount", "balance"), 1):
            page.locator(f"#column-{at}").select_option(meaning)
        see(page, "columns")
        steps.main_button(page).click()
        page.wait_for_load_state()
        lines_of_it.click()
        page.wait_for_load_state()
        see(page, "cover-lines")
        for line in ("0-3", "0-4"):
            page.locator(f'[name="line"][value="{line}"]').uncheck()
        steps.main_button(page).click()
        page.wait_for_load_state()
        expect(page.locator(".notice--ok")).to_be_visible()
        expect(page.locator('[name="line"]:not(:checked)')).to_have_count(2)
        see(page, "cover-lines-marked")
        page.locator(".back a").click()
        page.wait_for_load_state()
        expect(page.locator("#_draft_rows li")).to_have_count(1)


def test_failures_are_named_and_the_rest_is_sent(browser: Browser, portal_of_lin: Portal, signed_in: Any) -> None:
    """A video, the same file twice, a PDF with a password; one is taken out, and the dispute is filed.

    The last one: afterwards there is nothing left to dispute.
    """
    film: FilePayload = {"name": "film.mov", "mimeType": "video/quicktime", "buffer": b"moving"}
    locked: FilePayload = {"name": "locked.pdf", "mimeType": "application/pdf", "buffer": locked_pdf()}
    kept, other = photo(31, 1), photo(32, 1)
    with cutting(portal_of_lin.url) as proxy, at_the_form(browser, portal_of_lin, proxy, signed_in) as page:
        choose(page, film, kept, locked, other)
        rows = page.locator("#_draft_rows li")
        expect(rows).to_have_count(3, timeout=30 * SECONDS)
        expect(page.locator("[data-coming-rows] li")).to_contain_text("film.mov is a video")
        expect(rows.filter(has_text="locked.pdf")).to_contain_text("has a password", timeout=30 * SECONDS)
        choose(page, kept)
        expect(page.locator(".uploader .notice")).to_contain_text("was there already")
        rows.filter(has_text=other["name"]).get_by_role("button", name="Take out").click()
        expect(rows).to_have_count(2)
        page.locator("[data-coming-rows]").get_by_role("button", name="Take out").click()
        expect(page.locator("[data-coming-rows] li")).to_have_count(0)
        see(page, "upload-failures")
        steps.main_button(page).click()
        page.locator('[name="consent"]').check()
        steps.main_button(page).click()
        page.wait_for_url("**/sent")
        page.goto(page.url.removesuffix("/sent"))
        says = steps.text_of(page)
        assert kept["name"] in says
        assert other["name"] not in says
        choose(page, other)
        uploaded(page, 1)
        see(page, "upload-added")
        page.get_by_role("button", name="Add to the dispute").click()
        page.wait_for_load_state()
        assert other["name"] in steps.text_of(page)
