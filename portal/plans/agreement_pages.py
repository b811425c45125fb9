"""The agreed paper: as a page to print, as PDF in each language of the lender, and its dates as a calendar file."""

from functools import partial

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.plans import agreement_actions, agreement_queries, queries
from portal.plans.agreement_calendar import calendar_file
from portal.plans.agreement_paper import paper_of
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.kept_papers import file_to_keep, language_asked, paper_languages, pdf_in
from portal.platform.render import render
from portal.platform.visit import visit_of


async def agreement(request: Request) -> Response:
    """The agreed paper, to print."""
    page = await db.read(request, queries.paper_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    visit = visit_of(request)
    paper = paper_of(page, visit.language, visit.zone)
    return render(request, "plans/agreement.html", page=page, paper=paper, paper_languages=paper_languages(request))


async def agreement_pdf(request: Request) -> Response:
    """The same as PDF, as it was when it was first fetched."""
    number, language = request.path_params["number"], language_asked(request)
    found = await db.read(request, agreement_queries.paper_with_pdf, number, language)
    if found is None:
        raise HTTPException(404)
    page, kept = found
    if kept is None:
        write = partial(paper_of, page, language, visit_of(request).zone)
        made = await to_thread.run_sync(pdf_in, language, write)
        kept = await db.write(request, agreement_actions.keep_pdf, page.plan.id, number, language, made)
    return file_to_keep(kept, "application/pdf", f"{number}-{language}.pdf")


async def dates(request: Request) -> Response:
    """The days of the payments for a calendar, in words that tell nobody what they are for."""
    found = await db.read(request, agreement_queries.dates, request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    made = calendar_file(found.number, found.days, found.agreed_at, _("Reminder to myself"))
    return file_to_keep(made, "text/calendar; charset=utf-8", "dates.ics")


PLAN, STAFF_PLAN = "/plans/{number}", "/staff/plans/{number}"

routes = [
    route(PLAN + "/agreement", agreement, name="plans:agreement", may="see_account"),
    route(PLAN + "/agreement/{language}.pdf", agreement_pdf, name="plans:agreement_pdf", may="see_account"),
    route(PLAN + "/dates.ics", dates, name="plans:dates", may="see_account"),
    route(STAFF_PLAN + "/agreement", agreement, name="plans:paper", may="see_case"),
    route(STAFF_PLAN + "/agreement/{language}.pdf", agreement_pdf, name="plans:paper_pdf", may="see_case"),
]
