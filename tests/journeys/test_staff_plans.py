"""What staff answer: another plan that is accepted in a tap, one written down on the phone, a limit, a pause."""

import re

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF, DemoPerson
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

APPROVER = next(staff for staff in STAFF if "plan_approver" in staff.roles)
SUPERVISORS = [staff for staff in STAFF if "supervisor" in staff.roles]
NUMBER = re.compile(r"/plans/([A-Z0-9-]+)$")


@pytest.mark.parametrize(("language", "person", "script"), [("en", LIN_YI_IN_ENGLISH, True), ("zh", LIN_YI, False)])
def test_a_plan_from_the_phone_answered_with_another(
    browser: Browser, portal_of_lin: Portal, language: str, person: DemoPerson, script: bool
) -> None:
    with (
        steps.visitor(browser, portal_of_lin.url, language=language, script=script) as desk,
        steps.visitor(browser, portal_of_lin.url, language=language, script=script) as page,
        steps.visitor(browser, portal_of_lin.url, language=language, script=script) as other,
    ):
        write_down(desk, person, script=script)
        errands.come_in(page, person)
        page.goto("/plans/hardship")
        see(page, "hardship")
        steps.main_button(page).click()
        page.locator('main form[action$="/end"]').wait_for()
        see(page, "hardship-running")
        page.goto("/account")
        page.locator('main a[href*="/plans/phone/"]').first.click()
        page.wait_for_url("**/plans/phone/**")
        see(page, "phone-confirm")
        page.locator('[name="consent"]').check()
        steps.main_button(page).click()
        page.wait_for_url(NUMBER)
        found = NUMBER.search(page.url)
        assert found is not None
        counter(other, found[1], script=script)
        page.reload()
        says = steps.text_of(page)
        for figure in ("364.00", "348.00", "346.91", "2,086.91", "2,183.84"):
            assert figure in says, figure
        see(page, "plan-countered")
        steps.main_button(page).click()
        page.locator(".figure", has_text="348.00").wait_for()


def test_two_supervisors_change_a_limit(browser: Browser, portal_of_lin: Portal) -> None:
    first, second = SUPERVISORS[:2]
    with (
        steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page,
        steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as other,
    ):
        errands.sign_in(page, first)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto("/staff/limits")
        see(page, "limits")
        steps.link_to(page, "/limits/new?kind=product").click()
        page.wait_for_url("**/limits/new**")
        for name, typed in (("day", "1"), ("month", "12"), ("year", "2027")):
            page.locator(f'[name="effective_from_{name}"]').fill(typed)
        page.locator('[name="payments_max"]').fill("9")
        see(page, "limit-new")
        steps.main_button(page).click()
        page.locator('[name="answer"]').wait_for()
        see(page, "limit-waits")
        errands.sign_in(other, second)
        other.goto(page.url)
        see(other, "limit-confirm")
        steps.main_button(other).click()
        other.wait_for_load_state()
        assert first.display_name in steps.text_of(other)
        other.goto("/staff/limits")
        see(other, "limits-to-come")


def write_down(desk: Page, person: DemoPerson, *, script: bool) -> None:
    """A plan of 364.00 a month is written down while the person is on the phone."""
    errands.sign_in(desk, APPROVER if script else SUPERVISORS[0])
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/people")
    desk.locator('main [name="name"]').fill(person.name)
    desk.locator('main select[name="because"]').select_option("person_asks")
    steps.main_button(desk).click()
    steps.link_to(desk, "/staff/cases/").click()
    steps.link_to(desk, "/staff/plans/phone/new").click()
    desk.wait_for_url("**/phone/new**")
    desk.locator("#pay_day").select_option("12")
    desk.locator("#monthly").fill("")
    with desk.expect_response(lambda answer: "monthly=364&" in answer.url):
        desk.locator("#monthly").press_sequentially("364")
        if not script:
            desk.locator("#phone-terms .button--second").click()
    desk.locator("#_phone", has_text="2,183.84").wait_for()
    desk.wait_for_load_state("networkidle")
    see(desk, "phone-new")
    steps.main_button(desk).click()
    desk.wait_for_url("**/staff/plans/phone/*")
    see(desk, "phone-written")


def counter(desk: Page, number: str, *, script: bool) -> None:
    """Somebody else answers with the plan of the pictures."""
    errands.sign_in(desk, SUPERVISORS[1])
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/plans")
    see(desk, "staff-plans-by-phone")
    steps.link_to(desk, number).click()
    desk.wait_for_url(f"**/staff/plans/{number}")
    see(desk, "staff-plan-case")
    cut_off = "(panes) => panes.filter((pane) => pane.scrollWidth > pane.clientWidth).length"
    assert desk.locator(".pane").evaluate_all(cut_off) == 0, "no answer is out of sight beside the others"
    steps.link_to(desk, "/counter").click()
    desk.wait_for_url("**/counter**")
    see(desk, "staff-counter")
    desk.locator('select[name="reason"]').select_option("hardship")
    steps.main_button(desk).click()
    desk.wait_for_url(f"**/staff/plans/{number}")
    see(desk, "staff-plan-countered")
