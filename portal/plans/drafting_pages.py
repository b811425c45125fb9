"""A plan before it is sent, one thing a page: pay now, income and spending, days, how much, and all of it once more.

The first page is `/plans/new`; from then on there is a draft, `/plans/drafts/{code}/…`. Each page is kept as it is
left, and any of them may be saved for later.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import drafting_actions, drafting_queries, proposing_queries, words
from portal.plans.drafting_actions import Sending
from portal.plans.drafting_forms import (
    AgainForm,
    AmountForm,
    DaysForm,
    DiscardForm,
    HouseholdForm,
    NowForm,
    OwnForm,
    SendForm,
)
from portal.plans.drafting_queries import STEPS, DraftPage
from portal.plans.facts import Told, read_told
from portal.plans.proposing_queries import NewPage
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.lender_view import lender_of
from portal.platform.render import render, see_other

Step = Callable[[Request, DraftPage], Awaitable[Response]]
AnyForm = TypeVar("AnyForm", bound=Form[Any])
FormStep = Callable[[Request, AnyForm, DraftPage], Awaitable[Response]]
OVERTAKEN = frozenset({"plan.figures_changed", "plan.nothing_due", "draft_changed"})
"""Refusals that say that something changed under the form: 409, else 422."""


def of_draft(step: Step) -> Callable[[Request], Awaitable[Response]]:
    """A page of a draft; of one that was sent it leads to the plan, of one that cannot be sent now it says why."""

    async def page(request: Request) -> Response:
        found = await _draft(request)
        if not isinstance(found, DraftPage):
            return see_other(request, "plans:detail", number=found)
        return await step(request, found) if found.can_be_sent else _stopped(request, found)

    return page


def of_form(form_type: type[AnyForm], step: FormStep[AnyForm]) -> Callable[[Request], Awaitable[Response]]:
    """What takes a form of a draft; the form is read first, so that a foreign one is refused whatever it is about."""

    async def take(request: Request) -> Response:
        form = await form_type.read(request)
        found = await _draft(request)
        if not isinstance(found, DraftPage):
            return see_other(request, "plans:detail", number=found)
        told = read_told(str(form.raw["told"]))
        return await step(request, form, found) if found.can_be_sent else _stopped(request, found, 409, told)

    return take


async def _draft(request: Request) -> DraftPage | str:
    found = await db.read(request, drafting_queries.draft_page, request.path_params["code"])
    if found is None:
        raise HTTPException(404)
    return found


# --- What can you pay now? ----------------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    """The first question, or why no plan can be proposed now."""
    form = await NowForm.reopen(request, when="today", currency=request.query_params.get("currency", ""))
    return await _first_page(request, form)


async def begin(request: Request) -> Response:
    """Begin a draft with what can be paid now."""
    form = await NowForm.read(request)
    currency, status = str(form.raw["currency"]), 422
    page = await db.read(request, proposing_queries.basis_page, currency)
    form.check(currency or "XXX", page.due)
    if form.ok:
        try:
            changes = {"first": form.value.first, "when": form.value.when}
            code = await db.overwrite(request, drafting_actions.begin, currency, changes, form.key)
            return _onwards(request, form, "household", code)
        except Refusal as refusal:
            status = _refuse(form, refusal)
    return await _first_page(request, form, status)


async def _first_page(request: Request, form: NowForm, status: int = 200) -> Response:
    page = await db.read(request, proposing_queries.basis_page, str(form.raw["currency"]))
    begun = await db.read(request, drafting_queries.begun, page.currency)
    return _render(request, "now", page, form, status, begun=begun)


async def now(request: Request, draft: DraftPage) -> Response:
    """What can be paid now, once more."""
    given = {"first": draft.content.first, "when": draft.content.when, "currency": draft.currency}
    form = await NowForm.reopen(request, **given, version=draft.draft.version)
    return _render(request, "now", draft.page, form, draft=draft)


async def pay_now(request: Request, form: NowForm, draft: DraftPage) -> Response:
    """Keep what can be paid now."""
    form.check(draft.currency, draft.page.due)
    return await _save(request, form, draft, "now", {"first": form.raw["first"], "when": form.raw["when"] or "today"})


# --- Income and spending ------------------------------------------------------------------------------------------


async def household(request: Request, draft: DraftPage) -> Response:
    """What comes in and goes out; it may be skipped."""
    typed = {name: getattr(draft.content, name) for name in ("income", "spending", "others")}
    form = await HouseholdForm.reopen(request, **typed, version=draft.draft.version)
    return _render(request, "household", draft.page, form, draft=draft)


async def say_household(request: Request, form: HouseholdForm, draft: DraftPage) -> Response:
    """Keep what comes in and goes out, or nothing of it."""
    if form.raw["act"] == "skip":
        form.errors.clear()
        return await _save(request, form, draft, "household", {"income": "", "spending": "", "others": ""})
    form.check(draft.currency)
    return await _save(
        request, form, draft, "household", {name: form.raw[name] for name in ("income", "spending", "others")}
    )


# --- Days ---------------------------------------------------------------------------------------------------------


async def days(request: Request, draft: DraftPage) -> Response:
    """How often, and on which day."""
    usual = draft.days
    given = {
        "rhythm": usual.rhythm,
        "pay_day": usual.pay_day,
        "first_on": usual.first_on.isoformat() if usual.first_on else "",
    }
    form = await DaysForm.reopen(request, **given, version=draft.draft.version)
    return _render(request, "days", draft.page, form, draft=draft)


async def choose_days(request: Request, form: DaysForm, draft: DraftPage) -> Response:
    """Keep the days."""
    form.check(draft.page)
    typed = {name: str(form.raw[name]) for name in ("rhythm", "pay_day", "first_on")}
    return await _save(request, form, draft, "days", typed)


# --- How much -----------------------------------------------------------------------------------------------------


async def amount(request: Request, draft: DraftPage) -> Response:
    """One of three amounts, or one's own; below them what it comes to."""
    form = await AmountForm.reopen(request, version=draft.draft.version)
    return await _amount_page(request, form, draft)


