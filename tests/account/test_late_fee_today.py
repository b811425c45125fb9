"""On the day on which a late fee falls: what is shown as due is what has to arrive that day, and the fee is told of."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from portal.core.assessment import assess
from portal.core.receipt import late_fees_tonight, what_if
from portal.platform.db import Doors
from tests.account.conftest import NOON
from tests.account.test_pages import text_of
from tests.client import Client
from tests.core.loans import instalment, loan, on, terms
from tests.databases import Databases, lent
from tests.make.installation import holding
from tests.make.loans import import_tables, lin_yi, product

WITHOUT_CEILING = [row | {"annual_ceiling": ""} for row in lin_yi()["penalty_rates"]]


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, databases_of: Callable[[str], Databases]) -> Iterator[str]:
    """One kind of database: only what is shown matters here."""
    yield from lent(databases_of(request.param), holding(lin_yi, NOON))


@pytest.mark.parametrize(("after", "day"), [(1, on(3, 21)), (12, on(4, 1))])
def test_paying_all_but_the_fees_of_the_day_leaves_nothing(after: int, day: date) -> None:
    """The fee of instalment 2 falls on the day that is looked at, that of instalment 1 has fallen before."""
    facts = loan(instalment(1, on(3, 5)), instalment(2, on(3, 20)), terms(late_fee=2_000, late_fee_after_days=after))
    seen = assess(facts, day)
    fees = late_fees_tonight(facts, seen)
    assert fees == {2: 2_000}
    paid = what_if(facts, day, seen.due.total - 2_000)[1]
    assert (paid.due.total, paid.credit) == (0, 0)
    assert late_fees_tonight(facts, assess(facts, on(4, 2))) == {}


def test_it_is_said_and_not_asked_for(lin: Client, doors: Doors, tmp_path: Path, code: str) -> None:
    """Lin's instalment 4 was due on 5 April: its late fee falls today, 17 April, that of instalment 3 in March."""
    fee = product(late_fee="20.00", late_fee_after_days="12")
    # The payment of 20 March met the fee of March first, so that more of the instalment bears penalty.
    import_tables(doors, tmp_path / "fee", lin_yi(products=[fee], penalty_rates=WITHOUT_CEILING))
    said = text_of(lin.get("/account"))
    assert "CN¥2,107.17" in said
    assert "One more night adds 20.94. A late fee is part of that, 20.00." in said
    assert "penalty 6.37 1,186.37" in said
    assert "CN¥2,107.17" in text_of(lin.get("/pay"))
    assert "A late fee of 20.00 falls today. It is not charged if all of this arrives today." in text_of(
        lin.get(f"/loans/{code}")
    )
    answer = text_of(lin.get(f"/loans/{code}/what-if?amount=2107.17"))
    assert "Due on 17 April was 2,127.17 now 0.00" in answer
    assert "Without this payment a late fee of 20.00 falls on that day." in answer
    plan = text_of(lin.get("/plans/new"))
    assert "CN¥2,127.17 is due on 17 April" in plan
    assert "A late fee of 20.00 that falls today is part of what is due." in plan
    assert "with the late fee of 20.00 that paying today prevents 2,127.17" in text_of(lin.get("/promises/new"))
    settle = text_of(lin.get(f"/loans/{code}/settlement"))
    assert "Penalty, due 38.32" in settle
    assert "A late fee of 20.00 that falls today is part of this." in settle
    receipt = text_of(lin.get(f"/loans/{code}/instalments/4/penalty"))
    assert "The late fee falls today: of this, 20.00 is not charged if all that is due arrives today." in receipt
