"""The funds check of a dispute: from the statements that were sent, our own debits and the product's reading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from portal.disputes.funds_facts import Funds, judged_text, read_judged
from portal.disputes.funds_queries import funds_of, unpaid_on_the_morning
from portal.disputes.queries import dispute
from portal.evidence import jobs as evidence_jobs
from portal.evidence import picture_sandbox
from portal.loans import queries as loans
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.disputes import walk
from tests.disputes.walk import said_of
from tests.make import evidence as make
from tests.make.disputes import Cast, add_files, file_dispute, lin_with_authorities, loan_code, statement
from tests.make.loans import debit_attempt, import_tables, payment

Send = Callable[..., None]


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    return file_dispute(doors, cast.borrower())


@pytest.fixture
def send(app: Starlette, doors: Doors, cast: Cast, number: str) -> Send:
    """Adds files to the dispute, each by name and content, and has them read."""

    def sent(*files: tuple[str, bytes]) -> None:
        add_files(doors, app.state.portal.files, cast.borrower(), number, *files)

    return sent


@pytest.fixture
def photos_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a reader of pictures, whose turn has not come."""
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: True)
    monkeypatch.setattr(evidence_jobs, "read_pictures", lambda *_: 0)


def found(doors: Doors, number: str) -> Funds:
    """What the program finds."""

    def ask(connection: Any, viewer: Any) -> Funds | None:
        record = dispute(connection, viewer, number)
        assert record is not None
        loan = loans.loan_by_id(connection, record.loan_id, viewer.today)
        assert loan is not None
        return funds_of(connection, viewer, record, loan)

    funds = doors.read_as(doors.system(), ask)
    assert funds is not None
    return funds


def test_the_case_of_the_house_is_met_by_closing(doors: Doors, number: str, send: Send) -> None:
    """ui.md 8: 412.55 at opening, +2,650.00 at 17:32, -1,859.00 at 20:05, 1,203.55 at closing; a debit at 08:12."""
    send(("march.csv", statement()))
    funds = found(doors, number)
    assert funds.state == "met"
    balances = {name: (each.result, each.balance) for name, each in funds.check.readings.items()}
    assert balances == {
        "opening": ("not_met", 41_255),
        "closing": ("met", 120_355),
        "all_day": ("not_met", 41_255),
        "any_moment": ("met", 306_255),
    }
    assert funds.day is not None
    assert funds.day.steps == ((0, 41_255), (17 * 60 + 32, 306_255), (20 * 60 + 5, 120_355))
    assert [f"{attempt.attempted_at:%H:%M}" for attempt in funds.check.attempts] == ["08:12"]
    assert funds.cited_in("march.csv") == {5, 6, 7, 8}


def test_the_instalment_is_what_was_unpaid_on_that_morning(doors: Doors, cast: Cast) -> None:
    (loan,) = doors.read_as(cast.borrower(), loans.account).loans
    assert unpaid_on_the_morning(loan.facts, 3, loan.facts.instalments[2].due_on) == 118_000


