"""What opens a door cannot be guessed, forged, varied or outrun: links, marks, sessions and codes under siege."""

import base64
import re
import string
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.access import checking, cookies, link_actions
from portal.app import create_app
from portal.audit.tables import LOG
from portal.platform.clock import FixedClock
from portal.platform.csrf import FormTokens, TokenForeign
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.house.access_matrix import NOON
from tests.house.test_access_matrix import DOORS
from tests.make import access as make
from tests.make import cases as make_cases
from tests.make.access import Somebody
from tests.make.cases import Cases, token_on

RIGHT = {"birth_year": "1990", "birth_month": "5", "birth_day": "17", "last4": "123X"}
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
OLD, NEW = "the-old-secret-key-of-this-installation-1", "the-new-secret-key-of-this-installation-2"
TOKENS = 10_000
CHI_SQUARE = 15.1
"""One degree of freedom: less than one bit in ten thousand goes above by chance."""


# --- What they are made of ------------------------------------------------------------------------------------


def test_link_references_are_random_in_every_bit() -> None:
    """SL-05: ten thousand of 132 bits, none twice, and no bit that prefers one side."""
    made = [checking.new_link_ref() for _ in range(TOKENS)]
    assert len(set(made)) == TOKENS
    assert {len(ref) for ref in made} == {22}
    numbers = [int.from_bytes(base64.urlsafe_b64decode(f"{ref}AA")[:16], "big") for ref in made]
    for bit in range(128):
        ones = sum(number >> bit & 1 for number in numbers)
        assert (2 * ones - TOKENS) ** 2 / TOKENS < CHI_SQUARE * 2, f"bit {bit}: {ones} of {TOKENS}"


def test_no_token_says_anything(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-06: whatever a visitor is given decodes to nothing but random references, a row's number and times."""
    visitor = make_cases.come_in(besieged, nobody, cases.owner)
    declined = nobody.another()
    declined.submit(declined.get(f"/l/{cases.link}"), {"answer": "not_me"})
    given = [
        *visitor.http.cookies.values(),
        *declined.http.cookies.values(),
        token_on(visitor.get("/devices")),
        cases.link,
    ]
    personal = (
        cases.owner.ref,
        cases.owner.name,
        cases.owner.mobile,
        cases.owner.id_last4,
        str(cases.owner.birth_date),
    )
    for value in given:
        for piece in (value, *re.split(r"[.:]", value)):
            said = base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)) if set(piece) <= set(BASE64) else b""
            for word in personal:
                assert word not in piece
                assert word.encode() not in said
            assert b"{" not in said or not said.isascii()


def test_keys_rotate_and_an_old_one_retires() -> None:
    """SL-09: what the old key signed is good while it is listed, and no longer."""
    old, both, new = FormTokens((OLD,)), FormTokens((NEW, OLD)), FormTokens((NEW,))
    token = old.make("wish", "session", NOON)
    assert both.check(token, "wish", "session", NOON)
    assert new.check(both.make("wish", "session", NOON), "wish", "session", NOON)
    with pytest.raises(TokenForeign):
        new.check(token, "wish", "session", NOON)


def test_every_signer_is_sha256_with_a_salt_of_its_own(besieged: Starlette, purposes: dict[str, str]) -> None:
    """SL-09: introspected, not read."""
    signers = [FormTokens((NEW,))._signer(purpose) for purpose in set(purposes.values())]
    request: Any = type("Request", (), {"app": besieged})()
    signers += [cookies._signer(request, name) for name in ("access.devices", "access.step.not_me")]
    assert {signer.digest_method().name for signer in signers} == {"sha256"}
    assert len({signer.salt for signer in signers}) == len(signers)


# --- Forged and varied ----------------------------------------------------------------------------------------


@st.composite
def forged(draw: st.DrawFn, genuine: str) -> str:
    """Another string than a genuine token: cut, a mark changed, its case swapped, added to, or made up."""
    at = draw(st.integers(0, len(genuine) - 1))
    mark = draw(st.sampled_from(BASE64 + ".:=~ "))
    shape = draw(st.sampled_from(("cut", "changed", "swapped", "longer", "made up", "bit", "twice")))
    made = {
        "cut": genuine[:at],
        "changed": genuine[:at] + mark + genuine[at + 1 :],
        "swapped": genuine.swapcase(),
        "longer": genuine + mark,
        "made up": "".join(draw(st.lists(st.sampled_from(BASE64), min_size=1, max_size=60))),
        "bit": genuine[:at] + chr(ord(genuine[at]) ^ 1) + genuine[at + 1 :],
        "twice": genuine + genuine,
    }[shape]
    return made.strip() or "x"


