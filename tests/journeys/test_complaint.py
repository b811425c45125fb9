"""A complaint: sent from the diary with a photo, kept from the supervisor it names, answered by another, and read."""

import re

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoPerson, DemoStaff
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.make.evidence import with_position
from tests.served import Portal

pytestmark = pytest.mark.browser

NAMED, OTHER = (staff for staff in STAFF if "supervisor" in staff.roles)
AUDITOR = next(staff for staff in STAFF if "auditor" in staff.roles)
NUMBER = re.compile(r"/complaints/([A-Z0-9]{3}-[A-Z0-9]{3})$")
PHOTO: FilePayload = {"name": "calls.jpg", "mimeType": "image/jpeg", "buffer": with_position("JPEG")}


@pytest.mark.parametrize(
    ("person", "language", "script"),
    [(LIN_YI, "zh", False), (LIN_YI_IN_ENGLISH, "en", True)],
    ids=["zh without", "en with"],
)
def test_kept_from_whom_it_names_and_answered_by_another(
    browser: Browser, portal_of_lin: Portal, person: DemoPerson, language: str, script: bool
) -> None:
    with steps.visitor(browser, portal_of_lin.url, language=language, script=script) as page:
        errands.come_in(page, person)
        number = complain(page, script=script)
        with steps.visitor(browser, portal_of_lin.url, language=language, script=script) as desk:
            errands.sign_in(desk, NAMED)
            desk.goto("/staff/complaints")
            assert number not in (desk.locator("main").text_content() or "")
            answer = desk.goto(f"/staff/complaints/{number}")
            assert answer is not None
            assert answer.status == 404
        with steps.visitor(browser, portal_of_lin.url, language=language, script=script) as desk:
            reply(desk, OTHER, number)
        page.goto(f"/complaints/{number}")
        see(page, "complaint-answered")
        assert "他接受了培训。" in steps.text_of(page)
        page.goto("/complaints")
        see(page, "complaints")
        page.goto("/messages")
        see(page, "messages-stopped")


def complain(page: Page, *, script: bool) -> str:
    """Complain about the supervisor by name, with a photo; gives back the number."""
    page.goto("/messages")
    steps.link_to(page, "/complaints/new").click()
    see(page, "complaint-new")
    steps.main_button(page).click()
    page.locator("#happening-error").wait_for()
    see(page, "complaint-new-wrong")
    page.locator('[name="happening"][value="pressure"]').check()
    page.locator('main [name="words"]').fill("他说话很冲，还说要让邻居知道。")
    for part, digits in (("day", "15"), ("month", "4"), ("year", "2026")):
        page.locator(f'[name="happened_on_{part}"]').fill(digits)
    page.locator('[name="about_time"]').fill("21:40")
    page.locator('[name="channel"]').select_option("call")
    page.locator('[name="who"]').fill(f"自称{NAMED.display_name[0]}主管")
    for wish in ("stop", "apology"):
        page.locator(f'[name="wish"][value="{wish}"]').check()
    page.locator('[name="stop_reminders"]').check()
    page.locator('[name="files"]').set_input_files([PHOTO])
    if script:  # it is uploaded at once, and sending waits for it
        page.locator("#_draft_rows li").wait_for()
    page.locator('[name="consent"]').check()
    steps.main_button(page).click()
    page.wait_for_url(NUMBER)
    see(page, "complaint")
    found = NUMBER.search(page.url)
    assert found is not None
    return found[1]


def reply(page: Page, staff: DemoStaff, number: str) -> None:
    """Find the complaint in the queue, see that it is kept from the one it names, and answer it."""
    errands.sign_in(page, staff)
    page.goto("/staff/complaints")
    see(page, "staff-complaints")
    page.get_by_role("link", name=number).click()
    page.wait_for_url(f"**/staff/complaints/{number}")
    assert NAMED.display_name in steps.text_of(page)
    see(page, "staff-complaint")
    page.locator('[name="outcome"][value="founded"]').check()
    page.locator('[name="reason"]').select_option("conduct")
    page.locator('main [name="words"]').fill("我们听了录音，您说得对。")
    page.locator('main [name="changed"]').fill("他接受了培训。")
    steps.main_button(page).click()
    page.locator("main .tag--ok").first.wait_for()
    see(page, "staff-complaint-answered")


def test_an_auditor_reads_it(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.sign_in(page, AUDITOR)
        page.goto("/staff/complaints")
        page.locator(".queue__link").first.click()
        see(page, "staff-complaint-auditor")
        assert page.locator(".button--main").count() == 0