def test_less_at_the_end_is_not_met(doors: Doors, number: str, send: Send) -> None:
    send(("march.csv", statement(rent="-1900.00,1162.55").replace(b"-45.00,1158.55", b"-45.00,1117.55")))
    assert found(doors, number).state == "not_met"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (statement(without="2026-03-06"), "not_covered"),
        (statement(account="6217000000001111"), "account_unmatched"),
        (statement(rent="-1859.00,9203.55"), "chain_broken"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_guessed(
    doors: Doors, number: str, send: Send, data: bytes, code: str
) -> None:
    send(("march.csv", data))
    funds = found(doors, number)
    assert funds.state == "cannot_tell"
    assert code in {fact.code for fact in funds.missing}


def test_a_picture_alone_cannot_tell(doors: Doors, number: str, send: Send) -> None:
    send(("IMG_1.jpg", make.picture(kind="JPEG")))
    funds = found(doors, number)
    assert funds.state == "cannot_tell"
    assert [fact.code for fact in funds.missing] in (["no_statement"], ["image_unclear"])


def test_a_debit_that_was_taken_that_day_ends_it(
    client: Client, cast: Cast, doors: Doors, number: str, send: Send, tmp_path: Path
) -> None:
    """Taken and given back again it is said as it was, with the day, to both; and why four times there is not met."""
    taken = [
        debit_attempt("D1", 3, "2026-03-05T08:12:00+08:00"),
        debit_attempt("D2", 3, "2026-03-05T23:30:00+08:00", result="collected", result_code="00"),
    ]
    import_tables(doors, tmp_path / "again", lin_with_authorities(debit_attempts=taken))
    back = [payment("P9", "2026-03-05", "1180.00", reversed="1")]
    import_tables(doors, tmp_path / "back", {"payments": back})
    send(("march.csv", statement()))
    funds = found(doors, number)
    assert (funds.check.funds, funds.check.debited, funds.state) == ("met", "yes", "not_met")
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    came_back = "The payment of CN¥1,180.00 of 5 March 2026 came back afterwards, so it counts as never made."
    assert f"The rule is about days on which we took none. {came_back} A person" in said_of(
        client.get(f"/disputes/{number}")
    )
    client.http.cookies.update(cast.sign_in(cast.staff("wei")))
    said = said_of(client.get(f"/staff/disputes/{number}"))
    assert f"the rule is about days on which none was taken. {came_back}" in said
    assert "Came back, so it counts as never made: CN¥1,180.00 of 5 March 2026, reference P9." in said


def test_the_line_of_the_day_calls_no_debit_what_was_never_started(
    client: Client, cast: Cast, doors: Doors, number: str, send: Send, tmp_path: Path
) -> None:
    never = [debit_attempt("D1", 3, "2026-03-05T08:12:00+08:00", result="not_presented", result_code="")]
    import_tables(doors, tmp_path / "again", lin_with_authorities(debit_attempts=never))
    send(("march.csv", statement()))
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    page = client.get(f"/disputes/{number}", headers={"Accept-Language": "en"}).text
    assert "no debit started" in page
    assert ">our debit<" not in page


def test_the_day_of_an_attempt_is_the_lenders(doors: Doors, number: str, send: Send, tmp_path: Path) -> None:
    """23:30 in Shanghai is still the 5th, whatever the day in UTC; 00:30 on the 6th is not."""
    late = [debit_attempt("D1", 3, "2026-03-06T00:30:00+08:00", result="collected", result_code="00")]
    import_tables(doors, tmp_path / "again", lin_with_authorities(debit_attempts=late))
    send(("march.csv", statement()))
    assert found(doors, number).check.debited == "no"


def test_only_disputes_about_funds_have_a_rule_to_check(doors: Doors, cast: Cast) -> None:
    other = file_dispute(doors, cast.borrower(), reason="paid")

    def ask(connection: Any, viewer: Any) -> Funds | None:
        record = dispute(connection, viewer, other)
        assert record is not None
        loan = loans.loan_by_id(connection, record.loan_id, viewer.today)
        assert loan is not None
        return funds_of(connection, viewer, record, loan)

    assert doors.read_as(doors.system(), ask) is None


def test_what_a_decision_was_judged_by_can_be_read_again(doors: Doors, number: str, send: Send) -> None:
    send(("march.csv", statement()))
    judged = read_judged(judged_text(found(doors, number)))
    assert judged is not None
    assert (judged.result, judged.reading, judged.amount, judged.balance) == ("met", "closing", 118_000, 120_355)
    assert read_judged("") is None


# The borrower's page


@pytest.fixture
def lin(client: Client, cast: Cast, number: str) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


def test_the_page_says_what_the_program_found(lin: Client, number: str, send: Send) -> None:
    send(("march.csv", statement()))
    page = lin.get(f"/disputes/{number}")
    said = " ".join(page.text.split())
    sentence = (
        "shows CN¥1,203.55 at the end of 5 March 2026. The instalment was CN¥1,180.00. This is what the rule asks."
    )
    for words in (sentence, "by 24 April 2026", "not the decision", "your contract counts this", "3,062.55", "08:12"):
        assert words in said, words
    assert said.index("Closing") < said.index("Opening")
    assert "button--main" not in page.text


def test_the_page_names_what_is_missing_and_leads_to_adding_it(lin: Client, number: str, send: Send) -> None:
    assert "Missing:" in lin.get(f"/disputes/{number}").text
    send(("march.csv", statement(without="2026-03-06")))
    page = lin.get(f"/disputes/{number}")
    assert "the days before and after 5 March 2026" in page.text
    assert 'button--main" href="#add"' in page.text


def test_files_that_are_being_read_refresh_the_page_by_themselves(
    app: Starlette, lin: Client, doors: Doors, number: str
) -> None:
    page = lin.get(f"/disputes/{number}")
    fields = fields_of(page, form_of(page, "/add")) | {"consent": "yes"}
    lin.post(f"/disputes/{number}/add", fields, files=[("files", ("march.csv", statement(), "text/csv"))])
    waiting = lin.get(f"/disputes/{number}")
    assert f'data-hx-get="/disputes/{number}/funds"' in waiting.text
    while evidence_jobs.read_waiting(doors, app.state.portal.files):
        pass
    part = lin.get(f"/disputes/{number}/funds")
    assert "1,203.55" in part.text
    assert "data-hx-get" not in part.text


def test_what_is_met_is_said_while_a_photo_is_still_being_read(
    lin: Client, doors: Doors, number: str, send: Send, photos_wait: None
) -> None:
    send(("IMG_1.jpg", make.picture(kind="JPEG")), ("march.csv", statement()))
    funds = found(doors, number)
    assert (funds.waiting, funds.waiting_pictures, funds.state, funds.told) == (1, 1, "being_read", "met")
    said = " ".join(lin.get(f"/disputes/{number}").text.split())
    for words in ("Rule met", "1,203.55", "not the decision", "A photo or a scan is still being read"):
        assert words in said, words
    assert "data-hx-get" not in lin.get(f"/disputes/{number}/funds").text  # nothing that is being read is swapped away


def test_no_other_answer_is_said_before_a_photo_is_read(
    lin: Client, doors: Doors, number: str, send: Send, photos_wait: None
) -> None:
    less = statement(rent="-1900.00,1162.55").replace(b"-45.00,1158.55", b"-45.00,1117.55")
    send(("IMG_1.jpg", make.picture(kind="JPEG")), ("march.csv", less))
    funds = found(doors, number)
    assert (funds.check.result, funds.told) == ("not_met", "being_read")
    said = lin.get(f"/disputes/{number}").text
    assert "1,162.55" not in said
    assert 'data-hx-trigger="every 10s"' in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (statement(), "Your statement shows CN¥1,203.55 at the end of 5 March 2026."),
        (statement(without="2026-03-06"), "Missing: the days before and after 5 March 2026."),
        (None, None),
    ],
)
def test_a_draft_says_as_a_hint_what_its_statement_shows(
    app: Starlette, client: Client, doors: Doors, cast: Cast, data: bytes | None, said: str | None
) -> None:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    path = f"/loans/{loan_code(doors, cast.borrower())}/instalments/3/dispute"
    check = walk.to_check(client, path, files=[("files", ("march.csv", data, "text/csv"))] if data else None)
    assert "What the program reads so far" not in check.text
    while evidence_jobs.read_waiting(doors, app.state.portal.files):
        pass
    shown = walk.said_of(client.get(str(check.url)))
    assert ("only a hint" in shown) == (said is not None)
    assert said is None or said in shown


def test_nobody_else_sees_it(client: Client, cast: Cast, number: str, send: Send) -> None:
    send(("march.csv", statement()))
    assert client.get(f"/disputes/{number}/funds").status_code in {303, 401}
    assert client.get("/disputes/222-222/funds").status_code in {303, 401}


def test_looking_does_not_keep_a_session_awake(app: Starlette) -> None:
    (route,) = [route for route in app.routes if getattr(route, "name", "") == "disputes:funds"]
    assert route.keeps_awake is False  # type: ignore[attr-defined]


def test_without_a_file_there_is_nothing_to_judge(doors: Doors, number: str) -> None:
    funds = found(doors, number)
    assert (funds.state, funds.listed) == ("nothing_sent", "cannot_tell")
    assert [fact.code for fact in funds.missing] == ["nothing_sent"]
