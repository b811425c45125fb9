"""A portal with Lin's case, whose rules take the whole penalty off; the clock begins at 17 April, 14:06 in Shanghai."""

from collections.abc import Callable, Iterator

import pytest

from tests.databases import KINDS, Databases, lent
from tests.make.installation import holding
from tests.make.settlements import lin_settling
from tests.plans.conftest import PROPOSED, app, cast, clock, doors, empty_doors, visit

__all__ = ["app", "cast", "clock", "doors", "empty_doors", "visit"]


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """Each kind of database, with Lin in it where a test asks for `doors`."""
    fill = holding(lin_settling, PROPOSED) if "doors" in request.fixturenames else None
    yield from lent(databases_of(request.param), fill)
