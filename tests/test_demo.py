"""`portal demo` and the demo phone: what it must show, twice the same, and the figures of every picture."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from portal.app import create_app
from portal.core.assessment import Assessment, assess
from portal.core.facts import LoanFacts
from portal.demo import people
from portal.demo.commands import run_demo
from portal.loans.commands import every_loan_facts, run_import
from portal.platform.clock import FixedClock
from portal.platform.settings import Settings
from tests.client import Client
from tests.make import demo as make

NOON = datetime(2026, 4, 17, 4, 0, tzinfo=UTC)
TODAY = date(2026, 4, 17)


@pytest.fixture
def clock() -> FixedClock:
    """Noon in Shanghai on the day of the pictures."""
    return FixedClock(NOON)


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Starlette:
    """The portal with the demo in it."""
    settings = Settings.load({"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)})
    made = create_app(settings, clock)
    assert make.load(made) == 0
    return made


@pytest.fixture
def client(app: Starlette) -> Iterator[Client]:
    """A visitor who reads English."""
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        yield visitor


def facts_of(app: Starlette) -> dict[str, LoanFacts]:
    return {found.loan: found for found in every_loan_facts(app.state.portal.doors)}


def seen(app: Starlette, ref: str, day: date = TODAY) -> Assessment:
    return assess(facts_of(app)[ref], day)


class TestPortfolio:
    def test_it_shows_everything_that_it_must(self, app: Starlette) -> None:
        found = facts_of(app)
        on_the_day = {ref: assess(each, TODAY) for ref, each in found.items()}
        assert on_the_day["DEMO-XF-3303"].due.total == 0
        tomorrow = on_the_day["DEMO-XF-3304"].next_due
        assert tomorrow is not None
        assert tomorrow.due_on == TODAY + timedelta(days=1)
        assert on_the_day["DEMO-XF-3305"].days_past_due == 5
        assert on_the_day["DEMO-XF-3306"].days_past_due == 45
        assert on_the_day["DEMO-XF-3310"].days_past_due == 15
        assert on_the_day["DEMO-XF-3313"].credit == 150_000
        assert found["DEMO-XF-3314"].status == "closed"
        assert found["DEMO-XF-3317"].status == "sold"
        assert {found[ref].currency for ref in ("DEMO-XF-3312", "DEMO-QC-4412")} == {"CNY", "USD"}
        assert len(people.LONG_NAME.name) == 60

    @pytest.mark.parametrize(
        ("ref", "number", "kinds"),
        [
            ("DEMO-XF-3306", 4, ["nights", "paid", "nights", "nights", "paid", "nights"]),
            ("DEMO-ZZ-3308", 2, ["nights", "legal_ceiling"]),
            ("DEMO-ZL-3309", 3, ["grace"]),
            ("DEMO-XF-3311", 3, ["nights", "days_waived", "nights"]),
        ],
    )
    def test_lines(self, app: Starlette, ref: str, number: int, kinds: list[str]) -> None:
        assert [line.kind for line in seen(app, ref).instalment(number).lines] == kinds

    def test_the_money_was_there_and_nobody_debited(self, app: Starlette) -> None:
        attempts = [each.result for each in facts_of(app)["DEMO-JD-3307"].debit_attempts]
        assert attempts == ["collected", "not_presented"]

    def test_again_it_changes_nothing(self, app: Starlette, capsys: pytest.CaptureFixture[str]) -> None:
        before = facts_of(app)
        capsys.readouterr()
        assert make.load(app) == 0
        assert "as it was" in capsys.readouterr().out
        assert facts_of(app) == before

    def test_a_week_later_the_same_people_are_a_week_later(self, app: Starlette, clock: FixedClock) -> None:
        clock.advance(days=7)
        assert make.load(app) == 0
        assert seen(app, "DEMO-XF-3305", TODAY + timedelta(days=7)).days_past_due == 12
        assert seen(app, "DEMO-XF-3303", TODAY + timedelta(days=40)).days_past_due > 0

    def test_an_earlier_day_needs_a_folder_of_its_own(
        self, app: Starlette, clock: FixedClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clock.advance(days=-30)
        capsys.readouterr()
        assert make.load(app) == 1
        assert "PORTAL_DATA_DIR=data-2026-03-18" in capsys.readouterr().err

    def test_a_portfolio_of_its_own_is_never_mixed_with_it(
        self, database_url: str, tmp_path: Path, clock: FixedClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = Settings.load({"PORTAL_DATABASE_URL": database_url, "PORTAL_DATA_DIR": str(tmp_path)})
        made = create_app(settings, clock)
        example = Path(__file__).parents[1] / "docs" / "example-portfolio"
        doors = made.state.portal.doors
        assert run_import(doors, example, TODAY - timedelta(days=1), currency="CNY", data_dir=tmp_path) == 0
        assert make.load(made) == 1
        assert "a portfolio of its own" in capsys.readouterr().err

    def test_production_has_none(self, app: Starlette, capsys: pytest.CaptureFixture[str]) -> None:
        portal = app.state.portal
        assert run_demo(portal.doors, portal.settings.model_copy(update={"mode": "production"})) == 1
        assert "development only" in capsys.readouterr().err


class TestFiguresOfThePictures:
    """ui.md 8, through the pages; the Chinese case and the English one are the same."""

    @pytest.fixture(params=[people.LIN_YI, people.LIN_YI_IN_ENGLISH], ids=["zh", "en"])
    def lin(self, app: Starlette, client: Client, request: pytest.FixtureRequest) -> tuple[Client, str]:
        """Lin Yi signed in, and the code of the loan on home appliances."""
        codes = make.loan_codes(app, request.param)
        home = next(code for ref, code in codes.items() if ref.endswith("0718"))
        return make.as_person(app, client, request.param), home

    def test_account(self, lin: tuple[Client, str]) -> None:
        page = lin[0].get("/account").text
        for value in ("208691", "200885", "6000", "1806"):
            assert f'<data value="{value}">' in page
        for words in ("43 days late", "0.93", "900.54", "1,186.37", "9,440.00", "contract ending 0718", "460.00"):
            assert words in page, words
        assert "16 April" in page
        assert "12 May" in page

    def test_receipt(self, lin: tuple[Client, str]) -> None:
        page = lin[0].get(f"/loans/{lin[1]}/instalments/3/penalty").text
        for words in ("20.54", "8.85", "4.89", "6.80", "11.69", "20.5383775", "17.6%", "28.00", "08:12"):
            assert words in page, words

    def test_what_if(self, lin: tuple[Client, str]) -> None:
        page = lin[0].get(f"/loans/{lin[1]}/what-if?amount=1000&on_day=17&on_month=4&on_year=2026").text
        for words in ("888.85", "33.09", "1,086.91", "0.49"):
            assert words in page, words


class TestComplaint:
    def test_one_person_has_complained_and_the_one_they_name_is_shut_out(self, app: Starlette, client: Client) -> None:
        make.load(app)
        mine = make.as_person(app, client, people.COMPLAINS).get("/complaints").text
        assert mine.count("With a supervisor") == 1
        supervisor = make.as_staff(app, client, "supervisor")
        (number,) = set(re.findall(r"/staff/complaints/(...-...)", supervisor.get("/staff/complaints").text))
        page = supervisor.get(f"/staff/complaints/{number}").text
        assert "乔木" in page
        assert "Found by program" in page


class TestPhone:
    def test_a_person_comes_in_with_what_the_phone_shows(self, app: Starlette, client: Client) -> None:
        phone = client.get("/demo/phone").text
        link = re.search(r'href="http://127\.0\.0\.1:8000(/l/[^"]+)"', phone)
        assert link is not None
        check = client.follow(client.submit(client.get(link[1])))
        born = people.LIN_YI.birth_date
        assert born is not None
        names = sorted(set(re.findall(r'name="(\w+_(?:day|month|year))"', check.text)))
        answers = {name: getattr(born, name.rpartition("_")[2]) for name in names}
        last4 = re.search(r'name="(\w*last\w*)"', check.text)
        assert last4 is not None
        code_page = client.follow(client.submit(check, {**answers, last4[1]: people.LIN_YI.id_last4}))
        assert code_page.url.path == "/code"

    def test_each_person_has_got_one_link(self, app: Starlette, client: Client) -> None:
        make.load(app)
        for person in people.PEOPLE:
            page = client.get(f"/demo/phone?person={make.person_code(app, person)}").text
            assert len(re.findall(r'href="http://127\.0\.0\.1:8000/l/', page)) == 1, person.name
            assert person.mobile in page

    def test_staff_can_sign_in_with_what_it_shows(self, client: Client) -> None:
        page = client.get("/demo/phone").text
        for staff in people.STAFF:
            row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{staff.name}.*?</tr>", page, re.DOTALL)
            assert row is not None, staff.name
            code = re.findall(r"\b\d{6}\b", row[0])[-1]
            visitor = client.another()
            entries = {"name": staff.name, "password": staff.password, "code": code}
            answer = visitor.submit(visitor.get("/staff/sign-in"), entries)
            assert (answer.status_code, answer.headers["location"]) == (303, "/staff/")

    def test_production_has_no_phone(self, sqlite_url: str, tmp_path: Path) -> None:
        (tmp_path / "lender.toml").write_text(Path("lender.example.toml").read_text("utf-8"), "utf-8")
        keys = {
            f"PORTAL_{name}_KEYS": f"{name.lower()}-0123456789abcdefghijklmnopqrstuvw".replace("secret", "signing")
            for name in ("SECRET", "FILE", "AUDIT")
        }
        environ = {
            **keys,
            "PORTAL_MODE": "production",
            "PORTAL_DATABASE_URL": sqlite_url,
            "PORTAL_DATA_DIR": str(tmp_path),
            "PORTAL_BASE_URL": "https://portal.example.com",
            "PORTAL_SMS_URL": "https://sms.example.com/send",
        }
        app = create_app(Settings.load(environ), FixedClock(NOON))
        with Client(app, base_url="https://portal.example.com") as visitor:
            assert visitor.get("/demo/phone").status_code == 404


def test_the_dates_of_every_day_of_the_year_can_be_loaded() -> None:
    """Months of 28 to 31 days move due dates; no loan may then be due before it was disbursed, or twice a month."""
    from portal.demo.portfolio import other_loans

    for shift in range(366 * 4):
        day = date(2026, 1, 1) + timedelta(days=shift)
        for loan in other_loans(day):
            due = [loan.due(number) for number in range(loan.count + 1)]
            assert due == sorted(set(due))
