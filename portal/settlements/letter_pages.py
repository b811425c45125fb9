"""The letter that says that everything is paid: as a page to read and print, and as PDF in each of the languages."""

from functools import partial

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.platform import db
from portal.platform.gate import route
from portal.platform.kept_papers import file_to_keep, language_asked, paper_languages, pdf_in
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of
from portal.settlements import letter_actions, letter_queries
from portal.settlements.letter_paper import paper_of


async def letter(request: Request) -> Response:
    """The letter, to read and print; of one whose payment came back it says so."""
    found = await db.read(request, letter_queries.letter, request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    paper, languages = paper_of(found, visit_of(request).language), paper_languages(request)
    return render(request, "settlements/letter.html", settlement=found, paper=paper, paper_languages=languages)


async def letter_pdf(request: Request) -> Response:
    """The same as PDF, as it was when it was first fetched; none of one that no longer counts."""
    number, language = request.path_params["number"], language_asked(request)
    answer = await db.read(request, letter_queries.letter_with_pdf, number, language)
    if answer is None:
        raise HTTPException(404)
    found, kept = answer
    if found.undone_at is not None:
        viewer = visit_of(request).viewer
        is_staff = viewer is not None and viewer.kind == "staff"
        return see_other(request, "settlements:staff_letter" if is_staff else "settlements:letter", number=number)
    if kept is None:
        made = await to_thread.run_sync(pdf_in, language, partial(paper_of, found, language))
        kept = await db.write(request, letter_actions.keep_pdf, found, language, made)
    return file_to_keep(kept, "application/pdf", f"{number}-{language}.pdf")


ONE, STAFF_ONE = "/settlements/{number}/letter", "/staff/settlements/{number}/letter"

routes = [
    route(ONE, letter, name="settlements:letter", may="settle"),
    route(ONE + "/{language}.pdf", letter_pdf, name="settlements:letter_pdf", may="settle"),
    route(STAFF_ONE, letter, name="settlements:staff_letter", may="see_case"),
    route(STAFF_ONE + "/{language}.pdf", letter_pdf, name="settlements:staff_letter_pdf", may="see_case"),
]
