"""What the recipient check may ask of the person whose session this is."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from portal.access.queries import DEVICE, LINK, SESSION
from portal.access.tables import WRONG_CHECKS_MAX
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.platform.gate import Viewer


@dataclass(frozen=True)
class CheckPage:
    """What may be asked of the person whose session this is; never what the answers are."""

    asks_birth_date: bool
    asks_last4: bool
    by_link: bool
    tries_left: int


_CHECKS = select(
    SESSION.c.stage,
    SESSION.c.person_id,
    SESSION.c.link_id,
    SESSION.c.device_id,
    LINK.c.wrong_checks.label("link_wrong"),
    LINK.c.closed_at,
    LINK.c.revoked_at,
    DEVICE.c.wrong_checks.label("device_wrong"),
    DEVICE.c.revoked_at.label("device_revoked_at"),
).select_from(
    SESSION.outerjoin(LINK, LINK.c.id == SESSION.c.link_id).outerjoin(DEVICE, DEVICE.c.id == SESSION.c.device_id)
)
CHECKS_OF_SESSION = _CHECKS.where(SESSION.c.id == bindparam("session_id"))


def stage(connection: Connection, viewer: Viewer) -> str | None:
    """How far this visitor's session has come, if there is one."""
    found = connection.scalar(select(SESSION.c.stage).where(SESSION.c.id == viewer.session_id))
    return str(found) if found else None


def check_page(connection: Connection, viewer: Viewer) -> CheckPage:
    """What the check asks; raises Refusal `check_closed` where no try is left, `no_check` where none is due."""
    row = connection.execute(CHECKS_OF_SESSION, {"session_id": viewer.session_id}).first()
    if row is None or row.stage not in {"link", "check"}:
        raise Refusal("no_check")
    by_link = row.stage == "link"
    wrong = row.link_wrong if by_link else row.device_wrong
    ended = (row.closed_at or row.revoked_at) if by_link else row.device_revoked_at
    if ended or wrong is None or wrong >= WRONG_CHECKS_MAX:
        raise Refusal("check_closed")
    person = loans.person(connection, row.person_id)
    if person is None:
        raise Refusal("no_check")
    return CheckPage(
        asks_birth_date=person.birth_date is not None,
        asks_last4=bool(person.id_last4),
        by_link=by_link,
        tries_left=WRONG_CHECKS_MAX - wrong,
    )
