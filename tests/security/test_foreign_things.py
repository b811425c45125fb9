"""What belongs to somebody else is not there: every real id in every address and form, and every credential crossed."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel
from starlette.applications import Starlette

from portal.access import cookies, staff_actions
from portal.demo import people
from portal.demo.people import DemoPerson
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import GatedRoute, Viewer
from tests.client import Client
from tests.disputes import walk
from tests.house.access_matrix import NOON, STAFF_ROLES, VIEWERS, allowed, methods
from tests.house.test_access_matrix import DOORS, address, is_turned_away
from tests.make import cases as make_cases
from tests.make import demo as make
from tests.make.cases import Cases
from tests.security.addresses import binding, real_address, routes_of, state

ENTRIES = {"reason": "other", "stretch": "2026-04-01_2026-04-17", "version": "1", "seen": "x", "consent": "yes"}
"""What the steps of a dispute ask, so that no form is turned away for what it lacks."""

NOT_THERE_YET = (
    *("plans:agreement", "plans:agreement_pdf", "plans:dates", "plans:payment", "plans:more", "plans:more_answer"),
    *("plans:phone", "settlements:letter", "settlements:letter_pdf", "evidence:ask_password"),
)
NOT_YET = {"disputes:review": [303, 404], **{name: [404, 404] for name in NOT_THERE_YET}}
"""What its owner and another get where there is nothing yet: the dispute is not decided, the plan not agreed, and the
file opens without a password."""


def names_something(route: GatedRoute) -> bool:
    return bool(route.param_convertors) and route.may != "anyone" and not route.path.startswith("/staff")


def status_of(visitor: Client, route: GatedRoute, answer: Any) -> int:
    """The status of what a visitor got; 404 also for a list of a draft's files that is as empty as a made-up one's."""
    if route.name == "evidence:draft_rows" and answer.status_code == 200:
        made_up = visitor.get(address(route))
        assert "<li" not in made_up.text
        if _without_tokens(answer.text) == _without_tokens(made_up.text):
            return 404
    return int(answer.status_code)


def _without_tokens(text: str) -> str:
    return re.sub('token="[^"]+"', "", text)


def test_every_id_of_another_borrower_in_every_address(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """ST-02: a stranger gets the 404 of what does not exist, its owner the page; addresses come from the router."""
    stranger = make.as_person(besieged, nobody, cases.stranger)
    owners = [make.as_person(besieged, nobody, person) for person in (cases.owner, cases.planner)]
    looked = 0
    for route in routes_of(besieged):
        if not names_something(route) or "GET" not in methods(route):
            continue
        path = real_address(route, cases)
        statuses = sorted(status_of(owner, route, owner.get(path)) for owner in owners)
        assert statuses == NOT_YET.get(route.name, [200, 404]), (path, statuses)
        assert status_of(stranger, route, stranger.get(path)) == 404, path
        looked += 1
    assert looked >= 12


def test_every_id_of_another_borrower_in_every_form(
    besieged: Starlette,
    nobody: Client,
    cases: Cases,
    purposes: dict[str, str],
) -> None:
    """ST-02: with a good token of the stranger's own; nothing of it changes anything."""
    stranger = make.as_person(besieged, nobody, cases.stranger)
    tokens = besieged.state.portal.form_tokens
    owner = make.as_person(besieged, nobody, cases.owner)
    before = state(besieged)
    sent = 0
    for route in routes_of(besieged):
        if names_something(route) and "POST" in methods(route):
            for act in ("update", "next", "later"):
                token = tokens.make(purposes[route.name], binding(stranger, route), NOON)
                fields = {"form_token": token, "words": "mine", "act": act, "password": "x", **ENTRIES}
                answer = stranger.post(real_address(route, cases), fields)
                assert answer.status_code == 404, (route.name, act, answer.status_code)
                sent += 1
    assert sent >= 3 * 13
    assert state(besieged) == before
    assert "slip.png" in owner.get(f"/disputes/{cases.dispute}").text


