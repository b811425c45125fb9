"""Key rotation: every stored file's own key wrapped with the newest of PORTAL_FILE_KEYS, while the portal serves."""

from dataclasses import dataclass

from portal.installation import Installation
from portal.platform.cli import Step
from portal.platform.files import FileDamaged, FileMissing


@dataclass
class Rewrapped:
    """How many files were wrapped anew, how many needed nothing, and which cannot be read with any key."""

    changed: int = 0
    current: int = 0
    unreadable: tuple[str, ...] = ()


def rewrap(portal: Installation, step: Step) -> Rewrapped:
    """Wrap what an older key wraps. Each file is replaced whole or not at all, so it can be killed and repeated."""
    done = Rewrapped()
    for count, key in enumerate(portal.files.keys(), 1):
        try:
            if portal.files.rewrap(key):
                done.changed += 1
            else:
                done.current += 1
        except FileMissing:
            pass  # deleted meanwhile
        except FileDamaged:
            done.unreadable += (key,)
        step("files", count)
    return done
