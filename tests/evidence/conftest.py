"""A portal with two borrowers and three members of staff, told apart by a header instead of a sign-in."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert
from starlette.requests import Request

from portal.access.queries import ACCOUNT
from portal.app import Portal, create_app
from portal.platform.clock import FixedClock, SystemClock
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from portal.platform.visit import stranger
from tests.client import Client
from tests.make.loans import borrower, import_tables, lin_yi, loan

ROLES = {"handler": "dispute_handler", "approver": "plan_approver", "auditor": "auditor", "admin": "administrator"}
STAFF_IDS = {name: number for number, name in enumerate(ROLES, 1)}


def viewer_named(name: str, like: Viewer) -> Viewer:
    """Lin, a stranger with a loan of their own, or a member of staff, at the same moment."""
    common = {"now": like.now, "today": like.today, "language": like.language, "network": like.network}
    if name in ROLES:
        return Viewer(kind="staff", staff_id=STAFF_IDS[name], roles=frozenset((ROLES[name],)), name=name, **common)
    if name in {"lin", "stranger"}:
        person = 1 if name == "lin" else 2
        return Viewer(kind="borrower", person_id=person, session_id=person, roles=frozenset(("borrower",)), **common)
    return like


@pytest.fixture
def more_settings() -> Mapping[str, str]:
    """What a module wants to be configured besides, by the names of the variables without PORTAL_."""
    return {}


@pytest.fixture
def clock() -> FixedClock:
    """The real time, until it is moved."""
    return FixedClock(SystemClock().now())


@pytest.fixture
def client(tmp_path: Path, database_url: str, more_settings: Mapping[str, str], clock: FixedClock) -> Iterator[Client]:
    """A visitor of the running portal; `client.http.headers["x-test-viewer"]` says who."""
    chosen = {"DATA_DIR": str(tmp_path), "DATABASE_URL": database_url, **more_settings}
    settings = Settings.load({f"PORTAL_{name}": value for name, value in chosen.items()})
    app = create_app(settings, clock)
    portal: Portal = app.state.portal

    def find(_connection: Connection, request: Request) -> Viewer:
        return viewer_named(request.headers.get("x-test-viewer", ""), stranger(request))

    portal.find_viewer = find
    portal.is_known = lambda _connection, _viewer, request, _staff: bool(request.headers.get("x-test-viewer"))
    portal.touch = None
    more = lin_yi(
        borrowers=[borrower(), borrower(borrower_ref="B2", mobile="13900139000")],
        loans=[loan(), loan(loan_ref="L2", borrower_ref="B2")],
    )
    import_tables(portal.doors, tmp_path, more)
    portal.doors.write_as(portal.doors.system(), _add_staff)
    with Client(app, headers={"Accept-Language": "en"}) as made:
        yield made


def _add_staff(session: object, viewer: Viewer) -> None:
    for name, number in STAFF_IDS.items():
        values = {
            "id": number,
            "name": name,
            "display_name": name,
            "identity": name,
            "password_hash": "-",
            "sealed_totp": "-",
            "totp_step": 0,
            "created_at": viewer.now,
        }
        session.execute(insert(ACCOUNT).values(**values))  # type: ignore[attr-defined]
