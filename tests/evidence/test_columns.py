"""Columns that the reader does not know are asked once: whom it counts for, who may say it, what is kept of it."""

import json
from typing import Any

import pytest

from portal.audit.tables import LOG
from portal.evidence import column_actions, jobs
from portal.evidence.queries import ANSWER, STATEMENT
from portal.evidence.sandbox import Reading
from portal.platform.clock import FixedClock
from tests.client import Client
from tests.core.test_card_numbers import card
from tests.disputes.walk import said_of, send
from tests.evidence.acts import add, as_, portal_of, rows
from tests.evidence.test_statements_kept import LINES, kept
from tests.make import evidence as make
from tests.make.statements import plain_csv

HEADER = "Zeta,Wat,Kappa,Omega"
RIGHT = ["date", "text", "amount", "balance"]


def odd(client: Client, who: str = "lin", number: str = "4K7-2GH", header: str = HEADER, **more: Any) -> str:
    """A file with columns that no bank names so."""
    return add(client, plain_csv(LINES, header), "odd.csv", who=who, case=("dispute", number), **more)


def name(client: Client, code: str, meanings: list[str], who: str = "lin", **more: Any) -> Any:
    """What somebody says of the columns."""
    door = "/files" if who in {"lin", "stranger"} else "/staff/files"
    page = as_(client, who).get(f"{door}/{code}/columns")
    return send(client, page, {"meaning": meanings, **more}, "/columns")


def is_read(client: Client, who: str = "lin", number: str = "4K7-2GH") -> list[bool]:
    """Of each file of a case, whether bookings were found in it."""
    return [bool(file.statements) for file in kept(client, who, number)]


def test_it_is_asked_once_for_each_person(client: Client) -> None:
    code = odd(client)
    assert is_read(client) == [False]
    assert name(client, code, RIGHT).status_code == 303
    (file,) = kept(client)
    assert [(row.day.isoformat(), row.amount, row.balance) for row in file.statements[0].rows] == LINES
    odd(client, number="5K7-2GH")
    assert is_read(client, number="5K7-2GH") == [True]


def test_it_does_not_count_for_others_until_staff_say_so(client: Client) -> None:
    code = odd(client)
    name(client, code, RIGHT)
    odd(client, "stranger", "5K7-2GH")
    assert is_read(client, "stranger", "5K7-2GH") == [False]
    name(client, code, RIGHT, "handler")
    odd(client, "stranger", "6K7-2GH")
    assert is_read(client, "stranger", "6K7-2GH") == [False]
    name(client, code, RIGHT, "handler", for_everybody="yes")
    odd(client, "stranger", "7K7-2GH")
    assert is_read(client, "stranger", "7K7-2GH") == [True]


def test_a_borrower_cannot_say_it_for_everybody(client: Client) -> None:
    code = odd(client)
    page = as_(client, "lin").get(f"/files/{code}/columns")
    send(client, page, {"meaning": RIGHT, "for_everybody": "yes"}, "/columns")
    (said,) = rows(client, ANSWER)
    assert (said.person_id, said.staff_id) == (1, None)


def test_money_in_and_out_in_columns_of_their_own(client: Client) -> None:
    text = "Zeta,Alpha,Beta,Omega\n2026-03-04,,86.40,412.55\n2026-03-05,2650.00,,3062.55\n"
    code = add(client, text.encode(), "odd.csv")
    name(client, code, ["date", "credit", "debit", "balance"])
    (file,) = kept(client)
    assert [row.amount for row in file.statements[0].rows] == [-8_640, 265_000]


@pytest.mark.parametrize(
    "header", ["Zeta,,Kappa,Omega", "Zeta,Kappa,Kappa,Omega", f"Zeta,{card('622202', 19)},Kappa,Omega", "1,2,3,4"]
)
def test_columns_without_a_name_of_their_own_go_by_number(client: Client, header: str) -> None:
    code = odd(client, header=header)
    assert name(client, code, RIGHT).status_code == 303
    (file,) = kept(client)
    assert [row.amount for row in file.statements[0].rows] == [amount for _, amount, _ in LINES]


def test_only_names_are_kept_and_no_card_number(client: Client) -> None:
    number = card("622202", 19)
    text = f"Zeta,{number},Kappa,Omega\n2026-03-04,to the shop with {number},-86.40,412.55\n"
    code = add(client, text.encode(), "odd.csv")
    name(client, code, RIGHT)
    (said,), (stored,) = rows(client, ANSWER), rows(client, STATEMENT)
    assert json.loads(said.mapping) == {"Zeta": "date", "2": "text", "Kappa": "amount", "Omega": "balance"}
    kept_text = said.mapping + stored.header + stored.notes + stored.statements
    assert number not in kept_text
    assert number[:15] not in kept_text
    assert number[:15] not in as_(client, "lin").get(f"/files/{code}/columns").text


