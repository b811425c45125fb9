"""`portal link` and `portal staff add`, as functions over a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.access import commands, staff_queries
from portal.access.queries import LINK
from portal.installation import open_installation
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from tests.make import access as make


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    return Settings.load({"PORTAL_DATABASE_URL": sqlite_url, "PORTAL_DATA_DIR": str(tmp_path)})


@pytest.fixture
def doors(settings: Settings, clock: FixedClock) -> Iterator[Doors]:
    opened = open_installation(settings, clock)
    yield opened.doors
    opened.doors.close()


@pytest.mark.parametrize("who", ["B1", "13800138000", "+86 138 0013 8000"])
def test_a_link_for_a_person_or_a_number(
    doors: Doors, settings: Settings, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    make.person(doors)
    assert commands.make_link_command(doors, settings, who) == 0
    printed = capsys.readouterr().out.strip()
    assert printed.startswith("http://127.0.0.1:8000/l/")
    with doors.engines.read.connect() as connection:
        assert len(connection.execute(LINK.select()).all()) == 1


def test_a_link_for_nobody(doors: Doors, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.make_link_command(doors, settings, "nobody") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_staff_account_and_what_it_signs_in_with(
    doors: Doors, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.add_staff(doors, settings, "ada", "Ada Min", ["administrator"], identity="P-1") == 0
    printed = capsys.readouterr().out
    assert "otpauth://totp/" in printed
    record = doors.read_as(doors.system(), staff_queries.staff_named, "ada")
    assert record is not None
    assert (record.identity, record.roles) == ("P-1", ("administrator",))


@pytest.mark.parametrize(
    ("roles", "password"),
    [(["king"], None), ([], None), (["administrator", "supervisor"], None), (["auditor"], "short")],
)
def test_what_cannot_be_is_one_line(
    doors: Doors, settings: Settings, capsys: pytest.CaptureFixture[str], roles: list[str], password: str | None
) -> None:
    assert commands.add_staff(doors, settings, "ada", "Ada", roles, password=password) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_a_name_is_taken_once(doors: Doors, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.add_staff(doors, settings, "ada", "Ada", ["auditor"]) == 0
    assert commands.add_staff(doors, settings, "ada", "Ada", ["auditor"]) == 1
    assert "there is an account with this name" in capsys.readouterr().err
