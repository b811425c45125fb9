"""Single lines of a statement are covered before it is sent: gone from the file, and counted as covered, not broken."""

import csv
import io
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.core import funds_rule
from portal.core.funds_rule import Question
from portal.evidence import queries
from portal.evidence.covering import COVER, LEFTOVER
from portal.evidence.queries import FILE, QUOTA, STATEMENT
from portal.evidence.sandbox import Want, read_upload
from portal.evidence.statements.covering import covered_copy
from portal.evidence.statements.numbers import COVERED
from portal.evidence.statements.reading import read_statements
from portal.platform.numbers import new_code
from tests.client import Client, fields_of, form_of
from tests.evidence.acts import CASE_NUMBER, add, as_, portal_of, rows
from tests.evidence.conftest import viewer_named
from tests.evidence.test_cover import send
from tests.markup import parsed

ENGLISH = {"Accept-Language": "en"}
ACCOUNT = "Account,6222 0212 0813 7721\n"
ROWS = (
    ("2026-03-02", "opening shop", "-10.00", "1000.00"),
    ("2026-03-03", "secret clinic", "-200.00", "800.00"),
    ("2026-03-04", "salary", "700.00", "1500.00"),
    ("2026-03-05", "groceries", "-100.00", "1400.00"),
    ("2026-03-06", "rent", "-500.00", "900.00"),
    ("2026-03-08", "secret gift", "-50.00", "850.00"),
    ("2026-03-09", "bus", "-2.00", "848.00"),
)
"""Row number n stands in line n + 3 of the file, below the account's line and the header."""


