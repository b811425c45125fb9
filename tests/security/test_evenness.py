"""Time tells nothing: answers that look alike take alike, measured from outside on a real server (SL-13, SL-23)."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from time import perf_counter
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete
from starlette.applications import Starlette

from portal.access import checking, link_actions
from portal.app import create_app
from portal.demo import people
from portal.platform import throttle
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.client import Client
from tests.make import access as make
from tests.make import cases as make_cases
from tests.make.cases import token_on
from tests.served import Demos, Portal

TIMES = 500
TOGETHER = 0.005
"""Seconds by which two medians may differ."""

CHANCE = 0.01
"""How likely two samples of one distribution must be to differ as these do."""

WRONG = {
    "the date": {"birth_day": "9"},
    "the digits": {"last4": "0000"},
    "both": {"birth_day": "9", "last4": "0000"},
}
Try = Callable[[], float]


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely it is that two samples of one distribution lie as far apart as these."""
    first, second = sorted(one), sorted(other)
    values = sorted({*first, *second})
    apart, at_first, at_second = 0.0, 0, 0
    for value in values:
        while at_first < len(first) and first[at_first] <= value:
            at_first += 1
        while at_second < len(second) and second[at_second] <= value:
            at_second += 1
        apart = max(apart, abs(at_first / len(first) - at_second / len(second)))
    size = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    reach = (size + 0.12 + 0.11 / size) * apart
    total = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * reach * reach) for k in range(1, 101))
    return min(max(total, 0.0), 1.0) if reach > 0.2 else 1.0


def test_the_measure_knows_alike_from_unlike() -> None:
    """The control of the drill: it sees two milliseconds in a hundred, and nothing where nothing is."""
    chance = random.Random(7)
    alike = [[chance.gauss(0.1, 0.001) for _ in range(TIMES)] for _ in range(2)]
    later = [each + 0.002 for each in alike[1]]
    assert kolmogorov_smirnov(*alike) > CHANCE
    assert kolmogorov_smirnov(alike[0], later) < CHANCE


@dataclass
class Timed:
    """A served portal, and one who times its answers."""

    portal: Portal
    app: Starlette
    http: httpx2.Client
    links: list[str] = field(default_factory=list)

    @property
    def doors(self) -> Doors:
        doors: Doors = self.app.state.portal.doors
        return doors

    def forget_tries(self) -> None:
        """Whoever times has as many addresses as needed."""
        self.doors.write_as(self.doors.system(), lambda session, _: session.execute(delete(throttle.ROWS)) and None)

    def post(self, path: str, page: str, entries: Mapping[str, str], expected: int) -> float:
        """How long the answer to a form takes; the page with its token is fetched before."""
        token = token_on(self.http.get(page))
        began = perf_counter()
        answer = self.http.post(path, data={"form_token": token, **entries}, headers={"Origin": self.portal.url})
        took = perf_counter() - began
        assert answer.status_code == expected, (path, answer.status_code)
        return took

    def arrive(self, person: Any = people.LIN_YI) -> None:
        """A fresh link, opened."""
        self.http.cookies.clear()
        self.http.cookies.set("lang", "en")
        ref = make_cases.link(self.app, person)
        self.post(f"/l/{ref}", f"/l/{ref}", {"answer": ""}, 303)

    def measure(self, tries: Mapping[str, Try], times: int) -> dict[str, list[float]]:
        """So many of each, in an order that nobody can guess."""
        order = [name for name in tries for _ in range(times)]
        random.Random(11).shuffle(order)
        found: dict[str, list[float]] = {name: [] for name in tries}
        for number, name in enumerate(order):
            if number % 5 == 0:
                self.forget_tries()
            found[name].append(tries[name]())
        return found


@pytest.fixture
def timed(demos: Demos) -> Iterator[Timed]:
    portal = demos.on("2026-04-17")
    app = create_app(Settings.load(portal.environment))
    with Client(app, portal.url), portal.serving("--no-worker"), httpx2.Client(base_url=portal.url) as http:
        yield Timed(portal, app, http)


def assert_alike(measure: Callable[[], dict[str, list[float]]]) -> None:
    """Medians close together and one distribution; a second look where chance may have played."""
    for look in (1, 2):
        found = measure()
        pairs = list(combinations(found, 2))
        apart = {pair: abs(median(found[pair[0]]) - median(found[pair[1]])) for pair in pairs}
        likely = {pair: kolmogorov_smirnov(found[pair[0]], found[pair[1]]) for pair in pairs}
        told = {f"{a} / {b}": (round(apart[a, b] * 1000, 3), round(likely[a, b], 4)) for a, b in pairs}
        print(f"look {look}: milliseconds between medians, chance: {told}")  # noqa: T201 - a drill tells its figures
        if max(apart.values()) < TOGETHER and min(likely.values()) > CHANCE:
            return
    raise AssertionError(told)