@pytest.fixture(scope="module")
def genuine(besieged: Starlette, nobody: Client, cases: Cases) -> dict[str, str]:
    """One genuine token of every kind."""
    visitor = make_cases.come_in(besieged, nobody, cases.owner)
    staff = make_cases.make.as_staff(besieged, nobody, "supervisor")
    jar = visitor.http.cookies
    return {
        "link": cases.link,
        "session": jar["__Host-session"],
        "devices": jar["__Host-devices"],
        "staff": staff.http.cookies["__Host-staff"],
        "form": token_on(visitor.get("/devices")),
    }


@pytest.fixture(scope="module")
def opens(besieged: Starlette, nobody: Client, cases: Cases, genuine: dict[str, str]) -> Callable[[str, str], bool]:
    """Whether a string opens what a genuine token of that kind would."""
    visitors = {kind: nobody.another(headers={"Accept-Language": "en"}) for kind in genuine}
    visitors["form"].http.cookies.set("__Host-session", genuine["session"])
    token = besieged.state.portal.form_tokens

    def page(kind: str, value: str, path: str) -> bool:
        visitors[kind].http.cookies.clear()
        answer = visitors[kind].get(path, headers={"Cookie": f"__Host-{kind}={value}"})
        return not (answer.status_code == 303 and answer.headers["location"].startswith(DOORS))

    def by_link(value: str) -> bool:
        visitor = visitors["link"]
        visitor.http.cookies.clear()
        path = "/l/" + "".join(mark if mark in BASE64 else f"%{ord(mark):02X}" for mark in value)
        entries = {"form_token": token.make("link", "", NOON)}
        return visitor.post(path, entries).headers.get("location") == "/check"

    def by_form(value: str) -> bool:
        answer = visitors["form"].post("/devices", {"form_token": value, "code": "nosuchdevice2345"})
        return answer.status_code not in {400, 403, 303}

    def by_mark(value: str) -> bool:
        answer = visitors["devices"].get("/session-ended", headers={"Cookie": f"__Host-devices={value}"})
        return "Go on with this device" in answer.text

    return lambda kind, value: {
        "link": by_link,
        "form": by_form,
        "devices": by_mark,
        "session": lambda value: page("session", value, "/devices"),
        "staff": lambda value: page("staff", value, "/staff/"),
    }[kind](value)


