"""A portal under siege: the demo on the day of its pictures, with real cases in it, and visitors of every kind."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from portal.access import evenness
from portal.app import create_app
from portal.platform import log
from portal.platform.clock import FixedClock
from portal.platform.csrf import FormTokens
from portal.platform.settings import Settings
from tests.client import Client
from tests.databases import Databases
from tests.house.access_matrix import NOON, STAFF_ROLES
from tests.make import cases as make_cases
from tests.make import demo
from tests.make.cases import Cases
from tests.security.addresses import ORIGIN, OUR_PAGE, send, unsafe_routes, visitor_for
from tests.served import Portal, install


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """What the portal logs is no part of what the tests say."""
    log.set_up(as_json=True, stream=io.StringIO())


@pytest.fixture(scope="module", autouse=True)
def _in_haste() -> Iterator[None]:
    """Answers come when they are ready; the drill of evenness times a portal of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evenness, "SECONDS", 0.0)
        yield


@dataclass(frozen=True)
class Template:
    """The demo with its cases as files, to be copied for each module."""

    folder: Path
    cases: Cases


@pytest.fixture(scope="session")
def template(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Filled once: importing the demo and reading an upload take longer than most tests here."""
    folder = tmp_path_factory.mktemp("template")
    url = sqlite_databases.create()
    shutil.move(url.removeprefix("sqlite:///"), folder / "portal.db")
    app = portal_in(folder)
    assert demo.load(app) == 0
    with Client(app, ORIGIN, headers={"Accept-Language": "en"}) as client:
        cases = make_cases.filed(app, client)
    return Template(folder, cases)


@pytest.fixture(scope="module")
def besieged(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """The demo behind https, as production has it: `__Host-` cookies and all headers."""
    folder = tmp_path_factory.mktemp("siege") / "data"
    shutil.copytree(template.folder, folder)
    return portal_in(folder)


@pytest.fixture(scope="module")
def installed(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """The same as an installation of its own over http, to be served to a browser."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(template.folder, folder / "data")
    return install(folder, f"sqlite:///{folder / 'data' / 'portal.db'}", today=f"{NOON:%Y-%m-%d}")


def portal_in(folder: Path) -> Starlette:
    """The portal whose database and files lie in a folder, on the day of the pictures."""
    given = {"PORTAL_DATA_DIR": str(folder), "PORTAL_BASE_URL": ORIGIN}
    return create_app(Settings.load(given), FixedClock(NOON))


@pytest.fixture(scope="module")
def nobody(besieged: Starlette) -> Iterator[Client]:
    """A visitor without any cookie, and the running portal."""
    with Client(besieged, ORIGIN, headers={"Accept-Language": "en"}) as client:
        yield client


@pytest.fixture(scope="session")
def cases(template: Template) -> Cases:
    """Lin Yi's dispute and draft, with a file each, and a known device; the plan of Lin Yi in English."""
    return template.cases


@pytest.fixture(scope="module")
def shared() -> Path:
    """Where the collected hostile strings and files lie, if they do on this machine."""
    return Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def visitors(besieged: Starlette, nobody: Client, cases: Cases) -> dict[str, Client]:
    """One of each kind; the borrower is the one whose dispute it is."""
    staff = {role: demo.as_staff(besieged, nobody, role) for role in STAFF_ROLES}
    return {"nobody": nobody, "borrower": demo.as_person(besieged, nobody, cases.owner), **staff}


@pytest.fixture(scope="module")
def purposes(besieged: Starlette, visitors: dict[str, Client], cases: Cases) -> dict[str, str]:
    """What the token of each route must have been made for."""
    asked: list[str] = []
    check = FormTokens.check

    def listen(self: FormTokens, token: str, purpose: str, binding: str, now: Any) -> str:
        asked.append(purpose)
        return check(self, token, purpose, binding, now)

    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FormTokens, "check", listen)
        for route in unsafe_routes(besieged):
            asked.clear()
            send(visitor_for(route, visitors), route, "x.y.z", OUR_PAGE, cases)
            assert len(asked) == 1, f"{route.name} asked for {asked}"
            found[route.name] = asked[0]
    return found