async def choose_amount(request: Request, form: AmountForm, draft: DraftPage) -> Response:
    """Keep the amount that was chosen, or go on to one's own."""
    chosen = str(form.raw["amount"])
    if form.raw["act"] == "update":
        form.errors.clear()
        return await _amount_page(request, form, draft)
    if chosen == "own" and form.raw["act"] != "later":
        return see_other(request, "plans:draft_own", code=draft.draft.code)
    ready = await db.read(request, drafting_queries.suggestions_of, draft.draft.code)
    found = next((each for each in ready if each.typed == chosen), None)
    if found is None and form.raw["act"] != "later":
        form.errors["amount"] = _("Choose one of these amounts, or your own.")
        return await _amount_page(request, form, draft, 422)
    changes = {"way": "monthly", "monthly": chosen, "anyway": not found.passed} if found else {}
    return await _save(request, form, draft, "amount", changes)


async def _amount_page(request: Request, form: AmountForm, draft: DraftPage, status: int = 200) -> Response:
    code = draft.draft.code
    ready = await db.read(request, drafting_queries.suggestions_of, code)
    kept = draft.content.monthly if draft.content.way == "monthly" else draft.content.way
    known = {each.typed for each in ready}
    chosen = str(form.raw["amount"]) or (kept if kept in known or not kept else "own")
    if chosen not in known and chosen != "own":
        chosen = ready[0].typed if ready else "own"
    given = _kept_amount(draft) if chosen == "own" else {"amount": chosen}
    tried = await db.read(request, drafting_queries.tried_page, code, given)
    page = tried if isinstance(tried, DraftPage) else draft
    return _render(request, "amount", page.page, form, status, draft=page, ready=ready, chosen=chosen, own=False)


def _kept_amount(draft: DraftPage) -> dict[str, str]:
    return {name: getattr(draft.content, name) for name in ("way", "monthly", "payments")}


async def own(request: Request, draft: DraftPage) -> Response:
    """An amount of one's own, or a number of payments."""
    given = _kept_amount(draft)
    given["way"] = "equal" if given["way"] in {"equal", "payments"} else "monthly"
    form = await OwnForm.reopen(request, **given, version=draft.draft.version)
    return await _own_page(request, form, draft.draft.code)


