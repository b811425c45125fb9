"""Who may use what: the viewer of a request, the one map of permissions to roles, and routes that name one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

Kind = Literal["anonymous", "borrower", "staff", "system"]
Endpoint = Callable[[Request], Awaitable[Response]]

STAFF = frozenset({"plan_approver", "dispute_handler", "supervisor", "auditor", "administrator"})
DECIDERS = frozenset({"plan_approver", "dispute_handler", "supervisor"})

PERMISSIONS: Mapping[str, frozenset[str]] = {
    # Everybody.
    "anyone": frozenset({"anyone"}),
    # Borrowers. `link` is a session on its way through the recipient check; it sees nothing.
    "check_recipient": frozenset({"link"}),
    "see_account": frozenset({"borrower"}),
    "dispute": frozenset({"borrower"}),
    "complain": frozenset({"borrower"}),
    "propose_plan": frozenset({"borrower"}),
    "promise": frozenset({"borrower"}),
    "settle": frozenset({"borrower"}),
    "use_files": frozenset({"borrower"}) | DECIDERS | {"auditor"},
    # Staff.
    "staff": STAFF,
    "see_case": DECIDERS | {"auditor"},
    "handle_disputes": frozenset({"dispute_handler", "supervisor"}),
    "see_complaints": frozenset({"supervisor", "auditor"}),
    "answer_complaints": frozenset({"supervisor"}),
    "review_disputes": frozenset({"supervisor"}),
    "propose_for": DECIDERS,
    "approve_plans": frozenset({"plan_approver", "supervisor"}),
    "offer_settlements": frozenset({"plan_approver", "supervisor"}),
    "check_payments": DECIDERS,
    "change_limits": frozenset({"supervisor"}),
    "confirm": DECIDERS,
    "read_audit": frozenset({"auditor", "supervisor"}),
    "manage_accounts": frozenset({"administrator"}),
}
"""Permission to the roles that have it."""

BODY_LIMIT = 256 * 1024
"""Bytes that a request may send to a route that names no other limit (EV-01)."""


LONGEST_NUMBER = 18
"""Digits of a header that is read as a number."""

LARGEST_NUMBER = 2**31 - 1
"""The largest number in an address; a column of either database holds it."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and when: `now` is the instant of the request, `today` its date in the lender's `zone`.

    `network` is the client's address, for limits; `seen_at` is when a session was last noted as in use, `ends_at` when
    a borrower's ends if nothing more is pressed.
    """

    kind: Kind
    now: datetime
    today: date
    language: str = "en"
    person_id: int | None = None
    staff_id: int | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    session_id: int | None = None
    device_id: int | None = None
    network: str = ""
    seen_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str = "UTC"


def as_borrower(viewer: Viewer, person_id: int) -> Viewer:
    """The same moment as a borrower would see it, for staff on the phone with them; for reading only."""
    return replace(viewer, kind="borrower", person_id=person_id, staff_id=None, roles=frozenset({"borrower"}))


class SignInNeeded(Exception):
    """Nobody is signed in who could use this page; `staff` tells which door to show."""

    def __init__(self, staff: bool) -> None:
        super().__init__("sign-in needed")
        self.staff = staff


class NotAllowed(Exception):
    """The person who is signed in may not use this page."""


class GatedRoute(Route):
    """A route that says who may use it, and how much may be sent to it.

    `keeps_awake` is False where a page asks by itself, so that it does not prolong a session (SB-04).
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        name: str,
        may: str,
        methods: Sequence[str],
        body_limit: int,
        keeps_awake: bool,
    ) -> None:
        super().__init__(path, endpoint, methods=list(methods), name=name, max_body_size=body_limit)
        self.may = may
        self.keeps_awake = keeps_awake
        self.body_limit = body_limit

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether an address is this route's; one with a number that no row could have is nobody's."""
        try:
            match, found = super().matches(scope)
        except ValueError:  # more digits than Python reads
            return Match.NONE, {}
        if match is Match.NONE:
            return match, found
        parts = found.get("path_params", {}).values()
        too_large = any(isinstance(part, int) and part > LARGEST_NUMBER for part in parts)
        return (Match.NONE, {}) if too_large else (match, found)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request of this route; one that announces too much is refused before anything is read."""
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and (len(announced) > LONGEST_NUMBER or int(announced) > self.body_limit):
            raise HTTPException(413)
        await super().handle(scope, receive, send)


def route(
    path: str,
    endpoint: Endpoint,
    *,
    name: str,
    may: str,
    methods: Sequence[str] = ("GET",),
    body_limit: int = BODY_LIMIT,
    keeps_awake: bool = True,
) -> Route:
    """A route named `feature:page` that only viewers with the permission `may` can use."""
    if may not in PERMISSIONS:
        raise ValueError(f"{name}: no permission is called {may!r}; they stand in portal/platform/gate.py")
    return GatedRoute(
        path,
        _admitting(endpoint),
        name=name,
        may=may,
        methods=methods,
        body_limit=body_limit,
        keeps_awake=keeps_awake,
    )


def check(permission: str, viewer: Viewer) -> None:
    """Raise SignInNeeded or NotAllowed unless one of the viewer's roles has the permission."""
    roles = PERMISSIONS[permission]
    if "anyone" in roles or viewer.roles & roles or viewer.kind == "system":
        return
    if viewer.kind == "staff" or (viewer.kind == "borrower" and "borrower" in viewer.roles and not roles & STAFF):
        raise NotAllowed
    raise SignInNeeded(staff="borrower" not in roles and "link" not in roles)


def _admitting(endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint so that its answer leaves only if the gate was passed, by the database's door or here."""

    async def admit(request: Request) -> Response:
        scope = request.scope
        visit = scope["portal.visit"]
        visit.route = scope["route"]
        try:
            response = await endpoint(request)
        finally:
            await request.close()  # what was uploaded lies in temporary files, which nobody needs any more
        if not visit.admitted and visit.route.may != "anyone":
            await request.app.state.portal.admit(request)
        return response

    return admit
