"""Pages of which parts were covered are read again after sending: what a box may hide is covered, never simply gone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageDraw
from playwright.sync_api import Browser

from portal.core import funds_rule
from portal.core.funds_rule import FundsCheck, Question
from portal.evidence import cover_actions, jobs, picture_sandbox
from portal.evidence.queries import FILE, STATEMENT
from portal.evidence.sandbox import Reading, UnknownColumns, Want
from portal.evidence.statements import pdf_text, pictures
from portal.evidence.statements.covered_areas import Area, with_covered
from portal.evidence.statements.layout import tables_of
from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
from portal.evidence.statements.paper import statements_of
from portal.evidence.statements.words import Word
from portal.platform.numbers import new_code
from tests.client import Client, fields_of, form_of
from tests.evidence.acts import add, as_, portal_of, rows
from tests.evidence.test_cover import cover, send, white_photo
from tests.evidence.test_pictures_wait import Reader
from tests.make import paper

ENGLISH = {"Accept-Language": "en"}
WHEN = Question(date(2026, 3, 5), 118_000)
NAMES = (("Date", 0), ("Description", 100), ("Amount", 300), ("Balance", 400))
PITCH, TALL = 20.0, 10.0


def bookings(changes: list[tuple[int, int]], start: int = 100_000) -> list[tuple[int, int, int]]:
    """Day, amount and balance of each."""
    balance, found = start, []
    for day, amount in changes:
        balance += amount
        found.append((day, amount, balance))
    return found


def words_of(booked: list[tuple[int, int, int]], hidden: frozenset[int], top: float = 100.0) -> list[Word]:
    """A page with the bookings below each other; those that are hidden leave no words."""

    def at(place: int, y: float, text: str) -> Word:
        return Word(0, place, y, place + 6.0 * len(text), y + TALL, text)

    words = [at(place, top - PITCH, name) for name, place in NAMES]
    for number, (day, amount, balance) in enumerate(booked):
        if number in hidden:
            continue
        y = top + number * PITCH
        texts = (f"2026-03-{day:02}", "shop", f"{amount / 100:.2f}", f"{balance / 100:.2f}")
        words += [at(place, y, text) for (_, place), text in zip(NAMES, texts, strict=True)]
    return words


def boxes(hidden: frozenset[int], top: float = 100.0) -> list[Area]:
    """A box over each hidden booking, drawn by hand: a little larger than what it hides."""
    return [Area(0, 0.0, top + at * PITCH - 1, 500.0, top + at * PITCH + TALL + 1) for at in sorted(hidden)]


def judged(booked: list[tuple[int, int, int]], hidden: frozenset[int], question: Question = WHEN) -> FundsCheck:
    try:
        found = statements_of(words_of(booked, hidden), file="a.pdf", photographed=True, areas=boxes(hidden))
    except (ColumnsUnknown, NotAStatement):
        found = []
    return funds_rule.check(found, question)


def test_a_covered_round_trip_is_no_day_without_bookings() -> None:
    """Money out and in again, both covered: the balances fit, and yet nobody can tell what the lowest was."""
    booked = bookings([(2, 100_000), (5, -150_000), (5, 150_000), (8, -1_000)])
    question = Question(date(2026, 3, 5), 118_000, reading="all_day")
    assert judged(booked, frozenset(), question).result == "not_met"
    check = judged(booked, frozenset({1, 2}), question)
    assert (check.result, [fact.code for fact in check.missing]) == ("cannot_tell", ["rows_covered"])


CHANGES = st.lists(st.tuples(st.integers(1, 9), st.integers(-90_000, 90_000).filter(bool)), min_size=4, max_size=9).map(
    lambda found: sorted(found, key=lambda each: each[0])
)


@given(CHANGES, st.data())
@settings(max_examples=80)
def test_no_box_turns_an_answer_round(changes: list[tuple[int, int]], data: Any) -> None:
    """In all four readings: the same as uncovered, or it cannot be told; and near the due date it cannot."""
    booked = bookings(changes, start=200_000)
    hidden = frozenset(data.draw(st.sets(st.integers(0, len(booked) - 1), max_size=len(booked) - 2)))
    before, after = judged(booked, frozenset()), judged(booked, hidden)
    for reading, told in after.readings.items():
        assert told.result in {before.readings[reading].result, "cannot_tell"}, reading
    if any(booked[at][0] == 5 for at in hidden):
        assert after.result == "cannot_tell"


def test_what_a_box_only_touches_is_covered_and_the_rest_is_not() -> None:
    """A half-hidden amount says another one; a box over the descriptions hides no row."""
    booked = bookings([(2, 100_000), (5, -1_000), (8, -1_000), (9, -1_000)])
    [grid] = tables_of(words_of(booked, frozenset()))
    beside = Area(0, 100.0, 90.0, 240.0, 260.0)
    assert with_covered(grid, [beside]) == grid
    [half] = statements_of(
        words_of(booked, frozenset()), file="a", photographed=True, areas=[Area(0, 290.0, 118.0, 302.0, 124.0)]
    )
    assert [row.covered for row in half.rows] == [False, True, False, False]
    letterhead = Area(0, 0.0, 0.0, 500.0, 30.0)
    assert with_covered(grid, [letterhead]) == grid


def test_rows_above_below_and_on_a_page_of_their_own() -> None:
    """As many covered rows as the box has room for, in their place."""
    booked = bookings([(2, 100_000), (3, -1_000), (5, -1_000), (8, -1_000), (9, -1_000), (10, -1_000)])
    [found] = statements_of(
        words_of(booked, frozenset({0, 1, 5})), file="a", photographed=True, areas=boxes(frozenset({0, 1, 5}))
    )
    assert [row.covered for row in found.rows] == [True, True, False, False, False, True]
    second = [Area(1, 0.0, 100.0, 500.0, 100.0 + 3 * PITCH)]
    [longer] = statements_of(words_of(booked, frozenset()), file="a", photographed=True, areas=second)
    assert [row.covered for row in longer.rows] == [False] * 6 + [True] * 3


@pytest.mark.parametrize(
    "turned", [90, pytest.param(0, marks=pytest.mark.drill), pytest.param(180, marks=pytest.mark.drill)]
)
def test_a_painted_page_is_read_with_its_covered_rows(browser: Browser, turned: int) -> None:
    """By the model itself, however the page lies: the covered row is known to be one."""
    booked, dots, hidden = paper.bookings(6), 130, 3
    printed = paper.printed(browser, paper.two_columns(booked))
    with pdf_text.opened(printed, "") as pdf:
        words = pdf_text.page_of(pdf, 0).words
    balance = next(word for word in words if word.text == paper.money(booked[hidden].balance))
    page = paper.picture_of_page(printed, dots=dots)
    top, bottom = (balance.y0 - 2) * dots / 72, (balance.y1 + 2) * dots / 72
    ImageDraw.Draw(page).rectangle((0, top, page.width, bottom), fill="black")
    box = (0, int(top * 1000 / page.height), 1000, int((bottom - top) * 1000 / page.height) + 1)
    page = page.rotate(turned, expand=True)
    box = {0: box, 180: (0, 1000 - box[1] - box[3], 1000, box[3]), 90: (box[1], 0, box[3], 1000)}[turned]
    (found,) = pictures.read("scan.png", "png", paper.saved(page, "PNG"), covered={"1": [box]})
    truth = {(row.day, row.amount, row.balance) for row in booked}
    assert {(row.day, row.amount, row.balance) for row in found.rows if not row.covered} <= truth
    assert any(row.covered for row in found.rows)
    assert funds_rule.check([found], Question(booked[hidden].day, 1)).result == "cannot_tell"


# --- After sending ----------------------------------------------------------------------------------------------


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


@contextmanager
def asked(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Want]]:
    """What the reader of pictures is asked."""
    wants: list[Want] = []

    def read(name: str, data: bytes, password: str, want: Want) -> Reading:
        wants.append(want)
        return reader.answer

    with monkeypatch.context() as patched:
        patched.setattr(picture_sandbox, "read_pictures", read)
        yield wants


def test_covered_pages_wait_for_their_reader_once_sent(
    client: Client, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told where the boxes are; what was read of the uncovered file is gone."""
    draft = new_code()
    code = white_photo(client, draft)
    portal = portal_of(client)
    while jobs.read_pictures(portal.doors, portal.files):
        pass
    as_(client, "lin")
    cover(client, code, band=["0", "19"], box=["400,400,200,100"])
    with asked(reader, monkeypatch) as wants:
        assert jobs.read_pictures(portal.doors, portal.files) == 0
        send(client, draft)
        [told] = rows(client, STATEMENT)
        assert (told.statements, told.notes, told.pictures_wait) == ("[]", '[["image_not_read", {}]]', True)
        assert jobs.read_pictures(portal.doors, portal.files) == 1
    boxes_said = {"1": [(0, 0, 1000, 50), (0, 950, 1000, 50), (400, 400, 200, 100)]}
    assert [want.covered for want in wants] == [boxes_said]
    assert cover_actions.boxes_by_page(told.marks) == boxes_said
    [told] = rows(client, STATEMENT)
    assert (json.loads(told.notes), told.pictures_wait) == ([["image_unclear", {}]], False)


