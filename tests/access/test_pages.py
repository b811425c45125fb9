"""The way in, over HTTP: links, check, codes, "not me", sessions, devices."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.access import checking, jobs, kept_queries, link_actions, queries, stop_queries
from portal.app import create_app
from portal.audit.tables import LOG
from portal.platform import once
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from tests.client import Client
from tests.make import access as make
from tests.make.access import Somebody
from tests.mistakes import said_at_the_top

RIGHT = {"birth_year": "1990", "birth_month": "5", "birth_day": "17", "last4": "123x"}
WRONG = {**RIGHT, "last4": "0000"}
CANARIES = ("林一", "B1", "13800138000", "138****8000", "8000", "1990", "123X", "loan", "overdue", "CN¥")


@pytest.fixture
def lin(doors: Doors) -> Somebody:
    return make.person(doors)


def open_link(client: Client, ref: str) -> httpx2.Response:
    """Continue on the landing page, and the page it leads to."""
    return client.follow(client.submit(client.get(f"/l/{ref}")))


def pass_check(client: Client, ref: str) -> httpx2.Response:
    """Through the recipient check: the answer to its form."""
    return client.submit(open_link(client, ref), RIGHT)


def come_in(client: Client, doors: Doors, ref: str) -> httpx2.Response:
    """Link, check and code: the answer to the code's form."""
    page = client.follow(pass_check(client, ref))
    return client.submit(page, {"code": make.newest_code(doors)}, form=0)


def token_for(app: Starlette, client: Client, clock: FixedClock, purpose: str) -> str:
    """What a page with a form of this purpose would carry for the visitor's session."""
    binding = sha256(f"borrower.{client.http.cookies['session']}".encode()).hexdigest()[:32]
    return str(app.state.portal.form_tokens.make(purpose, binding, clock.now()))


def dump(doors: Doors) -> list[Any]:
    """Every row of every table."""
    with doors.engines.read.connect() as connection:
        return [
            (name, connection.execute(select(table)).all()) for name, table in sorted(SQLModel.metadata.tables.items())
        ]


def dead_links(client: Client, doors: Doors, clock: FixedClock) -> dict[str, str]:
    """One reference of each kind that is to look alike; the clock moves on by eight days."""
    lin = make.person(doors, ref="B9", mobile="+8613800138009")
    links = {
        "expired": make.link(doors, lin),
        "revoked": "",
        "made up": checking.new_link_ref(),
        "malformed": "%00/../x",
    }
    clock.advance(days=8)
    revoked = make.link(doors, lin)
    doors.write_as(doors.system(), link_actions.revoke_links, lin.id)
    closed = make.link(doors, lin)
    visitor = client.another(headers={"Accept-Language": "en"})
    for _ in range(5):
        page = open_link(visitor, closed)
        visitor.submit(page, WRONG)
    return {**links, "revoked": revoked, "closed": closed, "live": make.link(doors, lin)}


def without_token(page: httpx2.Response) -> str:
    return re.sub(r'name="form_token" value="[^"]+"', "", page.text)


