"""`portal check-funds`: what it prints, for people and for programs, and how it ends."""

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.evidence.commands import Asked, run_check_funds
from portal.evidence.funds_words import MISSING, SIGNALS
from portal.platform.cli import Failed
from tests.make import bank_files
from tests.make.exports import EXPORTS
from tests.served import install

ASKED = Asked(due=date(2026, 3, 6), amount="1180.00")


@pytest.fixture
def march(tmp_path: Path) -> Path:
    """The plain CSV of the invented account: 1,700.00 before 6 March, 1,200.00 after."""
    path = tmp_path / "march.csv"
    path.write_text(EXPORTS["plain"], encoding="utf-8")
    return path


def run(*files: Path, asked: Asked = ASKED, **more: Any) -> dict[str, Any]:
    out = io.StringIO()
    assert run_check_funds(files, replace(asked, **more), format="json", out=out) == 0
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def codes(facts: list[dict[str, str]]) -> list[str]:
    assert all(fact["text"] for fact in facts)
    return [fact["code"] for fact in facts]


def test_the_document_is_what_programs_were_promised(march: Path) -> None:
    assert run(march, currency="CNY") == {
        "result": "met",
        "reading": "closing",
        "readings": {
            "opening": {"result": "met", "balance": 170000},
            "closing": {"result": "met", "balance": 120000},
            "all_day": {"result": "met", "balance": 120000},
            "any_moment": {"result": "met", "balance": 170000},
        },
        "due": "2026-03-06",
        "amount": 118000,
        "currency": "CNY",
        "account": {"match": "unknown", "last_digits": None, "holder": None},
        "coverage": {"from": "2026-03-05", "to": "2026-03-09", "covers_due": True},
        "opening": 170000,
        "lowest": 120000,
        "highest": 170000,
        "closing": 120000,
        "missing": [],
        "rows": [
            {"file": "march.csv", "row": 2, "date": "2026-03-05", "amount": 120000, "balance": 170000},
            {"file": "march.csv", "row": 3, "date": "2026-03-06", "amount": -50000, "balance": 120000},
            {"file": "march.csv", "row": 4, "date": "2026-03-09", "amount": 1050, "balance": 121050},
        ],
        "signals": [],
    }


def test_for_people_it_says_the_same_in_words(march: Path) -> None:
    out = io.StringIO()
    assert run_check_funds([march], replace(ASKED, amount="1,500"), format="text", out=out) == 0
    told = out.getvalue()
    assert told.startswith("Funds on 2026-03-06: not met, by the balance at its end\n")
    assert "1500.00" in told
    assert "march.csv, line 3" in told
    cannot = io.StringIO()
    run_check_funds([march], replace(ASKED, due=date(2026, 4, 1)), format="text", out=cannot)
    assert "the days before and after 1 April 2026" in cannot.getvalue()


def test_formats_of_one_account_are_read_together(march: Path, tmp_path: Path) -> None:
    (tmp_path / "march.xml").write_text(bank_files.camt().replace("EUR", "CNY"), encoding="utf-8")
    document = run(march, tmp_path / "march.xml")
    assert (document["result"], document["currency"], document["closing"]) == ("met", "CNY", 120000)
    assert document["coverage"] == {"from": "2026-03-01", "to": "2026-03-31", "covers_due": True}


def test_the_account_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "march.sta"
    path.write_text(bank_files.mt940(), encoding="utf-8")
    assert run(path, account="2051", currency="EUR")["account"]["match"] == "yes"
    other = run(path, account="9999")
    assert (other["result"], codes(other["missing"])) == ("cannot_tell", ["account_unmatched"])
    assert codes(run(path, currency="USD")["missing"]) == ["mixed"]


def test_a_file_that_could_not_be_read_is_told_and_left_out(
    march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir", encoding="utf-8")
    document = run(march, tmp_path / "letter.txt", tmp_path / "gone.csv")
    assert document["result"] == "met"
    assert codes(document["signals"]) == ["file_unread", "file_unread"]
    assert "letter.txt: there is no table of bookings in it" in capsys.readouterr().err


def test_without_any_statement_it_fails_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Dear Sir", encoding="utf-8")
    with pytest.raises(Failed, match=r"a\.csv: there is no table"):
        run(tmp_path / "a.csv")
    with pytest.raises(Failed, match=r"gone\.csv: no such file"):
        run(tmp_path / "gone.csv")


def test_unknown_columns_are_asked_for_and_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Когда,Сколько,Осталось\n2026-03-05,12,17\n2026-03-06,-5,12\n2026-03-07,1,13\n", encoding="utf-8")
    with pytest.raises(Failed, match=r"Когда, Сколько, Осталось.*--columns"):
        run(path, amount="10")
    told = ["Когда=date,Сколько=amount", "Осталось=balance"]
    assert run(path, amount="10", columns=told)["result"] == "met"


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "a lot"}, {"amount": "-5"}, {"amount": "1.234"}, {"currency": "EURO"}, {"columns": ["x"]},
        {"columns": ["x=colour"]},
    ],
)  # fmt: skip
def test_a_mistake_in_the_options_is_one_plain_line(march: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(Failed, match=r"check-funds: "):
        run(march, **wrong)


def test_every_code_has_its_words() -> None:
    from portal.core import funds_rule

    assert set(MISSING) == set(funds_rule.MISSING)
    assert {"chain_broken", "files_differ", "other_account", "unproven", "refused_though_enough"} <= set(SIGNALS)


def test_the_command_needs_no_database(tmp_path: Path, march: Path) -> None:
    portal = install(tmp_path, f"sqlite:///{tmp_path}/never.db")
    done = portal.run("check-funds", str(march), "--due", "2026-03-06", "--amount", "1180.00", "--format", "json")
    assert json.loads(done.stdout)["result"] == "met"
    failed = portal.run("check-funds", "gone.csv", "--due", "2026-03-06", "--amount", "1", check=False)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert not (tmp_path / "never.db").exists()