@pytest.mark.drill
def test_what_was_wrong_at_the_check_cannot_be_timed(timed: Timed) -> None:
    """SL-13: five hundred each of a wrong date, wrong digits, both."""
    left = [0]

    def wrong(change: Mapping[str, str]) -> float:
        if left[0] == 0:
            timed.arrive()
            left[0] = 4  # the fifth would close the link
        left[0] -= 1
        return timed.post("/check", "/check", make_cases.answers(people.LIN_YI, **change), 422)

    tries: dict[str, Try] = {name: lambda change=change: wrong(change) for name, change in WRONG.items()}  # type: ignore[misc]
    assert_alike(lambda: timed.measure(tries, TIMES))


@pytest.mark.drill
def test_right_wrong_and_unknown_take_alike(timed: Timed) -> None:
    """SL-13: what the page shows anyway, the time must not tell before it: medians within five milliseconds."""

    def answered(change: Mapping[str, str], expected: int) -> float:
        timed.arrive(people.CREDIT)
        return timed.post("/check", "/check", make_cases.answers(people.CREDIT, **change), expected)

    def unknown() -> float:
        timed.arrive(people.CREDIT)
        token = token_on(timed.http.get("/check"))
        cookie = timed.http.cookies["session"]
        person = make_cases.somebody(timed.app, people.CREDIT)
        timed.doors.write_as(timed.doors.system(), link_actions.revoke_links, person.id)
        entries = {"form_token": token, **make_cases.answers(people.CREDIT, last4="0000")}
        began = perf_counter()
        answer = timed.http.post("/check", data=entries, headers={"Origin": timed.portal.url})
        took = perf_counter() - began
        assert (answer.status_code, bool(cookie)) == (303, True)
        return took

    tries: dict[str, Try] = {
        "right": lambda: answered({}, 303),
        "wrong": lambda: answered({"last4": "0000"}, 422),
        "unknown": unknown,
    }
    found = timed.measure(tries, 100)
    middles = {name: round(median(times) * 1000, 2) for name, times in found.items()}
    print(f"milliseconds: {middles}")  # noqa: T201 - a drill tells its figures
    assert max(middles.values()) - min(middles.values()) < TOGETHER * 1000


@pytest.mark.drill
def test_whether_a_number_is_known_cannot_be_timed(timed: Timed) -> None:
    """SL-23: five hundred known, five hundred unknown."""
    tries: dict[str, Try] = {
        "known": lambda: timed.post("/start", "/start", {"number": people.LIN_YI.mobile}, 303),
        "unknown": lambda: timed.post("/start", "/start", {"number": "13700000000"}, 303),
    }
    assert_alike(lambda: timed.measure(tries, TIMES))


@pytest.mark.drill
def test_whether_a_link_ever_was_cannot_be_timed(timed: Timed) -> None:
    """SL-03, SL-13: revoked, and never made."""
    person = make_cases.somebody(timed.app, people.LIN_YI)
    revoked = [make.link(timed.doors, person) for _ in range(20)]
    timed.doors.write_as(timed.doors.system(), link_actions.revoke_links, person.id)
    made_up = [checking.new_link_ref() for _ in range(20)]

    def opened(refs: list[str]) -> float:
        path = f"/l/{random.choice(refs)}"
        return timed.post(path, path, {"answer": ""}, 303)

    tries: dict[str, Try] = {"revoked": lambda: opened(revoked), "made up": lambda: opened(made_up)}
    assert_alike(lambda: timed.measure(tries, TIMES))


@pytest.mark.drill
def test_what_was_wrong_at_the_sign_in_cannot_be_timed(timed: Timed) -> None:
    """SL-13 for staff: an unknown name, a wrong password, a wrong code."""
    member = make.staff(timed.doors, "somebody")
    page = "/staff/sign-in"

    def sign_in(**given: str) -> float:
        entries = {"name": member.name, "password": member.password, "code": "000000", **given}
        return timed.post(page, page, entries, 422)

    tries: dict[str, Try] = {
        "unknown name": lambda: sign_in(name="nobody-here"),
        "wrong password": lambda: sign_in(password="not the password"),
        "wrong code": lambda: sign_in(),
    }
    assert_alike(lambda: timed.measure(tries, 150))
