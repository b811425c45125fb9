"""A measured figure beside its aim, and how figures are printed."""

from collections.abc import Iterable
from typing import NamedTuple


class Figure(NamedTuple):
    """What was measured; `reached` is None where there is no aim."""

    what: str
    measured: str
    aim: str = ""
    reached: bool | None = None


def at_least(what: str, value: float, aim: float, digits: int = 2) -> Figure:
    """A figure that should be as large as the aim."""
    return Figure(what, f"{value:,.{digits}f}", f"≥ {aim:g}", value >= aim)


def at_most(what: str, value: float, aim: float, unit: str = "", digits: int = 0) -> Figure:
    """A figure that should be no larger than the aim."""
    return Figure(what, f"{value:,.{digits}f}{unit}", f"≤ {aim:g}{unit}", value <= aim)


def show(title: str, figures: Iterable[Figure]) -> int:
    """Print a table line by line, as the figures come; how many aims were missed."""
    missed = 0
    print(f"\n{title}\n{'-' * len(title)}", flush=True)
    for what, measured, aim, reached in figures:
        verdict = "" if reached is None else "reached" if reached else "NOT REACHED"
        print(f"{what:<58} {measured:>16}  {aim:<12} {verdict}".rstrip(), flush=True)
        missed += reached is False
    return missed
