"""A borrower's way: the text, the check, the account, every night of the penalty, papers, and out again."""

import csv
import io
import os
import re
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from portal.demo.people import FIVE_DAYS_LATE, LIN_YI, LIN_YI_IN_ENGLISH, DemoPerson
from tests.browser import ROOT
from tests.journeys import errands, steps
from tests.journeys.screens import see
from tests.served import Portal

pytestmark = pytest.mark.browser

WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; 2211133C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0"
    " Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240301 MicroMessenger/8.0.48.2580(0x28003035) WeChat/arm64 Weixin"
    " NetType/4G Language/zh_CN ABI/arm64"
)
README_PICTURES = ROOT / "docs/pictures"
PICTURE_BYTES = 120_000
PICTURE_HEIGHT = 2_800
"""In pixels, two to a CSS pixel: the receipt is longer, and its upper half says what it is."""


@pytest.mark.parametrize(
    ("person", "script"),
    [(LIN_YI, True), (LIN_YI_IN_ENGLISH, False)],
    ids=["zh with JavaScript", "en without"],
)
def test_from_the_text_to_every_figure_and_out(
    browser: Browser, portal_of_lin: Portal, person: DemoPerson, script: bool
) -> None:
    with steps.visitor(browser, portal_of_lin.url, language=person.language, script=script) as page:
        way_in(page, person)
        account(page)
        receipt(page)
        another_day(page)
        what_if(page, script)
        papers(page)
        another_language(page, person)
        if person is LIN_YI_IN_ENGLISH:
            pictures_for_the_readme(page)
        way_out(page, person)


def way_in(page: Page, person: DemoPerson) -> None:
    steps.open_phone(page, person)
    see(page, "phone")
    steps.open_link(page, person)
    assert person.name not in page.content()
    see(page, "landing")
    steps.main_button(page).click()
    page.wait_for_url("**/check")
    see(page, "check")
    steps.answer_check(page, person, last4="0000")
    page.locator(".problems", has_text="4").wait_for()
    assert re.match("Error:|有误：", page.title())
    see(page, "check-wrong")
    steps.answer_check(page, person)
    page.wait_for_url("**/code")
    see(page, "code")
    words = page.locator(".proof").inner_text().split()
    text = steps.answer_code(page, person)
    assert len(words) == 2
    assert all(word in text for word in words)
    page.wait_for_url("**/account")


def account(page: Page) -> None:
    says = steps.text_of(page)
    for figure in ("2,086.91", "2,008.85", "60.00", "0.00", "18.06", "0.93", "900.54", "11.69", "1,186.37", "6.37"):
        assert figure in says, figure
    for figure in ("9,440.00", "460.00", "43", "0718"):
        assert figure in says, figure
    assert page.locator('data[value="208691"]').count()
    see(page, "account")


def receipt(page: Page) -> None:
    steps.link_to(page, "/penalty").click()
    page.wait_for_url("**/instalments/3/penalty")
    says = steps.text_of(page)
    for figure in ("11.69", "20.54", "8.85", "4.89", "6.80", "20.5383775", "28.00", "17.6%", "0.59", "08:12"):
        assert figure in says, figure
    assert "1,180.00 × 0.05%" in says
    assert "888.85 × 0.045%" in says
    assert "13.738675" in says  # the running sum of the last night in March
    page.locator(".ledger__nights > summary").nth(1).click()
    assert page.locator(".ledger__nights").nth(1).locator("table").is_visible()
    see(page, "receipt")


def another_day(page: Page) -> None:
    for part, value in (("day", "1"), ("month", "6"), ("year", "2026")):
        page.locator(f'#another-day [name="on_{part}"]').fill(value)
    page.locator("#another-day button").click()
    page.locator("#_receipt", has_text="29.69").wait_for()
    assert "88" in steps.text_of(page)
    for follows in ("/penalty.csv", "/penalty/print"):
        assert "on=2026-06-01" in str(steps.link_to(page, follows).get_attribute("href"))
    assert "on_month%3D6" in str(page.locator(".bar__end a").get_attribute("href"))
    see(page, "receipt-another-day")
    page.locator('#another-day [name="on_month"]').fill("13")
    page.locator("#another-day button").click()
    page.locator(".problems").wait_for()
    page.go_back()
    page.locator("#_receipt", has_text="29.69").wait_for()


