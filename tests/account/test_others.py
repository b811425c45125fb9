"""What the other people on a loan see of it: a co-borrower no dead links, a guarantor only what is demanded."""

from pathlib import Path

import pytest

from portal.platform.db import Doors
from tests.account.test_pages import text_of
from tests.client import Client
from tests.make.disputes import Cast, file_dispute, loan_code
from tests.make.loans import borrower, import_tables, instalment, loan, waiver
from tests.make.plans import propose
from tests.markup import parsed


@pytest.fixture
def numbers(doors: Doors, cast: Cast) -> tuple[str, str]:
    """Lin's dispute and Lin's proposal."""
    return file_dispute(doors, cast.borrower()), propose(doors, cast.borrower())


def beside_lin(lin: Client, doors: Doors, cast: Cast, folder: Path, role: str) -> Client:
    """Zhou, signed in, who is also on Lin's loan."""
    tables = {
        "borrowers": [borrower(borrower_ref="B2", name="周二", mobile="13900139000")],
        "parties": [{"loan_ref": "L1", "borrower_ref": "B2", "role": role}],
        "waivers": [waiver("W1", from_day="2026-03-07", to_day="2026-03-07", reason="dispute")],
    }
    import_tables(doors, folder / "second", tables)
    zhou = lin.another(headers={"Accept-Language": "en"})
    zhou.http.cookies.update(cast.sign_in(cast.borrower("B2")))
    return zhou


def links_of(client: Client, path: str) -> list[str]:
    """Where a page leads."""
    return [each.attributes.get("href") or "" for each in parsed(client.get(path).text).all("a")]


def test_a_co_borrower_sees_what_is_pending_without_a_dead_link(
    lin: Client, doors: Doors, cast: Cast, code: str, numbers: tuple[str, str], tmp_path: Path
) -> None:
    zhou = beside_lin(lin, doors, cast, tmp_path, "co_borrower")
    for path in ("/account", f"/loans/{code}"):
        said = text_of(zhou.get(path))
        assert f"Dispute {numbers[0]}" in said
        assert f"Plan {numbers[1]}" in said
        assert "Somebody else on this contract began it." in said
        for link in links_of(zhou, path):
            if link.startswith("/") and not link.startswith("/language"):
                assert zhou.get(link).status_code == 200, f"{path} leads to {link}"
    assert f"/disputes/{numbers[0]}" in links_of(lin, "/account")
    assert f"/plans/{numbers[1]}" in links_of(lin, f"/loans/{code}")
    waiting = zhou.get("/plans/new")
    assert f"/plans/{numbers[1]}" not in waiting.text
    assert "A plan of somebody else on this contract is waiting for an answer." in waiting.text


def test_a_guarantor_sees_what_is_demanded_and_nothing_of_the_borrower(
    lin: Client, doors: Doors, cast: Cast, code: str, numbers: tuple[str, str], tmp_path: Path
) -> None:
    """Words.md 1 rule 10, domain.md 2: the sum, how to pay, the receipt, how to object."""
    zhou = beside_lin(lin, doors, cast, tmp_path, "guarantor")
    receipt = f"/loans/{code}/instalments/3/penalty"
    pages = ("/account", "/pay", f"/loans/{code}", receipt, f"{receipt}/print", f"{receipt}.csv")
    for path in pages:
        answer = zhou.get(path)
        assert answer.status_code == 200, path
        said = text_of(answer) if "csv" not in path else answer.text
        for secret in (*numbers, "isputed", "in dispute", "Plan ", "not enough money", "08:12", "6789", "you paid"):
            assert secret not in said, f"{path} says {secret}"
    loan_page = text_of(zhou.get(f"/loans/{code}"))
    assert "You are a guarantor of" in loan_page
    assert "is demanded under it" in loan_page
    assert "Not yet due" not in loan_page
    assert receipt in links_of(zhou, f"/loans/{code}")
    assert "/disputes/start" in links_of(zhou, f"/loans/{code}")
    assert "/pay" in links_of(zhou, f"/loans/{code}")
    for path in (f"/loans/{code}/statement", f"/loans/{code}/what-if"):
        assert zhou.get(path).status_code == 404
    for page in ("/account", f"/loans/{code}", receipt):
        for link in links_of(zhou, page):
            if link.startswith("/") and not link.startswith("/language"):
                assert zhou.get(link).status_code == 200, f"{page} leads to {link}"


def test_what_somebody_guarantees_is_not_added_to_what_they_owe(
    lin: Client, doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    zhou = beside_lin(lin, doors, cast, tmp_path, "guarantor")
    own = {
        "loans": [loan(loan_ref="L2", borrower_ref="B2")],
        "instalments": [instalment(1, "2026-04-17", loan_ref="L2")],
    }
    import_tables(doors, tmp_path / "third", own)
    said = text_of(zhou.get("/account"))
    assert "Due today · 17 April CN¥1,180.00" in said
    assert "You are a guarantor of" in said


def test_a_guarantors_own_objection_is_theirs_to_follow(lin: Client, doors: Doors, cast: Cast, tmp_path: Path) -> None:
    zhou = beside_lin(lin, doors, cast, tmp_path, "guarantor")
    number = file_dispute(doors, cast.borrower("B2"))
    assert f"/disputes/{number}" in links_of(zhou, "/account")
    assert loan_code(doors, cast.borrower("B2"))


def test_lines_that_somebody_else_disputes_are_refused_without_their_number(
    lin: Client, doors: Doors, cast: Cast, code: str, tmp_path: Path
) -> None:
    zhou = beside_lin(lin, doors, cast, tmp_path, "guarantor")
    form = f"/loans/{code}/instalments/3/dispute"
    page = zhou.get(form)
    number = file_dispute(doors, cast.borrower())
    answer = zhou.submit(page, {"reason": "paid"}, form="/dispute")
    assert answer.status_code in {409, 422}
    assert number not in answer.text
    again = zhou.get(form)
    assert "disputed already" not in again.text
