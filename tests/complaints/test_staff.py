"""Supervisors' pages over HTTP: the queue, answering, asking, whom it is about, and who may see what."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.complaints import actions
from portal.complaints.actions import Sending
from portal.evidence import actions as evidence_actions
from portal.evidence import jobs as evidence_jobs
from portal.evidence import queries as files_of
from portal.loans import queries as loans
from portal.messages import jobs as message_jobs
from portal.messages.actions import notify
from portal.messages.gateways import DemoPhone
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.make import complaints as make
from tests.make.disputes import Cast
from tests.make.evidence import picture

Visit = Callable[..., Client]


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    return make.complain(doors, cast.borrower())


@pytest.fixture
def shen(visit: Visit, number: str) -> Client:
    return visit("Shen Ruo", "supervisor")


def reply(client: Client, page: Any, act: str = "reply", **values: Any) -> Any:
    chosen = form_of(page, "/answer")
    usual = {"outcome": "founded", "reason": "conduct", "words": "We heard it.", "changed": "He was retrained."}
    return client.post(str(chosen.attributes["action"]), fields_of(page, chosen) | usual | values | {"act": act})


def account_of(cast: Cast, name: str) -> str:
    return str(cast.staff(name, "supervisor").staff_id)


class TestQueue:
    def test_it_filters(self, shen: Client, number: str) -> None:
        page = shen.get("/staff/complaints")
        for words in (number, "林一", "24 Apr", "Pressure, threats or rude words"):
            assert words in page.text
        for query in ({"happening": "other"}, {"held": "me"}, {"state": "waiting"}, {"page": "2"}):
            assert number not in shen.get("/staff/complaints", params=query).text
        for query in ({"happening": "pressure"}, {"held": "nobody"}, {"state": "open"}, {"page": "x"}, {"state": "?"}):
            assert number in shen.get("/staff/complaints", params=query).text

    def test_overdue_ones_stand_on_top(
        self, visit: Visit, doors: Doors, cast: Cast, number: str, clock: FixedClock
    ) -> None:
        clock.advance(days=9)
        newer = make.complain(doors, cast.borrower("B2"))
        text = visit("Shen Ruo", "supervisor").get("/staff/complaints").text
        assert text.index(number) < text.index(newer)
        assert "2 days over" in text
        assert "1 over its promised date" in text

    def test_the_bar_counts_what_the_reader_may_see(self, visit: Visit, doors: Doors, cast: Cast, number: str) -> None:
        ruo, song = visit("Shen Ruo", "supervisor"), visit("He Song", "supervisor")
        make.complain(doors, cast.borrower(), who="Shen Ruo")
        bar = 'Complaints <span class="count">{}</span>'
        assert bar.format(1) in ruo.get("/staff/complaints").text
        assert bar.format(2) in song.get("/staff/complaints").text
        assert "Complaints <span" not in visit("Qiao", "dispute_handler").get("/staff/disputes").text


class TestDetail:
    def test_it_shows_what_was_told_beside_what_the_portal_sent(
        self, visit: Visit, doors: Doors, cast: Cast, number: str, clock: FixedClock, app: Any
    ) -> None:
        """A reminder at 22:30 cannot have come from the portal; one at 14:06 can, and is listed."""

        def text(template: str) -> None:
            lin = cast.borrower()
            doors.write_as(lin, lambda session, viewer: notify(session, viewer, person_id=1, template=template))
            message_jobs.send_due(doors, app.state.portal.settings, DemoPhone())

        text("sms.news")
        clock.advance(minutes=1)
        text("sms.link")
        page = visit("Shen Ruo", "supervisor").get(f"/staff/complaints/{number}")
        for words in (make.WORDS, "Telephone call", "14:06", "14:07", "138****8000", "08:00 to 21:00, 3 a day"):
            assert words in page.text
        assert page.text.count("Asked for, does not count") == 1
        assert "Outside the hours" not in page.text

    def test_that_it_was_looked_at_is_written_down(self, shen: Client, number: str) -> None:
        shen.get(f"/staff/complaints/{number}")
        assert "complaint.seen" in shen.get(f"/staff/audit?about={number}").text

    def test_holding_and_giving_back(self, visit: Visit, shen: Client, number: str) -> None:
        page = shen.follow(shen.submit(shen.get(f"/staff/complaints/{number}"), form="/hold"))
        assert "held by you" in page.text
        song = visit("He Song", "supervisor")
        assert "held by Shen Ruo" in song.get(f"/staff/complaints/{number}").text
        assert "held by" not in shen.follow(shen.submit(page, form="/hold")).text


class TestAnswering:
    def test_an_answer_ends_it(self, shen: Client, doors: Doors, number: str) -> None:
        answer = reply(shen, shen.get(f"/staff/complaints/{number}"))
        assert answer.status_code == 303
        page = shen.follow(answer)
        for words in ("Answered by Shen Ruo", "We heard it.", "He was retrained.", "Founded"):
            assert words in page.text
        assert make.state(doors, number) == "answered"
        assert number not in shen.get("/staff/complaints").text
        assert number in shen.get("/staff/complaints", params={"state": "answered"}).text

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"outcome": ""}, "Choose whether it is founded"),
            ({"reason": "x"}, "Choose a reason"),
            ({"words": " "}, "The person reads these words"),
            ({"changed": ""}, "Say what was changed"),
            ({"outcome": "partly", "changed": " "}, "Say what was changed"),
            ({"act": "ask", "words": ""}, "The person reads these words"),
        ],
    )
    def test_mistakes_answer_nothing(
        self, shen: Client, doors: Doors, number: str, values: dict[str, Any], said: str
    ) -> None:
        act = values.pop("act", "reply")
        answer = reply(shen, shen.get(f"/staff/complaints/{number}"), act, **values)
        assert answer.status_code == 422
        assert said in answer.text
        assert make.state(doors, number) == "open"

    def test_not_founded_needs_no_change(self, shen: Client, doors: Doors, number: str) -> None:
        page = shen.get(f"/staff/complaints/{number}")
        assert "needed if you choose “Founded” or “Partly founded”" in page.text
        reply(shen, page, outcome="not_founded", reason="within_rules", changed="")
        assert make.state(doors, number) == "answered"

    def test_asking_for_more(self, shen: Client, doors: Doors, number: str) -> None:
        page = shen.follow(reply(shen, shen.get(f"/staff/complaints/{number}"), "ask", words="Which day?"))
        assert "Which day?" in page.text
        assert make.state(doors, number) == "waiting"

    def test_the_loser_is_told_who_won_and_loses_no_word(self, visit: Visit, shen: Client, number: str) -> None:
        mine = shen.get(f"/staff/complaints/{number}")
        song = visit("He Song", "supervisor")
        reply(song, song.get(f"/staff/complaints/{number}"))
        lost = reply(shen, mine, words="My words.")
        assert lost.status_code == 409
        assert "He Song answered this a moment before you" in lost.text

    def test_more_words_of_the_person_are_shown_before_it_is_answered(
        self, shen: Client, doors: Doors, cast: Cast, number: str
    ) -> None:
        page = shen.get(f"/staff/complaints/{number}")
        doors.write_as(cast.borrower(), actions.add, number, Sending("And on Sunday again."))
        lost = reply(shen, page, words="My words.")
        assert lost.status_code == 409
        for words in ("changed since you opened this page", "And on Sunday again.", "My words."):
            assert words in lost.text
        assert reply(shen, lost).status_code == 303

    def test_what_was_typed_outlives_the_session(
        self, shen: Client, cast: Cast, number: str, clock: FixedClock
    ) -> None:
        page = shen.get(f"/staff/complaints/{number}")
        clock.advance(minutes=16)
        reply(shen, page, words="Typed for long.")
        shen.http.cookies.update(cast.sign_in(cast.staff("Shen Ruo", "supervisor")))
        assert "Typed for long." in shen.get(f"/staff/complaints/{number}").text


class TestWhomItIsAbout:
    def concerns(self, client: Client, page: Any, account: str, act: str = "shut_out") -> Any:
        chosen = form_of(page, "/concerns")
        fields = fields_of(page, chosen) | {"account": account, "act": act}
        return client.post(str(chosen.attributes["action"]), fields)

    def test_picked_by_a_supervisor_they_find_nothing_anywhere(
        self, visit: Visit, shen: Client, cast: Cast, doors: Doors, number: str, app: Any
    ) -> None:
        """Not in the queue, under its address, by search, in the case, in the audit log, nor its files."""
        kept = evidence_actions.keep(app.state.portal.files, "calls.png", picture())
        sending = Sending(consent="I agree.", uploads=(kept,))
        doors.write_as(cast.borrower(), actions.add, number, sending)
        evidence_jobs.read_waiting(doors, app.state.portal.files)
        song = visit("He Song", "supervisor")
        (file,) = doors.read_as(cast.staff("Shen Ruo", "supervisor"), files_of.case_files, "complaint", number)
        addresses = [
            f"/staff/complaints/{number}",
            f"/staff/files/{file.code}/view",
            f"/staff/files/{file.code}/pages/1",
        ]
        assert [song.get(path).status_code for path in addresses] == [200, 200, 200]
        page = self.concerns(shen, shen.get(f"/staff/complaints/{number}"), account_of(cast, "He Song"))
        assert "Picked by Shen Ruo" in shen.follow(page).text
        assert [song.get(path).status_code for path in addresses] == [404, 404, 404]
        assert song.get(f"/staff/files/{file.code}").status_code == 404
        queue = song.get("/staff/complaints")
        assert number not in queue.text
        assert number not in song.get("/staff/audit").text
        assert "complaint." not in song.get(f"/staff/audit?about={number}").text
        assert "complaint.opened" in shen.get(f"/staff/audit?about={number}").text
        found = song.submit(queue, {"number": number}, form="/staff/search")
        assert found.status_code == 422
        for part in ("documents", "history"):
            assert number not in song.get(f"{case_address(doors, cast)}/{part}").text
            assert number in shen.get(f"{case_address(doors, cast)}/{part}").text

    def test_a_page_opened_before_answers_nothing_afterwards(
        self, visit: Visit, shen: Client, cast: Cast, doors: Doors, number: str
    ) -> None:
        song = visit("He Song", "supervisor")
        open_page = song.get(f"/staff/complaints/{number}")
        self.concerns(shen, shen.get(f"/staff/complaints/{number}"), account_of(cast, "He Song"))
        assert reply(song, open_page).status_code == 404
        assert song.submit(open_page, form="/hold").status_code == 404
        assert self.concerns(song, open_page, account_of(cast, "He Song"), "let_in").status_code == 404
        assert make.state(doors, number) == "open"

    def test_who_names_themselves_is_back_at_the_queue(self, shen: Client, cast: Cast, number: str) -> None:
        answer = self.concerns(shen, shen.get(f"/staff/complaints/{number}"), account_of(cast, "Shen Ruo"))
        assert answer.headers["location"] == "/staff/complaints"
        assert number not in shen.follow(answer).text

    def test_named_by_mistake_they_are_let_in_again(self, visit: Visit, shen: Client, cast: Cast, number: str) -> None:
        song = visit("He Song", "supervisor")
        self.concerns(shen, shen.get(f"/staff/complaints/{number}"), account_of(cast, "He Song"))
        page = shen.get(f"/staff/complaints/{number}")
        self.concerns(shen, page, account_of(cast, "He Song"), "let_in")
        assert song.get(f"/staff/complaints/{number}").status_code == 200

    @pytest.mark.parametrize(("account", "status"), [("999", 409), ("x", 422), ("", 422)])
    def test_only_staff_can_be_picked(self, shen: Client, number: str, account: str, status: int) -> None:
        page = shen.get(f"/staff/complaints/{number}")
        assert self.concerns(shen, page, account).status_code == status


def case_address(doors: Doors, cast: Cast) -> str:
    """Where staff find Lin's case."""
    person = doors.read_as(cast.borrower(), lambda connection, viewer: loans.person(connection, viewer.person_id or 0))
    assert person is not None
    return f"/staff/cases/{person.code}"


