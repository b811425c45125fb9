"""The borrower's files: look at one, download it, unlock it, take it out."""

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.evidence import actions, labels, queries, serving
from portal.evidence.examining import examine
from portal.evidence.forms import PasswordForm
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing
from portal.platform.forms import pressed
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import error_page, render, safe_path, see_other

CASE_PATHS = {
    "draft": "/files/drafts/{number}",
    "dispute": "/disputes/{number}",
    "plan": "/plans/{number}",
    "complaint": "/complaints/{number}",
    "payment": "/payment-notices/{number}",
}


async def view(request: Request) -> Response:
    """The view copy of one file, page by page."""
    file = await db.read(request, queries.file_record, request.path_params["code"])
    if file is None or file.state != "ready":
        return error_page(request, 404)
    return render(
        request,
        "evidence/view.html",
        file=file,
        statements=await db.read(request, queries.statements_of_file, file.code),
        files_at="/files",
        for_staff=False,
        may_remove=not file.from_staff,
        case_href=_case_href(file),
    )


async def ask_password(request: Request) -> Response:
    """The password of one PDF."""
    file = await db.read(request, queries.file_record, request.path_params["code"])
    if file is None or file.problem != "password":
        return error_page(request, 404)
    return _password_page(request, file, PasswordForm.blank())


async def unlock(request: Request) -> Response:
    """Try the password of a PDF once; a wrong one is said, and the file stays as it is."""
    form = await PasswordForm.read(request)
    code = request.path_params["code"]
    file = await db.read(request, queries.file_record, code)
    if file is None:
        return error_page(request, 404)
    portal = request.app.state.portal
    if form.ok:
        try:
            waiting = await db.read(request, actions.locked_file, code)
        except Refusal:
            return error_page(request, 404)
        try:
            read = await to_thread.run_sync(
                examine, portal.doors, portal.files, waiting, portal.scanner, form.value.password
            )
        except (FileMissing, FileDamaged) as damage:
            return await serving.damaged(request, code, damage)
        if read is not None and read.problem == "password":
            form.add_error("password", _("This password does not open the file."))
    if form.errors:
        return _password_page(request, file, form, 422)
    return _to_case(request, file, form.raw.get("back"))


def _password_page(request: Request, file: queries.FileRecord, form: PasswordForm, status: int = 200) -> Response:
    back = safe_path(str(form.raw.get("back") or ""), _case_href(file) or "/account")
    return render(request, "evidence/password.html", status=status, file=file, form=form, back=back)


async def remove(request: Request) -> Response:
    """Take out a file that the borrower put in; its bytes go at once."""
    form = await pressed(request, "remove_file")
    code = request.path_params["code"]
    file = await db.read(request, queries.file_record, code)
    if file is None:
        return error_page(request, 404)
    try:
        keys = await db.write(request, actions.remove_own, code)
    except Refusal:
        return error_page(request, 404)
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return _to_case(request, file, form.raw.get("back"))


def _case_href(file: queries.FileRecord) -> str | None:
    path = CASE_PATHS.get(file.case_kind)
    return path.format(number=file.case_number) if path else None


def _to_case(request: Request, file: queries.FileRecord, back: object) -> Response:
    """To the page of ours that the form names, such as the one on which a draft is written; else to the file's case."""
    return see_other(request, safe_path(str(back or ""), _case_href(file) or "/account"))


routes = [
    route("/files/{code}", serving.download, name="evidence:download", may="use_files"),
    route("/files/{code}/view", view, name="evidence:view", may="see_account"),
    route("/files/{code}/pages/{number:int}", serving.page, name="evidence:page", may="use_files"),
    route("/files/{code}/password", ask_password, name="evidence:ask_password", may="see_account"),
    route("/files/{code}/password", unlock, name="evidence:unlock", may="see_account", methods=["POST"]),
    route("/files/{code}/remove", remove, name="evidence:remove", may="see_account", methods=["POST"]),
]

functions = {
    "file_trouble": labels.file_trouble,
    "file_problem": labels.file_problem,
    "draft_line": labels.draft_line,
    "draft_needs": labels.draft_needs,
}
