"""What the chain of balances makes of figures that a model read: mended, doubted, or left alone."""

from dataclasses import replace

import pytest

from portal.core.statement import Statement
from portal.evidence.statements import mending
from portal.evidence.statements.grid import statement_of
from portal.evidence.statements.words import Cell, Grid, Word

KINDS = ("date", "text", "amount", "balance")
NAMES = ("交易日期", "交易摘要", "交易金额", "账户余额")
ROWS = (
    ("2026-03-02", "存入", "500.00", "1,500.00"),
    ("2026-03-03", "支取", "-300.00", "1,200.00"),
    ("2026-03-05", "支取", "-200.00", "1,000.00"),
    ("2026-03-06", "存入", "180.00", "1,180.00"),
    ("2026-03-09", "支取", "-80.00", "1,100.00"),
)


def cell(text: str, *, sure: float = 0.99, offers: tuple[str, ...] = ()) -> Cell:
    """A cell as the model read it, and what else it offers."""
    return Cell((Word(0, 0.0, 0.0, 1.0, 1.0, text, sure, offers),)) if text else Cell()


def grid(**changed: Cell) -> Grid:
    """The picture's table; `changed` are cells by their name: b3 is the third balance."""
    columns = {"d": 0, "a": 2, "b": 3}
    rows = [[cell(text) for text in row] for row in ROWS]
    for place, value in changed.items():
        rows[int(place[1:]) - 1][columns[place[0]]] = value
    return Grid((), NAMES, KINDS, tuple(tuple(row) for row in rows))


def settled(shown: Grid) -> Statement:
    """What becomes of it."""

    def read(each: Grid, unclear: frozenset[int]) -> Statement:
        lines = [*[0] * each.first_row, *range(1, len(each.rows) + 1)]
        return statement_of(each.texts(), file="photo.jpg", lines=lines, unclear=unclear)

    return mending.settled(shown, read)


def codes(statement: Statement) -> set[str]:
    """The codes of its notes."""
    return {note.code for note in statement.notes}


def balances(statement: Statement) -> list[int | None]:
    """The balances of its rows."""
    return [row.balance for row in statement.rows]


RIGHT = [150_000, 120_000, 100_000, 118_000, 110_000]


def test_what_was_read_well_stays() -> None:
    statement = settled(grid())
    assert balances(statement) == RIGHT
    assert not codes(statement)


def test_a_balance_is_mended_by_the_reading_that_both_links_want() -> None:
    statement = settled(grid(b3=cell("1,800.00", sure=0.6, offers=("1,000.00", "1,300.00"))))
    assert balances(statement) == RIGHT
    assert not codes(statement)


def test_an_amount_is_mended_between_two_proven_balances() -> None:
    statement = settled(grid(a3=cell("-280.00", offers=("-200.00", "-260.00"))))
    assert [row.amount for row in statement.rows] == [50_000, -30_000, -20_000, 18_000, -8_000]
    assert not codes(statement)


def test_a_lost_dash_is_put_back_where_both_balances_are_proven() -> None:
    statement = settled(grid(a3=cell("200.00")))
    assert [row.amount for row in statement.rows] == [50_000, -30_000, -20_000, 18_000, -8_000]


@pytest.mark.parametrize("offers", [(), ("1,300.00",)], ids=["nothing", "nothing that fits"])
def test_a_figure_that_the_model_does_not_offer_is_never_put_in(offers: tuple[str, ...]) -> None:
    """The links would name it; but then a missing row would be mended away just as well."""
    statement = settled(grid(b3=cell("1,800.00", offers=offers)))
    assert 100_000 not in balances(statement)
    assert "image_unclear" in codes(statement)


def test_the_last_row_is_not_mended_by_its_one_link() -> None:
    statement = settled(grid(b5=cell("1,700.00", offers=("1,100.00",))))
    assert balances(statement)[-1] == 170_000
    assert "image_unclear" in codes(statement)


@pytest.mark.parametrize(
    "shown",
    [
        cell("2026-03-05", sure=0.5),
        cell(""),
        cell("2026-03-25"),
        cell("2026-63-05"),
    ],
    ids=["read badly", "not found", "out of order", "no date"],
)
def test_a_doubtful_date_makes_its_row_unreadable(shown: Cell) -> None:
    """No chain proves dates, and none is taken over from the row above."""
    statement = settled(grid(d3=shown))
    assert [row.line for row in statement.rows] == [1, 2, 4, 5]
    assert "rows_unreadable" in codes(statement)


def test_a_date_outside_of_the_stated_period_is_doubted() -> None:
    """At the ends no neighbour tells that a year was misread."""
    shown = replace(grid(d1=cell("2025-03-02")), above=((cell("起止日期 2026-03-01 至 2026-03-31"),),))
    statement = settled(shown)
    assert [row.line for row in statement.rows] == [2, 3, 4, 5]


def test_a_badly_read_figure_counts_where_the_chain_proves_it() -> None:
    statement = settled(grid(a3=cell("-200.00", sure=0.3), b3=cell("1,000.00", sure=0.3)))
    assert balances(statement) == RIGHT
    assert not codes(statement)
