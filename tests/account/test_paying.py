"""Paying: what can be paid, QR codes, word of a payment with its slip, and what somebody sees who pays for a person."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from portal.account import notice_actions, notice_queries, sharing_actions, sharing_queries
from portal.account.jobs import forget_links, look_for_payments
from portal.account.notice_actions import Answer, Said
from portal.account.notice_queries import NOTICE
from portal.account.sharing_queries import LINK
from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.evidence.queries import FILE
from portal.jobs import evaluate
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import evidence as make_evidence
from tests.make import plans as make_plans
from tests.make import settlements as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.loans import import_tables
from tests.mistakes import said_at_the_top
from tests.plans.conftest import app, cast, clock, empty_doors, visit

__all__ = ["app", "cast", "clock", "empty_doors", "visit"]

Visit = Callable[..., Client]
TODAY = date(2026, 4, 17)
MANY = 8


@pytest.fixture
def doors(empty_doors: Doors, tmp_path: Path) -> Doors:
    """Lin's case."""
    import_tables(empty_doors, tmp_path, make.lin_settling())
    return empty_doors


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def say(doors: Doors, viewer: Viewer, amount: int = 300_00, day: date = date(2026, 4, 15)) -> str:
    """Say that one has paid; the number."""
    said = Said(amount, day, "transfer", "By my bank.")
    return doors.write_as(viewer, notice_actions.say_paid, make.code_of(doors, viewer), said)


def notice_state(doors: Doors, number: str) -> notice_queries.NoticeRecord:
    """What was said, as its row says now."""
    found = doors.read_as(doors.system(), lambda connection, _: notice_queries.notice(connection, number))
    assert found is not None
    return found


# How to pay


