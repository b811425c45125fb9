"""The pages of settlements: the borrower's, the staff's, who may do what, and the letter."""

import io
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.settlements.queries import SETTLEMENT
from tests.client import Client, fields_of, form_of
from tests.disputes import walk
from tests.make import plans as make_plans
from tests.make import settlements as make
from tests.make.disputes import Cast, file_dispute
from tests.make.loans import borrower, import_tables
from tests.make.settlements import run_day

Visit = Callable[..., Client]
TODAY = date(2026, 4, 17)


def settlement_page(client: Client, doors: Doors, cast: Cast) -> str:
    """The address at which a settlement of Lin's loan begins."""
    return f"/loans/{make.code_of(doors, cast.borrower())}/settlement"


def test_beside_a_plan_it_says_what_becomes_of_it(visit: Visit, doors: Doors, cast: Cast) -> None:
    plan = make_plans.propose(doors, cast.borrower())
    make_plans.approve(doors, cast.staff("Qiao", "plan_approver"), plan)
    lin = visit("B1")
    goes_on = "The plan goes on meanwhile, and its payments keep their days."
    begin = lin.get(settlement_page(lin, doors, cast))
    assert goes_on in begin.text
    assert "Ask for a change of the plan" in begin.text
    quoted = lin.submit(begin)
    for form in ("/accept", None):
        page = lin.get(quoted.headers["location"])
        assert goes_on in page.text
        assert "Once everything under it is paid, it ends as kept." in page.text
        assert form is None or lin.submit(page, form=form).status_code == 303


def test_once_accepted_the_account_leads_to_it_and_offers_nothing_that_is_refused(
    visit: Visit, doors: Doors, cast: Cast
) -> None:
    lin = visit("B1")
    assert "/promises/new" in lin.get("/account").text
    number = make.quote(doors, cast.borrower())
    assert "/plans/new" in lin.get("/account").text  # a quote binds nobody
    make.accept(doors, cast.borrower(), number)
    page = lin.get("/account").text
    _before, found, after = page.partition(f'href="/settlements/{number}"')
    assert found
    assert "11,052.85" in after.partition("</li>")[0]
    assert "1 May 2026" in after.partition("</li>")[0]
    assert "/plans/new" not in page
    assert "/promises/new" not in page


