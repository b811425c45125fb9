"""`portal explain`: the invented case of ui.md 8, its formats, and what it says when something is missing."""

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal.loans.commands import Format, run_explain
from portal.platform.db import Doors
from tests.loans.explained import explained
from tests.make import loans as make

AS_OF = date(2026, 4, 17)


def test_the_invented_case_comes_to_the_figures_of_the_pictures(doors: Doors, tmp_path: Path) -> None:
    make.import_tables(doors, tmp_path, make.lin_yi())
    document = explained(doors, AS_OF)
    assert document["due"] == {
        "fee": 0,
        "interest": 6000,
        "principal": 200885,
        "penalty": 1806,
        "total": 208691,
    }
    third = document["instalments"][2]
    assert [line["amount"] for line in third["lines"]] == [885, -885, 489, 680]
    assert sum(line["amount"] for line in third["lines"]) == third["penalty_payable"] == 1169
    assert document["terms"]["rates"][0]["daily_rate"] == "1/2000"


def text_of(doors: Doors, format: Format, *, every_loan: bool = False) -> str:
    out = io.StringIO()
    ref = None if every_loan else "L1"
    assert run_explain(doors, ref, AS_OF, format=format, every_loan=every_loan, out=out) == 0
    return out.getvalue()


def test_each_format_says_the_same(sqlite_doors: Doors, tmp_path: Path) -> None:
    make.import_tables(sqlite_doors, tmp_path, make.lin_yi())
    document = json.loads(text_of(sqlite_doors, "json"))
    assert json.loads(text_of(sqlite_doors, "jsonl", every_loan=True)) == document
    rows = list(csv.DictReader(io.StringIO(text_of(sqlite_doors, "csv"))))
    assert [row["amount"] for row in rows if row["instalment"] == "3"] == ["885", "-885", "489", "680"]
    text = text_of(sqlite_doors, "text")
    assert "Due 2086.91: fee 0.00, interest 60.00, principal 2008.85, penalty 18.06" in text
    assert "  2026-03-06 to 2026-03-20 nights 15 x 1180.00 x 1/2000: 8.85" in text


def test_an_unknown_loan_or_an_instant_before_it_is_one_plain_line(
    sqlite_doors: Doors, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.import_tables(sqlite_doors, tmp_path, make.lin_yi())
    capsys.readouterr()
    assert run_explain(sqlite_doors, "L9", AS_OF) == 1
    assert capsys.readouterr().err == "explain: there is no loan 'L9'\n"
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert run_explain(sqlite_doors, "L1", AS_OF, known_at=long_ago) == 1
    assert "as known at 2020-01-01" in capsys.readouterr().err
