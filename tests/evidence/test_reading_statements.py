"""Statements through the sandbox: what is taken, what is refused, and that nothing it answers is simply believed."""

import io
import json
import random
import zipfile
from datetime import date
from pathlib import Path

import pytest

from portal.core.statement import Note, Statement, StatementRow
from portal.evidence.data_kinds import is_bomb
from portal.evidence.file_kinds import hides_another_file, kind_of, readable_kind_of
from portal.evidence.sandbox import Reading, Want, read_upload
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from portal.evidence.statements.reading import read_statements
from portal.evidence.statements.wire import Malformed, from_json, to_json
from tests.make import bank_files
from tests.make.evidence import pdf
from tests.make.exports import EXPORTS

HOSTILE = Path(__file__).parents[3] / "shared" / "data" / "hostile"
PLAIN = EXPORTS["plain"].encode()
FILES = {
    "a.csv": PLAIN,
    "流水.utf8.csv": PLAIN,
    "a.txt": EXPORTS["British"].encode(),
    "a.tsv": EXPORTS["British"].encode(),
    "a.xls": EXPORTS["British"].encode(),
    "a.xlsx": bank_files.workbook(),
    "a.camt053.xml": bank_files.camt().encode(),
    "a.sta": bank_files.mt940().encode(),
    "a.txt ": bank_files.mt940(envelope=True).encode(),
    "a.ofx": bank_files.ofx(2).encode(),
    "a.qfx": bank_files.ofx(1).encode(),
}


def read(name: str, data: bytes, **want: object) -> Reading:
    return read_upload(name, data, want=Want(statements=True, **want))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FILES)
def test_files_of_data_give_statements_and_no_pages(name: str) -> None:
    reading = read(name.strip(), FILES[name])
    assert (reading.problem, reading.no_statement, reading.pages) == ("", "", ())
    (found,) = reading.statements
    assert found.file == name.strip()
    assert [row.amount for row in found.rows if row.amount] == [120000, -50000, 1050]


def test_one_call_gives_the_pages_of_a_pdf_and_says_what_is_in_it() -> None:
    reading = read("a.pdf", pdf())
    assert reading.problem == ""
    assert len(reading.pages) == 1
    assert bool(reading.statements) != bool(reading.no_statement)
    assert read("a.pdf", pdf(), pages=False).pages == ()


@pytest.mark.parametrize("name", FILES)
def test_an_upload_is_still_a_picture_or_a_pdf(name: str) -> None:
    assert kind_of(name.strip(), FILES[name]) is None
    assert read_upload(name.strip(), FILES[name]).problem == "wrong_type"


def test_unknown_columns_come_back_as_a_question() -> None:
    text = "Когда,Сколько,Осталось\n2026-03-05,12.00,17.00\n2026-03-06,-5.00,12.00\n".encode()
    reading = read("a.csv", text)
    assert reading.no_statement == "columns_unknown"
    assert reading.columns is not None
    assert reading.columns.header == ("Когда", "Сколько", "Осталось")
    told = {"Когда": "date", "Сколько": "amount", "Осталось": "balance"}
    assert [row.balance for row in read("a.csv", text, columns=told).statements[0].rows] == [1700, 1200]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", bank_files.workbook()),
        ("a.xlsx", PLAIN),
        ("a.xml", PLAIN),
        ("a.xml", b"<?xml version='1.0'?><html/>"),
        ("a.csv", b"<html><script>alert(1)</script></html>"),
        ("a.csv", b"date,amount,balance\n2026-03-05,\x07,1\n"),
        ("a.csv", b"\x89PNG\r\n\x1a\n"),
        ("a.csv", b""),
        ("a.sta", PLAIN),
        ("a.ofx", PLAIN),
        ("a.xml.csv", PLAIN),
        ("a.exe.csv", PLAIN),
        ("a.xlsm", bank_files.workbook()),
        ("a", PLAIN),
    ],
)
def test_name_and_content_must_agree(name: str, data: bytes) -> None:
    assert readable_kind_of(name, data) is None
    assert read(name, data).problem == "wrong_type"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", PLAIN + b"<script>alert(1)</script>"),
        ("a.csv", PLAIN + b"%PDF-1.7"),
        ("a.xml", bank_files.camt().replace("<Document", "<!DOCTYPE d><Document").encode()),
        ("a.xml", bank_files.camt(more="<!ENTITY x 'y'>").encode()),
        ("a.xlsx", bank_files.workbook() + b"more"),
        ("a.xlsx", bank_files.workbook(more={"xl/vbaProject.bin": b"x"})),
        ("a.xlsx", bank_files.workbook(more={"xl/embeddings/oleObject1.bin": b"x"})),
    ],
)
def test_a_second_file_inside_is_refused(name: str, data: bytes) -> None:
    assert read(name, data).problem in {"two_files", "wrong_type"}


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before() -> None:
    bomb = bank_files.workbook(more={"xl/worksheets/sheet2.xml": b"0" * 130_000_000})
    assert len(bomb) < 200_000
    assert is_bomb(bomb)
    assert read("a.xlsx", bomb).problem == "too_large"
    assert not is_bomb(bank_files.workbook())


