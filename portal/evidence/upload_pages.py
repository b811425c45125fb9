"""Files as phones send them: announced, sent in parts that survive a broken connection, and listed in their draft.

The script `static/js/upload.js` asks for these and reads JSON; the page of a draft and its list are for everybody.
Every act here does no harm when it is repeated, so a page's one token serves all of them and is not used up.
"""

import hashlib
from functools import partial
from threading import BoundedSemaphore
from typing import Any, ParamSpec, TypeVar

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from portal.core.refusal import Refusal
from portal.evidence import labels, upload_actions, upload_queries
from portal.evidence.actions import KeptUpload, keep
from portal.evidence.upload_actions import CHUNK_BYTES, Announced
from portal.evidence.upload_forms import AnnouncedForm, DraftFilesForm, PartForm
from portal.evidence.upload_queries import Whole
from portal.evidence.uploads import keep_uploads, say_refused
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing, FileStore
from portal.platform.forms import pressed
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import render, safe_path, see_other

P = ParamSpec("P")
T = TypeVar("T")

PART_LIMIT = CHUNK_BYTES + 32 * 1024
"""Bytes of a request with a part: the part, and the rest of its form (EV-01)."""

FORM_LIMIT = 64_000_000
"""The same for whole files that come with a form."""

_JOINING = BoundedSemaphore(2)
"""So many files are put together at once, since each is in memory as a whole for a moment."""


async def announce(request: Request) -> Response:
    """Say what is about to be sent; the answer says how much of it is here already."""
    form = await AnnouncedForm.read(request)
    if not form.ok:
        return _not_understood()
    try:
        begun = await _write(request, upload_actions.announce, Announced(**form.value.model_dump()))
    except Refusal as refusal:
        return _refused(refusal)
    return JSONResponse({"code": begun.code, "offset": begun.received, "file": begun.file_code}, 201)


async def standing(request: Request) -> Response:
    """How much of a file has arrived."""
    found = await db.read(request, upload_queries.coming, request.path_params["code"])
    if found is None:
        raise HTTPException(404)
    return JSONResponse({"offset": found.received, "file": found.file_code})


async def add_part(request: Request) -> Response:
    """Take the next part of a file; whatever came, the answer says how much is here (409: a part is missing)."""
    form = await PartForm.read(request)
    code = request.path_params["code"]
    found = await db.read(request, upload_queries.coming, code)
    if found is None:
        raise HTTPException(404)
    parts = form.files.get("part", [])
    data = await parts[0].read() if len(parts) == 1 else b""
    if not form.ok or not 0 < len(data) <= CHUNK_BYTES or hashlib.sha256(data).hexdigest() != form.value.sha256:
        return JSONResponse({"offset": found.received}, 422)
    start = form.value.start
    if start == found.received and found.file_code is None:
        files = _store(request)
        key = await to_thread.run_sync(files.put, data)
        if not await _write(request, upload_actions.add_part, code, start, len(data), key):
            await to_thread.run_sync(files.discard, [key])
        found = await db.read(request, upload_queries.coming, code)
        if found is None:
            raise HTTPException(404)  # given up meanwhile
    return JSONResponse({"offset": found.received}, 409 if start > found.received else 200)


async def finish(request: Request) -> Response:
    """Put a file together, once all of it is here; from then on it is one of its draft."""
    await pressed(request, "upload")
    code = request.path_params["code"]
    found = await db.read(request, upload_queries.whole, code)
    if found is None:
        raise HTTPException(404)
    if found.file_code is not None:
        return JSONResponse({"file": found.file_code})
    if found.received < found.size:
        return JSONResponse({"offset": found.received}, 409)
    files = _store(request)
    try:
        kept = await to_thread.run_sync(_kept, files, found)
        if kept is None:
            await _discard(request, await _write(request, upload_actions.begin_anew, code))
            return JSONResponse({"offset": 0}, 409)
        done = await _write(request, upload_actions.finish, code, kept)
    except Refusal as refusal:
        await _give_up(request, code)
        return _refused(refusal)
    await _discard(request, done.keys)
    return JSONResponse({"file": done.file_code})


