"""What happens to a promise: it is made, moved, said to be paid, taken back, and judged by the payments.

Every change of state is one update guarded by `version`, by the table of states (core/plan_states.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core import promises as rules
from portal.core.plan_states import PROMISE as STATES
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.loans.queries import LoanRecord
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_number
from portal.promises import events, facts, queries
from portal.promises.facts import Choice
from portal.promises.queries import PROMISE, TOLD, PromiseRecord

PAGE = "/promises/{number}"

_EVENT_OF = {"kept": "keep", "made_good": "keep", "partly_kept": "keep_partly", "broken": "break"}

_ARRIVED = frozenset({"kept", "made_good"})


@dataclass(frozen=True, slots=True)
class Given:
    """What a person promises: `about` is a Choice's code, the amount in minor units."""

    about: str
    amount: int
    due_on: date
    channel: str


def make_promise(session: Session, viewer: Viewer, given: Given) -> str:
    """Promise to pay; the number.

    Refusals: `promise.nothing_due`, `promise.amount` (most), `promise.date` (first, last), and those of what stands
    beside it (`promise.<presence>`). Amounts are measured here against what is payable (MO-14).
    """
    loans.hold_loans(session, _choice(session, viewer, given).record.id)
    choice = _choice(session, viewer, given)  # anew: a plan agreed at this moment is there by now, or finds the promise
    try:
        rules.check(given.amount, given.due_on, viewer.today, choice.most, choice.instalment)
    except Refusal as refusal:
        raise Refusal(refusal.code, **refusal.data, currency=choice.record.currency) from None
    number = new_number()
    session.execute(insert(PROMISE).values(_row(viewer, choice, given, number)))
    _open_hold(session, viewer, choice, given, number)
    instalment = choice.instalment.number if choice.instalment else None
    audit.record(
        session,
        viewer,
        events.PromiseMade(
            number, choice.record.id, choice.record.currency, given.amount, given.due_on, given.channel, instalment
        ),
    )
    return number


def _choice(session: Session, viewer: Viewer, given: Given) -> Choice:
    page = queries.new_page(session.connection(), viewer)
    choice = page.choice(given.about)
    if choice is None:
        raise page.blocked[0][1] if page.blocked else Refusal("promise.nothing_due")
    return choice


def _row(viewer: Viewer, choice: Choice, given: Given, number: str) -> dict[str, Any]:
    record = choice.record
    awaited = facts.planned(record, viewer.today)
    return {
        "number": number,
        "person_id": viewer.person_id,
        "loan_id": record.id,
        "currency": record.currency,
        "state": STATES.states[0],
        "version": 1,
        "amount": given.amount,
        "channel": given.channel,
        "instalment": choice.instalment.number if choice.instalment else None,
        "made_on": viewer.today,
        "made_at": viewer.now,
        "first_due_on": given.due_on,
        "due_on": given.due_on,
        "cure_days": record.rules.cure_days,
        "counted": queries.known_payments(record, viewer.today),
        "planned": facts.as_stored(awaited),
        "ended_by": "",
    }


def _open_hold(session: Session, viewer: Viewer, choice: Choice, given: Given, number: str) -> None:
    loans.open_hold(
        session,
        viewer,
        kind="promise",
        loan_id=choice.record.id,
        person_id=viewer.person_id or 0,
        from_day=viewer.today,
        until=None,
        number=number,
        path=PAGE.format(number=number),
        parts=[choice.part],
        data={"payments": [[given.due_on, given.amount]]},
    )


def move_promise(session: Session, viewer: Viewer, number: str, to_day: date) -> str:
    """Move a promise to a later day, once and before its day. Refusals `promise.state`, `promise.cannot_move`."""
    found, record = _own(session, viewer, number)
    STATES.after(found.state, "move")
    if to_day not in queries.days_to_move(found, record, viewer.today):
        raise Refusal("promise.cannot_move")
    _move(session, viewer, found, "move", due_on=to_day)
    _note_new_day(session, viewer, found, to_day)
    audit.record(session, viewer, events.PromiseMoved(number, found.due_on, to_day))
    return number


