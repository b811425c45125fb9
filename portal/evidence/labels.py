"""Words for files: their state, and where one was not taken or could not be read, why and what to do."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from portal.evidence.file_kinds import MAX_CASE_BYTES, MAX_CASE_FILES, MAX_FILE_BYTES
from portal.evidence.queries import FileRecord
from portal.platform import formats
from portal.platform.i18n import Lazy, lazy, sentences
from portal.platform.i18n import gettext as _
from portal.platform.labels import fingerprint

FILE_STATES: Mapping[str, Lazy] = {
    "being_checked": lazy("Being checked"),
    "slow": lazy("Being checked. This takes longer than usual; nothing is lost"),
    "ready": lazy("Sent to us"),
    "unreadable": lazy("Could not be read. You can send without it"),
    "password": lazy("This file has a password"),
    "blocked": lazy("We cannot take this file: the virus check found something in it. Send it another way"),
}

COLUMN_CHOICES: Mapping[str, Lazy] = {
    "date": lazy("Date"),
    "amount": lazy("Amount, minus for money out"),
    "credit": lazy("Money in"),
    "debit": lazy("Money out"),
    "balance": lazy("Balance"),
    "text": lazy("Description"),
    "ignore": lazy("None of these"),
}

PROBLEMS = {
    "wrong_type": lazy(
        "This file is not what its name says. PDF, JPEG, PNG and HEIC work, and CSV, XLSX, camt.053, MT940 or OFX "
        "from your bank."
    ),
    "two_files": lazy("There is a second file inside this one. Send each by itself."),
    "broken": lazy("This file could not be opened; a part of it may be missing. Send it again, or take a new picture."),
    "too_large": lazy("This picture has too many pixels. Send it in smaller parts."),
    "too_long": lazy("This file is too long to be read at once. Send it in smaller parts."),
    "moving": lazy("This is a moving picture. Send one that stands still."),
    "active": lazy("This PDF carries a script or another file. Print it to a new PDF, or photograph its pages."),
}

ADVICE = {
    "video": lazy(
        "%(file)s is a video, which cannot be read. Take a screenshot, or photograph the paper. "
        "Your other files are kept."
    ),
    "sound": lazy(
        "%(file)s is a recording, which cannot be read. Write down what it says, or send a picture. "
        "Your other files are kept."
    ),
    "archive": lazy("%(file)s is packed. Unpack it, and add the files in it one by one. Your other files are kept."),
    "document": lazy("%(file)s is a text document. Save it as PDF, or photograph it. Your other files are kept."),
    "slides": lazy("%(file)s is a presentation. Save it as PDF, or take screenshots. Your other files are kept."),
    "web": lazy("%(file)s is a web page. Print it as PDF, or take a screenshot. Your other files are kept."),
    "mail": lazy("%(file)s is a mail. Print it as PDF, or take a screenshot. Your other files are kept."),
    "picture": lazy(
        "%(file)s is a kind of picture that we cannot take. Save it as JPEG or PNG, or take a screenshot of it. "
        "Your other files are kept."
    ),
}
"""What to do instead, by the families of `file_advice`."""

_PLAIN: Mapping[str, Lazy] = {
    "file_empty": lazy("%(file)s is empty. Your other files are kept."),
    "file_twice": lazy("%(file)s was there already. The same file twice is kept once."),
    "quota_all": lazy(
        "%(file)s was not taken: our store for files is full at present, and we have been told. Send without it; "
        "we answer all the same, and you can add it later. Your other files are kept."
    ),
}


def upload_limits() -> str:
    """Which files are taken, how large and how many, and what is taken out of them: said before choosing."""
    return _(
        "PDF, JPEG, PNG or HEIC, or CSV, XLSX, camt.053, MT940 or OFX from your bank. %(each)s a file, at most "
        "%(count)s files and %(all)s together. Place and device are taken out of pictures before anyone sees them.",
        each=formats.file_size(MAX_FILE_BYTES),
        count=MAX_CASE_FILES,
        all=formats.file_size(MAX_CASE_BYTES),
    )


def stays_readable() -> str:
    """What becomes of a photo or a page of which nothing, or not all, is covered."""
    return _(
        "On a photo or a page, whatever you do not cover stays readable, numbers of cards and accounts too. "
        "You can cover parts before you send."
    )


def file_trouble(file: FileRecord) -> str | None:
    """Why a file could not be read and what to do; None for a file that could, or is being checked."""
    if file.problem == "password":
        return _("%(file)s has a password. Type it once; we do not store it. Or leave the file out.", file=file.name)
    words = PROBLEMS.get(file.problem)
    return str(words) if words else None


def draft_line(file: FileRecord, is_covered: bool = False) -> str | None:
    """What a list says of a file that was not sent yet; None for the usual words of its state."""
    if file.state == "being_checked":
        return _("Uploaded, not sent yet. Being checked")
    if file.state == "ready":
        size = formats.file_size(file.size)
        if file.columns == "unknown":
            return _("Uploaded, not sent yet · %(size)s. The program does not know its columns", size=size)
        if is_covered:
            return _("Uploaded, not sent yet · %(size)s. What you marked is covered when you send", size=size)
        return _("Uploaded, not sent yet · %(size)s", size=size)
    if file.state == "blocked":
        return str(FILE_STATES["blocked"])
    why = file_trouble(file)
    return why if why is None or file.problem == "password" else sentences(why, _("You can send without it."))


def draft_needs(file: FileRecord) -> str | None:
    """What a file that was not sent yet still asks of its person; None where it asks for nothing."""
    if file.state == "ready" and file.columns == "unknown":
        return _("The program does not know what the columns of %(file)s mean. Say which is which.", file=file.name)
    if file.state == "unreadable" and file.problem == "password":
        return file_trouble(file)
    return None


def file_line(file: FileRecord, for_staff: bool) -> str:
    """One line under a file: its state, size and fingerprint, and where it comes from."""
    size, sign = formats.file_size(file.size), fingerprint(file.sha256)
    state = _file_state(file, for_staff)
    if file.from_staff:
        origin = _origin(file, for_staff)
        state = origin if file.state == "ready" else f"{origin} · {state}"
    return _("%(state)s · %(size)s · fingerprint %(fingerprint)s", state=state, size=size, fingerprint=sign)


def _origin(file: FileRecord, for_staff: bool) -> str:
    if not for_staff:
        return _("From us")
    return _("From us, the borrower sees it") if file.shared else _("From us, internal")


def _file_state(file: FileRecord, for_staff: bool) -> str:
    if file.state == "blocked" and for_staff:
        return _("Nobody can open this file: the virus check found %(finding)s", finding=file.finding)
    if file.problem == "password":
        return str(FILE_STATES["password"])
    return str(FILE_STATES["slow" if file.is_slow else file.state])


def file_problem(problem: Mapping[str, Any]) -> str:
    """Why a file was not taken (words.md 3, error.*)."""
    code, name = problem.get("code"), problem.get("file", "")
    if code == "file_too_large":
        return _(
            "%(file)s has %(size)s. The limit is %(limit)s. Photograph fewer pages at a time. "
            "Your other files are kept.",
            file=name,
            size=formats.file_size(problem["size"]),
            limit=formats.file_size(problem["limit"]),
        )
    if code == "files_too_many":
        limit = problem["limit"]
        return _(
            "%(file)s is one too many. A request holds %(limit)s files. Your other files are kept.",
            file=name,
            limit=limit,
        )
    if code == "files_too_large":
        return _(
            "%(file)s does not fit any more. All files of a request together may have %(limit)s. "
            "Your other files are kept.",
            file=name,
            limit=formats.file_size(problem["limit"]),
        )
    if code == "quota_day":
        return _(
            "%(file)s was not taken. In one day we take %(count)s files or %(size)s from one person. "
            "There is room again from %(date)s. Your other files are kept.",
            file=name,
            count=problem["count"],
            size=formats.file_size(problem["bytes"]),
            date=_long_day(problem["from_day"]),
        )
    if code == "quota_person":
        return _quota_in_all(problem)
    if code == "files_unreachable":
        return _(
            "%(file)s could not be stored: our file store does not answer at present. Add it again in a few minutes. "
            "Your other files and what you wrote are kept.",
            file=name,
        )
    advice = _PLAIN.get(str(code)) or ADVICE.get(problem.get("family", ""))
    if advice is not None:
        return str(advice) % {"file": name}
    return _(
        "We cannot read %(file)s. %(types)s work. Your other files are kept.",
        file=name,
        types=_("PDF, JPEG, PNG, HEIC, CSV, XLSX, camt.053, MT940, OFX"),
    )


def file_problems(problems: Iterable[Mapping[str, Any]]) -> str:
    """Why files were not taken, one sentence after another, as a form says it beside the field and at its top."""
    return sentences(*map(file_problem, problems))


def _quota_in_all(problem: Mapping[str, Any]) -> str:
    limits = {
        "file": problem.get("file", ""),
        "count": problem["count"],
        "size": formats.file_size(problem["bytes"]),
    }
    if not problem["from_day"]:
        return _(
            "%(file)s was not taken. We keep %(count)s files or %(size)s of one person. There is room again when you "
            "delete one. Your other files are kept.",
            **limits,
        )
    return _(
        "%(file)s was not taken. We keep %(count)s files or %(size)s of one person. There is room again when you "
        "delete one, and from %(date)s. Your other files are kept.",
        **limits,
        date=_long_day(problem["from_day"]),
    )


def _long_day(iso: str) -> str:
    return str(formats.long_date(date.fromisoformat(iso)))
