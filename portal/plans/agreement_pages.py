"""The agreed paper: as a page to print, as PDF in each language of the lender, and its dates as a calendar file."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.plans import agreement_actions, agreement_queries, queries
from portal.plans.agreement_calendar import calendar_file
from portal.plans.agreement_paper import paper_of
from portal.plans.queries import PaperPage
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.i18n import native_name, speaking
from portal.platform.papers import pdf
from portal.platform.render import render
from portal.platform.visit import visit_of


async def agreement(request: Request) -> Response:
    """The agreed paper, to print."""
    page = await db.read(request, queries.paper_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    visit = visit_of(request)
    paper = paper_of(page, visit.language, visit.zone)
    languages = [(tag, native_name(tag)) for tag in request.app.state.portal.settings.lender.languages]
    return render(request, "plans/agreement.html", page=page, paper=paper, paper_languages=languages)


async def agreement_pdf(request: Request) -> Response:
    """The same as PDF, as it was when it was first fetched."""
    number, language = request.path_params["number"], request.path_params["language"]
    if language not in request.app.state.portal.settings.lender.languages:
        raise HTTPException(404)
    found = await db.read(request, agreement_queries.paper_with_pdf, number, language)
    if found is None:
        raise HTTPException(404)
    page, kept = found
    if kept is None:
        made = await to_thread.run_sync(_made, page, language, visit_of(request).zone)
        kept = await db.write(request, agreement_actions.keep_pdf, page.plan.id, number, language, made)
    return _file(kept, "application/pdf", f"{number}-{language}.pdf")


def _made(page: PaperPage, language: str, zone: str) -> bytes:
    with speaking(language):
        return pdf(paper_of(page, language, zone))


async def dates(request: Request) -> Response:
    """The days of the payments for a calendar, in words that tell nobody what they are for."""
    found = await db.read(request, agreement_queries.dates, request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    made = calendar_file(found.number, found.days, found.agreed_at, _("Reminder to myself"))
    return _file(made, "text/calendar; charset=utf-8", "dates.ics")


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


PLAN, STAFF_PLAN = "/plans/{number}", "/staff/plans/{number}"

routes = [
    route(PLAN + "/agreement", agreement, name="plans:agreement", may="see_account"),
    route(PLAN + "/agreement/{language}.pdf", agreement_pdf, name="plans:agreement_pdf", may="see_account"),
    route(PLAN + "/dates.ics", dates, name="plans:dates", may="see_account"),
    route(STAFF_PLAN + "/agreement", agreement, name="plans:paper", may="see_case"),
    route(STAFF_PLAN + "/agreement/{language}.pdf", agreement_pdf, name="plans:paper_pdf", may="see_case"),
]
