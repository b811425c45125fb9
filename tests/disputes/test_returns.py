"""A form of a dispute that outlives its session, or whose figures changed under it: it says so and loses nothing."""

from pathlib import Path
from typing import Any

import pytest

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
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


def send(client: Client, page: Any, values: dict[str, Any], files: Any = None, form: str = "/dispute") -> Any:
    chosen = form_of(page, form)
    return client.post(str(chosen.attributes["action"]), {**fields_of(page, chosen), **values}, files=files)


def slip(name: str) -> Any:
    return [("files", (name, evidence.picture(), "image/png"))]


def after_the_check(client: Client, cast: Cast) -> Client:
    """The same browser, after the recipient check was passed anew."""
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


class TestTheSessionEnded:
    def test_a_new_dispute_comes_back_with_its_files(
        self, lin: Client, cast: Cast, form_path: str, clock: FixedClock
    ) -> None:
        """SB-05: words, ticks, reason, consent and the files that had arrived; the last file is asked for again."""
        draft = send(lin, lin.get(form_path), {"stretch": TICKED, "consent": "yes"}, slip("first.png"))
        assert "Uploaded, not sent yet" in draft.text
        clock.advance(minutes=16)
        typed = {"stretch": TICKED, "reason": "paid", "words": "Typed for a long time.", "consent": "yes"}
        ended = send(lin, draft, typed, slip("second.png"))
        assert ended.status_code == 303
        assert "kept=1" in ended.headers["location"]
        assert "What you typed is kept." in lin.follow(ended).text
        back = after_the_check(lin, cast).get(form_path)
        assert KEPT in back.text
        assert "Typed for a long time." in back.text
        assert "first.png" in back.text
        assert "Please choose these files again: second.png" in back.text
        assert fields_of(back, form_of(back, "/dispute"))["reason"] == "paid"
        status = lin.follow(send(lin, back, {"stretch": TICKED}))
        assert "first.png" in status.text
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
        fields = {**fields_of(page, form_of(page, "/dispute")), "words": "Planted."}
        headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        assert lin.post(form_path, {**fields, "form_token": "made.up.token"}, headers=headers).status_code == 403
        assert "Planted." not in lin.get(form_path).text

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
        send(lin, page, {"stretch": TICKED, "reason": "paid", "words": "Only mine."})
        lin.http.cookies.update(cast.sign_in(cast.borrower("B2")))
        assert "Only mine." not in lin.get(form_path).text

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
        page = lin.get(form_path)
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        answer = send(lin, page, {"stretch": TICKED, "reason": "paid", "words": "Kept words."})
        assert answer.status_code == 409
        assert 'A payment of <data value="30000">' in answer.text
        assert "arrived while you were writing. Nothing was sent." in answer.text
        assert "Kept words." in answer.text
        for figure in ("6.80", "4.00"):
            assert figure in answer.text.partition('class="differences"')[2].partition("</ul>")[0], figure
        assert send(lin, answer, {"stretch": TICKED}).status_code == 303

    def test_ticks_follow_their_nights(self, lin: Client, doors: Doors, form_path: str, tmp_path: Path) -> None:
        """The last stretch is cut in two by the payment; both halves stay ticked."""
        page = lin.get(form_path)
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        answer = send(lin, page, {"stretch": ["2026-04-01_2026-04-17"], "reason": "paid"})
        assert answer.text.count("checked") == 3, "two halves and the reason"

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