def _kept(files: FileStore, found: Whole) -> KeptUpload | None:
    """The whole file in the store, or None where its parts are not what was announced."""
    with _JOINING:
        try:
            data = upload_actions.join(files, found.part_keys)
        except (FileMissing, FileDamaged):
            return None
        if hashlib.sha256(data).hexdigest() != found.sha256:
            return None
        return keep(files, found.name, data)


async def stop(request: Request) -> Response:
    """Do not send a file after all."""
    await pressed(request, "upload")
    try:
        await _give_up(request, request.path_params["code"])
    except Refusal:
        raise HTTPException(404) from None
    return JSONResponse({})


async def draft_rows(request: Request) -> Response:
    """Only the list of a draft's files, while somebody uploads."""
    code = request.path_params["code"]
    if await db.read(request, upload_queries.is_of_another, code):
        raise HTTPException(404)
    draft = await db.read(request, upload_queries.draft_files, code)
    return render(request, "evidence/_draft_rows.html", draft=draft)


async def draft(request: Request) -> Response:
    """The files of a form that was not sent yet, on a page of their own, and more of them without a script."""
    code = request.path_params["code"]
    form = DraftFilesForm.blank()
    if request.method == "POST":
        form = await DraftFilesForm.read(request)
        if not await db.read(request, upload_queries.has_draft, code):
            raise HTTPException(404)
        kept, refused = await keep_uploads(request, form.files.get("files", []))
        say_refused(form, [*refused, *await db.write(request, upload_actions.take_all, code, kept)])
        if form.ok:
            return see_other(request, "evidence:draft", code=code)
    if not await db.read(request, upload_queries.has_draft, code):
        raise HTTPException(404)
    page = await db.read(request, upload_queries.draft_files, code)
    back = await db.read(request, upload_queries.place_of, code)
    status = 422 if form.errors else 200
    return render(request, "evidence/draft.html", status=status, draft=page, back=safe_path(back, ""), form=form)


async def _give_up(request: Request, code: str) -> None:
    await _discard(request, await _write(request, upload_actions.give_up, code))


async def _write(request: Request, fn: "db.Writing[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
    """Write as who asks, without using up the token: what `fn` does may be repeated."""
    viewer = await db.admit(request)
    doors: db.Doors = request.app.state.portal.doors
    return await doors.writing(partial(doors.write_as, viewer, fn, *args, **kwargs))


async def _discard(request: Request, keys: Any) -> None:
    await to_thread.run_sync(_store(request).discard, keys)


def _store(request: Request) -> FileStore:
    store: FileStore = request.app.state.portal.files
    return store


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"words": labels.file_problem({"code": refusal.code, **refusal.data})}, 422)


def _not_understood() -> Response:
    return JSONResponse({"words": _("This could not be read")}, 422)


functions = {"upload_part": CHUNK_BYTES, "upload_limits": labels.upload_limits, "stays_readable": labels.stays_readable}

ONE = "/files/uploads/{code}"

routes = [
    route("/files/uploads", announce, name="evidence:announce", may="see_account", methods=("POST",)),
    route(ONE, standing, name="evidence:standing", may="see_account", keeps_awake=False),
    route(
        ONE,
        add_part,
        name="evidence:add_part",
        may="see_account",
        methods=("POST",),
        body_limit=PART_LIMIT,
        keeps_awake=False,
    ),
    route(ONE + "/finish", finish, name="evidence:finish", may="see_account", methods=("POST",), keeps_awake=False),
    route(ONE + "/stop", stop, name="evidence:stop", may="see_account", methods=("POST",)),
    route(
        "/files/drafts/{code}",
        draft,
        name="evidence:draft",
        may="see_account",
        methods=("GET", "POST"),
        body_limit=FORM_LIMIT,
    ),
    route("/files/drafts/{code}/rows", draft_rows, name="evidence:draft_rows", may="see_account", keeps_awake=False),
]
