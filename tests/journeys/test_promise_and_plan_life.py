"""A promise and a running plan over weeks: promised and taken back, moved, missed, evaluated, ended by staff."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoPerson
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.make.loans import payment, write_folder
from tests.served import Portal

pytestmark = pytest.mark.browser

APPROVER = next(staff for staff in STAFF if "plan_approver" in staff.roles)
NUMBER = re.compile(r"/(?:plans|promises)/([A-Z0-9-]+)$")
LOAN = "DEMO-HA-0718"


def on_day(portal: Portal, day: date) -> Portal:
    """The same installation on another day."""
    return replace(portal, environment={**portal.environment, "PORTAL_TODAY": day.isoformat()})


def book(portal: Portal, day: date, *paid: tuple[str, str]) -> str:
    """Import what arrived on Lin's loan up to a day, and judge; what the command printed."""
    rows = [payment(f"J{on}", on, amount, loan_ref=LOAN) for on, amount in paid]
    folder = write_folder(portal.folder / f"import-{day}", {"payments": rows})
    portal.run("import", str(folder), "--data-date", day.isoformat())
    return portal.run("evaluate").stdout


@contextmanager
def inside(browser: Browser, portal: Portal, person: DemoPerson, language: str, script: bool) -> Iterator[Page]:
    """Somebody comes in by a link that was asked for at the counter."""
    link = re.search(r"http\S+/l/\S+", portal.run("link", person.ref).stdout)
    assert link is not None
    with steps.visitor(browser, portal.url, language=language, script=script) as page:
        before = last_text(page, person)
        page.goto(link[0])
        steps.main_button(page).click()
        steps.answer_check(page, person)
        page.wait_for_url("**/code")
        for _ in range(steps.LOOKS):
            if last_text(page, person) != before:
                break
            page.wait_for_timeout(250)
        steps.answer_code(page, person)
        page.wait_for_url("**/account")
        yield page


def last_text(page: Page, person: DemoPerson) -> str:
    """What the demo phone got last: an older code may still be there."""
    phone = page.context.new_page()
    try:
        steps.open_phone(phone, person)
        texts = phone.locator(".phone__text")
        return texts.last.inner_text() if texts.count() else ""
    finally:
        phone.close()


def promise(page: Page, amount: str, day: str) -> None:
    """Promise an amount by a day of April."""
    page.goto("/account")
    steps.link_to(page, "/promises/new").click()
    page.wait_for_url("**/promises/new")
    page.locator('[name="amount"]').fill(amount)
    for part, typed in (("day", day), ("month", "4"), ("year", "2026")):
        page.locator(f'[name="due_on_{part}"]').fill(typed)
    page.locator('[name="channel"]').select_option("transfer")


@pytest.mark.parametrize(
    ("person", "language", "script"), [(LIN_YI, "zh", False), (LIN_YI_IN_ENGLISH, "en", True)], ids=["zh", "en"]
)
def test_a_promise_is_made_moved_and_taken_back(
    demo_of_lin: Portal, browser: Browser, person: DemoPerson, language: str, script: bool
) -> None:
    with demo_of_lin.serving(), inside(browser, demo_of_lin, person, language, script) as page:
        promise(page, "99999", "24")
        see(page, "promise-new")
        steps.main_button(page).click()
        page.locator(".problems").wait_for()
        if not script:
            see(page, "promise-mistake")
        page.locator('[name="amount"]').fill("500")
        steps.main_button(page).click()
        page.wait_for_url(NUMBER)
        see(page, "promise")
        page.locator('[name="to_day"]').select_option("2026-04-28")
        page.locator('form[action$="/move"] button').click()
        page.wait_for_load_state()
        assert page.locator('form[action$="/move"]').count() == 0
        page.locator('form[action$="/cannot"] button').click()
        steps.main_button(page).filter(has_text=re.compile("plan|分期")).wait_for()
        if not script:
            see(page, "promise-withdrawn")


