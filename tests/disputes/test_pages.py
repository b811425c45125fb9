"""A borrower's pages over HTTP: filing with files and mistakes, the status page, the outcome, and who may see them."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.disputes import deciding_actions, jobs
from portal.disputes.filing_queries import new_page
from portal.disputes.ticks import Ticks
from portal.evidence import jobs as evidence_jobs
from portal.evidence.clamd import Clamd
from portal.evidence.queries import FILE
from portal.platform.buckets import Bucket
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.files import FileStore
from tests.buckets import files_of
from tests.client import Client, fields_of, form_of
from tests.disputes import walk
from tests.disputes.conftest import DECIDED
from tests.disputes.walk import ALL, said_of
from tests.make import evidence
from tests.make.disputes import Cast, choice, file_dispute, loan_code
from tests.make.loans import borrower, import_tables, product, rate
from tests.mistakes import said_at_the_top
from tests.scanners import pretending


@pytest.fixture
def lin(client: Client, doors: Doors, cast: Cast) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


@pytest.fixture
def form_path(doors: Doors, cast: Cast) -> str:
    return f"/loans/{loan_code(doors, cast.borrower())}/instalments/3/dispute"


def evidence_code_states(doors: Doors) -> dict[str, str]:
    rows = select(FILE.c.code, FILE.c.state)
    return doors.read_as(doors.system(), lambda connection, _viewer: dict(map(tuple, connection.execute(rows))))


def upload(client: Client, page: Any, data: bytes, name: str, place: str) -> str:
    """Send a file up into the draft that a page names, as its script does; the name of the draft."""
    chosen = form_of(page, place)
    draft = str(fields_of(page, chosen)["draft"])
    token = page.text.partition('data-token="')[2].partition('"')[0]
    sha = hashlib.sha256(data).hexdigest()
    told = {"form_token": token, "draft": draft, "place": page.url.path, "name": name}
    begun = client.post("/files/uploads", told | {"size": str(len(data)), "sha256": sha}).json()
    part = {"form_token": token, "start": "0", "sha256": sha}
    client.post(f"/files/uploads/{begun['code']}", part, files={"part": ("part", data)})
    assert client.post(f"/files/uploads/{begun['code']}/finish", {"form_token": token}).json()["file"]
    return draft


def test_what_was_uploaded_is_sent_with_the_dispute(lin: Client, form_path: str) -> None:
    """The page shows it again whenever it is opened, also after a new sign-in; then it is part of the dispute."""
    march = evidence.pdf()
    page = lin.follow(walk.begin(lin, form_path))
    page = lin.follow(walk.tell(lin, lin.follow(walk.choose(lin, page, "funds")), walk.FUNDS))
    draft = upload(lin, page, march, "March.pdf", "/files")
    page = lin.get(str(page.url))
    assert fields_of(page, form_of(page, "/files"))["draft"] == draft == str(page.url).split("/")[-2]
    assert "Uploaded, not sent yet" in page.text
    check = lin.follow(walk.upload(lin, page))
    assert walk.send_off(lin, check).status_code == 422
    sent = lin.follow(walk.send_off(lin, check, consent="yes"))
    assert "March.pdf" in sent.text
    place = str(sent.url).removesuffix("/sent")
    upload(lin, lin.get(place), evidence.pdf(2), "April.pdf", "/add")
    upload(lin, lin.get(place), march, "again.pdf", "/add")
    status = lin.get(place)
    assert status.text.count("Uploaded, not sent yet") == 2
    status = lin.follow(walk.send(lin, status, {}, "/add"))
    assert "April.pdf" in status.text
    assert "again.pdf was there already" in status.text
    assert "not sent yet" not in status.text


def test_the_form_shows_nights_and_sums(lin: Client, form_path: str) -> None:
    page = lin.get(form_path)
    assert page.status_code == 200
    for figure in ("8.85", "4.89", "6.80", "20.54", "11.69", "2,075.22"):
        assert figure in page.text
    assert page.text.count("checked") == 3


def test_the_form_says_what_sending_takes_off_at_once(lin: Client, form_path: str) -> None:
    """ui.md 8: 20.54 on the form, 20.14 after, since the night that ends on the day of filing is waived."""
    said = said_of(lin.get(form_path))
    assert "the night that ends today is taken off while we look: 0.40" in said
    assert "Then 20.14 is disputed, 11.29 of it unpaid, and 2,075.22 stays payable" in said
    part = said_of(lin.get(form_path + "/sums", params={"stretch": ALL[0]}))
    assert "taken off while we look: 0.40. Then 8.85 is disputed, 0.00 of it unpaid, and 2,086.51 stays payable" in part


def test_the_form_says_what_the_legal_ceiling_takes_off(
    lin: Client, doors: Doors, form_path: str, tmp_path: Path
) -> None:
    """The lines come to 20.54, of which less is charged: without the ceiling the sums below them explain nothing."""
    assert "legal ceiling" not in said_of(lin.get(form_path))
    import_tables(doors, tmp_path / "again", {"penalty_rates": [rate(annual_ceiling="0.05")]})
    said = said_of(lin.get(form_path))
    told = re.search(r"The legal ceiling takes CN¥([\d.]+) off these lines together, so CN¥([\d.]+) is charged", said)
    assert told is not None
    assert f"Disputed{told[2]} of it unpaid" in said


MEANWHILE = {"0": "While we look, no penalty counts on it.", "1": "Meanwhile penalty goes on counting. What turns out"}


@pytest.mark.parametrize("accrues", MEANWHILE)
def test_what_becomes_of_the_coming_nights_is_said_on_the_way_and_while_it_is_decided(
    lin: Client, doors: Doors, form_path: str, tmp_path: Path, accrues: str
) -> None:
    products = [product(name="Home appliances", contract_type="sales_credit", accrues_while_disputed=accrues)]
    import_tables(doors, tmp_path / "again", {"products": products})
    check = walk.to_check(lin, form_path)
    sent = lin.follow(walk.send_off(lin, check))
    for page in (lin.get(form_path), check, sent, lin.get(str(sent.url).removesuffix("/sent"))):
        said = said_of(page)
        assert [way for way, words in MEANWHILE.items() if words in said] == [accrues]


def test_sums_follow_the_ticks(lin: Client, form_path: str) -> None:
    part = lin.get(form_path + "/sums", params={"stretch": ALL[1]})
    assert part.status_code == 200
    assert 'id="_sums"' in part.text
    assert "4.89" in part.text
    assert lin.get(form_path + "/sums", params={"stretch": "nonsense"}).status_code == 200


def test_the_way_from_the_nights_to_the_number(lin: Client, form_path: str) -> None:
    check = walk.to_check(lin, form_path, words="It was there.")
    said = said_of(check)
    for words in (
        "17 April 2026 · 43 nights",
        "The money was in my account",
        "6789",
        "It was there.",
        "24 April",
        "20.14",
        "11.29",
    ):
        assert words in said, words
    assert "The night that ends today is taken off while we look" in said
    answer = walk.send_off(lin, check)
    assert answer.status_code == 303
    sent = said_of(lin.follow(answer))
    for words in ("is with us", "24 April", "20.14", "11.29", "2,075.22", "6789", "It was there."):
        assert words in sent, words
    assert lin.get("/disputes").text.count("Being decided") == 1
    assert "Not sent yet" not in said_of(lin.get("/disputes"))


def test_sent_twice_is_sent_once(lin: Client, form_path: str) -> None:
    """The button twice, the same page again after its answer was lost, and every page on the way back."""
    first = walk.begin(lin, form_path)
    code = walk.code_of(first)
    check = walk.to_check(lin, form_path)
    own = str(check.url)
    number = walk.send_off(lin, check).headers["location"].split("/")[2]
    assert walk.send_off(lin, check).headers["location"].split("/")[2] == number
    for step in ("", "/nights", "/reason", "/details", "/files"):
        assert lin.get(own + step).headers["location"].endswith(f"/disputes/{number}"), step
    assert lin.get("/disputes").text.count("Being decided") == 1
    assert code in lin.get("/disputes").text, "the one that was only begun is still a draft"


@pytest.mark.parametrize("reason", walk.FACTS)
def test_each_reason_keeps_its_facts(lin: Client, doors: Doors, cast: Cast, form_path: str, reason: str) -> None:
    sent = walk.file(lin, form_path, reason)
    assert "is with us" in sent.text
    number = str(sent.url).split("/")[4]
    expected = {
        "funds": ["Account ending in", "6789"],
        "paid": ["Paid on", "5 March 2026", "1,180.00", "Bank transfer"],
        "amount": ["of these nights", "It should be", "8.85"],
        "not_mine": ["All reminders about this contract have stopped."],
        "explained": ["That the first month is free.", "The shop"],
        "claim": ["K-88 17", "A mutual", "They wait for the surveyor."],
        "other": ["It is something else."],
    }.get(reason, [])
    staff = lin.another(headers={"Accept-Language": "en"})
    staff.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
    pages = [sent, lin.get(f"/disputes/{number}"), staff.get(f"/staff/disputes/{number}")]
    for page in pages:
        for words in expected:
            assert words in said_of(page) or "stopped" in words, f"{page.url} does not say {words}"


@pytest.mark.parametrize(
    ("reason", "typed", "field", "said"),
    [
        ("funds", {"tail": "12a4"}, "tail", "Type the last four digits"),
        ("paid", {"paid_on_year": "2027"}, "paid_on", "This day is still to come"),
        ("paid", {"paid_on_month": "13"}, "paid_on", "not a day of the calendar"),
        ("paid", {"paid": "much"}, "paid", "Type an amount in digits"),
        ("paid", {"paid": "0"}, "paid", "Type an amount above zero"),
        ("paid", {"channel": ""}, "channel", "Choose the way by which you paid"),
        ("amount", {"figure": None}, "figure", "Choose the figure that is wrong"),
        ("amount", {"should_be": "9" * 18}, "should_be", "too large"),
        ("explained", {"told_you": " "}, "told_you", "Write what you were told"),
        ("claim", {"insurer": ""}, "insurer", "Type the name of the insurer"),
        ("other", {"words": ""}, "words", "Write in your own words"),
        ("funds", {"words": "x" * 4001}, "words", "4000 characters"),
    ],
)
def test_mistakes_in_the_facts_lose_nothing(
    lin: Client, form_path: str, reason: str, typed: dict[str, Any], field: str, said: str
) -> None:
    page = lin.follow(walk.choose(lin, lin.follow(walk.begin(lin, form_path)), reason))
    answer = walk.tell(lin, page, {"words": "kept words", **walk.FACTS[reason], **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'href="#{field}"' in answer.text
    assert "Error:" in answer.text
    if "words" not in typed and reason != "other":
        assert "kept words" in answer.text


def test_all_mistakes_are_said_at_once_in_the_order_of_the_page(lin: Client, form_path: str) -> None:
    page = lin.follow(walk.choose(lin, lin.follow(walk.begin(lin, form_path)), "paid"))
    typed = {"paid_on_day": "1", "paid_on_month": "5", "paid_on_year": "2027", "paid": "1,18x", "channel": ""}
    answer = walk.tell(lin, page, typed).text
    summary = answer.partition('class="problems"')[2].partition("</ul>")[0]
    assert [each.split('"')[0] for each in summary.split('href="#')[1:]] == ["paid_on", "paid", "channel"]


def test_only_what_a_reason_needs_is_asked(lin: Client, form_path: str) -> None:
    asked = {}
    for reason in walk.FACTS:
        page = lin.follow(walk.choose(lin, lin.follow(walk.begin(lin, form_path)), reason))
        asked[reason] = set(fields_of(page, form_of(page, "/details"))) - {"form_token", "version", "words"}
    assert asked["lent"] == asked["hardship"] == asked["other"] == set()
    assert asked["funds"] == {"tail", "holder"}
    assert asked["claim"] == {"claim_number", "insurer", "last_answer"}
    assert {"paid", "channel"} < asked["paid"]


def test_hardship_leads_to_a_plan_before_any_form(lin: Client, form_path: str) -> None:
    page = lin.follow(walk.choose(lin, lin.follow(walk.begin(lin, form_path)), "hardship"))
    assert page.text.index('href="/plans/new"') < page.text.index("<textarea")
    assert "You need not prove anything" in page.text


def test_a_reason_has_to_be_chosen(lin: Client, form_path: str) -> None:
    page = lin.follow(walk.begin(lin, form_path))
    for reason in ("", "nonsense"):
        answer = walk.choose(lin, page, reason)
        assert answer.status_code == 422
        assert "Choose the reason" in answer.text
        assert str(page.url.path).replace("/reason", "/nights") in answer.text, "one step back"


def test_something_has_to_be_ticked(lin: Client, form_path: str) -> None:
    answer = walk.begin(lin, form_path, {"stretch": []})
    assert answer.status_code == 422
    assert "Tick what you see differently" in answer.text


def test_without_scripts_update_shows_the_sums_and_keeps_nothing(lin: Client, form_path: str) -> None:
    answer = walk.begin(lin, form_path, {"stretch": ALL[:1]}, act="update")
    assert answer.status_code == 200
    assert "8.85" in answer.text
    assert answer.text.count("checked") == 1
    assert "You have no disputes" in lin.get("/disputes").text


def test_single_nights_can_be_chosen(lin: Client, doors: Doors, cast: Cast, form_path: str) -> None:
    """Each with its price, and the nights of a stretch come to what the stretch costs."""
    page = doors.read_as(cast.borrower(), new_page, form_path.split("/")[2], 3, Ticks())
    assert page is not None
    for stretch in page.offered:
        assert sum(cost for _night, cost in page.nights_of(stretch)) == stretch.amount
    assert "6 March 2026 0.59 7 March 2026 0.59" in said_of(lin.get(form_path))
    ticks = {"stretch": [], "night": ["2026-03-21_2026-03-21", "2026-03-22_2026-03-22"]}
    assert "0.89" in walk.file(lin, form_path, "amount", ticks=ticks).text


def test_a_store_that_is_away_loses_no_dispute(lin: Client, doors: Doors, form_path: str, app: Any) -> None:
    """Filed without its files, each named with what to do; later they are added (EV-13)."""
    portal = app.state.portal
    service = files_of({"FILES_URL": "s3://evidence", "FILES_ENDPOINT": "http://127.0.0.1:9"})
    working, portal.files = portal.files, FileStore(Bucket(service), portal.settings.file_keys)
    files = [("files", (f"{number}.pdf", evidence.pdf(number), "application/pdf")) for number in (1, 2, 3)]
    sent = walk.file(lin, form_path, words="It was there.", files=files)
    assert "It was there." in sent.text
    for number in (1, 2, 3):
        assert f"{number}.pdf could not be stored" in sent.text
    portal.files = working
    status = lin.get(str(sent.url).removesuffix("/sent"))
    again = lin.follow(walk.send(lin, status, {"consent": "yes"}, "/add", files[:1]))
    assert again.text.count("Being checked") == 1


def test_a_file_in_which_the_scanner_finds_something_is_said_to_both(
    lin: Client, client: Client, doors: Doors, cast: Cast, form_path: str, app: Any
) -> None:
    portal = app.state.portal
    files = [("files", ("statement.pdf", evidence.pdf(), "application/pdf"))]
    place = str(walk.file(lin, form_path, files=files).url.path).removesuffix("/sent")
    with pretending() as scanner:
        scanner.answer = b"stream: Test.Signature FOUND\0"
        assert evidence_jobs.read_waiting(portal.doors, portal.files, Clamd(scanner.address)) == 1
    status = lin.get(place)
    assert "the virus check found something in it. Send it another way" in status.text
    assert "Test.Signature" not in status.text
    assert ">View<" not in status.text
    code = str(form_of(status, "/remove").attributes["action"]).split("/")[2]
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(cast.staff("wei")))
    staff = client.get(f"/staff{place}")
    assert "the virus check found Test.Signature" in staff.text
    assert ">View<" not in staff.text
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    assert lin.submit(lin.get(place), form="/remove").headers["location"] == place
    assert evidence_code_states(doors) == {code: "deleted"}


def test_a_file_that_fails_is_named_and_the_dispute_is_filed(
    lin: Client, doors: Doors, form_path: str, app: Any
) -> None:
    statement = evidence.pdf()
    files = [
        ("files", ("March statement.pdf", statement, "application/pdf")),
        ("files", ("recording.mov", b"not a picture", "video/quicktime")),
    ]
    page = lin.follow(walk.begin(lin, form_path))
    page = lin.follow(walk.tell(lin, lin.follow(walk.choose(lin, page, "funds")), walk.FUNDS))
    page = walk.upload(lin, page, files)
    assert page.status_code == 422
    assert said_at_the_top(page)["files"].startswith("Choose files or take photos: recording.mov is a video")
    assert "Uploaded, not sent yet" in page.text
    back = str(page.url).removeprefix(str(lin.http.base_url))
    assert f'href="{back}"' in lin.get(back.replace("/disputes/", "/files/").removesuffix("/files")).text
    check = lin.follow(walk.upload(lin, page))
    assert "90 days after the case is closed" in check.text
    sent = lin.follow(walk.send_off(lin, check, consent="yes"))
    assert "recording.mov is a video" in sent.text
    assert hashlib.sha256(statement).hexdigest() in sent.text, "the receipt has the fingerprint of every file"
    status = lin.get(str(sent.url).removesuffix("/sent"))
    assert "March statement.pdf" in status.text
    assert "Being checked" in status.text
    assert evidence_jobs.read_waiting(doors, app.state.portal.files) == 1
    assert "/view" in lin.get(str(status.url)).text


def test_what_a_file_still_asks_for_is_said_before_it_is_sent(
    lin: Client, doors: Doors, form_path: str, app: Any
) -> None:
    files = [
        ("files", ("locked.pdf", evidence.locked_pdf(), "application/pdf")),
        ("files", ("odd.csv", b"Wann,Wieviel\n2026-03-05,-87.45\n2026-03-06,1.00\n", "text/csv")),
    ]
    check = walk.to_check(lin, form_path, files=files)
    assert "Your files are still being checked" in check.text
    while evidence_jobs.read_waiting(doors, app.state.portal.files):
        pass
    check = lin.get(str(check.url))
    assert "still being checked" not in check.text
    assert "locked.pdf has a password" in check.text
    assert "what the columns of odd.csv mean" in check.text
    assert all(f'/{way}"' in check.text for way in ("password", "columns"))


def test_files_need_consent_or_are_taken_out(lin: Client, form_path: str) -> None:
    files = [("files", ("slip.png", evidence.picture(), "image/png"))]
    check = walk.to_check(lin, form_path, "paid", files=files)
    refused = walk.send_off(lin, check)
    assert refused.status_code == 422
    assert "Tick this so that we may read your files" in refused.text
    page = lin.get(str(check.url) + "/files")
    assert "Uploaded, not sent yet" in page.text
    emptied = lin.follow(walk.take_out(lin, page))
    assert emptied.url == page.url
    assert "slip.png" not in emptied.text
    old = walk.send_off(lin, check, consent="yes")
    assert old.status_code == 409, "it was not looked over without the file"
    assert "Please look it over once more" in old.text
    assert "is with us" in lin.follow(walk.send_off(lin, old)).text


def test_consent_is_taken_back_with_the_files(lin: Client, form_path: str) -> None:
    files = [("files", ("slip.png", evidence.picture(), "image/png"))]
    sent = walk.file(lin, form_path, "paid", files=files)
    status = lin.get(str(sent.url).removesuffix("/sent"))
    gone = lin.follow(lin.submit(status, form="/consent"))
    assert "slip.png" not in gone.text
    assert "has been deleted" in gone.text


def test_an_example_is_drawn_and_our_own_debits_are_shown(lin: Client, form_path: str) -> None:
    page = lin.follow(walk.begin(lin, form_path))
    page = lin.follow(walk.tell(lin, lin.follow(walk.choose(lin, page, "funds")), walk.FUNDS))
    assert "<svg" in page.text
    assert "Every line 4–6 March 2026" in said_of(page)
    assert "5 March 2026 at 08:12 we tried to take CN¥1,180.00" in said_of(page)


def test_figures_that_changed_under_the_form_are_shown_anew(
    client: Client, cast: Cast, form_path: str, clock: FixedClock
) -> None:
    clock.advance(hours=9, minutes=53)
    lin = client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    page = lin.get(form_path)
    check = walk.to_check(lin, form_path, words="kept words")
    clock.advance(minutes=2)
    answer = walk.send(lin, page, {"stretch": ALL, "act": "next"}, "/dispute")
    assert answer.status_code == 409
    assert "The figures changed while you were writing" in answer.text
    answer = walk.send_off(lin, check)
    assert answer.status_code == 409
    assert "The figures changed while you were writing" in answer.text
    assert "kept words" in answer.text
    assert "44 nights" in said_of(answer)
    assert lin.follow(walk.send_off(lin, answer)).status_code == 200


def test_the_same_nights_again_lead_to_the_first_dispute(lin: Client, form_path: str) -> None:
    check = walk.to_check(lin, form_path)
    number = walk.send_off(lin, walk.to_check(lin, form_path)).headers["location"].split("/")[2]
    again = lin.get(form_path).text
    assert "Everything here is disputed already" in again
    assert 'value="next"' not in again
    answer = walk.send_off(lin, check)
    assert answer.status_code == 409
    assert number in lin.get("/disputes").text


def test_adding_and_withdrawing(lin: Client, doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    page = lin.get(f"/disputes/{number}")
    assert lin.submit(page, {"words": ""}, form="/add").status_code == 422
    files = [
        ("files", ("notes.docx", b"PK not read", "application/octet-stream")),
        ("files", ("slip.png", evidence.picture(), "image/png")),
    ]
    wrong = walk.send(lin, page, {"words": "One more thing.", "consent": "yes"}, "/add", files)
    assert wrong.status_code == 422
    assert "notes.docx is a text document" in said_at_the_top(wrong)["files"]
    more = lin.follow(walk.send(lin, wrong, {}, "/add"))
    assert all(kept in more.text for kept in ("One more thing.", "slip.png"))
    done = lin.follow(lin.submit(more, form="/withdraw"))
    assert "You withdrew this dispute" in done.text
    assert lin.submit(more, {"words": "Too late."}, form="/add").status_code == 409


def test_the_outcome_says_every_line_before_and_after(lin: Client, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number))
    page = lin.get(f"/disputes/{number}")
    for words in ("Your dispute was upheld", "20.54", "900.54", "880.00", "2,089.57", "2,069.03", "12378"):
        assert words in page.text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("funds_met", "is taken off. This was our mistake. We are sorry."),
        ("goodwill", "is taken off out of goodwill."),
        ("other", "20.54 is taken off. Below"),
    ],
)
def test_sorry_is_said_only_for_a_mistake_of_ours(
    lin: Client, doors: Doors, cast: Cast, clock: FixedClock, reason: str, said: str
) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, reason=reason))
    page = said_of(lin.get(f"/disputes/{number}"))
    assert said in page
    assert ("our mistake" in page) is (reason == "funds_met")


def test_not_upheld_says_the_ways_on(lin: Client, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, upheld=False))
    page = lin.get(f"/disputes/{number}")
    for words in ("Your dispute was not upheld", "900.54", "2,089.57", "/plans/new", "12363"):
        assert words in page.text


def test_a_late_answer_says_so(lin: Client, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.advance(days=8)
    jobs.tell_late(doors)
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    assert "are late. We are sorry" in lin.get(f"/disputes/{number}").text


def test_choosing_an_instalment(lin: Client, form_path: str) -> None:
    page = lin.get("/disputes/start")
    assert form_path in page.text
    assert form_path.replace("/3/", "/4/") in page.text
    assert form_path.replace("/3/", "/5/") not in page.text
    # The account asks for 11.69: what was paid of the 20.54 can be disputed too, and that is said.
    for words in ("20.54", "11.69", "not paid yet", "what was paid can be disputed too"):
        assert words in page.text, words


STEPS = ("", "/nights", "/reason", "/details", "/files")
PATHS = ("/disputes", "/disputes/start", "/disputes/{number}", "/disputes/{number}/sent", "{form}", "{form}/sums")
POSTS = ("/disputes/{number}/add", "/disputes/{number}/withdraw", "/disputes/{number}/consent", "{form}")


def test_who_may_see_what(client: Client, doors: Doors, cast: Cast, form_path: str, tmp_path: Path) -> None:
    second = {"borrowers": [borrower(borrower_ref="B2", name="周二", mobile="13900139000")]}
    second["parties"] = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "co_borrower"}]
    import_tables(doors, tmp_path / "second", second)
    lin, zhou, stranger, staff = client.another(), client.another(), client.another(), client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    zhou.http.cookies.update(cast.sign_in(cast.borrower("B2")))
    staff.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu", "dispute_handler", "supervisor")))
    draft = str(lin.follow(walk.choose(lin, lin.follow(walk.begin(lin, form_path)), "paid")).url).rsplit("/", 1)[0]
    number = file_dispute(doors, cast.borrower(), 4)
    paths = [path.format(number=number, form=form_path) for path in PATHS]
    drafts = [f"{draft}{step}" for step in STEPS]
    for path in (*paths, *drafts):
        assert stranger.get(path).status_code in {303, 401}
        assert staff.get(path).status_code in {303, 401, 403}
    for path in [path.format(number=number, form=form_path) for path in POSTS] + [*drafts, f"{draft}/discard"]:
        assert stranger.post(path, {}).status_code in {303, 400, 401, 403}
        assert staff.post(path, {}).status_code in {303, 400, 401, 403}
    assert [lin.get(path).status_code for path in (*paths, *drafts)] == [200] * (len(paths) + len(drafts))
    assert [zhou.get(path).status_code for path in drafts] == [404] * len(drafts), "a draft is its person's alone"
    token = fields_of(zhou.get(form_path), form_of(zhou.get(form_path), "/dispute"))["form_token"]
    assert zhou.post(f"{draft}/nights", {"form_token": token, "stretch": ALL}).status_code in {403, 404}
    assert lin.get("/disputes/222-222").status_code == 404
    assert lin.get(form_path.replace("/3/", "/5/")).status_code == 404
    assert lin.post(f"/disputes/{number}/withdraw", {}).status_code == 400


def test_what_we_said_of_a_file_is_no_part_of_the_statement_and_the_first_words_stay(
    lin: Client, client: Client, doors: Doors, cast: Cast, clock: FixedClock, form_path: str
) -> None:
    """Told for a day, as ours; after the decision the person still reads what they sent, and finds its receipt."""
    files = [("files", ("bad.exe", b"MZ not a picture", "application/octet-stream"))]
    sent = walk.file(lin, form_path, words="It was there.", files=files)
    place = str(sent.url.path).removesuffix("/sent")
    receipt = sent.text.partition("Receipt of what you sent")[2]
    assert "bad.exe" in sent.text
    assert "bad.exe" not in receipt
    assert "bad.exe" not in lin.get(place).text.partition("What you told us")[2]
    clock.set(DECIDED)
    assert "bad.exe" not in lin.get(place).text
    handler = cast.staff("wei")
    number = place.rsplit("/", 1)[1]
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, upheld=False))
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(handler))
    assert "Told by the portal, 17 April 2026" in said_of(client.get(f"/staff{place}"))
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    was_sent = lin.get(place).text.partition("What was sent")[2].partition("</section>")[0]
    for words in ("The money was in my account", "6789", "It was there.", f'href="{place}/sent"'):
        assert words in was_sent
    assert "bad.exe" not in was_sent
