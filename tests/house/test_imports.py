"""Who may import whom: the rank of packages, and the arrow inside a feature (design.md 1 of the project)."""

import sys
from graphlib import CycleError, TopologicalSorter

from tests.house.sources import Module, imports_of, modules, tree_of

# Lowest first. What stands on one line are siblings and never import each other.
RANKS = (
    ("core",),
    ("platform",),
    ("audit",),
    ("loans",),
    ("access",),
    ("messages",),
    ("evidence",),
    ("drafts",),
    ("promises",),
    ("settlements",),
    ("complaints",),
    ("account", "disputes", "plans"),
    ("desk",),
    ("schema",),
    ("migrations", "demo", "installation"),
    ("app",),
    ("state_proofs",),
    ("jobs", "prove", "backup", "check_config", "rewrap"),
    ("cli", "__main__"),
)
COMPOSITION = frozenset(name for row in RANKS[RANKS.index(("schema",)) :] for name in row)

# Inside a feature, lowest first. What outgrows one file becomes several, each named by what it is about and, last, by
# its kind: `filing_actions` beside `filing_queries`. A kind is bound as a whole, so that splitting a file loosens no
# rule; other names are the feature's own, bound by the ban on circles alone.
TIERS = (
    ("facts", "tables", "events"),
    ("actions", "queries", "forms"),
    ("pages", "staff", "commands", "jobs"),
)
ENTRANCES = frozenset(TIERS[2])
PRIVATE = ENTRANCES | {"facts", "forms"}

RANK = {package: number for number, row in enumerate(RANKS) for package in row}
TIER = {name: number for number, row in enumerate(TIERS) for name in row}


def package_of(name: str) -> str:
    """The part after `portal`, empty for the package itself."""
    return name.split(".")[1] if "." in name else ""


def part_of(name: str) -> str:
    """The module inside its feature, empty for the feature itself."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 else ""


def kind_of(part: str) -> str:
    """What a module of a feature is, by the last word of its name: `queries`, and so is `filing_queries`."""
    return part.rpartition("_")[2]


def inner_imports() -> list[tuple[Module, str, int]]:
    """Every import of one of our modules by another."""
    return [
        (module, name, line)
        for module in modules()
        for name, line in imports_of(module)
        if name == "portal" or name.startswith("portal.")
    ]


def test_every_package_has_a_rank() -> None:
    unknown = {package_of(module.name) for module in modules() if package_of(module.name)} - set(RANK)
    assert not unknown, f"give {sorted(unknown)} a place in RANKS"


def test_imports_go_downwards() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module, name, line in inner_imports()
        if package_of(module.name) != package_of(name)
        and not RANK.get(package_of(name), -1) < RANK.get(package_of(module.name), -1)
    ]
    assert not wrong, "\n".join(wrong)


def test_core_uses_the_standard_library_alone() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        if package_of(module.name) == "core"
        for name, line in imports_of(module)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("portal.core")
    ]
    assert not wrong, "\n".join(wrong)


def test_inside_a_feature_the_arrow_holds() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module, name, line in inner_imports()
        if package_of(module.name) == package_of(name) and not arrow_allows(part_of(module.name), part_of(name))
    ]
    assert not wrong, "\n".join(wrong)


def arrow_allows(importer: str, imported: str) -> bool:
    """Whether one module of a feature may import another of it."""
    above, below = kind_of(importer), kind_of(imported)
    if below in ENTRANCES:
        return False
    return above not in TIER or below not in TIER or TIER[below] <= TIER[above]


def test_the_last_word_of_a_name_is_its_kind() -> None:
    assert arrow_allows("session_pages", "filing_actions")
    assert arrow_allows("filing_actions", "filing_queries")
    assert not arrow_allows("basis_facts", "filing_queries")
    assert not arrow_allows("filing_actions", "session_pages")
    assert arrow_allows("filing_actions", "moves")


def test_other_features_are_entered_by_their_doors() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}: use its actions, queries, tables or events"
        for module, name, line in inner_imports()
        if package_of(module.name) != package_of(name)
        and package_of(module.name) not in COMPOSITION
        and package_of(name) not in {"core", "platform"}
        and kind_of(part_of(name)) in PRIVATE
    ]
    assert not wrong, "\n".join(wrong)


def test_no_imports_in_a_circle() -> None:
    known = {module.name for module in modules()}
    graph = {module.name: {name for name, _ in imports_of(module)} & known - {module.name} for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        raise AssertionError(" → ".join(circle.args[1])) from None


def test_nothing_imports_tests_or_tools() -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        for name, line in imports_of(module)
        if name.split(".")[0] in {"tests", "bench", "scripts"}
    ]
    assert not wrong, "\n".join(wrong)


def test_init_files_hold_a_docstring_and_nothing_else() -> None:
    wrong = [
        module.place for module in modules() if module.path.name == "__init__.py" and len(tree_of(module).body) != 1
    ]
    assert not wrong, wrong


def test_no_file_is_named_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "service", "services", "misc", "base"}
    wrong = [module.place for module in modules() if module.name.split(".")[-1] in empty]
    assert not wrong, wrong
