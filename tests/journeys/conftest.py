"""The demo as it stands on the day of the invented case, served for one module of journeys."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.served import Portal, install


@pytest.fixture(scope="module")
def portal_of_lin(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases) -> Iterator[Portal]:
    """A served portal with the demo on 17 April 2026."""
    url = sqlite_databases.create()
    portal = install(tmp_path_factory.mktemp("journey"), url, today="2026-04-17")
    portal.run("demo")
    with portal.serving():
        yield portal
    sqlite_databases.drop(url)
