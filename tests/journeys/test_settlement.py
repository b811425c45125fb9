"""A loan is settled: quoted and accepted, asked for and offered; paid by oneself or by somebody who learns nothing."""

import re

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI, LIN_YI_IN_ENGLISH, STAFF
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

APPROVER = next(staff for staff in STAFF if "plan_approver" in staff.roles)
SETTLEMENT = re.compile(r"/settlements/[A-Z0-9-]+$")


def test_a_quote_is_accepted_and_somebody_else_pays(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        to_settlement(page)
        for words in ("11,062.35", "11,070.91", "8.56", "Only penalty can be reduced"):
            assert words in steps.text_of(page), words
        see(page, "settlement-new")
        steps.main_button(page).click()
        page.wait_for_url(SETTLEMENT)
        see(page, "settlement-quoted")
        steps.main_button(page).click()
        page.locator("h1", has_text="Your settlement is agreed").wait_for()
        see(page, "settlement-accepted")
        steps.main_button(page).click()
        page.wait_for_url("**/pay/**")
        assert "11,062.35" in steps.text_of(page)
        see(page, "pay-loan")
        steps.link_to(page, "/what-if").click()
        page.wait_for_url("**/what-if?**")
        assert "This closes the contract." in steps.text_of(page)
        see(page, "what-if-settlement")
        page.goto("/pay")
        see(page, "pay")
        steps.link_to(page, "/pay/").click()
        steps.link_to(page, "/share").click()
        page.locator('[name="amount"]').fill("500")
        see(page, "pay-share")
        steps.main_button(page).click()
        page.wait_for_url("**/pay/links/**")
        see(page, "pay-link")
        passed_on = page.locator("main .card--main a").get_attribute("href")
        assert passed_on is not None
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as payer:
            payer.goto(passed_on)
            says = steps.text_of(payer)
            assert "500.00" in says
            assert "DEMO-HA-0718" in says
            for word in ("Lin", "11,062.35", "还款", "贷"):
                assert word not in says, word
            see(payer, "pay-shared")
            page.locator("main form button").click()
            page.locator("h1", has_text="This link works no more").wait_for()
            payer.reload()
            payer.locator("h1", has_text="这个页面打不开").wait_for()
            see(payer, "pay-shared-over")


def test_less_is_asked_for_and_offered_and_word_of_a_payment_is_given(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as page:
        errands.come_in(page, LIN_YI)
        to_settlement(page)
        see(page, "settlement-new")
        steps.link_to(page, "/settlement/ask").click()
        page.locator('[name="could_pay"]').fill("100")
        steps.main_button(page).click()
        page.locator(".problems").wait_for()
        see(page, "settlement-ask-problem")
        page.locator('[name="could_pay"]').fill("11055")
        page.locator('main [name="words"]').fill("这个月只能付这么多")
        steps.main_button(page).click()
        page.wait_for_url("**/settlement-requests/**")
        see(page, "settlement-asked")
        with steps.visitor(browser, portal_of_lin.url, language="en", script=True) as desk:
            offer(desk, page.url.rsplit("/", 1)[1])
        page.reload()
        see(page, "settlement-answered")
        steps.main_button(page).click()
        page.wait_for_url(SETTLEMENT)
        see(page, "settlement-offered")
        steps.main_button(page).click()
        page.locator("h1", has_text="协商结清已达成").wait_for()
        page.goto("/pay")
        see(page, "pay")
        steps.link_to(page, "/paid").click()
        page.locator('main [name="amount"]').fill("300")
        for part, value in (("day", "16"), ("month", "4"), ("year", "2026")):
            page.locator(f'[name="paid_on_{part}"]').fill(value)
        steps.main_button(page).click()
        page.locator(".problems").wait_for()
        page.locator('[name="channel"]').select_option("transfer")
        see(page, "paid-problem")
        steps.main_button(page).click()
        page.wait_for_url("**/payment-notices/**")
        see(page, "paid-said")
        with steps.visitor(browser, portal_of_lin.url, language="zh", script=False) as desk:
            errands.sign_in(desk, next(staff for staff in STAFF if "dispute_handler" in staff.roles))
            desk.set_viewport_size({"width": 1280, "height": 800})
            desk.goto("/staff/payment-notices")
            see(desk, "staff-notices")
            steps.link_to(desk, page.url.rsplit("/", 1)[1]).click()
            desk.wait_for_load_state()
            see(desk, "staff-notice")


def to_settlement(page: Page) -> None:
    """From the account to what settles the late contract."""
    page.locator('main a.row[href^="/loans/"]:has(strong)').first.click()
    page.wait_for_url("**/loans/*")
    steps.link_to(page, "/settlement").click()
    page.wait_for_url("**/settlement")


def offer(desk: Page, number: str) -> None:
    """Staff look at what each answer comes to, change the days, and offer."""
    errands.sign_in(desk, APPROVER)
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.goto("/staff/settlements")
    see(desk, "staff-settlements")
    steps.link_to(desk, number).click()
    desk.wait_for_url(f"**/settlement-requests/{number}")
    desk.locator('[name="days"]').first.fill("7")
    desk.locator("main .button--second").first.click()
    desk.wait_for_url("**?amount=*")
    see(desk, "staff-settlement")
    desk.locator('select[name="reason"]').select_option("hardship")
    steps.main_button(desk).click()
    desk.locator('main a[href*="/staff/settlements/"]').first.wait_for()
    see(desk, "staff-settlement-answered")
    steps.link_to(desk, "/staff/settlements/").click()
    desk.wait_for_load_state()
    see(desk, "staff-settlement-detail")
