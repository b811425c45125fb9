"""A person's complaints over HTTP: sending, adding, taking back, the answer, and who may see what."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.complaints import actions, jobs
from portal.evidence import jobs as evidence_jobs
from portal.messages import jobs as message_jobs
from portal.messages.actions import notify
from portal.messages.gateways import DemoPhone
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.make import complaints as make
from tests.make import evidence
from tests.make.disputes import Cast
from tests.mistakes import said_at_the_top

KEPT = "What you typed is kept. Nothing has been sent."
Visit = Callable[..., Client]


@pytest.fixture
def lin(visit: Visit) -> Client:
    return visit("B1")


def send(client: Client, page: Any, values: dict[str, Any], files: Any = None, form: str = "/complaints/new") -> Any:
    chosen = form_of(page, form)
    return client.post(str(chosen.attributes["action"]), {**fields_of(page, chosen), **values}, files=files)


def slip(name: str = "calls.png") -> Any:
    return [("files", (name, evidence.picture(), "image/png"))]


def test_sending_gives_a_number_and_a_promised_date(lin: Client) -> None:
    page = lin.get("/complaints/new")
    for words in ("It never goes to the person whom it is about", "24 April", "12378", "12363", "GB/T 45251-2025"):
        assert words in page.text
    day = {"happened_on_day": "3", "happened_on_month": "4", "happened_on_year": "2026", "is_rough": "yes"}
    more = {"about_time": "late in the evening", "channel": "call", "sender": "021 5555", "who": "Mr Nobody"}
    told = {"happening": "pressure", "words": "He shouted.", "wish": ["stop", "apology"]} | day | more
    answer = send(lin, page, told)
    assert answer.status_code == 303
    status = lin.follow(answer)
    for words in ("A supervisor answers it by", "24 April", "about 3 April 2026, late in the evening", "021 5555"):
        assert words in status.text
    for words in ("Telephone call", "Mr Nobody", "He shouted.", "An apology", "no longer contacted this way"):
        assert words in status.text
    assert send(lin, page, told).headers["location"] == answer.headers["location"], "sent twice is sent once"
    assert lin.get("/complaints").text.count("With a supervisor") == 1


def test_one_answer_is_enough(lin: Client) -> None:
    status = lin.follow(send(lin, lin.get("/complaints/new"), {"happening": "odd_request"}))
    assert "pay only to the accounts on the page How to pay" in status.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Choose what comes closest"),
        ({"happening": "nonsense"}, "Choose what comes closest"),
        ({"happening": "other", "words": " "}, "Tell us in your own words"),
        ({"happening": "pressure", "words": "x" * 4001}, "4000 characters"),
        ({"happening": "pressure", "who": "x" * 201}, "200 characters"),
        ({"happening": "pressure", "about_time": "25:99"}, "A day has no such time"),
        ({"happening": "pressure", "channel": "pigeon"}, "Choose one of the answers"),
        ({"happening": "pressure", "wish": ["money"]}, "Choose one of the answers"),
    ],
)
def test_mistakes_lose_nothing(lin: Client, values: dict[str, Any], said: str) -> None:
    answer = send(lin, lin.get("/complaints/new"), {"sender": "kept number", **values})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Error:" in answer.text
    assert "kept number" in answer.text
    assert "You have no complaints" in lin.get("/complaints").text


def test_mistakes_are_said_in_the_order_of_the_page(lin: Client) -> None:
    """Whichever of them was found first: by the model, or in the check that follows."""
    wrong = {"happening": "other", "words": " ", "wish": ["money"], "about_time": "9:99"}
    answer = send(lin, lin.get("/complaints/new"), wrong)
    assert list(said_at_the_top(answer)) == ["words", "about_time", "wish"]


@pytest.mark.parametrize(
    ("day", "said"), [(("18", "4", "2026"), "still to come"), (("31", "2", "2026"), "not a day of the calendar")]
)
def test_a_day_is_one_of_the_past(lin: Client, day: tuple[str, str, str], said: str) -> None:
    values = dict(zip(("happened_on_day", "happened_on_month", "happened_on_year"), day, strict=True))
    answer = send(lin, lin.get("/complaints/new"), {"happening": "pressure", **values})
    assert answer.status_code == 422
    assert said in answer.text


def test_files_need_consent_wait_and_are_sent(lin: Client, doors: Doors, app: Any) -> None:
    refused = send(lin, lin.get("/complaints/new"), {"happening": "pressure"}, slip())
    assert refused.status_code == 422
    assert "Tick this so that we may read your files" in refused.text
    assert "calls.png" in refused.text, "nobody has to choose it again"
    again = send(lin, refused, {"happening": "", "consent": "yes"}, [("files", ("notes.docx", b"PK", "x/y"))])
    assert "Uploaded, not sent yet" in again.text
    assert said_at_the_top(again)["files"].startswith("Choose files or take photos: notes.docx is a text document")
    files = [*slip("second.png"), ("files", ("voice.mp3", b"not a picture", "audio/mpeg"))]
    status = lin.follow(send(lin, again, {"happening": "pressure", "consent": "yes"}, files))
    for words in ("calls.png", "second.png", "voice.mp3 is a recording", "90 days after the answer"):
        # the same picture twice is one file
        assert (words in status.text) == (words != "second.png")
    assert evidence_jobs.read_waiting(doors, app.state.portal.files) == 1
    page = lin.get(str(status.url))
    assert "/view" in page.text
    gone = lin.follow(lin.submit(page, form="/consent"))
    assert "calls.png" not in gone.text
    assert "has been deleted" in gone.text


def test_reminders_can_be_stopped_with_it_at_once(lin: Client, doors: Doors, cast: Cast, app: Any) -> None:
    """What waits is not sent any more; the answer to the complaint still comes."""
    doors.write_as(cast.borrower(), lambda session, viewer: notify(session, viewer, person_id=1, template="sms.news"))
    status = lin.follow(send(lin, lin.get("/complaints/new"), {"happening": "too_often", "stop_reminders": "yes"}))
    assert "Reminders by text have been stopped" in status.text
    assert "Stop reminders by text now" not in lin.get("/complaints/new").text
    make.answer(doors, cast.staff("Shen", "supervisor"), str(status.url).rsplit("/", 1)[1])
    message_jobs.send_due(doors, app.state.portal.settings, DemoPhone())
    diary = lin.get("/messages")
    assert diary.text.count("Text message to") == 1
    assert "已有答复" in diary.text
    assert "Stop reminders by text" in lin.follow(lin.submit(diary, {"reminders": "resume"}, form="/reminders")).text


def test_adding_and_withdrawing(lin: Client, doors: Doors, cast: Cast) -> None:
    number = make.complain(doors, cast.borrower())
    page = lin.get(f"/complaints/{number}")
    assert lin.submit(page, {"words": " "}, form="/add").status_code == 422
    more = lin.follow(lin.submit(page, {"words": "One more thing."}, form="/add"))
    assert "One more thing." in more.text
    unread = send(lin, more, {"words": ""}, slip(), form="/add")
    assert unread.status_code == 422
    assert "calls.png" in unread.text, "nobody has to choose it again"
    with_file = send(lin, unread, {"consent": "yes"}, form="/add")
    assert "calls.png" in lin.follow(with_file).text
    open_page = lin.get(f"/complaints/{number}")
    done = lin.follow(lin.submit(more, form="/withdraw"))
    assert "You withdrew this complaint" in done.text
    late = lin.submit(open_page, {"words": "Too late."}, form="/add")
    assert late.status_code == 409
    assert "Nothing was sent" in late.text


def test_the_account_shows_it_until_it_is_over(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin, number = visit("B1"), make.complain(doors, cast.borrower())
    shown = lin.get("/account").text.partition(f'href="/complaints/{number}"')[2].partition("</li>")[0]
    assert f"Complaint {number}" in shown
    assert "answer by" in shown
    make.answer(doors, cast.staff("Shen", "supervisor"), number)
    assert number not in lin.get("/account").text
    lin.http.cookies.update(cast.sign_in(cast.borrower("B2")))
    make.complain(doors, cast.borrower())
    assert 'href="/complaints/' not in lin.get("/account").text, "somebody else's"


def test_withdrawing_what_is_answered_changes_nothing(lin: Client, doors: Doors, cast: Cast) -> None:
    number = make.complain(doors, cast.borrower())
    page = lin.get(f"/complaints/{number}")
    make.answer(doors, cast.staff("Shen", "supervisor"), number)
    assert lin.submit(page, form="/withdraw").status_code == 409
    assert make.state(doors, number) == "answered"


@pytest.mark.parametrize(
    ("outcome", "changed", "said"),
    [
        ("founded", "He was retrained.", "Your complaint was founded"),
        ("partly", "He was retrained.", "Your complaint was partly founded"),
        ("not_founded", "", "Your complaint was not founded"),
    ],
)
def test_the_answer(lin: Client, doors: Doors, cast: Cast, outcome: str, changed: str, said: str) -> None:
    number = make.complain(doors, cast.borrower())
    shen = cast.staff("Shen", "supervisor")
    make.answer(doors, shen, number, outcome=outcome, changed=changed, words="We heard the recording.")
    page = lin.get(f"/complaints/{number}")
    for words in (said, "We heard the recording.", "12378", "Beijing 100800", "Source: 中国人民银行", changed):
        assert words in page.text
    assert ("We are sorry" in page.text or "we are sorry" in page.text) == (outcome != "not_founded")
    assert "Shen" not in page.text, "the person is not told who of the staff answered"


def test_a_question_is_shown_and_answered(lin: Client, doors: Doors, cast: Cast) -> None:
    number = make.complain(doors, cast.borrower())
    shen = cast.staff("Shen", "supervisor")
    stale = lin.get(f"/complaints/{number}")
    doors.write_as(shen, actions.ask, number, make.version(doors, number), "Which day was it?")
    page = lin.get(f"/complaints/{number}")
    for words in ("Waiting for you", "Which day was it?", "We asked for more"):
        assert words in page.text
    assert page.text.index("Which day was it?") < page.text.index("We have your complaint"), "what is asked comes first"
    lin.follow(lin.submit(stale, {"words": "On the 3rd."}, form="/add"))
    assert make.state(doors, number) == "open"


def test_a_late_answer_says_so(visit: Visit, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = make.complain(doors, cast.borrower())
    clock.advance(days=8)
    jobs.tell_late(doors)
    assert "are late. We are sorry" in visit("B1").get(f"/complaints/{number}").text


class TestTheSessionEnded:
    """SB-05: a long complaint outlives its session."""

    def test_a_new_complaint_comes_back_as_it_was_typed(self, lin: Client, cast: Cast, clock: FixedClock) -> None:
        page = lin.get("/complaints/new")
        clock.advance(minutes=16)
        typed = {"happening": "pressure", "words": "Typed for long.", "wish": ["know", "stop"], "consent": "yes"}
        ended = send(lin, page, typed, slip())
        assert ended.status_code == 303
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        back = lin.get("/complaints/new")
        for words in (KEPT, "Typed for long.", "Please choose these files again: calls.png"):
            assert words in back.text
        assert fields_of(back, form_of(back, "/complaints/new"))["happening"] == "pressure"
        assert "Typed for long." in lin.follow(send(lin, back, {"wish": ["know"]})).text
        assert KEPT not in lin.get("/complaints/new").text

    def test_a_message_comes_back_on_its_complaint(
        self, lin: Client, doors: Doors, cast: Cast, clock: FixedClock
    ) -> None:
        number = make.complain(doors, cast.borrower())
        page = lin.get(f"/complaints/{number}")
        clock.advance(minutes=16)
        lin.submit(page, {"words": "One more thing."}, form="/add")
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        back = lin.get(f"/complaints/{number}")
        assert KEPT in back.text
        assert "One more thing." in lin.follow(lin.submit(back, form="/add")).text


@pytest.mark.parametrize("path", ["/account", "/messages", "/disputes"])
def test_the_ways_to_it(lin: Client, path: str) -> None:
    assert 'href="/complaints' in lin.get(path).text


PATHS = ("/complaints", "/complaints/new", "/complaints/{number}")
POSTS = ("/complaints/new", "/complaints/{number}/add", "/complaints/{number}/withdraw", "/complaints/{number}/consent")
STAFF = ("dispute_handler", "plan_approver", "supervisor", "auditor", "administrator")


def test_nobody_but_the_person_sees_it_here(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = make.complain(doors, cast.borrower())
    paths = [path.format(number=number) for path in PATHS]
    for other in (visit(), *(visit(f"Qiao {role}", role) for role in STAFF)):
        assert [other.get(path).status_code in {303, 401, 403} for path in paths] == [True] * len(paths)
        for path in POSTS:
            assert other.post(path.format(number=number), {}).status_code in {303, 400, 401, 403}
    wen = visit("B2")
    assert wen.get(f"/complaints/{number}").status_code == 404
    assert number not in wen.get("/complaints").text
    lin = visit("B1")
    assert [lin.get(path).status_code for path in paths] == [200] * len(paths)
    assert lin.get("/complaints/222-222").status_code == 404


def test_a_stranger_changes_nothing(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = make.complain(doors, cast.borrower())
    page = visit("B1").get(f"/complaints/{number}")
    wen = visit("B2")
    own = wen.get(f"/complaints/{make.complain(doors, cast.borrower('B2'))}")
    for name in ("/add", "/withdraw", "/consent"):
        fields = fields_of(own, form_of(own, name)) if name != "/consent" else {}
        address = str(page.url.path) + name
        assert wen.post(address, {**fields, "words": "Mine now."}).status_code in {400, 404}
    assert make.state(doors, number) == "open"
