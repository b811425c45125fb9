"""Statements on photos, scans and screenshots, read by the local model: right, or not sure, and never wrong."""

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from PIL import Image
from playwright.sync_api import Browser

from portal.core.funds_rule import Question, check
from portal.core.money import parse_major
from portal.core.statement import Statement
from portal.evidence import picture_sandbox
from portal.evidence.sandbox import Reading, Want
from portal.evidence.statements import delimited, ocr, pictures
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from tests.make import evidence, paper

SAME_FACTS = Path(__file__).parents[3] / "shared" / "data" / "statements" / "same_facts_many_formats"
WANT = Want(pages=False, statements=True)


def some_of(cases: Mapping[str, Any], count: int) -> list[ParameterSet]:
    """The first few for every run, since each takes the model seconds; the rest for the drills."""
    return [
        pytest.param(case, id=name, marks=() if at < count else pytest.mark.drill)
        for at, (name, case) in enumerate(cases.items())
    ]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Image.Image:
    """A page of a bank with columns for money out and in, as a scanner sees it."""
    return paper.picture_of_page(paper.printed(browser, paper.two_columns(paper.bookings(12))))


def facts(statement: Statement) -> list[tuple[object, int, int | None]]:
    """What counts of each row."""
    return [(row.day, row.amount, row.balance) for row in statement.rows]


def assert_right_or_unsure(statement: Statement, rows: list[paper.Booking], *, least: int) -> None:
    """No row says what is not so, and at least so many are read."""
    truth = {(row.day, row.amount, row.balance) for row in rows}
    read = set(facts(statement))
    assert read <= truth
    assert len(read) >= least
    assert read == truth or statement.notes


@pytest.mark.parametrize("layout", some_of(paper.TABLES, 2))
def test_every_layout_is_read_from_a_scan(browser: Browser, layout: paper.Layout) -> None:
    """The tables of different banks, as a PDF of pictures."""
    rows = paper.bookings(10)
    data = paper.scan([paper.picture_of_page(paper.printed(browser, layout(rows)))])
    (statement,) = pictures.read("scan.pdf", "pdf", data)
    assert_right_or_unsure(statement, rows, least=9)


@pytest.mark.parametrize("layout", some_of(paper.LISTS, 1))
def test_long_screenshots_are_read_without_a_row_twice(browser: Browser, layout: paper.Layout) -> None:
    """Cut into overlapping pieces, joined again, in the order of happening."""
    rows = paper.bookings(34)
    data = paper.screenshot(browser, layout(rows), scale=1.5)
    assert Image.open(io.BytesIO(data)).height > pictures.PIECE
    (statement,) = pictures.read("screen.png", "png", data)
    assert_right_or_unsure(statement, rows, least=33)


@pytest.mark.parametrize("turned", some_of({"on its side": 90, "on its head": 180, "other side": 270}, 1))
def test_a_photo_may_be_held_in_any_way(page: Image.Image, turned: int) -> None:
    """Leaning, in half a shadow, a little blurred, and turned without the file saying so; upright it is read below."""
    data = paper.saved(paper.photographed(page, turned=turned))
    (statement,) = pictures.read("photo.jpg", "jpeg", data)
    assert_right_or_unsure(statement, paper.bookings(12), least=10)


@pytest.mark.parametrize("blur", some_of({"a little": 2.0, "very": 6.0, "much": 3.5}, 2))
def test_the_worse_the_photo_the_less_is_said(page: Image.Image, blur: float) -> None:
    """What cannot be read is not there; nothing else is put in its place."""
    data = paper.saved(paper.photographed(page, blur=blur, quality=25))
    found: list[Statement] = []
    with suppress(ColumnsUnknown, NotAStatement):
        found = pictures.read("photo.jpg", "jpeg", data)
    for statement in found:
        assert_right_or_unsure(statement, paper.bookings(12), least=0)


def test_a_picture_of_something_else_is_no_statement() -> None:
    with pytest.raises(NotAStatement):
        pictures.read("cat.png", "png", evidence.picture(400, 300, colour=(90, 120, 60)))


def test_without_the_model_a_picture_waits_for_a_person(page: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails where the extra is not installed."""
    monkeypatch.setattr(ocr, "available", lambda: False)
    with pytest.raises(NotAStatement) as told:
        pictures.read("photo.jpg", "jpeg", paper.saved(page))
    assert told.value.code == "image_not_read"
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: False)
    unread = Reading(kind="jpeg", pages=(), no_statement="image_not_read")
    assert picture_sandbox.with_pictures_read(unread, "photo.jpg", paper.saved(page)) is unread


# --- The sandbox ----------------------------------------------------------------------------------------------


def test_the_sandbox_reads_a_photo(page: Image.Image) -> None:
    """In a process of its own, within its memory, without a network."""
    reading = picture_sandbox.read_pictures("photo.jpg", paper.saved(paper.photographed(page)), "", WANT)
    (statement,) = reading.statements
    assert_right_or_unsure(statement, paper.bookings(12), least=10)


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0 no picture", "broken"),
        ("photo.png", evidence.picture(kind="JPEG"), "wrong_type"),
        ("a.pdf", b"%PDF-1.7 nothing", "broken"),
    ],
)
def test_the_sandbox_survives_what_it_is_fed(name: str, data: bytes, problem: str) -> None:
    assert picture_sandbox.read_pictures(name, data, "", WANT).problem == problem


def test_what_the_first_reader_knew_stays_where_the_pictures_cannot_be_read() -> None:
    reading = Reading(kind="jpeg", pages=(), no_statement="image_not_read")
    assert picture_sandbox.with_pictures_read(reading, "photo.jpg", b"\xff\xd8\xff no picture") == reading


# --- The same facts in other formats --------------------------------------------------------------------------

KINDS = {"scan.pdf": "pdf", "photo.jpg": "jpeg", "screenshot.png": "png"}
READINGS = {"opening": "by_opening", "closing": "by_closing", "all_day": "all_day", "any_moment": "any_time"}


def cases() -> list[dict[str, Any]]:
    """The disputes whose statement is there in ten formats."""
    if not SAME_FACTS.is_dir():
        pytest.skip("the folder of statements is not on this machine")
    found: list[dict[str, Any]] = json.loads((SAME_FACTS / "index.json").read_text(encoding="utf-8"))["cases"]
    return found


def assert_never_the_opposite(case: dict[str, Any], ending: str) -> None:
    """Right rows only, and each of the four readings right or not told."""
    name = f"{case['id']}.{ending}"
    found = pictures.read(name, KINDS[ending], (SAME_FACTS / name).read_bytes())
    (whole,) = delimited.read("a.csv", (SAME_FACTS / f"{case['id']}.utf8.csv").read_bytes())
    assert set(facts(found[0])) <= set(facts(whole))
    due, amount = date.fromisoformat(case["due_date"]), parse_major(case["amount_due"], "CNY")
    for reading, key in READINGS.items():
        right = "met" if case["enough"][key] else "not_met"
        told = check(found, Question(due=due, amount=amount, reading=reading))  # type: ignore[arg-type]
        assert told.funds in {right, "cannot_tell"}, f"{name} {reading}"


@pytest.mark.parametrize("ending", KINDS)
def test_a_picture_says_what_the_file_says(ending: str) -> None:
    """One of each format; the drill takes all."""
    assert_never_the_opposite(cases()[2], ending)


@pytest.mark.drill
def test_every_picture_says_what_the_file_says() -> None:
    """Eight disputes in three formats."""
    for case in cases():
        for ending in KINDS:
            assert_never_the_opposite(case, ending)
