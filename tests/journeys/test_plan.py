"""A plan: the borrower proposes, staff agree or refuse with the smallest change, the borrower sees the answer."""

import re

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoStaff
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

APPROVER = next(staff for staff in STAFF if "plan_approver" in staff.roles)
SUPERVISOR = next(staff for staff in STAFF if "supervisor" in staff.roles)
NUMBER = re.compile(r"/plans/([A-Z0-9-]+)$")
DRAFT = re.compile(r"/plans/drafts/[a-z0-9]+$")


def test_a_plan_within_the_limits_is_agreed(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        begin(page, household=True)
        assert page.locator('[name="amount"]').first.is_checked()
        says = steps.text_of(page)
        for words in ("850.00", "425.00", "364.00", "363.84", "2,183.84", "96.93", "2,086.91", "12 May", "13 July"):
            assert words in says, words
        see(page, "plan-amount")
        page.locator('[name="amount"][value="550"]').check()
        page.locator("#_schedule", has_text="503.23").wait_for()
        assert "would fit better" in steps.text_of(page)
        see(page, "plan-amount-above-half")
        page.locator('[name="amount"][value="364"]').check()
        page.locator("#_schedule", has_text="2,183.84").wait_for()
        steps.main_button(page).click()
        number = send(page)
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as desk:
            approve(desk, number)
        page.reload()
        page.locator(".figure", has_text="364.00").wait_for()
        see(page, "plan-running")
        take_papers(page)
        steps.link_to(page, "/agreement").click()
        assert "2,183.84" in steps.text_of(page)
        see(page, "plan-agreement")
        page.goto("/account")
        assert "12 May" in steps.text_of(page)
        see(page, "account-with-plan")


def test_one_outside_the_limits_is_refused_with_the_smallest_change(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as page:
        errands.come_in(page, LIN_YI)
        begin(page, household=False)
        see(page, "plan-amount-zh")
        own_amount(page, "270.00", script=False)
        says = steps.text_of(page)
        for words in ("2027年1月12日", "364.00", "270.00"):
            assert words in says, words
        see(page, "plan-outside")
        page.locator('button[value="anyway"]').click()
        number = send(page)
        with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as desk:
            refuse(desk, number)
        page.reload()
        steps.main_button(page).filter(has_text="364.00").wait_for()
        see(page, "plan-refused")
        steps.main_button(page).click()
        page.wait_for_url(DRAFT)
        assert "2,183.84" in steps.text_of(page)
        page.locator('[name="consent"]').check()
        steps.main_button(page).click()
        page.wait_for_url(NUMBER)
        page.locator('main form[action$="/withdraw"] button').click()
        page.wait_for_load_state()
        see(page, "plan-withdrawn")


def test_an_amount_of_ones_own_is_seen_as_it_is_typed(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=True) as page:
        errands.come_in(page, LIN_YI)
        begin(page, household=True)
        see(page, "plan-amount-zh-income")
        own_amount(page, "425.00", script=True)
        see(page, "plan-own-zh")
        page.locator('[name="way"][value="equal"]').check()
        page.locator('[name="payments"]').fill("6")
        page.locator("#_schedule", has_text="363.97").wait_for()
        steps.main_button(page).click()
        page.wait_for_url(DRAFT)
        steps.link_to(page, "/days").click()
        page.wait_for_url("**/days")
        page.locator('[name="rhythm"][value="two_weekly"]').check()
        page.locator('[name="first_on"]').select_option(index=7)
        see(page, "plan-days-zh")
        steps.main_button(page).click()
        page.wait_for_url(DRAFT)
        see(page, "plan-check-weeks-zh")
        page.locator('main form[action$="/discard"] button').click()
        page.wait_for_url("**/plans")


def begin(page: Page, *, household: bool) -> None:
    """From the account to the amounts: nothing now, perhaps income and spending, each month on the 12th."""
    page.locator('main a[href="/plans/new"]').click()
    page.wait_for_url("**/plans/new")
    page.locator('[name="first"]').fill("0")
    see(page, "plan-now")
    steps.main_button(page).click()
    page.wait_for_url("**/household")
    if household:
        for name, amount in (("income", "5460"), ("spending", "2500"), ("others", "470")):
            page.locator(f'[name="{name}"]').fill(amount)
        see(page, "plan-household")
        steps.main_button(page).click()
    else:
        page.locator('button[value="skip"]').click()
    page.wait_for_url("**/days")
    page.locator('[name="pay_day"]').select_option("12")
    see(page, "plan-days")
    steps.main_button(page).click()
    page.wait_for_url("**/amount")


def own_amount(page: Page, amount: str, *, script: bool) -> None:
    """An amount of one's own, and what it comes to."""
    page.locator('[name="amount"][value="own"]').check()
    steps.main_button(page).click()
    page.wait_for_url("**/own")
    field = page.locator('[name="monthly"]')
    field.fill("")
    if script:
        with page.expect_response(lambda answer: f"monthly={amount}&" in answer.url):
            field.press_sequentially(amount)
    else:
        field.fill(amount)
        page.locator('button[value="update"]').click()
    page.wait_for_load_state()


def send(page: Page) -> str:
    """Look it over, agree and send; gives back the number."""
    page.wait_for_url(DRAFT)
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


def take_papers(page: Page) -> None:
    """The PDF, twice the same, and the calendar file, as the phone would keep them."""
    first, second = (page.request.get(pdf_of(page)).body() for _time in range(2))
    assert first == second
    assert first.startswith(b"%PDF-")
    dates = page.request.get(page.url + "/dates.ics").text()
    assert "DTSTART;VALUE=DATE:20260512" in dates
    assert "364" not in dates


def pdf_of(page: Page) -> str:
    path = steps.link_to(page, ".pdf").get_attribute("href")
    assert path is not None
    return path


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
    errands.sign_in(desk, staff)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/plans")
    see(desk, "staff-plans")
    steps.link_to(desk, number).click()
    desk.wait_for_url(f"**/staff/plans/{number}")
    see(desk, "staff-plan")
