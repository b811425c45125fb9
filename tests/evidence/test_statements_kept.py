"""What was read in a file is kept beside it, without card numbers, and goes with it."""

from typing import Any

import pytest

from portal.core.statement import Statement
from portal.evidence import actions, queries
from portal.evidence.queries import STATEMENT, seen_elsewhere, statements_of_case
from tests.client import Client
from tests.core.test_card_numbers import card
from tests.evidence.conftest import viewer_named
from tests.evidence.test_pages import CASE_NUMBER, add, as_, portal_of, rows
from tests.make import evidence as make
from tests.make.statements import plain_csv

LINES = [("2026-03-04", -8_640, 41_255), ("2026-03-05", 265_000, 306_255), ("2026-03-06", -4_500, 301_755)]


def kept(client: Client, who: str = "lin", number: str = CASE_NUMBER) -> Any:
    """What was read in the files of a case, as somebody sees it."""
    doors = portal_of(client).doors
    return doors.read_as(viewer_named(who, doors.system()), statements_of_case, "dispute", number)


def test_a_statement_can_be_read_again(client: Client) -> None:
    add(client, plain_csv(LINES), "march.csv")
    (file,) = kept(client)
    (statement,) = file.statements
    assert isinstance(statement, Statement)
    assert [(row.day.isoformat(), row.amount, row.balance) for row in statement.rows] == LINES
    assert statement.file == "march.csv"
    assert file.notes == ()


def test_a_picture_without_a_statement_says_why(client: Client) -> None:
    add(client, make.picture(kind="JPEG"))
    (file,) = kept(client)
    assert file.statements == ()
    assert file.notes


def test_no_card_number_is_stored_or_shown(client: Client) -> None:
    number = card("622202", 19)
    text = f"卡号,{number}\ndate,description,amount,balance\n2026-03-04,to {number},-86.40,412.55\n"
    code = add(client, text.encode(), "march.csv")
    (stored,) = rows(client, STATEMENT)
    assert number not in stored.statements + stored.notes
    assert f"622202…{number[-4:]}" in stored.statements
    shown = as_(client, "handler").get(f"/staff/files/{code}/view").text
    assert number not in shown
    assert "622202…" in shown


def test_no_card_number_is_kept_in_a_name(client: Client) -> None:
    number = card("622202", 19)
    add(client, plain_csv(LINES), f"{number}.csv")
    (file,) = kept(client)
    assert file.name == f"622202…{number[-4:]}.csv"


def test_staff_download_the_rows_of_a_data_file(client: Client) -> None:
    """The original stays with who sent it; no cell acts as a formula."""
    data = b"date,description,amount,balance\n2026-03-04,@SUM(1),-86.40,412.55\n"
    code = add(client, data, "march.csv")
    assert as_(client, "lin").get(f"/files/{code}").content == data
    answer = as_(client, "handler").get(f"/staff/files/{code}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "-8640,41255,'@SUM(1)" in answer.text


def test_the_rows_go_with_the_file(client: Client) -> None:
    code = add(client, plain_csv(LINES), "march.csv")
    doors = portal_of(client).doors
    doors.write_as(viewer_named("lin", doors.system()), actions.remove_own, code)
    assert rows(client, STATEMENT) == []
    assert kept(client) == ()


@pytest.mark.parametrize(("who", "sees"), [("handler", 1), ("auditor", 1), ("approver", 0), ("stranger", 0)])
def test_only_who_may_read_the_case_reads_its_rows(client: Client, who: str, sees: int) -> None:
    add(client, plain_csv(LINES), "march.csv")
    assert len(kept(client, who)) == sees


def test_files_of_one_name_are_told_apart(client: Client) -> None:
    add(client, plain_csv(LINES[:2]), "march.csv")
    add(client, plain_csv(LINES[1:]), "march.csv")
    assert [file.name for file in kept(client)] == ["march.csv", "march.csv (2)"]


def test_the_same_bytes_in_another_case_are_seen_by_staff_alone(client: Client) -> None:
    add(client, plain_csv(LINES), "march.csv")
    add(client, plain_csv(LINES), "other.csv", who="stranger", case=("dispute", "9ZZ-9ZZ"))
    add(client, plain_csv(LINES), "draft.csv", case=("draft", "abcdefgh23456789"))
    doors = portal_of(client).doors
    seen = doors.read_as(viewer_named("handler", doors.system()), seen_elsewhere, "dispute", CASE_NUMBER)
    assert [(each.name, each.case_number) for each in seen] == [("march.csv", "9ZZ-9ZZ")]
    assert doors.read_as(viewer_named("lin", doors.system()), seen_elsewhere, "dispute", CASE_NUMBER) == ()


def test_nothing_is_kept_of_a_file_that_cannot_be_opened(client: Client) -> None:
    add(client, b"%PDF-1.7 and then nothing", "broken.pdf")
    assert rows(client, STATEMENT) == []
    assert rows(client, queries.FILE)[0].state == "unreadable"
