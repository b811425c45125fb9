"""A portal with Lin's case, whose rules take the whole penalty off; the clock begins at 17 April, 14:06 in Shanghai."""

from pathlib import Path

import pytest

from portal.platform.db import Doors
from tests.make.loans import import_tables
from tests.make.settlements import lin_settling
from tests.plans.conftest import app, cast, clock, empty_doors, visit

__all__ = ["app", "cast", "clock", "empty_doors", "visit"]


@pytest.fixture
def doors(empty_doors: Doors, tmp_path: Path) -> Doors:
    """Its doors, with Lin in the database."""
    import_tables(empty_doors, tmp_path, lin_settling())
    return empty_doors
