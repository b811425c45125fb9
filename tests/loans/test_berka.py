"""A real portfolio: the public Berka loans through the example converter and the import."""

import runpy
from datetime import date
from pathlib import Path

import pytest

from portal.core.assessment import assess
from portal.loans.commands import every_loan_facts, run_import
from portal.platform.db import Doors

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "berka"
CONVERTER = ROOT / "docs" / "examples" / "berka_to_portal.py"


@pytest.mark.skipif(not DATA.is_dir(), reason="the Berka data set is not beside the repository")
def test_the_berka_loans_come_in_whole(doors: Doors, tmp_path: Path) -> None:
    runpy.run_path(str(CONVERTER))["convert"](DATA, tmp_path / "berka")
    day = date(1998, 12, 31)
    assert run_import(doors, tmp_path / "berka", day, currency="CZK", data_dir=tmp_path / "data") == 0
    loans = list(every_loan_facts(doors))
    assert len(loans) == 682
    assert sum(loan.principal for loan in loans) == sum(part.principal for loan in loans for part in loan.instalments)
    due = {loan.loan: assess(loan, day).due.total for loan in loans}
    # Of 606 loans without debts nothing is due; of the 76 in debt something is.
    assert sum(amount == 0 for amount in due.values()) == 606
    assert sum(amount > 0 for amount in due.values()) == 76
