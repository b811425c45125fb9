"""The example folder of the documentation can be imported, and the documentation names every column."""

from datetime import date
from pathlib import Path

from portal.loans.commands import run_import
from portal.loans.formats import import_files
from portal.platform.db import Doors
from tests.loans.explained import explained

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_portfolio_comes_in_and_again_without_a_change(doors: Doors, tmp_path: Path) -> None:
    for _ in range(2):
        folder = DOCS / "example-portfolio"
        assert run_import(doors, folder, date(2026, 4, 17), currency="CNY", data_dir=tmp_path) == 0
    assert explained(doors, date(2026, 4, 17), "L-2025-0001")["due"]["total"] == 208691


def test_the_documentation_names_every_file_and_column() -> None:
    text = (DOCS / "import.md").read_text(encoding="utf-8")
    for file in import_files(("cn",), "CNY", "CN"):
        section = text.split(f"### {file.name}")[1].split("\n### ")[0]
        for column in file.columns:
            assert f"| `{column.name}`" in section, f"{file.name} {column.name}"
            optional = "optional column" in section.split(f"| `{column.name}`")[1].split("\n")[0]
            assert optional == column.may_be_absent, f"{file.name} {column.name}"