class TestNobodyLeft:
    def test_the_administrator_sees_a_number_and_dates_alone(self, visit: Visit, doors: Doors, cast: Cast) -> None:
        cast.staff("Shen Ruo", "supervisor")
        number = make.complain(doors, cast.borrower(), who="Shen Ruo")
        admin = visit("Guan", "administrator")
        page = admin.get("/staff/complaints-without-supervisor")
        for words in (number, "24 April", 'Without supervisor <span class="count">1</span>'):
            assert words in page.text
        for words in ("林一", make.WORDS, "Shen Ruo", "Pressure"):
            assert words not in page.text
        assert admin.get(f"/staff/complaints/{number}").status_code == 403
        assert visit("Shen Ruo", "supervisor").get("/staff/complaints-without-supervisor").status_code == 403
        new = visit("Bai Lu", "supervisor")
        assert number in new.get("/staff/complaints").text
        assert number not in admin.get("/staff/complaints-without-supervisor").text


GETS = ("/staff/complaints", "/staff/complaints/{number}")
POSTS = ("/staff/complaints/{number}/answer", "/staff/complaints/{number}/concerns", "/staff/complaints/{number}/hold")


class TestWhoMay:
    @pytest.mark.parametrize("role", ["dispute_handler", "plan_approver", "administrator"])
    def test_other_staff_are_turned_away(self, visit: Visit, doors: Doors, cast: Cast, number: str, role: str) -> None:
        other = visit("Tao", role)
        assert [other.get(path.format(number=number)).status_code for path in GETS] == [403, 403]
        for path in POSTS:
            assert other.post(path.format(number=number), {}).status_code in {400, 403}
        if role != "administrator":
            for part in ("documents", "history"):
                assert number not in other.get(f"{case_address(doors, cast)}/{part}").text
            found = other.submit(other.get("/staff/people"), {"number": number}, form="/staff/search")
            assert found.status_code == 422

    def test_an_auditor_reads_and_does_nothing(self, visit: Visit, number: str, shen: Client) -> None:
        auditor = visit("Yue", "auditor")
        page = auditor.get(f"/staff/complaints/{number}")
        assert page.status_code == 200
        for piece in ("/answer", "/concerns", "/hold"):
            assert f'{number}{piece}"' not in page.text
        own = shen.get(f"/staff/complaints/{number}")
        for path in POSTS:
            token = fields_of(own, form_of(own, path.rsplit("/", 1)[1]))
            assert auditor.post(path.format(number=number), token).status_code in {400, 403}

    def test_nobody_comes_in_without_signing_in(self, visit: Visit, number: str) -> None:
        for visitor in (visit(), visit("B1")):
            for path in GETS:
                assert visitor.get(path.format(number=number)).status_code in {303, 401, 403}

    def test_an_unknown_number_is_not_there(self, shen: Client) -> None:
        assert shen.get("/staff/complaints/222-222").status_code == 404
