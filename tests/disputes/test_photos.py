"""A photo of a bank statement, sent to a dispute: read by the slow lane of the worker, and the rule judged by it."""

from datetime import date, time

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from starlette.applications import Starlette

from portal.disputes import jobs as dispute_jobs
from portal.disputes.queries import READING
from portal.evidence import jobs as evidence_jobs
from portal.jobs import make_worker
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.make import paper
from tests.make.disputes import Cast, file_dispute

# Lin's account around 5 March, as `tests.make.disputes.STATEMENT` has it.
ROWS = [
    paper.Booking(date(2026, 3, 3), time(9, 15), -20_000, 49_895, "转账汇款", "李四"),
    paper.Booking(date(2026, 3, 4), time(19, 40), -8_640, 41_255, "消费", "财付通支付科技有限公司"),
    paper.Booking(date(2026, 3, 5), time(17, 32), 265_000, 306_255, "工资", "李四"),
    paper.Booking(date(2026, 3, 5), time(20, 5), -185_900, 120_355, "转账汇款", "张三"),
    paper.Booking(date(2026, 3, 6), time(12, 10), -4_500, 115_855, "消费", "李四"),
]


@pytest.fixture(scope="module")
def photo(browser: Browser) -> bytes:
    """Lin's statement, printed and photographed."""
    printed = paper.printed(browser, paper.two_columns(ROWS).replace("4803", "6789"))
    return paper.saved(paper.photographed(paper.picture_of_page(printed), skew=0.8), quality=85)


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    return file_dispute(doors, cast.borrower())


@pytest.fixture
def lin(client: Client, cast: Cast) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


def send(lin: Client, number: str, photo: bytes) -> None:
    """Add the photo on the dispute's page."""
    page = lin.get(f"/disputes/{number}")
    fields = fields_of(page, form_of(page, "/add")) | {"consent": "yes"}
    lin.post(f"/disputes/{number}/add", fields, files=[("files", ("IMG_1.jpg", photo, "image/jpeg"))])


def noted(doors: Doors) -> list[str]:
    """What staff's lists say."""
    with doors.engines.read.connect() as connection:
        return list(connection.execute(select(READING.c.result)).scalars())


def test_a_photo_is_read_while_the_page_says_so_and_the_rule_is_judged_by_it(
    app: Starlette, doors: Doors, clock: FixedClock, lin: Client, number: str, photo: bytes
) -> None:
    send(lin, number, photo)
    assert evidence_jobs.read_waiting(doors, app.state.portal.files) == 1
    dispute_jobs.note_readings(doors)
    page = lin.get(f"/disputes/{number}")
    assert "A photo or a scan takes a few minutes." in page.text
    assert 'data-hx-trigger="every 10s"' in page.text
    assert noted(doors) == ["being_read"]

    worker = make_worker(app.state.portal)
    for _ in range(2):
        clock.advance(seconds=2)
        while worker.run_due():
            pass
    part = lin.get(f"/disputes/{number}/funds")
    assert "Rule met" in part.text
    assert "1,203.55" in part.text
    assert "data-hx-get" not in part.text
    assert noted(doors) == ["met"]
