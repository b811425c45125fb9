"""The components and the look of the main pages, with the invented case of the product's pictures.

Run `python -m tests.look.gallery FOLDER` to write each page as HTML and as pictures (360 px and 1280 px,
light and dark) into FOLDER. Filters and the frame's context are stand-ins, so that the look can be judged
without a database.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from playwright.sync_api import sync_playwright

from tests.browser import launch

ROOT = Path(__file__).parents[2]
STYLE_FOLDER = ROOT / "static" / "css"
CATALOGUE = ROOT / "locales" / "zh" / "LC_MESSAGES" / "portal.po"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = {"phone": 360, "desk": 1280}


def style_sheet() -> str:
    """All style sheets joined in the order that the portal serves them."""
    names = (STYLE_FOLDER / "ORDER").read_text(encoding="utf-8").split()
    return "".join((STYLE_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in names)


def _digits(minor: int) -> str:
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


def _symbol(language: str) -> str:
    return "¥" if language == "zh" else "CN¥"


def _filters(language: str) -> dict[str, Any]:
    def amount(minor: int, currency: str = "CNY") -> Markup:
        return Markup('<data class="together" value="{}">{}</data>').format(minor, _digits(minor))

    def money(minor: int, currency: str = "CNY") -> Markup:
        return Markup('<data class="together" value="{}">{}{}</data>').format(minor, _symbol(language), _digits(minor))

    def figure(minor: int, currency: str = "CNY") -> Markup:
        return Markup('<data value="{}"><span class="figure__sign">{}</span>{}</data>').format(
            minor, _symbol(language), _digits(minor)
        )

    def short_date(day: date) -> Markup:
        words = format_date(day, "M月d日" if language == "zh" else "d MMMM", locale="en_GB")
        return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), words)

    return {"amount": amount, "money": money, "figure": figure, "short_date": short_date}


def _translations(language: str) -> gettext.NullTranslations:
    if language == "en" or not CATALOGUE.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with CATALOGUE.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def environment(language: str, style_href: str = "style.css") -> Environment:
    """A Jinja environment with stand-ins for what the platform gives every page."""
    env = Environment(
        loader=FileSystemLoader([ROOT / "templates", Path(__file__).parent / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(_translations(language), newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(_filters(language))
    names: dict[str, str] = {}
    env.globals.update(
        named=names.setdefault,
        name_of=lambda entry: names.get(entry, ""),
        in_page_order=lambda errors: errors.items(),
        asset=lambda name: style_href if name == "css" else f"{name}.js",
        path_for=lambda name, **parameters: f"/{name.replace(':', '/')}",
        csrf_fields=lambda purpose: Markup('<input type="hidden" name="form_token" value="stand-in">'),
        sentences=lambda *texts: (Markup("") if language == "zh" else Markup(" ")).join(texts),
        Fraction=Fraction,
        date=date,
    )
    return env


def frame_context(language: str) -> Mapping[str, Any]:
    """The globals that describe a request."""
    chinese = language == "zh"
    return {
        "lang": language,
        "text_dir": "ltr",
        "here": "/account",
        "here_in_full": "https://portal.example/account",
        "languages": [("zh", "简体中文"), ("en", "English")],
        "htmx_available": False,
        "viewer": SimpleNamespace(name="Qiao Mu", ends_at=None),
        "lender": SimpleNamespace(
            public_name="示例金融" if chinese else "Example Finance",
            legal_name="示例金融有限公司" if chinese else "Example Finance Ltd",
            licence="00-0000",
            phone="400-000-0000",
            hours="每天 8:00–21:00" if chinese else "every day 8:00–21:00",
        ),
    }


def render_pages() -> dict[str, str]:
    """Every page of the gallery as HTML, by name. A page whose name ends in `-zh` is Chinese."""
    pages = {}
    for path in sorted((Path(__file__).parent / "pages").glob("*.html")):
        language = "zh" if path.stem.endswith("-zh") else "en"
        template = environment(language).get_template(path.name)
        pages[path.stem] = template.render(frame_context(language))
    return pages


def _photograph(folder: Path, names: list[str]) -> None:

    with sync_playwright() as playwright:
        browser = launch(playwright)
        for scheme in SCHEMES:
            for size, width in WIDTHS.items():
                context = browser.new_context(
                    viewport={"width": width, "height": 800},
                    device_scale_factor=2 if size == "phone" else 1,
                    color_scheme=scheme,
                )
                page = context.new_page()
                for name in names:
                    page.goto((folder / f"{name}.html").as_uri())
                    page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
                    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        sys.stderr.write(f"{name}: scrolls sideways at {width} px\n")
                context.close()
        browser.close()


def main(folder: Path, only: list[str]) -> None:
    """Write pages and pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "style.css").write_text(style_sheet(), encoding="utf-8")
    pages = {name: text for name, text in render_pages().items() if not only or name in only}
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    _photograph(folder, list(pages))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
