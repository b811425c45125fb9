"""Puts templates, static files and compiled catalogues into the wheel as `portal/_data`.

A checkout and an editable install read the folders at the root instead, so nothing is ever copied there.
"""

import io
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("templates", "static")
PLAIN_FILES = ("lender.toml.example", "lender.example.toml")
HTMX = Path("static/vendor/htmx.js")


class DataHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the data files to a real wheel and to nothing else."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every data file and its place in the wheel; `version` is "editable" for a checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        if not (root / HTMX).is_file():
            self.app.display_warning("static/vendor/htmx.js is missing: this wheel works as with JavaScript off")
        for folder in FOLDERS:
            for file in sorted((root / folder).rglob("*")):
                if file.is_file():
                    build_data["force_include"][str(file)] = f"portal/_data/{file.relative_to(root).as_posix()}"
        for name in PLAIN_FILES:
            if (root / name).is_file():
                build_data["force_include"][str(root / name)] = f"portal/_data/{name}"
        self._compile_catalogues(root, build_data)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the compiled catalogues once the wheel holds them."""
        if hasattr(self, "_compiled"):
            self._compiled.cleanup()

    def _compile_catalogues(self, root: Path, build_data: dict[str, Any]) -> None:
        self._compiled = tempfile.TemporaryDirectory()
        for source in sorted((root / "locales").glob("*/LC_MESSAGES/portal.po")):
            language = source.parts[-3]
            compiled = Path(self._compiled.name) / f"{language}.mo"
            compiled.write_bytes(_compile(source))
            build_data["force_include"][str(compiled)] = f"portal/_data/locales/{language}/LC_MESSAGES/portal.mo"


def _compile(source: Path) -> bytes:
    with source.open("rb") as file:
        catalogue = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()
