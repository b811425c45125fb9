"""The page of a dispute as staff see it, which every act of theirs comes back to."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.disputes import deciding_queries, funds_labels, labels
from portal.disputes.deciding_queries import DecidePage
from portal.disputes.forms import DecideForm
from portal.disputes.rounds import FIRST
from portal.platform import db
from portal.platform.render import render

ONE = "/staff/disputes/{number}"


async def show(
    request: Request, form: DecideForm, status: int = 200, ticked: tuple[str, ...] | None = None
) -> Response:
    """The whole page of a dispute, with a form as it was sent."""
    page = await read_page(request, ticked, form.less)
    if page is None:
        raise HTTPException(404)
    return render(
        request,
        "disputes/staff_detail.html",
        status=status,
        form=form,
        changes=page.changes_since(form.raw["told"]) if status == 409 else None,
        **given(request, page),
    )


async def read_page(request: Request, ticked: tuple[str, ...] | None = None, less: int = 0) -> DecidePage | None:
    """The dispute of the address as staff see it."""
    number = request.path_params["number"]
    return await db.read(request, deciding_queries.decide_page, number, ticked, less)


def given(request: Request, page: DecidePage) -> dict[str, Any]:
    """What the templates of the page need besides."""
    viewer = request.scope["portal.visit"].viewer
    return {
        "page": page,
        "words": labels,
        "funds_words": funds_labels,
        "alone": False,
        "may_handle": bool(viewer.roles & FIRST.roles),
        "may_decide": bool(viewer.roles & page.round.roles) and not (page.dispute.in_review and page.had_a_part),
        "mine": page.dispute.held_by == viewer.staff_id,
        "shown": Shown.of(page, request.query_params),
    }


class Shown(NamedTuple):
    """Which file, and which page of it, stands on the left."""

    code: str
    page: int

    @classmethod
    def of(cls, page: DecidePage, query: Mapping[str, str]) -> "Shown":
        """What the address asks for, else the file on which the funds rule rests, else the first that can be seen."""
        ready = [file for file in page.files if file.state == "ready"]
        cited = {row.file for row in page.funds.check.rows} if page.funds else set()
        rests_on = next((read.code for read in page.evidence.read if read.name in cited), "")
        wanted = query.get("file", "") or rests_on
        file = next((each for each in ready if each.code == wanted), ready[0] if ready else None)
        typed = query.get("page", "")
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1
        return cls(file.code if file else "", min(max(number, 1), max(file.pages, 1)) if file else 1)
