"""A plan: the borrower proposes, staff agree or refuse with the smallest change, the borrower sees the answer."""

import re

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoStaff
from tests.journeys import steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

APPROVER = next(staff for staff in STAFF if "plan_approver" in staff.roles)
SUPERVISOR = next(staff for staff in STAFF if "supervisor" in staff.roles)
NUMBER = re.compile(r"/plans/([A-Z0-9-]+)$")


def test_a_plan_within_the_limits_is_agreed(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        steps.come_in(page, LIN_YI_IN_ENGLISH)
        ask(page, "364.00", script=True)
        page.locator("#_schedule", has_text="2,183.84").wait_for()
        says = steps.text_of(page)
        for words in ("364.00", "363.84", "2,183.84", "96.93", "2,086.91", "12 May", "13 July", "14 September"):
            assert words in says, words
        see(page, "plan-new")
        steps.main_button(page).click()
        number = send(page)
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as desk:
            approve(desk, number)
        page.reload()
        page.locator(".figure", has_text="364.00").wait_for()
        see(page, "plan-running")
        steps.link_to(page, "/agreement").click()
        assert "2,183.84" in steps.text_of(page)
        see(page, "plan-agreement")
        page.goto("/account")
        assert "12 May" in steps.text_of(page)
        see(page, "account-with-plan")


def test_one_outside_the_limits_is_refused_with_the_smallest_change(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as page:
        steps.come_in(page, LIN_YI)
        ask(page, "270.00", script=False)
        says = steps.text_of(page)
        for words in ("2027年1月12日", "364.00", "270.00"):
            assert words in says, words
        see(page, "plan-outside")
        page.locator('main a[href*="anyway=1"]').click()
        number = send(page)
        with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as desk:
            refuse(desk, number)
        page.reload()
        steps.main_button(page).filter(has_text="364.00").wait_for()
        see(page, "plan-refused")
        steps.main_button(page).click()
        page.wait_for_url("**/plans/check?**")
        assert "2,183.84" in steps.text_of(page)
        page.locator('[name="consent"]').check()
        steps.main_button(page).click()
        page.wait_for_url(NUMBER)
        page.locator("main form button").click()
        page.wait_for_load_state()
        see(page, "plan-withdrawn")


def ask(page: Page, monthly: str, *, script: bool) -> None:
    """Fill in the form: nothing now, this much each month on the 12th."""
    page.locator('main a[href="/plans/new"]').click()
    page.wait_for_url("**/plans/new")
    page.locator('[name="first"]').fill("0")
    page.locator('[name="pay_day"]').select_option("12")
    page.locator('[name="monthly"]').fill("")
    with page.expect_response(lambda answer: f"monthly={monthly}&" in answer.url):
        page.locator('[name="monthly"]').press_sequentially(monthly)
        if not script:
            page.locator("#plan .button--second").click()
    page.wait_for_load_state()


def send(page: Page) -> str:
    """Look it over, agree and send; gives back the number."""
    page.wait_for_url("**/plans/check?**")
    see(page, "plan-check")
    steps.main_button(page).click()
    page.locator(".problems").wait_for()
    page.locator('[name="consent"]').check()
    steps.main_button(page).click()
    page.wait_for_url(NUMBER)
    see(page, "plan-sent")
    found = NUMBER.search(page.url)
    assert found is not None
    return found[1]


def approve(desk: Page, number: str) -> None:
    open_plan(desk, APPROVER, number)
    desk.locator('select[name="reason"]').select_option("within_limits")
    steps.main_button(desk).click()
    desk.wait_for_load_state()
    desk.locator('main a[href$="/agreement"]').wait_for()
    see(desk, "staff-plan-decided")


def refuse(desk: Page, number: str) -> None:
    open_plan(desk, SUPERVISOR, number)
    steps.link_to(desk, "/refuse").click()
    desk.wait_for_url("**/refuse")
    assert "364.00" in steps.text_of(desk)
    see(desk, "staff-plan-refuse")
    desk.locator('select[name="reason"]').select_option("outside_limits")
    desk.locator('main [name="words"]').fill("Six payments are the most that we can agree to.")
    steps.main_button(desk).click()
    desk.wait_for_url(f"**/staff/plans/{number}")


def open_plan(desk: Page, staff: DemoStaff, number: str) -> None:
    """Somebody signs in, each test as another since a code works once, and finds the plan in the queue."""
    steps.sign_in(desk, staff)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/plans")
    see(desk, "staff-plans")
    steps.link_to(desk, number).click()
    desk.wait_for_url(f"**/staff/plans/{number}")
    see(desk, "staff-plan")