def test_a_workbook_whose_list_lies_is_refused() -> None:
    out = io.BytesIO(bank_files.workbook())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert is_bomb(out.getvalue())


# --- What the sandbox answers ---------------------------------------------------------------------------------

TOLD = Statement(
    file="a.csv",
    account="7133",
    holder="林一",
    currency="CNY",
    rows=(
        StatementRow(2, date(2026, 3, 5), None, 1200, 1700, "x"),
        StatementRow(3, date(2026, 3, 6), None, 0, None, covered=True),
    ),
    from_day=date(2026, 3, 1),
    opening=500,
    notes=(Note("rows_unreadable", {"count": 2, "from": "2026-03-05", "to": "2026-03-06"}),),
)


def test_statements_survive_the_way_from_the_sandbox() -> None:
    assert from_json(json.loads(json.dumps(to_json([TOLD]))), "a.csv") == (TOLD,)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), {}), ((0,), []), ((0, "rows"), "x"), ((0, "rows", 0), [1]), ((0, "rows", 0, 0), "1"),
        ((0, "rows", 0, 1), "2026-3-5"), ((0, "rows", 0, 1), "0001-01-01"), ((0, "rows", 0, 3), 1.5),
        ((0, "rows", 0, 3), True), ((0, "rows", 0, 3), 10**16),
        ((0, "rows", 0, 4), "12"), ((0, "rows", 0, 6), 1), ((0, "currency"), "euro"), ((0, "account"), None),
        ((0, "opening"), "1"), ((0, "from"), "yesterday"), ((0, "notes", 0, 0), "DROP TABLE"), ((0, "notes", 0, 1), []),
        ((0, "notes", 0, 1, "from"), "now"), ((0, "notes", 0, 1, "count"), None),
    ],
)  # fmt: skip
def test_anything_else_is_not_believed(path: tuple[str | int, ...], value: object) -> None:
    told = json.loads(json.dumps(to_json([TOLD])))
    if not path:
        told = value
    else:
        at = told
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
    with pytest.raises((Malformed, ValueError)):
        from_json(told, "a.csv")


def test_texts_lose_what_is_not_text_and_whole_card_numbers() -> None:
    told = to_json([TOLD])
    told[0]["rows"][0][5] = "\x1b[31m\u202epaid 6222020200012345678\x00"
    (found,) = from_json(told, "a.csv")
    assert found.rows[0].text == "[31mpaid 622202…5678"


# --- Whatever it is fed ---------------------------------------------------------------------------------------

INSERTED = [b"\0", b"\xff", b'"', b"\n", b",", b"<", b"9" * 50, b"-", "。".encode()]


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """A copy with a few bytes flipped, cut out, repeated or put in."""
    data = bytearray(whole)
    for _ in range(chance.randrange(1, 12)):
        place = chance.randrange(len(data) or 1)
        act = chance.randrange(4)
        if act == 0:
            data[place : place + 1] = bytes((chance.randrange(256),))
        elif act == 1:
            del data[place : place + chance.randrange(1, 40)]
        elif act == 2:
            data[place:place] = data[place : place + chance.randrange(1, 200)]
        else:
            data[place:place] = chance.choice(INSERTED)
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_have_a_plain_outcome(name: str) -> None:
    """A statement, one of the two outcomes, or for XML its parser's own error, which the sandbox catches."""
    chance = random.Random(name)
    for _ in range(60):
        data = damaged(FILES[name], chance)
        kind = readable_kind_of(name.strip(), data)
        if kind is None or hides_another_file(kind, data) or kind in {"xlsx", "xls"}:
            continue
        try:
            from_json(json.loads(json.dumps(to_json(read_statements(name, kind, data)))), name)
        except (NotAStatement, ColumnsUnknown):
            continue
        except (SyntaxError, ValueError):
            if kind != "xml":
                raise


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.camt053.xml"])
def test_damaged_files_never_break_the_portal(name: str) -> None:
    whole = FILES[name]
    for place in range(0, len(whole), max(1, len(whole) // 6)):
        reading = read(name, whole[:place] + b"\xff\x00" + whole[place + 1 :])
        assert reading.problem or reading.no_statement or reading.statements


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the shared hostile files are not beside the repository")
def test_hostile_files_are_refused_under_every_name() -> None:
    files = sorted([*(HOSTILE / "xml").iterdir(), *(HOSTILE / "payloads").iterdir()])
    assert files
    for path in files:
        data = path.read_bytes()[:2_000_000]
        for name in ("a.xml", "a.csv", "a.xlsx", "a.ofx", "a.sta"):
            kind = readable_kind_of(name, data)
            if kind is None or hides_another_file(kind, data):
                continue
            reading = read(name, data)
            assert reading.problem or reading.no_statement or not any(each.rows for each in reading.statements), path
