"""Names that people and attackers give to files."""

import json
import unicodedata
from pathlib import Path

import pytest

from portal.evidence.file_names import clean_name

HOSTILE = Path(__file__).parents[3] / "shared" / "data" / "hostile" / "payloads" / "blns.json"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("流水 2026年3月.pdf", "流水 2026年3月.pdf"),
        ("../../etc/passwd%0D%0A.jpg", "passwd%0D%0A.jpg"),
        ("C:\\Users\\lin\\slip.png", "slip.png"),
        ("slip\u202egnp.exe.png", "slipgnp.exe.png"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("nul\x00.pdf", "nul.pdf"),
        ("...", "file"),
        ("", "file"),
        ("\u3000\u2003statement\u00a0.pdf ", "statement .pdf"),
    ],
)
def test_clean_name(given: str, shown: str) -> None:
    """Text to show, without folders, controls and marks that turn the reading direction (EV-07)."""
    assert clean_name(given) == shown


def test_a_long_name_keeps_its_ending() -> None:
    """At most 100 characters."""
    name = clean_name("账" * 300 + ".pdf")
    assert len(name) <= 100
    assert name.endswith("….pdf")
    assert len(clean_name("a." + "b" * 300)) <= 100


def test_naughty_names() -> None:
    """A list that others collected (EV-07)."""
    if not HOSTILE.is_file():
        pytest.skip("the folder of hostile files is not on this machine")
    for given in json.loads(HOSTILE.read_text(encoding="utf-8")):
        name = clean_name(given)
        assert 0 < len(name) <= 100
        assert "/" not in name
        assert "\\" not in name
        assert not any(unicodedata.category(char) in {"Cc", "Cf"} for char in name)
