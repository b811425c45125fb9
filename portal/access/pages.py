"""Links, the recipient check, codes and "not me": what a borrower meets on the way in."""

from starlette.requests import Request
from starlette.responses import Response

from portal.access import (
    check_actions,
    check_queries,
    code_actions,
    code_queries,
    cookies,
    leading,
    link_actions,
    stop_actions,
    stop_queries,
)
from portal.access.evenness import evenly
from portal.access.forms import CheckForm, CodeForm, NumberForm, fresh_reference, keep_nothing, mobile_number
from portal.access.steps import Answered, Marks
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.platform import db
from portal.platform.forms import pressed
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext
from portal.platform.render import error_page, render, see_other
from portal.platform.visit import visit_of

# --- The start page -------------------------------------------------------------------------------------------


async def start(request: Request) -> Response:
    """Where a new link is asked for."""
    return render(request, "access/start.html", form=NumberForm.blank())


@evenly
async def ask_for_link(request: Request) -> Response:
    """The same answer for every number; a worker finds out whether we know it (SL-23)."""
    form = await NumberForm.read(request)
    keep_nothing(request)
    region = loans.REGIONS.get(request.app.state.portal.settings.lender.currency)
    number = mobile_number(form.value.number, region) if form.ok else None
    if number is None:
        form.add_error("number", _("This is not a mobile number we can write to. Type it with all its digits."))
        return render(request, "access/start.html", status=422, form=form)
    try_again = await db.write(request, link_actions.ask_for_link, number)
    if try_again:
        return error_page(request, 429, try_again=try_again)
    return see_other(request, "access:start_sent")


async def start_sent(request: Request) -> Response:
    """The one answer."""
    return render(request, "access/start_sent.html")


# --- Links ----------------------------------------------------------------------------------------------------


async def landing(request: Request) -> Response:
    """What a link opens: it looks at nothing and changes nothing, the same for every reference (SL-01, SL-03)."""
    return render(request, "access/landing.html")


@evenly
async def open_link(request: Request) -> Response:
    """Continue, or "not meant for me". The address with the reference is left behind by a redirect (SL-19)."""
    form = await pressed(request, "link")
    ref = request.path_params["ref"]
    if form.raw["answer"] == "not_me":
        link_id = await db.read(request, stop_queries.link_id, ref)
        response = see_other(request, "access:not_me")
        cookies.give_step(response, request, "not_me", link_id, visit_of(request).now)
        return response
    reference = fresh_reference(request, "session")
    outcome = await db.write(request, link_actions.open_link, ref, reference)
    if outcome == "account":
        return see_other(request, leading.HOME)
    if outcome == "unusable":
        return see_other(request, "access:link_unusable")
    response = see_other(request, "access:check")
    cookies.give(response, request, cookies.SESSION, reference)
    return response


async def link_unusable(request: Request) -> Response:
    """For every dead or made-up link."""
    return render(request, "access/link_unusable.html", form=NumberForm.blank())


async def link_closed(request: Request) -> Response:
    """After five wrong answers."""
    return render(request, "access/link_closed.html", form=NumberForm.blank())


# --- The recipient check --------------------------------------------------------------------------------------


async def check(request: Request) -> Response:
    """Asks what the person's row has."""
    return await _check_page(request, CheckForm.blank(next=leading.wanted_page(request.query_params.get("next"))))


@evenly
async def answer_check(request: Request) -> Response:
    """One answer for anything that is wrong, in the same time."""
    form = await CheckForm.read(request)
    keep_nothing(request)
    if not form.ok:
        return await _check_page(request, form, status=422, is_complete=False)
    answered = await db.write(request, check_actions.answer_check, form.value.birth, form.value.last4, _marks(request))
    if answered.outcome == "incomplete":
        return await _check_page(request, form, status=422, is_complete=False)
    if answered.outcome == "wrong":
        form.form_errors.append(await _wrong_answers(request, answered))
        return await _check_page(request, form, status=422)
    return await _onwards(request, answered, form.value.next)


async def _check_page(request: Request, form: CheckForm, status: int = 200, *, is_complete: bool = True) -> Response:
    try:
        page = await db.read(request, check_queries.check_page)
    except Refusal as refusal:
        if refusal.code == "check_closed":
            return see_other(request, "access:link_closed")
        return await leading.elsewhere(request, form.raw["next"])
    if not is_complete:
        form.say_what_is_no_answer(page)
    return render(request, "access/check.html", status=status, page=page, form=form)


async def _wrong_answers(request: Request, answered: Answered) -> str:
    count = answered.tries_left
    if await db.read(request, check_queries.stage) == "check":
        return ngettext(
            "These answers do not match what we hold. Please look at them once more."
            " %(count)s try left on this device.",
            "These answers do not match what we hold. Please look at them once more."
            " %(count)s tries left on this device.",
            count,
            count=count,
        )
    return ngettext(
        "These answers do not match what we hold. Please look at them once more. %(count)s try left with this link.",
        "These answers do not match what we hold. Please look at them once more. %(count)s tries left with this link.",
        count,
        count=count,
    )


# --- The code -------------------------------------------------------------------------------------------------


async def code(request: Request) -> Response:
    """Shows the proof words and asks for the six digits."""
    return await _code_page(request, CodeForm.blank(next=leading.wanted_page(request.query_params.get("next"))))


