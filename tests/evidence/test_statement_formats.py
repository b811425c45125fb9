"""Structured statements: CAMT, MT940, OFX and workbooks, as banks write them and as they should not."""

import io
import zipfile
from datetime import date

import pytest

from portal.core.statement import Statement
from portal.evidence.statements.outcomes import NotAStatement
from portal.evidence.statements.reading import read_statements
from tests.make import bank_files as make


def only(kind: str, data: bytes | str) -> Statement:
    (found,) = read_statements("a", kind, data.encode() if isinstance(data, str) else data)
    return found


def facts(found: Statement) -> tuple[object, ...]:
    return (
        found.account, found.currency, found.opening, found.closing, found.from_day, found.to_day,
        [(row.day.day, row.amount) for row in found.rows],
    )  # fmt: skip


WHOLE = ("DE02120300000000202051", "EUR", 50000, 121050, date(2026, 3, 1), date(2026, 3, 31))
ROWS = [(5, 120000), (6, -50000), (9, 1050)]


# --- CAMT -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["053.001.02", "053.001.04", "053.001.08", "053.001.13", "052.001.06"])
def test_camt_of_every_version(version: str) -> None:
    assert facts(only("xml", make.camt(version))) == (*WHOLE, ROWS)


def test_what_is_not_booked_moves_nothing() -> None:
    pending = make.camt_entry(7, "9999.00", status="<Sts><Cd>PDNG</Cd></Sts>")
    assert facts(only("xml", make.camt(more=pending)))[-1] == ROWS
    older = make.camt_entry(10, "1.00", status="<Sts>BOOK</Sts>")
    assert facts(only("xml", make.camt(more=older)))[-1] == [*ROWS, (10, 100)]


def test_an_entry_in_another_currency_is_mixed() -> None:
    found = only("xml", make.camt(more=make.camt_entry(7, "5.00", currency="USD")))
    assert [note.code for note in found.notes] == ["mixed"]


def test_an_entry_with_more_decimals_than_money_is_unreadable() -> None:
    found = only("xml", make.camt(more=make.camt_entry(7, "5.001")))
    assert [(note.code, note.data["from"]) for note in found.notes] == [("rows_unreadable", "2026-03-07")]
    assert facts(only("xml", make.camt(more=make.camt_entry(10, "5.00000"))))[-1][-1] == (10, 500)  # type: ignore[index]


def test_a_statement_without_a_period_covers_from_its_opening_to_its_final_closing_balance() -> None:
    found = only("xml", make.camt(period=""))
    assert (found.from_day, found.to_day) == (date(2026, 3, 2), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (make.camt("054.001.08", root="BkToCstmrDbtCdtNtfctn", element="Ntfctn"), "notification"),
        ("<Document/>", "no_rows"),
    ],
)
def test_other_messages_are_no_statements(data: str, code: str) -> None:
    with pytest.raises(NotAStatement) as outcome:
        only("xml", data)
    assert outcome.value.code == code


@pytest.mark.parametrize(
    "bomb",
    [
        '<!DOCTYPE d [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><Document>&c;</Document>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document>&x;</Document>',
        '<!DOCTYPE d SYSTEM "http://example.org/d.dtd"><Document/>',
    ],
)
def test_entities_are_never_expanded(bomb: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        only("xml", bomb)


# --- MT940 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("envelope", [False, True])
def test_mt940(envelope: bool) -> None:
    found = only("mt940", make.mt940(envelope=envelope))
    assert facts(found) == (*WHOLE[:4], date(2026, 3, 2), date(2026, 3, 31), ROWS)
    assert found.rows[0].text == "booking"


def test_reversals_go_the_other_way() -> None:
    found = only("mt940", make.mt940(entries=[("260305", "RD", "12,00"), ("260306", "RC", "5,00")]))
    assert [row.amount for row in found.rows] == [1200, -500]


def test_the_entry_date_counts_also_over_the_turn_of_the_year() -> None:
    found = only("mt940", make.mt940(entries=[("2512311231", "C", "1,00"), ("2512310102", "D", "1,00")]))
    assert [row.day for row in found.rows] == [date(2025, 12, 31), date(2026, 1, 2)]


def test_an_intermediate_page_leaves_its_last_day_open() -> None:
    first, second = read_statements("a", "mt940", make.mt940_pages().encode())
    assert (first.to_day, second.to_day) == (date(2026, 3, 5), date(2026, 3, 31))
    assert (first.closing, second.opening) == (120000, 120000)


def test_a_line_that_the_library_would_lose_is_told() -> None:
    found = only("mt940", make.mt940(entries=[("260305", "C", "1,00"), ("260306", "C", "2,00")], kind=""))
    assert [note.code for note in found.notes] == ["rows_unreadable"]


@pytest.mark.parametrize("text", [":20:X\n:60F:nonsense\n", ":20:X\n:25:1\n:60F:C260301EUR1,00\n:61:oops\n"])
def test_malformed_mt940_is_a_plain_outcome(text: str) -> None:
    with pytest.raises(NotAStatement):
        only("mt940", text)


# --- OFX ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_ofx_of_both_versions(version: int) -> None:
    found = only("ofx", make.ofx(version))
    assert facts(found) == ("DE02120300000000202051", "EUR", None, 121050, date(2026, 3, 1), date(2026, 3, 31), ROWS)
    assert found.rows[0].text == "shop & café"


def test_the_banks_own_id_twice_is_one_booking() -> None:
    assert facts(only("ofx", make.ofx(2, repeat=True)))[-1] == ROWS


def test_a_balance_of_a_later_day_than_the_list_proves_nothing() -> None:
    found = only("ofx", make.ofx(2, as_of="20260402"))
    assert (found.closing, [note.code for note in found.notes]) == (None, ["balance_of_later_day", "no_balance"])


def test_a_balance_of_an_earlier_day_stands_after_its_last_booking() -> None:
    found = only("ofx", make.ofx(2, as_of="20260306", balance="1200.00"))
    assert (found.closing, [row.balance for row in found.rows]) == (None, [None, 120000, None])


def test_tags_left_open_swallow_nothing() -> None:
    text = make.ofx(1).replace("<FITID>1", "<CHECKNUM>\n<FITID>1\n<REFNUM>")
    assert facts(only("ofx", text))[-1] == ROWS


def test_a_sign_on_without_an_account_is_no_statement() -> None:
    with pytest.raises(NotAStatement):
        only("ofx", "OFXHEADER:100\n\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>")


# --- Workbooks ------------------------------------------------------------------------------------------------


def test_a_workbook_is_read_as_a_person_sees_it() -> None:
    found = only("xlsx", make.workbook())
    assert [(row.day, row.amount, row.balance) for row in found.rows] == [
        (date(2026, 3, 5), 120000, 170000), (date(2026, 3, 6), -50000, 120000), (date(2026, 3, 9), 1050, 121050),
    ]  # fmt: skip
    assert [row.line for row in found.rows] == [3, 4, 5]


def test_half_a_workbook_is_never_more_than_an_error() -> None:
    whole = make.workbook()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(Exception, match=r".*"):
            only("xlsx", whole[: int(len(whole) * share)])