def test_without_a_model_a_person_reads_covered_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: False)
    draft = new_code()
    code = white_photo(client, draft)
    as_(client, "lin")
    cover(client, code, band=["3"])
    send(client, draft)
    [told] = rows(client, STATEMENT)
    assert (told.notes, told.pictures_wait) == ('[["image_not_read", {}]]', False)


def test_what_the_columns_of_a_picture_mean_is_asked_and_its_reader_told(
    client: Client, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is kept at once; the minutes that reading takes are the slow lane's."""
    header = ("Zeta", "Kappa", "Omega")
    unknown = UnknownColumns(header, ("date", "amount"), "f" * 16, (("2026-03-05", "-1.00", "9.00"),))
    reader.answer = Reading("jpeg", (), no_statement="columns_unknown", columns=unknown)
    portal = portal_of(client)
    code = white_photo(client, new_code())
    assert jobs.read_pictures(portal.doors, portal.files) == 1
    page = as_(client, "lin").get(f"/files/{code}/columns", headers=ENGLISH)
    fields = fields_of(page, form_of(page, "/columns")) | {"meaning": ["date", "amount", "balance"]}
    assert client.post(f"/files/{code}/columns", fields, headers=ENGLISH).status_code == 303
    [told] = rows(client, STATEMENT)
    assert told.pictures_wait
    reader.answer = Reading("jpeg", (), no_statement="image_unclear")
    with asked(reader, monkeypatch) as wants:
        assert jobs.read_pictures(portal.doors, portal.files) == 1
    assert [want.columns for want in wants] == [{"Zeta": "date", "Kappa": "amount", "Omega": "balance"}]
    [told] = rows(client, STATEMENT)
    assert (told.answer_id is not None, told.pictures_wait) == (True, False)
    assert client.get(f"/files/{code}/columns").status_code == 200, "and it can be answered anew"
    assert [row.state for row in rows(client, FILE)] == ["ready"]
    assert jobs.read_named(portal.doors, portal.files) == 0


def test_a_header_that_was_named_before_is_not_asked_about(
    client: Client, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next picture with it is read by the answer, in one go of the job."""
    add(client, b"Zeta,Kappa,Omega\n2026-03-05,-86.40,412.55\n", "a.csv")
    [file] = rows(client, FILE)
    page = as_(client, "lin").get(f"/files/{file.code}/columns", headers=ENGLISH)
    fields = fields_of(page, form_of(page, "/columns")) | {"meaning": ["date", "amount", "balance"]}
    client.post(f"/files/{file.code}/columns", fields, headers=ENGLISH)
    [first] = rows(client, STATEMENT)
    header = ("Zeta", "Kappa", "Omega")
    reader.answer = Reading(
        "jpeg", (), no_statement="columns_unknown", columns=UnknownColumns(header, ("date",), first.fingerprint)
    )
    white_photo(client, new_code())
    portal = portal_of(client)
    with asked(reader, monkeypatch) as wants:
        jobs.read_pictures(portal.doors, portal.files)
    assert [want.columns for want in wants] == [None, {"Zeta": "date", "Kappa": "amount", "Omega": "balance"}]
