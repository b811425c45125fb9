"""The access matrix: every route with who may use it, as docs/access-matrix.md shows it (ST-01).

`python -m tests.house.access_matrix` writes the file anew; what changed in it is then to be reviewed.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from portal.app import create_app
from portal.platform.clock import FixedClock
from portal.platform.gate import GatedRoute, NotAllowed, SignInNeeded, Viewer, check
from portal.platform.settings import Settings
from tests.house.sources import ROOT

FILE = ROOT / "docs" / "access-matrix.md"
NOON = datetime(2026, 4, 17, 4, 0, tzinfo=UTC)
NOBODY = Viewer("anonymous", NOON, date(2026, 4, 17))
STAFF_ROLES = ("dispute_handler", "plan_approver", "supervisor", "auditor", "administrator")
VIEWERS = {
    "nobody": NOBODY,
    "on the way in": replace(NOBODY, roles=frozenset({"link"}), session_id=1),
    "borrower": replace(NOBODY, kind="borrower", roles=frozenset({"borrower"}), person_id=1),
    **{role: replace(NOBODY, kind="staff", roles=frozenset({role}), staff_id=1) for role in STAFF_ROLES},
}
HEAD = """# Who may use what

Made from the routes by `python -m tests.house.access_matrix`; a test compares it with them and replays every cell.
A borrower sees only what is their own: somebody else's number or code is answered like one that does not exist (404).
What a member of staff may do to a single case depends on its state besides (who began it, authority, four eyes).
"""


@dataclass(frozen=True)
class Cell:
    """One route, method and kind of viewer, and whether the gate lets them in."""

    route: GatedRoute
    method: str
    who: str
    allowed: bool


def routes() -> list[GatedRoute]:
    """Every route of a development installation, in the order of its addresses."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"PORTAL_DATABASE_URL": f"sqlite:///{folder}/portal.db", "PORTAL_DATA_DIR": folder}
        app = create_app(Settings.load(given), FixedClock(NOON))
        app.state.portal.doors.close()
    found = [each for each in app.routes if isinstance(each, GatedRoute)]
    assert len(found) == len(app.routes), "a route without a gate"
    return sorted(found, key=lambda each: (each.path, methods(each), each.name))


def methods(route: GatedRoute) -> list[str]:
    """The methods of a route but HEAD, which goes with GET."""
    return sorted((route.methods or set()) - {"HEAD"})


def allowed(route: GatedRoute, viewer: Viewer) -> bool:
    """Whether the gate lets a viewer in."""
    try:
        check(route.may, viewer)
    except (NotAllowed, SignInNeeded):
        return False
    return True


def cells() -> Iterator[Cell]:
    """The whole matrix, cell by cell."""
    for route in routes():
        for method in methods(route):
            for who, viewer in VIEWERS.items():
                yield Cell(route, method, who, allowed(route, viewer))


def text() -> str:
    """The file."""
    heads = ["Route", "Method", "Name", "Permission", *(who.replace("_", " ") for who in VIEWERS)]
    lines = [HEAD, f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for route in routes():
        marks = ["yes" if allowed(route, viewer) else "–" for viewer in VIEWERS.values()]
        row = [f"`{route.path}`", ", ".join(methods(route)), route.name, f"`{route.may}`", *marks]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file."""
    Path(FILE).parent.mkdir(exist_ok=True)
    Path(FILE).write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
