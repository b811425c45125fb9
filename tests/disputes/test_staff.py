"""Staff's pages over HTTP: the queue, deciding, asking, attaching, the second person, and who may."""

from typing import Any

import pytest

from portal.disputes.queries import dispute
from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.disputes.conftest import DECIDED
from tests.make import evidence
from tests.make.disputes import Cast, file_dispute

ALL = [
    "2026-03-06_2026-03-20",
    "2026-03-21_2026-03-31",
    "2026-04-01_2026-04-16",
    "2026-04-22_2026-04-22",
]


@pytest.fixture
def number(doors: Doors, cast: Cast, clock: FixedClock) -> str:
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    return filed


@pytest.fixture
def handler(client: Client, cast: Cast, number: str) -> Client:
    client.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
    return client


def decide(client: Client, page: Any, act: str, **values: Any) -> Any:
    chosen = form_of(page, "/decide")
    fields = {**fields_of(page, chosen), "row": ALL, "reason": "funds_met", "words": "Enough was there.", **values}
    return client.post(str(chosen.attributes["action"]), fields | {"act": act})


def state(doors: Doors, number: str) -> str:
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    return found.state


def test_the_queue_filters(handler: Client, number: str) -> None:
    page = handler.get("/staff/disputes")
    for words in (number, "林一", "20.14", "24 Apr"):
        assert words in page.text
    for query in ({"reason": "paid"}, {"held": "me"}, {"state": "waiting"}):
        assert number not in handler.get("/staff/disputes", params=query).text
    for query in ({"reason": "funds"}, {"held": "nobody"}, {"state": "open"}, {"page": "x"}, {"reason": "nonsense"}):
        assert number in handler.get("/staff/disputes", params=query).text


def test_the_queue_calls_the_penalty_as_the_contract_does(handler: Client, doors: Doors, cast: Cast) -> None:
    computed = file_dispute(doors, cast.borrower(), 4, reason="amount")
    page = handler.follow(handler.get("/language/zh", params={"next": "/staff/disputes"})).text
    row = page.partition(f"/staff/disputes/{computed}")[2].partition("</tr>")[0]
    assert "违约金" in row
    assert "罚息" not in row


def test_the_page_shows_both_ends_as_of_today(handler: Client, number: str) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    for words in ("900.54", "880.00", "2,089.57", "2,069.03", "Uphold and waive", "20.54", "08:12", "500.00"):
        assert words in page.text


def test_the_effect_follows_the_ticks(handler: Client, number: str) -> None:
    part = handler.get(f"/staff/disputes/{number}/effect", params={"row": ALL[1]})
    assert part.status_code == 200
    assert "4.89" in part.text
    assert 'id="_effect"' in part.text


def test_upholding(handler: Client, doors: Doors, number: str) -> None:
    answer = decide(handler, handler.get(f"/staff/disputes/{number}"), "uphold")
    assert answer.status_code == 303
    page = handler.follow(answer)
    assert "Decided by Qiao Mu" in page.text
    assert "Enough was there." in page.text
    assert state(doors, number) == "decided"
    assert number not in handler.get("/staff/disputes").text


def test_some_rows_are_partly_and_not_upheld_takes_none(handler: Client, number: str) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    assert "Partly upheld" in handler.follow(decide(handler, page, "uphold", row=ALL[:1])).text


def test_not_upheld_takes_no_ticks(handler: Client, number: str) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    told = handler.follow(decide(handler, page, "not_upheld")).text
    assert '<p class="result">Not upheld</p>' in told


@pytest.mark.parametrize(
    ("act", "values", "said"),
    [
        ("uphold", {"row": []}, "Tick what is upheld"),
        ("uphold", {"reason": ""}, "Choose a reason"),
        ("not_upheld", {"words": " "}, "The borrower reads these words"),
        ("ask", {"words": ""}, "The borrower reads these words"),
    ],
)
def test_mistakes_decide_nothing(
    handler: Client, doors: Doors, number: str, act: str, values: dict[str, Any], said: str
) -> None:
    answer = decide(handler, handler.get(f"/staff/disputes/{number}"), act, **values)
    assert answer.status_code == 422
    assert said in answer.text
    assert state(doors, number) == "open"


def test_asking_for_more(handler: Client, doors: Doors, number: str) -> None:
    page = handler.follow(decide(handler, handler.get(f"/staff/disputes/{number}"), "ask", words="Which day?"))
    assert "Which day?" in page.text
    assert state(doors, number) == "waiting"


def test_the_loser_is_told_who_won(handler: Client, cast: Cast, number: str) -> None:
    mine = handler.get(f"/staff/disputes/{number}")
    other = handler.another()
    other.http.cookies.update(cast.sign_in(cast.staff("Shen Ruo")))
    decide(other, other.get(f"/staff/disputes/{number}"), "not_upheld")
    answer = decide(handler, mine, "uphold")
    assert answer.status_code == 409
    assert "Shen Ruo decided this a moment before you: not upheld" in answer.text


def test_figures_that_changed_are_shown_anew(handler: Client, doors: Doors, number: str, clock: FixedClock) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    answer = decide(handler, page, "uphold", seen="0" * 64)
    assert answer.status_code == 409
    assert "The figures changed" in answer.text
    assert "Enough was there." in answer.text
    assert state(doors, number) == "open"