def test_what_can_be_paid_stands_with_its_reference_and_code(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    page = lin.get("/pay")
    assert "2,086.91" in page.text
    assert "1,180.00" in page.text
    code = make.code_of(doors, cast.borrower())
    one = lin.get(f"/pay/{code}?amount=1000")
    assert one.status_code == 200
    assert "1,000.00" in one.text
    assert '<svg class="qr"' in one.text
    assert "The code holds the reference L1 and nothing else." in one.text
    assert f"/loans/{code}/what-if?on=2026-04-17&amp;amount=1000.00" in one.text
    wrong = lin.get(f"/pay/{code}?amount=-5")
    assert wrong.status_code == 422
    assert "Type an amount" in wrong.text


def test_plan_and_settlement_come_first(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    plan = make_plans.propose(doors, cast.borrower())
    make_plans.approve(doors, cast.staff("Qiao", "plan_approver"), plan)
    assert "Next payment of your plan" in lin.get("/pay").text
    make.accept(doors, cast.borrower(), make.quote(doors, cast.borrower()))
    page = lin.get("/pay").text
    assert page.index("Your settlement") < page.index("Next payment of your plan") < page.index("Due today")


def test_where_each_cent_goes_across_plan_credit_and_settlement(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, code = visit("B1"), make.code_of(doors, cast.borrower())
    plan = make_plans.propose(doors, cast.borrower())
    make_plans.approve(doors, cast.staff("Qiao", "plan_approver"), plan)
    asked = "?on=2026-04-17&amount="
    page = lin.get(f"/loans/{code}/what-if{asked}500").text
    assert "In your plan" in page
    assert "364.00" in page
    assert "136.00" in page
    assert "11,070.91" in page
    page = lin.get(f"/loans/{code}/what-if{asked}3000").text
    assert "Later, out of the credit by itself" in page
    assert "913.09" in page
    page = lin.get(f"/loans/{code}/what-if{asked}11070.91").text
    assert "This closes the contract." not in page, "without a quote the later interest stays owed"
    assert "and CN¥456.00 more would be to pay" in re.sub(r"<[^>]*>", "", page)
    assert f"/loans/{code}/settlement" in page
    make.accept(doors, cast.borrower(), make.quote(doors, cast.borrower()))
    page = lin.get(f"/loans/{code}/what-if{asked}11052.85").text
    assert "Your settlement, up to the end of" in page
    assert "This closes the contract." in page
    page = lin.get(f"/loans/{code}/what-if{asked}11052.84").text
    assert "0.01" in page


# Word of a payment


def test_said_to_be_paid_it_waits_and_is_answered_when_it_arrives(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    lin = cast.borrower()
    number = say(doors, lin)
    assert notice_state(doors, number).state == "waiting"
    assert look_for_payments(doors) == 0
    make.arrives(doors, tmp_path, date(2026, 4, 16), 300_00, data_date=TODAY)
    assert look_for_payments(doors) == 1
    found = notice_state(doors, number)
    assert (found.state, found.payment_ref) == ("found", "S1")
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"]
    assert look_for_payments(doors) == 0
    assert [row.kind for row in rows(doors, select(LOG))][-1] == "account.payment_answered"


def test_what_is_here_already_is_found_at_once_and_answers_one(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    first, second = say(doors, lin, day=date(2026, 3, 19)), say(doors, lin, day=date(2026, 3, 20))
    assert notice_state(doors, first).payment_ref == "A3"
    assert notice_state(doors, second).state == "waiting"


def test_another_amount_or_another_month_is_not_it(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    assert notice_state(doors, say(doors, lin, 300_01, date(2026, 3, 20))).state == "waiting"
    assert notice_state(doors, say(doors, lin, 300_00, date(2026, 3, 24))).state == "waiting"


def test_the_same_word_twice_is_told(doors: Doors, cast: Cast) -> None:
    say(doors, cast.borrower())
    with pytest.raises(Refusal, match=r"notice\.twice"):
        say(doors, cast.borrower())


def test_it_is_never_a_payment(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    before = doors.read_as(lin, lambda connection, viewer: make.new_page(doors, viewer).quote)
    say(doors, lin, 2_086_91)
    after = make.new_page(doors, lin).quote
    assert before is not None
    assert after is not None
    assert after.today == before.today


def test_staff_find_it_under_another_amount_once(doors: Doors, cast: Cast) -> None:
    """ST-07."""
    number = say(doors, cast.borrower(), 299_00, date(2026, 3, 20))
    staff = cast.staff("Qiao", "dispute_handler")
    version = notice_state(doors, number).version

    def answer(ref: str) -> str:
        try:
            return doors.write_as(staff, notice_actions.answer, number, Answer(version, ref, "Here it is."))
        except Refusal as refusal:
            return refusal.code

    with pytest.raises(Refusal, match=r"notice\.unknown_payment"):
        doors.write_as(staff, notice_actions.answer, number, Answer(version, "A1", ""))
    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(answer, ["A3"] * MANY))
    assert sorted(said) == ["found"] + ["notice.answered"] * (MANY - 1)
    assert len(texts(doors)) == 1


def test_the_form_keeps_what_was_typed_and_the_slip(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, code = visit("B1"), make.code_of(doors, cast.borrower())
    page = lin.get(f"/pay/{code}/paid")
    slip = [("files", ("slip.png", make_evidence.picture(), "image/png"))]
    day = {"paid_on_day": "15", "paid_on_month": "4", "paid_on_year": "2026"}
    wrong = lin.submit(
        page, {"amount": "x", "channel": "transfer", "words": "Kept", "consent": "yes"} | day, files=slip
    )
    assert wrong.status_code == 422
    assert "Kept" in wrong.text
    assert "slip.png" in wrong.text
    sent = lin.submit(wrong, {"amount": "300", "channel": "transfer"} | day, form="/paid")
    assert sent.status_code == 303
    (file,) = rows(doors, select(FILE))
    assert (file.case_kind, file.person_id) == ("payment", cast.borrower().person_id)
    seen = lin.follow(sent)
    assert "We look for your payment" in seen.text
    assert "slip.png" in seen.text
    number = sent.headers["location"].rsplit("/", 1)[1]
    assert "I agree that" in notice_state(doors, number).consent_text
    staff = visit("Qiao", "plan_approver")
    assert number in staff.get("/staff/payment-notices").text
    assert "slip.png" in staff.get(f"/staff/payment-notices/{number}").text
    taken = lin.submit(seen, form="/take-back")
    assert taken.status_code == 303
    assert rows(doors, select(FILE))[0].state == "deleted"
    assert notice_state(doors, number).state == "withdrawn"


def test_the_consent_taken_back_deletes_the_slip_and_nothing_else(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, code = visit("B1"), make.code_of(doors, cast.borrower())
    slip = [("files", ("slip.png", make_evidence.picture(), "image/png"))]
    given = {"amount": "300", "channel": "card", "paid_on_day": "15", "paid_on_month": "4", "paid_on_year": "2026"}
    sent = lin.submit(lin.get(f"/pay/{code}/paid"), given | {"consent": "yes"}, form="/paid", files=slip)
    number = sent.headers["location"].rsplit("/", 1)[1]
    taken = lin.submit(lin.follow(sent), form="/consent")
    assert rows(doors, select(FILE))[0].state == "deleted"
    assert notice_state(doors, number).state == "waiting", "it is still looked for"
    seen = lin.follow(taken)
    assert "Your consent was taken back and your files were deleted" in seen.text
    assert "/consent" not in seen.text
    assert (
        "The person took the consent back"
        in visit("Qiao", "plan_approver").get(f"/staff{taken.headers['location']}").text
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"paid_on_day": "18"}, "On which day: This day is still to come"),
        ({"channel": ""}, "Which way: Please fill this in"),
        ({"amount": "0"}, "How much you paid: Type an amount above zero"),
        ({"has_draft": "yes"}, "Tick this so that we may read"),
    ],
)
def test_mistakes_are_said(visit: Visit, doors: Doors, cast: Cast, wrong: dict[str, str], said: str) -> None:
    lin, code = visit("B1"), make.code_of(doors, cast.borrower())
    right = {"amount": "300", "channel": "card", "paid_on_day": "15", "paid_on_month": "4", "paid_on_year": "2026"}
    answer = lin.submit(lin.get(f"/pay/{code}/paid"), right | wrong, form="/paid")
    assert answer.status_code == 422
    (words,) = said_at_the_top(answer).values()
    assert words.startswith(said), "the summary says which entry it is"
    assert rows(doors, select(NOTICE)) == []


def test_a_settlement_does_not_lapse_before_the_report_of_its_payment_is_answered(
    app: Starlette, visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    settled = make.accept(doors, cast.borrower(), make.quote(doors, cast.borrower()))
    number = say(doors, cast.borrower(), 11_052_85, TODAY)
    lin = visit("B1")
    assert f"/settlements/{settled}" in lin.get(f"/payment-notices/{number}").text
    assert "the settlement does not lapse before you have our answer" in lin.get(f"/settlements/{settled}").text
    clock.advance(days=16)
    make.books_reach(doors, tmp_path, date(2026, 5, 2))
    assert list(evaluate(app.state.portal)) == []
    assert f"Settlement {settled}" in visit("B1").get("/account").text
    staff = cast.staff("Qiao", "dispute_handler")
    doors.write_as(staff, notice_actions.answer, number, Answer(1, "", "It came back."))
    assert list(evaluate(app.state.portal)) == [f"settlement {settled}: judged"]
    assert make.state(doors, settled) == "lapsed"


def test_staff_answer_on_the_page(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = say(doors, cast.borrower(), 299_00, date(2026, 3, 20))
    staff, lin = visit("Qiao", "dispute_handler"), visit("B1")
    assert f"Reported payment {number}" in lin.get("/account").text
    page = staff.get(f"/staff/payment-notices/{number}")
    assert "A3" in page.text
    wrong = staff.submit(page, {"found": "no"}, "/answer")
    assert wrong.status_code == 422
    answer = staff.submit(wrong, {"found": "no", "words": "Your bank sent it back."}, "/answer")
    assert answer.status_code == 303
    account = lin.get("/account").text
    assert f"/payment-notices/{number}" in account.partition("Ended in the last 14 days")[2], "the answer is a tap away"
    assert "Under way" not in account
    assert f"/payment-notices/{number}" in lin.get("/pay").text
    seen = lin.get(f"/payment-notices/{number}").text
    assert "We cannot find this payment" in seen
    assert "Your bank sent it back." in seen
    assert visit("Eve", "auditor").get(f"/staff/payment-notices/{number}").status_code == 200
    assert visit("Adm", "administrator").get("/staff/payment-notices").status_code == 403


# Somebody pays for a person


def make_link(doors: Doors, viewer: Viewer, amount: int = 300_00) -> str:
    """A link; its code."""
    return doors.write_as(viewer, sharing_actions.make_link, make.code_of(doors, viewer), amount)


def shared_path(client: Client, code: str) -> str:
    """The address that the person passes on."""
    page = client.get(f"/pay/links/{code}").text
    return "/p/" + page.partition("/p/")[2].partition('"')[0]


def test_whoever_opens_it_sees_reference_and_amount_alone(visit: Visit, doors: Doors, cast: Cast) -> None:
    """SL-03, SL-06, SL-20."""
    lin, nobody = visit("B1"), visit()
    page = lin.get(f"/pay/{make.code_of(doors, cast.borrower())}/share")
    made = lin.submit(page, {"amount": "300"})
    assert made.status_code == 303
    path = shared_path(lin, made.headers["location"].rsplit("/", 1)[1])
    seen = nobody.get(path)
    assert seen.status_code == 200
    assert "300.00" in seen.text
    assert "L1" in seen.text
    assert "0000 0000 0000 0000" in seen.text
    assert '<svg class="qr"' in seen.text
    for word in (
        "林一",
        "Lin",
        "Home appliances",
        "2,086.91",
        "instalment",
        "loan",
        "overdue",
        "13800138000",
        "B1",
        "/start",
    ):
        assert word not in seen.text, word
    assert "noindex" in seen.headers["x-robots-tag"]
    assert seen.headers["cache-control"] == "no-store"
    assert "set-cookie" not in seen.headers


def test_no_more_can_be_shared_than_pays_off_everything(visit: Visit, doors: Doors, cast: Cast) -> None:
    """By the last day of the link all is paid off with 11,091.43."""
    lin = visit("B1")
    page = lin.get(f"/pay/{make.code_of(doors, cast.borrower())}/share")
    for amount in ("99999999", "11091.44"):
        answer = lin.submit(page, {"amount": amount})
        assert answer.status_code == 422
        assert "11,091.43 or less. That pays off everything up to 24 April 2026" in answer.text
        assert f'value="{amount}"' in answer.text
    assert rows(doors, select(LINK)) == []
    assert lin.submit(page, {"amount": "11091.43"}).status_code == 303


def test_opening_it_changes_nothing(visit: Visit, doors: Doors, cast: Cast) -> None:
    """SL-01."""
    path = shared_path(visit("B1"), make_link(doors, cast.borrower()))
    before = (rows(doors, select(LINK)), rows(doors, select(LOG)))
    for _ in range(20):
        assert visit().get(path).status_code == 200
    assert (rows(doors, select(LINK)), rows(doors, select(LOG))) == before


def test_over_taken_back_and_made_up_look_alike(
    visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    """SL-03, SL-07, SL-08."""
    lin, nobody = visit("B1"), visit()
    codes = [make_link(doors, cast.borrower()) for _ in range(3)]
    paths = [shared_path(lin, code) for code in codes]
    assert lin.submit(lin.get(f"/pay/links/{codes[0]}"), form="/revoke").status_code == 303
    assert "This link works no more" in lin.get(f"/pay/links/{codes[0]}").text
    answers = [
        nobody.get(paths[0]),
        nobody.get("/p/aaaaaaaaaaaaaaaaaaaaaa"),
        nobody.get(f"{paths[1]}x"),
        nobody.get("/p/x"),
    ]
    assert nobody.get(paths[1]).status_code == 200
    clock.set(datetime(2026, 4, 24, 6, 7, tzinfo=UTC))
    answers.append(nobody.get(paths[2]))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted((k, v) for k, v in a.headers.items() if k != "date")) for a in answers}) == 1
    assert forget_links(doors) == 2
    assert {row.sealed_ref for row in rows(doors, select(LINK))} == {""}


def test_no_reference_is_stored(visit: Visit, doors: Doors, cast: Cast) -> None:
    """SL-05."""
    ref = shared_path(visit("B1"), make_link(doors, cast.borrower())).removeprefix("/p/")
    assert len(ref) == 22
    (row,) = rows(doors, select(LINK))
    assert ref not in str(row)
    assert all(ref not in str(entry) for entry in rows(doors, select(LOG)))


def test_a_person_has_so_many_links(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    codes = [make_link(doors, lin) for _ in range(sharing_actions.LINKS_MOST)]
    with pytest.raises(Refusal, match=r"link\.too_many"):
        make_link(doors, lin)
    assert doors.write_as(lin, sharing_actions.take_back, codes[0])
    assert not doors.write_as(lin, sharing_actions.take_back, codes[0])
    make_link(doors, lin)


def test_somebody_else_finds_neither_link_nor_word(
    visit: Visit, empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    tables = make.lin_settling()
    tables["borrowers"].append(tables["borrowers"][0] | {"borrower_ref": "B2", "mobile": "13800138001"})
    tables["parties"] = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "guarantor"}]
    import_tables(empty_doors, tmp_path, tables)
    lin = cast.borrower()
    code, number = make_link(empty_doors, lin), say(empty_doors, lin)
    guarantor = visit("B2")
    loan = make.code_of(empty_doors, lin)
    for path in (f"/pay/links/{code}", f"/payment-notices/{number}", f"/pay/{loan}/share", f"/loans/{loan}/settlement"):
        assert guarantor.get(path).status_code == 404, path
    assert guarantor.get(f"/pay/{loan}").status_code == 200
    with pytest.raises(LookupError):
        empty_doors.write_as(cast.borrower("B2"), sharing_actions.take_back, code)
    with pytest.raises(LookupError):
        empty_doors.write_as(cast.borrower("B2"), notice_actions.take_back, number)
    assert sharing_queries.LINK is LINK
