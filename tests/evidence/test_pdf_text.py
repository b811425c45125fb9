"""Statements in PDFs: tables and lists of banks that do not exist, pages that lie, and files that are broken."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Browser

from portal.core.statement import Statement
from portal.evidence.statements import pdf_text
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from tests.make import paper

HOSTILE = Path(__file__).parents[3] / "shared" / "data" / "hostile" / "pdf"
SAME_FACTS = Path(__file__).parents[3] / "shared" / "data" / "statements" / "same_facts_many_formats"


def facts(statement: Statement) -> list[tuple[object, int, int | None]]:
    """What counts of each row."""
    return [(row.day, row.amount, row.balance) for row in statement.rows]


def truth(rows: list[paper.Booking]) -> list[tuple[object, int, int | None]]:
    """The same of the invented account."""
    return [(row.day, row.amount, row.balance) for row in rows]


@pytest.mark.parametrize("count", [18, 90], ids=["one page", "several pages"])
@pytest.mark.parametrize("layout", [*paper.TABLES.values(), *paper.LISTS.values()], ids=[*paper.TABLES, *paper.LISTS])
def test_every_layout_says_the_same(browser: Browser, layout: paper.Layout, count: int) -> None:
    """Columns in any order, wrapped cells, dates printed once, newest first, repeated heads: the same rows."""
    rows = paper.bookings(count, seed=count)
    (statement,) = pdf_text.read("a.pdf", paper.printed(browser, layout(rows)))
    assert facts(statement) == truth(rows)
    assert statement.account.endswith("4803")
    assert statement.notes == ()


def test_what_stands_around_the_table_is_read(browser: Browser) -> None:
    """Account, holder, currency, period and the balances carried over."""
    rows = paper.bookings()
    (statement,) = pdf_text.read("a.pdf", paper.printed(browser, paper.english_grouped(rows)))
    assert (statement.currency, statement.from_day, statement.to_day) == ("CNY", rows[0].day, rows[-1].day)
    assert (statement.opening, statement.closing) == (rows[0].balance - rows[0].amount, rows[-1].balance)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read(browser: Browser, rotation: int) -> None:
    """Turned by the page's own entry, as scanners and bank portals do."""
    rows = paper.bookings()
    data = changed(paper.printed(browser, paper.two_columns(rows)), lambda pdf: turn(pdf, rotation))
    (statement,) = pdf_text.read("a.pdf", data)
    assert facts(statement) == truth(rows)


