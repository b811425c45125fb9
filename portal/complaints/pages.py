"""A borrower's complaints about how they were contacted: `/complaints…`."""

from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.complaints import actions, labels, queries
from portal.complaints.actions import Sending
from portal.complaints.facts import Told
from portal.complaints.forms import BODY_LIMIT, AddForm, ComplaintForm, ConsentForm, WithdrawForm
from portal.core.refusal import Refusal
from portal.evidence.actions import KeptUpload
from portal.evidence.upload_queries import draft_files
from portal.evidence.uploads import draft_here, keep_uploads, wait_in_draft
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext
from portal.platform.numbers import new_code
from portal.platform.render import here, render, see_other
from portal.platform.visit import visit_of


async def index(request: Request) -> Response:
    """All complaints of the person."""
    return render(request, "complaints/list.html", complaints=await db.read(request, queries.list_page), words=labels)


async def new(request: Request) -> Response:
    """The form of a new complaint; sent, it gives a number."""
    if request.method == "POST":
        return await _create(request)
    return await _form_page(request, await ComplaintForm.reopen(request, draft=await draft_here(request)))


async def _create(request: Request) -> Response:
    form = await ComplaintForm.read(request)
    form.check((await db.admit(request)).today)
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    if form.ok:
        sending = await _sending(request, form, kept, refused)
        number = await db.write(request, actions.open_complaint, _told(form), sending)
        return see_other(request, "complaints:detail", number=number)
    await wait_in_draft(request, form, kept, refused, here(request))
    return await _form_page(request, form, 422)


def _told(form: ComplaintForm) -> Told:
    value = form.value
    return Told(
        happening=value.happening,
        happened_on=value.happened_on,
        is_rough=value.is_rough and value.happened_on is not None,
        about_time=value.about_time,
        channel=value.channel,
        sender=value.sender,
        who=value.who,
        words=value.words,
        wishes=tuple(value.wish),
    )


async def _sending(request: Request, form: ComplaintForm, kept: list[KeptUpload], refused: list[Any]) -> Sending:
    consent = ""
    if form.value.consent and (kept or form.value.has_draft):
        page = await db.read(request, queries.new_page)
        consent = consent_words(request, page.keep_days)
    return Sending(
        consent=consent,
        draft=form.draft if consent else "",
        stop_reminders=form.value.stop_reminders,
        uploads=tuple(kept),
        refused=tuple(refused),
    )


async def _form_page(request: Request, form: ComplaintForm, status: int = 200) -> Response:
    page = await db.read(request, queries.new_page)
    files = await db.read(request, draft_files, form.draft or new_code())
    return render(
        request,
        "complaints/new.html",
        status=status,
        page=page,
        form=form,
        words=labels,
        files=files,
        consent=consent_words(request, page.keep_days),
    )


async def detail(request: Request) -> Response:
    """Where a complaint stands, or how it was answered."""
    return await _detail_page(request, await AddForm.reopen(request, draft=await draft_here(request)))


async def add(request: Request) -> Response:
    """Add words or files; where one of them could not be taken the page says which and why before anything is sent."""
    form = await AddForm.read(request)
    number = request.path_params["number"]
    page = await db.read(request, queries.detail_page, number)
    if page is None:
        raise HTTPException(404)
    form.check(page.consent is not None)
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    status = 422
    if form.ok and not refused:
        consent = consent_words(request, page.keep_days) if form.value.consent and page.consent is None else ""
        sending = Sending(form.value.words, consent, form.draft, uploads=tuple(kept))
        try:
            await db.write(request, actions.add, number, sending)
            return see_other(request, "complaints:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    await wait_in_draft(request, form, kept, refused, _place(request))
    return await _detail_page(request, form, status)


async def withdraw(request: Request) -> Response:
    """Withdraw a complaint that nobody has answered yet."""
    await WithdrawForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, actions.withdraw, number)
    except Refusal as refusal:
        if refusal.code == "unknown_complaint":
            raise HTTPException(404) from None
        again = AddForm.blank()
        again.refuse(refusal)
        return await _detail_page(request, again, 409)
    return see_other(request, "complaints:detail", number=number)


async def withdraw_consent(request: Request) -> Response:
    """Take back the consent: one's files are removed, the complaint goes on."""
    await ConsentForm.read(request)
    number = request.path_params["number"]
    try:
        keys = await db.write(request, actions.withdraw_consent, number)
    except Refusal:
        raise HTTPException(404) from None
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return see_other(request, "complaints:detail", number=number)


async def _detail_page(request: Request, form: AddForm, status: int = 200) -> Response:
    page = await db.read(request, queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    template = "complaints/answer.html" if page.answer else "complaints/detail.html"
    consent = consent_words(request, page.keep_days)
    files = await db.read(request, draft_files, form.draft or new_code())
    return render(
        request,
        template,
        status=status,
        page=page,
        form=form,
        files=files,
        words=labels,
        consent=consent,
        here=_place(request),
    )


def _place(request: Request) -> str:
    """The page of the complaint, whichever of its forms was sent."""
    return ONE.format(number=request.path_params["number"])


def consent_words(request: Request, keep_days: int) -> str:
    """The one consent: for what, by whom, until when (PIPL 28, 29). It is stored as it was shown."""
    lender = request.app.state.portal.settings.lender.in_language(visit_of(request).language)
    return _(
        "I agree that a supervisor of %(lender)s reads these files to answer this complaint, and nobody for anything "
        "else. They are deleted %(keep)s. I can withdraw this at any time; the complaint then goes on without them.",
        lender=lender.legal_name,
        keep=ngettext("%(count)s day after the answer", "%(count)s days after the answer", keep_days, count=keep_days),
    )


ONE = "/complaints/{number}"

routes = [
    route("/complaints", index, name="complaints:list", may="complain"),
    route(
        "/complaints/new", new, name="complaints:new", may="complain", methods=("GET", "POST"), body_limit=BODY_LIMIT
    ),
    route(ONE, detail, name="complaints:detail", may="complain"),
    route(ONE + "/add", add, name="complaints:add", may="complain", methods=("POST",), body_limit=BODY_LIMIT),
    route(ONE + "/withdraw", withdraw, name="complaints:withdraw", may="complain", methods=("POST",)),
    route(ONE + "/consent", withdraw_consent, name="complaints:consent", may="complain", methods=("POST",)),
]
