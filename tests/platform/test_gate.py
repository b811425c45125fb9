"""The map of permissions, and who passes."""

from datetime import UTC, datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response

from portal.platform.gate import PERMISSIONS, STAFF, Kind, NotAllowed, SignInNeeded, Viewer, check, route

NOW = datetime(2026, 5, 6, tzinfo=UTC)


def viewer(kind: Kind, *roles: str) -> Viewer:
    return Viewer(kind=kind, now=NOW, today=NOW.date(), roles=frozenset(roles))


def outcome(permission: str, who: Viewer) -> str:
    try:
        check(permission, who)
    except SignInNeeded:
        return "sign in"
    except NotAllowed:
        return "no"
    return "yes"


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_roles_decide(permission: str) -> None:
    roles = PERMISSIONS[permission]
    assert outcome(permission, viewer("anonymous")) == ("yes" if "anyone" in roles else "sign in")
    for role in STAFF:
        assert (outcome(permission, viewer("staff", role)) == "yes") == bool({role, "anyone"} & roles)
    assert (outcome(permission, viewer("borrower", "borrower")) == "yes") == bool({"borrower", "anyone"} & roles)


def test_a_session_on_its_way_sees_nothing() -> None:
    allowed = {name for name in PERMISSIONS if outcome(name, viewer("borrower", "link")) == "yes"}
    assert allowed == {"anyone", "check_recipient"}


def test_an_administrator_decides_nothing() -> None:
    allowed = {name for name in PERMISSIONS if outcome(name, viewer("staff", "administrator")) == "yes"}
    assert allowed == {"anyone", "staff", "manage_accounts"}


def test_a_borrower_never_passes_for_staff() -> None:
    assert outcome("staff", viewer("borrower", "borrower")) in {"no", "sign in"}


async def _nothing(request: Request) -> Response:
    return Response()


def test_a_route_names_a_permission_that_exists() -> None:
    with pytest.raises(ValueError, match="no permission"):
        route("/x", _nothing, name="x", may="see_all")
