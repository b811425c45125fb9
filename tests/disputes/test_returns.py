"""A form of a dispute that outlives its session, or whose figures changed under it: it says so and loses nothing."""

from pathlib import Path
from typing import Any

import pytest

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.disputes import walk
from tests.disputes.conftest import DECIDED
from tests.make import evidence
from tests.make.disputes import Cast, file_dispute, loan_code
from tests.make.loans import borrower, import_tables, payment

TICKED = ["2026-03-06_2026-03-20"]
KEPT = "What you typed is kept. Nothing has been sent."


@pytest.fixture
def lin(client: Client, doors: Doors, cast: Cast) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


@pytest.fixture
def form_path(doors: Doors, cast: Cast) -> str:
    return f"/loans/{loan_code(doors, cast.borrower())}/instalments/3/dispute"


def slip(name: str) -> Any:
    return [("files", (name, evidence.picture(), "image/png"))]


def after_the_check(client: Client, cast: Cast) -> Client:
    """The same browser, after the recipient check was passed anew."""
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


class TestTheSessionEnded:
    def test_each_step_comes_back_as_it_was_typed(
        self, lin: Client, cast: Cast, form_path: str, clock: FixedClock
    ) -> None:
        """SB-05, at every step: what was typed when the session had ended stands there again after the check."""
        typed: list[tuple[str, dict[str, Any]]] = [
            ("/reason", {"reason": "paid"}),
            ("/details", {**walk.FACTS["paid"], "words": "Typed for a long time."}),
        ]
        page = lin.get(form_path)
        clock.advance(minutes=16)
        ended = walk.send(lin, page, {"stretch": TICKED, "act": "next"}, "/dispute")
        assert "kept=1" in ended.headers["location"]
        page = after_the_check(lin, cast).get(form_path)
        assert KEPT in page.text
        assert page.text.count("checked") == 1
        page = lin.follow(walk.send(lin, page, {"stretch": TICKED, "act": "next"}, "/dispute"))
        for step, values in typed:
            address = str(page.url)
            clock.advance(minutes=16)
            ended = walk.send(lin, page, {**values, "act": "next"}, step)
            assert ended.status_code == 303
            assert "kept=1" in ended.headers["location"]
            back = after_the_check(lin, cast).get(address)
            assert KEPT in back.text
            found = fields_of(back, form_of(back, step))
            assert {name: found[name] for name in values} == values
            page = lin.follow(walk.send(lin, back, {"act": "next"}, step))
        clock.advance(minutes=16)
        address = str(page.url)
        ended = walk.upload(lin, page, slip("first.png"))
        back = after_the_check(lin, cast).get(address)
        assert "Please choose these files again: first.png" in back.text
        check = lin.follow(walk.upload(lin, back, slip("first.png")))
        clock.advance(minutes=16)
        ended = walk.send_off(lin, check, consent="yes")
        assert "kept=1" in ended.headers["location"]
        back = after_the_check(lin, cast).get(str(check.url))
        assert KEPT in back.text
        assert fields_of(back, form_of(back, str(check.url).rsplit("/", 1)[1]))["consent"] == "yes"
        sent = lin.follow(walk.send_off(lin, back))
        for words in ("first.png", "Typed for a long time.", "8.85"):
            assert words in sent.text, words
        assert KEPT not in lin.get(form_path).text
        assert lin.get("/disputes").text.count("Being decided") == 1

    def test_a_message_comes_back_on_its_dispute(
        self, lin: Client, doors: Doors, cast: Cast, clock: FixedClock
    ) -> None:
        number = file_dispute(doors, cast.borrower())
        page = lin.get(f"/disputes/{number}")
        clock.advance(minutes=16)
        ended = lin.submit(page, {"words": "One more thing."}, form="/add")
        assert f"next=%2Fdisputes%2F{number}&" in ended.headers["location"], "an address that can be opened"
        back = after_the_check(lin, cast).get(f"/disputes/{number}")
        assert KEPT in back.text
        done = lin.follow(lin.submit(back, form="/add"))
        assert done.text.count("One more thing.") == 1

    def test_what_had_arrived_is_not_offered_again(
        self, lin: Client, doors: Doors, cast: Cast, clock: FixedClock
    ) -> None:
        """The answer was lost on its way, the person presses again a quarter of an hour later."""
        number = file_dispute(doors, cast.borrower())
        page = lin.get(f"/disputes/{number}")
        assert lin.submit(page, {"words": "One more thing."}, form="/add").status_code == 303
        clock.advance(minutes=16)
        assert "kept" not in lin.submit(page, {"words": "One more thing."}, form="/add").headers["location"]
        back = after_the_check(lin, cast).get(f"/disputes/{number}")
        assert KEPT not in back.text
        assert back.text.count("One more thing.") == 1

    def test_withdrawing_leads_back_to_the_dispute(
        self, lin: Client, doors: Doors, cast: Cast, clock: FixedClock
    ) -> None:
        number = file_dispute(doors, cast.borrower())
        page = lin.get(f"/disputes/{number}")
        clock.advance(minutes=16)
        ended = lin.submit(page, form="/withdraw")
        assert ended.headers["location"] == f"/session-ended?next=%2Fdisputes%2F{number}"
        assert "/withdraw" in after_the_check(lin, cast).get(f"/disputes/{number}").text

    def test_another_site_plants_nothing(self, lin: Client, form_path: str) -> None:
        page = lin.get(form_path)
        fields = {**fields_of(page, form_of(page, "/dispute")), "stretch": TICKED}
        headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert lin.post(form_path, {**fields, "form_token": "made.up.token"}, headers=headers).status_code == 403
        assert lin.get(form_path).text.count("checked") == 3

    def test_nobody_else_finds_it(
        self, lin: Client, doors: Doors, cast: Cast, form_path: str, clock: FixedClock, tmp_path: Path
    ) -> None:
        co_borrower = {
            "borrowers": [borrower(borrower_ref="B2", name="周二", mobile="13900139000")],
            "parties": [{"loan_ref": "L1", "borrower_ref": "B2", "role": "co_borrower"}],
        }
        import_tables(doors, tmp_path / "second", co_borrower)
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        page = lin.get(form_path)
        clock.advance(minutes=16)
        walk.send(lin, page, {"stretch": TICKED, "act": "next"}, "/dispute")
        lin.http.cookies.update(cast.sign_in(cast.borrower("B2")))
        other = lin.get(form_path)
        assert KEPT not in other.text
        assert other.text.count("checked") == 3

    def test_a_part_that_asks_by_itself_leaves_the_page_alone(
        self, lin: Client, form_path: str, clock: FixedClock
    ) -> None:
        """Else a whole page would land inside the form."""
        clock.advance(minutes=16)
        assert lin.get(form_path + "/sums", headers={"HX-Request": "true"}).status_code == 204

    def test_staff_find_their_decision_again(self, client: Client, doors: Doors, cast: Cast, clock: FixedClock) -> None:
        number = file_dispute(doors, cast.borrower())
        clock.set(DECIDED)
        client.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
        page = client.get(f"/staff/disputes/{number}")
        clock.advance(minutes=16)
        typed = {"act": "not_upheld", "reason": "funds_not_met", "words": "The account held less."}
        ended = client.submit(page, typed, form="/decide")
        assert ended.headers["location"] == f"/staff/sign-in?next=%2Fstaff%2Fdisputes%2F{number}&kept=1"
        assert "What you typed is kept." in client.follow(ended).text
        client.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
        back = client.get(f"/staff/disputes/{number}")
        assert KEPT in back.text
        found = fields_of(back, form_of(back, "/decide"))
        assert (found["reason"], found["words"]) == ("funds_not_met", "The account held less.")
        client.http.cookies.update(cast.sign_in(cast.staff("Somebody else")))
        assert "The account held less." not in client.get(f"/staff/disputes/{number}").text


