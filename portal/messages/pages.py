"""The borrower's diary: what was sent, when, how and in what words."""

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from portal.core.contact import ContactRule
from portal.loans import queries as loans
from portal.messages import actions, queries
from portal.messages.forms import ReminderForm
from portal.messages.sending import contact_rule
from portal.platform import db
from portal.platform.formats import clock_time
from portal.platform.gate import Viewer, route
from portal.platform.render import render, see_other


async def diary(request: Request) -> Response:
    """Everything that was sent to the viewer, and today's count of reminders."""
    zone = request.app.state.portal.settings.time_zone
    page, rule = await db.read(request, _page, zone)
    return render(
        request,
        "messages/diary.html",
        page=page,
        contacts_a_day=rule.contacts_a_day,
        opens=clock_time(rule.opens, page.zone),
        closes=clock_time(rule.closes, page.zone),
        clock=lambda moment: clock_time(moment, page.zone),
    )


async def reminders(request: Request) -> Response:
    """Stop reminders by text, or let them come again."""
    form = await ReminderForm.read(request)
    if form.ok:
        act = actions.stop_reminders if form.value.reminders == "stop" else actions.resume_reminders
        await db.write(request, act)
    return see_other(request, "messages:diary")


def _page(connection: Connection, viewer: Viewer, zone: str) -> tuple[queries.Diary, ContactRule]:
    records = loans.loans_of(connection, viewer.person_id or 0, viewer.today)
    return queries.diary(connection, viewer, zone), contact_rule(records, viewer)


routes = [
    route("/messages", diary, name="messages:diary", may="see_account"),
    route("/messages/reminders", reminders, name="messages:reminders", may="see_account", methods=("POST",)),
]