def changed(data: bytes, change: Callable[[pikepdf.Pdf], None], **options: object) -> bytes:
    """The PDF with something done to it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(out, **options)
    return out.getvalue()


def turn(pdf: pikepdf.Pdf, rotation: int) -> None:
    """Every page on its side."""
    for page in pdf.pages:
        page.Rotate = rotation


def test_a_password_opens_it_and_a_wrong_one_does_not(browser: Browser) -> None:
    """The password is asked for by the code of the outcome."""
    rows = paper.bookings()
    locked = pikepdf.Encryption(user="lin", owner="bank")
    data = changed(paper.printed(browser, paper.two_columns(rows)), lambda pdf: None, encryption=locked)
    (statement,) = pdf_text.read("a.pdf", data, password="lin")
    assert facts(statement) == truth(rows)
    for wrong in ("", "yi"):
        with pytest.raises(NotAStatement) as told:
            pdf_text.read("a.pdf", data, password=wrong)
        assert told.value.code == "password"


# --- Pages that lie -------------------------------------------------------------------------------------------


def over(html: str, row: int, shown: str) -> str:
    """The page with a balance covered by a white patch and another one written on it."""
    patch = f'<span style="position:absolute;right:0;background:#fff">{shown}</span>'
    cells = html.split('<td class="n">')
    at = 2 * row
    cells[at] = cells[at].replace("</td>", f"{patch}</td>", 1)
    return '<td class="n" style="position:relative">'.join(cells)


def test_a_balance_written_over_another_is_not_believed(browser: Browser) -> None:
    """Both texts are in the file; neither counts, and a signal says so."""
    rows = paper.bookings()
    (statement,) = pdf_text.read("a.pdf", paper.printed(browser, over(paper.two_columns(rows), 5, "99,999.00")))
    codes = {note.code for note in statement.notes}
    assert "pdf_text_overlaid" in codes
    assert codes & {"image_unclear", "rows_unreadable"}
    assert 9_999_900 not in {row.balance for row in statement.rows}


def test_text_that_nobody_sees_is_not_read(browser: Browser) -> None:
    """White on white: a program would read it, a person would not."""
    rows = paper.bookings()
    ghost = '<p style="color:#fff">账号：6222 0000 0000 9999 期初余额 88,888.00</p>'
    (statement,) = pdf_text.read("a.pdf", paper.printed(browser, paper.two_columns(rows) + ghost))
    assert facts(statement) == truth(rows)
    assert statement.account.endswith("4803")
    assert statement.opening is None
    assert "pdf_text_hidden" in {note.code for note in statement.notes}


def test_an_edited_file_leaves_signals_and_the_same_answer(browser: Browser) -> None:
    """The program that made it, a change after its making, and a second saving are told, and conclude nothing."""

    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.docinfo["/Producer"] = "Foxit PhantomPDF"
        pdf.docinfo["/CreationDate"] = "D:20260301080000"
        pdf.docinfo["/ModDate"] = "D:20260402093000"

    rows = paper.bookings()
    data = changed(paper.printed(browser, paper.two_columns(rows)), edit) + b"\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
    (statement,) = pdf_text.read("a.pdf", data)
    notes = {note.code: note.data for note in statement.notes}
    assert facts(statement) == truth(rows)
    assert notes["pdf_editor"] == {"program": "Foxit PhantomPDF"}
    assert notes["pdf_changed"] == {"created": "2026-03-01 08:00", "changed": "2026-04-02 09:30"}
    assert notes["pdf_saved_again"] == {"times": 1}


def test_missing_pages_are_told(browser: Browser) -> None:
    """A statement that counts its pages says when one was left out."""
    html = paper.two_columns(paper.bookings()).replace("第 1 页 共 1 页", "第 1 页 共 3 页")
    (statement,) = pdf_text.read("a.pdf", paper.printed(browser, html))
    assert [(note.code, dict(note.data)) for note in statement.notes] == [("pages_missing", {"seen": 1, "total": 3})]


def test_unknown_columns_are_asked_for_and_then_read(browser: Browser) -> None:
    """A bank with names of its own: a person says once what they mean."""
    rows = paper.bookings()
    html = paper.two_columns(rows)
    for usual, own in (("记账日期", "Tag A"), ("支出", "Spalte X"), ("收入", "Spalte Y"), ("账户余额", "Stand Q")):
        html = html.replace(f"<th>{usual}</th>", f"<th>{own}</th>")
    data = paper.printed(browser, html)
    with pytest.raises(ColumnsUnknown) as asked:
        pdf_text.read("a.pdf", data)
    assert "Stand Q" in asked.value.header
    told = {"Tag A": "date", "Spalte X": "debit", "Spalte Y": "credit", "Stand Q": "balance"}
    (statement,) = pdf_text.read("a.pdf", data, columns=told)
    assert facts(statement) == truth(rows)


def test_a_scan_without_text_goes_to_the_reader_of_pictures(browser: Browser) -> None:
    """And one with a machine's text under the picture does too."""
    picture = paper.picture_of_page(paper.printed(browser, paper.two_columns(paper.bookings())), dots=72)
    with pytest.raises(NotAStatement) as told:
        pdf_text.read("a.pdf", paper.scan([picture]))
    assert told.value.code == "image_not_read"


# --- Files of others ------------------------------------------------------------------------------------------


def outcome(name: str, data: bytes) -> str:
    """How it ended: the only ways in which it may."""
    try:
        pdf_text.read(name, data)
    except ColumnsUnknown:
        return "columns_unknown"
    except NotAStatement as reason:
        return reason.code
    return "read"


def hostile_pdfs() -> list[Path]:
    """Broken and odd files of other people's test suites."""
    if not HOSTILE.is_dir():
        pytest.skip("the folder of hostile files is not on this machine")
    return sorted(HOSTILE.glob("*.pdf"))


def test_hostile_pdfs_have_a_clean_outcome() -> None:
    """One in eight; the drill takes all."""
    assert "read" not in {outcome(path.name, path.read_bytes()) for path in hostile_pdfs()[::8]}


@pytest.mark.drill
def test_every_hostile_pdf_has_a_clean_outcome() -> None:
    """All of them."""
    assert "read" not in {outcome(path.name, path.read_bytes()) for path in hostile_pdfs()}


def test_no_cut_of_a_file_breaks_the_reader(browser: Browser) -> None:
    """An upload that stopped in the middle."""
    data = paper.printed(browser, paper.two_columns(paper.bookings()))
    for size in range(0, len(data), len(data) // 12):
        assert outcome("a.pdf", data[:size])