class TestLanding:
    def test_opening_changes_nothing(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-01: GET, HEAD and OPTIONS of a live link leave every row as it is and set no cookie."""
        ref = make.link(doors, lin)
        before = dump(doors)
        for method in ("GET", "HEAD", "OPTIONS"):
            for agent in ("WhatsApp/2.2", "TelegramBot", "facebookexternalhit/1.1", "Googlebot", "Safari"):
                answer = client.request(method, f"/l/{ref}", headers={"User-Agent": agent})
                assert "set-cookie" not in answer.headers
        assert dump(doors) == before
        assert open_link(client, ref).url.path == "/check"

    def test_every_kind_of_link_looks_the_same(self, client: Client, doors: Doors, clock: FixedClock) -> None:
        """SL-03: one body and one set of headers, whatever became of the link, and nothing of the person in it."""
        kinds = dead_links(client, doors, clock)
        pages = {
            kind: client.another(headers={"Accept-Language": "en"}).get(f"/l/{ref}") for kind, ref in kinds.items()
        }
        assert {page.status_code for page in pages.values()} == {200}
        assert len({without_token(page) for page in pages.values()}) == 1
        headers = [{k: v for k, v in page.headers.items() if k != "content-length"} for page in pages.values()]
        assert all(each == headers[0] for each in headers)
        text = pages["live"].text
        assert not [canary for canary in CANARIES if canary in text]
        assert "noindex" in str(headers[0]).lower()

    def test_every_dead_link_leads_to_one_page(self, client: Client, doors: Doors, clock: FixedClock) -> None:
        """SL-07: none of them begins a session."""
        kinds = dead_links(client, doors, clock)
        for kind, ref in kinds.items():
            visitor = client.another()
            answer = visitor.submit(visitor.get(f"/l/{ref}"))
            assert answer.status_code == 303
            expected = "/check" if kind == "live" else "/link-unusable"
            assert answer.headers["location"] == expected, kind
            assert ("set-cookie" in answer.headers) == (kind == "live")

    def test_a_link_opens_any_number_of_times_for_seven_days(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        """SL-10: judged by its row, with a minute for clocks that differ."""
        ref = make.link(doors, lin)
        for _ in range(3):
            assert open_link(client.another(), ref).url.path == "/check"
        clock.advance(days=7, seconds=59)
        assert open_link(client.another(), ref).url.path == "/check"
        clock.advance(seconds=2)
        assert open_link(client.another(), ref).url.path == "/link-unusable"

    def test_a_link_to_a_number_that_was_replaced_is_dead(self, client: Client, doors: Doors, lin: Somebody) -> None:
        ref = make.link(doors, lin)
        make.change_number(doors, lin, "+8613900139000")
        assert open_link(client, ref).url.path == "/link-unusable"

    def test_no_part_of_a_reference_is_kept(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-05, SL-19: the reference is in no row, and in no page after it was exchanged."""
        ref = make.link(doors, lin)
        page = open_link(client, ref)
        client.submit(page, WRONG)
        client.submit(client.get(f"/l/{ref}"), {"answer": "not_me"})
        assert ref not in str(dump(doors))
        assert ref not in page.text
        assert ref not in client.get(f"/l/{ref}").text

    def test_a_form_of_another_purpose_is_refused(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-09: no token, a foreign one, and one of another form."""
        ref = make.link(doors, lin)
        foreign = re.search(r'name="form_token" value="([^"]+)"', client.get("/start").text)
        assert foreign
        assert client.post(f"/l/{ref}", {}).status_code == 400
        assert client.post(f"/l/{ref}", {"form_token": "x.y.z"}).status_code == 403
        assert client.post(f"/l/{ref}", {"form_token": foreign[1]}).status_code == 403
        cross = client.submit(client.get(f"/l/{ref}"), headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403


class TestStartPage:
    def test_every_number_gets_one_answer(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-23: known and unknown numbers are answered alike; the text follows from the worker."""
        answers = []
        for number in ("13800138000", "+86 138 0013 8000", "13700000000"):
            visitor = client.another(headers={"Accept-Language": "en"})
            answers.append(visitor.submit(visitor.get("/start"), {"number": number}))
        assert {answer.status_code for answer in answers} == {303}
        assert {answer.headers["location"] for answer in answers} == {"/start/sent"}
        assert make.texts(doors) == []
        assert jobs.answer_link_requests(doors) == 3
        assert [row["kind"] for row in make.texts(doors)] == ["sms.link", "sms.link"]
        assert jobs.answer_link_requests(doors) == 0

    def test_two_people_on_one_number_get_one_text_each(self, client: Client, doors: Doors, lin: Somebody) -> None:
        other = make.person(doors, ref="B2", name="Wang Er")
        client.submit(client.get("/start"), {"number": "13800138000"})
        jobs.answer_link_requests(doors)
        assert [row["person_id"] for row in make.texts(doors)] == [lin.id, other.id]

    def test_five_texts_an_hour_go_to_one_number(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        for _ in range(8):
            client.submit(client.get("/start"), {"number": "13800138000"})
        jobs.answer_link_requests(doors)
        assert len(make.texts(doors)) == 5
        clock.advance(hours=1, seconds=1)
        client.submit(client.get("/start"), {"number": "13800138000"})
        jobs.answer_link_requests(doors)
        assert len(make.texts(doors)) == 6

    def test_a_network_is_slowed_whatever_headers_it_sends(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-15, SL-23: forwarding headers of a client that is no proxy of ours count for nothing."""
        statuses = [
            client.submit(
                client.get("/start"),
                {"number": f"137000000{n:02}"},
                headers={"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"},
            ).status_code
            for n in range(27)
        ]
        assert statuses == [303] * 25 + [429] * 2
        away = client.another(address="203.0.113.9")
        assert away.submit(away.get("/start"), {"number": "13800138000"}).status_code == 303

    def test_what_is_no_number_is_said(self, client: Client) -> None:
        answer = client.submit(client.get("/start"), {"number": "hello"})
        assert answer.status_code == 422
        assert "Error:" in answer.text
        assert "hello" in answer.text


class TestCheck:
    def test_right_answers_lead_to_the_code(self, client: Client, doors: Doors, lin: Somebody) -> None:
        answer = pass_check(client, make.link(doors, lin))
        assert (answer.status_code, answer.headers["location"]) == (303, "/code")
        page = client.follow(answer)
        sent = make.texts(doors, "sms.code")[-1]
        assert f"{sent['data']['word_one']} {sent['data']['word_two']}" in page.text
        assert sent["data"]["code"] not in page.text
        assert not sent["is_contact"]
        assert 'autocomplete="one-time-code"' in page.text

    def test_only_what_the_row_has_is_asked(self, client: Client, doors: Doors) -> None:
        born_only = make.person(doors, ref="B2", id_last4=None)
        digits_only = make.person(doors, ref="B3", birth_date=None)
        page = open_link(client, make.link(doors, born_only))
        assert "birth_year" in page.text
        assert "last4" not in page.text
        page = open_link(client.another(), make.link(doors, digits_only))
        assert "birth_year" not in page.text
        assert "last4" in page.text

    @pytest.mark.parametrize(
        "change", [{"last4": "0000"}, {"birth_day": "18"}, {"birth_year": "1991", "last4": "9999"}]
    )
    def test_what_was_wrong_is_not_said(
        self, client: Client, doors: Doors, lin: Somebody, change: dict[str, str]
    ) -> None:
        """SL-13: the same words whatever was wrong, with the tries left."""
        answer = client.submit(open_link(client, make.link(doors, lin)), {**RIGHT, **change})
        assert answer.status_code == 422
        assert answer.text.count("These answers do not match what we hold.") == 1
        assert "4 tries left with this link." in answer.text
        assert not [canary for canary in ("林一", "13800138000") if canary in answer.text]

    def test_an_answer_that_is_missing_costs_no_try(self, client: Client, doors: Doors, lin: Somebody) -> None:
        page = open_link(client, make.link(doors, lin))
        assert "5 tries left with this link." in page.text
        no_day = {"birth_day": "", "birth_month": "", "birth_year": ""}
        day, last4 = (
            {"birth": "Date of birth: Type day"},
            {"last4": "Last four characters of your ID number: Type exactly"},
        )
        for missing, said in (
            ({"last4": ""}, last4),
            ({"last4": "12"}, last4),
            ({"last4": "11010119900517123X"}, last4),
            (no_day, day),
            ({"birth_day": "32"}, day),
            ({"birth_day": "32", "last4": "12"}, day | last4),
        ):
            page = client.submit(page, {**RIGHT, **missing})
            assert page.status_code == 422
            told = said_at_the_top(page)
            assert told.keys() == said.keys(), "exactly what is no answer is named"
            assert all(told[entry].startswith(words) for entry, words in said.items())
        assert "5 tries left" in client.get("/check").text

    def test_five_wrong_answers_kill_the_link_and_never_the_person(
        self, client: Client, doors: Doors, lin: Somebody
    ) -> None:
        """SL-13: whoever holds a stolen link spends its five tries, however many sessions are begun with it."""
        stolen = make.link(doors, lin)
        outcomes = []
        for _ in range(8):
            thief = client.another()
            page = open_link(thief, stolen)
            if page.url.path == "/check":
                outcomes.append(thief.submit(page, WRONG).status_code)
        assert outcomes == [422, 422, 422, 422, 303]
        assert thief.get("/check").status_code == 303
        assert come_in(client, doors, make.link(doors, lin)).headers["location"] == "/account"

    def test_a_session_from_before_the_fifth_answer_is_over_too(
        self, client: Client, doors: Doors, lin: Somebody
    ) -> None:
        ref = make.link(doors, lin)
        waiting = client.another()
        page = open_link(waiting, ref)
        for _ in range(5):
            thief = client.another()
            thief.submit(open_link(thief, ref), WRONG)
        answer = waiting.submit(page, RIGHT)
        assert answer.headers["location"] == "/link-closed"
        assert make.texts(doors, "sms.code") == []

    def test_parallel_answers_cannot_outrun_the_count(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-16: of many at once exactly five are judged."""
        ref = make.link(doors, lin)
        thieves = [client.another() for _ in range(12)]
        pages = [open_link(thief, ref) for thief in thieves]
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda pair: pair[0].submit(pair[1], WRONG), zip(thieves, pages, strict=True)))
        with doors.engines.read.connect() as connection:
            judged = select(func.count()).where(LOG.c.kind == "access.check_answered")
            assert connection.scalar(judged) == 5

    def test_answers_are_not_kept(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """Words.md: what is typed is not kept, not even as a hash that could be guessed."""
        client.submit(open_link(client, make.link(doors, lin)), {**RIGHT, "last4": "7K7K"})
        assert "7K7K" not in str(dump(doors))
        with doors.engines.read.connect() as connection:
            rows = connection.execute(select(once.ROWS.c.payload).where(once.ROWS.c.action.like("check%"))).scalars()
            assert set(rows) == {""}

    def test_pressed_twice_is_one_answer(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """A second press of the same button gets the same session, and no second code."""
        page = open_link(client, make.link(doors, lin))
        before = dict(client.http.cookies)
        first = client.submit(page, RIGHT)
        client.http.cookies.clear()
        client.http.cookies.update(before)
        second = client.submit(page, RIGHT)
        assert first.headers["location"] == second.headers["location"] == "/code"
        assert first.cookies["session"] == second.cookies["session"]
        assert len(make.texts(doors, "sms.code")) == 1


class TestCode:
    def test_the_right_code_signs_in_and_makes_the_device_known(
        self, client: Client, doors: Doors, lin: Somebody
    ) -> None:
        answer = come_in(client, doors, make.link(doors, lin))
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        page = client.get("/devices")
        assert page.status_code == 200
        assert "This device" in page.text

    def test_every_stage_has_a_session_of_its_own(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-02: three ids, and the earlier ones open nothing afterwards."""
        ids = []
        client.submit(client.get(f"/l/{make.link(doors, lin)}"))
        ids.append(client.http.cookies["session"])
        client.submit(client.get("/check"), RIGHT)
        ids.append(client.http.cookies["session"])
        client.submit(client.get("/code"), {"code": make.newest_code(doors)})
        ids.append(client.http.cookies["session"])
        assert len(set(ids)) == 3
        for old in ids[:2]:
            visitor = client.another()
            visitor.http.cookies.set("session", old)
            assert visitor.get("/devices").headers["location"].startswith("/session-ended")

    def test_a_planted_session_is_never_taken_over(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-02: whoever plants a cookie finds it worthless after its victim has come in."""
        planted = {"Cookie": "session=planted"}
        page = client.get(f"/l/{make.link(doors, lin)}", headers=planted)
        answer = client.submit(page, headers=planted)
        assert answer.headers["location"] == "/check"
        assert "session=planted" not in answer.headers["set-cookie"]
        assert client.another().get("/check", headers=planted).headers["location"] == "/session-ended"

    def test_a_code_lives_ten_minutes(self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock) -> None:
        """SL-11: good at 9:59, not at 10:01."""
        page = client.follow(pass_check(client, make.link(doors, lin)))
        clock.advance(minutes=10, seconds=1)
        late = client.submit(page, {"code": make.newest_code(doors)})
        assert late.status_code == 422
        assert "too old" in late.text
        other = client.another()
        page = other.follow(pass_check(other, make.link(doors, lin)))
        clock.advance(minutes=9, seconds=59)
        assert other.submit(page, {"code": make.newest_code(doors)}).status_code == 303

    def test_a_code_is_good_once_and_in_its_own_session(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-11: not from a second browser, and not again."""
        ref = make.link(doors, lin)
        client.follow(pass_check(client, ref))
        code = make.newest_code(doors)
        other = client.another()
        page = other.follow(pass_check(other, ref))
        assert other.submit(page, {"code": code}).status_code == 422
        assert client.submit(client.get("/code"), {"code": code}).status_code == 303
        third = client.another()
        page = third.follow(pass_check(third, ref))
        assert third.submit(page, {"code": code}).status_code == 422

    def test_a_new_code_leaves_the_earlier_one_valid(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        page = client.follow(pass_check(client, make.link(doors, lin)))
        assert "A new code can be sent from 12:02." in page.text
        early = client.follow(client.submit(page, form="/code/new"))
        assert len(make.texts(doors, "sms.code")) == 1
        clock.advance(minutes=2)
        first = make.newest_code(doors)
        page = client.follow(client.submit(client.get("/code"), form="/code/new"))
        assert early.status_code == 200
        assert len(make.texts(doors, "sms.code")) == 2
        assert client.submit(page, {"code": first}).status_code == 303

    def test_five_wrong_codes_use_a_challenge_up(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        """SL-12: the sixth is not judged, even if right."""
        page = client.follow(pass_check(client, make.link(doors, lin)))
        right = make.newest_code(doors)
        wrong = "000000" if right != "000000" else "111111"
        for left in (4, 3, 2, 1):
            page = client.submit(page, {"code": wrong})
            assert ("1 try left." if left == 1 else f"{left} tries left.") in page.text
        page = client.submit(page, {"code": wrong})
        assert page.status_code == 422
        assert 'name="code"' not in page.text
        assert not doors_judge(client, right)

    def test_three_codes_an_hour_go_to_one_person(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        """SL-12: the fourth waits until the first is an hour old, and the page says when."""
        for _ in range(3):
            visitor = client.another()
            visitor.follow(pass_check(visitor, make.link(doors, lin)))
            clock.advance(minutes=2)
        visitor = client.another(headers={"Accept-Language": "en"})
        page = visitor.follow(pass_check(visitor, make.link(doors, lin)))
        assert len(make.texts(doors, "sms.code")) == 3
        assert "For safety we pause codes until 13:01." in page.text
        clock.advance(minutes=55)
        page = visitor.follow(visitor.submit(open_link(visitor, make.link(doors, lin)), RIGHT))
        assert len(make.texts(doors, "sms.code")) == 4
        assert 'name="code"' in page.text

    def test_fifteen_wrong_codes_a_day_from_anywhere(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        """SL-12: then codes pause for the person, and a known device still gets in (SL-14)."""
        come_in(client, doors, make.link(doors, lin))
        judged = 0
        for attempt in range(6):
            thief = client.another(address=f"203.0.113.{attempt}")
            page = thief.follow(pass_check(thief, make.link(doors, lin)))
            for _ in range(6):
                if 'name="code"' not in page.text:
                    break
                right = make.newest_code(doors)
                page = thief.submit(page, {"code": f"{(int(right) + 1) % 1_000_000:06}"})
                judged += page.status_code == 422
            clock.advance(minutes=61)
        assert judged == 15
        known = client.submit(open_link(client, make.link(doors, lin)), RIGHT)
        assert known.headers["location"] == "/account"

    def test_parallel_codes_cannot_outrun_the_count(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SL-16: of many wrong codes at once exactly five are judged."""
        page = client.follow(pass_check(client, make.link(doors, lin)))
        right = int(make.newest_code(doors))
        wrong = [f"{(right + n) % 1_000_000:06}" for n in range(1, 21)]
        pages = [client.get("/code") for _ in wrong]
        assert page.status_code == 200
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda pair: client.submit(pair[0], {"code": pair[1]}), zip(pages, wrong, strict=True)))
        with doors.engines.read.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(queries.WRONG_CODE)) == 5

    def test_codes_are_stored_as_keyed_hashes(self, client: Client, doors: Doors, lin: Somebody) -> None:
        client.follow(pass_check(client, make.link(doors, lin)))
        assert make.newest_code(doors) not in str(dump(doors))


def doors_judge(client: Client, code: str) -> bool:
    """Whether a code still lets this session in."""
    page = client.get("/code")
    return 'name="code"' in page.text and client.submit(page, {"code": code}).status_code == 303


class TestKnownDevice:
    def test_it_skips_the_code_for_thirty_days(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        come_in(client, doors, make.link(doors, lin))
        clock.advance(days=29, hours=23)
        assert pass_check(client, make.link(doors, lin)).headers["location"] == "/account"
        clock.advance(hours=2)
        assert pass_check(client, make.link(doors, lin)).headers["location"] == "/code"

    def test_it_counts_for_its_person_alone(self, client: Client, doors: Doors, lin: Somebody) -> None:
        come_in(client, doors, make.link(doors, lin))
        other = make.person(doors, ref="B2", name="Wang Er")
        assert pass_check(client, make.link(doors, other)).headers["location"] == "/code"

    def test_two_people_can_be_known_on_one_phone(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        other = make.person(doors, ref="B2", name="Wang Er")
        for each in (lin, other):
            come_in(client, doors, make.link(doors, each))
        for each in (lin, other):
            clock.advance(hours=13)
            assert pass_check(client, make.link(doors, each)).headers["location"] == "/account"

    def test_a_forged_mark_counts_for_nothing(self, client: Client, doors: Doors, lin: Somebody) -> None:
        come_in(client, doors, make.link(doors, lin))
        good = client.http.cookies["devices"]
        for forged in (good[:-1], good.split(".")[0], "x" + good, "", good.replace(".", "", 1)):
            visitor = client.another()
            visitor.http.cookies.set("devices", forged)
            assert pass_check(visitor, make.link(doors, lin)).headers["location"] == "/code"

    def test_forgetting_it_ends_its_sessions(self, client: Client, doors: Doors, lin: Somebody) -> None:
        come_in(client, doors, make.link(doors, lin))
        client.submit(client.get("/devices"), form=0)
        assert client.get("/devices").headers["location"].startswith("/session-ended")
        assert pass_check(client, make.link(doors, lin)).headers["location"] == "/code"

    def test_nobody_forgets_anothers_device(self, client: Client, doors: Doors, lin: Somebody) -> None:
        come_in(client, doors, make.link(doors, lin))
        code = re.search(r'name="code" value="([a-z0-9]{16})"', client.get("/devices").text)
        other = client.another()
        come_in(other, doors, make.link(doors, make.person(doors, ref="B2")))
        assert code
        answer = other.submit(other.get("/devices"), {"code": code[1]}, form=0)
        assert answer.status_code == 404
        assert client.get("/devices").status_code == 200

    def test_a_new_number_makes_it_unknown(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-01: a phone change ends sessions and devices at once."""
        come_in(client, doors, make.link(doors, lin))
        moved = make.change_number(doors, lin, "+8613900139000")
        assert client.get("/devices").status_code == 303
        assert pass_check(client, make.link(doors, moved)).headers["location"] == "/code"


class TestSessions:
    def test_cookies_are_bound_tight(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-03; the prefix and Secure are tested with production's settings below."""
        ref = make.link(doors, lin)
        answers = [client.submit(client.get(f"/l/{ref}")), client.submit(client.get("/check"), RIGHT)]
        answers.append(client.submit(client.get("/code"), {"code": make.newest_code(doors)}))
        for answer in answers:
            for cookie in answer.headers.get_list("set-cookie"):
                assert "httponly" in cookie.lower()
                assert "samesite=lax" in cookie.lower()
                assert "path=/" in cookie.lower()

    def test_idle_for_fifteen_minutes(self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock) -> None:
        """SB-04."""
        come_in(client, doors, make.link(doors, lin))
        clock.advance(minutes=14, seconds=59)
        assert client.get("/devices").status_code == 200
        wait_for_touch(doors, clock)
        clock.advance(minutes=14, seconds=59)
        assert client.get("/devices").status_code == 200
        wait_for_touch(doors, clock)
        clock.advance(minutes=15, seconds=1)
        assert client.get("/devices").headers["location"] == "/session-ended?next=%2Fdevices"

    def test_twelve_hours_at_most(self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock) -> None:
        """SB-04."""
        come_in(client, doors, make.link(doors, lin))
        for _ in range(71):
            clock.advance(minutes=10)
            assert client.get("/devices").status_code == 200
            wait_for_touch(doors, clock)
        clock.advance(minutes=10, seconds=1)
        assert client.get("/devices").status_code == 303

    def test_going_on_asks_the_questions_again_and_comes_back(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        come_in(client, doors, make.link(doors, lin))
        clock.advance(minutes=16)
        page = client.follow(client.get("/devices"))
        assert page.url.path == "/session-ended"
        check = client.follow(client.submit(page))
        assert "5 tries left on this device." in check.text
        answer = client.submit(check, RIGHT)
        assert answer.headers["location"] == "/devices"
        assert client.get("/devices").status_code == 200

    def test_five_wrong_answers_forget_the_device_and_not_the_person(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        come_in(client, doors, make.link(doors, lin))
        clock.advance(minutes=16)
        page = client.follow(client.submit(client.get("/session-ended")))
        for _ in range(4):
            page = client.submit(page, WRONG)
            assert page.status_code == 422
        assert client.submit(page, WRONG).headers["location"] == "/link-closed"
        assert "Go on with this device" not in client.get("/session-ended").text
        assert come_in(client, doors, make.link(doors, lin)).headers["location"] == "/account"

    def test_a_stranger_is_offered_a_new_link_only(self, client: Client) -> None:
        page = client.get("/session-ended?next=/account")
        assert "Go on with this device" not in page.text
        assert "Get a new link" in page.text

    @pytest.mark.parametrize(
        "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/%2f%2fevil.example"]
    )
    def test_next_leads_to_this_site_only(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock, target: str
    ) -> None:
        """SL-17."""
        come_in(client, doors, make.link(doors, lin))
        clock.advance(minutes=16)
        page = client.get("/session-ended", params={"next": target})
        check = client.follow(client.submit(page, {"next": target}))
        answer = client.submit(check, {**RIGHT, "next": target})
        assert answer.headers["location"] == "/account"

    def test_signing_out_kills_the_session(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-01, SB-07: the old cookie opens nothing, and the browser is told to forget."""
        come_in(client, doors, make.link(doors, lin))
        old = client.http.cookies["session"]
        answer = client.submit(client.get("/devices"), form="/sign-out")
        assert answer.headers["location"] == "/signed-out"
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert 'session=""' in answer.headers["set-cookie"]
        client.http.cookies.set("session", old)
        assert client.get("/devices").status_code == 303
        assert client.get("/signed-out").status_code == 200

    def test_signing_out_everywhere(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-01."""
        other = client.another()
        for visitor in (client, other):
            come_in(visitor, doors, make.link(doors, lin))
        client.submit(client.get("/devices"), {"code": "all"}, form=0)
        assert other.get("/devices").status_code == 303
        assert pass_check(other, make.link(doors, lin)).headers["location"] == "/code"

    def test_entries_of_a_form_outlive_the_session(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock, app: Starlette
    ) -> None:
        """SB-05: what was typed waits, sealed, for the same person after the check."""
        come_in(client, doors, make.link(doors, lin))
        fields = {"form_token": token_for(app, client, clock, "plan_now"), "first": "typed by hand"}
        clock.advance(minutes=16)
        referer = {"Referer": "http://127.0.0.1:8000/plans/new?currency=CNY"}
        answer = client.post("/plans/new", fields, headers=referer)
        assert answer.headers["location"] == "/session-ended?next=%2Fplans%2Fnew%3Fcurrency%3DCNY&kept=1"
        ended = client.follow(answer)
        assert "What you typed is kept." in ended.text
        assert "typed by hand" not in str(dump(doors))
        client.submit(client.follow(client.submit(ended)), RIGHT)
        keys = app.state.portal.settings.secret_keys
        viewer = borrower(doors, lin)
        kept = doors.read_as(viewer, kept_queries.kept_entries, keys, "plan_now")
        assert kept == [("first", "typed by hand")]
        stranger = borrower(doors, make.person(doors, ref="B2"))
        assert doors.read_as(stranger, kept_queries.kept_entries, keys, "plan_now") is None

    def test_nothing_is_kept_after_signing_out(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock, app: Starlette
    ) -> None:
        come_in(client, doors, make.link(doors, lin))
        fields = {"form_token": token_for(app, client, clock, "plan_now"), "first": "x"}
        old = client.http.cookies["session"]
        client.submit(client.get("/devices"), form="/sign-out")
        client.http.cookies.set("session", old)
        assert "kept" not in client.post("/plans/new", fields).headers["location"]

    def test_a_button_keeps_nothing(self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock) -> None:
        """Nor does any form whose page could not show the entries again, such as a file's password."""
        come_in(client, doors, make.link(doors, lin))
        page = client.get("/devices")
        clock.advance(minutes=16)
        answer = client.submit(page, {"code": "typed by hand"}, form=0)
        assert answer.headers["location"] == "/session-ended?next=%2Fdevices"

    def test_the_foot_of_a_page_says_when_the_session_ends(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        """A quarter of an hour after the last press, and never after twelve hours (SB-04)."""
        come_in(client, doors, make.link(doors, lin))
        assert "Signed out at 12:15 if nothing is pressed." in client.get("/devices").text
        clock.advance(seconds=40)  # too soon for the session to note the press: 12:00:45, ends at 12:15:05
        assert "Signed out at 12:15 if nothing is pressed." in client.get("/devices").text
        clock.advance(minutes=10)
        assert "Signed out at 12:25 if nothing is pressed." in client.get("/devices").text
        assert "Signed out at" not in client.another(headers={"Accept-Language": "en"}).get("/start").text

    def test_it_is_said_of_the_twelfth_hour_too(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock, app: Starlette
    ) -> None:
        come_in(client, doors, make.link(doors, lin))
        table = SQLModel.metadata.tables["borrower_session"]
        now = clock.now()

        def shorten(session: Any, _viewer: Viewer) -> None:
            session.execute(table.update().values(ends_at=now + timedelta(minutes=3)))

        doors.write_as(doors.system(), shorten)
        assert "Signed out at 12:03 if nothing is pressed." in client.get("/devices").text

    def test_no_page_is_cached(self, client: Client, doors: Doors, lin: Somebody) -> None:
        """SB-06 for the pages of access."""
        come_in(client, doors, make.link(doors, lin))
        for path in (
            "/start",
            "/check",
            "/code",
            "/devices",
            "/session-ended",
            "/not-me",
            f"/l/{make.link(doors, lin)}",
        ):
            assert "no-store" in client.get(path).headers["cache-control"]


def borrower(doors: Doors, somebody: Somebody) -> Viewer:
    """The viewer that this person is."""
    return replace(doors.system(), kind="borrower", person_id=somebody.id, roles=frozenset({"borrower"}))


def wait_for_touch(doors: Doors, clock: FixedClock) -> None:
    """That the session was in use is written after the answer has gone: wait until it is."""
    newest = select(func.max(queries.SESSION.c.last_seen_at))
    for _ in range(3_000):
        with doors.engines.read.connect() as connection:
            if connection.scalar(newest) == clock.now():
                return
        sleep(0.01)
    raise AssertionError("the session was not noted as in use")


class TestNotMe:
    def say(self, visitor: Client, ref: str) -> httpx2.Response:
        page = visitor.follow(visitor.submit(visitor.get(f"/l/{ref}"), {"answer": "not_me"}))
        assert page.url.path == "/not-me"
        return visitor.follow(visitor.submit(page))

    def test_it_stops_reminders_and_shows_nothing(self, client: Client, doors: Doors, lin: Somebody) -> None:
        page = self.say(client, make.link(doors, lin))
        assert "We have stopped writing to this number." in page.text
        assert "until 12:10" in page.text
        assert not [canary for canary in CANARIES if canary in page.text]
        assert stopped(doors)

    def test_a_made_up_link_gets_the_same_answer(self, client: Client, doors: Doors, lin: Somebody) -> None:
        real, made_up = client, client.another(headers={"Accept-Language": "en"})
        pages = [self.say(real, make.link(doors, lin)), self.say(made_up, checking.new_link_ref())]
        assert without_token(pages[0]) == without_token(pages[1])
        undone = [visitor.submit(page) for visitor, page in zip((real, made_up), pages, strict=True)]
        assert without_token(undone[0]) == without_token(undone[1])

    def test_it_can_be_undone_for_ten_minutes_on_that_device(
        self, client: Client, doors: Doors, lin: Somebody, clock: FixedClock
    ) -> None:
        page = self.say(client, make.link(doors, lin))
        assert client.another().get("/not-me/done").status_code == 303
        clock.advance(minutes=9, seconds=50)
        assert "Undone." in client.submit(page).text
        assert not stopped(doors)
        page = self.say(client, make.link(doors, lin))
        clock.advance(minutes=10, seconds=1)
        client.submit(page)
        assert stopped(doors)

    def test_a_link_that_is_asked_for_still_goes_and_a_passed_check_lifts_it(
        self, client: Client, doors: Doors, lin: Somebody
    ) -> None:
        self.say(client, make.link(doors, lin))
        client.submit(client.get("/start"), {"number": "13800138000"})
        jobs.answer_link_requests(doors)
        assert [row["kind"] for row in make.texts(doors)] == ["sms.link"]
        assert stopped(doors)
        pass_check(client, make.link(doors, lin))
        assert not stopped(doors)

    def test_said_twice_it_is_one_stop(self, client: Client, doors: Doors, lin: Somebody) -> None:
        for _ in range(2):
            self.say(client.another(headers={"Accept-Language": "en"}), make.link(doors, lin))
        with doors.engines.read.connect() as connection:
            assert len(stop_queries.stopped_numbers(connection)) == 1


def stopped(doors: Doors) -> bool:
    with doors.engines.read.connect() as connection:
        return stop_queries.number_stopped(connection, make.MOBILE)


def test_production_cookies_have_the_prefix_and_are_secure(sqlite_url: str, tmp_path: Path, clock: FixedClock) -> None:
    """SB-03: over https every cookie is `__Host-` and Secure."""
    environ = {
        "PORTAL_DATABASE_URL": sqlite_url,
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_BASE_URL": "https://portal.test",
    }
    app = create_app(Settings.load(environ), clock)
    doors: Doors = app.state.portal.doors
    with Client(app, base_url="https://portal.test") as visitor:
        answer = visitor.submit(visitor.get(f"/l/{make.link(doors, make.person(doors))}"))
        cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
