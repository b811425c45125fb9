"""Whether a text may go out now, and what it says: judged when it is sent, never when it was queued (SL-22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select
from sqlmodel import Session

from portal.access.code_queries import last_confirmed
from portal.access.link_actions import make_link
from portal.access.stop_queries import number_stopped
from portal.core.contact import ContactRule, may_contact, strictest
from portal.loans import queries as loans
from portal.loans.queries import CONTACT_POINT, PERSON, LoanRecord, PersonRecord
from portal.loans.rulepacks import codes, rule_pack
from portal.messages.queries import DIARY, reminders_stopped
from portal.messages.reminders import reason_to_remind
from portal.messages.texts import TEMPLATES, WITH_LINK, Text, mask_secrets, render_text, segments
from portal.platform import outbox
from portal.platform.gate import Viewer
from portal.platform.i18n import choose
from portal.platform.outbox import ROWS, Taken
from portal.platform.settings import Settings

ASKED_AT_THE_NUMBER = frozenset(("sms.code", "sms.link"))
"""What somebody asked for at this very number: it goes there even after "not me"."""

WORTH = {"sms.code": timedelta(minutes=10), "sms.link": timedelta(days=1), "sms.today": timedelta(hours=16)}
"""How long a text is worth sending; a week where nothing is said."""

_STOP_CONTACTS = frozenset(("fraud", "incapacity"))


class Ruling(Enum):
    """What is to become of a text now."""

    SEND = "send"
    WAIT = "wait"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling, with the moment to wait for or the reason to drop it."""

    ruling: Ruling
    wait_until: datetime | None = None
    reason: str = ""


SEND = Verdict(Ruling.SEND)


def judge(connection: Connection, viewer: Viewer, taken: Taken, zone: str) -> Verdict:
    """Whether a text may go to its person now; `zone` is the lender's, for people who have none of their own."""
    person = loans.person(connection, taken.person_id)
    reason = _reason_to_drop(connection, viewer, taken, person)
    if reason or person is None:
        return Verdict(Ruling.DROP, reason=reason)
    if not taken.is_contact:
        return SEND
    # A text about a request of their own has its number, and still comes.
    if taken.number is None and reminders_stopped(connection, person.id) is not None:
        return Verdict(Ruling.DROP, reason="not_wanted")
    records = loans.loans_of(connection, person.id, viewer.today)
    if not _may_contact_at_all(connection, viewer, taken, person, records):
        return Verdict(Ruling.DROP, reason="not_to_be_contacted")
    own_zone = ZoneInfo(person.time_zone or zone)
    now = viewer.now.astimezone(own_zone)
    midnight = datetime(now.year, now.month, now.day, tzinfo=own_zone)
    sent_today = outbox.contacts_since(connection, viewer, person.id, midnight)
    # Its own try counts already where it is being sent again.
    decision = may_contact(now, sent_today - (taken.state == "sending"), contact_rule(records, viewer))
    return SEND if decision.allowed else Verdict(Ruling.WAIT, wait_until=decision.next_at)


def contact_rule(records: tuple[LoanRecord, ...], viewer: Viewer) -> ContactRule:
    """The strictest window and cap of the person's loans; of all packs for a person without one."""
    packs = {record.rule_pack for record in records} or set(codes())
    return strictest([rule_pack(code).contact_rule(viewer.today) for code in sorted(packs)])


def _reason_to_drop(connection: Connection, viewer: Viewer, taken: Taken, person: PersonRecord | None) -> str:
    if taken.kind not in TEMPLATES or (taken.state == "sending" and taken.text is None):
        return "unreadable"
    if viewer.now - taken.created_at > WORTH.get(taken.kind, timedelta(days=7)):
        return "too_late"
    if person is None or person.mobile is None:
        return "no_number"
    if taken.contact_point_id != person.contact_point_id and (taken.kind == "sms.code" or taken.state == "sending"):
        return "number_changed"
    if taken.kind not in ASKED_AT_THE_NUMBER and number_stopped(connection, person.mobile):
        return "number_stopped"
    return ""


