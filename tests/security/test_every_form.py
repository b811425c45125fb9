"""Every address that changes something asks for a token of its own form, session and time, from our own page (SB-09).

Routes come from the router, purposes from what each handler asks the token to be; nothing is listed by hand.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from portal.platform import csrf
from portal.platform.csrf import FormTokens
from tests.client import Client
from tests.house.access_matrix import NOON
from tests.make.cases import Cases
from tests.security.addresses import binding, send, state, unsafe_routes, visitor_for

SITES: dict[str, dict[str, str]] = {
    "our own page": {},
    "no word of a browser": {"Sec-Fetch-Site": "", "Origin": ""},
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a neighbour": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.lender.test"},
    "an old browser elsewhere": {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    "a page without an origin": {"Sec-Fetch-Site": "", "Origin": "null"},
}
OURS = ("our own page", "no word of a browser")


def wrong_tokens(tokens: FormTokens, purpose: str, bound: str) -> Iterator[tuple[str, str | None]]:
    """Tokens that must not be taken."""
    good = tokens.make(purpose, bound, NOON)
    stem, _, signature = good.rpartition(".")
    yield "none", None
    yield "empty", ""
    yield "made up", "x.y.z"
    yield "of another session", tokens.make(purpose, "another", NOON)
    yield "of another form", tokens.make(f"{purpose}_other", bound, NOON)
    yield (
        "of another installation",
        FormTokens(("another secret key of at least this length",)).make(purpose, bound, NOON),
    )
    yield "of yesterday", tokens.make(purpose, bound, NOON - timedelta(hours=12, seconds=61))
    yield "of tomorrow", tokens.make(purpose, bound, NOON + timedelta(seconds=61))
    yield "with a bit flipped", f"{stem}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    yield "with another time", f"{stem[:-1]}{'0' if stem[-1] != '0' else '1'}.{signature}"
    yield "without its signature", stem


def is_refused(answer: Any) -> bool:
    """400 or 403; an old form's page is shown again or its door is, which is not the handler's answer."""
    return answer.status_code in {400, 403} or (
        answer.status_code == 303 and "set-cookie" not in answer.headers and answer.headers["location"] != "/account"
    )


def test_no_wrong_token_and_no_other_site_is_let_in(
    besieged: Starlette, visitors: dict[str, Client], purposes: dict[str, str], cases: Cases
) -> None:
    before, taken = state(besieged), []
    tokens: FormTokens = besieged.state.portal.form_tokens
    for route in unsafe_routes(besieged):
        visitor, purpose = visitor_for(route, visitors), purposes[route.name]
        bound = binding(visitor, route)
        tries = [
            (what, token, site)
            for what, token in wrong_tokens(tokens, purpose, bound)
            for site in SITES
            if site in OURS
        ]
        tries += [("good", tokens.make(purpose, bound, NOON), site) for site in SITES if site not in OURS]
        tries += [("none", None, site) for site in SITES if site not in OURS]
        for what, token, site in tries:
            answer = send(visitor, route, token, SITES[site], cases)
            if not is_refused(answer):
                taken.append(f"{route.name}: a token {what} from {site}: {answer.status_code}")
    assert not taken, "\n".join(taken)
    assert state(besieged) == before


def test_the_right_token_is_taken(
    besieged: Starlette, visitors: dict[str, Client], purposes: dict[str, str], cases: Cases
) -> None:
    """The control: the same requests with the right token reach the handler, so the test above sees something."""
    reached = []
    tokens: FormTokens = besieged.state.portal.form_tokens
    for route in unsafe_routes(besieged):
        visitor = visitor_for(route, visitors)
        if route.path.endswith("/sign-out"):
            continue  # the visitors are needed
        token = tokens.make(purposes[route.name], binding(visitor, route), NOON)
        answer = send(visitor, route, token, SITES["our own page"], cases)
        reached.append(answer.status_code not in {400, 403})
    assert all(reached)


def test_no_purpose_stands_for_another(besieged: Starlette, purposes: dict[str, str]) -> None:
    """SL-07: every pair of purposes crossed, each way."""
    tokens: FormTokens = besieged.state.portal.form_tokens
    names = sorted(set(purposes.values()))
    for made_for in names:
        token = tokens.make(made_for, "session", NOON)
        assert tokens.check(token, made_for, "session", NOON)
        for other in names:
            if other != made_for:
                with pytest.raises(csrf.TokenForeign):
                    tokens.check(token, other, "session", NOON)
