"""Random portfolios through import and `explain --all`, against the second engine (tests/model)."""

import io
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.loans.commands import run_explain, run_import
from portal.platform.db import Doors
from tests.model import oracle, portfolios

NOT_MODELLED = ("engine", "terms", "fingerprint")


@pytest.mark.parametrize("seed", range(2))
def test_random_portfolios_come_to_what_the_model_says(doors: Doors, tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "portfolio"
    portfolios.write_portfolio(folder, seed, loans=15)
    code = run_import(doors, folder, portfolios.DATA_DATE, currency="CNY", data_dir=tmp_path / "data")
    assert code == 0
    for as_of in (portfolios.DATA_DATE, portfolios.DATA_DATE - timedelta(days=97), date(2028, 2, 29)):
        expected = oracle.explain_folder(folder, as_of)
        assert {found["loan"]: found for found in explain_all(doors, as_of)} == expected


def explain_all(doors: Doors, as_of: date) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert run_explain(doors, None, as_of, format="jsonl", every_loan=True, out=out) == 0
    return [as_modelled(json.loads(line)) for line in out.getvalue().splitlines()]


def as_modelled(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what the model leaves out, lines as totals by kind."""
    for instalment in document["instalments"]:
        totals = Counter(dict.fromkeys(oracle.LINE_KINDS, 0))
        for line in instalment["lines"]:
            if line["kind"] in oracle.LINE_KINDS:
                totals[line["kind"]] += line["amount"]
        instalment["lines"] = dict(totals)
    return {name: value for name, value in document.items() if name not in NOT_MODELLED}
