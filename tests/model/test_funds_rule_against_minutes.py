"""Whatever happened on an account, the rule says what the minutes say or that it cannot tell: never the opposite."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.funds_rule import FundsCheck, Question, check
from portal.core.statement import Statement, StatementRow
from tests.model.minutes import MINUTES, Movement, was_there

START = date(2026, 3, 1)
DUE = 6
AMOUNTS = st.one_of(st.integers(-60, 60), st.sampled_from([-100, -10, 10, 20, 100]))


@st.composite
def accounts(draw: st.DrawFn) -> tuple[int, list[Movement]]:
    """An opening balance and movements in the order of their minutes, before, on and after the due day."""
    times = draw(st.lists(st.tuples(st.integers(1, 11), st.integers(0, MINUTES - 1)), unique=True, max_size=12))
    times = [(1, 5), *(each for each in times if each != (1, 5)), (11, MINUTES)]
    amounts = draw(st.lists(AMOUNTS.filter(bool), min_size=len(times), max_size=len(times)))
    moves = [Movement(day, minute, amount) for (day, minute), amount in zip(sorted(times), amounts, strict=True)]
    return draw(st.integers(-50, 150)), moves


def printed(opening: int, movements: list[Movement]) -> Statement:
    rows: list[StatementRow] = []
    balance = opening
    for line, each in enumerate(movements, 2):
        balance += each.amount
        rows.append(StatementRow(line, START + timedelta(days=each.day - 1), None, each.amount, balance, f"no. {line}"))
    return Statement("a.csv", "", "", "CNY", tuple(rows))


def bare(full: Statement, opening: int) -> Statement:
    """The same with an opening and a closing balance only."""
    closing = full.rows[-1].balance
    rows = tuple(replace(row, balance=None) for row in full.rows)
    return replace(full, rows=rows, opening=opening, closing=closing, to_day=full.rows[-1].day)


def asked(amount: int) -> Question:
    return Question(START + timedelta(days=DUE - 1), amount, "CNY")


def agrees(found: FundsCheck, truth: dict[str, bool], *, must_tell: bool) -> None:
    for reading, result in found.readings.items():
        said = {"met": True, "not_met": False, "cannot_tell": None}[result.result]
        assert said is truth[reading] or (said is None and not must_tell), (reading, result, truth, found.missing)


@given(accounts(), st.integers(-20, 200))
def test_a_whole_statement_is_always_decided_rightly(account: tuple[int, list[Movement]], amount: int) -> None:
    opening, movements = account
    found = check([printed(opening, movements)], asked(amount))
    agrees(found, was_there(opening, movements, DUE, amount), must_tell=True)


@given(accounts(), st.integers(-20, 200), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_does_not_matter(
    account: tuple[int, list[Movement]], amount: int, chance: Random
) -> None:
    opening, movements = account
    full = printed(opening, movements)
    rows = list(full.rows)
    chance.shuffle(rows)
    cut = len(rows) // 2
    pages = [replace(full, file="1", rows=tuple(full.rows[: cut + 2])), replace(full, file="2", rows=full.rows[cut:])]
    truth = was_there(opening, movements, DUE, amount)
    agrees(check([replace(full, rows=tuple(rows))], asked(amount)), truth, must_tell=False)
    agrees(check(pages[::-1], asked(amount)), truth, must_tell=False)


@given(accounts(), st.integers(-20, 200))
def test_without_balances_beside_rows_the_answer_is_right_or_open(
    account: tuple[int, list[Movement]], amount: int
) -> None:
    opening, movements = account
    truth = was_there(opening, movements, DUE, amount)
    found = check([bare(printed(opening, movements), opening)], asked(amount))
    agrees(found, truth, must_tell=False)
    assert {found.readings["opening"].result, found.readings["closing"].result} <= {"met", "not_met"}


@settings(max_examples=400)
@given(accounts(), st.integers(-20, 200), st.data())
def test_one_altered_row_never_turns_the_answer_round(
    account: tuple[int, list[Movement]], amount: int, data: st.DataObject
) -> None:
    opening, movements = account
    full = printed(opening, movements)
    place = data.draw(st.integers(0, len(full.rows) - 1))
    by = data.draw(AMOUNTS.filter(bool))
    row = full.rows[place]
    kind = data.draw(st.sampled_from(["amount", "balance", "sign", "dropped", "repeated"]))
    changed = {
        "amount": (replace(row, amount=row.amount + by),),
        "balance": (replace(row, balance=(row.balance or 0) + by),),
        "sign": (replace(row, amount=-row.amount),),
        "dropped": (),
        "repeated": (row, row),
    }[kind]
    rows = full.rows[:place] + changed + full.rows[place + 1 :]
    truth = was_there(opening, movements, DUE, amount)
    agrees(check([replace(full, rows=rows)], asked(amount)), truth, must_tell=False)
    if kind != "balance":
        without = bare(full, opening)
        listed = tuple(replace(each, balance=None) for each in rows)
        agrees(check([replace(without, rows=listed)], asked(amount)), truth, must_tell=False)


def test_a_day_that_does_not_add_up_proves_no_balance_before_it() -> None:
    """The rows of the day after can be put so that they follow an altered balance; another link of that day is broken
    then, and nothing is told."""
    movements = [Movement(1, 5, 1), Movement(11, 0, -2), Movement(11, MINUTES, 1)]
    full = printed(0, movements)
    altered = replace(full.rows[0], balance=-1)
    found = check([replace(full, rows=(altered, *full.rows[1:]))], asked(0))
    assert {reading.result for reading in found.readings.values()} == {"cannot_tell"}
