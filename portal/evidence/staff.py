"""The staff's way to files: the same view copies, under their own permission and logged by name."""

from starlette.requests import Request
from starlette.responses import Response

from portal.evidence import queries, serving
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import error_page, render

CASE_PATHS = {
    "dispute": "/staff/disputes/{number}",
    "plan": "/staff/plans/{number}",
    "complaint": "/staff/complaints/{number}",
    "payment": "/staff/payment-notices/{number}",
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
        files_at="/staff/files",
        for_staff=True,
        may_remove=False,
        case_href=CASE_PATHS[file.case_kind].format(number=file.case_number),
    )


routes = [
    route("/staff/files/{code}", serving.download, name="evidence:staff_download", may="see_case"),
    route("/staff/files/{code}/view", view, name="evidence:staff_view", may="see_case"),
    route("/staff/files/{code}/pages/{number:int}", serving.page, name="evidence:staff_page", may="see_case"),
]
