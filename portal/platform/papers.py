"""Papers as PDF: letters and agreements, set by typst with fonts of its own, so that the same data give the same bytes.

Every text is data to the template `letters/paper.typ` and stays text. The font has all characters of Chinese names,
and no font of the machine is looked at. The PDF is tagged (PDF/UA-1).
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, TypeAlias

from portal.platform.resources import resource

FONTS = {"zh": "Noto Sans CJK SC", "ja": "Noto Sans CJK JP", "ko": "Noto Sans CJK KR"}
"""The face for a language; the others are set in the Latin letters of the first."""
_FONT = FONTS["zh"]
_REGIONS = {"zh": "cn", "en": "gb"}


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, a paragraph, or a note in small letters."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Rows:
    """Labels with their amounts under the words of the two columns; `sum` are the rows under the rule."""

    head: tuple[str, str]
    rows: Sequence[tuple[str, str]]
    sum: Sequence[tuple[str, str]] = ()
    kind: str = "rows"


Part: TypeAlias = Words | Rows


@dataclass(frozen=True, slots=True)
class Paper:
    """What a paper says: who sends it, what stands on every sheet (the first of `facts`) and under the title."""

    language: str
    title: str
    sender: str
    facts: Sequence[str]
    parts: Sequence[Part]
    foot: str = ""


def pdf(paper: Paper) -> bytes:
    """The paper as PDF. It takes a tenth of a second and belongs on a thread; nothing in it depends on the clock."""
    import typst  # 40 MB that only who fetches a paper needs in memory

    language = paper.language.split("-")[0]
    data = {
        "lang": language,
        "region": _REGIONS.get(language),
        "font": FONTS.get(language, _FONT),
        "title": paper.title,
        "sender": paper.sender,
        "facts": list(paper.facts),
        "foot": paper.foot,
        "parts": [asdict(part) for part in paper.parts],
    }
    made: bytes = typst.compile(
        str(resource("templates") / "letters" / "paper.typ"),
        sys_inputs={"paper": json.dumps(_plain(data), ensure_ascii=False)},
        format="pdf",
        font_paths=[str(files("noto_cjk_sans_otc"))],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    return made


def _plain(value: Any) -> Any:
    """The same without signs that nobody sees, such as those that turn a text's direction round."""
    if isinstance(value, str):
        return "".join(sign for sign in value if sign == "\n" or unicodedata.category(sign) not in _UNSEEN)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


_UNSEEN = {"Cc", "Cf", "Cs"}
