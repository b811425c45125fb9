"""A borrower's pages over HTTP: filing with files and mistakes, the status page, the outcome, and who may see them."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.disputes import deciding_actions, jobs
from portal.evidence import jobs as evidence_jobs
from portal.evidence.clamd import Clamd
from portal.evidence.queries import FILE
from portal.platform.buckets import Bucket
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.files import FileStore
from tests.buckets import files_of
from tests.client import Client, fields_of, form_of
from tests.disputes.conftest import DECIDED
from tests.make import evidence
from tests.make.disputes import Cast, choice, file_dispute, loan_code
from tests.scanners import pretending


@pytest.fixture
def lin(client: Client, doors: Doors, cast: Cast) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


@pytest.fixture
def form_path(doors: Doors, cast: Cast) -> str:
    return f"/loans/{loan_code(doors, cast.borrower())}/instalments/3/dispute"


def send(client: Client, page: Any, values: dict[str, Any], files: Any = None, form: str = "/dispute") -> Any:
    chosen = form_of(page, form)
    fields = {**fields_of(page, chosen), **values}
    return client.post(str(chosen.attributes["action"]), fields, files=files)


def evidence_code_states(doors: Doors) -> dict[str, str]:
    rows = select(FILE.c.code, FILE.c.state)
    return doors.read_as(doors.system(), lambda connection, _viewer: dict(map(tuple, connection.execute(rows))))


ALL = ["2026-03-06_2026-03-20", "2026-03-21_2026-03-31", "2026-04-01_2026-04-17"]


def test_the_form_shows_nights_and_sums(lin: Client, form_path: str) -> None:
    page = lin.get(form_path)
    assert page.status_code == 200
    for figure in ("8.85", "4.89", "6.80", "20.54", "11.69", "2,075.22"):
        assert figure in page.text
    assert page.text.count("checked") == 3


def test_sums_follow_the_ticks(lin: Client, form_path: str) -> None:
    part = lin.get(form_path + "/sums", params={"stretch": ALL[1]})
    assert part.status_code == 200
    assert 'id="_sums"' in part.text
    assert "4.89" in part.text
    assert lin.get(form_path + "/sums", params={"stretch": "nonsense"}).status_code == 200


def test_filing_gives_a_number_and_a_promised_date(lin: Client, form_path: str) -> None:
    page = lin.get(form_path)
    answer = send(lin, page, {"stretch": ALL, "reason": "funds", "words": "It was there."})
    assert answer.status_code == 303
    status = lin.follow(answer)
    for words in ("24 April", "20.14", "11.29", "2,075.22", "It was there."):
        assert words in status.text
    assert (
        send(lin, page, {"stretch": ALL, "reason": "funds", "words": "It was there."}).headers["location"]
        == (answer.headers["location"])
    )
    assert lin.get("/disputes").text.count("Being decided") == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stretch": ALL}, "Choose the reason"),
        ({"stretch": [], "reason": "funds"}, "Tick what you see differently"),
        ({"stretch": ALL, "reason": "hardship"}, "Choose the reason"),
        ({"stretch": ALL, "reason": "funds", "words": "x" * 4001}, "4000 characters"),
    ],
)
def test_mistakes_lose_nothing(lin: Client, form_path: str, values: dict[str, Any], said: str) -> None:
    answer = send(lin, lin.get(form_path), {"words": "kept words", **values})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Error:" in answer.text
    assert str(values.get("words", "kept words"))[:10] in answer.text


def test_without_scripts_update_shows_the_sums_and_files_nothing(lin: Client, form_path: str) -> None:
    answer = send(lin, lin.get(form_path), {"stretch": ALL[:1], "act": "update"})
    assert answer.status_code == 200
    assert "8.85" in answer.text
    assert answer.text.count("checked") == 1
    assert "You have no disputes" in lin.get("/disputes").text


def test_single_nights_can_be_chosen(lin: Client, form_path: str) -> None:
    values = {"stretch": [], "night": ["2026-03-21_2026-03-21", "2026-03-22_2026-03-22"], "reason": "amount"}
    status = lin.follow(send(lin, lin.get(form_path), values))
    assert "0.89" in status.text


def test_a_store_that_is_away_loses_no_dispute(lin: Client, doors: Doors, form_path: str, app: Any) -> None:
    """Filed without its files, each named with what to do; later they are added (EV-13)."""
    portal = app.state.portal
    service = files_of({"FILES_URL": "s3://evidence", "FILES_ENDPOINT": "http://127.0.0.1:9"})
    working, portal.files = portal.files, FileStore(Bucket(service), portal.settings.file_keys)
    files = [("files", (f"{number}.pdf", evidence.pdf(number), "application/pdf")) for number in (1, 2, 3)]
    values = {"stretch": ALL, "reason": "funds", "words": "It was there.", "consent": "yes"}
    status = lin.follow(send(lin, lin.get(form_path), values, files))
    assert "It was there." in status.text
    for number in (1, 2, 3):
        assert f"{number}.pdf could not be stored" in status.text
    portal.files = working
    again = lin.follow(send(lin, status, {"consent": "yes"}, files[:1], form="/add"))
    assert again.text.count("Being checked") == 1


def test_a_file_in_which_the_scanner_finds_something_is_said_to_both(
    lin: Client, client: Client, doors: Doors, cast: Cast, form_path: str, app: Any
) -> None:
    portal = app.state.portal
    files = [("files", ("statement.pdf", evidence.pdf(), "application/pdf"))]
    values = {"stretch": ALL, "reason": "funds", "consent": "yes"}
    answer = send(lin, lin.get(form_path), values, files)
    with pretending() as scanner:
        scanner.answer = b"stream: Test.Signature FOUND\0"
        assert evidence_jobs.read_waiting(portal.doors, portal.files, Clamd(scanner.address)) == 1
    status = lin.get(answer.headers["location"])
    assert "the virus check found something in it. Send it another way" in status.text
    assert "Test.Signature" not in status.text
    assert ">View<" not in status.text
    code = str(form_of(status, "/remove").attributes["action"]).split("/")[2]
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(cast.staff("wei")))
    staff = client.get(f"/staff{answer.headers['location']}")
    assert "the virus check found Test.Signature" in staff.text
    assert ">View<" not in staff.text
    client.http.cookies.clear()
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    assert (
        lin.submit(lin.get(answer.headers["location"]), form="/remove").headers["location"]
        == answer.headers["location"]
    )
    assert evidence_code_states(doors) == {code: "deleted"}


def test_a_file_that_fails_is_named_and_the_dispute_is_filed(
    lin: Client, doors: Doors, form_path: str, app: Any
) -> None:
    files = [
        ("files", ("March statement.pdf", evidence.pdf(), "application/pdf")),
        ("files", ("recording.mov", b"not a picture", "video/quicktime")),
    ]
    values = {"stretch": ALL, "reason": "funds", "consent": "yes"}
    status = lin.follow(send(lin, lin.get(form_path), values, files))
    assert "March statement.pdf" in status.text
    assert "We cannot read recording.mov" in status.text
    assert "Being checked" in status.text
    assert "90 days after the case is closed" in status.text
    assert evidence_jobs.read_waiting(doors, app.state.portal.files) == 1
    assert "/view" in lin.get(str(status.url)).text


def test_files_need_consent_and_wait_for_the_form_to_be_right(lin: Client, form_path: str) -> None:
    files = [("files", ("slip.png", evidence.picture(), "image/png"))]
    refused = send(lin, lin.get(form_path), {"stretch": ALL, "reason": "paid"}, files)
    assert refused.status_code == 422
    assert "Tick this so that we may read your files" in refused.text
    assert "slip.png" not in refused.text
    again = send(lin, refused, {"stretch": ALL, "consent": "yes"} | {"reason": ""}, files)
    assert again.status_code == 422
    assert "Uploaded, not sent yet" in again.text
    status = lin.follow(send(lin, again, {"stretch": ALL, "consent": "yes", "reason": "paid"}))
    assert "slip.png" in status.text
    gone = lin.follow(lin.submit(status, form="/consent"))
    assert "slip.png" not in gone.text
    assert "has been deleted" in gone.text


def test_figures_that_changed_under_the_form_are_shown_anew(
    client: Client, cast: Cast, form_path: str, clock: FixedClock
) -> None:
    clock.advance(hours=9, minutes=53)
    lin = client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    page = lin.get(form_path)
    clock.advance(minutes=2)
    answer = send(lin, page, {"stretch": ALL, "reason": "funds", "words": "kept words"})
    assert answer.status_code == 409
    assert "New bookings came in" in answer.text
    assert "kept words" in answer.text


def test_the_same_nights_again_lead_to_the_first_dispute(lin: Client, form_path: str) -> None:
    page = lin.get(form_path)
    number = send(lin, page, {"stretch": ALL, "reason": "funds"}).headers["location"].rsplit("/", 1)[1]
    again = lin.get(form_path)
    assert "disputed already" in again.text
    answer = send(lin, again, {"stretch": ALL, "reason": "funds"})
    assert answer.status_code == 409
    assert number in lin.get("/disputes").text


def test_adding_and_withdrawing(lin: Client, doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    page = lin.get(f"/disputes/{number}")
    assert lin.submit(page, {"words": ""}, form="/add").status_code == 422
    more = lin.follow(lin.submit(page, {"words": "One more thing."}, form="/add"))
    assert "One more thing." in more.text
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


PATHS = ("/disputes", "/disputes/start", "/disputes/{number}", "{form}", "{form}/sums")
POSTS = ("/disputes/{number}/add", "/disputes/{number}/withdraw", "/disputes/{number}/consent", "{form}")


def test_who_may_see_what(client: Client, doors: Doors, cast: Cast, form_path: str) -> None:
    number = file_dispute(doors, cast.borrower())
    paths = [path.format(number=number, form=form_path) for path in PATHS]
    stranger, staff = client.another(), client.another()
    staff.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu", "dispute_handler", "supervisor")))
    for path in paths:
        assert stranger.get(path).status_code in {303, 401}
        assert staff.get(path).status_code in {303, 401, 403}
    for path in POSTS:
        address = path.format(number=number, form=form_path)
        assert stranger.post(address, {}).status_code in {303, 400, 401, 403}
    lin = client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    assert [lin.get(path).status_code for path in paths] == [200] * len(paths)
    assert lin.get("/disputes/222-222").status_code == 404
    assert lin.get(form_path.replace("/3/", "/5/")).status_code == 404
    assert lin.post(f"/disputes/{number}/withdraw", {}).status_code == 400
