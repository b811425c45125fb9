"""A statement whose columns nobody knows: the borrower is asked which is which, and the funds check answers."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette

from portal.disputes import jobs
from portal.platform.db import Doors
from tests.client import Client
from tests.disputes.test_funds import found
from tests.disputes.walk import said_of, send
from tests.make.disputes import Cast, add_files, file_dispute, statement

Send = Callable[..., None]

RIGHT = ["date", "ignore", "text", "amount", "balance"]


def odd() -> bytes:
    """Lin's statement under names that no bank uses."""
    return statement().replace(b"Date,Time,Description,Amount,Balance", b"Zeta,Klok,Wat,Kappa,Omega")


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    return file_dispute(doors, cast.borrower())


@pytest.fixture
def add(app: Starlette, doors: Doors, cast: Cast, number: str) -> Send:
    """Adds files to the dispute, each by name and content, and has them read."""

    def sent(*files: tuple[str, bytes]) -> None:
        add_files(doors, app.state.portal.files, cast.borrower(), number, *files)

    return sent


def visitor(client: Client, cast: Cast, who: Any) -> Client:
    """Somebody with a session of their own."""
    made = client.another(headers={"Accept-Language": "en"})
    made.http.cookies.update(cast.sign_in(who))
    return made


def asked_at(page: Any) -> str:
    """The address that a page gives for naming columns."""
    return str(page.text).partition("/columns")[0].rpartition('"')[2] + "/columns"


def test_from_odd_columns_to_an_answer(client: Client, doors: Doors, cast: Cast, number: str, add: Send) -> None:
    add(("march.csv", odd()))
    assert [fact.code for fact in found(doors, number).missing] == ["columns_unknown"]
    lin = visitor(client, cast, cast.borrower())
    status = lin.get(f"/disputes/{number}")
    assert "We do not know the columns of this file. Which is which?" in said_of(status)
    page = lin.get(asked_at(status))
    assert "KappaIn the file: 0.00 · -200.00" in said_of(page)
    answer = send(lin, page, {"meaning": RIGHT}, "/columns")
    assert answer.headers["location"] == f"/disputes/{number}"
    funds = found(doors, number)
    assert funds.state == "met"
    assert "We do not know the columns" not in said_of(lin.get(f"/disputes/{number}"))


def named(client: Client, cast: Cast, number: str, meanings: list[str]) -> Any:
    """What the borrower says of the columns; the answer."""
    lin = visitor(client, cast, cast.borrower())
    page = lin.get(asked_at(lin.get(f"/disputes/{number}")))
    return send(lin, page, {"meaning": meanings}, "/columns")


def test_a_wrong_answer_turns_nothing_round(client: Client, doors: Doors, cast: Cast, number: str, add: Send) -> None:
    """The balances prove it or they do not; the person can say it anew."""
    add(("march.csv", odd()))
    assert named(client, cast, number, ["date", "ignore", "text", "balance", "amount"]).status_code == 303
    assert found(doors, number).state == "cannot_tell"
    lin = visitor(client, cast, cast.borrower())
    assert "Say anew what its columns mean" in said_of(lin.get(f"/disputes/{number}"))
    named(client, cast, number, RIGHT)
    assert found(doors, number).state == "met"


def test_staff_are_told_whose_word_it_is(client: Client, doors: Doors, cast: Cast, number: str, add: Send) -> None:
    """And nothing is upheld by the program on the sender's word for it: a signal stands against that."""
    add(("march.csv", odd()))
    named(client, cast, number, RIGHT)
    assert "columns_named" in {fact.code for fact in found(doors, number).check.signals}
    handler = visitor(client, cast, cast.staff("Wu"))
    page = handler.get(f"/staff/disputes/{number}")
    assert "What the columns of march.csv mean is what the borrower said." in said_of(page)
    form = handler.get(asked_at(page))
    send(handler, form, {"meaning": RIGHT, "for_everybody": "yes"}, "/columns")
    funds = found(doors, number)
    assert (funds.state, funds.check.signals) == ("met", ())


def test_lists_hear_of_it(client: Client, doors: Doors, cast: Cast, clock: Any, number: str, add: Send) -> None:
    add(("march.csv", odd()))
    jobs.note_readings(doors)
    clock.advance(minutes=1)
    named(client, cast, number, RIGHT)
    assert jobs.note_readings(doors) == 1
    assert jobs.note_readings(doors) == 0
