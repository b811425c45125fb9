"""Find a Chromium for the browser tests, or install Debian's where this is root.

Looked at in this order: PORTAL_TEST_BROWSER, an installed Chromium or Chrome, apt as root. Chromium's headless shell
draws the same pages without a window around them, with a third less work, and so comes first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium-headless-shell", "chromium")
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PROGRAMS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
CHINESE_FONT = "fonts-noto-cjk"


class NoBrowserError(Exception):
    """There is no browser; the text names the one command that brings it."""


def installed_browser() -> Path:
    """The browser to drive; raises NoBrowserError."""
    chosen = os.environ.get("PORTAL_TEST_BROWSER")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise NoBrowserError(f"PORTAL_TEST_BROWSER names {chosen}, which is no program.")
        return Path(chosen)
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    program = on_path or next((program for program in MAC_PROGRAMS if program.is_file()), None)
    if program is None:
        raise NoBrowserError("The browser tests need Chromium. Run: " + install_command())
    return Path(program)


def install_command() -> str:
    """The one command that brings a browser to this machine."""
    if sys.platform == "darwin":
        return "brew install --cask chromium"
    if shutil.which("apt-get"):
        return "sudo apt-get install chromium"
    return "install Chromium or Chrome with the package manager of this system, then set PORTAL_TEST_BROWSER"


def main() -> int:
    """Make sure there is a browser; exit code 1 and one line where there is none."""
    try:
        installed_browser()
    except NoBrowserError as error:
        if os.environ.get("PORTAL_TEST_BROWSER") or not any(map(install_with_apt, PACKAGES)):
            print(error, file=sys.stderr)
            return 1
    if not can_write_chinese():
        install_with_apt(CHINESE_FONT)
    return 0


def can_write_chinese() -> bool:
    """Whether a font with Chinese is installed; without one only the pictures suffer."""
    if not shutil.which("fc-list"):
        return True
    listing = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip())


def install_with_apt(package: str) -> bool:
    """Install a Debian package where this is root; False where that is not to be had."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"Installing {package} with apt")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
    for command in (["apt-get", "update", "--quiet"], install):
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
