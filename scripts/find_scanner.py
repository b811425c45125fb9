"""Find ClamAV's daemon for the tests of malware scanning, or install Debian's where this is root.

Looked at in this order: PORTAL_TEST_CLAMD, an installed clamd, apt as root. No signatures are fetched: the tests write
their own rule.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class NoScannerError(Exception):
    """There is no clamd; the text names the one command that brings it."""


def installed_scanner() -> Path:
    """The clamd to run; raises NoScannerError."""
    chosen = os.environ.get("PORTAL_TEST_CLAMD")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise NoScannerError(f"PORTAL_TEST_CLAMD names {chosen}, which is no program.")
        return Path(chosen)
    found = shutil.which("clamd", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if found is None:
        raise NoScannerError("The tests of malware scanning need ClamAV's daemon. Run: " + install_command())
    return Path(found)


def install_command() -> str:
    """The one command that brings a scanner to this machine."""
    if sys.platform == "darwin":
        return "brew install clamav"
    if shutil.which("apt-get"):
        return "sudo apt-get install clamav-daemon"
    return "install ClamAV with the package manager of this system, then set PORTAL_TEST_CLAMD"


def main() -> int:
    """Make sure there is a scanner; exit code 1 and one line where there is none."""
    try:
        installed_scanner()
    except NoScannerError as error:
        if os.environ.get("PORTAL_TEST_CLAMD") or not install_with_apt():
            print(error, file=sys.stderr)
            return 1
    return 0


def install_with_apt() -> bool:
    """Install Debian's package where this is root; False where that is not to be had."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print("Installing clamav-daemon with apt")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "clamav-daemon"]
    for command in (["apt-get", "update", "--quiet"], install):
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
