"""A dispute: the borrower ticks nights and sends files, a handler upholds it, the borrower sees every line change."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoStaff
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.make.evidence import with_position
from tests.served import Portal, free_port

pytestmark = pytest.mark.browser

HANDLER = next(staff for staff in STAFF if "dispute_handler" in staff.roles)
SUPERVISOR = next(staff for staff in STAFF if "supervisor" in staff.roles)
NUMBER = re.compile(r"/disputes/([A-Z0-9-]+)$")
REASONS = ("paid", "amount", "not_mine", "lent", "explained", "claim", "hardship", "other")
FILES: list[FilePayload] = [
    {"name": "statement.jpg", "mimeType": "image/jpeg", "buffer": with_position("JPEG")},
    {"name": "unreadable.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 and then nothing of it"},
]


@contextmanager
def on_another_day(portal: Portal, today: str) -> Iterator[Portal]:
    """The same installation, served by a second process whose clock stands on another day."""
    url = f"http://127.0.0.1:{free_port()}"
    environment = {**portal.environment, "PORTAL_TODAY": today, "PORTAL_BASE_URL": url}
    with replace(portal, url=url, environment=environment).serving("--no-worker") as later:
        yield later


def test_filed_and_upheld_on_the_same_day(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as page:
        errands.come_in(page, LIN_YI)
        number = file(page, script=False)
        with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as desk:
            decide(desk, HANDLER, number, before=("900.54", "2,086.91"), after=("880.00", "2,066.37"))
        outcome(page, number, ("20.54", "900.54", "880.00", "2,086.91", "2,066.37"))
        balance(page, "2,066.37")


def test_filed_on_one_day_and_upheld_five_days_later(browser: Browser, portal_of_lin: Portal) -> None:
    """The dates of the house's pictures: filed on 17 April, decided on the 22nd."""
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        number = file(page, script=True)
    with (
        on_another_day(portal_of_lin, "2026-04-22") as later,
        steps.visitor(browser, later.url, language="zh", script=False) as desk,
    ):
        decide(desk, SUPERVISOR, number, before=("900.54", "2,089.57"), after=("880.00", "2,069.03"))


def file(page: Page, *, script: bool) -> str:
    """Dispute every night of the third instalment, one thing a page; gives back the number."""
    steps.link_to(page, "/penalty").click()
    steps.main_button(page).click()
    page.wait_for_url("**/dispute")
    sums = page.locator("#_sums dl")
    for figure in ("20.54", "11.69", "2,075.22"):
        sums.get_by_text(figure, exact=True).wait_for()
    assert "0.40" in page.locator("#_sums").inner_text()
    see(page, "dispute-new")
    third = page.locator('[name="stretch"]').nth(2)
    third.uncheck()
    update(page, script)
    sums.get_by_text("13.74", exact=True).wait_for()
    third.check()
    update(page, script)
    sums.get_by_text("20.54", exact=True).wait_for()
    steps.main_button(page).click()
    page.wait_for_url("**/reason")
    see(page, "dispute-reason")
    steps.main_button(page).click()
    page.locator("#reason-error").wait_for()
    see(page, "dispute-reason-wrong")
    page.goto(page.url)
    for reason in REASONS:
        choose(page, reason)
        see(page, f"dispute-details-{reason}")
        page.go_back()
        page.wait_for_url("**/reason")
    choose(page, "funds")
    page.locator('[name="tail"]').fill("6789")
    page.locator('[name="words"]').fill("The money was there at 17:32.")
    saved_for_later(page)
    steps.main_button(page).click()
    page.wait_for_url("**/files")
    see(page, "dispute-files")
    page.locator('[name="files"]').set_input_files(FILES)
    if not script:
        page.locator('button[value="add"]').click()
    page.locator("#_draft_rows li").nth(len(FILES) - 1).wait_for()
    see(page, "dispute-files-some")
    steps.main_button(page).click()
    page.locator('[name="consent"]').wait_for()
    check = page.url
    see(page, "dispute-check")
    steps.main_button(page).click()
    page.locator("#consent-error").wait_for()
    see(page, "dispute-check-wrong")
    page.locator('[name="consent"]').check()
    steps.main_button(page).click()
    page.wait_for_url("**/sent")
    see(page, "dispute-sent")
    page.goto(check)  # what was sent leads to the dispute
    page.wait_for_url(NUMBER)
    return status(page)


def choose(page: Page, reason: str) -> None:
    page.locator(f'[name="reason"][value="{reason}"]').check()
    steps.main_button(page).click()
    page.wait_for_url("**/details")


def saved_for_later(page: Page) -> None:
    """Left in the middle, found on the account, gone on with."""
    page.locator('button[value="later"]').click()
    page.wait_for_url("**/disputes")
    see(page, "disputes-unsent")
    page.goto("/account")
    steps.link_to(page, "/disputes/drafts/").click()
    see(page, "dispute-draft")
    steps.link_to(page, "/details").click()
    assert page.locator('[name="words"]').input_value() == "The money was there at 17:32."


def update(page: Page, script: bool) -> None:
    """With JavaScript the sums follow the ticks by themselves."""
    if not script:
        page.locator('button[name="act"][value="update"]').click()
        page.wait_for_load_state()


def status(page: Page) -> str:
    found = NUMBER.search(page.url)
    assert found is not None
    says = steps.text_of(page)
    for words in (found[1], "20.14", "11.29", "2,075.22", "statement.jpg", "unreadable.pdf"):
        assert words in says, words
    see(page, "dispute-status")
    page.goto("/account")
    balance(page, "2,075.22")
    says = steps.text_of(page)
    assert "11.29" in says
    assert found[1] in says
    see(page, "account-disputed")
    steps.link_to(page, "/penalty").click()
    see(page, "receipt-disputed")
    return found[1]


def balance(page: Page, amount: str) -> None:
    """The figure on top of the account."""
    page.goto("/account")
    page.locator(".figure", has_text=amount).first.wait_for()


def decide(desk: Page, staff: DemoStaff, number: str, *, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Somebody who may signs in, finds the dispute in the queue and upholds all of it."""
    errands.sign_in(desk, staff)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/disputes")
    see(desk, "staff-disputes")
    steps.link_to(desk, number).click()
    desk.wait_for_url(f"**/staff/disputes/{number}")
    effect = desk.locator("#_effect")
    for figure in (*before, *after, "20.54"):
        assert effect.get_by_text(figure).count(), figure
    see(desk, "staff-dispute")
    desk.locator('select[name="reason"]').select_option(index=1)
    desk.locator(".pane--deciding #words").fill("The statement shows it. We should have tried again that evening.")
    steps.main_button(desk).click()
    desk.wait_for_load_state()
    desk.locator(".pane--deciding .differences").wait_for()
    assert "20.54" in desk.locator(".pane--deciding .result").inner_text()
    see(desk, "staff-dispute-decided")


def outcome(page: Page, number: str, figures: tuple[str, ...]) -> None:
    page.goto(f"/disputes/{number}")
    says = steps.text_of(page)
    for figure in figures:
        assert figure in says, figure
    see(page, "dispute-outcome")