def _note_new_day(session: Session, viewer: Viewer, found: PromiseRecord, to_day: date) -> None:
    """The hold says the new day, so that the account and the lender's system have it."""
    parts = loans.open_parts(session, found.number)
    loans.end_hold(session, viewer, found.number, viewer.today, "moved")
    loans.open_hold(
        session,
        viewer,
        kind="promise",
        loan_id=found.loan_id,
        person_id=found.person_id,
        from_day=found.made_on,
        until=None,
        number=found.number,
        path=PAGE.format(number=found.number),
        parts=parts,
        data={"payments": [[to_day, found.amount]]},
    )


def say_paid(session: Session, viewer: Viewer, number: str, paid_on: date) -> str:
    """The person says that something was paid for it: until this is answered (`answer_paid`) only what arrives ends it.

    Refusals `promise.state`, `promise.paid_on`.
    """
    found, _record = _own(session, viewer, number)
    if not found.made_on <= paid_on <= viewer.today:
        raise Refusal("promise.paid_on")
    _move(session, viewer, found, "say_paid", said_paid_on=paid_on)
    audit.record(session, viewer, events.PromiseSaidPaid(number, paid_on))
    return number


def answer_paid(session: Session, viewer: Viewer, number: str, outcome: str) -> None:
    """What was said to be paid is `found`, `not_found` or `withdrawn`: the promise goes on as it stood before.

    Nothing where it has ended meanwhile. From then on it is judged as ever, with the cure days of its own day.
    """
    found = queries.promise(session.connection(), number)
    if found is None or found.state != "being_verified":
        return
    event = "answer" if found.due_on == found.first_due_on else "answer_moved"
    _move(session, viewer, found, event)
    audit.record(session, viewer, events.PromisePaidAnswered(number, outcome, STATES.after(found.state, event)))


def hold(session: Session, number: str) -> None:
    """Let nobody else change the promise until this transaction ends."""
    session.connection().execute(select(PROMISE.c.id).where(PROMISE.c.number == number).with_for_update())


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """Say before its day that it cannot be paid: no strike, whatever happens.

    Refusals `promise.state`, `promise.too_late`.
    """
    found, _record = _own(session, viewer, number)
    if viewer.today >= found.due_on and found.is_open:
        raise Refusal("promise.too_late")
    _withdraw(session, viewer, found, "person")
    return number


def withdraw_for_plan(session: Session, viewer: Viewer, number: str) -> None:
    """A plan was agreed that covers it (domain.md 9); nothing where it has ended already."""
    hold(session, number)
    found = queries.promise(session.connection(), number)
    if found is not None and found.is_open:
        _withdraw(session, viewer, found, "plan")
    else:
        loans.end_hold(session, viewer, number, viewer.today, "withdrawn")


def _withdraw(session: Session, viewer: Viewer, found: PromiseRecord, by: str) -> None:
    _move(session, viewer, found, "withdraw", ended_at=viewer.now, ended_by=by)
    loans.end_hold(session, viewer, found.number, viewer.today, "withdrawn")
    audit.record(session, viewer, events.PromiseWithdrawn(found.number, by))


def judge(session: Session, viewer: Viewer, number: str) -> str:
    """Look at a promise once more, as of the viewer's day: what was done, "" for nothing. Safe to repeat.

    A payment that is booked late for an earlier day is told where a promise has ended, and its state stays.
    """
    view = _view(session.connection(), viewer, number)
    if view is None:
        return ""
    found, record, word = view
    if word == "withdrawn":
        return _leave(session, viewer, found)
    if word in _EVENT_OF and record.data_date is not None:
        return _end(session, viewer, found, record, word, min(record.data_date, viewer.today))
    return _tell(session, viewer, found, word) if word else ""


def has_news(connection: Connection, viewer: Viewer, number: str) -> bool:
    """Whether `judge` would do something: looked at before anything is locked."""
    view = _view(connection, viewer, number)
    return view is not None and view[2] != ""


def _view(connection: Connection, viewer: Viewer, number: str) -> tuple[PromiseRecord, LoanRecord, str] | None:
    """A promise with its loan, and what is to be done about it as of the viewer's day, "" for nothing."""
    found = queries.promise(connection, number)
    record = loan_queries.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    return (found, record, _news(found, record, viewer.today)) if found and record else None


