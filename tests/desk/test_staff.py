"""Staff's pages that cross features: the bar, search, the case, second person, messages, the audit log."""

import re
from datetime import date

import pytest
from sqlalchemy import Connection, insert, text
from sqlmodel import Session
from starlette.applications import Starlette

from portal.audit import queries as audit
from portal.demo import people
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.platform import outbox
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.desk.conftest import Staff
from tests.house.access_matrix import STAFF_ROLES
from tests.make import demo as make

FIRST = {
    "dispute_handler": "/staff/disputes",
    "plan_approver": "/staff/plans",
    "supervisor": "/staff/disputes",
    "auditor": "/staff/audit",
    "administrator": "/staff/accounts",
}
CASE_ROLES = ("dispute_handler", "plan_approver", "supervisor", "auditor")


def events_about(doors: Doors, subject: str) -> list[tuple[str, str]]:
    """Kind and payload of what the log holds about a code."""
    found = doors.read_as(doors.system(), audit.entries_about, subject)
    return [(entry.kind, entry.payload) for entry in found]


class TestBar:
    @pytest.mark.parametrize("role", STAFF_ROLES)
    def test_home_leads_to_the_first_queue(self, staff: Staff, role: str) -> None:
        for path in ("/staff/", "/staff"):
            answer = staff(role).get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, FIRST[role])

    @pytest.mark.parametrize(
        ("role", "labels"),
        [
            ("dispute_handler", ["Disputes", "Fraud", "Reported payments", "Second person", "People", "Messages"]),
            ("plan_approver", ["Plans", "Settlements", "Reported payments", "Second person", "People", "Messages"]),
            (
                "supervisor",
                [
                    "Disputes",
                    "Fraud",
                    "Reviews",
                    "Plans",
                    "Settlements",
                    "Reported payments",
                    "Second person",
                    "Audit",
                    "Complaints",
                    "People",
                    "Messages",
                ],
            ),
            ("auditor", ["Audit", "Complaints", "People", "Messages"]),
            ("administrator", ["Accounts", "Without supervisor"]),
        ],
    )
    def test_each_role_sees_its_own_queues(self, staff: Staff, role: str, labels: list[str]) -> None:
        page = staff(role).get(FIRST[role]).text
        assert re.findall(r'<a class="bar__queue"[^>]*>([^<]+?)\s*<', page) == labels
        assert 'aria-current="page"' in page
        assert ("/staff/search" in page) == (role != "administrator")


class TestSearch:
    def test_a_number_leads_to_what_it_names(self, app: Starlette, doors: Doors, staff: Staff) -> None:
        """A hold has no page of its own, so its number leads to the case of its person."""

        def hold(session: Session, viewer: Viewer) -> str:
            lin = loan_queries.person_by_ref(session.connection(), people.LIN_YI.ref)
            assert lin is not None
            loans.open_hold(
                session,
                viewer,
                kind="fraud",
                loan_id=None,
                person_id=lin.id,
                from_day=viewer.today,
                until=None,
                number="4K7-2GH",
                path="",
            )
            return lin.code

        code = doors.write_as(doors.system(), hold)
        handler = staff("dispute_handler")
        queue = handler.get("/staff/disputes")
        for typed in ("4K7-2GH", "4k72gh", "４Ｋ７－２ＧＨ"):
            answer = handler.submit(queue, {"number": typed}, form="/staff/search")
            assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/cases/{code}")
        assert "Fraud, reminders stopped" in handler.get(f"/staff/cases/{code}").text

    def test_an_unknown_number_is_said_and_kept(self, staff: Staff) -> None:
        handler = staff("dispute_handler")
        answer = handler.submit(handler.get("/staff/disputes"), {"number": "9Q9-Q99"}, form="/staff/search")
        assert answer.status_code == 422
        assert "We know nothing under this number." in answer.text
        assert 'value="9Q9-Q99"' in answer.text

    @pytest.mark.parametrize(
        "typed",
        [{"name": "林"}, {"mobile": "0001"}, {"mobile": "+86 138 0000 0001"}, {"name": "林一", "mobile": "0001"}],
    )
    def test_a_person_is_found_by_name_or_phone_and_noted(
        self, app: Starlette, doors: Doors, staff: Staff, typed: dict[str, str]
    ) -> None:
        handler = staff("dispute_handler")
        answer = handler.submit(handler.get("/staff/people"), {**typed, "because": "person_asks"}, form="/staff/people")
        code = make.person_code(app, people.LIN_YI)
        assert answer.status_code == 200
        assert str(answer.url).endswith("/staff/people")
        assert f"/staff/cases/{code}" in answer.text
        kind, payload = events_about(doors, code)[-1]
        assert kind == "desk.person_found"
        assert "person_asks" in payload

    @pytest.mark.parametrize("typed", [{"name": "林"}, {"because": "check"}, {"name": "林", "because": "because"}])
    def test_without_a_name_or_a_reason_nobody_is_shown(self, staff: Staff, typed: dict[str, str]) -> None:
        handler = staff("dispute_handler")
        answer = handler.submit(handler.get("/staff/people"), typed, form="/staff/people")
        assert answer.status_code == 422
        assert "/staff/cases/" not in answer.text

    @pytest.mark.parametrize("name", ["%", "_", "\\", "' OR 1=1"])
    def test_signs_of_a_pattern_are_only_letters(self, staff: Staff, name: str) -> None:
        handler = staff("dispute_handler")
        answer = handler.submit(handler.get("/staff/people"), {"name": name, "because": "check"}, form="/staff/people")
        assert answer.status_code == 200
        assert "Nobody is found." in answer.text


