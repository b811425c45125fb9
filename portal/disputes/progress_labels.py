"""Where a dispute stands, step by step: what was sent, asked, added and decided, and what is promised."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.disputes.labels import OUTCOMES
from portal.disputes.own_queries import DetailPage
from portal.platform import formats
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, and when it was; without a time it is to come, or its time is not kept."""

    title: str
    at: datetime | None = None
    is_promised: bool = False


def steps(page: DetailPage) -> list[Step]:
    """What has happened to a dispute in the order of time, then what is promised, or that it was withdrawn."""
    return [*sorted(_happened(page), key=lambda step: step.at or page.dispute.filed_at), *_ahead(page)]


def _happened(page: DetailPage) -> Iterator[Step]:
    filed_at = page.dispute.filed_at
    with_it = sum(file.created_at <= filed_at for file in page.sent_files)
    sent = ngettext("Sent, with %(count)s file", "Sent, with %(count)s files", with_it, count=with_it)
    yield Step(sent if with_it else _("Sent to us"), filed_at)
    if page.decision:
        yield Step(_("Decided: %(outcome)s", outcome=OUTCOMES[page.decision.outcome][0]), page.decision.decided_at)
    if page.review:
        yield Step(_("You asked for a review"), page.review.asked_at)
    for message in page.messages:
        if message.kind == "question":
            yield Step(_("We asked for more"), message.at)
        elif message.kind == "message" and message.staff_name is None:
            yield Step(_("You wrote to us"), message.at)
    for file in page.sent_files:
        if file.created_at > filed_at and file.state != "deleted":
            yield Step(_("You added %(file)s", file=file.name), file.created_at)


def _ahead(page: DetailPage) -> Iterator[Step]:
    if page.dispute.state == "withdrawn":
        yield Step(_("Withdrawn"))
    elif page.dispute.takes_more:
        yield Step(_("Answer by %(date)s at the latest", date=formats.long_date(page.answer_by)), is_promised=True)
