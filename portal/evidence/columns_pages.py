"""What the columns of a file mean: asked of the borrower, and of staff."""

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.evidence import column_actions, column_queries, labels, serving
from portal.evidence.column_queries import ColumnsPage
from portal.evidence.forms import ColumnsForm
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing
from portal.platform.gate import route
from portal.platform.render import error_page, render, see_other

CASE_PATHS = {
    "draft": "/files/drafts/{number}",
    "dispute": "/disputes/{number}",
    "plan": "/plans/{number}",
    "complaint": "/complaints/{number}",
}


async def ask(request: Request) -> Response:
    """The columns of one file, each with its first values."""
    page = await db.read(request, column_queries.columns_page, request.path_params["code"])
    if page is None:
        return error_page(request, 404)
    return _show(request, page, ColumnsForm.blank(meaning=page.meanings))


async def answer(request: Request) -> Response:
    """Keep what was said, and read the file by it."""
    form = await ColumnsForm.read(request)
    code = request.path_params["code"]
    page = await db.read(request, column_queries.columns_page, code)
    if page is None:
        return error_page(request, 404)
    if form.ok:
        try:
            await _read_by(request, form)
            return see_other(request, _case_href(request, page))
        except Refusal as refusal:
            if refusal.code == "file_unknown":
                return error_page(request, 404)
            form.refuse(refusal)
        except (FileMissing, FileDamaged) as damage:
            return await serving.damaged(request, code, damage)
    return _show(request, page, form, 422)


async def _read_by(request: Request, form: ColumnsForm) -> None:
    portal, value = request.app.state.portal, form.value
    page, said = await db.write(
        request, column_actions.name_columns, request.path_params["code"], value.meaning, value.for_everybody
    )
    await to_thread.run_sync(column_actions.read_again, portal.doors, portal.files, page, said)


def _show(request: Request, page: ColumnsPage, form: ColumnsForm, status: int = 200) -> Response:
    chosen = form.raw["meaning"] or []
    return render(
        request,
        "evidence/columns.html",
        status=status,
        page=page,
        form=form,
        chosen=chosen if len(chosen) == len(page.header.columns) else page.meanings,
        choices=labels.COLUMN_CHOICES,
        for_staff=_is_staff(request),
        case_href=_case_href(request, page),
    )


def _is_staff(request: Request) -> bool:
    return str(request.scope["path"]).startswith("/staff/")


def _case_href(request: Request, page: ColumnsPage) -> str:
    path = CASE_PATHS[page.case_kind].format(number=page.case_number)
    return f"/staff{path}" if _is_staff(request) else path


routes = [
    route("/files/{code}/columns", ask, name="evidence:columns", may="see_account"),
    route("/files/{code}/columns", answer, name="evidence:name_columns", may="see_account", methods=["POST"]),
    route("/staff/files/{code}/columns", ask, name="evidence:staff_columns", may="handle_disputes"),
    route(
        "/staff/files/{code}/columns",
        answer,
        name="evidence:staff_name_columns",
        may="handle_disputes",
        methods=["POST"],
    ),
]