async def choose_own(request: Request, form: OwnForm, draft: DraftPage) -> Response:
    """Keep an amount of one's own; one outside the limits only if it is meant so, or with the smallest change."""
    act, code = str(form.raw["act"]), draft.draft.code
    typed = {name: str(form.raw[name]) for name in ("way", "monthly", "payments")}
    tried = await db.read(request, drafting_queries.tried_page, code, typed)
    if not isinstance(tried, DraftPage):
        return await of_draft(own)(request)
    page = tried.page
    if act == "update":
        form.errors.clear()
        return await _own_page(request, form, code)
    way = {"change": page.change, "larger": page.larger}.get(act)
    if way is not None:
        return await _save(request, form, draft, "amount", {**_without_currency(way.typed), "anyway": False})
    form.errors.update(page.question.errors)
    if form.ok and act != "later":
        _judge(form, page, act)
    return await _save(request, form, draft, "own", {**typed, "anyway": act == "anyway"})


def _judge(form: OwnForm, page: NewPage, act: str) -> None:
    """Say what keeps an amount from being sent."""
    if page.figures is None or not page.figures.ends:
        refusal = page.refusal or Refusal("plan.never_ends")
        form.form_errors.append(words.say(refusal))
    elif not page.passed and act != "anyway":
        form.form_errors.append(words.say(Refusal("plan.outside_limits")))


def _without_currency(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: entry for name, entry in typed.items() if name != "currency"}


async def _own_page(request: Request, form: OwnForm, code: str, status: int = 200) -> Response:
    typed = {name: str(form.raw[name]) for name in ("way", "monthly", "payments")}
    tried = await db.read(request, drafting_queries.tried_page, code, typed)
    if not isinstance(tried, DraftPage):
        return see_other(request, "plans:detail", number=tried) if tried else see_other(request, "plans:list")
    if any(typed[name] for name in ("monthly", "payments")) and form.raw["act"]:
        form.errors.update(tried.page.question.errors)
    return _render(request, "own", tried.page, form, status, draft=tried, own=True)


async def schedule(request: Request) -> Response:
    """Only what an amount comes to, while one chooses or types."""
    given = dict(request.query_params)
    tried = await db.read(request, drafting_queries.tried_page, request.path_params["code"], given)
    if not isinstance(tried, DraftPage):
        raise HTTPException(404)
    is_own = "way" in given
    return render(request, "plans/_schedule.html", page=tried.page, draft=tried, own=is_own)


# --- All of it once more ------------------------------------------------------------------------------------------


async def check(request: Request, draft: DraftPage) -> Response:
    """All answers once more, and the consent."""
    return _check_page(request, await SendForm.reopen(request), draft)


async def send(request: Request, form: SendForm, draft: DraftPage) -> Response:
    """Send the proposal."""
    status = 422
    if form.ok:
        sending = Sending(form.value.version, form.value.seen)
        lender = lender_of(request)["public_name"]
        try:
            number = await db.write(request, drafting_actions.send, draft.draft.code, sending, lender)
            return see_other(request, "plans:detail", number=number)
        except Refusal as refusal:
            status = _refuse(form, refusal)
    found = await _draft(request)
    if not isinstance(found, DraftPage):
        return see_other(request, "plans:detail", number=found)
    told = read_told(str(form.raw["told"]))
    return _check_page(request, form, found, status) if found.can_be_sent else _stopped(request, found, status, told)


async def discard(request: Request) -> Response:
    """Throw a draft away."""
    await DiscardForm.read(request)
    found = await _draft(request)
    if not isinstance(found, DraftPage):
        return see_other(request, "plans:detail", number=found)
    try:
        await db.write(request, drafting_actions.throw_away, found.draft.code)
    except Refusal:
        raise HTTPException(404) from None
    return see_other(request, "plans:list")


async def again(request: Request) -> Response:
    """Offer a plan that ended once more, as it was or with what would pass; it is looked over before it is sent."""
    form = await AgainForm.read(request)
    number = request.path_params["number"]
    which = form.value.which if form.ok else "same"
    try:
        code = await db.overwrite(request, drafting_actions.offer_again, number, which, form.key)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal:
        return see_other(request, "plans:new")  # it says why none can be proposed now
    return see_other(request, "plans:draft", code=code)


def _check_page(request: Request, form: SendForm, draft: DraftPage, status: int = 200) -> Response:
    page = draft.page
    told = read_told(str(form.raw["told"])) if form.raw["seen"] not in {"", page.seen} else None
    consent = words.consent(lender_of(request)["public_name"])
    return _render(request, "check", page, form, status, draft=draft, told=told, consent=consent)


# --- What all of them do ------------------------------------------------------------------------------------------


