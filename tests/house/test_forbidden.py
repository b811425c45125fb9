"""What may stand in one place only: clock, environment, commits, unescaped text; in the core no floats."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.house.sources import ROOT, Module, modules, templates, tree_of

Hits = Iterator[int]


@dataclass(frozen=True)
class Ban:
    """Something forbidden, how to find it, and the files where it is at home."""

    what: str
    finds: Callable[[ast.AST], bool]
    homes: tuple[str, ...]
    within: str = "portal/"


def calls_method(*names: str) -> Callable[[ast.AST], bool]:
    """`anything.name(…)`."""
    return lambda node: isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def mentions(*dotted: str) -> Callable[[ast.AST], bool]:
    """`a.b` written out, called or not, also as the end of a longer chain."""
    return lambda node: (
        isinstance(node, ast.Attribute)
        and any(ast.unparse(node) == name or ast.unparse(node).endswith(f".{name}") for name in dotted)
    )


def imports_name(source: str, *names: str) -> Callable[[ast.AST], bool]:
    """`from source import name`."""
    return lambda node: (
        isinstance(node, ast.ImportFrom) and node.module == source and any(alias.name in names for alias in node.names)
    )


def either(*finders: Callable[[ast.AST], bool]) -> Callable[[ast.AST], bool]:
    """Any of these."""
    return lambda node: any(finds(node) for finds in finders)


def is_float(node: ast.AST) -> bool:
    """A literal such as 0.5, or a call of float."""
    literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
    return literal or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")


BANS = (
    Ban(
        "commit and rollback belong to the two doors of the database",
        calls_method("commit", "rollback"),
        ("portal/platform/db.py", "portal/migrations/env.py"),
    ),
    Ban(
        "the day and the instant come from the clock",
        either(
            mentions("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"),
            imports_name("time", "time", "time_ns", "localtime", "gmtime"),
        ),
        ("portal/platform/clock.py",),
    ),
    Ban(
        "settings read the environment, once",
        either(mentions("os.environ", "os.getenv", "os.environb"), imports_name("os", "environ", "getenv")),
        ("portal/platform/settings.py",),
    ),
    Ban(
        "text is escaped by the templates",
        either(imports_name("markupsafe", "Markup"), mentions("markupsafe.Markup")),
        ("portal/platform/render.py", "portal/platform/i18n.py"),
    ),
    Ban(
        "no access is decided by the address as the client wrote it, since a Host header can be part of it",
        mentions("request.url.path", "url.path", "request.base_url", "request.url_for"),
        (),
    ),
    Ban(
        "nothing is decided by the kind of browser",
        lambda node: (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() == "user-agent"
        ),
        (),
    ),
    Ban("money has no floats", is_float, (), within="portal/core/"),
    Ban(
        "code is not made from text",
        lambda node: isinstance(node, ast.Name) and node.id in {"eval", "exec"},
        (),
    ),
)


def hits(ban: Ban, module: Module) -> Hits:
    """The lines of a module on which the ban is broken."""
    if module.place.startswith(ban.within) and module.place not in ban.homes:
        yield from (getattr(node, "lineno", 0) for node in ast.walk(tree_of(module)) if ban.finds(node))


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.what)
def test_has_one_home(ban: Ban) -> None:
    """MO-03, SL-02, SL-18."""
    wrong = [f"{module.place}:{line}" for module in modules() for line in hits(ban, module)]
    assert not wrong, f"{ban.what}: {wrong}"


@pytest.mark.parametrize(
    "line",
    [
        "session.commit()",
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "os.environ['A']",
        "x = 0.5",
        "float(x)",
        "request.url.path.startswith('/staff')",
        "request.headers['User-Agent']",
    ],
)
def test_the_bans_find_what_they_forbid(line: str) -> None:
    assert any(ban.finds(node) for ban in BANS for node in ast.walk(ast.parse(line)))


TEMPLATE_BANS = {
    "text is never marked as safe": r"\|\s*safe\b|autoescape\s+false",
    "htmx attributes begin with data-hx-": r"(?<![\w-])hx-[a-z]",
    "no script inside a page": r"<script(?![^>]*\ssrc=)",
    "no style sheet or style inside a page": r"<style|<(?!meta|svg)[a-z][^>{]*\sstyle\s*=",
    "no handler inside a page": r"<[a-z][^>]*\son[a-z]{3,}\s*=",
    "attributes are quoted": (
        r"<[a-z][\w-]*(?:\s+(?:[\w:-]+=\"[^\"]*\"|[\w:-]+(?![\w:=-])|\{[%{][^\n]*?[%}]\}))*\s+[\w:-]+=(?!\")"
    ),
    "no trigger filter and no js: value, which need eval": r"data-hx-trigger=\"[^\"]*\[|=\"js:|data-hx-on",
    "nothing comes from another host": r"<(?:script|link|img)[^>]*(?:src|href)=\"(?:https?:)?//",
    "no link opens a window": r"target=\"_blank\"",
}


@pytest.mark.parametrize("what", TEMPLATE_BANS)
def test_no_template_breaks_a_rule(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, match.start()) + 1} {match.group()[:60]}"
        for path in templates()
        for source in [re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)]
        for match in re.finditer(TEMPLATE_BANS[what], source, re.IGNORECASE)
    ]
    assert not found, f"{what}: {found}"


# Pieces, so that this file does not find itself.
REPOSITORY_BANS = {
    "no host of a package registry": "|".join(
        ("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npm", "npm" + "mirror")
    ),
    "no path of one machine": "|".join(
        (r"(?<![\w.])/" + "work/", r"/" + "root/", r"/home" + r"/\w+/", r"/Users" + r"/\w+/")
    ),
}


@pytest.mark.parametrize("what", REPOSITORY_BANS)
def test_no_file_of_the_repository_names(what: str) -> None:
    found = [
        f"{name}: {match.group()}"
        for name, text in repository_texts()
        for match in re.finditer(REPOSITORY_BANS[what], text)
    ]
    assert not found, f"{what}: {found}"


def repository_texts() -> Iterator[tuple[str, str]]:
    """The text files that belong to the repository, whether already recorded or not."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes())[:2000]:
            yield name, content.decode("utf-8", errors="replace")


def test_static_files_load_nothing_from_elsewhere() -> None:
    """SB-14."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in [*(ROOT / "static/css").rglob("*.css"), *(ROOT / "static/js").rglob("*.js")]
        for match in re.finditer(
            r"url\(\s*[\"']?(?:https?:)?//[^)]*|@import|\beval\(|innerHTML", path.read_text("utf-8")
        )
    ]
    assert not found, found