def test_ids_inside_forms_and_queries(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """ST-02: a device, a draft, a file of a draft: by their real names they are nobody else's."""
    stranger = make_cases.come_in(besieged, nobody, cases.stranger)
    device = make_cases.device_code(besieged, cases.owner)
    assert stranger.submit(stranger.get("/devices"), {"code": device}, form=0).status_code == 404
    before = of_the_draft(besieged, cases)
    other = make.as_person(besieged, nobody, cases.planner)
    path = f"/loans/{make_cases.late_loan(besieged, cases.planner)}/instalments/3/dispute"
    first = other.get(path, params={"draft": cases.draft, "code": cases.draft})
    named = {"draft": cases.draft, "code": cases.draft, "beside": cases.draft, "files": cases.draft_file}
    ticks = make_cases.every_night(first)
    steps = [first, other.follow(walk.send(other, first, {**ticks, **named, "act": "next"}, "/dispute"))]
    steps.append(other.follow(walk.send(other, steps[-1], {"reason": "lent", **named, "act": "next"}, "/reason")))
    steps.append(other.follow(walk.send(other, steps[-1], {**named, "act": "next"}, "/details")))
    steps.append(other.follow(walk.send(other, steps[-1], {**named, "act": "next"}, "/files")))
    refused = walk.send_off(other, steps[-1], **named, consent="yes")
    assert refused.status_code == 409, "a file that is not there was not looked over"
    assert [page.url for page in [*steps, refused] if is_shown(page.text)] == []
    sent = other.follow(walk.send_off(other, steps[-1], draft=cases.draft, code=cases.draft, consent="yes"))
    assert (sent.url.path.endswith("/sent"), is_shown(sent.text)) == (True, False)
    assert of_the_draft(besieged, cases) == before


def test_a_file_of_a_draft_is_nobody_elses(
    besieged: Starlette, nobody: Client, cases: Cases, purposes: dict[str, str]
) -> None:
    """ST-02: another borrower has nothing of it, nor has anyone of staff, before the dispute is sent."""
    file = replace(cases, file=cases.draft_file, columns=cases.draft_columns)
    owner = make.as_person(besieged, nobody, cases.owner)
    others = {person.ref: make.as_person(besieged, nobody, person) for person in (cases.stranger, cases.planner)}
    others |= {role: make.as_staff(besieged, nobody, role) for role in STAFF_ROLES}
    named = [route for route in routes_of(besieged) if route.param_convertors]
    routes = [route for route in named if route.path.startswith(("/files/", "/staff/files/"))]
    before = state(besieged)
    for route in routes:
        path, for_staff = real_address(route, file), route.path.startswith("/staff")
        for who, visitor in others.items():
            if "GET" in methods(route):
                answer = visitor.get(path)
            else:
                token = besieged.state.portal.form_tokens.make(purposes[route.name], binding(visitor, route), NOON)
                answer = visitor.post(path, {"form_token": token, "password": "x"})
            status = status_of(visitor, route, answer)
            is_asked_in = status == 303 and answer.headers["location"].startswith(DOORS)
            assert status in {403, 404} or is_asked_in, (who, path, status)
            assert status == 404 or for_staff or who in STAFF_ROLES, (who, path, status)
    assert len(routes) >= 8
    assert state(besieged) == before
    for route in routes:
        if "GET" in methods(route) and not route.path.startswith("/staff"):
            path = real_address(route, file)
            expected = 404 if route.name in NOT_THERE_YET else 200
            assert status_of(owner, route, owner.get(path)) == expected, "the control: its owner has all of it"


def test_what_one_borrower_writes_of_a_shared_loan_is_not_the_others(
    besieged: Starlette, nobody: Client, cases: Cases, purposes: dict[str, str]
) -> None:
    """ST-02: who may see the loan has nothing of the dispute, the draft and the files of the other one."""
    share_loan(besieged, cases.loan, people.GUARANTOR)
    other = make.as_person(besieged, nobody, people.GUARANTOR)
    tokens = besieged.state.portal.form_tokens
    assert other.get(f"/loans/{cases.loan}").status_code == 200, "the loan is theirs too"
    before = state(besieged)
    for each in (cases, replace(cases, file=cases.draft_file)):
        for route in routes_of(besieged):
            if not (names_something(route) and route.path.startswith(("/disputes/", "/files/"))):
                continue
            path = real_address(route, each)
            if "GET" in methods(route):
                assert status_of(other, route, other.get(path)) == 404, path
            else:
                token = tokens.make(purposes[route.name], binding(other, route), NOON)
                fields = {"form_token": token, "words": "mine", "act": "next", "password": "x", **ENTRIES}
                assert other.post(path, fields).status_code == 404, path
    assert state(besieged) == before
    form_path = f"/loans/{cases.loan}/instalments/{make_cases.BEGUN}/dispute"
    assert [path for path in ("/account", "/disputes", form_path) if cases.draft in other.get(path).text] == []
    owner = make.as_person(besieged, nobody, cases.owner)
    assert cases.draft in owner.get(form_path).text, "the control: its owner finds it there"


def share_loan(app: Starlette, code: str, person: DemoPerson) -> None:
    """A loan has a second borrower from now on."""
    party, loan = (SQLModel.metadata.tables[name] for name in ("loan_party", "loan"))

    def add(session: Session, _viewer: Viewer) -> None:
        known = session.execute(select(party).limit(1)).mappings().one()
        loan_id = session.execute(select(loan.c.id).where(loan.c.code == code)).scalar_one()
        own = {"loan_id": loan_id, "person_id": make_cases.somebody(app, person).id, "role": "co_borrower"}
        session.execute(insert(party).values({name: known[name] for name in known if name != "id"} | own))

    doors: Doors = app.state.portal.doors
    doors.write_as(doors.system(), add)


def is_shown(text: str) -> bool:
    """Whether anything of Lin Yi's draft stands on a page."""
    return "draft.png" in text or "Not sent." in text or "the first month is free" in text


def of_the_draft(app: Starlette, cases: Cases) -> list[list[Any]]:
    """The rows of Lin Yi's draft and of its files."""
    rows = state(app)
    drafts = [row for row in rows["dispute_draft"] if row.code == cases.draft]
    files = [row for row in rows["evidence_file"] if row.case_number == cases.draft]
    assert (len(drafts), len(files)) == (1, 3)
    return [drafts, files]


def test_roles_at_real_cases(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """ST-01: what the matrix says holds with real objects too, not with made-up ones alone."""
    wrong = []
    for role in STAFF_ROLES:
        visitor = make.as_staff(besieged, nobody, role)
        for route in routes_of(besieged):
            if route.path.startswith("/staff") and route.may != "anyone" and "GET" in methods(route):
                path = real_address(route, cases)
                answer = visitor.get(path)
                if is_turned_away(answer) == allowed(route, VIEWERS[role]) or answer.status_code >= 500:
                    wrong.append(f"{role} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_no_credential_opens_another_door(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """ST-10, SB-02, SL-07: each cookie's value under each other cookie's name, at every page that is not anyone's."""
    names = {kind: f"__Host-{kind}" for kind in (cookies.SESSION, cookies.STAFF, cookies.DEVICES, cookies.STEP)}
    known = make_cases.come_in(besieged, nobody, cases.owner)
    waiting = nobody.another()
    waiting.submit(waiting.get(f"/l/{make_cases.link(besieged, cases.owner)}"))
    declined = nobody.another()
    declined.submit(declined.get(f"/l/{cases.link}"), {"answer": "not_me"})
    values = {
        "full session": (cookies.SESSION, known.http.cookies[names[cookies.SESSION]]),
        "waiting session": (None, waiting.http.cookies[names[cookies.SESSION]]),
        "device mark": (cookies.DEVICES, known.http.cookies[names[cookies.DEVICES]]),
        "device mark unsigned": (None, known.http.cookies[names[cookies.DEVICES]].rpartition(".")[0]),
        "step": (cookies.STEP, declined.http.cookies[names[cookies.STEP]]),
        "staff session": (cookies.STAFF, make.as_staff(besieged, nobody, "supervisor").http.cookies[names["staff"]]),
        "link": (None, cases.link),
        "form token": (None, make_cases.token_on(known.get("/devices"))),
    }
    places = [
        "/account",
        "/devices",
        f"/disputes/{cases.dispute}",
        f"/files/{cases.file}",
        "/staff/",
        "/staff/disputes",
    ]
    let_in = []
    for what, (own, value) in values.items():
        for kind, name in names.items():
            for path in places:
                is_right = own == kind == cookies.STAFF and path.startswith(("/staff", "/files"))
                is_right |= own == kind == cookies.SESSION and not path.startswith("/staff")
                visitor = nobody.another()
                visitor.http.cookies.set(name, value)
                answer = visitor.get(path)
                is_in = not (answer.status_code == 303 and answer.headers["location"].startswith(DOORS))
                if is_in != is_right:
                    let_in.append(f"{what} as {name} at {path}: {answer.status_code}")
    assert not let_in, "\n".join(let_in)


def sign_out(besieged: Starlette, visitor: Client) -> None:
    visitor.submit(visitor.get("/devices"), form="/sign-out")


def sign_out_everywhere(besieged: Starlette, visitor: Client) -> None:
    visitor.submit(visitor.get("/devices"), {"code": "all"}, form=0)


def change_phone(besieged: Starlette, visitor: Client) -> None:
    """The lender's system brings another number, then the old one again."""
    doors: Doors = besieged.state.portal.doors
    person = make_cases.somebody(besieged, people.LIN_YI)
    moved = make_cases.access.change_number(doors, person, "+8613900139000")
    make_cases.access.change_number(doors, moved, f"+86{people.LIN_YI.mobile}")


def grow_old(besieged: Starlette, visitor: Client) -> None:
    clock: FixedClock = besieged.state.portal.clock
    clock.advance(minutes=15, seconds=1)


@pytest.mark.parametrize("event", [sign_out, sign_out_everywhere, change_phone, grow_old])
def test_a_saved_cookie_opens_nothing_afterwards(
    besieged: Starlette, nobody: Client, event: Callable[[Starlette, Client], None]
) -> None:
    """SB-01: fifty saved cookies are played back after each way in which a session ends."""
    visitor = make.as_person(besieged, nobody, people.LIN_YI)
    saved = [make.as_person(besieged, nobody, people.LIN_YI) for _ in range(50)] if event is not sign_out else []
    jar = dict(visitor.http.cookies)
    assert visitor.get("/account").status_code == 200
    event(besieged, visitor)
    replayed = nobody.another()
    replayed.http.cookies.update(jar)
    for each in [replayed] * 50 if event is sign_out else saved:
        answer = each.get("/account")
        assert (answer.status_code, answer.headers["location"].startswith("/session-ended")) == (303, True)
    besieged.state.portal.clock.set(NOON)


@pytest.mark.parametrize("how", ["disabled", "roles taken"])
def test_whoever_is_out_is_out_between_get_and_post(
    besieged: Starlette, nobody: Client, cases: Cases, how: str
) -> None:
    """ST-11: pages that were open when it happened, and their forms sent afterwards."""
    doors: Doors = besieged.state.portal.doors
    name = f"leaver-{how.split()[0]}"
    member = make_cases.access.staff(doors, name, roles=("dispute_handler",))
    visitor = make.as_account(besieged, nobody, member.id)
    pages = [visitor.get(f"/staff/disputes/{cases.dispute}") for _ in range(10)]
    assert {page.status_code for page in pages} == {200}
    administrator = make_cases.access.staff_viewer(doors, make_cases.access.staff(doors, f"admin-{name}"))
    if how == "disabled":
        doors.write_as(administrator, staff_actions.disable_staff, name)
    else:
        doors.write_as(administrator, staff_actions.change_roles, name, ("auditor",))
    before = state(besieged)
    for page in pages:
        answer = visitor.submit(page, {"held": "yes"}, form="/hold")
        assert (
            answer.headers["location"].startswith("/staff/sign-in") if how == "disabled" else answer.status_code == 403
        )
    assert state(besieged) == before
