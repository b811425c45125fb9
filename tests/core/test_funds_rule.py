"""The funds rule in the words of the domain: was the money there, in four readings, and what is missing to tell."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from portal.core.facts import DebitAttempt
from portal.core.funds_rule import DebitRecord, FundsCheck, Reading, check
from portal.core.statement import Note, StatementRow
from tests.make.statements import DUE, march, question, rows, statement, without_balances


def results(found: FundsCheck) -> tuple[str, ...]:
    return tuple(found.readings[reading].result for reading in ("opening", "closing", "all_day", "any_moment"))


def missing(found: FundsCheck) -> list[str]:
    return [fact.code for fact in found.missing]


def signals(found: FundsCheck) -> list[str]:
    return [fact.code for fact in found.signals]


# --- The four readings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("movements", "expected"),
    [
        (((1, 2000), (6, -500), (9, 100)), ("met", "met", "met", "met")),
        (((1, 200), (6, -100), (9, 100)), ("not_met",) * 4),
        (((1, 200), (6, 1500), (9, 100)), ("not_met", "met", "not_met", "met")),
        (((1, 1500), (6, -1000), (9, 100)), ("met", "not_met", "not_met", "met")),
        (((1, 1500), (6, -1000), (6, 900), (9, 100)), ("met", "met", "not_met", "met")),
        (((1, 500), (6, 900), (6, -900), (9, 100)), ("not_met", "not_met", "not_met", "met")),
        (((1, 1180), (9, -50)), ("met",) * 4),
        (((1, 1179), (9, 50)), ("not_met",) * 4),
        (((1, -300), (9, 5000)), ("not_met",) * 4),
    ],
    ids=["enough all day", "never enough", "came in later", "spent that day", "dipped", "passed through",
         "carried over, to the cent", "carried over, one short", "overdrawn"],
)  # fmt: skip
def test_the_four_readings(movements: tuple[tuple[int, int], ...], expected: tuple[str, ...]) -> None:
    found = check([statement(*movements)], question(1180))
    assert results(found) == expected
    assert found.missing == ()


@pytest.mark.parametrize(
    ("reading", "expected"), [("opening", "met"), ("closing", "not_met"), ("all_day", "not_met"), ("any_moment", "met")]
)
def test_the_products_reading_decides(reading: Reading, expected: str) -> None:
    spent = statement((1, 1500), (6, -1000), (9, 100))
    assert check([spent], question(1180, reading=reading)).result == expected


def test_the_balances_of_the_day_are_told() -> None:
    found = check([statement((1, 1500), (6, -1000), (6, 700), (9, 100))], question(1180))
    assert (found.opening, found.lowest, found.highest, found.closing) == (1500, 500, 1500, 1200)


def test_an_answer_cites_the_row_before_those_of_the_day_and_the_row_after() -> None:
    found = check([statement((1, 10), (2, 1500), (6, -100), (9, 100), (10, 5))], question(1180))
    assert [(row.day, row.line, row.balance) for row in found.rows] == [
        (march(2), 3, 1510), (march(6), 4, 1410), (march(9), 5, 1510),
    ]  # fmt: skip


# --- Coverage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "movements",
    [((1, 2000), (5, 10)), ((1, 2000), (6, 10)), ((6, 2000), (9, 10)), ((7, 2000), (9, 10))],
    ids=["ends before", "ends on the day", "begins on the day", "begins after"],
)
def test_a_statement_that_does_not_reach_the_day_on_both_sides_decides_nothing(
    movements: tuple[tuple[int, int], ...],
) -> None:
    found = check([statement(*movements)], question(1180))
    assert results(found) == ("cannot_tell",) * 4
    assert missing(found) == ["not_covered"]
    assert not found.coverage.covers_due


def test_stated_balances_carry_a_period_without_rows() -> None:
    quiet = statement(states={"from_day": march(1), "to_day": march(31), "opening": 1500, "closing": 1500})
    found = check([quiet], question(1180))
    assert results(found) == ("met",) * 4
    assert (found.coverage.from_day, found.coverage.to_day) == (march(1), march(31))


def test_a_period_alone_does_not_prove_that_no_row_is_missing_at_its_end() -> None:
    cut = statement((1, 2000), (6, 10), states={"from_day": march(1), "to_day": march(31)})
    assert missing(check([cut], question(1180))) == ["not_covered"]
    whole = replace(cut, closing=2010)
    assert check([whole], question(1180)).result == "met"


def test_nothing_at_all_cannot_tell() -> None:
    assert missing(check([], question(1180))) == ["not_covered"]


# --- The chain ------------------------------------------------------------------------------------------------


def altered(**change: int) -> FundsCheck:
    """Four rows, of which the one of the due date was changed."""
    given = list(rows((1, 2000), (6, -500), (7, 40), (9, 100)))
    given[1] = replace(given[1], **change)
    return check([replace(statement(), rows=tuple(given))], question(1180))


@pytest.mark.parametrize("change", [{"amount": -5000}, {"balance": 150}, {"balance": 1501}, {"amount": -499}])
def test_balances_that_do_not_add_up_around_the_day_cannot_tell(change: dict[str, int]) -> None:
    found = altered(**change)
    assert results(found) == ("cannot_tell",) * 4
    assert missing(found) == ["chain_broken"]
    assert "chain_broken" in signals(found)


def test_a_missing_row_cannot_tell() -> None:
    given = rows((1, 2000), (6, -1500), (6, 30), (9, 100))
    for gone in range(3):
        kept = tuple(row for place, row in enumerate(given) if place != gone)
        found = check([replace(statement(), rows=kept)], question(1180))
        assert found.result == "cannot_tell" or gone == 0, gone


def test_a_break_elsewhere_is_a_signal_and_no_more() -> None:
    given = list(rows((1, 2000), (2, 5), (3, 5), (6, -500), (9, 100)))
    given[1] = replace(given[1], amount=6)
    found = check([replace(statement(), rows=tuple(given))], question(1180))
    assert found.result == "met"
    assert signals(found) == ["chain_broken"]
    assert found.signals[0].data["row"] == 3


def test_what_a_bank_rounds_to_a_tenth_decides_unless_it_is_too_near() -> None:
    given = list(rows((1, 200000), (2, 10), (6, -50000), (6, 30), (7, 40), (9, 100)))
    given[2:] = [replace(row, balance=(row.balance or 0) + 10) for row in given[2:]]
    rounded = replace(statement(), rows=tuple(given))
    assert check([rounded], question(118000)).result == "met"
    near = check([rounded], question(150040 + 1))
    assert near.readings["opening"].result == "met"
    assert check([rounded], question(200011)).readings["opening"].result == "cannot_tell"


def test_rows_of_a_day_are_put_in_the_order_that_their_balances_show() -> None:
    given = rows((1, 2000), (6, -1500), (6, 30), (6, 900), (9, 100))
    shuffled = (given[0], given[3], given[1], given[2], given[4])
    found = check([replace(statement(), rows=shuffled)], question(1180))
    assert (found.opening, found.lowest, found.closing) == (2000, 500, 1430)
    assert found.missing == ()


def test_a_page_that_occurs_twice_counts_once() -> None:
    given = rows((1, 2000), (5, -1), (6, -500), (9, 100))
    assert check([replace(statement(), rows=given + given[1:3])], question(1180)).closing == 1499


# --- Files without a balance beside each row ------------------------------------------------------------------


def test_an_opening_and_a_closing_balance_prove_the_rows_between() -> None:
    bare = without_balances(statement((1, 2000), (6, -500), (9, 100)), opening=0, closing=1600, to_day=march(31))
    found = check([bare], question(1180))
    assert results(found) == ("met",) * 4
    assert [row.balance for row in found.rows] == [2000, 1500, 1600]
    wrong = replace(bare, closing=1700)
    assert missing(check([wrong], question(1180))) == ["chain_broken"]


def test_one_balance_decides_and_says_that_nothing_proves_it() -> None:
    bare = without_balances(statement((1, 2000), (6, -500), (9, 100)), closing=1600, to_day=march(31))
    found = check([bare], question(1180))
    assert (found.result, signals(found)) == ("met", ["unproven"])


def test_movements_only_cannot_tell() -> None:
    bare = without_balances(statement((1, 2000), (6, -500), (9, 100)))
    assert missing(check([bare], question(1180))) == ["no_balance"]


def test_an_unknown_order_within_the_day_leaves_open_only_what_depends_on_it() -> None:
    given = statement((1, 1500), (6, -1000), (6, 900), (9, 100))
    bare = without_balances(given, opening=0, closing=1500, to_day=march(31))
    assert results(check([bare], question(1180))) == ("met", "met", "cannot_tell", "met")
    assert missing(check([bare], question(1180, reading="all_day"))) == ["order_unknown"]
    assert results(check([bare], question(450))) == ("met",) * 4
    assert results(check([bare], question(5000))) == ("not_met",) * 4


# --- What could not be read, what is covered -------------------------------------------------------------------


@pytest.mark.parametrize("code", ["rows_unreadable", "image_unclear"])
def test_what_could_not_be_read_matters_where_the_day_may_need_it(code: str) -> None:
    def found(**days: str) -> FundsCheck:
        note = Note(code, {"count": 1, **days})
        return check([statement((1, 2000), (6, -500), (9, 100), notes=[note])], question(1180))

    assert missing(found(**{"from": "2026-03-05", "to": "2026-03-07"})) == [code]
    assert missing(found(**{"from": "2026-03-06", "to": "2026-03-06"})) == [code]
    assert missing(found()) == [code]
    away = found(**{"from": "2026-03-08", "to": "2026-03-09"})
    assert (away.result, signals(away)) == ("met", [code])


@pytest.mark.parametrize(("place", "expected"), [(0, "met"), (1, None), (2, None), (3, None), (4, "met")])
def test_covered_rows_are_no_broken_chain(place: int, expected: str | None) -> None:
    given = list(rows((1, 1), (2, 2000), (6, -500), (9, 100), (10, 1)))
    given[place] = StatementRow(given[place].line, given[place].day, None, 0, None, covered=True)
    found = check([replace(statement(), rows=tuple(given))], question(1180))
    assert "chain_broken" not in missing(found) + signals(found)
    assert found.result == (expected or "cannot_tell")
    assert missing(found) == ([] if expected else ["rows_covered"])


def test_dates_that_can_be_read_in_two_ways_cannot_tell() -> None:
    unsure = statement((1, 2000), (6, -500), (9, 100), notes=[Note("dates_ambiguous", {"example": "05/03/2026"})])
    assert missing(check([unsure], question(1180))) == ["dates_ambiguous"]


# --- Whose account --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "holder", "asked", "expected"),
    [
        ("6222********7133", "", {"account": "7133"}, "yes"),
        ("6222 **** **** 7133", "", {"account": "7133"}, "yes"),
        ("NL26VAYB8060476890", "", {"account": "6890"}, "yes"),
        ("7133", "", {"account": "7133"}, "yes"),
        ("6222********7133", "", {"account": "9999"}, "no"),
        ("", "", {"account": "7133"}, "unknown"),
        ("someone@example.com", "", {"account": "7133"}, "unknown"),
        ("6222********7133", "林一", {"account": "7133", "holder": "林一"}, "yes"),
        ("6222********7133", "林*", {"account": "7133", "holder": "林一"}, "yes"),
        ("6222********7133", "王一", {"account": "7133", "holder": "林一"}, "no"),
        ("", "MR YI LIN", {"holder": "Lin, Yi"}, "yes"),
        ("", "", {"holder": "Lin Yi"}, "unknown"),
        ("", "", {}, "unknown"),
    ],
)
def test_the_account_is_known_by_its_last_digits_and_its_holder(
    shown: str, holder: str, asked: dict[str, str], expected: str
) -> None:
    given = statement((1, 2000), (6, -500), (9, 100), account=shown, holder=holder)
    found = check([given], question(1180, **asked))
    assert found.account.match == expected
    assert missing(found) == (["account_unmatched"] if asked and expected != "yes" else [])


def test_a_file_of_another_account_is_left_out() -> None:
    own = statement((1, 2000), (6, -500), (9, 100), account="7133", file="own.csv")
    other = statement((1, 5), (6, 5), (9, 5), account="9999", file="other.csv")
    found = check([other, own], question(1180, account="7133"))
    assert (found.result, signals(found)) == ("met", ["other_account"])
    assert missing(check([other, own], question(1180))) == ["mixed"]


def test_two_accounts_or_currencies_in_one_file_are_never_sorted_out() -> None:
    own = statement((1, 2000), (6, -500), (9, 100), account="7133")
    assert missing(check([own, replace(own, account="9999")], question(1180, account="7133"))) == ["mixed"]
    assert missing(check([replace(own, notes=(Note("mixed", {"what": "currencies"}),))], question(1180))) == ["mixed"]
    assert missing(check([replace(own, currency="EUR")], question(1180))) == ["mixed"]


# --- Several files --------------------------------------------------------------------------------------------


def test_pages_that_overlap_count_each_row_once() -> None:
    given = rows((1, 2000), (5, -1), (6, -500), (6, 10), (9, 100))
    first = replace(statement(file="1.csv"), rows=given[:4])
    second = replace(statement(file="2.csv"), rows=given[2:])
    for pages in ([first, second], [second, first], [first, second, first]):
        found = check(pages, question(1180))
        assert (found.result, found.closing, missing(found)) == ("met", 1509, [])


def test_equal_rows_of_one_file_are_two_rows() -> None:
    given = rows((1, 2000), (6, -500), (6, 500), (6, -500), (9, 100))
    found = check([replace(statement(), rows=given), replace(statement(file="copy.csv"), rows=given)], question(1180))
    assert (found.closing, len(found.rows)) == (1500, 5)


def test_months_that_follow_on_each_other_are_one_statement() -> None:
    first = without_balances(
        statement((1, 2000), (5, -1), file="1"), from_day=march(1), to_day=march(5), opening=0, closing=1999
    )
    second = without_balances(
        statement((6, -500), (9, 100), file="2"), from_day=march(6), to_day=march(31), opening=1999, closing=1599
    )
    found = check([second, first], question(1180))
    assert (found.result, found.opening, found.closing) == ("met", 1999, 1499)
    assert missing(check([first], question(1180))) == ["not_covered"]


def test_a_page_that_is_missing_between_two_decides_nothing() -> None:
    before = replace(statement(file="1"), rows=rows((1, 1500), (2, 10)))
    after = replace(statement(file="3"), rows=rows((10, -10), (11, 10), opening=1510))
    assert missing(check([before, after], question(1180))) == ["not_covered"]


def test_files_that_contradict_each_other_are_a_signal_and_decide_nothing_where_it_matters() -> None:
    one = replace(statement(file="1.csv"), rows=rows((1, 2000), (6, -500), (9, 100)))
    other = replace(statement(file="2.csv"), rows=rows((1, 2000), (6, -1500), (9, 100)))
    found = check([one, other], question(1180))
    assert (found.result, missing(found)) == ("cannot_tell", ["chain_broken"])
    assert "files_differ" in signals(found)


def test_a_wallets_list_beside_a_statement_changes_nothing() -> None:
    own = statement((1, 2000), (6, -500), (9, 100))
    wallet = without_balances(statement((6, -5), (7, 3), file="wallet.csv"))
    found = check([wallet, own], question(1180))
    assert (found.result, signals(found)) == ("met", ["movements_only"])


def test_a_page_without_an_account_number_belongs_to_the_one_it_links_to() -> None:
    given = rows((1, 2000), (5, -1), (6, -500), (9, 100))
    first = replace(statement(file="1", account="7133"), rows=given[:3])
    second = replace(statement(file="2"), rows=given[2:])
    assert check([first, second], question(1180, account="7133")).result == "met"
    alone = replace(statement(file="3"), rows=given)
    assert missing(check([alone], question(1180, account="7133"))) == ["account_unmatched"]


def test_a_whole_file_added_later_answers_beside_one_that_could_not() -> None:
    given = rows((1, 2000), (5, -1), (6, -500), (9, 100))
    whole = replace(statement(file="whole.pdf", account="7133"), rows=given)
    hidden = tuple(StatementRow(row.line, row.day, None, 0, None, covered=True) for row in given[1:3])
    covered = replace(statement(file="covered.csv"), rows=(given[0], *hidden, given[3]))
    unclear = replace(statement(file="photo.jpg", account="7133", notes=[Note("image_unclear", {})]), rows=given[:1])
    for poor in (covered, unclear):
        assert check([poor], question(1180, account="7133")).result == "cannot_tell"
        for files in ([poor, whole], [whole, poor]):
            found = check(files, question(1180, account="7133"))
            assert (found.result, found.closing, signals(found)[-1]) == ("met", 1499, "set_aside")
            assert found.signals[-1].data == {"file": poor.file}


def test_files_that_answer_alone_but_not_alike_decide_nothing() -> None:
    one = replace(statement(file="1.csv", account="7133"), rows=rows((1, 2000), (6, -500), (9, 100)))
    other = replace(statement(file="2.csv", account="7133"), rows=rows((1, 2000), (6, -1500), (9, 100)))
    assert check([one, other], question(1180, account="7133")).result == "cannot_tell"
    nameless = replace(other, account="", rows=(*other.rows[:1], replace(other.rows[1], balance=7), other.rows[2]))
    found = check([one, nameless], question(1180, account="7133"))
    assert (found.result, "files_differ" in signals(found)) == ("cannot_tell", True)
    more = replace(statement(file="3.csv"), rows=rows((1, 2000), (6, -500), (6, -1400)))
    assert check([one, more], question(1180, account="7133")).result == "cannot_tell", "a booking of that day more"


def test_a_holder_of_another_name_is_told_apart_from_another_account() -> None:
    given = statement((1, 2000), (6, -500), (9, 100), account="7133", holder="王一", file="theirs.pdf")
    asked = question(1180, account="7133", holder="林一")
    assert check([given], asked).missing[0].data == {"tail": "7133", "holder": "王一"}
    assert check([replace(given, account="9999")], asked).missing[0].data == {"tail": "7133"}
    nameless = replace(given, account="", holder="", file="list.csv")
    assert check([nameless, given], asked).missing[0].data == {"tail": "7133", "holder": "王一"}
    own = replace(given, holder="林一", file="own.pdf")
    assert check([given, own], asked).signals[0].data == {"file": "theirs.pdf", "holder": "王一"}


# --- The lender's half ----------------------------------------------------------------------------------------


def attempt(result: str, *, day: date = DUE, hour: int = 10, amount: int = 1180) -> DebitAttempt:
    at = datetime.combine(day, time(hour), UTC)
    return DebitAttempt(f"D-{result}", 1, at, amount, result, "")  # type: ignore[arg-type]


ENOUGH = statement((1, 2000), (6, -500), (9, 100))
TOO_LITTLE = statement((1, 200), (6, -50), (9, 100))


@pytest.mark.parametrize(
    ("attempts", "data_date", "result", "debited"),
    [
        ([attempt("collected")], march(9), "not_met", "yes"),
        ([attempt("insufficient_funds"), attempt("collected", hour=18)], march(9), "not_met", "yes"),
        ([attempt("insufficient_funds")], march(9), "met", "no"),
        ([attempt("collected", day=march(8))], march(9), "met", "no"),
        ([attempt("collected", day=march(8))], march(6), "cannot_tell", "unknown"),
        ([attempt("not_presented")], None, "cannot_tell", "unknown"),
        ([], march(9), "cannot_tell", "unknown"),
    ],
    ids=[
        "debited",
        "debited at last",
        "refused",
        "debited another day",
        "not reported yet",
        "never reported",
        "no row ever",
    ],
)
def test_the_absence_of_attempts_counts_only_if_they_would_be_known(
    attempts: list[DebitAttempt], data_date: date | None, result: str, debited: str
) -> None:
    found = check([ENOUGH], question(1180), DebitRecord(tuple(attempts), data_date))
    assert (found.result, found.debited) == (result, debited)
    assert found.funds == "met"
    assert ("attempts_missing" in missing(found)) == (debited == "unknown")


def test_too_little_money_is_enough_to_say_no() -> None:
    assert check([TOO_LITTLE], question(1180), DebitRecord((), None)).result == "not_met"


def test_a_collected_debit_says_no_whatever_the_statement_shows() -> None:
    found = check([], question(1180), DebitRecord((attempt("collected"),), march(9)))
    assert (found.result, found.funds) == ("not_met", "cannot_tell")
    assert [cited.reference for cited in found.attempts] == ["D-collected"]


def test_an_attempt_of_another_instalment_is_not_this_one() -> None:
    record = DebitRecord((attempt("collected"),), march(9), instalment=2)
    assert check([ENOUGH], question(1180), record).result == "met"


def test_a_refusal_for_want_of_money_while_there_was_enough_is_a_signal() -> None:
    record = DebitRecord((attempt("insufficient_funds"),), march(9))
    assert signals(check([ENOUGH], question(1180), record)) == ["refused_though_enough"]
    assert signals(check([TOO_LITTLE], question(1180), record)) == []
    timed = replace(statement(), rows=rows((1, 200), (6, 3000), (9, 1), at=[None, time(9), None]))
    assert signals(check([timed], question(1180), record)) == ["refused_though_enough"]
    later = replace(statement(), rows=rows((1, 200), (6, 3000), (9, 1), at=[None, time(12), None]))
    assert signals(check([later], question(1180), record)) == []


def test_a_file_of_which_no_date_could_be_read_says_that() -> None:
    unsure = replace(statement(), rows=(), notes=(Note("dates_ambiguous", {"example": "05/03/2026"}),))
    assert missing(check([unsure], question(1180))) == ["dates_ambiguous"]
