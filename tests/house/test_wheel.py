"""The wheel stands alone: installed into an empty environment it migrates a database and serves a page."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT, modules
from tests.served import Portal, answers, install

CATALOGUE = "portal/_data/locales/zh/LC_MESSAGES/portal.mo"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    done = subprocess.run([*command, "--wheel-dir", folder, ROOT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and our dependencies, the checkout out of sight."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python]
    command = [*pip, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(command, check=True)
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    # A plain line adds the folder alone: the .pth of the editable install inside it is not followed.
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(ours)), encoding="utf-8")
    return python


@pytest.fixture
def portal(installed: Path, tmp_path: Path) -> Portal:
    """An installation of the wheel."""
    checkout = install(tmp_path, f"sqlite:///{tmp_path}/portal.db")
    environment = {name: value for name, value in checkout.environment.items() if name != "PYTHONPATH"}
    return Portal(checkout.url, tmp_path, environment, installed)


def test_wheel_holds_all_code_and_data_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {module.place for module in modules()} | set(data_files())
    assert not expected - names, f"missing: {sorted(expected - names)}"
    ours = {"portal", next(name for name in names if ".dist-info/" in name).split("/")[0]}
    assert {name.split("/")[0] for name in names} == ours
    assert "portal/_data/static/vendor/htmx.js" in names
    assert CATALOGUE in names


def data_files() -> Iterator[str]:
    """Where the files that are not code must be in the wheel."""
    for folder in ("templates", "static"):
        paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        yield from (f"portal/_data/{path.relative_to(ROOT).as_posix()}" for path in paths)
    packs = (ROOT / "portal").rglob("rule_packs/*.toml")
    yield from (path.relative_to(ROOT).as_posix() for path in packs)


def test_wheel_serves_a_page_and_htmx(portal: Portal) -> None:
    found = Path(portal.python_says("import portal; print(portal.__file__)"))
    assert not found.is_relative_to(ROOT), "the checkout was imported, not the wheel"
    portal.run("migrate")
    with portal.serving():
        assert answers(f"{portal.url}/")
        assert answers(f"{portal.url}/static/vendor/htmx.js")


def test_command_is_installed(installed: Path) -> None:
    command = installed.with_name("portal.exe" if os.name == "nt" else "portal")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def test_checkout_keeps_no_built_data() -> None:
    assert not (ROOT / "portal/_data").exists()
    assert importlib.util.find_spec("portal._data") is None
