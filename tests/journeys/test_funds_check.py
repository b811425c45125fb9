"""The case of the house with its statement: the program reads it, a handler decides, a supervisor reviews that."""

import re

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from portal.demo.people import LIN_YI_IN_ENGLISH, STAFF, DemoStaff
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.make.disputes import statement
from tests.make.evidence import with_position
from tests.served import Portal

pytestmark = pytest.mark.browser

HANDLER = next(staff for staff in STAFF if "dispute_handler" in staff.roles)
SUPERVISOR = next(staff for staff in STAFF if "supervisor" in staff.roles)
NUMBER = re.compile(r"/disputes/([A-Z0-9-]+)$")
PHOTO: FilePayload = {"name": "slip.jpg", "mimeType": "image/jpeg", "buffer": with_position("JPEG")}
MARCH: FilePayload = {
    "name": "march.csv",
    "mimeType": "text/csv",
    "buffer": statement(account="6217000000006021"),
}


def test_checked_by_the_program_decided_by_a_person_and_reviewed(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        number = file(page)
        checked(page, number)
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as desk:
            not_upheld(desk, number)
        reviewed_at_the_persons_wish(page, number)
        with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as desk:
            upheld_in_review(desk, number)
        page.goto(f"/disputes/{number}")
        says = steps.text_of(page)
        for words in ("After the review: upheld", "20.54", "900.54", "880.00", "Principal of this instalment", "8.85"):
            assert words in says, words
        see(page, "dispute-reviewed")


def file(page: Page) -> str:
    """Dispute all nights of the third instalment without a file yet; gives the number."""
    steps.link_to(page, "/penalty").click()
    steps.main_button(page).click()
    page.wait_for_url("**/dispute")
    steps.main_button(page).click()
    page.locator('[name="reason"][value="funds"]').check()
    steps.main_button(page).click()
    page.locator('[name="tail"]').fill("6021")
    page.locator('[name="words"]').fill("The money was there at 17:32.")
    for _step in ("details", "files", "check"):
        steps.main_button(page).click()
        page.wait_for_load_state()
    page.wait_for_url("**/sent")
    page.goto(page.url.removesuffix("/sent"))
    found = NUMBER.search(page.url)
    assert found is not None
    see(page, "dispute-funds-missing")
    assert "the bank statement for the days around the due date" in steps.text_of(page)
    return found[1]


def checked(page: Page, number: str) -> None:
    """The statement is added; the page says by itself what it shows."""
    page.locator('[name="files"]').set_input_files([PHOTO, MARCH])
    page.locator("#_draft_rows li").nth(1).wait_for()
    page.locator('[name="consent"]').check()
    page.get_by_role("button", name="Add to the dispute").click()
    page.locator("#_draft_rows li").first.wait_for(state="detached")
    page.locator("#_funds .result", has_text="1,203.55").wait_for(timeout=60_000)
    says = steps.text_of(page)
    for words in ("at the end of 5 March 2026", "1,180.00", "not the decision", "3,062.55", "412.55", "08:12"):
        assert words in says, words
    see(page, "dispute-funds-met")


def open_dispute(desk: Page, staff: DemoStaff, number: str) -> None:
    """Sign in and open the dispute from its number."""
    errands.sign_in(desk, staff)
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(f"/staff/disputes/{number}")


def not_upheld(desk: Page, number: str) -> None:
    """A handler sees statement, rule and effect, and decides against it all the same."""
    open_dispute(desk, HANDLER, number)
    says = steps.text_of(desk)
    for words in ("1,203.55", "6021 = 6021", "▸", "900.54", "880.00"):
        assert words in says, words
    see(desk, "staff-dispute-funds")
    desk.locator('.pane--deciding select[name="reason"]').select_option("funds_not_met")
    desk.locator("#words").fill("那天20:05之后余额不够。")
    desk.locator('button[value="not_upheld"]').click()
    desk.locator(".pane--deciding .differences").wait_for()
    see(desk, "staff-dispute-not-upheld")


def reviewed_at_the_persons_wish(page: Page, number: str) -> None:
    """The person asks for the review from the outcome page."""
    page.goto(f"/disputes/{number}")
    see(page, "dispute-not-upheld")
    steps.link_to(page, f"/disputes/{number}/review").click()
    see(page, "dispute-review")
    page.locator('[name="words"]').fill("At the end of the day there was enough.")
    steps.main_button(page).click()
    page.wait_for_url(NUMBER)
    assert "A supervisor who had no part in it" in steps.text_of(page)
    see(page, "dispute-in-review")


def upheld_in_review(desk: Page, number: str) -> None:
    """A supervisor finds it in the queue of reviews and upholds all of it."""
    errands.sign_in(desk, SUPERVISOR)
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto("/staff/reviews")
    see(desk, "staff-reviews")
    steps.link_to(desk, number).click()
    desk.locator('.pane--deciding select[name="reason"]').select_option("funds_met")
    desk.locator("#words").fill("At the end of 5 March the account held enough. We should have tried again.")
    see(desk, "staff-review")
    steps.main_button(desk).click()
    desk.locator(".pane--deciding .differences").wait_for()
