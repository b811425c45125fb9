"""docs/events.md, written from the event classes: `python -m tests.house.events_page`."""

from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import portal

PAGE = Path(__file__).parents[2] / "docs/events.md"
HEAD = """# What is recorded

Every change writes a row of the audit log in its own transaction: who, when, what, and the values below, chained by a
key that is not in the database. This page is made from the event classes in `portal/<feature>/events.py`; make it anew
with `python -m tests.house.events_page`.
"""


def events() -> Iterator[tuple[str, type[Any]]]:
    """Every event class with its feature, in order."""
    for package in sorted(module.name for module in iter_modules(portal.__path__)):
        try:
            module = import_module(f"portal.{package}.events")
        except ModuleNotFoundError:
            continue
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "kind"):
                yield package, value


def page() -> str:
    """The page as it should be."""
    lines, heading = [HEAD], ""
    for package, event in events():
        if package != heading:
            heading = package
            lines.append(f"\n## {package}\n\n| event | meaning | values |\n|---|---|---|")
        meaning = " ".join((getdoc(event) or "").split()).replace("|", "\\|")
        values = ", ".join(f"`{field.name}`" for field in fields(event))
        lines.append(f"| `{event.kind}` | {meaning} | {values} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
