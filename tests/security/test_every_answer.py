"""Every answer of every address, good or bad: its headers, its cookies, and no live secret on a page of staff."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.client import Client
from tests.house.access_matrix import STAFF_ROLES, methods
from tests.house.test_access_matrix import address
from tests.make import cases as make_cases
from tests.make.cases import Cases
from tests.security.addresses import real_address, routes_of

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)
KEPT_BY_CACHES = ("/static/", "/favicon.ico")
LOOSE = ("unsafe-inline", "unsafe-eval", "*", "data:", "http:")


@pytest.fixture(scope="module")
def answers(besieged: Starlette, visitors: dict[str, Client], cases: Cases) -> dict[str, Any]:
    """What everybody gets at every real address; to whom most is open, made-up ones, forms and refused methods too."""
    found = {}
    for who, visitor in visitors.items():
        for route in routes_of(besieged):
            if "GET" in methods(route):
                path = real_address(route, cases)
                found[f"{who} GET {path}"] = visitor.get(path)
            if who in ("nobody", "borrower", "supervisor"):
                method = "GET" if "GET" in methods(route) else "POST"
                found[f"{who} {method} {route.path}"] = visitor.request(method, address(route))
        found[f"{who} PUT /account"] = visitor.request("PUT", "/account")
        found[f"{who} GET /nothing"] = visitor.get("/nothing/at/all")
    return found


def test_no_answer_is_an_accident(answers: dict[str, Any]) -> None:
    assert len(answers) > 500
    assert not {place: answer.status_code for place, answer in answers.items() if answer.status_code >= 500}


def test_headers_are_on_every_answer(answers: dict[str, Any]) -> None:
    """SB-06, SB-10, SB-11, SB-12, SL-20."""
    wrong = [fault for place, answer in answers.items() for fault in faults_of(place, answer)]
    assert not wrong, "\n".join(wrong[:40])


def faults_of(place: str, answer: Any) -> Iterator[str]:
    headers = answer.headers
    yield from (f"{place}: {name}" for name, value in HEADERS.items() if headers.get(name) != value)
    if not headers.get("strict-transport-security", "").startswith("max-age=63072000; includeSubDomains"):
        yield f"{place}: strict-transport-security"
    policy = headers.get("content-security-policy", "")
    is_file = policy == "sandbox; default-src 'none'"
    if not is_file and (any(part not in policy for part in POLICY) or any(part in policy for part in LOOSE)):
        yield f"{place}: content-security-policy {policy}"
    is_kept = any(part in place for part in KEPT_BY_CACHES) and answer.status_code in {200, 204, 304}
    if not is_kept and (headers.get("cache-control") != "no-store" or "Cookie" not in headers.get("vary", "")):
        yield f"{place}: {headers.get('cache-control')}, vary {headers.get('vary')}"
    if "server" in headers or "x-powered-by" in headers:
        yield f"{place}: tells what serves it"


def test_every_cookie_is_bound_tight(answers: dict[str, Any], besieged: Starlette, nobody: Client) -> None:
    """SB-03: whoever sets it. Staff's are for staff's own pages alone."""
    seen = [cookie for answer in answers.values() for cookie in answer.headers.get_list("set-cookie")]
    visitor = make_cases.come_in(besieged, nobody, make_cases.people.LIN_YI)
    seen += visitor.submit(visitor.get("/devices"), form="/sign-out").headers.get_list("set-cookie")
    assert seen
    for cookie in seen:
        plain = cookie.lower()
        assert cookie.startswith("__Host-"), cookie
        assert all(part in plain for part in ("; secure", "; httponly", "; path=/")), cookie
        assert ("samesite=strict" if cookie.startswith("__Host-staff") else "samesite=lax") in plain, cookie
        assert "domain=" not in plain, cookie


def test_no_page_of_staff_shows_what_opens_a_door(
    besieged: Starlette, visitors: dict[str, Client], cases: Cases, nobody: Client
) -> None:
    """ST-17: a code, a link, a birth date or ID digits that are live now are on none of them."""
    guest = nobody.another(headers={"Accept-Language": "en"})
    page = guest.follow(guest.submit(guest.get(f"/l/{cases.link}")))
    guest.submit(page, make_cases.answers(cases.owner))
    code = make_cases.newest_code(besieged)
    secrets = (code, cases.link, str(cases.owner.birth_date), cases.owner.id_last4)
    shown = [
        f"{role} {path}: {secret}"
        for role in STAFF_ROLES
        for route in routes_of(besieged)
        if route.path.startswith("/staff") and "GET" in methods(route)
        for path in (real_address(route, cases),)
        for text in (visitors[role].get(path).text,)
        for secret in secrets
        if secret in text
    ]
    assert not shown