def _news(found: PromiseRecord, record: LoanRecord, today: date) -> str:
    if found.is_open and facts.has_left(record):
        return "withdrawn"
    if facts.rests(record, today) or record.data_date is None:
        return ""
    outcome = rules.outcome(record.facts, found.promised, min(record.data_date, today))
    last = found.told[-1][0] if found.told else ""
    if found.state == "being_verified" and outcome not in _ARRIVED:
        return ""  # somebody looks for what the person has paid: until they have, it is neither missed nor broken
    if found.is_open:
        is_new = outcome in _EVENT_OF or (outcome == "missed" and last != "missed")
        return outcome if is_new else ""
    # A payment that came back is told by its own messages; here only what turns out better.
    is_better = outcome in _ARRIVED and found.state in {"partly_kept", "broken"}
    return "rejudged" if is_better and last != "rejudged" else ""


def _leave(session: Session, viewer: Viewer, found: PromiseRecord) -> str:
    """The loan is sold or closed: its promise ends with a notice."""
    try:
        _withdraw(session, viewer, found, "loan")
    except Refusal:
        return ""
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=found.number)
    return "withdrawn"


def _end(
    session: Session, viewer: Viewer, found: PromiseRecord, record: LoanRecord, outcome: str, booked_to: date
) -> str:
    event = _EVENT_OF[outcome]
    state = STATES.after(found.state, event)
    try:
        _move(session, viewer, found, event, ended_at=viewer.now, ended_by="rule")
    except Refusal:
        return ""
    loans.end_hold(session, viewer, found.number, viewer.today, state)
    arrived = rules.received(record.facts, found.promised, found.cure_until)
    audit.record(session, viewer, events.PromiseJudged(found.number, state, arrived, booked_to))
    _tell(session, viewer, found, outcome)
    return state


def remind(session: Session, viewer: Viewer, number: str) -> bool:
    """Remind of a promise on the day before it, once; False where there is no reason any more."""
    found = queries.promise(session.connection(), number)
    record = loan_queries.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None or found.state not in {"open", "moved"} or facts.rests(record, viewer.today):
        return False
    if facts.has_left(record) or any(what == "reminder" and day == found.due_on for what, day, _on in found.told):
        return False
    if rules.received(record.facts, found.promised, viewer.today) >= found.amount:
        return False
    _note(session, viewer, found, "reminder")
    return notify(session, viewer, person_id=found.person_id, template="sms.news") is not None


def _tell(session: Session, viewer: Viewer, found: PromiseRecord, what: str) -> str:
    _note(session, viewer, found, what)
    template = "sms.answer" if what in _ARRIVED or what == "rejudged" else "sms.news"
    notify(session, viewer, person_id=found.person_id, template=template, number=found.number)
    return what


def _note(session: Session, viewer: Viewer, found: PromiseRecord, what: str) -> None:
    """Keep what was told; of two at once the second finds its place taken, and its transaction is done again."""
    row = {"promise_id": found.id, "place": len(found.told), "what": what, "due_on": found.due_on}
    session.execute(insert(TOLD).values(row | {"told_at": viewer.now, "told_on": viewer.today}))
    audit.record(session, viewer, events.PromiseTold(found.number, what, found.due_on))


def _own(session: Session, viewer: Viewer, number: str) -> tuple[PromiseRecord, LoanRecord]:
    """A promise of the viewer with its loan; LookupError for nobody's or somebody else's."""
    page = queries.detail_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    return page.promise, page.record


def _move(session: Session, viewer: Viewer, found: PromiseRecord, event: str, **more: Any) -> None:
    """Change the state of a promise that nobody has changed since it was read."""
    state = STATES.after(found.state, event)
    moved = (
        update(PROMISE)
        .where(PROMISE.c.id == found.id, PROMISE.c.version == found.version, PROMISE.c.state == found.state)
        .values(state=state, version=found.version + 1, **more)
    )
    if not changed(session, moved):
        raise Refusal("promise.changed")
