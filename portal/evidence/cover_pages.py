"""Cover parts of a file before it is sent: boxes drawn with the finger, or bands ticked, page by page."""

from functools import partial

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.evidence import cover_actions, labels
from portal.evidence.cover_actions import BANDS, Coverable, Marks
from portal.evidence.sandbox import NotPainted
from portal.evidence.serving import pictures_as_pdf
from portal.evidence.upload_forms import CoverForm
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing, FileStore
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import render, see_other


async def cover(request: Request) -> Response:
    """One page of a file, with what is covered of it."""
    file = await db.read(request, cover_actions.coverable, request.path_params["code"])
    number = _number(request)
    if file is None or not 0 < number <= len(file.page_keys):
        raise HTTPException(404)
    if request.method == "GET":
        return _page(request, file, number, CoverForm.blank())
    form = await CoverForm.read(request)
    if form.ok:
        try:
            await _keep(request, file, _marks_of(form, file, number))
            return see_other(request, f"/files/{file.code}/cover?page={number}")
        except NotPainted:
            form.form_errors.append(
                _("This could not be covered. Nothing was changed; take the file out if it must be.")
            )
        except Refusal as refusal:
            form.form_errors.append(labels.file_problem({"file": file.name, "code": refusal.code, **refusal.data}))
        except (FileMissing, FileDamaged):
            raise HTTPException(404) from None
    return _page(request, file, number, form, 422)


def _marks_of(form: CoverForm, file: Coverable, number: int) -> dict[int, Marks]:
    """What is marked on all pages once this page is as the form says."""
    if form.value.act == "undo":
        return {}
    marks = {page: each for page, each in file.marks.items() if page != number}
    boxes = [tuple(map(int, box.split(","))) for box in form.value.box]
    here = Marks(tuple(form.value.band), tuple((box[0], box[1], box[2], box[3]) for box in boxes))
    return marks | {number: here} if here != Marks() else marks


async def _keep(request: Request, file: Coverable, marks: dict[int, Marks]) -> None:
    files: FileStore = request.app.state.portal.files
    if not marks:
        keys = await db.write(request, cover_actions.uncover, file.code)
    else:
        make = partial(cover_actions.make_covered, files, file.page_keys, marks, pictures_as_pdf)
        covered = await to_thread.run_sync(make)
        keys = await db.write(request, cover_actions.cover, file.code, covered)
    await to_thread.run_sync(files.discard, keys)


def _number(request: Request) -> int:
    given = request.query_params.get("page", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0


def _page(request: Request, file: Coverable, number: int, form: CoverForm, status: int = 200) -> Response:
    return render(
        request,
        "evidence/cover.html",
        status=status,
        file=file,
        number=number,
        marks=file.marks.get(number, Marks()),
        bands=range(BANDS),
        form=form,
    )


routes = [
    route("/files/{code}/cover", cover, name="evidence:cover", may="see_account", methods=("GET", "POST")),
]
