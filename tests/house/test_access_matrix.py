"""The access matrix is what the routes say, and every cell of it is tried on a running portal (ST-01)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert
from starlette.applications import Starlette

from portal.access.checking import token_hash
from portal.access.tables import BorrowerSession
from portal.app import create_app
from portal.demo import people
from portal.loans import queries as loans
from portal.loans.tables import table_of
from portal.platform.clock import FixedClock
from portal.platform.gate import GatedRoute, Viewer
from portal.platform.numbers import new_code
from portal.platform.settings import Settings
from tests.client import REDIRECTS, Client
from tests.house.access_matrix import FILE, NOON, STAFF_ROLES, VIEWERS, Cell, cells, methods, routes, text
from tests.make import demo as make

MADE_UP = {
    "language": "en",
    "code": "nosuchcode234567",
    "number": "ZZZ-ZZZ",
    "ref": "nosuchlink",
    "loan": "nosuchloan234567",
    "part": "person",
    "name": "nobody",
    "path": "nothing",
    "day": "2026-05-12",
}
DOORS = ("/staff/sign-in", "/session-ended", "/start", "/check", "/code", "/signed-out", "/link-unusable")
"""Where somebody is sent who has to sign in first, or who is not that far yet."""

OTHER_METHODS = ("PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def app(sqlite_databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    """The portal with the demo in it; the gate does not depend on the database."""
    url = sqlite_databases.create()
    folder: Path = tmp_path_factory.mktemp("matrix")
    settings = Settings.load({"PORTAL_DATABASE_URL": url, "PORTAL_DATA_DIR": str(folder)})
    made = create_app(settings, FixedClock(NOON))
    assert make.load(made) == 0
    yield made
    sqlite_databases.drop(url)


@pytest.fixture(scope="module")
def visitors(app: Starlette) -> Iterator[dict[str, Client]]:
    """A visitor of each kind."""
    with Client(app, headers={"Accept-Language": "en"}) as nobody:
        yield {
            "nobody": nobody,
            "on the way in": on_the_way_in(app, nobody),
            "borrower": make.as_person(app, nobody, people.LIN_YI),
            **{role: make.as_staff(app, nobody, role) for role in STAFF_ROLES},
        }


def on_the_way_in(app: Starlette, client: Client) -> Client:
    """Somebody who has pressed Continue on a link and has not passed the check."""
    doors, token = app.state.portal.doors, new_code()

    def begin(session: Any, viewer: Viewer) -> None:
        person = loans.person_by_ref(session.connection(), people.LIN_YI.ref)
        assert person is not None
        times = {"created_at": viewer.now, "last_seen_at": viewer.now, "ends_at": viewer.now + timedelta(hours=1)}
        row = {"person_id": person.id, "contact_point_id": person.contact_point_id, "stage": "link", "language": "en"}
        session.execute(insert(table_of(BorrowerSession)).values(token_hash=token_hash(token), **row, **times))

    doors.write_as(doors.system(), begin)
    visitor = client.another(headers={"Accept-Language": "en"})
    visitor.http.cookies.set("session", token)
    return visitor


def address(route: GatedRoute) -> str:
    """The route's address with made-up parts: what they name does not exist, so nothing can be changed."""
    parts = {
        name: "3" if type(convertor).__name__ == "IntegerConvertor" else MADE_UP[name]
        for name, convertor in route.param_convertors.items()
    }
    return route.path_format.format_map(parts)


def is_turned_away(answer: httpx2.Response) -> bool:
    """Whether an answer says: sign in first, or not for you."""
    to_a_door = answer.status_code in REDIRECTS and answer.headers["location"].startswith(DOORS)
    return to_a_door or answer.status_code in {401, 403}


def test_the_file_is_what_the_routes_say() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "write it anew: python -m tests.house.access_matrix"


def test_every_part_of_an_address_can_be_made_up() -> None:
    unknown = {name for route in routes() for name in route.param_convertors} - set(MADE_UP)
    assert not unknown


@pytest.mark.parametrize("who", VIEWERS)
def test_every_cell(who: str, visitors: dict[str, Client]) -> None:
    wrong = [problem for cell in cells() if cell.who == who for problem in problems_of(cell, visitors[who])]
    assert not wrong, "\n".join(wrong)


def problems_of(cell: Cell, visitor: Client) -> Iterator[str]:
    path = address(cell.route)
    if path.endswith("/sign-out") and cell.method == "POST":
        return  # it would end the visit; it is allowed to everybody
    answer = visitor.post(path) if cell.method == "POST" else visitor.request(cell.method, path)
    said = f"{cell.method} {path} as {cell.who}: {answer.status_code} {answer.headers.get('location', '')}"
    if answer.status_code >= 500:
        yield f"{said}: broken"
    elif cell.allowed and cell.route.may != "anyone" and is_turned_away(answer):
        yield f"{said}: turned away"
    elif not cell.allowed and not is_turned_away(answer) and not (cell.method == "POST" and answer.status_code == 400):
        yield f"{said}: let in"
    elif cell.method == "POST" and answer.is_success and cell.route.may != "anyone":
        yield f"{said}: taken without a form token"


def test_no_address_takes_another_method(visitors: dict[str, Client]) -> None:
    visitor = visitors["supervisor"]
    taken = {(route.path, method) for route in routes() for method in methods(route)}
    wrong = []
    for route in routes():
        for method in OTHER_METHODS:
            if (route.path, method) not in taken:
                status = visitor.request(method, address(route)).status_code
                wrong += [f"{method} {route.path}: {status}"] if status not in {404, 405} else []
    assert not wrong, "\n".join(wrong)


def test_somebody_elses_loan_is_not_there(app: Starlette, visitors: dict[str, Client]) -> None:
    """ST-02: the codes are real, but they are another person's."""
    stranger = make.as_person(app, visitors["nobody"], people.DUE_TOMORROW)
    codes = make.loan_codes(app, people.LIN_YI).values()
    paths = {
        route.path_format.format(code=code, number=3)
        for route in routes()
        for code in codes
        if route.path.startswith("/loans/{code}") and "GET" in methods(route)
    }
    assert len(paths) > 10
    seen = {path: stranger.get(path).status_code for path in sorted(paths)}
    assert set(seen.values()) == {404}, seen