@pytest.mark.parametrize(
    ("meanings", "words"),
    [
        (["text", "text", "amount", "balance"], "Say which column has the date."),
        (["date", "text", "ignore", "balance"], "Say which column has the amount, or which two have money in and"),
        (["date", "credit", "ignore", "balance"], "Say which column has the amount"),
        (["date", "credit", "amount", "balance"], "An amount with a sign and money in or out say the same."),
        (["date", "amount", "amount", "balance"], "Only the description can stand in more than one column."),
        (["date", "status", "amount", "balance"], "Choose one of the answers."),
        (["date", "nonsense", "amount", "balance"], "Choose one of the answers."),
        (["date", "amount"], "These are not the columns of this file any more."),
    ],
)
def test_an_answer_that_is_none_is_given_back(client: Client, meanings: list[str], words: str) -> None:
    answer = name(client, odd(client), meanings)
    assert answer.status_code == 422
    assert words in said_of(answer)
    assert rows(client, ANSWER) == []


def test_what_was_said_wrongly_can_be_said_anew(client: Client) -> None:
    """A column of words as the date: no booking comes of it."""
    code = odd(client)
    assert name(client, code, ["text", "date", "amount", "balance"]).status_code == 303
    assert [statement.rows for file in kept(client) for statement in file.statements] == [()]
    assert name(client, code, RIGHT).status_code == 303
    assert is_read(client) == [True]


@pytest.mark.parametrize(
    ("who", "door", "status"),
    [
        ("lin", "/files", 200), ("stranger", "/files", 404), ("handler", "/files", 403), ("", "/files", 303),
        ("handler", "/staff/files", 200), ("auditor", "/staff/files", 403), ("approver", "/staff/files", 403),
        ("admin", "/staff/files", 403), ("lin", "/staff/files", 303), ("", "/staff/files", 303),
    ],
)  # fmt: skip
def test_who_may_name_them(client: Client, who: str, door: str, status: int) -> None:
    code = odd(client)
    assert as_(client, who).get(f"{door}/{code}/columns").status_code == status
    if status != 200:
        answer = client.post(f"{door}/{code}/columns", {"meaning": RIGHT})
        assert answer.status_code in {status, 400}
    assert rows(client, ANSWER) == []


def test_only_where_something_is_to_be_asked(client: Client) -> None:
    known = add(client, plain_csv(LINES), "known.csv")
    picture = add(client, make.picture(kind="JPEG"))
    for code in (known, picture, "nosuchcode234567"):
        assert as_(client, "lin").get(f"/files/{code}/columns").status_code == 404


def test_a_file_of_ours_is_named_by_staff_alone(client: Client) -> None:
    code = odd(client, "handler", person_id=1)
    assert as_(client, "lin").get(f"/files/{code}/columns").status_code == 404
    assert name(client, code, RIGHT, "handler").status_code == 303


def test_it_is_written_down(client: Client) -> None:
    code = odd(client)
    name(client, code, RIGHT)
    told = [json.loads(row.payload) for row in rows(client, LOG) if row.kind == "evidence.columns_named"]
    assert [(each["subject"], each["for_everybody"]) for each in told] == [(code, False)]


def test_it_goes_on_after_the_file_is_gone(client: Client) -> None:
    code = odd(client)
    name(client, code, RIGHT)
    as_(client, "lin")
    page = client.get(f"/files/{code}/view")
    send(client, page, {}, "/remove")
    assert rows(client, STATEMENT) == []
    odd(client)
    assert is_read(client) == [True]


def test_a_name_that_would_act_is_text(client: Client) -> None:
    hostile = '"><img src=x onerror=alert(1)>'
    code = odd(client, header=f"Zeta,Wat,'{hostile}',Omega")
    page = as_(client, "lin").get(f"/files/{code}/columns")
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text


def test_a_locked_file_is_to_be_sent_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its password is kept nowhere, so it cannot be read once more; what was said counts for the next one."""
    code = odd(client)
    monkeypatch.setattr(column_actions, "read_upload", lambda *_args: Reading("", (), "password"))
    answer = name(client, code, RIGHT)
    assert answer.status_code == 422
    assert "This PDF has a password, which we did not keep." in said_of(answer)
    assert is_read(client) == [False]
    monkeypatch.undo()
    odd(client, number="5K7-2GH")
    assert is_read(client, number="5K7-2GH") == [True]


def test_files_that_wait_are_read_when_staff_have_said_it(client: Client, clock: FixedClock) -> None:
    code = odd(client)
    odd(client, "stranger", "5K7-2GH")
    odd(client, number="6K7-2GH")
    clock.advance(minutes=1)
    portal = portal_of(client)
    name(client, code, RIGHT)
    assert jobs.read_named(portal.doors, portal.files) == 1
    assert is_read(client, number="6K7-2GH") == [True]
    assert is_read(client, "stranger", "5K7-2GH") == [False]
    name(client, code, RIGHT, "handler", for_everybody="yes")
    assert jobs.read_named(portal.doors, portal.files) == 1
    assert is_read(client, "stranger", "5K7-2GH") == [True]
    assert jobs.read_named(portal.doors, portal.files) == 0


def test_what_cannot_be_read_so_is_not_tried_for_ever(
    client: Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = odd(client)
    odd(client, number="6K7-2GH")
    clock.advance(minutes=1)
    name(client, code, RIGHT)
    clock.advance(minutes=1)
    monkeypatch.setattr(column_actions, "read_upload", lambda *_args: Reading("", (), "broken"))
    portal = portal_of(client)
    assert [jobs.read_named(portal.doors, portal.files) for _ in range(2)] == [1, 0]
