"""Tables of bookings as banks export them: columns by their names, dates, signs, balances, order and what is around."""

from datetime import date, time

import pytest

from portal.core.statement import Statement
from portal.evidence.statements import delimited
from portal.evidence.statements.dates import read_column
from portal.evidence.statements.grid import statement_of
from portal.evidence.statements.numbers import decimal_mark, figure, minor_units
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from tests.make.exports import EXPORTS


def read(text: str, **more: str) -> Statement:
    """A text file as it comes."""
    (found,) = delimited.read("a.csv", text.encode(), **more)  # type: ignore[arg-type]
    return found


def bookings(text: str) -> list[tuple[str, int, int | None]]:
    return [(row.day.isoformat(), row.amount, row.balance) for row in read(text).rows]


def codes(found: Statement) -> list[str]:
    return [note.code for note in found.notes]


EXPECTED = [("2026-03-05", 120000, 170000), ("2026-03-06", -50000, 120000), ("2026-03-09", 1050, 121050)]


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_of_every_shape_say_the_same(name: str) -> None:
    found = [row for row in bookings(EXPORTS[name]) if row[1] or name == "x"]
    if name == "date printed once":
        assert [(day, amount) for day, amount, _ in found if day == "2026-03-06"] == [
            ("2026-03-06", -20000), ("2026-03-06", -30000),
        ]  # fmt: skip
        found = [found[0], EXPECTED[1], found[-1]]
    assert found == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5hkscs"])
def test_chinese_in_every_encoding(encoding: str) -> None:
    text = "交易明細\n交易日期,摘要,交易金額,餘額\n2026-03-05,存入,1200.00,1700.00\n2026-03-06,支取,-500.00,1200.00\n"
    if encoding == "gb18030":
        text = text.replace("金額", "金额").replace("餘額", "余额")
    (found,) = delimited.read("a.csv", text.encode(encoding))
    assert [(row.amount, row.balance) for row in found.rows] == [(120000, 170000), (-50000, 120000)]


def test_western_letters_are_not_taken_for_chinese() -> None:
    text = "Buchungstag;Verwendungszweck;Betrag;Saldo\n05.03.2026;Überweisung für Bäckerei;-10,00;90,00\n"
    (found,) = delimited.read("a.csv", text.encode("latin-1"))
    assert found.rows[0].text == "Überweisung für Bäckerei"


# --- What stands around ---------------------------------------------------------------------------------------

AROUND = """账户交易明细,,,
户名：林一,卡号：6222 **** **** 7133,币种：人民币,
起止日期,2026-03-01--2026-03-31,,
期初余额：,500.00,,
交易日期,交易金额,本次余额,交易摘要
2026-03-05,+1200.00,1700.00,现金存入
2026-03-06,-500.00,1200.00,支取
期末余额：,1200.00,,
"""


def test_what_stands_around_the_table_says_whose_it_is() -> None:
    found = read(AROUND)
    assert (found.account, found.holder, found.currency) == ("6222 **** **** 7133", "林一", "CNY")
    assert (found.from_day, found.to_day) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (found.opening, found.closing) == (50000, 120000)
    assert [row.line for row in found.rows] == [6, 7]


def test_the_day_of_export_is_not_over_yet() -> None:
    assert read(AROUND + "打印时间：2026-03-31 10:00:00,,,\n").to_day == date(2026, 3, 30)
    assert read(AROUND + "打印时间：2026-04-02 10:00:00,,,\n").to_day == date(2026, 3, 31)


def test_english_words_around() -> None:
    found = read(
        "Account Number: 12-3456-0001234-00\nAccount name: MR YI LIN\nCurrency: HKD\n"
        "Statement period: 01/03/2026 to 31/03/2026\n"
        "Date,Details,Amount,Balance\n05/03/2026,x,1200.00,1700.00\n26/03/2026,x,-500.00,1200.00\n"
    )
    assert (found.account, found.holder, found.currency) == ("12-3456-0001234-00", "MR YI LIN", "HKD")
    assert (found.from_day, found.to_day) == (date(2026, 3, 1), date(2026, 3, 31))


def test_balances_brought_and_carried_forward_in_the_table() -> None:
    found = read(
        "Date,Details,Money out,Money in,Balance\n01/03/2026,Balance brought forward,,,500.00\n"
        "05/03/2026,x,,1200.00,1700.00\n"
        "26/03/2026,x,500.00,,1200.00\n31/03/2026,Balance carried forward,,,1200.00\n"
    )
    assert (found.opening, found.closing, len(found.rows)) == (50000, 120000, 2)


def test_yen_and_dinars_have_other_digits() -> None:
    assert read("date,amount,balance,currency\n2026-03-05,1200,1700,JPY\n").rows[0].amount == 1200
    assert read("date,amount,balance,currency\n2026-03-05,1.234,5.678,KWD\n").rows[0].amount == 1234
    assert codes(read("date,amount,balance\n2026-03-05,1.2345,5.67\n2026-03-06,1,6.67\n")) == ["rows_unreadable"]


