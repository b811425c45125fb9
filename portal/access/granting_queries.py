"""What a member of staff has given away alone on a day: the one sum that the limit of a day is measured by."""

from sqlalchemy import Connection, bindparam, func, select

from portal.access.tables import GrantedAlone
from portal.loans.tables import table_of
from portal.platform.gate import Viewer

GRANTED = table_of(GrantedAlone)

_TODAY = select(func.coalesce(func.sum(GRANTED.c.amount), 0)).where(
    GRANTED.c.staff_id == bindparam("staff_id"),
    GRANTED.c.granted_on == bindparam("day"),
    GRANTED.c.currency == bindparam("currency"),
)


def granted_today(connection: Connection, viewer: Viewer, currency: str) -> int:
    """What the viewer gave away today without a second person, in minor units: waived by disputes, expected to be saved
    by stopping the penalty of plans, taken off by settlements."""
    asked = {"staff_id": viewer.staff_id or 0, "day": viewer.today, "currency": currency}
    return int(connection.execute(_TODAY, asked).scalar_one())
