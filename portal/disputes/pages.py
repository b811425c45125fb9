"""A borrower's disputes: the list, one of them, what is added to it, and how it is taken back."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import (
    ending_actions,
    filing_queries,
    funds_labels,
    labels,
    own_queries,
    particulars_labels,
    progress_labels,
    thread_actions,
)
from portal.disputes.consent import consent_words
from portal.disputes.filing_actions import Filing
from portal.disputes.forms import BODY_LIMIT, AddForm, ConsentForm, WithdrawForm
from portal.disputes.own_queries import DetailPage
from portal.disputes.ticks import Ticks
from portal.evidence.upload_queries import draft_files
from portal.evidence.uploads import draft_here, keep_uploads, wait_in_draft
from portal.platform import db
from portal.platform.gate import route
from portal.platform.numbers import new_code
from portal.platform.render import render, see_other


async def choose(request: Request) -> Response:
    """Which instalment is it about?"""
    choices = await db.read(request, filing_queries.choose_page)
    return render(request, "disputes/choose.html", choices=choices)


async def index(request: Request) -> Response:
    """All disputes of the person."""
    page = await db.read(request, own_queries.list_page)
    return render(request, "disputes/list.html", disputes=page.disputes, unsent=page.unsent, words=labels)


async def sent(request: Request) -> Response:
    """The number, the promised date, and a receipt of all that was sent, to keep or print."""
    page = await db.read(request, own_queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return render(request, "disputes/sent.html", page=page, words=labels)


async def detail(request: Request) -> Response:
    """Where a dispute stands, or how it was decided."""
    return await _detail_page(request, await AddForm.reopen(request, draft=await draft_here(request)))


async def add(request: Request) -> Response:
    """Add words or files; where one of them could not be taken the page says which and why before anything is sent."""
    form = await AddForm.read(request)
    number = request.path_params["number"]
    page = await _own(request, number)
    if page is None:
        raise HTTPException(404)
    form.check(page.consent is not None)
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    status = 422
    if form.ok and not refused:
        keep_days = page.loan.rules.evidence_keep_days
        words = consent_words(request, keep_days) if form.value.consent and page.consent is None else ""
        filing = Filing(Ticks(), "", form.value.words, "", consent=words, uploads=tuple(kept))
        try:
            await db.write(request, thread_actions.add, number, filing, form.draft)
            return see_other(request, "disputes:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    await wait_in_draft(request, form, kept, refused, _place(request))
    return await _detail_page(request, form, status)


async def withdraw(request: Request) -> Response:
    """Withdraw a dispute that nobody has decided yet."""
    await WithdrawForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, ending_actions.withdraw, number)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        again = AddForm.blank()
        again.refuse(refusal)
        return await _detail_page(request, again, 409)
    return see_other(request, "disputes:detail", number=number)


async def withdraw_consent(request: Request) -> Response:
    """Take back the consent: one's files are removed, the dispute goes on."""
    await ConsentForm.read(request)
    number = request.path_params["number"]
    try:
        keys = await db.write(request, thread_actions.withdraw_consent, number)
    except Refusal:
        raise HTTPException(404) from None
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return see_other(request, "disputes:detail", number=number)


async def _detail_page(request: Request, form: AddForm, status: int = 200) -> Response:
    page = await _own(request, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    template = "disputes/outcome.html" if page.decision and not page.dispute.in_review else "disputes/detail.html"
    files = await db.read(request, draft_files, form.draft or new_code())
    consent = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number)
    return render(
        request,
        template,
        status=status,
        page=page,
        form=form,
        files=files,
        words=labels,
        funds_words=funds_labels,
        steps=progress_labels.steps(page),
        consent=consent,
        here=_place(request),
    )


def _place(request: Request) -> str:
    """The page of the dispute, whichever of its forms was sent."""
    return ONE.format(number=request.path_params["number"])


async def _own(request: Request, number: str) -> DetailPage | None:
    return await db.read(request, own_queries.detail_page, number)


async def funds(request: Request) -> Response:
    """Only what the program found, while it is still reading."""
    page = await _own(request, request.path_params["number"])
    if page is None or page.funds is None:
        raise HTTPException(404)
    return render(request, "disputes/_funds.html", page=page, words=labels, funds_words=funds_labels, alone=True)


ONE = "/disputes/{number}"

routes = [
    route("/disputes", index, name="disputes:list", may="dispute"),
    route("/disputes/start", choose, name="disputes:choose", may="dispute"),
    route(ONE, detail, name="disputes:detail", may="dispute"),
    route(ONE + "/sent", sent, name="disputes:sent", may="dispute"),
    route(ONE + "/funds", funds, name="disputes:funds", may="dispute", keeps_awake=False),
    route(ONE + "/add", add, name="disputes:add", may="dispute", methods=("POST",), body_limit=BODY_LIMIT),
    route(ONE + "/withdraw", withdraw, name="disputes:withdraw", may="dispute", methods=("POST",)),
    route(ONE + "/consent", withdraw_consent, name="disputes:consent", may="dispute", methods=("POST",)),
]

functions = {"dispute_facts": particulars_labels.told_facts}