def test_a_plan_from_its_first_payment_to_its_end(demo_of_lin: Portal, browser: Browser) -> None:
    with demo_of_lin.serving(), inside(browser, demo_of_lin, LIN_YI_IN_ENGLISH, "en", True) as page:
        number = send_plan(page)
        with steps.visitor(browser, demo_of_lin.url, language="en", script=False) as desk:
            approve(desk, number)
        page.goto(f"/plans/{number}")
        see(page, "plan-going")
        steps.link_to(page, "/payments/2026-05-12").click()
        page.wait_for_url("**/payments/2026-05-12")
        see(page, "plan-payment")
        page.locator('[name="to_day"]').select_option("2026-05-15")
        steps.main_button(page).click()
        page.wait_for_url(NUMBER)
        assert "15 May" in steps.text_of(page)
        steps.link_to(page, "/more").click()
        page.wait_for_url("**/more")
        page.locator('[name="amount"]').press_sequentially("1000")
        page.locator("#_more", has_text="1,086.91").wait_for()
        see(page, "plan-more")
    strikes(demo_of_lin, browser, number)
    evaluation(demo_of_lin, browser, number)


def strikes(demo: Portal, browser: Browser, number: str) -> None:
    """In the middle of May one payment has not arrived."""
    portal = on_day(demo, date(2026, 5, 16))
    assert "missed" in book(portal, date(2026, 5, 16), ("2026-05-05", "1180.00"))
    assert "0 done" in portal.run("evaluate").stdout
    for language, script in (("en", True), ("zh", False)):
        with portal.serving(), inside(browser, portal, LIN_YI_IN_ENGLISH, language, script) as page:
            page.goto(f"/plans/{number}")
            assert "09:00" in steps.text_of(page)
            see(page, "plan-first-strike")


def evaluation(demo: Portal, browser: Browser, number: str) -> None:
    """In the middle of June a second one: the plan is evaluated, a person ends it, and the borrower sees both."""
    portal = on_day(demo, date(2026, 6, 17))
    assert "evaluated" in book(portal, date(2026, 6, 16), ("2026-06-05", "1180.00"))
    with portal.serving(), inside(browser, portal, LIN_YI_IN_ENGLISH, "zh", False) as page:
        page.goto(f"/plans/{number}")
        page.locator('[name="words"]').fill("五月换了工作，七月起可以继续。")
        see(page, "plan-evaluated")
        page.locator('form[action$="/say"] button').click()
        page.wait_for_load_state()
        with steps.visitor(browser, portal.url, language="en", script=True) as desk:
            end(desk, number)
        page.reload()
        see(page, "plan-ended")
        assert "2026年6月17日" in steps.text_of(page)


def send_plan(page: Page) -> str:
    """Propose 364.00 a month, the smallest of the ready amounts; the number."""
    page.goto("/plans/new")
    page.locator('[name="first"]').fill("0")
    steps.main_button(page).click()
    page.locator('button[value="skip"]').click()
    page.locator('[name="pay_day"]').select_option("12")
    steps.main_button(page).click()
    page.locator('[name="amount"][value="364"]').check()
    steps.main_button(page).click()
    page.locator('[name="consent"]').check()
    steps.main_button(page).click()
    page.wait_for_url(NUMBER)
    found = NUMBER.search(page.url)
    assert found is not None
    return found[1]


def approve(desk: Page, number: str) -> None:
    """Staff agree, the penalty stops meanwhile."""
    errands.sign_in(desk, APPROVER)
    desk.goto(f"/staff/plans/{number}")
    desk.locator('[name="freeze"][value="1"]').check()
    desk.locator('select[name="reason"]').select_option("within_limits")
    steps.main_button(desk).click()
    desk.locator('main a[href$="/life"]').wait_for()


def end(desk: Page, number: str) -> None:
    """Staff look at the trace and what the borrower wrote, and end the plan."""
    errands.sign_in(desk, APPROVER)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/plans?state=evaluated")
    steps.link_to(desk, number).click()
    steps.link_to(desk, "/life").click()
    desk.wait_for_url("**/life")
    assert "五月换了工作" in steps.text_of(desk)
    see(desk, "staff-plan-life")
    desk.locator('[name="answer"][value="end"]').check()
    steps.main_button(desk).click()
    desk.wait_for_load_state()
    desk.locator("main form").first.wait_for(state="detached")
