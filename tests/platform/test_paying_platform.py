"""QR pictures, amounts as typed, and the accounts of lender.toml."""

import re
from pathlib import Path

import pytest

from portal.platform.qr import QUIET, qr_picture
from portal.platform.settings import Settings, SettingsError
from portal.platform.typed import read_amount


def modules(path: str, side: int) -> list[list[int]]:
    """The dark modules of a path, drawn on paper."""
    paper = [[0] * side for _ in range(side)]
    for across, down, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        for step in range(int(width)):
            paper[int(down)][int(across) + step] = 1
    return paper


def test_a_code_is_drawn_module_by_module() -> None:
    import segno

    picture = qr_picture("DEMO-XF-3303")
    code = segno.make_qr("DEMO-XF-3303", error="m", boost_error=False)
    drawn = modules(picture.path, picture.side)
    inner = [row[QUIET:-QUIET] for row in drawn[QUIET:-QUIET]]
    assert inner == [[module & 1 for module in row] for row in code.matrix]
    assert not any(any(row) for row in (*drawn[:QUIET], *drawn[-QUIET:]))


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"(?i)data"):
        qr_picture("x" * 5_000)


@pytest.mark.parametrize(("typed", "amount"), [("1,000.5", 1_000_50), ("１２", 12_00), (" 7 ", 7_00)])
def test_amounts_as_typed(typed: str, amount: int) -> None:
    assert read_amount(typed, "CNY") == amount


@pytest.mark.parametrize("typed", ["", "x", "0", "-1", "1.234", "1e5", "9" * 20])
def test_what_is_no_amount(typed: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        read_amount(typed, "CNY")


def lender(folder: Path, account: str) -> Settings:
    """The settings of an installation whose lender has this account."""
    text = 'public_name = "P"\nlegal_name = "L"\nphone = "1"\nhours = "h"\n[[accounts]]\nname = "N"\nbank = "B"\n'
    (folder / "lender.toml").write_text(text + account, encoding="utf-8")
    return Settings.load({"PORTAL_DATA_DIR": str(folder)})


def test_an_account_says_its_code(tmp_path: Path) -> None:
    account = 'number = "DE89370400440532013000"\ncurrency = "EUR"\nqr = "epc069-12"\nbic = "COBADEFFXXX"\n'
    (found,) = lender(tmp_path, account).lender.in_language("en").accounts
    assert (found["qr"], found["currency"], found["bic"]) == ("epc069-12", "EUR", "COBADEFFXXX")


def test_a_wrong_code_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the QR code of account 12"):
        lender(tmp_path, 'number = "12"\nqr = "epc069-12"\n')
