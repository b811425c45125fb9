"""The letter that says that everything is paid: as a page to read and print, and as PDF in each of the languages."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import native_name, speaking
from portal.platform.papers import pdf
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of
from portal.settlements import letter_actions, letter_queries
from portal.settlements.letter_paper import paper_of
from portal.settlements.queries import SettlementRecord


async def letter(request: Request) -> Response:
    """The letter, to read and print; of one whose payment came back it says so."""
    found = await db.read(request, letter_queries.letter, request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    visit = visit_of(request)
    languages = [(tag, native_name(tag)) for tag in request.app.state.portal.settings.lender.languages]
    paper = paper_of(found, visit.language)
    return render(request, "settlements/letter.html", settlement=found, paper=paper, paper_languages=languages)


async def letter_pdf(request: Request) -> Response:
    """The same as PDF, as it was when it was first fetched; none of one that no longer counts."""
    number, language = request.path_params["number"], request.path_params["language"]
    if language not in request.app.state.portal.settings.lender.languages:
        raise HTTPException(404)
    answer = await db.read(request, letter_queries.letter_with_pdf, number, language)
    if answer is None:
        raise HTTPException(404)
    found, kept = answer
    if found.undone_at is not None:
        viewer = visit_of(request).viewer
        is_staff = viewer is not None and viewer.kind == "staff"
        return see_other(request, "settlements:staff_letter" if is_staff else "settlements:letter", number=number)
    if kept is None:
        made = await to_thread.run_sync(_made, found, language)
        kept = await db.write(request, letter_actions.keep_pdf, found, language, made)
    headers = {"content-disposition": f'attachment; filename="{number}-{language}.pdf"'}
    return Response(kept, media_type="application/pdf", headers=headers)


def _made(found: SettlementRecord, language: str) -> bytes:
    with speaking(language):
        return pdf(paper_of(found, language))


ONE, STAFF_ONE = "/settlements/{number}/letter", "/staff/settlements/{number}/letter"

routes = [
    route(ONE, letter, name="settlements:letter", may="settle"),
    route(ONE + "/{language}.pdf", letter_pdf, name="settlements:letter_pdf", may="settle"),
    route(STAFF_ONE, letter, name="settlements:staff_letter", may="see_case"),
    route(STAFF_ONE + "/{language}.pdf", letter_pdf, name="settlements:staff_letter_pdf", may="see_case"),
]
