"""An entry that can be wrong says its name, so that the summary of mistakes can begin with it (templates' `named`)."""

import re
from collections.abc import Iterator

from tests.house.sources import ROOT

WRONG = re.compile(r'errors\.get\("(\w+)"\)')
NAMED = r'\b(?:field|select|text_area|date_fields|named)\("{entry}"'
OF_THEIR_OWN = frozenset(("box", "code", "consent", "files", "row"))
"""Named by their component (code, files), or by words that stand for themselves (consent, a row, a drawn box)."""


def nameless(text: str) -> Iterator[str]:
    """The entries of a template that may be wrong and have no name."""
    for entry in sorted(set(WRONG.findall(text)) - OF_THEIR_OWN):
        if not re.search(NAMED.format(entry=entry), text):
            yield entry


def test_every_entry_that_can_be_wrong_says_its_name() -> None:
    templates = sorted((ROOT / "templates").rglob("*.html"))
    found = [f"{path.name}: {entry}" for path in templates for entry in nameless(path.read_text("utf-8"))]
    assert not found, "\n".join(found)
    assert list(nameless('<legend>How</legend>{{ field_words("way", none, form.errors.get("way")) }}')) == ["way"]
