"""The demo as it stands on the day of the invented case, served for one module of journeys."""

from collections.abc import Iterator

import pytest

from tests.served import Demos, Portal

DAY_OF_THE_CASE = "2026-04-17"


@pytest.fixture(scope="module")
def demo_of_lin(demos: Demos) -> Portal:
    """The demo on that day, not served yet."""
    return demos.on(DAY_OF_THE_CASE)


@pytest.fixture(scope="module")
def portal_of_lin(demo_of_lin: Portal) -> Iterator[Portal]:
    """The same, served."""
    with demo_of_lin.serving():
        yield demo_of_lin
