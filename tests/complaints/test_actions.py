"""A complaint and whom it is about: who may see, hold and answer it, in a race too; and that it changes no loan."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from portal.access import shutting_out
from portal.access.tables import StaffAccount, StaffRole
from portal.audit.tables import LOG
from portal.backup import back_up, restore
from portal.complaints import actions, jobs, queries
from portal.complaints.actions import Sending
from portal.complaints.queries import ANSWER, COMPLAINT, MESSAGE
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.evidence import actions as evidence
from portal.evidence import queries as files_of
from portal.installation import open_installation
from portal.loans import queries as loans
from portal.loans.tables import table_of
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.prove import prove
from tests.make import complaints as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.evidence import picture


def sees(doors: Doors, viewer: Viewer, number: str) -> bool:
    return doors.read_as(viewer, queries.complaint, number) is not None


class TestSending:
    def test_it_has_a_number_and_a_promised_date(self, doors: Doors, cast: Cast) -> None:
        """Five working days from Friday 17 April."""
        number = make.complain(doors, cast.borrower())
        found = doors.read_as(cast.borrower(), queries.complaint, number)
        assert found is not None
        assert (found.state, found.answer_by) == ("open", date(2026, 4, 24))
        assert found.told == make.told()

    def test_nothing_of_a_loan_changes(self, doors: Doors, cast: Cast) -> None:
        def account() -> Any:
            (loan,) = doors.read_as(cast.borrower(), loans.account).loans
            return loan.holds, loan.facts, assess(loan.facts, cast.borrower().today).due

        before = account()
        number = make.complain(doors, cast.borrower())
        make.answer(doors, cast.staff("Shen", "supervisor"), number)
        assert account() == before

    def test_no_word_of_it_is_in_the_audit_log(self, doors: Doors, cast: Cast) -> None:
        secret = "canary-orchid"
        number = make.complain(doors, cast.borrower(), words=secret, who=secret, sender=secret, about_time=secret)
        doors.write_as(cast.borrower(), actions.add, number, Sending(secret))
        shen = cast.staff("Shen", "supervisor")
        doors.write_as(shen, actions.ask, number, make.version(doors, number), secret)
        make.answer(doors, shen, number, words=secret, changed=secret)
        logged = doors.read_as(doors.system(), lambda connection, _: list(connection.execute(select(LOG))))
        about = [row for row in logged if row.subject == number]
        assert [row.kind.removeprefix("complaint.") for row in about] == [
            "opened",
            "message_added",
            "question_asked",
            "answered",
        ]
        assert not any(secret in str(row) for row in logged)

    def test_the_answer_is_a_neutral_text_with_the_number(self, doors: Doors, cast: Cast) -> None:
        number = make.complain(doors, cast.borrower())
        assert texts(doors) == []
        make.answer(doors, cast.staff("Shen", "supervisor"), number)
        assert [(text["kind"], text["number"]) for text in texts(doors)] == [("sms.answer", number)]


class TestWhomItIsAbout:
    def test_somebody_named_in_the_words_never_sees_it(self, doors: Doors, cast: Cast) -> None:
        shen, he = cast.staff("Shen Ruo", "supervisor"), cast.staff("He Song", "supervisor")
        number = make.complain(doors, cast.borrower(), who="Ms Shen")
        assert not sees(doors, shen, number)
        assert sees(doors, he, number)
        assert doors.read_as(shen, queries.waiting_count) == 0
        assert doors.read_as(he, queries.waiting_count) == 1

    def test_nor_somebody_named_later(self, doors: Doors, cast: Cast) -> None:
        shen = cast.staff("Shen Ruo", "supervisor")
        number = make.complain(doors, cast.borrower())
        doors.write_as(shen, actions.hold, number, True)
        doors.write_as(cast.borrower(), actions.add, number, Sending("Now I know: it was Shen Ruo."))
        assert not sees(doors, shen, number)
        found = doors.read_as(doors.system(), queries.complaint, number)
        assert found is not None
        assert found.held_by is None

    def test_a_supervisor_who_names_themselves_loses_it(self, doors: Doors, cast: Cast) -> None:
        shen = cast.staff("Shen", "supervisor")
        number = make.complain(doors, cast.borrower())
        doors.write_as(shen, actions.hold, number, True)
        make.keep_from(doors, shen, number, shen.staff_id)
        assert not sees(doors, shen, number)
        with pytest.raises(Refusal, match="unknown_complaint"):
            make.answer(doors, shen, number)

    def test_every_account_of_that_person_is_shut_out(self, doors: Doors, cast: Cast) -> None:
        shen, other = cast.staff("Shen", "supervisor"), cast.staff("Second login", "supervisor")
        he = cast.staff("He Song", "supervisor")
        forget_identity(doors, other, "Shen")
        number = make.complain(doors, cast.borrower())
        make.keep_from(doors, he, number, shen.staff_id)
        assert not sees(doors, other, number)

    def test_another_supervisor_can_let_them_in_again(self, doors: Doors, cast: Cast) -> None:
        shen, he = cast.staff("Shen", "supervisor"), cast.staff("He Song", "supervisor")
        number = make.complain(doors, cast.borrower(), who="Shen")
        doors.write_as(he, actions.concerns_not, number, make.version(doors, number), shen.staff_id)
        assert sees(doors, shen, number)
        make.keep_from(doors, he, number, he.staff_id)
        with pytest.raises(Refusal, match="unknown_complaint"):
            doors.write_as(he, actions.concerns_not, number, make.version(doors, number), he.staff_id)

    def test_its_files_are_kept_from_them(self, doors: Doors, cast: Cast, app: Any) -> None:
        shen, he, auditor = (
            cast.staff(*each) for each in (("Shen", "supervisor"), ("He Song", "supervisor"), ("Yue", "auditor"))
        )
        kept = evidence.keep(app.state.portal.files, "call list.png", picture())
        sending = Sending(consent="I agree.", uploads=(kept,))
        number = doors.write_as(cast.borrower(), actions.open_complaint, make.told(who="Shen"), sending)
        (file,) = doors.read_as(he, files_of.case_files, "complaint", number)
        assert doors.read_as(auditor, files_of.file_record, file.code) is not None
        assert doors.read_as(shen, files_of.file_record, file.code) is None
        assert doors.read_as(cast.staff("Qiao", "dispute_handler"), files_of.file_record, file.code) is None

    @pytest.mark.parametrize("role", ["dispute_handler", "plan_approver", "administrator"])
    def test_other_staff_see_none(self, doors: Doors, cast: Cast, role: str) -> None:
        number = make.complain(doors, cast.borrower())
        assert not sees(doors, cast.staff("Tao", role), number)

    def test_without_anybody_left_it_is_the_administrators_duty(self, doors: Doors, cast: Cast) -> None:
        admin = cast.staff("Guan", "administrator")
        shen = cast.staff("Shen", "supervisor")
        number = make.complain(doors, cast.borrower(), who="Shen")
        (orphan,) = doors.read_as(admin, queries.orphans)
        assert orphan.number == number
        assert make.WORDS not in repr(orphan)
        cast.staff("He Song", "supervisor")
        assert doors.read_as(admin, queries.orphans) == ()
        assert not sees(doors, shen, number)

    def test_an_administrator_who_is_named_is_not_told_either(self, doors: Doors, cast: Cast) -> None:
        make.complain(doors, cast.borrower(), who="Guan")
        assert doors.read_as(cast.staff("Guan", "administrator"), queries.orphans) != ()
        make.complain(doors, cast.borrower(), who="Guan")
        assert len(doors.read_as(cast.staff("Other admin", "administrator"), queries.orphans)) == 2
        assert len(doors.read_as(cast.staff("Guan", "administrator"), queries.orphans)) == 1


def forget_identity(doors: Doors, viewer: Viewer, identity: str) -> None:
    """A second account of the same natural person; the trigger forbids to change one, so it is made anew."""
    account, role = table_of(StaffAccount), table_of(StaffRole)

    def replace_account(session: Any, _viewer: Viewer) -> None:
        session.execute(role.delete().where(role.c.account_id == viewer.staff_id))
        session.execute(account.delete().where(account.c.id == viewer.staff_id))
        row = {"name": "second", "display_name": "Second login", "identity": identity, "password_hash": "-"}
        values = row | {"id": viewer.staff_id, "sealed_totp": "-", "totp_step": 0, "created_at": viewer.now}
        session.execute(insert(account).values(values))
        session.execute(insert(role).values(account_id=viewer.staff_id, role="supervisor", from_at=viewer.now))

    doors.write_as(doors.system(), replace_account)


class TestTheDatabaseForbids:
    """What no program may do, whoever wrote it."""

    @pytest.fixture
    def named(self, doors: Doors, cast: Cast) -> tuple[int, int]:
        """The id of a complaint and of the account that it is about."""
        shen = cast.staff("Shen", "supervisor")
        number = make.complain(doors, cast.borrower(), who="Shen")
        found = doors.read_as(doors.system(), queries.complaint, number)
        assert found is not None
        assert shen.staff_id is not None
        return found.id, shen.staff_id

    def refused(self, doors: Doors, statement: Any) -> None:
        with pytest.raises(DBAPIError, match="about this member of staff"):
            doors.write_as(doors.system(), lambda session, _: session.execute(statement) and None)

    def test_that_they_hold_it(self, doors: Doors, named: tuple[int, int]) -> None:
        values = {"held_by": named[1], "held_since": doors.system().now}
        self.refused(doors, update(COMPLAINT).where(COMPLAINT.c.id == named[0]).values(values))

    def test_that_they_answer_it(self, doors: Doors, named: tuple[int, int]) -> None:
        now = doors.system()
        row = {"outcome": "not_founded", "reason": "other", "words": "No.", "changed": ""}
        times = {"answered_on": now.today, "answered_at": now.now, "answered_by": named[1]}
        self.refused(doors, insert(ANSWER).values(complaint_id=named[0], **row, **times))

    def test_that_they_write_on_it(self, doors: Doors, named: tuple[int, int], clock: FixedClock) -> None:
        clock.advance(minutes=1)
        row = {"kind": "question", "words": "Why?", "data": "{}", "at": doors.system().now}
        self.refused(doors, insert(MESSAGE).values(complaint_id=named[0], staff_id=named[1], **row))

    def test_that_it_comes_to_be_about_who_holds_it(self, doors: Doors, cast: Cast) -> None:
        shen = cast.staff("Shen", "supervisor")
        number = make.complain(doors, cast.borrower())
        doors.write_as(shen, actions.hold, number, True)
        row = {"case_number": number, "account_id": shen.staff_id, "because": "words", "from_at": shen.now}
        self.refused(doors, insert(shutting_out.SHUT_OUT).values(row))


class TestAnswering:
    def test_two_supervisors_at_once(self, doors: Doors, cast: Cast) -> None:
        shen, he = cast.staff("Shen", "supervisor"), cast.staff("He Song", "supervisor")
        number = make.complain(doors, cast.borrower())
        given = make.founded(doors, number)

        def attempt(viewer: Viewer) -> str:
            try:
                return doors.write_as(viewer, actions.reply, number, given)
            except Refusal as refusal:
                return refusal.code

        with ThreadPoolExecutor(2) as pool:
            came = sorted(pool.map(attempt, (shen, he)))
        assert came == ["already_answered", "answered"]

    def test_naming_and_answering_at_once(self, doors: Doors, cast: Cast) -> None:
        """Either the answer was first, or it is refused; never is it given by whom it is already about."""
        shen, he = cast.staff("Shen", "supervisor"), cast.staff("He Song", "supervisor")
        for _round in range(5):
            number = make.complain(doors, cast.borrower())
            given = make.founded(doors, number)

            def attempt(act: Any, viewer: Viewer, *arguments: Any, number: str = number) -> str:
                try:
                    doors.write_as(viewer, act, number, *arguments)
                except Refusal as refusal:
                    return refusal.code
                return "done"

            with ThreadPoolExecutor(2) as pool:
                answered = pool.submit(attempt, actions.reply, shen, given)
                kept = pool.submit(attempt, actions.concerns, he, given.version, shen.staff_id)
                came = (answered.result(), kept.result())
            assert came in {("done", "already_answered"), ("unknown_complaint", "done")}

    def test_a_question_waits_for_the_person_and_more_words_open_it_again(self, doors: Doors, cast: Cast) -> None:
        number = make.complain(doors, cast.borrower())
        shen = cast.staff("Shen", "supervisor")
        doors.write_as(shen, actions.ask, number, make.version(doors, number), "Which day was it?")
        assert make.state(doors, number) == "waiting"
        assert [text["kind"] for text in texts(doors)] == ["sms.question"]
        doors.write_as(cast.borrower(), actions.add, number, Sending("On the 3rd."))
        assert make.state(doors, number) == "open"

    def test_an_answer_on_an_older_page_is_refused(self, doors: Doors, cast: Cast) -> None:
        number = make.complain(doors, cast.borrower())
        given = make.founded(doors, number)
        doors.write_as(cast.borrower(), actions.add, number, Sending("One more thing."))
        with pytest.raises(Refusal, match="changed_meanwhile"):
            doors.write_as(cast.staff("Shen", "supervisor"), actions.reply, number, given)

    def test_files_are_kept_as_long_as_it_was_agreed(self, doors: Doors, cast: Cast, app: Any) -> None:
        kept = evidence.keep(app.state.portal.files, "slip.png", picture())
        sending = Sending(consent="I agree.", uploads=(kept,))
        number = doors.write_as(cast.borrower(), actions.open_complaint, make.told(), sending)
        make.answer(doors, cast.staff("Shen", "supervisor"), number)
        (file,) = doors.read_as(cast.borrower(), files_of.case_files, "complaint", number)
        assert file.delete_after == date(2026, 7, 16)


def test_a_backup_brings_back_what_somebody_wrote_before_it_was_about_them(
    doors: Doors, cast: Cast, clock: FixedClock, app: Any, databases_of: Any, tmp_path: Path
) -> None:
    number = make.complain(doors, cast.borrower())
    shen, he = cast.staff("Shen Ruo", "supervisor"), cast.staff("He Song", "supervisor")
    doors.write_as(shen, actions.ask, number, make.version(doors, number), "Which day?")
    clock.advance(minutes=1)
    make.keep_from(doors, he, number, shen.staff_id)
    make.answer(doors, he, number)
    portal, backup = app.state.portal, tmp_path / "portal.backup"
    back_up(portal, backup, lambda _name, _done: None)
    new = {"database_url": databases_of("sqlite").create(), "data_dir": tmp_path / "new"}
    restored = open_installation(portal.settings.model_copy(update=new), clock)
    restore(restored, backup, lambda _name, _done: None)
    lines: list[str] = []
    assert prove(restored, lines.append) == 0, lines
    restored.doors.close()


class TestBeingLate:
    def test_the_person_is_told_once(self, doors: Doors, cast: Cast, clock: FixedClock) -> None:
        make.complain(doors, cast.borrower())
        clock.advance(days=7)
        assert jobs.tell_late(doors) == 0
        clock.advance(days=1)
        assert jobs.tell_late(doors) == 1
        assert jobs.tell_late(doors) == 0
        assert [text["kind"] for text in texts(doors)] == ["sms.news"]

    def test_what_was_answered_or_withdrawn_is_not_late(self, doors: Doors, cast: Cast, clock: FixedClock) -> None:
        make.answer(doors, cast.staff("Shen", "supervisor"), make.complain(doors, cast.borrower()))
        doors.write_as(cast.borrower(), actions.withdraw, make.complain(doors, cast.borrower()))
        clock.advance(days=8)
        assert jobs.tell_late(doors) == 0
