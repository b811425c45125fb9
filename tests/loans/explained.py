"""`portal explain` as a test reads it."""

import io
import json
from datetime import date, datetime
from typing import Any

from portal.loans.commands import run_explain
from portal.platform.db import Doors


def explained(doors: Doors, as_of: date, ref: str = "L1", known_at: datetime | None = None) -> dict[str, Any]:
    """The document of a loan."""
    out = io.StringIO()
    assert run_explain(doors, ref, as_of, known_at=known_at, format="json", out=out) == 0
    document: dict[str, Any] = json.loads(out.getvalue())
    return document