def _may_contact_at_all(
    connection: Connection, viewer: Viewer, taken: Taken, person: PersonRecord, records: tuple[LoanRecord, ...]
) -> bool:
    today = viewer.today
    about = taken.data.get("loan_id")
    records = tuple(record for record in records if about in (None, record.id))
    if any(hold.kind in _STOP_CONTACTS and hold.is_in_force(today) for record in records for hold in record.holds):
        return False
    if "reason" in taken.data and reason_to_remind(records, today, None) is None:
        return False
    limits = [rule_pack(code).confirm_number_days(today) for code in {record.rule_pack for record in records}]
    days = min((limit for limit in limits if limit is not None), default=None)
    return days is None or viewer.now - _confirmed_at(connection, person) <= timedelta(days=days)


def _confirmed_at(connection: Connection, person: PersonRecord) -> datetime:
    """When the number was last known to be the person's: a code typed in, or its arrival here (SL-21)."""
    arrived: datetime = connection.execute(
        select(CONTACT_POINT.c.recorded_at).where(CONTACT_POINT.c.id == person.contact_point_id)
    ).scalar_one()
    confirmed = last_confirmed(connection, person.contact_point_id or 0)
    return max(arrived, confirmed) if confirmed else arrived


@dataclass(frozen=True, slots=True)
class ReadyText:
    """A text whose words and reference are committed: it may be handed to the gateway."""

    number: str
    words: str


def prepare(session: Session, viewer: Viewer, taken: Taken, settings: Settings) -> ReadyText | None:
    """Judge a leased row once more and commit its words; None where it waits, was dropped, or is not ours any more."""
    connection = session.connection()
    # Two workers with texts for one person take turns, so that the cap holds.
    connection.execute(select(PERSON.c.id).where(PERSON.c.id == taken.person_id).with_for_update())
    if not _is_still_ours(connection, viewer, taken):
        return None
    verdict = judge(connection, viewer, taken, settings.time_zone)
    if verdict.ruling is Ruling.DROP:
        outbox.finish(session, viewer, taken.id, "failed", verdict.reason)
        return None
    if verdict.ruling is Ruling.WAIT and verdict.wait_until is not None:
        wait = outbox.again if taken.state == "sending" else outbox.postpone
        wait(session, viewer, taken.id, verdict.wait_until)
        return None
    person = loans.person(connection, taken.person_id)
    number = person.mobile if person and person.mobile else ""
    if taken.state == "sending":
        return ReadyText(number, taken.text or "")
    return _write_words(session, viewer, taken, settings, number, person)


def _is_still_ours(connection: Connection, viewer: Viewer, taken: Taken) -> bool:
    """Our lease may have ended while other texts were being sent."""
    row = connection.execute(
        select(ROWS.c.state, ROWS.c.lease_until).where(ROWS.c.id == taken.id).with_for_update()
    ).one()
    return bool(row.state == taken.state and row.lease_until and row.lease_until > viewer.now)


def _write_words(
    session: Session, viewer: Viewer, taken: Taken, settings: Settings, number: str, person: PersonRecord | None
) -> ReadyText:
    point = (person.contact_point_id if person else None) or taken.contact_point_id
    ref = make_link(session, viewer, taken.person_id, point) if taken.kind in WITH_LINK else ""
    language = choose([taken.language], settings.lender.languages)
    text = compose(taken, settings, language, ref)
    outbox.ready(session, viewer, taken.id, text.whole)
    code = str(taken.data.get("code", ""))
    words = mask_secrets(text.whole, {"link": ref, "code": code})
    session.execute(
        insert(DIARY).values(
            outbox_id=taken.id,
            person_id=taken.person_id,
            at=viewer.now,
            language=language,
            words=words,
            masked_number=mask_number(number),
            segments=segments(text.whole),
            is_contact=taken.is_contact,
        )
    )
    return ReadyText(number, text.whole)


def compose(taken: Taken, settings: Settings, language: str, ref: str) -> Text:
    """The words of a row for its receiver; addresses come from the configured origin alone (SL-17)."""
    lender = settings.lender.in_language(language)
    values = {name: str(value) for name, value in taken.data.items() if value is not None}
    values |= {
        "link": f"{settings.base_url}/l/{ref}",
        "host": urlsplit(settings.base_url).hostname or "",
        "phone": lender.phone,
        "number": taken.number or values.get("number", ""),
    }
    return render_text(taken.kind, language, lender.public_name, values)


def mask_number(number: str) -> str:
    """138****5678: enough to know one's own number by (words.md 4)."""
    local = number.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}" if len(local) > 7 else "****"
