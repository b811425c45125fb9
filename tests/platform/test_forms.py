"""Forms: a token is always needed, an effect happens once, entries are read as they were meant (SB-09, MO-08)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Response
from starlette.applications import Starlette

from portal.platform.clock import FixedClock
from tests.client import Client
from tests.markup import parsed
from tests.platform.toy import WishForm, wished


def token_of(page: Response) -> str:
    found = next(each for each in parsed(page.text).all("input") if each.attributes.get("name") == "form_token")
    return str(found.attributes["value"])


def counted(app: Starlette, name: str) -> int:
    doors = app.state.portal.doors
    return int(doors.read_as(doors.system(), wished, name))


def test_a_form_that_is_sent_has_its_effect(app: Starlette, client: Client) -> None:
    answer = client.post("/toy", {"form_token": token_of(client.get("/toy")), "name": "pony"})
    assert (answer.status_code, answer.text) == (200, "pony 1")


def test_sent_twice_it_happens_once(app: Starlette, client: Client) -> None:
    entries = {"form_token": token_of(client.get("/toy")), "name": "pony"}
    assert client.post("/toy", entries).text == client.post("/toy", entries).text == "pony 1"
    assert counted(app, "pony") == 1
    assert client.post("/toy", {**entries, "name": "horse"}).status_code == 422
    assert counted(app, "horse") == 0


def test_sent_by_fifty_fingers_it_happens_once(app: Starlette, client: Client) -> None:
    entries = {"form_token": token_of(client.get("/toy")), "name": "pony"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.post("/toy", entries), range(50)))
    assert {answer.text for answer in answers} == {"pony 1"}
    assert counted(app, "pony") == 1


def test_a_refused_effect_leaves_nothing(app: Starlette, client: Client) -> None:
    answer = client.post("/toy", {"form_token": token_of(client.get("/toy")), "name": "refused"})
    assert answer.status_code == 409
    assert counted(app, "refused") == 0


def test_tokens_are_needed(app: Starlette, client: Client, clock: FixedClock) -> None:
    good = token_of(client.get("/toy"))
    other_purpose = app.state.portal.form_tokens.make("another", "", clock.now())
    other_session = app.state.portal.form_tokens.make("wish", "another", clock.now())
    flipped = good[:-2] + ("aa" if good[-2:] != "aa" else "bb")
    assert client.post("/toy", {"name": "pony"}).status_code == 400
    for token in (other_purpose, other_session, flipped, good[:-1], "x", "a.b.c", "é", "." * 50):
        assert client.post("/toy", {"form_token": token, "name": "pony"}).status_code == 403
    clock.advance(hours=13)
    assert client.post("/toy", {"form_token": good, "name": "pony"}).status_code != 200
    assert counted(app, "pony") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    ],
)
def test_other_sites_cannot_send(app: Starlette, client: Client, headers: dict[str, str]) -> None:
    entries = {"form_token": token_of(client.get("/toy")), "name": "pony"}
    assert client.post("/toy", entries, headers=headers).status_code == 403
    assert counted(app, "pony") == 0


def test_a_handler_must_read_its_form(app: Starlette, client: Client) -> None:
    assert client.post("/toy/unread").status_code == 500
    assert counted(app, "unread") == 0


def test_too_much_is_refused(client: Client) -> None:
    answer = client.post("/toy", {"name": "x" * 20_000}, headers={"Accept-Language": "en"})
    assert answer.status_code == 413
    assert "more than we can take at once: 10\u00a0kB." in answer.text


def read(**entries: str | list[str]) -> WishForm:
    """The form as it would be read from these entries."""
    form = WishForm()
    pairs = [(name, text) for name, given in entries.items() for text in ([given] if isinstance(given, str) else given)]
    form._take(pairs)
    return form


def test_entries_are_read_as_they_were_meant() -> None:
    form = read(
        name=" Lin ", count="１，000".replace("，", ","), day_day="５", day_month="3", day_year="2026", kinds=["a", "b"]
    )
    assert form.ok, form.errors
    assert form.value.model_dump(mode="json") == {
        "name": "Lin",
        "count": 1000,
        "day": "2026-03-05",
        "kinds": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 21}, "name"),
        ({"name": "a", "count": "0"}, "count"),
        ({"name": "a", "count": "many"}, "count"),
        ({"name": "a", "day_day": "31", "day_month": "2", "day_year": "2026"}, "day"),
        ({"name": "a", "day_day": "31"}, "day"),
        ({"name": ["a", "b"]}, "name"),
    ],
)
def test_mistakes_are_said_beside_their_field(entries: dict[str, str], field: str) -> None:
    form = read(**entries)
    assert not form.ok
    assert list(form.errors) == [field]
    assert form.raw[field] == entries.get(field, "") if isinstance(entries.get(field), str) else True


def test_control_marks_are_dropped() -> None:
    from portal.platform.forms import _plain

    assert _plain("a\x00b\r\nc\x1b[31m\ud800") == "ab\nc[31m"
