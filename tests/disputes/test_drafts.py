"""A dispute that is not sent yet: saved, found again, changed on two devices, thrown away, forgotten in its time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.disputes import drafting_actions, thread_actions
from portal.disputes.drafting_actions import Sending
from portal.disputes.drafting_queries import DraftPage, draft_page
from portal.disputes.filing_queries import new_page
from portal.disputes.queries import DISPUTE
from portal.disputes.ticks import Ticks
from portal.drafts import actions as drafts
from portal.drafts import jobs
from portal.drafts.queries import DRAFT, own_drafts
from portal.evidence.queries import FILE
from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from tests.client import Client
from tests.disputes import walk
from tests.disputes.walk import said_of
from tests.make import evidence
from tests.make.disputes import Cast, add_files, loan_code, statement
from tests.make.loans import borrower, import_tables, lin_yi, payment
from tests.platform.test_lost_replies import cut_once


@pytest.fixture
def lin(client: Client, doors: Doors, cast: Cast) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


@pytest.fixture
def form_path(doors: Doors, cast: Cast) -> str:
    return f"/loans/{loan_code(doors, cast.borrower())}/instalments/3/dispute"


def slip(name: str = "slip.png") -> Any:
    return [("files", (name, evidence.picture(), "image/png"))]


def count(doors: Doors, table: Any, *where: Any) -> int:
    statement = select(func.count()).select_from(table).where(*where)
    return int(doors.read_as(doors.system(), lambda connection, _: connection.execute(statement).scalar_one()))


def details_page(client: Client, form_path: str, reason: str = "paid") -> Any:
    """The page of the facts of a new draft."""
    return client.follow(walk.choose(client, client.follow(walk.begin(client, form_path)), reason))


class TestSavedForLater:
    @pytest.mark.parametrize("step", ["nights", "reason", "details", "files"])
    def test_every_step_can_be_left_as_it_is(self, lin: Client, form_path: str, step: str) -> None:
        if step == "nights":
            answer = walk.begin(lin, form_path, {"stretch": walk.ALL[:1]}, act="later")
        else:
            page = lin.follow(walk.begin(lin, form_path, {"stretch": walk.ALL[:1]}))
            if step == "reason":
                answer = walk.choose(lin, page, "paid", act="later")
            else:
                page = lin.follow(walk.choose(lin, page, "paid"))
                if step == "details":
                    answer = walk.tell(lin, page, {"paid": "much", "words": "Half a word"}, act="later")
                else:
                    page = lin.follow(walk.tell(lin, page, walk.FACTS["paid"]))
                    answer = walk.upload(lin, page, slip(), act="later")
        assert answer.headers["location"].endswith("/disputes")
        listed = lin.follow(answer)
        said = said_of(listed)
        assert "Not sent yet" in said
        assert "kept until 17 May 2026" in said
        draft = next(link for link in listed.text.split('"') if link.startswith("/disputes/drafts/"))
        looked_over = lin.get(draft)
        assert "6–20 March" in said_of(looked_over)
        if step == "details":
            assert "Half a word" in looked_over.text
            assert "What belongs to this reason" in looked_over.text
            assert 'value="much"' in lin.get(f"{draft}/details").text
        if step == "files":
            assert "slip.png" in looked_over.text

    def test_it_stands_on_the_account_and_stops_nothing(
        self, lin: Client, doors: Doors, cast: Cast, form_path: str
    ) -> None:
        before = said_of(lin.get("/account"))
        walk.begin(lin, form_path)
        after = said_of(lin.get("/account"))
        assert "A dispute that is not sent yet" in after
        assert "2,086.91" in after
        assert "without what you dispute" not in after
        assert before.count("2,086.91") == after.count("2,086.91")
        loan = doors.read_as(cast.borrower(), loans.account).loans[0]
        assert loan.holds == ()
        assert loan.facts.days_waivers == ()

    def test_it_is_offered_where_one_would_begin_anew(self, lin: Client, form_path: str) -> None:
        code = walk.code_of(walk.begin(lin, form_path))
        page = lin.get(form_path)
        assert "You have begun a dispute about this instalment" in page.text
        assert f"/disputes/drafts/{code}" in page.text

    def test_answers_can_be_changed_from_where_they_are_looked_over(self, lin: Client, form_path: str) -> None:
        check = walk.to_check(lin, form_path, "funds")
        own = str(check.url)
        back = lin.follow(walk.send(lin, lin.get(f"{own}/nights"), {"stretch": walk.ALL[:1], "act": "next"}, "/nights"))
        assert str(back.url) == own, "an answer that was changed leads back"
        assert "21–31 March" not in said_of(back)
        other = lin.follow(walk.choose(lin, lin.get(f"{own}/reason"), "paid"))
        assert str(other.url) == f"{own}/details", "the new reason asks for other facts"
        again = lin.follow(walk.tell(lin, other, walk.FACTS["paid"]))
        assert str(again.url) == own
        assert "Bank transfer" in said_of(again)
        assert "6789" not in said_of(again)

    def test_too_many_are_refused_and_nothing_typed_is_lost(
        self, lin: Client, form_path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drafts, "MOST", 1)
        walk.begin(lin, form_path)
        answer = walk.begin(lin, form_path, {"stretch": walk.ALL[:1]})
        assert answer.status_code == 422
        assert "You have 1 disputes that are not sent yet" in answer.text
        assert answer.text.count("checked") == 1


class TestTwoDevices:
    def other_device(self, lin: Client, cast: Cast) -> Client:
        phone = lin.another()
        phone.http.cookies.update(cast.sign_in(cast.borrower()))
        return phone

    def test_the_second_finds_both_kept_and_is_told(
        self, lin: Client, cast: Cast, form_path: str, clock: FixedClock
    ) -> None:
        phone = self.other_device(lin, cast)
        here = details_page(lin, form_path)
        there = phone.get(str(here.url))
        clock.advance(minutes=14)
        walk.tell(phone, there, {**walk.FACTS["paid"], "words": "From the phone."})
        second = walk.tell(lin, here, {**walk.FACTS["paid"], "words": "From the desk."})
        assert walk.code_of(second) not in str(here.url)
        page = lin.follow(second)
        assert "This was changed on another device at 17 April 2026, 14:20" in said_of(page).replace(
            "2026 14", "2026, 14"
        )
        assert lin.get("/disputes").text.count("/disputes/drafts/") == 2
        first = str(here.url).rsplit("/", 1)[0]
        assert "From the phone." in lin.get(first).text
        assert "From the desk." in lin.get(f"/disputes/drafts/{walk.code_of(second)}").text
        again = walk.tell(lin, here, {**walk.FACTS["paid"], "words": "From the desk."})
        assert walk.code_of(again) == walk.code_of(second), "the same press again is the same"
        later = walk.tell(lin, here, {**walk.FACTS["paid"], "words": "From the desk."}, act="later")
        assert "This was changed on another device" in lin.follow(later).text
        assert lin.get("/disputes").text.count("/disputes/drafts/") == 2

    def test_the_back_button_of_one_device_is_no_other_device(self, lin: Client, form_path: str) -> None:
        here = details_page(lin, form_path)
        for words in ("One.", "Two."):
            answer = walk.tell(lin, here, {**walk.FACTS["paid"], "words": words})
            assert walk.code_of(answer) in str(here.url)
        assert lin.get("/disputes").text.count("/disputes/drafts/") == 1
        assert "Two." in lin.get(str(here.url)).text

    def test_back_to_the_first_page_begins_no_second_one(self, lin: Client, form_path: str) -> None:
        page = lin.get(form_path)
        for ticked in (walk.ALL, walk.ALL[:1], walk.ALL[:1]):
            answer = walk.send(lin, page, {"stretch": ticked, "act": "next"}, "/dispute")
            reason = lin.follow(answer)
            if ticked is walk.ALL:
                walk.choose(lin, reason, "claim")
        assert 'value="claim" checked' in reason.text
        assert lin.get("/disputes").text.count("/disputes/drafts/") == 1
        assert "21–31 March" not in said_of(lin.get(f"/disputes/drafts/{walk.code_of(answer)}"))

    def test_photos_from_the_phone_part_nothing(self, lin: Client, cast: Cast, form_path: str) -> None:
        """The usual way: words on one device, pictures from the other."""
        phone = self.other_device(lin, cast)
        here = details_page(lin, form_path)
        files = str(here.url).replace("/details", "/files")
        walk.upload(phone, phone.get(files), slip(), act="add")
        answer = walk.tell(lin, here, {**walk.FACTS["paid"], "words": "From the desk."})
        assert walk.code_of(answer) in str(here.url)
        assert "slip.png" in lin.follow(answer).text

    def test_what_was_not_looked_over_is_not_sent(self, lin: Client, cast: Cast, form_path: str) -> None:
        phone = self.other_device(lin, cast)
        check = walk.to_check(lin, form_path, "paid")
        there = phone.get(f"{check.url}/details")
        walk.tell(phone, there, {**walk.FACTS["paid"], "words": "Changed meanwhile."})
        answer = walk.send_off(lin, check)
        assert answer.status_code == 409
        assert "This was changed meanwhile. Nothing was sent." in answer.text
        assert "Changed meanwhile." in answer.text
        assert "is with us" in lin.follow(walk.send_off(lin, answer)).text

    def test_sent_on_one_it_leads_to_the_dispute_on_the_other(self, lin: Client, cast: Cast, form_path: str) -> None:
        phone = self.other_device(lin, cast)
        check = walk.to_check(lin, form_path, "paid")
        there, half = phone.get(str(check.url)), phone.get(f"{check.url}/details")
        number = walk.send_off(lin, check).headers["location"].split("/")[2]
        assert walk.send_off(phone, there).headers["location"].split("/")[2] == number
        assert walk.tell(phone, half, walk.FACTS["paid"]).headers["location"] == f"/disputes/{number}"
        assert lin.get("/disputes").text.count("Being decided") == 1


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_cut_while_it_is_saved_loses_and_doubles_nothing(
    lin: Client, doors: Doors, form_path: str, monkeypatch: pytest.MonkeyPatch, after_commit: bool
) -> None:
    """MO-10: the database went away while a step was committed, before or after it had it."""
    page = lin.get(form_path)
    cut_once(monkeypatch, after_commit)
    reason = lin.follow(walk.send(lin, page, {"stretch": walk.ALL[:1], "act": "next"}, "/dispute"))
    cut_once(monkeypatch, after_commit)
    details = lin.follow(walk.choose(lin, reason, "paid"))
    assert str(details.url).endswith("/details")
    assert count(doors, DRAFT) == 1


def test_sent_by_many_hands_at_once_it_is_one_dispute(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = begun(doors, lin)
    doors.write_as(lin, drafting_actions.save, code, 1, {"reason": "other", "words": "Once."})
    found = doors.read_as(lin, draft_page, code)
    assert isinstance(found, DraftPage)
    assert found.page is not None
    seen = Sending(found.draft.version, found.page.fingerprint, found.files_seen, "")
    with ThreadPoolExecutor(8) as hands:
        sent = list(hands.map(lambda _: doors.write_as(lin, drafting_actions.send, code, seen), range(8)))
    assert len(set(sent)) == 1
    assert count(doors, DISPUTE) == 1
    assert count(doors, DRAFT) == 0


class TestTheEndOfADraft:
    def test_thrown_away_with_its_files(
        self, lin: Client, doors: Doors, app: Starlette, form_path: str, tmp_path: Path
    ) -> None:
        check = walk.to_check(lin, form_path, "paid", files=slip())
        kept = [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
        assert kept
        gone = lin.follow(walk.send(lin, check, {}, "/discard"))
        assert "You have no disputes" in gone.text
        assert lin.get(str(check.url)).status_code == 404
        assert count(doors, DRAFT) == 0
        assert count(doors, FILE, FILE.c.deleted_at.is_(None)) == 0
        assert not [path for path in kept if path.exists()]
        assert walk.send_off(lin, check, consent="yes").status_code == 404

    def test_kept_for_thirty_days_after_the_last_change(
        self, lin: Client, doors: Doors, cast: Cast, app: Starlette, form_path: str, clock: FixedClock
    ) -> None:
        check = walk.to_check(lin, form_path, "paid", files=slip())
        clock.advance(days=30)
        files = app.state.portal.files
        assert jobs.forget_old(doors, files) == 0
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        assert lin.get(str(check.url)).status_code == 200
        clock.advance(days=1)
        assert jobs.forget_old(doors, files) == 1
        assert jobs.forget_old(doors, files) == 0
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        assert lin.get(str(check.url)).status_code == 404
        assert count(doors, FILE, FILE.c.deleted_at.is_(None)) == 0
        assert count(doors, LOG, LOG.c.kind == "draft.ended") == 1

    def test_a_change_gives_it_another_thirty(
        self, lin: Client, doors: Doors, cast: Cast, app: Starlette, form_path: str, clock: FixedClock
    ) -> None:
        check = walk.to_check(lin, form_path, "paid", files=slip())
        clock.advance(days=29)
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        walk.tell(lin, lin.get(f"{check.url}/details"), {"words": "Still here."})
        clock.advance(days=29)
        assert jobs.forget_old(doors, app.state.portal.files) == 0
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        page = lin.get(str(check.url))
        assert "slip.png" in page.text
        assert "Still here." in page.text

    def test_sent_files_are_kept_as_long_as_the_case(self, lin: Client, doors: Doors, form_path: str) -> None:
        walk.file(lin, form_path, "paid", files=slip())
        assert count(doors, FILE, FILE.c.delete_after.is_(None), FILE.c.case_kind == "dispute") == 1

    def test_of_a_sold_loan_it_can_only_be_read_and_deleted(
        self, lin: Client, doors: Doors, form_path: str, tmp_path: Path
    ) -> None:
        check = walk.to_check(lin, form_path, "paid", words="What I had written.")
        import_tables(doors, tmp_path / "sold", {"loans": [sold_loan()]})
        page = lin.get(str(check.url))
        assert "This draft cannot be sent any more" in page.text
        assert "What I had written." in page.text
        assert walk.send_off(lin, check).status_code in {409, 422}
        assert "You have no disputes" in lin.follow(walk.send(lin, page, {}, "/discard")).text


def sold_loan() -> dict[str, str]:
    return {**lin_yi()["loans"][0], "status": "sold", "status_on": "2026-04-17", "new_owner": "Another Lender"}


class TestFiguresThatChanged:
    def test_a_draft_of_yesterday_says_so_and_keeps_its_entries(
        self, lin: Client, doors: Doors, cast: Cast, form_path: str, clock: FixedClock, tmp_path: Path
    ) -> None:
        ticks = {"stretch": walk.ALL[1:2], "night": ["2026-03-07_2026-03-07"]}
        check = walk.to_check(lin, form_path, "paid", ticks=ticks, words="Kept words.")
        import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-10", "300.00")]})
        clock.advance(days=1)
        lin.http.cookies.update(cast.sign_in(cast.borrower()))
        page = lin.get(str(check.url))
        said = said_of(page)
        assert "A payment of CN¥300.00 arrived" in said
        for words in ("Kept words.", "7 March", "21–31 March", "Bank transfer"):
            assert words in said, words
        assert 'class="differences"' in page.text
        assert "is with us" in lin.follow(walk.send_off(lin, page)).text


def test_a_guarantor_objects_with_what_guarantors_see(
    lin: Client, doors: Doors, cast: Cast, form_path: str, tmp_path: Path, app: Starlette
) -> None:
    second: dict[str, Any] = {"borrowers": [borrower(borrower_ref="B2", name="周二", mobile="13900139000")]}
    second["parties"] = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "guarantor"}]
    import_tables(doors, tmp_path / "second", second)
    walk.begin(lin, form_path)
    zhou = lin.another()
    zhou.http.cookies.update(cast.sign_in(cast.borrower("B2")))
    page = zhou.follow(walk.begin(zhou, form_path))
    page = zhou.follow(walk.choose(zhou, page, "funds"))
    files = zhou.follow(walk.tell(zhou, page, walk.FUNDS))
    assert "we tried to take" not in files.text
    assert "08:12" not in files.text
    check = zhou.follow(walk.upload(zhou, files))
    sent = zhou.follow(walk.send_off(zhou, check))
    assert "is with us" in sent.text
    assert "A dispute that is not sent yet" not in zhou.get("/account").text, "the borrower's draft is not theirs"
    number = str(sent.url).split("/")[-2]
    other = ("other.csv", statement(account="6217000000001111"))
    add_files(doors, app.state.portal.files, cast.borrower("B2"), number, other)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, thread_actions.ask, number, 1, "", {"account_unmatched"})
    told = said_of(zhou.get(f"/disputes/{number}")).replace("Account ending in6789", "")
    assert "the account of the holder we debit" in told
    assert "6789" not in told, "the account that we debit is the borrower's"
    assert "08:12" not in told
    assert lin.get(str(sent.url)).status_code == 404


def test_nobody_elses_draft_can_be_changed(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """Below the pages too, whoever asks."""
    second: dict[str, Any] = {"borrowers": [borrower(borrower_ref="B2", name="周二", mobile="13900139000")]}
    second["parties"] = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "co_borrower"}]
    import_tables(doors, tmp_path / "second", second)
    lin, zhou = cast.borrower(), cast.borrower("B2")
    code = begun(doors, lin)
    assert doors.read_as(zhou, own_drafts) == ()
    assert doors.read_as(zhou, draft_page, code) is None
    acts: list[tuple[Any, ...]] = [
        (drafting_actions.save, code, 1, {"words": "x"}),
        (drafting_actions.add_files, code, [], []),
        (drafting_actions.send, code, Sending(1, "", "", "")),
        (drafts.throw_away, code),
    ]
    for act, *args in acts:
        with pytest.raises(Refusal) as refused:
            doors.write_as(zhou, act, *args)
        assert refused.value.code == "unknown_draft"
    assert len(doors.read_as(lin, own_drafts)) == 1


def begun(doors: Doors, viewer: Viewer) -> str:
    """A draft about Lin's third instalment."""
    code = loan_code(doors, viewer)
    page = doors.read_as(viewer, new_page, code, 3, Ticks())
    assert page is not None
    return doors.write_as(viewer, drafting_actions.begin, code, 3, Ticks(), page.fingerprint, new_code())


def test_the_day_of_a_draft_ends_with_the_day(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    begun(doors, cast.borrower())
    clock.advance(days=31)
    assert doors.read_as(cast.borrower(), own_drafts) == (), "not even before the job has run"
    assert timedelta(days=30) == timedelta(days=drafts.DRAFT_DAYS)
