"""A borrower has a decision reviewed: `/disputes/{number}/review`, one form with own words and files."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import labels, own_queries, review_actions
from portal.disputes.consent import consent_words
from portal.disputes.filing_actions import Filing
from portal.disputes.forms import BODY_LIMIT
from portal.disputes.own_queries import DetailPage
from portal.disputes.review_forms import ReviewForm
from portal.disputes.ticks import Ticks
from portal.evidence.upload_queries import draft_files
from portal.evidence.uploads import draft_here, keep_uploads, wait_in_draft
from portal.platform import db
from portal.platform.gate import route
from portal.platform.numbers import new_code
from portal.platform.render import here, render, see_other


async def ask(request: Request) -> Response:
    """The one form that asks for a review; sent, the dispute's page says by when it is answered."""
    page = await _own(request)
    number = page.dispute.number
    if request.method == "GET":
        if not page.may_review:
            return see_other(request, "disputes:detail", number=number)
        return await _page(request, page, await ReviewForm.reopen(request, draft=await draft_here(request)))
    form = await ReviewForm.read(request)
    form.check(page.consent is not None)
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    status = 422
    if form.ok:
        agrees = form.value.consent and page.consent is None
        words = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number) if agrees else ""
        filing = Filing(Ticks(), "", form.value.words, "", words, "", tuple(kept), tuple(refused))
        try:
            await db.write(request, review_actions.ask_for_review, number, filing, form.draft)
            return see_other(request, "disputes:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    await wait_in_draft(request, form, kept, refused, here(request))
    return await _page(request, page, form, status)


async def _page(request: Request, page: DetailPage, form: ReviewForm, status: int = 200) -> Response:
    consent = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number)
    files = await db.read(request, draft_files, form.draft or new_code())
    told = {"page": page, "form": form, "files": files, "words": labels, "consent": consent}
    return render(request, "disputes/review.html", status=status, **told)


async def _own(request: Request) -> DetailPage:
    page = await db.read(request, own_queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return page


routes = [
    route(
        "/disputes/{number}/review",
        ask,
        name="disputes:review",
        may="dispute",
        methods=("GET", "POST"),
        body_limit=BODY_LIMIT,
    ),
]
