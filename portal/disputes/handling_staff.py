"""What staff do with a dispute beside deciding it: the queues, holding, handing over, notes, documents, repeats."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, handling_actions, labels, queue_queries, thread_actions
from portal.disputes.deciding_actions import Choice
from portal.disputes.deciding_queries import colleagues
from portal.disputes.forms import (
    BODY_LIMIT,
    DecideForm,
    HandOverForm,
    HoldForm,
    NoteForm,
    ReferenceForm,
    StaffFilesForm,
    queue_filter,
)
from portal.disputes.staff_view import ONE, show
from portal.evidence.uploads import keep_uploads
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def queue(request: Request) -> Response:
    """What waits for staff, overdue promises on top."""
    return await _queue(request, "disputes")


async def fraud(request: Request) -> Response:
    """Claims that somebody else took the loan out."""
    return await _queue(request, "fraud")


async def reviews(request: Request) -> Response:
    """Decisions to review in which the reader had no part."""
    return await _queue(request, "reviews")


async def _queue(request: Request, which: str) -> Response:
    page = await db.read(request, queue_queries.queue_page, queue_filter(request.query_params, which))
    return render(request, "disputes/staff_queue.html", page=page, words=labels)


async def hold(request: Request) -> Response:
    """Take a dispute, or give it back; somebody else's stays theirs, and the page says whose it is."""
    form = await HoldForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, handling_actions.hold, number, bool(form.raw.get("held")))
    except Refusal:
        raise HTTPException(404) from None
    return see_other(request, "disputes:staff_detail", number=number)


async def attach(request: Request) -> Response:
    """Attach documents, internal or shared with the borrower."""
    form = await StaffFilesForm.read(request)
    number = request.path_params["number"]
    await db.admit(request)  # before anything is stored
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    shared = bool(form.raw.get("shared"))
    try:
        problems = await db.write(request, thread_actions.add_staff_files, number, kept, refused, shared)
    except Refusal:
        raise HTTPException(404) from None
    if problems:
        again = DecideForm.blank()
        again.form_errors = [labels.file_problem(problem) for problem in problems]
        return await show(request, again, 422)
    return see_other(request, "disputes:staff_detail", number=number)


async def note(request: Request) -> Response:
    """Write a note that only staff see."""
    form = await NoteForm.read(request)
    form.check()
    if not form.ok:
        return await _again(request, form)
    try:
        await db.write(request, handling_actions.write_note, request.path_params["number"], form.value.words)
    except Refusal:
        raise HTTPException(404) from None
    return see_other(request, "disputes:staff_detail", number=request.path_params["number"])


async def hand_over(request: Request) -> Response:
    """Hand the dispute over to a colleague, with a note; who is asked for on a page of its own."""
    number = request.path_params["number"]
    if request.method == "GET":
        return await _hand_over_page(request, HandOverForm.blank())
    form = await HandOverForm.read(request)
    form.check()
    if form.ok:
        try:
            await db.write(request, handling_actions.hand_over, number, form.value.to, form.value.words)
            return see_other(request, "disputes:staff_detail", number=number)
        except Refusal as refusal:
            if refusal.code == "unknown_dispute":
                raise HTTPException(404) from None
            form.refuse(refusal)
    return await _hand_over_page(request, form, 422)


async def _hand_over_page(request: Request, form: HandOverForm, status: int = 200) -> Response:
    number = request.path_params["number"]
    others = await db.read(request, colleagues, number)
    if others is None:
        raise HTTPException(404)
    return render(
        request, "disputes/staff_hand_over.html", status=status, form=form, number=number, others=others, words=labels
    )


async def by_reference(request: Request) -> Response:
    """Answer a dispute that repeats an earlier one, by that one's answer."""
    form = await ReferenceForm.read(request)
    number = request.path_params["number"]
    if not str(form.raw.get("words", "")).strip():
        form.add_error("words", str(labels.WORDS_NEEDED))
    if not form.ok:
        return await _again(request, form)
    value = form.value
    choice = Choice((), "", value.words, value.seen, value.version, refers_to=value.refers_to)
    try:
        await db.write(request, deciding_actions.answer_by_reference, number, choice)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        form.refuse(refusal)
        return await _again(request, form, 409)
    return see_other(request, "disputes:staff_detail", number=number)


async def _again(request: Request, form: Form[Any], status: int = 422) -> Response:
    """The page of the dispute, which says what was wrong with a small form on it."""
    again = DecideForm.blank()
    again.form_errors = [*form.form_errors, *form.errors.values()]
    return await show(request, again, status)


routes = [
    route("/staff/disputes", queue, name="disputes:staff_queue", may="see_case"),
    route("/staff/fraud", fraud, name="disputes:staff_fraud", may="see_case"),
    route("/staff/reviews", reviews, name="disputes:staff_reviews", may="review_disputes"),
    route(ONE + "/hold", hold, name="disputes:staff_hold", may="handle_disputes", methods=("POST",)),
    route(ONE + "/note", note, name="disputes:staff_note", may="handle_disputes", methods=("POST",)),
    route(
        ONE + "/hand-over",
        hand_over,
        name="disputes:staff_hand_over",
        may="handle_disputes",
        methods=("GET", "POST"),
    ),
    route(ONE + "/reference", by_reference, name="disputes:staff_reference", may="handle_disputes", methods=("POST",)),
    route(
        ONE + "/files",
        attach,
        name="disputes:staff_files",
        may="handle_disputes",
        methods=("POST",),
        body_limit=BODY_LIMIT,
    ),
]
