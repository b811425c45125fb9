"""Choose the lines of a statement that are sent: what is unticked is covered on sending, page by page of the list."""

from functools import partial

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.evidence import cover_actions, labels, line_cover_actions
from portal.evidence.line_cover_actions import LineFile, Place
from portal.evidence.sandbox import NotPainted
from portal.evidence.upload_forms import LinesForm
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing, FileStore
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import render, see_other

PAGE_LINES = 50


async def cover_lines(request: Request) -> Response:
    """Some lines of a statement, each with a tick: those without are covered."""
    file = await db.read(request, line_cover_actions.line_file, request.path_params["code"])
    number = _number(request)
    if file is None or not 0 < number <= page_count(file):
        raise HTTPException(404)
    if request.method == "GET":
        return _page(request, file, number, LinesForm.blank())
    form = await LinesForm.read(request)
    if form.ok:
        try:
            await _keep(request, file, _covered_by(form, file, number))
            return see_other(request, f"/files/{file.code}/lines?page={_next(form.value.act, number)}")
        except NotPainted:
            form.form_errors.append(_unlike())
        except Refusal as refusal:
            form.form_errors.append(labels.file_problem({"file": file.name, "code": refusal.code, **refusal.data}))
        except (FileMissing, FileDamaged):
            raise HTTPException(404) from None
    return _page(request, file, number, form, 422)


def _unlike() -> str:
    return _(
        "These lines cannot be covered without changing what the others say. Nothing was changed; choose other lines, "
        "or take the file out."
    )


def page_count(file: LineFile) -> int:
    """On how many pages the lines are listed."""
    return -(-len(file.lines) // PAGE_LINES)


def _here(file: LineFile, number: int) -> frozenset[Place]:
    """The places of the lines that one page lists."""
    return frozenset(place for place, _row, _currency in file.lines[(number - 1) * PAGE_LINES : number * PAGE_LINES])


def _covered_by(form: LinesForm, file: LineFile, number: int) -> frozenset[Place]:
    """What is covered in the whole file once this page is as the form says."""
    if form.value.act == "undo":
        return frozenset()
    here = _here(file, number)
    return (file.covered - here) | (here - set(form.value.places))


def _next(act: str, number: int) -> int:
    return number + {"next": 1, "before": -1}.get(act, 0)


async def _keep(request: Request, file: LineFile, covered: frozenset[Place]) -> None:
    files: FileStore = request.app.state.portal.files
    if covered == file.covered:
        return
    if not covered:
        keys = await db.write(request, cover_actions.uncover, file.code)
    else:
        made = await to_thread.run_sync(partial(line_cover_actions.make_covered, files, file, covered))
        keys = await db.write(request, cover_actions.cover, file.code, made)
    await to_thread.run_sync(files.discard, keys)


def _number(request: Request) -> int:
    given = request.query_params.get("page", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 5 else 0


def _page(request: Request, file: LineFile, number: int, form: LinesForm, status: int = 200) -> Response:
    ticked = set(form.raw.get("line") or []) if status != 200 else None
    lines = file.lines[(number - 1) * PAGE_LINES : number * PAGE_LINES]
    keys = [f"{at}-{line}" for (at, line), _row, _currency in lines]
    return render(
        request,
        "evidence/cover_lines.html",
        status=status,
        file=file,
        number=number,
        pages=page_count(file),
        lines=[
            (key, row, currency, key in ticked if ticked is not None else place not in file.covered)
            for key, (place, row, currency) in zip(keys, lines, strict=True)
        ],
        form=form,
    )


routes = [
    route("/files/{code}/lines", cover_lines, name="evidence:cover_lines", may="see_account", methods=("GET", "POST")),
]
