"""A form of a plan that outlives its session, or whose figures changed under it: it says so and loses nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.make import plan_pages
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, payment

Visit = Callable[..., Client]
KEPT = "What you typed is kept. Nothing has been sent."


def arrive(doors: Doors, folder: Path, amount: str) -> None:
    import_tables(doors, folder / "second", {"payments": [payment("A4", "2026-04-16", amount)]})


class TestTheSessionEnded:
    def test_a_proposal_comes_back_ready_to_send(self, visit: Visit, cast: Cast, clock: FixedClock) -> None:
        """SB-05, with one plan in the end."""
        lin = visit("B1")
        code = plan_pages.begin(lin)
        check = plan_pages.look_over(lin, code)
        clock.advance(minutes=16)
        ended = lin.submit(check, {"consent": "yes"}, code)
        assert "kept=1" in ended.headers["location"]
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        back = plan_pages.look_over(lin, code)
        assert KEPT in back.text
        assert fields_of(back, form_of(back, code))["consent"] == "yes"
        assert lin.submit(back, form=code).status_code == 303
        assert lin.get("/plans").text.count('href="/plans/') == 2, "the plan, and the way to a pause"

    @pytest.mark.parametrize("step", ["household", "own"])
    def test_a_page_comes_back_as_it_was_typed(self, visit: Visit, cast: Cast, clock: FixedClock, step: str) -> None:
        lin = visit("B1")
        place = f"/plans/drafts/{plan_pages.begin(lin)}/{step}"
        page = lin.get(place)
        clock.advance(minutes=16)
        ended = lin.submit(page, {"income": "4321", "monthly": "4321"}, f"/{step}")
        assert "kept=1" in ended.headers["location"]
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        back = lin.get(place)
        assert KEPT in back.text
        assert 'value="4321"' in back.text

    @pytest.mark.parametrize("act", ["approve", "refuse"])
    def test_staff_find_their_words_again(
        self, visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, act: str
    ) -> None:
        number = make.propose(doors, cast.borrower())
        staff = visit("Qiao", "plan_approver")
        path = f"/staff/plans/{number}" + ("/refuse" if act == "refuse" else "")
        page = staff.get(path)
        clock.advance(minutes=16)
        ended = staff.submit(page, {"reason": "", "words": "Half a sentence"}, f"/{act}")
        assert "kept=1" in ended.headers["location"]
        staff.http.cookies.update(cast.sign_in(cast.staff("Qiao", "plan_approver")))
        back = staff.get(path)
        assert KEPT in back.text
        assert "Half a sentence" in back.text


class TestTheFiguresChanged:
    def test_a_payment_that_arrived_is_named(self, visit: Visit, doors: Doors, tmp_path: Path) -> None:
        lin = visit("B1")
        code = plan_pages.begin(lin)
        check = plan_pages.look_over(lin, code)
        arrive(doors, tmp_path, "300.00")
        answer = lin.submit(check, {"consent": "yes"}, code)
        assert answer.status_code == 409
        assert 'A payment of <data value="30000">' in answer.text
        assert "arrived while you were writing. Nothing was sent." in answer.text
        assert 'class="differences"' in answer.text

    def test_a_payment_that_leaves_nothing_to_plan_is_named(self, visit: Visit, doors: Doors, tmp_path: Path) -> None:
        lin = visit("B1")
        code = plan_pages.begin(lin)
        check = plan_pages.look_over(lin, code)
        arrive(doors, tmp_path, "5000.00")
        answer = lin.submit(check, {"consent": "yes"}, code)
        assert "arrived while you were writing. Nothing was sent." in answer.text
        assert "Nothing is due today" in answer.text

    @pytest.mark.parametrize("act", ["approve", "refuse"])
    def test_staff_see_what_changed(self, visit: Visit, doors: Doors, cast: Cast, tmp_path: Path, act: str) -> None:
        number = make.propose(doors, cast.borrower())
        staff = visit("Qiao", "plan_approver")
        page = staff.get(f"/staff/plans/{number}" + ("/refuse" if act == "refuse" else ""))
        arrive(doors, tmp_path, "300.00")
        reason = "outside_limits" if act == "refuse" else "within_limits"
        answer = staff.submit(page, {"reason": reason, "words": "Kept words."}, f"/{act}")
        assert answer.status_code == 409
        assert "arrived while you were looking. Nothing was decided" in answer.text
        assert "Kept words." in answer.text
        assert 'class="differences"' in answer.text