def test_update_without_scripts(handler: Client, number: str) -> None:
    answer = decide(handler, handler.get(f"/staff/disputes/{number}"), "update", row=ALL[:1])
    assert answer.status_code == 200
    assert "Waives" in answer.text


def test_holding_and_giving_back(handler: Client, cast: Cast, number: str) -> None:
    page = handler.follow(handler.submit(handler.get(f"/staff/disputes/{number}"), form="/hold"))
    assert "held by you" in page.text
    other = handler.another()
    other.http.cookies.update(cast.sign_in(cast.staff("Shen Ruo")))
    assert "held by Qiao Mu" in other.get(f"/staff/disputes/{number}").text
    assert "held by you" not in handler.follow(handler.submit(page, form="/hold")).text


def test_documents_are_internal_or_shared(handler: Client, cast: Cast, number: str) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    chosen = form_of(page, "/files")
    fields = fields_of(page, chosen)
    address = str(chosen.attributes["action"])
    handler.post(address, fields, files=[("files", ("note.png", evidence.picture(), "image/png"))])
    page = handler.get(f"/staff/disputes/{number}")
    fields = fields_of(page, form_of(page, "/files")) | {"shared": "yes"}
    shown = evidence.picture(colour=(1, 2, 3))
    handler.post(address, fields, files=[("files", ("letter.png", shown, "image/png"))])
    fields = fields_of(page, form_of(handler.get(f"/staff/disputes/{number}"), "/files"))
    page = handler.get(f"/staff/disputes/{number}")
    assert "From us, internal" in page.text
    assert "From us, the borrower sees it" in page.text
    lin = handler.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    theirs = lin.get(f"/disputes/{number}").text
    assert "letter.png" in theirs
    assert "note.png" not in theirs


def test_a_second_person_confirms(
    handler: Client, doors: Doors, cast: Cast, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(1_000, 1_000, 0))
    page = handler.get(f"/staff/disputes/{number}")
    assert "Send to a second person" in page.text
    waiting = handler.follow(decide(handler, page, "uphold"))
    assert "has sent a decision to a second person" in waiting.text
    own = handler.get(f"/staff/disputes/{number}/confirm")
    assert "Take it back" in own.text
    supervisor = handler.another()
    supervisor.http.cookies.update(cast.sign_in(cast.staff("Tao An", "supervisor")))
    seen = supervisor.get(f"/staff/disputes/{number}/confirm")
    for words in ("Qiao Mu", "2,089.57", "2,069.03", "Enough was there."):
        assert words in seen.text
    done = supervisor.follow(supervisor.submit(seen, {"act": "confirm"}, form="/confirm"))
    assert "confirmed by Tao An" in done.text
    assert state(doors, number) == "decided"
    late = handler.submit(own, {"act": "decline"}, form="/confirm")
    assert late.status_code == 409


def test_changed_figures_void_a_proposal(
    handler: Client, doors: Doors, cast: Cast, number: str, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(1_000, 1_000, 0))
    decide(handler, handler.get(f"/staff/disputes/{number}"), "uphold")
    clock.advance(hours=15)
    supervisor = handler.another()
    supervisor.http.cookies.update(cast.sign_in(cast.staff("Tao An", "supervisor")))
    seen = supervisor.get(f"/staff/disputes/{number}/confirm")
    assert "The figures changed since this was proposed" in seen.text
    answer = supervisor.submit(seen, {"act": "confirm"}, form="/confirm")
    assert answer.status_code == 409
    assert state(doors, number) == "open"


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        ("dispute_handler", 200, {400}),
        ("supervisor", 200, {400}),
        ("plan_approver", 200, {400, 403}),
        ("auditor", 200, {400, 403}),
        ("administrator", 403, {400, 403}),
    ],
)
def test_who_may(client: Client, cast: Cast, number: str, role: str, reads: int, decides: set[int]) -> None:
    client.http.cookies.update(cast.sign_in(cast.staff(f"The {role}", role)))
    for path in ("", f"/{number}", f"/{number}/effect"):
        assert client.get(f"/staff/disputes{path}").status_code == reads
    may_decide = role in ("dispute_handler", "supervisor")
    page = client.get(f"/staff/disputes/{number}")
    assert ("/decide" in page.text) == may_decide
    assert client.get(f"/staff/disputes/{number}/confirm").status_code == (200 if may_decide else 403)
    for path in ("decide", "hold", "files", "confirm"):
        assert client.post(f"/staff/disputes/{number}/{path}", {}).status_code in decides


def test_borrowers_and_strangers_may_not(client: Client, cast: Cast, number: str) -> None:
    for cookies in ({}, cast.sign_in(cast.borrower())):
        visitor = client.another()
        visitor.http.cookies.update(cookies)
        for path in ("", f"/{number}", f"/{number}/effect", f"/{number}/confirm"):
            assert visitor.get(f"/staff/disputes{path}").status_code in {303, 401}
    assert client.get("/staff/disputes/222-222").status_code in {303, 401}