class TestCase:
    @pytest.mark.parametrize("role", CASE_ROLES)
    @pytest.mark.parametrize("part", ["person", "loans", "payments", "debits", "documents", "history"])
    def test_every_part_opens_and_is_noted(
        self, app: Starlette, doors: Doors, staff: Staff, role: str, part: str
    ) -> None:
        """ST-12: who, whose, which part, and for which request."""
        code = make.person_code(app, people.LIN_YI)
        answer = staff(role).get(f"/staff/cases/{code}/{part}?for=4K7-2GH")
        assert answer.status_code == 200
        assert "<title>Case" in answer.text
        kind, payload = events_about(doors, code)[-1]
        assert kind == "desk.case_read"
        assert f'"part": "{part}"' in payload
        assert "4K7-2GH" in payload

    def test_the_figures_are_those_of_the_person(self, app: Starlette, staff: Staff) -> None:
        page = staff("dispute_handler").get(f"/staff/cases/{make.person_code(app, people.LIN_YI)}/loans").text
        for words in ("2,086.91", "900.54", "1,186.37", "11.69", "6.37", "43 days late", "M2", "In collection"):
            assert words in page, words

    def test_the_receipt_is_the_one_that_the_person_sees(self, app: Starlette, client: Client, staff: Staff) -> None:
        code = make.person_code(app, people.LIN_YI)
        loan = next(code for ref, code in make.loan_codes(app, people.LIN_YI).items() if ref.endswith("0718"))
        mine = make.as_person(app, client, people.LIN_YI).get(f"/loans/{loan}/instalments/3/penalty").text
        theirs = staff("dispute_handler").get(f"/staff/cases/{code}/loans/{loan}/instalments/3").text
        assert the_receipt(theirs) == the_receipt(mine)
        assert "20.54" in the_receipt(mine)

    def test_a_payment_that_came_back_is_named(self, app: Starlette, staff: Staff) -> None:
        page = staff("auditor").get(f"/staff/cases/{make.person_code(app, people.REVERSED)}/payments").text
        assert "counts as never made" in page
        assert "DEMO-XF-3310-P04" in page

    def test_the_debits_show_what_was_not_started(self, app: Starlette, staff: Staff) -> None:
        page = staff("auditor").get(f"/staff/cases/{make.person_code(app, people.NOT_DEBITED)}/debits").text
        assert "no debit was started" in page

    def test_a_sold_loan_shows_its_new_owner_and_no_figure(self, app: Starlette, staff: Staff) -> None:
        page = staff("supervisor").get(f"/staff/cases/{make.person_code(app, people.SOLD)}/loans").text
        assert "示例资产管理有限公司" in page
        assert "Due today" not in page

    def test_neither_birth_date_nor_id_digits_are_shown(self, app: Starlette, staff: Staff) -> None:
        """words.md 4; security.md ST-17: what opens the account is not for staff to see."""
        page = staff("supervisor").get(f"/staff/cases/{make.person_code(app, people.LIN_YI)}").text
        assert "302X" not in page
        assert "1991" not in page

    def test_a_guarantor_has_a_case_of_their_own(self, app: Starlette, staff: Staff) -> None:
        page = staff("supervisor").get(f"/staff/cases/{make.person_code(app, people.GUARANTOR)}").text
        assert "Guarantor" in page
        assert people.RATE_CHANGE.name not in page

    @pytest.mark.parametrize("path", ["nosuchcode", "nosuchcode/loans", "{code}/secrets"])
    def test_what_is_not_there(self, app: Starlette, staff: Staff, path: str) -> None:
        code = make.person_code(app, people.LIN_YI)
        assert staff("supervisor").get(f"/staff/cases/{path.format(code=code)}").status_code == 404

    def test_a_receipt_of_another_persons_loan_is_not_there(self, app: Starlette, staff: Staff) -> None:
        code = make.person_code(app, people.PAID_UP)
        loan = next(iter(make.loan_codes(app, people.LIN_YI).values()))
        assert staff("supervisor").get(f"/staff/cases/{code}/loans/{loan}/instalments/3").status_code == 404