class TestTheFiguresChanged:
    def test_a_payment_that_arrived_is_named_with_the_lines_it_changed(
        self, lin: Client, doors: Doors, form_path: str, tmp_path: Path
    ) -> None:
        check = walk.to_check(lin, form_path, "funds", ticks={"stretch": TICKED}, words="Kept words.")
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        answer = walk.send_off(lin, check)
        assert answer.status_code == 409
        assert 'A payment of <data value="30000">' in answer.text
        assert "arrived while you were writing. Nothing was sent." in answer.text
        assert "Kept words." in answer.text
        for figure in ("6.80", "4.00"):
            assert figure in answer.text.partition('class="differences"')[2].partition("</ul>")[0], figure
        assert "is with us" in lin.follow(walk.send_off(lin, answer)).text

    def test_ticks_follow_their_nights(self, lin: Client, doors: Doors, form_path: str, tmp_path: Path) -> None:
        """The last stretch is cut in two by the payment; both halves stay ticked."""
        page = lin.get(form_path)
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        answer = walk.send(lin, page, {"stretch": ["2026-04-01_2026-04-17"], "act": "next"}, "/dispute")
        assert answer.status_code == 409
        assert answer.text.count("checked") == 2

    def test_staff_see_what_changed(
        self, client: Client, doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
    ) -> None:
        number = file_dispute(doors, cast.borrower())
        clock.set(DECIDED)
        client.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
        page = client.get(f"/staff/disputes/{number}")
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        typed = {"act": "not_upheld", "reason": "funds_not_met", "words": "The account held less."}
        answer = client.submit(page, typed, form="/decide")
        assert answer.status_code == 409
        assert "arrived while you were looking. Nothing was decided" in answer.text
        assert "The account held less." in answer.text
        assert 'class="differences"' in answer.text
