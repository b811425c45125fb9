"""Staff's pages that belong to no single feature: home, search, the case, second person, messages, the audit log."""

from datetime import date
from functools import partial

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.audit import queries as audit
from portal.desk import actions, event_details, event_labels, queries, words
from portal.desk.forms import NumberForm, PersonForm
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.numbers import read_number
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def home(request: Request) -> Response:
    """To the reader's first queue."""
    viewer = await db.read(request, lambda _connection, viewer: viewer)
    return see_other(request, queries.first_queue(viewer))


async def search(request: Request) -> Response:
    """To what a number names, from the bar of any page."""
    form = await NumberForm.read(request)
    if form.ok:
        found = await db.read(request, queries.page_of_number, form.value.number)
        if found is not None:
            return see_other(request, found)
        form.add_error("number", _("We know nothing under this number."))
    await db.admit(request)
    return render(request, "desk/people.html", status=422, form=form, people=None, reasons=words.SEARCH_REASONS)


async def people(request: Request) -> Response:
    """The search for a person."""
    await db.admit(request)
    form = PersonForm.blank()
    return render(request, "desk/people.html", form=form, people=None, reasons=words.SEARCH_REASONS)


async def find_people(request: Request) -> Response:
    """Whom the search found. It stays an answer to the form, since neither name nor phone may stand in an address."""
    form = await PersonForm.read(request)
    found = None
    if form.ok:
        asked = form.value
        codes = await db.write(request, actions.find_people, asked.name, asked.mobile, asked.because)
        found = await db.read(request, queries.people_of, codes)
    else:
        await db.admit(request)
    status = 200 if form.ok else 422
    return render(request, "desk/people.html", status=status, form=form, people=found, reasons=words.SEARCH_REASONS)


async def case(request: Request) -> Response:
    """One part of a person's case."""
    code, part = request.path_params["code"], request.path_params.get("part", "person")
    if part not in queries.PARTS:
        raise HTTPException(404)
    page = await db.write(request, actions.open_case, code, part, _because(request))
    if page is None:
        raise HTTPException(404)
    viewer = visit_of(request).viewer
    may_propose_for = viewer is not None and queries.may(viewer, "propose_for")
    return render(
        request,
        f"desk/case_{part}.html",
        page=page,
        parts=queries.PARTS,
        because=_because(request),
        may_propose_for=may_propose_for,
    )


async def receipt(request: Request) -> Response:
    """A penalty receipt as the person sees it."""
    zone = request.app.state.portal.settings.time_zone
    code, loan, number = (request.path_params[name] for name in ("code", "loan", "number"))
    found = await db.write(request, actions.open_receipt, code, loan, number, _day(request), zone)
    if found is None:
        raise HTTPException(404)
    return render(request, "desk/receipt.html", case=found[0], page=found[1], because=_because(request))


async def second(request: Request) -> Response:
    """What awaits a second person."""
    waiting = await db.read(request, queries.second_page)
    return render(request, "desk/second.html", waiting=waiting)


async def messages(request: Request) -> Response:
    """Texts that were not sent, or of which nobody knows."""
    texts = await db.read(request, queries.messages_page)
    return render(request, "desk/messages.html", texts=texts)


async def audit_log(request: Request) -> Response:
    """The audit log, the newest first."""
    before, about = request.query_params.get("before", ""), request.query_params.get("about", "").strip()[:60]
    page = await db.read(
        request, queries.audit_page, int(before) if before.isdecimal() and len(before) <= 18 else None, about
    )
    return render(request, "desk/audit.html", page=page, about=about)


async def audit_proof(request: Request) -> Response:
    """Whether every row of the log is there, in its place and unchanged."""
    viewer = await db.admit(request)
    portal = request.app.state.portal
    keys, folder = portal.settings.audit_keys, portal.settings.data_dir
    # In a thread of its own: looking through a long log holds up nobody's page.
    look = partial(portal.doors.read_as, viewer, audit.first_fault, keys, folder)
    fault = await to_thread.run_sync(look)
    return render(request, "desk/audit_proof.html", fault=fault)


def _because(request: Request) -> str:
    """The number of the request for which a case is opened; the queues' pages put it into their links."""
    return read_number(request.query_params.get("for", "")) or ""


def _day(request: Request) -> date:
    asked = request.query_params.get("on", "")
    try:
        return date.fromisoformat(asked)
    except ValueError:
        portal = request.app.state.portal
        today: date = portal.clock.today(portal.settings.time_zone)
        return today


filters = {
    "staff_role": words.role_word,
    "party_role": lambda role: str(words.PARTY_ROLES.get(role, role)),
    "loan_status": lambda status: str(words.LOAN_STATUSES.get(status, status)),
    "hold_kind": lambda kind: str(words.HOLD_KINDS.get(kind, kind)),
    "risk_class": lambda name: str(words.RISK_CLASSES.get(name, name)),
    "text_kind": lambda kind: str(words.TEXT_KINDS.get(kind, kind)),
    "text_state": lambda state: str(words.TEXT_STATES.get(state, state)),
    "text_reason": lambda reason: str(words.TEXT_REASONS.get(reason, reason)),
    "actor_kind": lambda kind: str(words.ACTORS.get(kind, kind)),
    "event_word": lambda kind: str(event_labels.EVENTS.get(kind, kind)),
    "event_details": event_details.details,
}

CASE = "/staff/cases/{code}"

routes: list[Route] = [
    route("/staff/", home, name="desk:home", may="staff"),
    route("/staff", home, name="desk:home_without_slash", may="staff"),
    route("/staff/search", search, name="desk:search", may="see_case", methods=("POST",)),
    route("/staff/people", people, name="desk:people", may="see_case"),
    route("/staff/people", find_people, name="desk:find_people", may="see_case", methods=("POST",)),
    route(CASE, case, name="desk:case", may="see_case"),
    route(CASE + "/{part}", case, name="desk:case_part", may="see_case"),
    route(CASE + "/loans/{loan}/instalments/{number:int}", receipt, name="desk:receipt", may="see_case"),
    route("/staff/second", second, name="desk:second", may="confirm"),
    route("/staff/messages", messages, name="desk:messages", may="see_case"),
    route("/staff/audit", audit_log, name="desk:audit", may="read_audit"),
    route("/staff/audit/proof", audit_proof, name="desk:audit_proof", may="read_audit"),
]
