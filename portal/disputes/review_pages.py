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
from portal.evidence.uploads import keep_uploads
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def ask(request: Request) -> Response:
    """The one form that asks for a review; sent, the dispute's page says by when it is answered."""
    page = await _own(request)
    number = page.dispute.number
    if request.method == "GET":
        form = await ReviewForm.reopen(request)
        return _page(request, page, form) if page.may_review else see_other(request, "disputes:detail", number=number)
    form = await ReviewForm.read(request)
    form.check(page.consent is not None)
    status = 422
    if form.ok:
        try:
            await db.write(request, review_actions.ask_for_review, number, await _filing(request, page, form))
            return see_other(request, "disputes:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return _page(request, page, form, status)


async def _filing(request: Request, page: DetailPage, form: ReviewForm) -> Filing:
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    agrees = form.value.consent and page.consent is None
    words = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number) if agrees else ""
    return Filing(Ticks(), "", form.value.words, "", words, "", tuple(kept), tuple(refused))


def _page(request: Request, page: DetailPage, form: ReviewForm, status: int = 200) -> Response:
    consent = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number)
    return render(request, "disputes/review.html", status=status, page=page, form=form, words=labels, consent=consent)


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
