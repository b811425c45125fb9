"""docs/interactions.md, written from the tables in core: `python -m tests.house.interactions_page`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from portal.core.interactions import table_rows
from portal.core.plan_states import MACHINES, Machine

PAGE = Path(__file__).parents[2] / "docs/interactions.md"
HEAD = """# What may happen beside what

Disputes, plans, promises, settlements, holds and the status of a loan stand in each other's way or not by one table,
`portal/core/interactions.py`. Whoever begins something asks it, and a refusal names what stands in the way. This page
is made from the tables in `portal/core`; make it anew with `python -m tests.house.interactions_page`.
"""
STATES = """
## States

What leads from one state to another, from `portal/core/plan_states.py`. Each change is one update guarded by a version,
so of two at once one takes effect; nothing leads out of a final state.
"""


def page() -> str:
    """The page as it should be."""
    return "\n".join((HEAD, *_table(table_rows()), STATES, *(line for each in MACHINES for line in _machine(each))))


def _machine(machine: Machine) -> Iterator[str]:
    yield f"### {machine.name.capitalize()}\n"
    yield from _table([("state", "what happens", "then"), *machine.steps()])
    yield f"\nFinal: {', '.join(machine.final)}.\n"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    head, *others = rows
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in others)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