@evenly
async def answer_code(request: Request) -> Response:
    """Takes the six digits."""
    form = await CodeForm.read(request)
    keep_nothing(request)
    if not form.ok:
        form.errors = {"code": _("Type the code from the message.")}
        return await _code_page(request, form, status=422)
    answered = await db.write(request, code_actions.answer_code, form.value.code, _marks(request))
    if answered.outcome == "wrong":
        text = ngettext(
            "That is not the code we sent. %(count)s try left.",
            "That is not the code we sent. %(count)s tries left.",
            answered.tries_left,
            count=answered.tries_left,
        )
        form.add_error("code", text)
        return await _code_page(request, form, status=422)
    if answered.outcome == "paused":
        form.form_errors.append(_("The code has been used up or is too old. Ask for a new one."))
        return await _code_page(request, form, status=422)
    return await _onwards(request, answered, form.value.next)


async def new_code(request: Request) -> Response:
    """Sends another code, where one may go; the page says from when."""
    form = await pressed(request, "new_code")
    await db.write(request, code_actions.send_new_code)
    return leading.with_next(request, "access:code", form.raw["next"])


async def _code_page(request: Request, form: CodeForm, status: int = 200) -> Response:
    try:
        page = await db.read(request, code_queries.code_page)
    except Refusal:
        return await leading.elsewhere(request, form.raw["next"])
    if page.locked_until is not None:
        form.form_errors.clear()  # the page itself says until when
    return render(request, "access/code.html", status=status, page=page, form=form)


async def number_changed(request: Request) -> Response:
    """How a new number gets known."""
    return render(request, "access/number_changed.html")


# --- Where an answer leads ------------------------------------------------------------------------------------


def _marks(request: Request) -> Marks:
    return Marks(
        new_session=fresh_reference(request, "session"),
        new_device=fresh_reference(request, "device"),
        devices=cookies.device_marks(request),
    )


async def _onwards(request: Request, answered: Answered, wanted: str) -> Response:
    match answered.outcome:
        case "closed":
            return see_other(request, "access:link_closed")
        case "busy":
            return error_page(request, 429, try_again=answered.try_again)
        case "gone":
            return await leading.elsewhere(request, wanted)
    stays_known = answered.outcome == "full"
    response = (
        see_other(request, leading.wanted_page(wanted))
        if stays_known
        else leading.with_next(request, "access:code", wanted)
    )
    marks = _marks(request)
    cookies.give(response, request, cookies.SESSION, marks.new_session)
    if stays_known and answered.new_device:
        cookies.add_device_mark(response, request, marks.new_device)
    return response


# --- "Not me" -------------------------------------------------------------------------------------------------


async def not_me(request: Request) -> Response:
    """Asks once more."""
    return render(request, "access/not_me.html")


@evenly
async def say_not_me(request: Request) -> Response:
    """Stops reminders to the number of the link that led here; a made-up one gets the same answer."""
    await pressed(request, "not_me")
    now = visit_of(request).now
    link_id = cookies.read_step(request, "not_me", now)
    stop_id = await db.write(request, stop_actions.stop_number, link_id or 0)
    response = see_other(request, "access:not_me_done")
    cookies.give_step(response, request, "not_me_undo", stop_id, now)
    return response


async def not_me_done(request: Request) -> Response:
    """Says until when it can be undone on this device."""
    until = cookies.step_ends(request, "not_me_undo", visit_of(request).now)
    if until is None:
        return see_other(request, "access:not_me")
    return render(request, "access/not_me_done.html", until=until)


@evenly
async def undo_not_me(request: Request) -> Response:
    """Takes it back, within ten minutes on this device."""
    await pressed(request, "not_me_undo")
    stop_id = cookies.read_step(request, "not_me_undo", visit_of(request).now)
    if stop_id is None:
        return see_other(request, "access:not_me")
    await db.write(request, stop_actions.undo_stop, stop_id)
    response = render(request, "access/not_me_done.html", until=None)
    cookies.drop(response, request, cookies.STEP)
    return response


routes = [
    route("/start", start, name="access:start", may="anyone"),
    route("/start", ask_for_link, name="access:ask_for_link", may="anyone", methods=("POST",)),
    route("/start/sent", start_sent, name="access:start_sent", may="anyone"),
    route("/l/{ref:path}", landing, name="access:landing", may="anyone"),
    route("/l/{ref:path}", open_link, name="access:open_link", may="anyone", methods=("POST",)),
    route("/link-unusable", link_unusable, name="access:link_unusable", may="anyone"),
    route("/link-closed", link_closed, name="access:link_closed", may="anyone"),
    # The steps on the way in are open to anyone, so that somebody at the wrong one is led to their own.
    route("/check", check, name="access:check", may="anyone"),
    route("/check", answer_check, name="access:answer_check", may="anyone", methods=("POST",)),
    route("/code", code, name="access:code", may="anyone"),
    route("/code", answer_code, name="access:answer_code", may="anyone", methods=("POST",)),
    route("/code/new", new_code, name="access:new_code", may="anyone", methods=("POST",)),
    route("/number-changed", number_changed, name="access:number_changed", may="anyone"),
    route("/not-me", not_me, name="access:not_me", may="anyone"),
    route("/not-me", say_not_me, name="access:say_not_me", may="anyone", methods=("POST",)),
    route("/not-me/done", not_me_done, name="access:not_me_done", may="anyone"),
    route("/not-me/undo", undo_not_me, name="access:undo_not_me", may="anyone", methods=("POST",)),
]