def test_declared_counts_and_totals_are_compared() -> None:
    counted = "共3笔记录\ndate,amount,balance\n2026-03-05,12.00,17.00\n2026-03-06,-5.00,12.00\n"
    assert codes(read(counted)) == ["count_differs"]
    summed = "日期,收入,支出,余额\n2026-03-05,12.00,,17.00\n2026-03-06,,5.00,12.00\n合计,12.00,{},\n"
    assert codes(read(summed.format("5.00"))) == []
    assert codes(read(summed.format("6.00"))) == ["totals_differ"]


# --- Wallets --------------------------------------------------------------------------------------------------


def test_a_wallet_lists_movements_without_balances() -> None:
    found = read(
        "微信支付账单明细,,,\n起始时间：[2026-03-01 00:00:00] 终止时间：[2026-03-31 23:59:59],,,\n"
        "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"
        '2026-03-06 12:45:27,商户消费,店,"总共消费",支出,¥28.16,中国银行(1234),支付成功,"39857"\t,"1298"\t,"/"\n'
        "2026-03-05 10:10:11,微信红包,友,/,收入,¥0.35,/,已存入零钱,3985734,1298,/\n"
        "2026-03-04 10:10:11,零钱提现,招商银行,/,/,¥100.10,招商银行,提现已到账,39,/,/\n"
        "2026-03-03 10:10:11,商户消费,店,/,支出,¥9.00,零钱,支付失败,39,/,/\n"
    )
    assert [(row.amount, row.at) for row in found.rows] == [(35, time(10, 10, 11)), (-2816, time(12, 45, 27))]
    assert codes(found) == ["no_balance"]
    assert (found.from_day, found.to_day) == (date(2026, 3, 1), date(2026, 3, 31))


def test_what_came_to_nothing_is_no_booking() -> None:
    found = read(
        "Type,Completed Date,Description,Amount,Currency,State,Balance\n"
        "CARD,2026-03-05 10:00:00,x,-12.00,EUR,COMPLETED,88.00\n"
        "CARD,2026-03-06 10:00:00,x,-50.00,EUR,REVERTED,\nTOPUP,2026-03-07 10:00:00,x,10.00,EUR,COMPLETED,98.00\n"
    )
    assert [row.amount for row in found.rows] == [-1200, 1000]


# --- What could not be read -----------------------------------------------------------------------------------


def test_rows_that_do_not_parse_are_told_with_the_days_around_them() -> None:
    found = read(
        "date,amount,balance\n2026-03-05,12.00,17.00\n2026-03-06,l2.oo,29.00\nO6.O3.2026,5.00,34.00\n"
        "2026-03-09,1.00,35.00\n"
    )
    (note,) = found.notes
    assert note.code == "rows_unreadable"
    assert dict(note.data) == {"count": 2, "lines": "3, 4", "from": "2026-03-05", "to": "2026-03-09"}


def test_unclear_lines_of_a_picture_are_told_with_their_day() -> None:
    grid = [["date", "amount", "balance"], ["2026-03-05", "12.00", "17.00"], ["2026-03-06", "1.00", "18.00"]]
    (note,) = statement_of(grid, file="a.jpg", unclear=frozenset((3,))).notes
    assert (note.code, note.data["from"], note.data["to"]) == ("image_unclear", "2026-03-06", "2026-03-06")


def test_several_accounts_or_currencies_are_noted() -> None:
    assert "mixed" in codes(read("date,amount,balance,currency\n2026-03-05,1,2,EUR\n2026-03-06,1,3,USD\n"))
    assert "mixed" in codes(read("date,amount,balance,account\n2026-03-05,1,2,1111\n2026-03-06,1,3,2222\n"))


@pytest.mark.parametrize(
    "text", ["", "hello", "a,b,c\n1,2,3\n", "date,amount,balance\n", "Dear Sir,\nplease find enclosed,\n"]
)
def test_what_is_no_statement(text: str) -> None:
    with pytest.raises(NotAStatement):
        read(text)


def test_unknown_columns_are_asked_for_and_the_answer_is_remembered_by_the_header() -> None:
    text = "Когда,Сколько,Осталось\n2026-03-05,12.00,17.00\n2026-03-06,-5.00,12.00\n"
    with pytest.raises(ColumnsUnknown) as asked:
        read(text)
    assert asked.value.header == ("Когда", "Сколько", "Осталось")
    assert asked.value.missing == ("date", "amount")
    with pytest.raises(ColumnsUnknown) as again:
        read(text.replace("Когда", " когда "))
    assert again.value.fingerprint == asked.value.fingerprint
    (found,) = delimited.read(
        "a.csv", text.encode(), columns={"Когда": "date", "Сколько": "amount", "Осталось": "balance"}
    )
    assert [(row.amount, row.balance) for row in found.rows] == [(1200, 1700), (-500, 1200)]