def table(rows: Any = ROWS, delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(("date", "description", "amount", "balance"))
    writer.writerows(rows)
    return (ACCOUNT.replace(",", delimiter) + out.getvalue()).encode()


def workbook(rows: Any = ROWS, sheets: tuple[str, ...] = ("March",)) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for title in sheets:
        sheet = book.add_worksheet(title)
        for at, row in enumerate((("date", "description", "amount", "balance"), *rows)):
            sheet.write_row(at, 0, row)
    hidden = book.add_worksheet("Notes")
    hidden.write_string(0, 0, "secret clinic")
    hidden.hide()
    book.close()
    return out.getvalue()


def judged(kind: str, data: bytes, due: int, amount: int = 118_000) -> str:
    statements = read_statements(f"a.{kind}", kind, data)
    return funds_rule.check(statements, Question(date(2026, 3, due), amount)).result


def whole_text(kind: str, data: bytes) -> str:
    """Everything that a file holds, packed or not."""
    if kind == "csv":
        return data.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_covered_line_is_gone_and_the_rest_reads_the_same(kind: str) -> None:
    """The day stays; text, amount and balance are nowhere in the file, not on another sheet either."""
    data, first = (table(), 4) if kind == "csv" else (workbook(), 3)
    covered = covered_copy(kind, data, [[first, first + 4]])
    assert "secret" not in whole_text(kind, covered)
    [statement] = read_statements("a", kind, covered)
    assert [row.covered for row in statement.rows] == [False, True, False, False, False, True, False]
    assert [row.day.day for row in statement.rows] == [2, 3, 4, 5, 6, 8, 9]
    assert [(row.amount, row.balance) for row in statement.rows if row.covered] == [(0, None)] * 2
    assert [note.code for note in statement.notes] == ["lines_covered"]
    if kind == "xlsx":
        assert CalamineWorkbook.from_filelike(io.BytesIO(covered)).sheet_names == ["March"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_cut_as_it_was(delimiter: str) -> None:
    """Whatever parts its cells, and where a text holds the sign that does."""
    rows = [(day, f"{text}{delimiter} and more", amount, balance) for day, text, amount, balance in ROWS]
    data = table(rows, delimiter)
    [before] = read_statements("a.csv", "csv", data)
    [after] = read_statements("a.csv", "csv", covered_copy("csv", data, [[3]]))
    assert [row.text for row in after.rows[1:]] == [row.text for row in before.rows[1:]]
    assert after.rows[0].covered


@given(st.sets(st.integers(0, len(ROWS) - 1)), st.integers(2, 9))
@settings(max_examples=60)
def test_covering_never_turns_an_answer_round(covered: set[int], due: int) -> None:
    """The answer is that of the whole file, or that it cannot be told; and away from the due date it stays."""
    before = judged("csv", table(), due)
    after = judged("csv", covered_copy("csv", table(), [[at + 3 for at in covered]]), due)
    assert after in {before, "cannot_tell"}
    days = [int(row[0][-2:]) for row in ROWS]
    needed = {at for at, day in enumerate(days) if day == due}
    needed |= {max((at for at, day in enumerate(days) if day < due), default=0)}
    needed |= {min((at for at, day in enumerate(days) if day > due), default=0)}
    if not covered & needed:
        assert after == before
    elif before != "cannot_tell":
        assert after == "cannot_tell"


def test_covered_lines_are_said_to_be_missing_and_break_no_chain() -> None:
    """Where the rule needs them; elsewhere a handler is told how many there are."""
    data = covered_copy("csv", table(), [[4, 6]])
    check = funds_rule.check(read_statements("a.csv", "csv", data), Question(date(2026, 3, 5), 118_000))
    assert [fact.code for fact in check.missing] == ["rows_covered"]
    assert [fact.code for fact in check.signals] == ["lines_covered"]
    assert check.signals[0].data["count"] == 2


def test_an_order_is_not_guessed_after_covered_lines() -> None:
    """The balance before a covered last line of a day says nothing of how the next day began."""
    rows = [*ROWS[:1], ("2026-03-04", "two", "-100.00", "800.00"), ("2026-03-04", "one", "-100.00", "900.00")]
    rows[1:1] = [("2026-03-03", COVERED, COVERED, COVERED)]
    [statement] = read_statements("a.csv", "csv", table(rows))
    assert [row.text for row in statement.rows if not row.covered] == ["opening shop", "one", "two"]


# --- On the pages -----------------------------------------------------------------------------------------------


def choose(client: Client, code: str, unticked: set[str], act: str = "cover", page: int = 1) -> Any:
    path = f"/files/{code}/lines?page={page}"
    shown = client.get(path, headers=ENGLISH)
    fields = fields_of(shown, form_of(shown, "/lines"))
    boxes = [each.attributes for each in parsed(shown.text).all("input") if each.attributes.get("name") == "line"]
    ticked = [box["value"] for box in boxes if "checked" in box and box["value"] not in unticked]
    return client.post(path, {**fields, "act": act, "line": ticked}, headers=ENGLISH)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_unticked_is_covered_once_it_is_sent(client: Client, kind: str) -> None:
    """Until then nothing has changed, and it can be taken back; afterwards the whole file is nowhere."""
    draft, first = new_code(), 4 if kind == "csv" else 3
    data = table() if kind == "csv" else workbook()
    code = add(client, data, f"March.{kind}", case=("draft", draft))
    as_(client, "lin")
    assert "Cover lines" in client.get(f"/files/drafts/{draft}/rows", headers=ENGLISH).text
    answer = choose(client, code, {f"0-{first}", f"0-{first + 4}"})
    assert answer.headers["location"] == f"/files/{code}/lines?page=1"
    shown = client.get(answer.headers["location"], headers=ENGLISH).text
    assert "2 lines of this file are covered when you send." in shown
    assert shown.count(" checked") == 5
    assert "secret clinic" in client.get(f"/files/{code}/view", headers=ENGLISH).text
    before = [row.store_key for row in rows(client, FILE)]
    send(client, draft)
    [file] = rows(client, FILE)
    assert (file.kind, file.name, file.case_number) == (kind, f"March.{kind}", CASE_NUMBER)
    assert [row.store_key for row in rows(client, LEFTOVER)] == before
    sent = portal_of(client).files.get(file.store_key, file.sha256)
    assert "secret" not in whole_text(kind, sent)
    [told] = rows(client, STATEMENT)
    assert "secret" not in told.statements
    [quota] = rows(client, QUOTA)
    assert quota.bytes == file.size == len(sent)
    again = read_upload(file.name, sent, want=Want(pages=False, statements=True)).statements
    assert again == queries.read_statements(told.statements, file.name)
    seen = client.get(f"/files/{code}/view", headers=ENGLISH).text
    assert "2 lines are covered." in seen
    assert "secret" not in seen
    by_staff = as_(client, "handler").get(f"/staff/files/{code}/view", headers=ENGLISH).text
    assert "2 lines were covered by the borrower before they were sent." in by_staff


def test_marks_are_taken_back_and_replaced(client: Client) -> None:
    """One covered version a file; the store keeps none that nothing points at."""
    draft = new_code()
    code = add(client, table(), "March.csv", case=("draft", draft))
    as_(client, "lin")
    choose(client, code, {"0-4"})
    choose(client, code, {"0-4", "0-5"})
    [cover] = rows(client, COVER)
    assert cover.marks == '{"lines": [[0, 4], [0, 5]]}'
    choose(client, code, set(), act="undo")
    assert not rows(client, COVER)
    send(client, draft)
    [file] = rows(client, FILE)
    assert portal_of(client).files.get(file.store_key, file.sha256) == table()


def test_long_statements_are_listed_in_parts(client: Client) -> None:
    """Each part is kept when one goes on to the next."""
    many = [("2026-03-02", f"shop {number}", "-1.00", f"{1000 - number}.00") for number in range(120)]
    code = add(client, table(many), "March.csv", case=("draft", new_code()))
    as_(client, "lin")
    answer = choose(client, code, {"0-3"}, act="next")
    assert answer.headers["location"] == f"/files/{code}/lines?page=2"
    choose(client, code, {"0-60"}, act="next", page=2)
    [cover] = rows(client, COVER)
    assert cover.marks == '{"lines": [[0, 3], [0, 60]]}'
    assert client.get(f"/files/{code}/lines?page=4").status_code == 404
    assert client.get(f"/files/{code}/lines?page=x").status_code == 404


def test_what_cannot_be_covered_truly_is_not(client: Client) -> None:
    """Signs that only the covered balance proved: the next line would turn from money out to money in."""
    unsigned = [(day, text, amount.lstrip("-"), balance) for day, text, amount, balance in ROWS]
    code = add(client, table(unsigned), "March.csv", case=("draft", new_code()))
    as_(client, "lin")
    answer = choose(client, code, {"0-5"})
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text
    assert answer.text.count(" checked") == 6, "what was unticked stays unticked"
    assert not rows(client, COVER)


def test_the_same_file_covered_alike_is_sent_once(client: Client) -> None:
    """Two files that differ in what is covered alone are one afterwards; nothing fails on sending."""
    draft = new_code()
    other = [("2026-03-02", "other shop", "-99.00", "1000.00"), *ROWS[1:]]
    codes = [add(client, data, "March.csv", case=("draft", draft)) for data in (table(), table(other))]
    as_(client, "lin")
    for code in codes:
        choose(client, code, {"0-3"})
    portal = portal_of(client)
    from portal.evidence import actions

    def sent(session: Any, viewer: Any) -> int:
        return actions.send_draft(session, viewer, draft, case_kind="dispute", case_number=CASE_NUMBER)

    portal.doors.write_as(viewer_named("lin", portal.doors.system()), sent)
    assert sorted(row.state for row in rows(client, FILE)) == ["deleted", "ready"]
    assert len(rows(client, LEFTOVER)) == 3


def test_only_own_drafts_and_tables(client: Client) -> None:
    """A stranger, the handler and a file that was sent find nothing; a picture has no lines."""
    draft = new_code()
    code = add(client, table(), "March.csv", case=("draft", draft))
    assert as_(client, "stranger").get(f"/files/{code}/lines").status_code == 404
    as_(client, "lin")
    assert client.get(f"/files/{code}/lines").status_code == 200
    send(client, draft)
    assert client.get(f"/files/{code}/lines").status_code == 404


def test_staff_see_rows_without_the_numbers_of_accounts(client: Client) -> None:
    """In the rows, in their download and where columns are asked about; the borrower sees the file (EV-16)."""
    iban = "DE02120300000000202051"
    told = [(day, f"to {iban}", amount, balance) for day, _text, amount, balance in ROWS]
    code = add(client, covered_copy("csv", table(told), [[4]]), "March.csv")
    odd = add(client, f"Zeta,Kappa,Omega\n2026-03-05,-86.40,412.55\n{iban},1,1\n".encode(), "odd.csv")
    as_(client, "lin")
    assert iban in client.get(f"/files/{code}/view", headers=ENGLISH).text
    as_(client, "handler")
    for path in (f"/staff/files/{code}/view", f"/staff/files/{code}", f"/staff/files/{odd}/columns"):
        shown = client.get(path, headers=ENGLISH).text
        assert iban not in shown, path
        assert "…2051" in shown, path
    assert f"4,2026-03-03,,,,{COVERED}" in client.get(f"/staff/files/{code}").text
