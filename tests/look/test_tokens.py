"""The style sheet keeps its promises: contrast, one home for every literal, size, no rule old phones drop."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.look.gallery import STYLE_FOLDER, render_pages, style_sheet
from tests.markup import faults_of_page

TEXT, GRAPHIC = 4.5, 3.0
MOST_BYTES = 7 * 1024

# Foreground, ground, least ratio, and the ratio that the design states in the light and in the dark.
PAIRS = [
    ("ink", "surface", TEXT, 16.5, 14.1),
    ("ink", "bg", TEXT, 15.1, 15.9),
    ("ink-2", "surface", TEXT, 7.3, 7.9),
    ("ink-2", "sunk", TEXT, 6.5, 7.0),
    ("ink-2", "bg", TEXT, None, None),
    ("edge", "surface", GRAPHIC, 4.3, 4.7),
    ("edge", "sunk", GRAPHIC, 3.8, 4.2),
    ("accent", "surface", TEXT, 7.6, 8.9),
    ("accent", "sunk", TEXT, 6.7, 7.9),
    ("accent", "bg", TEXT, None, None),
    ("accent", "tint", TEXT, 6.5, 7.4),
    ("fill-ink", "fill", TEXT, 7.6, 5.2),
    ("fill", "surface", GRAPHIC, 7.6, 3.2),
    ("ok", "ok-bg", TEXT, 6.4, 7.8),
    ("wait", "wait-bg", TEXT, 6.3, 8.4),
    ("stop", "stop-bg", TEXT, 6.0, 7.5),
    ("claim", "claim-bg", TEXT, 6.7, 7.9),
    ("ok", "surface", TEXT, None, None),
    ("wait", "surface", TEXT, None, None),
    ("stop", "surface", TEXT, None, None),
    ("stop", "bg", TEXT, None, None),
    ("claim", "surface", GRAPHIC, None, None),
]


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def _colours(scheme: str) -> dict[str, str]:
    sheet = _without_comments((STYLE_FOLDER / "tokens.css").read_text(encoding="utf-8"))
    light, _, rest = sheet.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("@media print")[0]
    source = light if scheme == "light" else dark
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6});", source))


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least", "light", "dark"), PAIRS)
def test_contrast(scheme: str, front: str, ground: str, least: float, light: float | None, dark: float | None) -> None:
    colours = _colours(scheme)
    ratio = _contrast(colours[front], colours[ground])
    stated = light if scheme == "light" else dark
    assert ratio >= least
    if stated is not None:
        assert ratio == pytest.approx(stated, abs=0.06)


def test_dark_scheme_swaps_colours_and_nothing_else() -> None:
    sheet = (STYLE_FOLDER / "tokens.css").read_text(encoding="utf-8")
    dark = sheet.partition("@media (prefers-color-scheme: dark)")[2].partition("@media print")[0]
    assert set(re.findall(r"--([a-z0-9-]+):", dark)) == set(_colours("light"))
    assert style_sheet().count("prefers-color-scheme") == 1


def test_every_sheet_is_in_the_order() -> None:
    order = (STYLE_FOLDER / "ORDER").read_text(encoding="utf-8").split()
    assert sorted(order) == sorted(path.stem for path in STYLE_FOLDER.glob("*.css"))
    assert order[0] == "tokens"


@pytest.mark.parametrize("name", sorted(path.name for path in STYLE_FOLDER.glob("*.css")))
def test_colours_and_sizes_are_written_in_tokens_only(name: str) -> None:
    if name == "tokens.css":
        return
    sheet = _without_comments((STYLE_FOLDER / name).read_text(encoding="utf-8"))
    rules = re.sub(r"@(?:media|page)[^{]*\{|margin: 18mm;", "", sheet)
    assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", rules)
    assert not re.findall(r"(?<![\w-])[\d.]+(?:px|r?em|ch|ex|v[wh]|pt|mm|cm|m?s)\b", rules)
    assert "font-family: var(--" in rules or "font-family" not in rules


def test_size() -> None:
    assert len(gzip.compress(style_sheet().encode(), 9)) <= MOST_BYTES


def test_old_phones_understand_every_rule() -> None:
    sheet = _without_comments(style_sheet())
    assert not re.findall("@layer|@container|&", sheet)
    depth = {"rule": 0, "group": 0}
    for opening in re.finditer(r"([^{}]*)\{|\}", sheet):
        if opening[0] == "}":
            depth["rule" if depth["rule"] else "group"] -= 1
            continue
        assert not depth["rule"], f"nested rule: {opening[0].strip()}"
        grouping = opening[1].strip().rpartition(";")[2].strip().startswith("@media")
        depth["group" if grouping else "rule"] += 1
    assert depth == {"rule": 0, "group": 0}


def test_directions_are_logical() -> None:
    sheet = _without_comments(style_sheet())
    sides = r"(?:margin|padding|border)-(?:left|right|top|bottom)|(?<![\w-])(?:left|right|float):"
    assert not re.findall(sides, sheet)
    assert not re.findall(r"text-align: (?:left|right)", sheet)


@pytest.mark.parametrize(("name", "html"), sorted(render_pages().items()))
def test_gallery_is_sound(name: str, html: str) -> None:
    assert not faults_of_page(html)


def test_title_says_error_first() -> None:
    assert "<title>Error: " in render_pages()["dispute-new"]
    assert "<title>Error" not in render_pages()["account"]