def besiege(opens: Callable[[str, str], bool], genuine: dict[str, str], kind: str, tries: int) -> list[str]:
    """How many of so many forged strings open a door; the genuine one must."""
    assert opens(kind, genuine[kind]), f"the genuine {kind} opens nothing: this test would see nothing"
    opened: list[str] = []

    @settings(max_examples=tries, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(value=forged(genuine[kind]))
    def attempt(value: str) -> None:
        if value != genuine[kind] and opens(kind, value) and not is_same_inside(kind, value, genuine[kind]):
            opened.append(value)

    attempt()
    return opened


def is_same_inside(kind: str, value: str, genuine: str) -> bool:
    """Base64 has spare bits: another writing of one signature says the same thing, and counts as the same (SL-08)."""
    signed = kind in ("form", "devices")
    return signed and value.rpartition(".")[0] == genuine.rpartition(".")[0]


@pytest.mark.parametrize("kind", ["link", "session", "devices", "staff", "form"])
def test_forged_tokens_open_nothing(opens: Callable[[str, str], bool], genuine: dict[str, str], kind: str) -> None:
    """SL-07."""
    assert besiege(opens, genuine, kind, 40) == []


@pytest.mark.drill
@pytest.mark.parametrize("kind", ["link", "session", "devices", "staff", "form"])
def test_five_hundred_forged_tokens_of_each_kind(
    opens: Callable[[str, str], bool], genuine: dict[str, str], kind: str
) -> None:
    """SL-07 as the catalogue counts it."""
    assert besiege(opens, genuine, kind, 500) == []


def variants(signed: str) -> list[str]:
    """Every other string whose last characters decode to the same signature."""
    head, signature = signed[:-1], signed[-1]
    wanted = base64.urlsafe_b64decode(f"{signed.rpartition('.')[2]}=")
    found = [f"{head}{mark}" for mark in BASE64 if mark != signature]
    return [each for each in found if base64.urlsafe_b64decode(f"{each.rpartition('.')[2]}=") == wanted] + [
        f"{signed}="
    ]


def test_variants_of_a_used_form_token_have_no_second_effect(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-08: the key inside counts, not how its signature is written."""
    requests = SQLModel.metadata.tables["link_request"]
    doors: Doors = besieged.state.portal.doors

    def asked() -> int:
        counted = select(func.count()).select_from(requests)
        return int(doors.read_as(doors.system(), lambda connection, _: connection.scalar(counted)) or 0)

    tried = 0
    for number in range(20):
        visitor = nobody.another(address=f"203.0.113.{number}")
        entries = {"form_token": token_on(visitor.get("/start")), "number": f"+861370000{number:04}"}
        before = asked()
        assert visitor.post("/start", entries).status_code == 303
        for variant in variants(entries["form_token"]):
            visitor.post("/start", {**entries, "form_token": variant})
            tried += 1
        assert asked() == before + 1
    assert tried >= 60


def test_variants_of_a_dead_link_stay_dead(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-08: revoked, and then written in every way that could be taken for the same."""
    doors: Doors = besieged.state.portal.doors
    person = make_cases.somebody(besieged, make_cases.people.CREDIT)
    refs = [make.link(doors, person) for _ in range(20)]
    doors.write_as(doors.system(), link_actions.revoke_links, person.id)
    for ref in refs:
        for variant in (
            ref,
            f"{ref}/",
            f"{ref}=",
            f"%{ord(ref[0]):02x}{ref[1:]}",
            f"{ref}%00",
            f"./{ref}",
            ref.swapcase(),
        ):
            visitor = nobody.another()
            token = besieged.state.portal.form_tokens.make("link", "", NOON)
            answer = visitor.post(f"/l/{variant}", {"form_token": token})
            assert answer.headers.get("location", "") in {"/link-unusable", ""}
            assert "set-cookie" not in answer.headers


# --- Outrun ---------------------------------------------------------------------------------------------------


@pytest.fixture
def two_processes(database_url: str, tmp_path: Path) -> Iterator[tuple[list[Client], FixedClock]]:
    """Two portals over one database, as two processes are."""
    clock = FixedClock(NOON)
    given = {"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)}
    apps = [create_app(Settings.load(given), clock) for _ in range(2)]
    with Client(apps[0]) as first, Client(apps[1]) as second:
        yield [first, second], clock


def doors_of(client: Client) -> Doors:
    doors: Doors = client._app.state.portal.doors
    return doors


def at_the_code(client: Client, somebody: Somebody) -> Client:
    """A visitor who has passed the check and is asked for the code."""
    visitor = client.another(headers={"Accept-Language": "en"})
    page = visitor.follow(visitor.submit(visitor.get(f"/l/{make.link(doors_of(client), somebody)}")))
    assert visitor.submit(page, RIGHT).headers["location"] == "/code"
    return visitor


def elsewhere(visitor: Client, other: Client) -> Client:
    """The same browser at the other process."""
    twin = other.another(headers={"Accept-Language": "en"})
    twin.http.cookies.update(visitor.http.cookies)
    return twin


def judged(client: Client, what: str) -> int:
    doors = doors_of(client)
    counted = select(func.count()).where(LOG.c.kind == what)
    return int(doors.read_as(doors.system(), lambda connection, _: connection.scalar(counted)) or 0)


def test_fifty_codes_at_once_through_two_processes(two_processes: tuple[list[Client], FixedClock]) -> None:
    """SL-16: exactly five are judged, whoever judges."""
    (first, second), _clock = two_processes
    visitor = at_the_code(first, make.person(doors_of(first)))
    right = int(make.newest_code(doors_of(first)))
    hands = [visitor, elsewhere(visitor, second)]
    tries = [
        (hands[n % 2], {"form_token": token_on(visitor.get("/code")), "code": code(right + n)}) for n in range(1, 51)
    ]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda each: each[0].post("/code", each[1]).status_code, tries))
    assert set(answers) == {422}
    assert judged(first, "access.code_answered") == 5
    page = visitor.get("/code")
    assert 'name="code"' not in page.text, "the right one would come too late"


def code(number: int) -> str:
    return f"{number % 1_000_000:06}"


def test_a_restart_forgets_no_wrong_code(two_processes: tuple[list[Client], FixedClock]) -> None:
    """SL-16: four wrong in one process, which ends; the fifth in another is the last."""
    (first, second), _clock = two_processes
    visitor = at_the_code(first, make.person(doors_of(first)))
    right = int(make.newest_code(doors_of(first)))
    for number in range(1, 5):
        page = visitor.submit(visitor.get("/code"), {"code": code(right + number)})
    assert "1 try left." in page.text
    doors_of(first).engines.dispose()
    other = elsewhere(visitor, second)
    other.submit(other.get("/code"), {"code": code(right + 5)})
    assert 'name="code"' not in other.get("/code").text
    assert judged(second, "access.code_answered") == 5


def spend_the_day(client: Client, somebody: Somebody, clock: FixedClock, tries_each: int, address: str) -> int:
    """A thief who knows the answers tries codes from this address; how many were judged."""
    before = judged(client, "access.code_answered")
    thief = client.another(address=address, headers={"X-Forwarded-For": "10.1.2.3", "Accept-Language": "en"})
    page = thief.follow(thief.submit(thief.get(f"/l/{make.link(doors_of(client), somebody)}")))
    thief.submit(page, RIGHT)
    right = make.texts(doors_of(client), "sms.code")
    wrong = int(right[-1]["data"]["code"]) + 1 if right else 1
    for number in range(tries_each):
        token = client._app.state.portal.form_tokens.make("code", binding(thief), clock.now())
        thief.post("/code", {"form_token": token, "code": code(wrong + number)})
    return judged(client, "access.code_answered") - before


def binding(visitor: Client) -> str:
    return sha256(f"borrower.{visitor.http.cookies.get('session', '')}".encode()).hexdigest()[:32]


@pytest.mark.drill
def test_ten_thousand_codes_from_two_hundred_addresses(two_processes: tuple[list[Client], FixedClock]) -> None:
    """SL-12: within a day at most fifteen are judged, so that the chance to hit is 1.5 in 100,000."""
    (first, _second), clock = two_processes
    somebody = make.person(doors_of(first))
    total = 0
    for address in range(200):
        total += spend_the_day(first, somebody, clock, 50, f"198.51.{address // 100}.{address % 100}")
        clock.advance(minutes=7)
    assert total == 15


@pytest.mark.drill
def test_a_known_browser_is_never_locked_out_by_a_thief(two_processes: tuple[list[Client], FixedClock]) -> None:
    """SL-13, SL-14: a hundred days of a thief who spends every try; the victim gets in each day, the thief never."""
    (first, _second), clock = two_processes
    somebody = make.person(doors_of(first))
    victim = at_the_code(first, somebody)
    assert victim.submit(victim.get("/code"), {"code": make.newest_code(doors_of(first))}).status_code == 303
    got_in = 0
    for day in range(100):
        clock.advance(hours=25)
        stolen = make.link(doors_of(first), somebody)
        for _ in range(10):
            thief = first.another(address="203.0.113.66")
            page = thief.follow(thief.submit(thief.get(f"/l/{stolen}")))
            if page.url.path == "/check":
                thief.submit(page, {**RIGHT, "last4": "0000"})
        for _ in range(4):
            spend_the_day(first, somebody, clock, 6, f"203.0.113.{day}")
        page = victim.follow(victim.submit(victim.get(f"/l/{make.link(doors_of(first), somebody)}")))
        got_in += victim.submit(page, RIGHT).headers.get("location") in {"/account", "/code"}
        if day % 20 == 19:  # a device is known for thirty days
            clock.advance(hours=25)
            fresh = at_the_code(first, somebody)
            fresh.submit(fresh.get("/code"), {"code": make.newest_code(doors_of(first))})
            victim = fresh
    assert got_in == 100
