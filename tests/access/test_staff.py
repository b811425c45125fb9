"""Staff: signing in and out, the administrator's accounts, and what ends at once."""

import re
from dataclasses import dataclass

import httpx2
import pytest

from portal.access import evenness, staff_actions, staff_queries
from portal.core.refusal import Refusal
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.make import access as make
from tests.make.access import Member


@dataclass
class Office:
    """A visitor who can sign in as somebody, each time with a code of its own."""

    client: Client
    clock: FixedClock

    def sign_in(self, member: Member, **wrong: str) -> httpx2.Response:
        self.clock.advance(seconds=31)
        entries = {"name": member.name, "password": member.password, "code": member.code(self.clock.now())}
        return self.client.submit(self.client.get("/staff/sign-in"), {**entries, **wrong})


@pytest.fixture
def office(client: Client, clock: FixedClock) -> Office:
    return Office(client, clock)


@pytest.fixture
def admin(doors: Doors) -> Member:
    return make.staff(doors, "admin", "Ada Min", roles=("administrator",))


class TestSignIn:
    def test_name_password_and_code_let_in(self, office: Office, admin: Member) -> None:
        answer = office.sign_in(admin)
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/")
        cookie = answer.headers["set-cookie"].lower()
        assert "samesite=strict" in cookie
        assert "httponly" in cookie
        assert office.client.get("/staff/accounts").status_code == 200

    @pytest.mark.parametrize(
        "wrong", [{"name": "nobody"}, {"password": "wrong"}, {"code": "000000"}, {"code": ""}, {"password": ""}]
    )
    def test_what_was_wrong_is_not_said(self, office: Office, admin: Member, wrong: dict[str, str]) -> None:
        """ST-09, SL-13: one text for each, and no cookie."""
        answer = office.sign_in(admin, **wrong)
        assert answer.status_code == 422
        assert "Name, password and code do not go together." in answer.text
        assert "set-cookie" not in answer.headers
        assert admin.password not in answer.text
        assert office.client.get("/staff/accounts").headers["location"].startswith("/staff/sign-in?next=")

    def test_a_code_is_good_once(self, office: Office, admin: Member, clock: FixedClock) -> None:
        office.sign_in(admin)
        entries = {"name": admin.name, "password": admin.password, "code": admin.code(clock.now())}
        other = office.client.another()
        assert other.submit(other.get("/staff/sign-in"), entries).status_code == 422

    def test_ten_tries_a_quarter_hour(self, office: Office, admin: Member, clock: FixedClock) -> None:
        answers = [office.sign_in(admin, password="wrong") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert "Try again at 12:16. Nothing is lost." in answers[-1].text, "12:15:05, rounded up"
        clock.advance(minutes=15)
        assert office.sign_in(admin).status_code == 303

    def test_every_answer_takes_its_time(self, office: Office, admin: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        """SL-13, SL-23: what could tell something by its time is held back to one moment."""
        monkeypatch.setattr(evenness, "SECONDS", 0.2)
        client = office.client
        for path, entries in (
            ("/start", {"number": "13700000000"}),
            ("/start", {"number": "no number"}),
            ("/l/made-up", {}),
            ("/l/made-up", {"answer": "not_me"}),
            ("/not-me", {}),
            ("/staff/sign-in", {"name": "nobody"}),
        ):
            page = client.get(path)
            assert client.submit(page, entries).elapsed.total_seconds() >= 0.19, path

    def test_next_stays_on_this_site(self, office: Office, admin: Member) -> None:
        assert office.sign_in(admin, next="//evil.example").headers["location"] == "/staff/"
        assert office.sign_in(admin, next="/staff/accounts").headers["location"] == "/staff/accounts"

    def test_a_borrowers_session_opens_nothing_here(self, client: Client, doors: Doors, admin: Member) -> None:
        """ST-10: nor the other way round."""
        client.submit(client.get(f"/l/{make.link(doors, make.person(doors))}"))
        borrowers = client.http.cookies["session"]
        visitor = client.another()
        visitor.http.cookies.set("staff", borrowers)
        visitor.http.cookies.set("session", borrowers)
        assert visitor.get("/staff/accounts").status_code == 303


class TestSessions:
    def test_idle_and_absolute_ends(self, office: Office, admin: Member, clock: FixedClock) -> None:
        """SB-04."""
        office.sign_in(admin)
        clock.advance(minutes=14, seconds=59)
        assert office.client.get("/staff/accounts").status_code == 200
        office.sign_in(admin)
        clock.advance(minutes=15, seconds=1)
        assert office.client.get("/staff/accounts").status_code == 303

    def test_signing_out_kills_it(self, office: Office, admin: Member) -> None:
        office.sign_in(admin)
        old = office.client.http.cookies["staff"]
        answer = office.client.submit(office.client.get("/staff/accounts"), form="/staff/sign-out")
        assert answer.headers["location"] == "/staff/sign-in"
        assert "clear-site-data" in answer.headers
        office.client.http.cookies.set("staff", old)
        assert office.client.get("/staff/accounts").status_code == 303

    def test_disabling_acts_between_get_and_post(
        self, office: Office, doors: Doors, admin: Member, clock: FixedClock
    ) -> None:
        """ST-11."""
        other = make.staff(doors, "admin2", "Otto Ther", roles=("administrator",))
        office.sign_in(other)
        page = office.client.get("/staff/accounts")
        doors.write_as(make.staff_viewer(doors, admin), staff_actions.disable_staff, "admin2")
        assert office.client.submit(page, new_account(other, clock), form="/staff/accounts").status_code == 303
        assert doors.read_as(doors.system(), staff_queries.staff_named, "newcomer") is None
        assert office.sign_in(other).status_code == 422

    def test_a_role_that_ended_opens_nothing(self, office: Office, doors: Doors, admin: Member) -> None:
        """ST-11: on the next request, in the session that is open."""
        other = make.staff(doors, "admin2", "Otto Ther", roles=("administrator",))
        office.sign_in(other)
        assert office.client.get("/staff/accounts").status_code == 200
        doors.write_as(make.staff_viewer(doors, admin), staff_actions.change_roles, "admin2", ("auditor",))
        assert office.client.get("/staff/accounts").status_code == 403


def new_account(member: Member, clock: FixedClock, **given: object) -> dict[str, object]:
    return {
        "name": "newcomer",
        "display_name": "Nia Comer",
        "identity": "P-17",
        "roles": ["plan_approver", "dispute_handler"],
        "own_code": member.code(clock.now()),
    } | given


class TestAccounts:
    def test_a_new_account_can_sign_in(self, office: Office, doors: Doors, admin: Member, clock: FixedClock) -> None:
        office.sign_in(admin)
        clock.advance(seconds=31)
        page = office.client.get("/staff/accounts")
        answer = office.client.submit(page, new_account(admin, clock), form="/staff/accounts")
        assert answer.status_code == 200
        shown = re.findall(r"<code>([^<]+)</code>", answer.text)
        totp = re.search(r"secret=([A-Z2-7]+)", shown[1])
        assert totp
        record = doors.read_as(doors.system(), staff_queries.staff_named, "newcomer")
        assert record is not None
        assert record.roles == ("dispute_handler", "plan_approver")
        newcomer = Member(record.id, "newcomer", shown[0], totp[1])
        assert Office(office.client.another(), clock).sign_in(newcomer).status_code == 303
        again = office.client.submit(page, new_account(admin, clock), form="/staff/accounts")
        assert shown[0] not in again.text

    def test_a_change_needs_a_fresh_code_of_ones_own(
        self, office: Office, doors: Doors, admin: Member, clock: FixedClock
    ) -> None:
        """ST-09: the code that signed in is used up."""
        office.sign_in(admin)
        page = office.client.get("/staff/accounts")
        for own_code in ({}, {"own_code": "000000"}):
            answer = office.client.submit(page, new_account(admin, clock, **own_code), form="/staff/accounts")
            assert answer.status_code == 422
            assert "Wait for the next one." in answer.text
            page = answer
        assert doors.read_as(doors.system(), staff_queries.staff_named, "newcomer") is None

    def test_what_is_wrong_is_said_beside_it(self, office: Office, admin: Member, clock: FixedClock) -> None:
        office.sign_in(admin)
        page = office.client.get("/staff/accounts")
        entries = new_account(admin, clock, name="Upper Case", roles=[])
        answer = office.client.submit(page, entries, form="/staff/accounts")
        assert answer.status_code == 422
        assert 'id="name-error"' in answer.text
        assert "Upper Case" in answer.text

    def test_roles_are_changed_and_accounts_disabled(
        self, office: Office, doors: Doors, admin: Member, clock: FixedClock
    ) -> None:
        make.staff(doors, "handler")
        office.sign_in(admin)
        for act, roles in (("roles", ["supervisor"]), ("disable", [])):
            clock.advance(seconds=31)
            page = office.client.get("/staff/accounts/handler")
            entries = {"act": act, "roles": roles, "own_code": admin.code(clock.now())}
            answer = office.client.submit(page, entries, form="/staff/accounts/handler")
            assert answer.status_code == 303
        record = doors.read_as(doors.system(), staff_queries.staff_named, "handler")
        assert record is not None
        assert record.roles == ("supervisor",)
        assert record.disabled_at is not None

    def test_only_the_administrator_sees_them(self, office: Office, doors: Doors) -> None:
        for role in ("plan_approver", "dispute_handler", "supervisor", "auditor"):
            office.sign_in(make.staff(doors, role.replace("_", "-"), roles=(role,)))
            assert office.client.get("/staff/accounts").status_code == 403

    def test_an_unknown_account_is_not_found(self, office: Office, admin: Member) -> None:
        office.sign_in(admin)
        assert office.client.get("/staff/accounts/nobody").status_code == 404


class TestRules:
    def test_an_administrator_decides_nothing(self, doors: Doors) -> None:
        for role in ("plan_approver", "dispute_handler", "supervisor"):
            with pytest.raises(Refusal, match="roles_conflict"):
                make.staff(doors, "both", roles=("administrator", role))

    def test_names_are_unique_and_roles_known(self, doors: Doors) -> None:
        make.staff(doors, "handler")
        with pytest.raises(Refusal, match="name_taken"):
            make.staff(doors, "handler", identity="another")
        with pytest.raises(Refusal, match="unknown_role"):
            make.staff(doors, "other", roles=("king",))

    def test_nobody_changes_their_own_account(self, doors: Doors, admin: Member) -> None:
        viewer = make.staff_viewer(doors, admin, ("administrator",))
        with pytest.raises(Refusal, match="own_account"):
            doors.write_as(viewer, staff_actions.change_roles, "admin", ("auditor",))
        with pytest.raises(Refusal, match="own_account"):
            doors.write_as(viewer, staff_actions.disable_staff, "admin")
