"""Words for files that could not be read: why, and what to do."""

from portal.evidence.queries import FileRecord
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy

PROBLEMS = {
    "wrong_type": lazy("This file is not what its name says. PDF, JPEG, PNG and HEIC work."),
    "two_files": lazy("There is a second file inside this one. Send each by itself."),
    "broken": lazy("This file could not be opened; a part of it may be missing. Send it again, or take a new picture."),
    "too_large": lazy("This picture has too many pixels. Send it in smaller parts."),
    "too_long": lazy("This file is too long to be read at once. Send it in smaller parts."),
    "moving": lazy("This is a moving picture. Send one that stands still."),
    "active": lazy("This PDF carries a script or another file. Print it to a new PDF, or photograph its pages."),
}


def file_trouble(file: FileRecord) -> str | None:
    """Why a file could not be read and what to do; None for a file that could, or is being checked."""
    if file.problem == "password":
        return _("%(file)s has a password. Type it once; we do not store it. Or leave the file out.", file=file.name)
    words = PROBLEMS.get(file.problem)
    return str(words) if words else None
