"""A borrower's disputes: `/disputes…`, and the form of an instalment `/loans/{code}/instalments/{number}/dispute`."""

from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import ending_actions, filing_actions, filing_queries, labels, own_queries, thread_actions
from portal.disputes.filing_actions import Filing
from portal.disputes.filing_queries import Ticks
from portal.disputes.forms import BODY_LIMIT, AddForm, ConsentForm, DisputeForm, WithdrawForm
from portal.evidence.actions import KeptUpload
from portal.evidence.uploads import keep_uploads
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext
from portal.platform.numbers import new_code
from portal.platform.render import render, see_other


async def choose(request: Request) -> Response:
    """Which instalment is it about?"""
    choices = await db.read(request, filing_queries.choose_page)
    return render(request, "disputes/choose.html", choices=choices)


async def new(request: Request) -> Response:
    """The form of a new dispute; sent, it gives a number."""
    if request.method == "POST":
        return await _create(request)
    form = await DisputeForm.reopen(request, draft=new_code())
    return await _form_page(request, form, form.ticks if form.is_kept else Ticks())


async def sums(request: Request) -> Response:
    """Only the sums of what is ticked, while one ticks."""
    query = request.query_params
    ticks = Ticks(tuple(query.getlist("stretch")), tuple(query.getlist("night")), bool(query.get("late_fee")))
    page = await db.read(request, filing_queries.new_page, *_place(request), ticks)
    if page is None:
        raise HTTPException(404)
    return render(request, "disputes/_sums.html", page=page)


async def _create(request: Request) -> Response:
    form = await DisputeForm.read(request)
    if form.raw.get("act") == "update":
        form.errors.clear()
        return await _form_page(request, form, form.ticks)
    form.check()
    uploads = form.files.get("files", []) if form.raw.get("consent") else []
    if uploads and await db.read(request, filing_queries.new_page, *_place(request), form.ticks) is None:
        raise HTTPException(404)  # before anything is stored
    kept, refused = await keep_uploads(request, uploads)
    status = 422
    if form.ok:
        try:
            filing = await _filing(request, form, kept, refused)
            number = await db.write(request, filing_actions.open_dispute, *_place(request), filing)
            return see_other(request, "disputes:detail", number=number)
        except Refusal as refusal:
            status = _refused(form, refusal)
    if kept and form.draft:
        refused += await db.write(request, filing_actions.keep_draft, form.draft, kept)
    return await _form_page(request, form, form.ticks, status, refused)


def _refused(form: DisputeForm, refusal: Refusal) -> int:
    """Say on the form why it cannot be; the status of the page."""
    if refusal.code == "unknown_loan":
        raise HTTPException(404)
    form.refuse(refusal)
    return 409 if refusal.code == "figures_changed" else 422


async def _filing(request: Request, form: DisputeForm, kept: list[KeptUpload], refused: list[Any]) -> Filing:
    value = form.value
    consent = ""
    if value.consent and (kept or value.has_draft):
        page = await db.read(request, filing_queries.new_page, *_place(request), form.ticks)
        consent = consent_words(request, page.loan.rules.evidence_keep_days if page else 0)
    return Filing(
        ticks=form.ticks,
        reason=value.reason,
        words=value.words,
        seen=value.seen,
        consent=consent,
        draft=form.draft if consent else "",
        uploads=tuple(kept),
        refused=tuple(refused),
    )


async def _form_page(
    request: Request, form: DisputeForm, ticks: Ticks, status: int = 200, refused: list[Any] | None = None
) -> Response:
    page = await db.read(request, filing_queries.new_page, *_place(request), ticks, form.draft)
    if page is None:
        raise HTTPException(404)
    return render(
        request,
        "disputes/new.html",
        status=status,
        page=page,
        form=form,
        words=labels,
        refused=refused or [],
        consent=consent_words(request, page.loan.rules.evidence_keep_days),
        changed=status == 409,
        changes=page.changes_since(form.raw["told"]) if status == 409 else None,
    )


async def index(request: Request) -> Response:
    """All disputes of the person."""
    return render(request, "disputes/list.html", disputes=await db.read(request, own_queries.list_page), words=labels)


async def detail(request: Request) -> Response:
    """Where a dispute stands, or how it was decided."""
    return await _detail_page(request, await AddForm.reopen(request))


async def add(request: Request) -> Response:
    """Add words or files."""
    form = await AddForm.read(request)
    number = request.path_params["number"]
    page = await db.read(request, own_queries.detail_page, number)
    if page is None:
        raise HTTPException(404)
    form.check(page.consent is not None)
    status = 422
    if form.ok:
        kept, refused = await keep_uploads(request, form.files.get("files", []))
        keep_days = page.loan.rules.evidence_keep_days
        words = consent_words(request, keep_days) if form.value.consent and page.consent is None else ""
        filing = Filing(Ticks(), "", form.value.words, "", words, "", tuple(kept), tuple(refused))
        try:
            await db.write(request, thread_actions.add, number, filing)
            return see_other(request, "disputes:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _detail_page(request, form, status)


async def withdraw(request: Request) -> Response:
    """Withdraw a dispute that nobody has decided yet."""
    form = await WithdrawForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, ending_actions.withdraw, number)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        again = AddForm.blank()
        form.refuse(refusal)
        again.form_errors = form.form_errors
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
    page = await db.read(request, own_queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    template = "disputes/outcome.html" if page.decision else "disputes/detail.html"
    consent = consent_words(request, page.loan.rules.evidence_keep_days, page.dispute.number)
    return render(request, template, status=status, page=page, form=form, words=labels, consent=consent)


def consent_words(request: Request, keep_days: int, number: str | None = None) -> str:
    """The one consent: for what, by whom, until when (PIPL 28, 29). It is stored as it was shown."""
    lender = request.app.state.portal.settings.lender.in_language(request.scope["portal.visit"].language)
    kept = ngettext(
        "%(count)s day after the case is closed", "%(count)s days after the case is closed", keep_days, count=keep_days
    )
    if number is None:
        return _(
            "I agree that %(lender)s reads these files to decide this dispute, and for nothing else. They are deleted "
            "%(keep)s. I can withdraw this at any time; the dispute then goes on without them.",
            lender=lender.legal_name,
            keep=kept,
        )
    return _(
        "I agree that %(lender)s reads these files to decide dispute %(number)s, and for nothing else. They are "
        "deleted %(keep)s. I can withdraw this at any time; the dispute then goes on without them.",
        lender=lender.legal_name,
        number=number,
        keep=kept,
    )


def _place(request: Request) -> tuple[str, int]:
    return request.path_params["code"], request.path_params["number"]


FORM = "/loans/{code}/instalments/{number:int}/dispute"
ONE = "/disputes/{number}"

routes = [
    route("/disputes", index, name="disputes:list", may="dispute"),
    route("/disputes/start", choose, name="disputes:choose", may="dispute"),
    route(FORM, new, name="disputes:new", may="dispute", methods=("GET", "POST"), body_limit=BODY_LIMIT),
    route(FORM + "/sums", sums, name="disputes:sums", may="dispute"),
    route(ONE, detail, name="disputes:detail", may="dispute"),
    route(ONE + "/add", add, name="disputes:add", may="dispute", methods=("POST",), body_limit=BODY_LIMIT),
    route(ONE + "/withdraw", withdraw, name="disputes:withdraw", may="dispute", methods=("POST",)),
    route(ONE + "/consent", withdraw_consent, name="disputes:consent", may="dispute", methods=("POST",)),
]
