"""What the browser tests share: a phone-sized Chromium, the axe check, and pictures for people to look at."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from scripts.find_browser import installed_browser

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "build/pictures"
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = [
    "--no-sandbox",  # in a container Chromium cannot make its own; only the portal's pages are opened
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
]


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium that this machine has."""
    return playwright.chromium.launch(executable_path=str(installed_browser()), args=FLAGS)


@contextmanager
def page_of(browser: Browser, base_url: str, **choices: Any) -> Iterator[Page]:
    """A page in a fresh profile; `choices` go to the browser context (java_script_enabled, locale, viewport).

    Fails where a script of the page raised or the content security policy blocked something.
    """
    context = new_context(browser, base_url, **choices)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
    )
    try:
        yield page
    finally:
        context.close()
    assert not complaints, complaints


def new_context(browser: Browser, base_url: str, **choices: Any) -> BrowserContext:
    """A phone in English, unless `choices` say otherwise."""
    settings = {"viewport": PHONE, "locale": "en-GB", "reduced_motion": "reduce", "device_scale_factor": 2}
    context = browser.new_context(base_url=base_url, **{**settings, **choices})
    context.set_default_timeout(10_000)
    return context


def barriers(page: Page, rules: Sequence[str] = STANDARDS) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA or some of its rules, one readable line each; empty is good.

    The script runs by evaluation, which the content security policy of the page does not forbid.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    options = json.dumps({"runOnly": rules, "resultTypes": ["violations"]})
    found = page.evaluate(f"() => axe.run(document, {options})")
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@cache
def _axe() -> str:
    if not AXE.is_file():
        raise FileNotFoundError("axe-core is not installed. Run: make axe")
    return AXE.read_text(encoding="utf-8")


def picture(page: Page, name: str) -> Path:
    """Take a picture of the whole page; the folder is PORTAL_TEST_PICTURES or build/pictures."""
    folder = Path(os.environ.get("PORTAL_TEST_PICTURES") or PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def sideways_scroll(page: Page) -> int:
    """By how many CSS pixels the page is wider than the screen; 0 is good."""
    width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return int(width)
