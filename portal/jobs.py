"""Everything the worker does, how often, and in which lane."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlmodel import Session

from portal.access import jobs as access
from portal.account import jobs as account
from portal.account import notice_queries
from portal.audit import jobs as audit
from portal.complaints import jobs as complaints
from portal.core.plan_life import EVALUATION_HOUR
from portal.disputes import jobs as disputes
from portal.drafts import jobs as drafts
from portal.evidence import jobs as evidence
from portal.evidence import upload_jobs as uploads
from portal.evidence.covering import forget_leftovers
from portal.installation import Installation
from portal.loans import jobs as loans
from portal.messages import jobs as messages
from portal.messages.gateways import gateway_of
from portal.plans import jobs as plans
from portal.platform import once, throttle
from portal.platform.gate import Viewer
from portal.platform.worker import Job, Lanes, Worker
from portal.promises import jobs as promises
from portal.settlements import jobs as settlements

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


PATIENCE = 3.0
"""So many seconds a stop waits for a slow job; its child ends with us, and the work is done again."""


def make_worker(portal: Installation) -> Lanes:
    """The worker of an installation; several may run at once."""
    quick = Worker(portal.doors, list(quick_jobs(portal)))
    return Lanes(quick, Worker(portal.doors, list(slow_jobs(portal)), name="slow worker", patience=PATIENCE))


def slow_jobs(portal: Installation) -> Iterator[Job]:
    """What may take minutes: nobody's code stands behind it. Safe to be broken off anywhere, and done again."""
    read_pictures = partial(evidence.read_pictures, portal.doors, portal.files)
    yield Job("evidence.read_pictures", read_pictures, SECOND)


def quick_jobs(portal: Installation) -> Iterator[Job]:
    """Every other job. One that says it did something is looked at again at once."""
    settings, doors, files = portal.settings, portal.doors, portal.files
    yield Job("access.answer_link_requests", partial(access.answer_link_requests, doors), SECOND)
    yield Job("messages.send_due", partial(messages.send_due, doors, settings, gateway_of(settings)), SECOND)
    yield Job("evidence.read_waiting", partial(evidence.read_waiting, doors, files, portal.scanner), SECOND)
    yield Job("audit.note_anchor", partial(audit.note_anchor, doors, settings.data_dir, settings.audit_keys), MINUTE)
    yield Job("audit.check_log", partial(audit.check_log, doors, settings.data_dir, settings.audit_keys), HOUR)
    yield Job("messages.remind_due", partial(messages.remind_due, doors), 15 * MINUTE)
    yield Job("disputes.note_readings", partial(disputes.note_readings, doors), SECOND)
    yield Job("disputes.tell_late", partial(disputes.tell_late, doors), HOUR)
    yield Job("complaints.tell_late", partial(complaints.tell_late, doors), HOUR)
    yield Job("account.look_for_payments", partial(account.look_for_payments, doors), 15 * MINUTE)
    yield Job("account.forget_links", partial(account.forget_links, doors), HOUR)
    yield Job("promises.remind_due", partial(promises.remind_due, doors), 15 * MINUTE)
    yield Job("portal.evaluate", partial(_evaluate_new, portal), HOUR)
    yield Job("loans.compute_figures", partial(_compute_figures, portal), HOUR)
    yield Job("drafts.forget_old", partial(drafts.forget_old, doors, files), HOUR)
    yield Job("evidence.read_named", partial(evidence.read_named, doors, files), MINUTE)
    yield Job("evidence.scan_again", partial(evidence.scan_again, doors, files, portal.scanner), MINUTE)
    yield Job("evidence.delete_expired", partial(evidence.delete_expired, doors, files), HOUR)
    yield Job("evidence.forget_leftovers", partial(forget_leftovers, doors, files), 5 * SECOND)
    yield Job("evidence.watch_room", partial(evidence.watch_room, doors, settings.file_quota_gb), HOUR)
    yield Job("evidence.sweep_uploads", partial(uploads.sweep_uploads, doors, files), HOUR)
    yield Job("evidence.sweep_orphans", partial(evidence.sweep_orphans, doors, files), 6 * HOUR)
    yield Job("access.forget_old", partial(access.forget_old, doors), HOUR)
    yield Job("platform.forget_old", partial(_forget_old, portal), HOUR)


def evaluate(portal: Installation, as_of: date | None = None, *, all_of_them: bool = True) -> Iterator[str]:
    """Look at settlements, promises and plans as of a day, today if none is given; a line for each thing done.

    A plan comes last: a paid settlement ends it, and a broken promise counts against it. What was missed on days
    without a look is caught up.
    """
    system = portal.doors.system()
    viewer = replace(system, today=as_of or system.today)
    hour_struck = system.now.astimezone(ZoneInfo(system.zone)).hour >= EVALUATION_HOUR
    is_ripe = hour_struck or viewer.today < system.today
    ripe_on = viewer.today if is_ripe else viewer.today - timedelta(days=1)
    begun = time(EVALUATION_HOUR) if hour_struck else time()
    since = None if all_of_them else datetime.combine(system.today, begun, ZoneInfo(system.zone))
    yield from settlements.evaluate(portal.doors, viewer, notice_queries.is_reported)
    yield from promises.evaluate(portal.doors, viewer)
    yield from plans.evaluate(portal.doors, viewer, ripe_on, since)
    yield from settlements.look_after(portal.doors, viewer)


def _evaluate_new(portal: Installation) -> int:
    return sum(1 for _line in evaluate(portal, all_of_them=False))


def _compute_figures(portal: Installation) -> int:
    loans.compute_figures(portal.doors, portal.doors.system().today)
    return 0  # all is done: not again at once


def _forget_old(portal: Installation) -> int:
    def forget(session: Session, viewer: Viewer) -> int:
        return once.forget_old(session, viewer.now) + throttle.forget_old(session, viewer.now)

    return portal.doors.write_as(portal.doors.system(), forget)