async def _save(request: Request, form: Form[Any], draft: DraftPage, name: str, changes: dict[str, Any]) -> Response:
    """Keep a page that is right, or is saved for later as it is; else show what is wrong with it."""
    if form.ok or form.raw["act"] in {"later", "skip"}:
        if name in {"amount", "own"} and form.ok:
            changes = {**changes, "through": True}  # the last question was answered
        try:
            version = _version(form)
            code = await db.overwrite(request, drafting_actions.save, draft.draft.code, version, changes)
            return await _next(request, form, name, code)
        except Refusal as refusal:
            _refuse(form, refusal)
    if name == "own" and isinstance(form, OwnForm):
        return await _own_page(request, form, draft.draft.code, 422)
    return _render(request, name, draft.page, form, 422, draft=draft)


async def _next(request: Request, form: Form[Any], name: str, code: str) -> Response:
    """To the page after this one; to the last one, if all of them had been passed and none is missing."""
    after = STEPS[STEPS.index("amount" if name == "own" else name) + 1]
    if after == "check":
        return _onwards(request, form, "check", code)
    found = await db.read(request, drafting_queries.draft_page, code)
    if isinstance(found, DraftPage) and found.content.through:
        after = found.missing or "check"
    return _onwards(request, form, after, code)


def _onwards(request: Request, form: Form[Any], step: str, code: str) -> Response:
    if form.raw["act"] == "later":
        return see_other(request, "plans:list")
    return see_other(request, "plans:draft" if step == "check" else f"plans:draft_{step}", code=code)


def _render(request: Request, name: str, page: NewPage, form: Form[Any], status: int = 200, **context: Any) -> Response:
    context = {"draft": None, "begun": None, "told": None, **context}
    step = STEPS.index("amount" if name == "own" else name) + 1
    before = STEPS[step - 2] if step > 1 else None
    template = f"plans/draft_{name}.html"
    return render(
        request, template, status=status, page=page, form=form, step=step, steps=len(STEPS), before=before, **context
    )


def _stopped(request: Request, draft: DraftPage, status: int = 200, told: Told | None = None) -> Response:
    """No plan can be proposed now; the draft can still be thrown away. What arrived since a form was shown is named."""
    arrived = max(0, draft.page.received - told.received) if told else 0
    return render(request, "plans/draft_stopped.html", status=status, draft=draft, page=draft.page, arrived=arrived)


def _refuse(form: Form[Any], refusal: Refusal) -> int:
    """Say on the form why it cannot be; the status of the page."""
    if refusal.code == "unknown_draft":
        raise HTTPException(404)
    form.refuse(refusal)
    return 409 if refusal.code in OVERTAKEN else 422


def _version(form: Form[Any]) -> int:
    typed = str(form.raw["version"])
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


DRAFT = "/plans/drafts/{code}"
MAY = "propose_plan"
POST = ("POST",)


def _page(path: str, name: str, step: Step) -> Route:
    return route(DRAFT + path, of_draft(step), name=f"plans:{name}", may=MAY)


def _taking(path: str, name: str, form_type: type[AnyForm], step: FormStep[AnyForm]) -> Route:
    return route(DRAFT + path, of_form(form_type, step), name=f"plans:{name}", may=MAY, methods=POST)


routes: list[Route] = [
    route("/plans/new", new, name="plans:new", may=MAY),
    route("/plans/new", begin, name="plans:begin", may=MAY, methods=POST),
    _page("", "draft", check),
    _taking("", "send", SendForm, send),
    _page("/now", "draft_now", now),
    _taking("/now", "pay_now", NowForm, pay_now),
    _page("/household", "draft_household", household),
    _taking("/household", "say_household", HouseholdForm, say_household),
    _page("/days", "draft_days", days),
    _taking("/days", "choose_days", DaysForm, choose_days),
    _page("/amount", "draft_amount", amount),
    _taking("/amount", "choose_amount", AmountForm, choose_amount),
    _page("/own", "draft_own", own),
    _taking("/own", "choose_own", OwnForm, choose_own),
    route(DRAFT + "/schedule", schedule, name="plans:schedule", may=MAY),
    route(DRAFT + "/discard", discard, name="plans:discard", may=MAY, methods=POST),
    route("/plans/{number}/again", again, name="plans:again", may=MAY, methods=POST),
]
