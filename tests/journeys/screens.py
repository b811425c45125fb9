"""What holds on every screen, whoever reads it: structure, room, contrast, and no control that does nothing."""

import os
from typing import Any, Literal

from playwright.sync_api import Page, expect

from tests.browser import barriers, picture, sideways_scroll

NARROW = (320, 360)
DESK = 1280
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STRUCTURE = r"""() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const fragment = (link) => link.hash && link.pathname === location.pathname && link.search === location.search;
  const target = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const running = all("caption, dd, h1, h2, h3, label, legend, p, summary").map((each) => each.textContent);
  const lost = (link) => !link.href || (fragment(link) && !target(link));
  return {
    headings: all("h1").length,
    mains: all("main").length,
    main_buttons: all(".button--main").length,
    dead_buttons: all("button").filter((each) => !each.form || each.type === "button").map((each) => each.outerHTML),
    dead_links: all("a").filter(lost).map((each) => each.outerHTML),
    dead_entries: all("input, select, textarea").filter((each) => !each.form).map((each) => each.outerHTML),
    scripted_only: all("[data-hx-get]").filter((each) => !each.closest("form, #phone, #_funds")).map((each) => each.id),
    gaps_in_chinese: document.documentElement.lang.startsWith("zh")
      ? running.filter((text) => /[。！？；]\s+[\u3400-\u9fff\w]/.test(text)) : [],
    old_words: [...new Set(document.title.match(/Oops|404|500/g))],
  };
}"""


def see(page: Page, name: str) -> None:
    """Look at the screen as it is now; fails with everything that is wrong with it.

    With PORTAL_TEST_PICTURES set it also takes pictures of it: on a phone and a desk, light and dark.
    """
    expect(page.locator(".htmx-request")).to_have_count(0)
    faults = [*_structure(page), *_room(page)]
    if not page.evaluate("matchMedia('(scripting: none)').matches"):  # axe waits for timers, which need scripts
        faults += [*barriers(page), *_contrast_in_the_dark(page)]
    if os.environ.get("PORTAL_TEST_PICTURES"):
        _photograph(page, name)
    assert not faults, f"{name} ({page.url}):\n" + "\n".join(faults)


def _structure(page: Page) -> list[str]:
    found: dict[str, Any] = page.evaluate(STRUCTURE)
    faults = [f"{found[name]} {name}, not one" for name in ("headings", "mains") if found[name] != 1]
    if found["main_buttons"] > 1:
        faults.append(f"{found['main_buttons']} main buttons")
    lists = ("dead_buttons", "dead_links", "dead_entries", "scripted_only", "gaps_in_chinese", "old_words")
    return faults + [f"{name}: {each}" for name in lists for each in found[name]]


def _room(page: Page) -> list[str]:
    """No sideways scrolling on a narrow phone, nor with text at 200 %."""
    before = page.viewport_size or {"width": NARROW[-1], "height": 800}
    faults = []
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        if wider := sideways_scroll(page):
            faults.append(f"{wider} px wider than {width} px")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    if wider := sideways_scroll(page):
        faults.append(f"{wider} px wider than {NARROW[-1]} px at 200 % text")
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size({"width": DESK, "height": 800})
    if wider := sideways_scroll(page):
        faults.append(f"{wider} px wider than {DESK} px")
    page.set_viewport_size(before)
    return faults


def _contrast_in_the_dark(page: Page) -> list[str]:
    page.emulate_media(color_scheme="dark")
    found = barriers(page, ["color-contrast"])
    page.emulate_media(color_scheme="light")
    return [f"in the dark: {each}" for each in found]


def _photograph(page: Page, name: str) -> None:
    before = page.viewport_size
    language = page.locator("html").get_attribute("lang")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in (NARROW[-1], DESK):
            page.set_viewport_size({"width": width, "height": 800})
            picture(page, f"{name}-{language}-{width}-{scheme}")
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)
