"""Photos of a draft are put together as one document: choose, order, done; works without a script."""

from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.evidence import serving, together_actions, upload_queries
from portal.evidence.actions import KeptUpload, keep
from portal.evidence.queries import FileRecord, stored_file
from portal.evidence.upload_forms import TogetherForm
from portal.platform import db
from portal.platform.files import FileStore
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import render, see_other


async def together(request: Request) -> Response:
    """The photos of a draft in their order, which buttons change; then they are one document."""
    code = request.path_params["code"]
    draft = await db.read(request, upload_queries.draft_files, code)
    if request.method == "GET":
        return _page(request, draft, draft.photos, [photo.code for photo in draft.photos])
    form = await TogetherForm.read(request)
    photos = ordered(draft.photos, form.raw.get("photo") or [], str(form.raw.get("act", "")))
    chosen = form.raw.get("chosen") or []
    if form.raw.get("act") != "together":
        return _page(request, draft, photos, chosen)
    wanted = [photo for photo in photos if photo.code in chosen]
    if len(wanted) < 2:
        return _page(request, draft, photos, chosen, {"code": "too_few"})
    try:
        kept = await _kept(request, wanted)
        done = await db.write(request, together_actions.put_together, code, [each.code for each in wanted], kept)
    except Refusal as refusal:
        return _page(request, draft, photos, chosen, {"code": refusal.code, **refusal.data})
    await to_thread.run_sync(_store(request).discard, done.keys)
    return see_other(request, "evidence:draft", code=code)


def ordered(photos: Sequence[FileRecord], order: Sequence[str], act: str) -> list[FileRecord]:
    """The photos in the order of the form, one of them moved by `up:CODE` or `down:CODE`; new ones come last."""
    place = {code: number for number, code in enumerate(order)}
    found = sorted(photos, key=lambda photo: place.get(photo.code, len(place)))
    way, _colon, code = act.partition(":")
    at = next((number for number, photo in enumerate(found) if photo.code == code), -1)
    to = at + {"up": -1, "down": 1}.get(way, 0)
    if at >= 0 and 0 <= to < len(found):
        found[at], found[to] = found[to], found[at]
    return found


async def _kept(request: Request, wanted: Sequence[FileRecord]) -> KeptUpload:
    keys: list[str] = []
    for photo in wanted:
        found = await db.read(request, stored_file, photo.code)
        if found is None:
            raise Refusal("file_unknown")
        keys += found.page_keys
    files = _store(request)
    name = together_actions.name_of([photo.name for photo in wanted])
    return await to_thread.run_sync(
        lambda: keep(files, name, serving.pictures_as_pdf([files.get(key) for key in keys]))
    )


def _page(
    request: Request,
    draft: upload_queries.Draft,
    photos: Sequence[FileRecord],
    chosen: Sequence[str],
    problem: dict[str, Any] | None = None,
) -> Response:
    if not draft.photos:
        raise HTTPException(404)
    error = {"photos": _("Choose at least two photos.")} if problem and problem["code"] == "too_few" else {}
    if problem and not error:
        error = {"photos": _("These photos changed meanwhile, or are too large together. Choose fewer at a time.")}
    return render(
        request,
        "evidence/together.html",
        status=422 if problem else 200,
        draft=draft,
        photos=photos,
        chosen=chosen,
        errors=error,
    )


def _store(request: Request) -> FileStore:
    store: FileStore = request.app.state.portal.files
    return store


routes = [
    route(
        "/files/drafts/{code}/together",
        together,
        name="evidence:together",
        may="see_account",
        methods=("GET", "POST"),
    ),
]