def test_a_table_without_names_is_asked_for_by_number() -> None:
    text = "2026-03-05,12.00,shop,17.00\n2026-03-06,-5.00,shop,12.00\n"
    with pytest.raises(ColumnsUnknown) as asked:
        read(text)
    assert asked.value.header == ("1", "2", "3", "4")
    (found,) = delimited.read("a.csv", text.encode(), columns={"1": "date", "2": "amount", "4": "balance"})
    assert [row.balance for row in found.rows] == [1700, 1200]


# --- Dates and numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["05/03/2026", "13/03/2026"], [date(2026, 3, 5), date(2026, 3, 13)]),
        (["03/05/2026", "03/13/2026"], [date(2026, 3, 5), date(2026, 3, 13)]),
        (["05.03.2026"], [date(2026, 3, 5)]),
        (["5 March 2026", "6-Mar-26"], [date(2026, 3, 5), date(2026, 3, 6)]),
        (["Mar 5, 2026", "March 6, 2026"], [date(2026, 3, 5), date(2026, 3, 6)]),
        (["2026年3月5日", "20260306", "2026/3/7 星期六"], [date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7)]),
        (["2026-03-05T23:59:59+08:00"], [date(2026, 3, 5)]),
        (["20260305123456"], [date(2026, 3, 5)]),
        (["28/02/2026", "03/03/2026", "05/03/2026"], [date(2026, 2, 28), date(2026, 3, 3), date(2026, 3, 5)]),
        (["03/03/2026", "04/04/2026"], [date(2026, 3, 3), date(2026, 4, 4)]),
        (["01/03/2026", "02/03/2026", "01/04/2026"], [date(2026, 3, 1), date(2026, 3, 2), date(2026, 4, 1)]),
        (["46086"], [date(2026, 3, 5)]),
        (["nonsense", "2026-03-05"], [None, date(2026, 3, 5)]),
    ],
)
def test_dates_are_read_by_the_whole_column(cells: list[str], expected: list[date | None]) -> None:
    assert list(read_column(cells).days) == expected


@pytest.mark.parametrize(
    "cells", [["05/03/2026", "05/03/2026"], ["05/03/2026", "06/04/2026"], ["05/06/2026", "07/08/2026"]]
)
def test_days_and_months_that_could_be_either_are_left_open(cells: list[str]) -> None:
    found = read_column(cells)
    assert set(found.days) == {None}
    assert found.unsure in cells


def test_dates_without_a_year_take_it_from_the_period() -> None:
    turn = (date(2025, 12, 20), date(2026, 1, 19))
    assert list(read_column(["12/29", "01/03"], turn).days) == [date(2025, 12, 29), date(2026, 1, 3)]
    assert list(read_column(["29 Dec", "3 Jan"], turn).days) == [date(2025, 12, 29), date(2026, 1, 3)]
    assert list(read_column(["12/29"]).days) == [None]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1,234.56", 123456), ("1.234,56", 123456), ("1 234,56", 123456), ("1'234.56", 123456),
        ("12,34,567.89", 123456789), ("¥28.16", 2816), ("CNY 123.18", 12318), ("１２.５０", 1250), ("(12.00)", 1200),
        (".5", 50), ("128000.000", 12800000), ("131.77(已退款89.84)", 13177), ("-3.90(CN)", 390), ("1,234", 123400),
        ("1.234.567", 123456700), ("xx,yyyy.zz", None), ("1,23,4.5", None), ("1.005", None), ("12.34.56", None),
        ("1-2", None), ("l2", None), ("", None),
        ("9" * 40, None),
    ],
)  # fmt: skip
def test_numbers_as_banks_write_them(text: str, minor: int | None) -> None:
    found = figure(text)
    assert (minor_units(found.body, decimal_mark([found]), 2) if found else None) == minor


@pytest.mark.parametrize(
    ("text", "sign"),
    [("12.00-", "-"), ("−12.00", "-"), ("(12.00)", "-"), ("+12.00", "+"), ("12.00", ""), ("- 12.00", "-")],
)
def test_signs_as_banks_write_them(text: str, sign: str) -> None:
    found = figure(text)
    assert found is not None
    assert found.sign == sign


def test_the_period_above_says_whether_the_day_comes_first() -> None:
    table = "Date,Amount,Balance\n05/03/2026,12.00,17.00\n06/03/2026,-5.00,12.00\n"
    assert [note.code for note in read(table).notes] == ["dates_ambiguous"]
    assert read("Period: 01/03/2026 - 31/03/2026\n" + table).rows[0].day == date(2026, 3, 5)
    assert read("Period: 03/01/2026 - 05/31/2026\n" + table).rows[0].day == date(2026, 5, 3)
