"""What people do in the journeys: open the text on the demo phone, prove who they are, press the main button."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, ViewportSize

from portal.demo.people import DemoPerson
from tests.browser import page_of

PHONE_OF_THE_HOUSE: ViewportSize = {"width": 360, "height": 800}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
LOOKS = 40
"""How often one looks for a text that a worker is about to send."""


@contextmanager
def visitor(browser: Browser, base_url: str, *, language: str, script: bool, **choices: object) -> Iterator[Page]:
    """A borrower's phone in a language, with JavaScript or without; fails on a request to a foreign host."""
    foreign: list[str] = []
    settings = {"viewport": PHONE_OF_THE_HOUSE, "locale": LOCALES[language], "java_script_enabled": script}
    with page_of(browser, base_url, **{**settings, **choices}) as page:
        page.context.on(
            "request", lambda sent: None if sent.url.startswith((base_url, "data:")) else foreign.append(sent.url)
        )
        yield page
    assert not foreign, foreign


def main_button(page: Page) -> Locator:
    """The one filled button."""
    return page.locator(".button--main")


def link_to(page: Page, path: str) -> Locator:
    """The first link in the page's content whose address contains this."""
    return page.locator(f'main a[href*="{path}"]').first


def text_of(page: Page) -> str:
    """Everything the page says, details that are shut included, with plain spaces."""
    return re.sub(r"\s+", " ", page.locator("main").text_content() or "")


def open_phone(page: Page, person: DemoPerson) -> None:
    """Take the demo phone of a person."""
    page.goto("/demo/phone")
    if page.locator(".phone__top", has_text=person.name).count() == 0:
        page.get_by_role("link", name=re.compile(f"^{re.escape(person.name)}")).first.click()
        page.locator(".phone__top", has_text=person.name).wait_for()


def text_with_code(page: Page, person: DemoPerson) -> str:
    """The newest text of a person once it brings a code, read on the demo phone in a tab of its own."""
    phone = page.context.new_page()
    try:
        open_phone(phone, person)
        for _ in range(LOOKS):
            text = phone.locator(".phone__text").last.inner_text()
            if CODE.search(text):
                return text
            phone.wait_for_timeout(250)
            phone.locator("#phone + form button").click()
        raise AssertionError(f"no code arrived: {text}")
    finally:
        phone.close()


def open_link(page: Page, person: DemoPerson) -> None:
    """Tap the link of the person's first text."""
    open_phone(page, person)
    page.locator('.phone__text a[href*="/l/"]').last.click()
    page.wait_for_url("**/l/**")


def answer_check(page: Page, person: DemoPerson, last4: str | None = None) -> None:
    """Answer the recipient check and press Continue; `last4` instead of the right one."""
    if person.birth_date:
        for part in ("day", "month", "year"):
            page.locator(f'[name="birth_{part}"]').fill(str(getattr(person.birth_date, part)))
    if person.id_last4:
        page.locator('[name="last4"]').fill(last4 or person.id_last4)
    main_button(page).click()


def answer_code(page: Page, person: DemoPerson) -> str:
    """Type the code of the newest text; gives back that text."""
    text = text_with_code(page, person)
    page.locator('[name="code"]').fill(CODE.findall(text)[0])
    main_button(page).click()
    return text