def the_receipt(page: str) -> str:
    """The part of a page that is the receipt."""
    return page[page.index('id="_receipt"') :].partition("Fingerprint")[0]


class TestMessages:
    def test_what_may_not_have_arrived_is_listed_without_its_words(
        self, app: Starlette, doors: Doors, staff: Staff
    ) -> None:
        def fail(session: Session, viewer: Viewer) -> str:
            lin = loan_queries.person_by_ref(session.connection(), people.LIN_YI.ref)
            assert lin is not None
            row = {"kind": "sms.answer", "person_id": lin.id, "contact_point_id": lin.contact_point_id}
            row |= {
                "language": "zh",
                "state": "uncertain",
                "reason": "no_answer",
                "reference": "r1",
                "number": "4K7-2GH",
            }
            times = {"created_at": viewer.now, "due_at": viewer.now, "ended_at": viewer.now}
            values = {**row, **times, "is_contact": False, "sealed_text": "sealed"}
            session.execute(insert(outbox.ROWS).values(values))
            return lin.code

        code = doors.write_as(doors.system(), fail)
        page = staff("dispute_handler").get("/staff/messages").text
        for words in ("4K7-2GH", "Nobody knows whether it arrived", "did not answer in time", f"/staff/cases/{code}"):
            assert words in page, words
        assert "sealed" not in page

    def test_nothing_failed(self, own_client: Client) -> None:
        auditor = make.as_staff(own_client._app, own_client, "auditor")
        assert "Every text has gone out." in auditor.get("/staff/messages").text


class TestAudit:
    def test_the_log_is_shown_and_searched(self, app: Starlette, staff: Staff) -> None:
        auditor = staff("auditor")
        code = make.person_code(app, people.LIN_YI)
        auditor.get(f"/staff/cases/{code}")
        about = auditor.get(f"/staff/audit?about={code}").text
        assert "desk.case_read" in about
        assert "loans.import_applied" not in about
        assert "Nothing is recorded under this." in auditor.get("/staff/audit?about=nothing").text

    def test_it_goes_back_a_page_at_a_time(self, app: Starlette, doors: Doors, staff: Staff) -> None:
        auditor = staff("auditor")
        code = make.person_code(app, people.LIN_YI)
        for _ in range(100):
            auditor.get(f"/staff/cases/{code}")
        first = auditor.get("/staff/audit").text
        earlier = re.search(r'href="(/staff/audit\?before=\d+)"', first)
        assert earlier is not None
        assert "loans.import_applied" in auditor.get(earlier[1]).text

    def test_whether_it_is_whole(self, own_client: Client) -> None:
        auditor = make.as_staff(own_client._app, own_client, "auditor")
        assert "The log is whole" in auditor.get("/staff/audit/proof").text
        damage(own_client._app.state.portal.doors)
        assert "The log is damaged" in auditor.get("/staff/audit/proof").text


def damage(doors: Doors) -> None:
    """Change a row past the triggers, as somebody with the database's password could."""
    with doors.engines.write.connect() as connection:
        unprotect(connection)
        connection.execute(text("UPDATE audit_log SET subject = 'changed' WHERE id = 2"))
        connection.commit()


def unprotect(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER audit_log_no_update"))
    else:
        connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))


def test_the_second_person_sees_what_waits(doors: Doors, staff: Staff) -> None:
    from portal.access.second_person_actions import ask_second_person
    from portal.access.staff_queries import staff_named

    def ask(session: Session, viewer: Viewer) -> None:
        maker = staff_named(session.connection(), viewer, "shenruo")
        assert maker is not None
        acting = Viewer("staff", viewer.now, viewer.today, staff_id=maker.id, roles=frozenset({"supervisor"}))
        ask_second_person(session, acting, "decide_dispute", "4K7-2GH", "hash", {})

    doors.write_as(doors.system(), ask)
    page = staff("dispute_handler").get("/staff/second").text
    assert "沈若" in page
    assert "/staff/disputes/4K7-2GH" in page
    assert "Decision about a dispute" in page
    assert "you" in staff("supervisor").get("/staff/second").text
    assert date(2026, 4, 17).strftime("%d April") in page