def test_from_the_quote_to_the_letter(
    visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    lin = visit("B1")
    begin = settlement_page(lin, doors, cast)
    assert begin in lin.get(begin.removesuffix("/settlement")).text
    page = lin.get(begin)
    for words in ("11,052.85", "11,070.91", "18.06", "8,960.00", "24.00", "1 May 2026", "Only penalty can be reduced"):
        assert words in page.text, words
    quoted = lin.submit(page)
    assert quoted.status_code == 303
    page = lin.follow(quoted)
    assert "Your quote to settle everything" in page.text
    assert "less than the whole. Nothing remains" in page.text
    assert "If you leave it, nothing changes." in page.text
    assert lin.submit(page, form="/accept").status_code == 303
    page = lin.get(quoted.headers["location"])
    assert "Your settlement is agreed" in page.text
    assert "Filing a dispute ends the settlement" in page.text
    assert "If you leave it" not in page.text
    assert "Settlement" in lin.get("/account").text
    assert "11,052.85" in lin.get("/pay").text
    make.arrives(doors, tmp_path, TODAY, 11_052_85)
    run_day(doors)
    page = lin.get(quoted.headers["location"])
    assert "Everything is settled" in page.text
    letter = lin.get(quoted.headers["location"] + "/letter")
    assert letter.status_code == 200
    for words in ("was paid in full on", "17 April 2026", "Nothing is due and nothing will follow", "L1", "11,052.85"):
        assert words in letter.text, words
    chinese = lin.get(quoted.headers["location"] + "/letter", headers={"Accept-Language": "zh", "Cookie": zh(lin)})
    assert "人民币壹万壹仟零伍拾贰元捌角伍分" in chinese.text
    assert f"{letter.url.path}/zh.pdf" in chinese.text
    account = lin.get("/account").text
    assert "settled on" in account
    assert "5 May" not in account
    assert "Letter: paid in full" in lin.get(begin.removesuffix("/settlement")).text


def test_the_letter_as_pdf_has_the_same_bytes_each_time(
    visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    """Whoever fetches it, however the program words it by then; and none once its payment came back."""
    import_tables(doors, tmp_path / "second", {"borrowers": [borrower(name="林䶮𬱖·㛃", payday="12")]})
    number = make.quote(doors, cast.borrower())
    path = f"/settlements/{number}/letter"
    lin = visit("B1")
    assert lin.get(f"{path}/zh.pdf").status_code == 404
    make.arrives(doors, tmp_path, TODAY, 11_052_85)
    run_day(doors)
    first = lin.get(f"{path}/zh.pdf")
    assert first.headers["content-type"] == "application/pdf"
    for words in ("林䶮𬱖·㛃", "结清证明", "L1", "11,052.85", "人民币壹万壹仟零伍拾贰元捌角伍分", "协商减免"):
        assert words in text_of(first.content), words
    clock.advance(days=2)
    with doors.engines.write.begin() as connection:  # as another version would word it
        said = json.dumps(dict(make.record(doors, number).letter) | {"engine": "99"})
        connection.execute(update(SETTLEMENT).values(letter=said))
    assert visit("Qiao", "dispute_handler").get(f"/staff{path}/zh.pdf").content == first.content
    assert visit().get(f"{path}/zh.pdf").status_code in {303, 401}
    lin = visit("B1")
    assert lin.get(f"{path}/xx.pdf").status_code == 404
    make.arrives(doors, tmp_path, TODAY, 11_052_85, reversed="1", data_date=date(2026, 4, 19))
    run_day(doors)
    gone = lin.get(f"{path}/zh.pdf")
    assert (gone.status_code, gone.headers["location"]) == (303, path)
    assert "no longer counts" in lin.get(path).text


def text_of(pdf: bytes) -> str:
    """What stands in a PDF, without the gaps between characters."""
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return re.sub(r"\s+", "", "".join(page.get_textpage().get_text_range() for page in pages))


def zh(client: Client) -> str:
    """The visitor's cookies with Chinese chosen."""
    kept = {name: value for name, value in client.http.cookies.items() if "lang" not in name}
    return "; ".join(f"{name}={value}" for name, value in (kept | {"lang": "zh"}).items())


def test_a_double_press_makes_one(visit: Visit, doors: Doors, cast: Cast) -> None:
    """MO-08."""
    lin = visit("B1")
    page = lin.get(settlement_page(lin, doors, cast))
    first, second = lin.submit(page), lin.submit(page)
    assert first.headers["location"] == second.headers["location"]


def test_figures_that_changed_are_shown_anew(visit: Visit, doors: Doors, cast: Cast, tmp_path: Path) -> None:
    lin = visit("B1")
    page = lin.get(settlement_page(lin, doors, cast))
    make.arrives(doors, tmp_path, TODAY, 100_00)
    answer = lin.submit(page)
    assert answer.status_code == 409
    now = make.new_page(doors, cast.borrower()).quote
    assert now is not None
    assert f"{now.today.to_pay / 100:,.2f}" in answer.text
    assert lin.submit(answer).status_code == 303


def test_what_stands_in_the_way_is_said_with_the_way_to_it(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    number = file_dispute(doors, cast.borrower())
    page = lin.get(settlement_page(lin, doors, cast))
    assert f"Dispute {number} is open" in page.text
    assert f'href="/disputes/{number}"' in page.text
    assert "Get this quote" not in page.text


def test_tampered_fields_change_nothing(visit: Visit, doors: Doors, cast: Cast) -> None:
    """MO-14: the figures are computed anew; only the hash of what was shown is taken."""
    lin = visit("B1")
    page = lin.get(settlement_page(lin, doors, cast))
    answer = lin.submit(page, {"seen": "0" * 64, "amount": "1", "reductions": '[["principal", 1]]'})
    assert answer.status_code == 409
    answer = lin.submit(page, {"amount": "1", "reductions": '[["principal", 1]]', "until": "2030-01-01"})
    assert answer.status_code == 303
    number = answer.headers["location"].rsplit("/", 1)[1]
    assert make.record(doors, number).offer.reductions == (("penalty", 17_13),)


@pytest.fixture
def asking(empty_doors: Doors, tmp_path: Path) -> Doors:
    """Lin's case, whose rules take nothing off."""
    import_tables(empty_doors, tmp_path, make.lin_settling("0", waiver_max="15.00"))
    return empty_doors


def enter(app: Starlette, doors: Doors, cast: Cast, client: Client, who: str, *roles: str) -> Client:
    """A visitor who is signed in."""
    visitor = client.another(headers={"Accept-Language": "en"})
    viewer = cast.staff(who, *roles) if roles else cast.borrower(who)
    for name, token in cast.sign_in(viewer).items():
        visitor.http.cookies.set(name, token)
    return visitor


def test_asked_offered_and_accepted(app: Starlette, asking: Doors, cast: Cast) -> None:
    with Client(app, headers={"Accept-Language": "en"}) as client:
        lin = enter(app, asking, cast, client, "B1")
        staff = enter(app, asking, cast, client, "Qiao", "plan_approver")
        begin = settlement_page(lin, asking, cast)
        page = lin.get(begin + "/ask")
        assert "11,070.91" in page.text
        assert "11,052.85" in page.text
        wrong = lin.submit(page, {"could_pay": "ten", "words": "Kept words"})
        assert wrong.status_code == 422
        assert "Kept words" in wrong.text
        low = lin.submit(wrong, {"could_pay": "5000", "words": "Kept words"})
        assert low.status_code == 422
        assert "The least that can close it today is CN¥11,052.85" in low.text
        sent = lin.submit(low, {"could_pay": "11,060.00", "words": "My job ended."})
        assert sent.status_code == 303
        asked = lin.follow(sent)
        assert "We have your question" in asked.text
        assert "Answer by 24 April 2026." in re.sub(r"<[^>]*>", "", asked.text)
        number = sent.headers["location"].rsplit("/", 1)[1]
        assert number in staff.get("/staff/settlements").text
        decide = staff.get(f"/staff/settlement-requests/{number}")
        for words in ("answer by", "24 April 2026", "My job ended.", "11,060.00", "10.91", "15.00", "17.13"):
            assert words in decide.text, words
        typed = staff.get(f"/staff/settlement-requests/{number}?amount=16.00&days=7&stops=1")
        assert "Send to a second person" in typed.text
        assert "24 April" in typed.text
        bad = staff.get(f"/staff/settlement-requests/{number}?amount=99&days=70")
        assert bad.status_code == 422
        offered = staff.submit(decide, {"reason": "hardship", "words": "Gladly."}, "/offer")
        assert offered.status_code == 303
        seen = lin.get(sent.headers["location"])
        assert "We can agree to this" in seen.text
        settlement = make.offer_page(asking, cast.staff("Qiao", "plan_approver"), number).request.settlement_number
        offer = lin.get(f"/settlements/{settlement}")
        assert "Our offer to settle everything" in offer.text
        assert "Gladly." in offer.text
        general = lin.get(begin).text
        assert 0 < general.index("11,060.00") < general.index("By the rules alone") < general.index("11,070.91")
        assert lin.submit(offer, form="/accept").status_code == 303
        assert staff.get(f"/staff/settlements/{settlement}").status_code == 200


def test_written_down_on_the_phone_and_confirmed_from_the_account(app: Starlette, asking: Doors, cast: Cast) -> None:
    with Client(app, headers={"Accept-Language": "en"}) as nobody:
        wen, lin = enter(app, asking, cast, nobody, "Wen", "plan_approver"), enter(app, asking, cast, nobody, "B1")
        person = asking.read_as(cast.borrower(), lambda connection, _: loans.person_by_ref(connection, "B1"))
        assert person is not None
        assert f"/staff/settlements/phone/new?person={person.code}" in wen.get(f"/staff/cases/{person.code}").text
        form = wen.get(f"/staff/settlements/phone/new?person={person.code}")
        wrong = wen.submit(form, {"could_pay": "1", "words": "Kept words"}, "/phone/send")
        assert wrong.status_code == 422
        assert "Kept words" in wrong.text
        answer = wen.submit(wrong, {"could_pay": "11,060"}, "/phone/send")
        assert answer.status_code == 303, answer.text
        assert "Waits until the person confirms it." in wen.follow(answer).text
        assert answer.headers["location"] in wen.get("/staff/settlements?state=written").text
        (path,) = set(re.findall(r'href="(/settlement-requests/[^"]+)"', lin.get("/account").text))
        page = lin.get(path)
        for words in ("Is this what you want to ask?", "Wen wrote it down", "11,060.00", "24 April 2026", "Kept words"):
            assert words in page.text, words
        assert lin.submit(page, form="/confirm").status_code == 303
        assert "We have your question" in lin.get(path).text
        assert "Somebody else answers it" in wen.get(f"/staff{path}").text


def test_a_second_person_on_the_page(app: Starlette, asking: Doors, cast: Cast) -> None:
    with Client(app, headers={"Accept-Language": "en"}) as client:
        number = make.ask(asking, cast.borrower(), 11_053_00)
        maker = enter(app, asking, cast, client, "Qiao", "plan_approver")
        checker = enter(app, asking, cast, client, "Shen", "supervisor")
        page = maker.get(f"/staff/settlement-requests/{number}?amount=17.13&days=14&stops=1")
        assert maker.submit(page, {"reason": "hardship"}, "/offer").status_code == 303
        assert number in checker.get("/staff/second").text
        own = maker.get(f"/staff/settlement-requests/{number}")
        assert "Take it back" in own.text
        refused = maker.submit(own, {"answer": "confirm"}, "/second")
        assert refused.status_code == 409
        answer = checker.submit(checker.get(f"/staff/settlement-requests/{number}"), {"answer": "confirm"}, "/second")
        assert answer.status_code == 303
        assert make.request_state(asking, number) == "offered"


def test_refused_with_the_way_on(app: Starlette, asking: Doors, cast: Cast) -> None:
    with Client(app, headers={"Accept-Language": "en"}) as client:
        number = make.ask(asking, cast.borrower(), 11_053_00)
        lin = enter(app, asking, cast, client, "B1")
        staff = enter(app, asking, cast, client, "Qiao", "plan_approver")
        page = staff.get(f"/staff/settlement-requests/{number}/refuse")
        wrong = staff.submit(page, {"words": "No."}, "/refuse")
        assert wrong.status_code == 422
        assert staff.submit(wrong, {"reason": "plan_fits_better", "words": "No."}, "/refuse").status_code == 303
        seen = lin.get(f"/settlement-requests/{number}")
        assert "We cannot agree to less" in seen.text
        assert "/plans/new" in seen.text


ROLES = ("plan_approver", "dispute_handler", "supervisor", "auditor", "administrator")
READING = {"plan_approver", "dispute_handler", "supervisor", "auditor"}
OFFERING = {"plan_approver", "supervisor"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_what_the_gate_gives_it(app: Starlette, asking: Doors, cast: Cast, role: str) -> None:
    with Client(app, headers={"Accept-Language": "en"}) as client:
        number = make.ask(asking, cast.borrower(), 11_053_00)
        quoted = make.quote(asking, cast.borrower())
        staff = enter(app, asking, cast, client, f"{role}-1", role)
        for path, roles in (
            ("/staff/settlements", READING),
            (f"/staff/settlements/{quoted}", READING),
            (f"/staff/settlement-requests/{number}", READING),
            (f"/staff/settlement-requests/{number}/refuse", OFFERING),
        ):
            assert staff.get(path).status_code == (200 if role in roles else 403), path
        assert staff.get("/staff/settlements/XXX-XXX").status_code == (404 if role in READING else 403)
        assert staff.get(f"/staff/settlements/{quoted}/letter").status_code == (404 if role in READING else 403)
        if role in READING:
            page = staff.get(f"/staff/settlement-requests/{number}")
            assert ("/offer" in page.text) == (role in OFFERING)


def test_strangers_guarantors_and_nobody_see_nothing(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = make.quote(doors, cast.borrower())
    nobody = visit()
    for path in (f"/settlements/{number}", f"/settlements/{number}/letter", settlement_page(nobody, doors, cast)):
        assert nobody.get(path).status_code == 303
        assert visit("Qiao", "plan_approver").get(path).status_code in {303, 403}


def test_who_may_not_offer_changes_nothing(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    number = make.quote(doors, cast.borrower())
    page = lin.get(f"/settlements/{number}")
    sent = fields_of(page, form_of(page, "/accept"))
    auditor = visit("Eve", "auditor")
    assert auditor.post(f"/settlements/{number}/accept", sent).status_code in {303, 400, 403}
    assert make.state(doors, number) == "quoted"


def test_a_dispute_says_on_its_way_that_it_ends_an_accepted_settlement(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, viewer = visit("B1"), cast.borrower()
    number = make.quote(doors, viewer)
    form = f"/loans/{make.code_of(doors, viewer)}/instalments/3/dispute"
    waits = f"Your quote {number} to settle everything stands until the end of 1 May 2026. While the dispute is open"
    assert waits in walk.said_of(lin.get(form))
    make.accept(doors, viewer, number)
    ends = f"You have agreed settlement {number}: CN¥11,052.85 by the end of 1 May 2026. Sending this ends it. "
    ends += "Then the CN¥18.06 that it takes off counts again. Withdrawing the dispute does not bring it back."
    check = walk.to_check(lin, form)
    for page in (lin.get(form), check):
        assert ends in walk.said_of(page)
    sent = lin.follow(walk.send_off(lin, check))
    assert make.state(doors, number) == "lapsed"
    ended = f"With this dispute settlement {number} that you had agreed ended. Withdrawing the dispute does not"
    for page in (sent, lin.get(str(sent.url).removesuffix("/sent"))):
        assert ended in walk.said_of(page)
