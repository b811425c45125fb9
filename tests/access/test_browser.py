"""In a real browser that keeps pages in memory for going back: nothing is left of them after signing out (SB-07)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from portal.demo.people import LIN_YI_IN_ENGLISH
from scripts.find_browser import installed_browser
from tests.browser import FLAGS, page_of
from tests.journeys import errands
from tests.served import Portal

KEPT_IN_MEMORY = "() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
PERSONAL = (LIN_YI_IN_ENGLISH.name, "CN¥", "Due today")


@pytest.fixture
def account(browser: Browser, demo_server: Portal) -> Iterator[Page]:
    """An account, opened in a Chromium that may keep pages in memory; the test driver forbids it by default."""
    keeping = browser.browser_type.launch(
        executable_path=str(installed_browser()),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    with page_of(keeping, demo_server.url) as page:
        errands.come_in(page, LIN_YI_IN_ENGLISH)
        yield page
    keeping.close()


def seen(page: Page) -> list[str]:
    """What of the person's own is on the screen."""
    text = page.locator("body").inner_text()
    return [words for words in PERSONAL if words in text]


def test_nothing_is_left_after_signing_out(account: Page) -> None:
    second = account.context.new_page()
    second.goto("/account")
    assert seen(second) == list(PERSONAL)
    second.goto("/devices")
    second.get_by_role("button", name="Sign out", exact=True).click()
    second.wait_for_url("**/signed-out")
    for _ in range(2):
        second.go_back()
        second.wait_for_timeout(500)
        assert seen(second) == [], second.url
    # The first tab was left open; a browser that brings it back out of memory says so, and the script asks anew.
    assert seen(account) == list(PERSONAL)
    account.evaluate(KEPT_IN_MEMORY)
    account.wait_for_url("**/session-ended*")
    assert seen(account) == []
