"""Run the benchmarks and print each figure beside its aim; the exit code is 1 where an aim is missed."""

import argparse
import platform
import sys
from collections.abc import Callable, Iterable

from bench import bytes_, engine, import_, meanwhile, pages
from bench.figures import Figure, show
from bench.machine import described

PARTS: dict[str, tuple[str, Callable[[float], Iterable[Figure]]]] = {
    "engine": ("Penalty engine", engine.measure),
    "bytes": ("Bytes of a first visit", bytes_.measure),
    "pages": ("Pages against a bare handler of the same template", pages.measure),
    "import": ("Import against executemany", import_.measure),
    "meanwhile": ("Account pages while a large import comes in", meanwhile.measure),
}


def main() -> int:
    """0 if every aim was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--effort", type=float, default=1.0, help="how long to measure: 0.1 to try it, 3 to be sure")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part called {', '.join(sorted(unknown))}")
    print(f"Python {platform.python_version()}, {described()}")
    missed = 0
    for title, measure in (PARTS[name] for name in options.parts or PARTS):
        missed += show(title, measure(options.effort))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
