"""Every screen that lies beside the journeys: other people's accounts, papers, lists, errors, and all of staff's."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from portal.demo import people
from portal.demo.people import LIN_YI, STAFF, DemoPerson, DemoStaff
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

OPEN_SCREENS = ("start", "start/sent", "link-unusable", "link-closed", "not-me", "number-changed", "session-ended")
OWN_SCREENS = (
    "pay",
    "devices",
    "messages",
    "disputes",
    "disputes/start",
    "plans",
    "plans/new",
    "complaints",
    "complaints/new",
    "nothing-here",
)
OTHERS = (
    people.PAID_UP,
    people.CEILING,
    people.TWO_CURRENCIES,
    people.CREDIT,
    people.SOLD,
    people.GUARANTOR,
    people.LONG_NAME,
)
PARTS = ("", "/loans", "/payments", "/debits", "/documents", "/history")
STAFF_SCREENS = {
    "plan_approver": ("plans", "second", "people", "messages"),
    "auditor": ("audit", "audit/proof"),
    "administrator": ("accounts", "accounts/qiaomu", "complaints-without-supervisor"),
}


def named(role: str) -> DemoStaff:
    return next(staff for staff in STAFF if role in staff.roles)


@pytest.mark.parametrize(("language", "script"), [("zh", False), ("en", True)], ids=["zh without", "en with"])
def test_before_the_check(browser: Browser, portal_of_lin: Portal, language: str, script: bool) -> None:
    with steps.visitor(browser, portal_of_lin.url, language=language, script=script) as page:
        visit(page, OPEN_SCREENS)
        steps.open_link(page, people.REVERSED)
        page.locator('button[value="not_me"]').click()
        page.wait_for_url("**/not-me")
        steps.main_button(page).click()
        page.wait_for_url("**/not-me/done")
        see(page, "not-me-done")


def test_every_page_of_ones_own(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=True) as page:
        errands.come_in(page, LIN_YI)
        visit(page, OWN_SCREENS)
        page.goto("/account")
        loan = steps.link_to(page, "/penalty").get_attribute("href")
        assert loan is not None
        visit(page, [each.format(loan.split("/")[2]) for each in ("loans/{}", "loans/{}/statement")])


def test_other_peoples_accounts(browser: Browser, portal_of_lin: Portal) -> None:
    for person in OTHERS:
        with steps.visitor(browser, portal_of_lin.url, language=person.language, script=True) as page:
            errands.come_in(page, person)
            see(page, f"account-{person.ref.lower()}")
            if person is people.CEILING:
                steps.link_to(page, "/penalty").click()
                see(page, "receipt-at-the-ceiling")


def test_staffs_screens(browser: Browser, portal_of_lin: Portal) -> None:
    for role, paths in STAFF_SCREENS.items():
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=True) as page:
            page.goto("/staff/sign-in")
            see(page, "staff-sign-in")
            sign_in(page, named(role))
            for language in ("zh", "en"):
                page.goto(f"/language/{language}?next=/staff/")
                visit(page, [f"staff/{path}" for path in paths])
                if role == "plan_approver" and language == "en":
                    for part in case_of(page, LIN_YI):
                        see(page, f"staff-case{part.replace('/', '-')}")


def sign_in(page: Page, staff: DemoStaff) -> None:
    for name, value in (("name", staff.name), ("password", staff.password), ("code", errands.code_of(page, staff))):
        page.locator(f'main [name="{name}"]').fill(value)
    steps.main_button(page).click()
    page.wait_for_url(re.compile(r"/staff/(?!sign-in)"))


def case_of(page: Page, person: DemoPerson) -> Iterator[str]:
    """Look the person up, then each part of the case and the receipt as the person sees it."""
    page.goto("/staff/people")
    page.locator('main [name="mobile"]').fill(person.mobile)
    page.locator('main select[name="because"]').select_option(index=1)
    steps.main_button(page).click()
    steps.link_to(page, "/staff/cases/").click()
    page.wait_for_url(re.compile("/staff/cases/"))
    case = page.url.split("?")[0]
    for part in PARTS:
        answer = page.goto(case + part)
        assert answer is not None
        if answer.status == 200:
            yield part
    page.goto(f"{case}/loans")
    steps.link_to(page, "/instalments/3").click()
    yield "/receipt"


def visit(page: Page, paths: tuple[str, ...] | list[str]) -> None:
    for path in paths:
        answer = page.goto(f"/{path}")
        assert answer is not None
        assert answer.status == (404 if path == "nothing-here" else 200), path
        see(page, re.sub(r"[a-z0-9]{16}", "of", path).replace("/", "-"))
