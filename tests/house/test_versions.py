"""The versions that advisories ask for, and locks that pin all by hash without an address (CF-01, CF-08)."""

import hashlib
import importlib.metadata
import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scripts.fetch_htmx import HTMX_SHA256, SERVED
from tests.databases import sqlite_library
from tests.house.sources import ROOT

# Lowest versions without a known weakness that touches us.
FLOORS = {
    "starlette": "1.0.1",  # CVE-2026-48710
    "python-multipart": "0.0.27",  # CVE-2026-24486, CVE-2026-40347, CVE-2026-42561
    "pi-heif": "1.4.0",
    "jinja2": "3.1.6",
    "pillow": "12.1",
}
SQLITE_FLOOR = (3, 51, 3)  # the first without the reset bug of WAL mode
LOCKS = ("requirements.lock", "requirements-s3.lock", "requirements-dev.lock", "requirements-node.lock")


@pytest.mark.parametrize("name", FLOORS)
def test_installed_version_is_new_enough(name: str) -> None:
    assert Version(importlib.metadata.version(name)) >= Version(FLOORS[name])


@pytest.mark.parametrize("name", FLOORS)
def test_our_own_floor_is_not_below(name: str) -> None:
    ours = next(need for need in needs() if canonicalize_name(need.name) == name)
    below = Version(FLOORS[name])
    lowest = min(Version(each.version) for each in ours.specifier if each.operator == ">=")
    assert lowest >= below


def test_sqlite_is_new_enough_for_its_log_where_a_wheel_brings_it() -> None:
    brought = next(need for need in needs() if need.name == "pysqlite3")
    assert brought.marker is not None
    if brought.marker.evaluate():
        assert sqlite_library().sqlite_version_info >= SQLITE_FLOOR


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_all_by_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    wrong = [
        entry.split()[0]
        for entry in entries
        if entry[0].isalnum() and not re.search(r"==.*--hash=sha256:", entry, re.S)
    ]
    assert not wrong, wrong
    assert "://" not in text
    assert not re.search(r"^\s*(--index-url|--extra-index-url|--find-links|-e|-f|-i)\b", text, re.M)


def test_lock_holds_every_dependency_in_the_range_we_name() -> None:
    locked = locked_versions("requirements.lock")
    wrong = [
        str(need)
        for need in needs()
        if canonicalize_name(need.name) not in locked or locked[canonicalize_name(need.name)] not in need.specifier
    ]
    assert not wrong, f"run make lock: {wrong}"


@pytest.mark.parametrize("lock", ["requirements-s3.lock", "requirements-dev.lock"])
def test_the_locks_agree(lock: str) -> None:
    wider = locked_versions(lock)
    differing = {name for name, version in locked_versions("requirements.lock").items() if wider.get(name) != version}
    assert not differing, f"run make lock: {differing}"


def test_htmx_is_pinned_exactly_and_by_hash() -> None:
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        locked = packages[f"node_modules/{name}"]
        assert locked["version"] == version
        assert locked["integrity"].startswith("sha512-")
    assert not any("resolved" in package for package in packages.values())
    assert hashlib.sha256(SERVED.read_bytes()).hexdigest() == HTMX_SHA256


def needs() -> list[Requirement]:
    """What pyproject.toml asks for at run time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line) for line in project["dependencies"]]


def locked_versions(lock: str) -> dict[str, Version]:
    """The version of each package in a lock."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", (ROOT / lock).read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(name): Version(version) for name, version in pins}