def what_if(page: Page, script: bool) -> None:
    steps.link_to(page, "/what-if").click()
    page.wait_for_url("**/what-if?**")
    for part, value in (("day", "17"), ("month", "4"), ("year", "2026")):
        page.locator(f'[name="on_{part}"]').fill(value)
    page.locator('[name="amount"]').press_sequentially("1000")
    if not script:
        page.locator("main .button--second").click()
    page.locator("#_what_if", has_text="1,086.91").wait_for()
    says = steps.text_of(page)
    for figure in ("1,000.00", "11.69", "888.85", "6.37", "60.00", "33.09", "2,086.91", "1,086.91", "0.93", "0.49"):
        assert figure in says, figure
    see(page, "what-if")
    page.locator(".back a").click()
    page.wait_for_url("**/penalty")


def papers(page: Page) -> None:
    with page.expect_download() as download:
        steps.link_to(page, "penalty.csv").click()
    recompute(Path(download.value.path()).read_text(encoding="utf-8"))
    steps.link_to(page, "/print").click()
    page.wait_for_url("**/penalty/print?**")
    see(page, "receipt-print")
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert page.locator(".ledger__nights table").first.is_visible()
    page.emulate_media(media="screen")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.go_back()


def recompute(table: str) -> None:
    """What the page promises: a short script can make the figure again from the table alone."""
    rows = list(csv.DictReader(io.StringIO(table)))
    nights = [row for row in rows if row["kind"] == "nights"]
    for row in nights:
        exact = Fraction(row["base"]) * Fraction(row["daily_rate"]) * int(row["nights"])
        assert exact == Fraction(row["exact_amount"])
    assert sum(int(row["nights"]) for row in nights) == 43
    assert sum(Fraction(row["amount"]) for row in nights) == Fraction("20.54")
    assert sum(Fraction(row["amount"]) for row in rows) == Fraction("11.69")


def another_language(page: Page, person: DemoPerson) -> None:
    """The same page in the other language, and back."""
    address, other = page.url, {"zh": "en", "en": "zh"}[person.language]
    for language in (other, person.language):
        page.locator(f'.bar a[hreflang="{language}"]').click()
        page.locator(f'html[lang^="{language}"]').wait_for()
        assert page.url == address
        assert "20.5383775" in steps.text_of(page)


def way_out(page: Page, person: DemoPerson) -> None:
    page.goto("/account")
    page.locator('form[action="/sign-out"] button').click()
    page.wait_for_url("**/signed-out")
    see(page, "signed-out")
    for _ in range(2):
        page.go_back()
        page.wait_for_load_state()
        assert person.name not in page.content()
        assert "2,086.91" not in page.content()


def pictures_for_the_readme(page: Page) -> None:
    """The README's two pictures, written only when PORTAL_WRITE_PICTURES asks for them."""
    if not os.environ.get("PORTAL_WRITE_PICTURES"):
        return
    README_PICTURES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(steps.PHONE_OF_THE_HOUSE)
    receipt_path = page.url
    for name, path in (("account-en", "/account"), ("receipt-en", receipt_path)):
        page.goto(path)
        taken = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        upper = taken.crop((0, 0, taken.width, min(taken.height, PICTURE_HEIGHT))).convert("RGB")
        file = README_PICTURES / f"{name}.png"
        upper.quantize(64, dither=Image.Dither.NONE).save(file, optimize=True)
        assert file.stat().st_size < PICTURE_BYTES
    page.goto(receipt_path)


def test_it_works_inside_wechat(browser: Browser, portal_of_lin: Portal) -> None:
    with steps.visitor(
        browser, portal_of_lin.url, language="zh", script=True, user_agent=WECHAT, is_mobile=True, has_touch=True
    ) as page:
        errands.come_in(page, FIVE_DAYS_LATE)
        steps.link_to(page, "/penalty").click()
        page.wait_for_url("**/penalty")
        assert page.locator(".ledger__nights").count()
