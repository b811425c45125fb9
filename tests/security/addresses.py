"""Addresses and forms as the router knows them, filled with what is real, and the rows that must stay as they are."""

from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.platform import csrf
from portal.platform.gate import GatedRoute
from tests.client import Client
from tests.house.access_matrix import VIEWERS, allowed
from tests.house.test_access_matrix import address
from tests.make import cases as make_cases
from tests.make.cases import Cases

ORIGIN = "https://pay.lender.test"
OUR_PAGE = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
UNLIKE = frozenset({"kept_entry", "throttle", "outbox", "job_run"})
"""What a refused form may change: an old form's entries are kept, tries are counted."""


def routes_of(app: Starlette) -> list[GatedRoute]:
    return [each for each in app.routes if isinstance(each, GatedRoute)]


def unsafe_routes(app: Starlette) -> list[GatedRoute]:
    """Every route that takes a POST."""
    found = [each for each in app.routes if isinstance(each, GatedRoute) and "POST" in (each.methods or ())]
    assert len(found) > 25
    return found


def code_in(route: GatedRoute, cases: Cases) -> str:
    """What `code` names in a route's address, by how the address begins."""
    if route.path == "/files/{code}/cover":
        return cases.draft_file
    if route.path == "/files/{code}/lines":
        return cases.draft_lines
    if route.path.endswith("/columns"):
        return cases.columns
    known = {
        "/files/uploads/": cases.upload,
        "/files/drafts/": cases.draft,
        "/files": cases.file,
        "/staff/files": cases.file,
        "/disputes/drafts": cases.draft,
        "/plans/drafts": cases.plan_draft,
        "/staff/cases": cases.person,
        "/pay/links/": cases.pay_link,
        "/language": "en",
    }
    return next((code for start, code in known.items() if route.path.startswith(start)), cases.loan)


def real_address(route: GatedRoute, cases: Cases) -> str:
    """The route's address with the parts of real cases."""
    number: Any = cases.dispute
    if "/plans/" in route.path:
        number = cases.plan
    elif "/promises/" in route.path:
        number = cases.promise
    elif "/complaints/" in route.path:
        number = cases.complaint
    elif "/settlements/" in route.path:
        number = cases.settlement
    elif "/settlement-requests/" in route.path:
        number = cases.request
    elif "/payment-notices/" in route.path:
        number = cases.notice
    if "{number:int}" in route.path:
        number = 1 if "/pages/" in route.path else make_cases.DISPUTED
    wanted = {"code": code_in(route, cases), "number": number}
    if route.path.startswith("/p/"):
        wanted["ref"] = cases.shared
    parts = {name: wanted[name] if name in wanted else cases.parts(name) for name in route.param_convertors}
    return route.path_format.format_map(parts)


def visitor_for(route: GatedRoute, visitors: dict[str, Client]) -> Client:
    return next(visitor for who, visitor in visitors.items() if allowed(route, VIEWERS[who]))


LOOKED_UP_FIRST = frozenset({"disputes:review", "evidence:cover", "evidence:cover_lines"})
"""The routes whose object is looked up before their form is read: only a real one of the visitor's gets that far."""


def send(visitor: Client, route: GatedRoute, token: str | None, site: dict[str, str], cases: Cases) -> Any:
    """Post the form of a route; a header that is empty is left out."""
    path = real_address(route, cases) if route.name in LOOKED_UP_FIRST else address(route)
    given = {**OUR_PAGE, **site}
    headers = {name: value for name, value in given.items() if value}
    return visitor.request("POST", path, data={} if token is None else {"form_token": token}, headers=headers)


def binding(visitor: Client, route: GatedRoute) -> str:
    """What ties this visitor's tokens to the session."""
    door = "staff" if route.path.startswith("/staff") else "borrower"
    cookie = visitor.http.cookies.get(f"__Host-{csrf.SESSION_COOKIES[door]}", "")
    return sha256(f"{door}.{cookie}".encode()).hexdigest()[:32] if cookie else ""


def state(app: Starlette) -> dict[str, list[Any]]:
    """Every row that a form could change."""
    with app.state.portal.doors.engines.read.connect() as connection:
        return {
            name: list(connection.execute(select(table)))
            for name, table in SQLModel.metadata.tables.items()
            if name not in UNLIKE
        }
