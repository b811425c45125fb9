"""Files that come with a form: stored before any transaction, each by itself, so that one that fails stops nothing."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request

from portal.core.refusal import Refusal
from portal.evidence.actions import KeptUpload, keep
from portal.evidence.labels import file_problems
from portal.evidence.upload_actions import take_all
from portal.evidence.upload_queries import draft_at
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.i18n import gettext as _
from portal.platform.numbers import new_code
from portal.platform.render import here
from portal.platform.visit import visit_of

_DRAFT = re.compile(r"[a-z2-9]{16}")


async def keep_uploads(request: Request, uploads: list[UploadFile]) -> tuple[list[KeptUpload], list[dict[str, Any]]]:
    """Store what was uploaded, as far as this person may send more today; what cannot be taken, and why."""
    kept: list[KeptUpload] = []
    refused: list[dict[str, Any]] = []
    portal = request.app.state.portal
    viewer = visit_of(request).viewer or await db.admit(request)
    for upload in uploads:
        data = await upload.read()
        await upload.close()
        try:
            if refused and refused[-1]["code"] == "files_unreachable":
                raise Refusal("files_unreachable", file=upload.filename or "")  # nobody waits for it ten times
            keep_it = partial(keep, portal.files, upload.filename or "", data, doors=portal.doors, viewer=viewer)
            kept.append(await to_thread.run_sync(keep_it))
        except Refusal as refusal:
            refused.append({"code": refusal.code, **refusal.data})
    return kept, refused


async def wait_in_draft(
    request: Request, form: Form[Any], kept: list[KeptUpload], refused: list[dict[str, Any]], place: str
) -> None:
    """Keep the files of a form that was not taken in its draft, so that nobody chooses them again.

    Those that cannot be kept are said on the form with `refused`, what could not be stored. `place` is the page of the
    form, to which what may be done with a file leads back.
    """
    draft = draft_of(form.raw)
    if kept and draft:
        refused = [*refused, *await db.write(request, take_all, draft, kept, place)]
    say_refused(form, refused)


def say_refused(form: Form[Any], refused: Sequence[Mapping[str, Any]]) -> None:
    """Say beside the files, and at the top, which of them could not be taken and why."""
    if refused:
        form.add_error("files", file_problems(refused))


def has_files(form: Form[Any]) -> bool:
    """Whether files come with a form, or wait in its draft."""
    return bool(form.files.get("files") or form.raw.get("has_draft"))


def ask_consent(form: Form[Any], has_any: bool) -> None:
    """Files are read only by consent: without it the form says what to do beside the box, and keeps the files."""
    if has_any and not form.raw.get("consent"):
        form.add_error("consent", _("Tick this so that we may read your files; or take the files out."))


def draft_of(raw: Mapping[str, Any]) -> str:
    """The draft that a form names, empty where that is no name of a draft."""
    given = str(raw.get("draft", ""))
    return given if _DRAFT.fullmatch(given) else ""


async def draft_here(request: Request) -> str:
    """The draft whose files were chosen on this page, after a new sign-in too; else a new one."""
    return await db.read(request, draft_at, here(request)) or new_code()
