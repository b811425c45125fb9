"""A dispute before it is sent, one thing a page: nights, reason, its facts, files, and all of it once more.

The first page is that of an instalment, `/loans/{code}/instalments/{number}/dispute`; from then on there is a draft,
`/disputes/drafts/{code}/…`. Each step is kept as it is left, and any of them may be saved for later.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import drafting_actions, drafting_queries, filing_queries, funds_labels, labels, particulars_labels
from portal.disputes.consent import consent_words
from portal.disputes.drafting_actions import Sending
from portal.disputes.drafting_forms import (
    FACTS,
    DetailsForm,
    DiscardForm,
    FilesForm,
    NightsForm,
    ReasonForm,
    SendForm,
    typed_facts,
)
from portal.disputes.drafting_queries import STEPS, DraftPage, missing_in
from portal.disputes.filing_queries import NewPage
from portal.disputes.forms import BODY_LIMIT
from portal.disputes.ticks import Ticks
from portal.drafts import actions as drafts
from portal.drafts.queries import DraftRecord
from portal.evidence.uploads import keep_uploads, say_refused
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.render import here, render, see_other

Step = Callable[[Request, DraftPage], Awaitable[Response]]
GONE = frozenset({"unknown_loan", "unknown_draft"})
OVERTAKEN = frozenset({"figures_changed", "draft_changed"})
"""Refusals that say that something changed under the form: 409, else 422."""


def of_draft(step: Step) -> Callable[[Request], Awaitable[Response]]:
    """A page of a draft; of one that was sent already it leads to the dispute."""

    async def page(request: Request) -> Response:
        found = await _draft(request)
        return await step(request, found) if isinstance(found, DraftPage) else _sent(request, found)

    return page


async def _draft(request: Request) -> DraftPage | str:
    found = await db.read(request, drafting_queries.draft_page, request.path_params["code"])
    if found is None:
        raise HTTPException(404)
    return found


def _sent(request: Request, number: str) -> Response:
    return see_other(request, "disputes:detail", number=number)


# --- Nights -------------------------------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    """Which nights of this instalment?"""
    form = await NightsForm.reopen(request)
    page = await _new_page(request, form.ticks if form.is_kept else Ticks())
    return _nights_page(request, form, page, begun=await db.read(request, drafting_queries.begun, page))


async def begin(request: Request) -> Response:
    """Begin a draft with what is ticked."""
    form = await NightsForm.read(request)
    status = 422
    if _may_save(form):
        try:
            args = (*_place(request), form.ticks, form.raw["seen"], form.key)
            code = await db.overwrite(request, drafting_actions.begin, *args)
            return _onwards(request, form.raw["act"], "disputes:draft_reason", code)
        except Refusal as refusal:
            status = _refuse(form, refusal)
    page = await _new_page(request, form.ticks)
    return _nights_page(request, form, page, 200 if _is_update(form) else status)


async def sums(request: Request) -> Response:
    """Only the sums of what is ticked, while one ticks."""
    query = request.query_params
    ticks = Ticks(tuple(query.getlist("stretch")), tuple(query.getlist("night")), bool(query.get("late_fee")))
    return render(request, "disputes/_sums.html", page=await _new_page(request, ticks))


async def nights(request: Request, draft: DraftPage) -> Response:
    """Which nights, once more."""
    form = await NightsForm.reopen(request, version=draft.draft.version)
    return await _ticked_page(request, form, draft, form.ticks if form.is_kept else draft.content.ticks)


async def tick(request: Request) -> Response:
    """Change what is ticked."""
    form = await NightsForm.read(request)
    code, status = request.path_params["code"], 422
    if _may_save(form):
        try:
            args = (code, _version(form), form.ticks, form.raw["seen"])
            code = await db.overwrite(request, drafting_actions.tick, *args)
            return await _next(request, form, "nights", code)
        except Refusal as refusal:
            status = _refuse(form, refusal)
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    return await _ticked_page(request, form, found, form.ticks, 200 if _is_update(form) else status)


async def _ticked_page(
    request: Request, form: NightsForm, draft: DraftPage, ticks: Ticks, status: int = 200
) -> Response:
    if draft.page is None:
        return _unsendable(request, draft)
    page = await db.read(request, filing_queries.new_page, draft.loan.code, draft.draft.instalment, ticks)
    if page is None:
        raise HTTPException(404)
    return _nights_page(request, form, page, status, draft=draft)


async def _new_page(request: Request, ticks: Ticks) -> NewPage:
    page = await db.read(request, filing_queries.new_page, *_place(request), ticks)
    if page is None:
        raise HTTPException(404)
    return page


def _nights_page(
    request: Request,
    form: NightsForm,
    page: NewPage,
    status: int = 200,
    draft: DraftPage | None = None,
    begun: DraftRecord | None = None,
) -> Response:
    changed = status == 409
    changes = page.changes_since(form.raw["told"]) if changed else draft.changes if draft else None
    context = {"page": page, "form": form, "draft": draft, "changed": changed, "changes": changes, "begun": begun}
    return _render(request, "disputes/new.html", "nights", status, context)


# --- Reason, its facts, files -------------------------------------------------------------------------------------


async def reason(request: Request, draft: DraftPage) -> Response:
    """Why?"""
    given = {"reason": draft.content.reason, "version": draft.draft.version}
    return _step_page(request, await ReasonForm.reopen(request, **given), draft, "reason")


async def choose_reason(request: Request) -> Response:
    """Keep the reason."""
    form = await ReasonForm.read(request)
    form.check()
    chosen = str(form.raw["reason"])
    return await _save(request, form, "reason", {"reason": chosen if chosen in FACTS else ""})


async def details(request: Request, draft: DraftPage) -> Response:
    """What this reason needs."""
    if not draft.content.reason:
        return see_other(request, "disputes:draft_reason", code=draft.draft.code)
    given = {**draft.content.typed, "words": draft.content.words, "version": draft.draft.version}
    return _step_page(request, await DetailsForm.reopen(request, **given), draft, "details")


async def tell(request: Request) -> Response:
    """Keep the facts and the own words."""
    form = await DetailsForm.read(request)
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    about = found.content.reason
    if not about:
        return see_other(request, "disputes:draft_reason", code=found.draft.code)
    form.check(about, found.currency, found.today)
    return await _save(request, form, "details", {"typed": typed_facts(about, form.raw), "words": form.raw["words"]})


async def files(request: Request, draft: DraftPage) -> Response:
    """What shows it."""
    return _step_page(request, await FilesForm.reopen(request), draft, "files")


async def upload(request: Request) -> Response:
    """Take files; where one of them fails the page says which and why, and the way on stays open."""
    form = await FilesForm.read(request)
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    code, act = found.draft.code, str(form.raw["act"])
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    try:
        if kept or refused:
            say_refused(
                form, await db.overwrite(request, drafting_actions.add_files, code, kept, refused, here(request))
            )
        if form.errors:
            return await _again(request, form, "files")
        if act == "next":
            return await _through(request, found)
    except Refusal:
        raise HTTPException(404) from None
    return _onwards(request, act, "disputes:draft_files", code)


async def _through(request: Request, found: DraftPage) -> Response:
    code = found.draft.code
    if not found.content.through:
        code = await db.overwrite(request, drafting_actions.save, code, found.draft.version, {"through": True})
    return see_other(request, "disputes:draft", code=code)


async def _save(request: Request, form: Form[Any], step: str, changes: dict[str, Any]) -> Response:
    """Keep a step that is right, or is saved for later as it is; else show what is wrong with it."""
    if form.ok or form.raw["act"] == "later":
        try:
            args = (request.path_params["code"], _version(form), changes)
            return await _next(request, form, step, await db.overwrite(request, drafting_actions.save, *args))
        except Refusal as refusal:
            _refuse(form, refusal)
    return await _again(request, form, step)


async def _again(request: Request, form: Form[Any], step: str) -> Response:
    """The same step with what is wrong on it; of a draft that was sent meanwhile its dispute."""
    found = await _draft(request)
    return _step_page(request, form, found, step, 422) if isinstance(found, DraftPage) else _sent(request, found)


async def _next(request: Request, form: Form[Any], step: str, code: str) -> Response:
    """To the step after this one; to the last one, if all of them had been passed and none is missing."""
    if form.raw["act"] == "later" and code != request.path_params["code"]:
        return see_other(request, "disputes:draft", code=code)  # where it says that another device changed the first
    after = STEPS[STEPS.index(step) + 1]
    found = await db.read(request, drafting_queries.draft_page, code)
    if isinstance(found, DraftPage) and found.content.through:
        after = missing_in(found.content, found.page, found.currency, found.today) or "check"
    return _onwards(request, form.raw["act"], "disputes:draft" if after == "check" else f"disputes:draft_{after}", code)


def _onwards(request: Request, act: str, name: str, code: str) -> Response:
    if act == "later":
        return see_other(request, "disputes:list")
    return see_other(request, name, code=code)


def _step_page(request: Request, form: Form[Any], draft: DraftPage, step: str, status: int = 200) -> Response:
    if draft.page is None:
        return _unsendable(request, draft)
    context = {"page": draft.page, "form": form, "draft": draft, "changes": None}
    return _render(request, f"disputes/draft_{step}.html", step, status, context)


# --- All of it once more ------------------------------------------------------------------------------------------


async def check(request: Request, draft: DraftPage) -> Response:
    """All answers once more, and the consent."""
    if draft.page is None:
        return _unsendable(request, draft)
    return await _check_page(request, await SendForm.reopen(request), draft)


async def send(request: Request) -> Response:
    """Send it."""
    form = await SendForm.read(request)
    form.check(bool(form.raw["files"]))
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    status = 422
    if form.ok:
        try:
            consent = consent_words(request, found.loan.rules.evidence_keep_days) if form.value.consent else ""
            sending = Sending(form.value.version, form.value.seen, form.value.files, consent)
            number = await db.write(request, drafting_actions.send, found.draft.code, sending)
            return see_other(request, "disputes:sent", number=number)
        except Refusal as refusal:
            status = _refuse(form, refusal)
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    return await _check_page(request, form, found, status)


async def discard(request: Request) -> Response:
    """Throw a draft away, with its files."""
    await DiscardForm.read(request)
    found = await _draft(request)
    if isinstance(found, str):
        return _sent(request, found)
    try:
        keys = await db.write(request, drafts.throw_away, found.draft.code)
    except Refusal:
        raise HTTPException(404) from None
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return see_other(request, "disputes:list")


async def _check_page(request: Request, form: SendForm, draft: DraftPage, status: int = 200) -> Response:
    if draft.page is None:
        return _unsendable(request, draft, status)
    changed = status == 409
    told = draft.page.changes_since(form.raw["told"]) if changed else draft.changes
    context: dict[str, Any] = {"page": draft.page, "form": form, "draft": draft, "changed": changed, "changes": told}
    consent = consent_words(request, draft.loan.rules.evidence_keep_days)
    hint = await db.read(request, drafting_queries.funds_hint, draft)
    context |= {"consent": consent, "found": hint, "funds_words": funds_labels}
    return _render(request, "disputes/draft_check.html", "check", status, context)


# --- What all of them do ------------------------------------------------------------------------------------------


def _render(request: Request, template: str, step: str, status: int, context: dict[str, Any]) -> Response:
    place = STEPS.index(step)
    back = STEPS[place - 1] if 0 < place < len(STEPS) - 1 else None
    context = {"changed": False, "step": place + 1, "steps": len(STEPS), "step_before": back, **context}
    return render(request, template, status=status, words=labels, asked=particulars_labels, **context)


def _unsendable(request: Request, draft: DraftPage, status: int = 200) -> Response:
    """Nothing can be disputed here any more; what was typed can still be read, and thrown away."""
    return render(request, "disputes/draft_over.html", status=status, draft=draft, words=labels)


def _may_save(form: NightsForm) -> bool:
    if _is_update(form):
        form.errors.clear()
        return False
    if form.raw["act"] == "later":
        return form.ok
    form.check()
    return form.ok


def _is_update(form: NightsForm) -> bool:
    return bool(form.raw["act"] == "update")


def _refuse(form: Form[Any], refusal: Refusal) -> int:
    """Say on the form why it cannot be; the status of the page."""
    if refusal.code in GONE:
        raise HTTPException(404)
    form.refuse(refusal)
    return 409 if refusal.code in OVERTAKEN else 422


def _version(form: Form[Any]) -> int:
    typed = str(form.raw["version"])
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _place(request: Request) -> tuple[str, int]:
    return request.path_params["code"], request.path_params["number"]


FORM = "/loans/{code}/instalments/{number:int}/dispute"
DRAFT = "/disputes/drafts/{code}"
POST = ("POST",)

routes = [
    route(FORM, new, name="disputes:new", may="dispute"),
    route(FORM, begin, name="disputes:begin", may="dispute", methods=POST),
    route(FORM + "/sums", sums, name="disputes:sums", may="dispute"),
    route(DRAFT, of_draft(check), name="disputes:draft", may="dispute"),
    route(DRAFT, send, name="disputes:send", may="dispute", methods=POST),
    route(DRAFT + "/nights", of_draft(nights), name="disputes:draft_nights", may="dispute"),
    route(DRAFT + "/nights", tick, name="disputes:tick", may="dispute", methods=POST),
    route(DRAFT + "/reason", of_draft(reason), name="disputes:draft_reason", may="dispute"),
    route(DRAFT + "/reason", choose_reason, name="disputes:choose_reason", may="dispute", methods=POST),
    route(DRAFT + "/details", of_draft(details), name="disputes:draft_details", may="dispute"),
    route(DRAFT + "/details", tell, name="disputes:tell", may="dispute", methods=POST),
    route(DRAFT + "/files", of_draft(files), name="disputes:draft_files", may="dispute"),
    route(DRAFT + "/files", upload, name="disputes:upload", may="dispute", methods=POST, body_limit=BODY_LIMIT),
    route(DRAFT + "/discard", discard, name="disputes:discard", may="dispute", methods=POST),
]
