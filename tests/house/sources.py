"""What the house tests read: our modules, their imports, our templates and style sheets."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "portal"
TEMPLATES = ROOT / "templates"
BUILT = PACKAGE / "_data"


@dataclass(frozen=True)
class Module:
    """One of our Python files."""

    name: str
    path: Path

    @property
    def place(self) -> str:
        """The path from the root, as a message shows it."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def is_migration(self) -> bool:
        """Whether only Alembic can import it."""
        return self.name.startswith("portal.migrations.")


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if BUILT not in path.parents)
    return tuple(Module(_dotted(path), path) for path in paths)


@cache
def tree_of(module: Module) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(module.path.read_text(encoding="utf-8"), str(module.path))


@cache
def imports_of(module: Module) -> tuple[tuple[str, int], ...]:
    """Every module that this one imports and the line, also inside functions and under TYPE_CHECKING."""
    return tuple(_imports(tree_of(module)))


def templates() -> list[Path]:
    """Every template."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt", ".svg"})


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    known = {module.name for module in modules()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            # `from portal.loans import queries` imports the module portal.loans.queries
            names = {f"{source}.{alias.name}" for alias in node.names}
            inside = sorted(names & known)
            yield from ((name, node.lineno) for name in inside)
            if len(inside) < len(names):
                yield source, node.lineno


def _dotted(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
