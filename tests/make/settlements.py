"""Settlements for tests: Lin's case with what the rules take off, quotes, requests, offers, and money that arrives."""

from pathlib import Path
from typing import Any

from portal.loans import queries as loans
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.settlements import (
    asking_actions,
    jobs,
    offering_actions,
    offering_queries,
    own_queries,
    queries,
)
from portal.settlements.offering_actions import Decision
from portal.settlements.offering_queries import Typed
from tests.make.loans import Row, Tables, import_tables, payment
from tests.make.plans import PAPER, lin_with_limits

LENDER = PAPER


def rule(name: str, value: str, **given: str) -> Row:
    """A rule of the product."""
    return {"product_ref": "P1", "effective_from": "2024-01-01", "rule": name, "value": value} | given


def lin_settling(percent: str = "100", waiver_max: str = "500.00", **given: list[Row]) -> Tables:
    """The case of ui.md 8, a sales credit whose rules take so many percent of the penalty off."""
    given.setdefault("product_rules", [rule("settlement_percent", percent), rule("freeze", "1")])
    return lin_with_limits("5000.00", waiver_max, **given)


def code_of(doors: Doors, viewer: Viewer) -> str:
    """The code of the viewer's first loan."""
    return doors.read_as(viewer, loans.account).loans[0].code


def new_page(doors: Doors, viewer: Viewer) -> own_queries.NewPage:
    """What settles the viewer's loan now."""
    page = doors.read_as(viewer, own_queries.new_page, code_of(doors, viewer))
    assert page is not None
    return page


def quote(doors: Doors, viewer: Viewer) -> str:
    """The quote of the rules, kept; its number."""
    page = new_page(doors, viewer)
    return doors.write_as(viewer, asking_actions.get_quote, page.record.code, page.seen, LENDER)


def detail(doors: Doors, viewer: Viewer, number: str) -> own_queries.DetailPage:
    """A settlement as its owner sees it."""
    page = doors.read_as(viewer, own_queries.detail_page, number)
    assert page is not None
    return page


def accept(doors: Doors, viewer: Viewer, number: str) -> str:
    """Accept a quote on the figures of now."""
    return doors.write_as(viewer, asking_actions.accept, number, detail(doors, viewer, number).seen)


def ask(doors: Doors, viewer: Viewer, could_pay: int, words: str = "") -> str:
    """Ask staff for less; the request's number."""
    return doors.write_as(viewer, asking_actions.ask, code_of(doors, viewer), could_pay, words)


def offer_page(doors: Doors, viewer: Viewer, number: str, typed: Typed | None = None) -> offering_queries.OfferPage:
    """A request before staff."""
    page = doors.read_as(viewer, offering_queries.offer_page, number, typed)
    assert page is not None
    return page


def offer(doors: Doors, viewer: Viewer, number: str, amount: int, days: int = 14, *, stops: bool = False) -> str:
    """Staff offer to take an amount off; what came of it."""
    typed = Typed(viewer.today, amount, days, stops)
    seen = offer_page(doors, viewer, number, typed).seen
    decision = Decision(typed, seen, "hardship", "")
    return doors.write_as(viewer, offering_actions.make_offer, number, decision, LENDER)


def confirm(doors: Doors, viewer: Viewer, number: str) -> str:
    """The second person agrees on the figures of now."""
    seen = offer_page(doors, viewer, number).seen
    return doors.write_as(viewer, offering_actions.confirm, number, seen, LENDER)


def state(doors: Doors, number: str) -> str:
    """The state of a settlement."""
    return record(doors, number).state


def record(doors: Doors, number: str) -> queries.SettlementRecord:
    """A settlement as its row says."""
    found = doors.read_as(doors.system(), lambda connection, _: queries.settlement(connection, number))
    assert found is not None
    return found


def request_state(doors: Doors, number: str) -> str:
    """The state of a request."""
    found = doors.read_as(doors.system(), lambda connection, _: queries.request(connection, number))
    assert found is not None
    return found.state


def arrives(doors: Doors, folder: Path, day: Any, amount: int, ref: str = "S1", **given: Any) -> None:
    """Money comes in, booked up to a day: `data_date`, or the day itself."""
    data_date = given.pop("data_date", day)
    row = payment(ref, day.isoformat(), f"{amount // 100}.{amount % 100:02d}", **given)
    import_tables(doors, folder / f"{ref}-{data_date}-{len(given)}", {"payments": [row]}, data_date)


def books_reach(doors: Doors, folder: Path, day: Any) -> None:
    """The lender's system has booked everything up to a day, and there was nothing."""
    import_tables(doors, folder / f"nothing-{day}", {"payments": []}, day)


def run_day(doors: Doors) -> int:
    """Judge everything as of today; how many changed."""
    return sum(1 for _line in jobs.evaluate(doors, doors.system()))
