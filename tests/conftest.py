"""What every test can ask for: migrated databases of both kinds, a served portal, a browser."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.buckets import S3Server, s3_server
from tests.databases import KINDS, Databases, PostgresDatabases, SqliteDatabases, lent, new_folder, postgres_server
from tests.served import Demos, Portal, install

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STORES = ("folder", "bucket")


def pytest_configure(config: pytest.Config) -> None:
    """The suite draws the same examples every time, so that what fails is the change; drills draw new ones.

    How long an example may take depends on what else the machine does, and is no one's mistake.
    """
    hypothesis.settings.register_profile(
        "portal",
        deadline=None,
        derandomize=config.getoption("markexpr") != "drill",
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("portal")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since each often waits for a browser or a server."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that at the end no worker is left alone with them."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def migrate(url: str) -> None:
    """Bring an empty database to the head of the migrations."""
    from portal.platform import db

    db.migrate(url)


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[Databases]:
    """SQLite files, migrated once."""
    folder = new_folder("portal-sqlite-")
    yield SqliteDatabases(folder, migrate)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Databases]:
    """A real PostgreSQL server, its template migrated once."""
    with postgres_server() as url:
        databases = PostgresDatabases(url, migrate)
        yield databases
        databases.close()


@pytest.fixture(scope="session")
def databases_of(request: pytest.FixtureRequest) -> Callable[[str], Databases]:
    """The databases of a kind, "sqlite" or "postgresql"; the server starts when first asked for."""
    names = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}
    return lambda kind: request.getfixturevalue(names[kind])


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """A migrated, empty database for this test alone; the test runs once on each kind."""
    yield from lent(databases_of(request.param))


@pytest.fixture(scope="module", params=KINDS)
def shared_database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """The same for all tests of a module together, where filling it takes long."""
    yield from lent(databases_of(request.param))


@pytest.fixture
def sqlite_url(sqlite_databases: Databases) -> Iterator[str]:
    """A migrated, empty SQLite file, for what does not depend on the database."""
    yield from lent(sqlite_databases)


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """A migrated, empty PostgreSQL database, for what only it can do."""
    yield from lent(postgres_databases)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3-compatible server."""
    with s3_server(tmp_path_factory.mktemp("s3") / "buckets") as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> Mapping[str, str]:
    """The settings of a new, empty bucket."""
    return s3.bucket()


@pytest.fixture(params=STORES)
def store_settings(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The settings of an empty file store; the test runs once on a folder and once on a bucket."""
    found: Mapping[str, str] = request.getfixturevalue("bucket") if request.param == "bucket" else {}
    return found


@pytest.fixture
def portal(tmp_path: Path, database_url: str) -> Portal:
    """An installation of its own on each kind of database, not serving yet: for commands."""
    return install(tmp_path, database_url)


@pytest.fixture
def live_server(tmp_path: Path, sqlite_url: str) -> Iterator[Portal]:
    """An installation that serves, empty; `live_server.run("demo")` fills it."""
    with install(tmp_path, sqlite_url).serving() as portal:
        yield portal


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases) -> Demos:
    """Copies of the demo portfolio on any day."""
    return Demos(sqlite_databases, lambda: tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def demo_server(demos: Demos) -> Iterator[Portal]:
    """An installation that serves the demo portfolio, shared by the tests of a module."""
    with demos.on().serving() as portal:
        yield portal


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium for the whole run; tests open fresh profiles in it with tests.browser.page_of."""
    from playwright.sync_api import sync_playwright

    from tests.browser import launch

    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: "Browser", live_server: Portal) -> Iterator["Page"]:
    """A page on a phone, open on nothing yet, whose base address is the served portal."""
    from tests.browser import page_of

    with page_of(browser, live_server.url) as page:
        yield page
