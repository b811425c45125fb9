"""What filing a dispute does to a settlement on the same loan (domain.md 9), before it is sent and after."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from portal.core.interactions import effects
from portal.disputes.queries import DisputeRecord
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer
from portal.settlements import own_queries, queries


@dataclass(frozen=True, slots=True)
class Beside:
    """A settlement that stands while a dispute is written: accepted it ends with the filing, quoted it has to wait.

    `to_pay` and what is `taken_off` are those of today, in minor units; `own` if the viewer may see more of it.
    """

    number: str
    ends: bool
    from_staff: bool
    own: bool
    until: date
    to_pay: int
    taken_off: int


def beside(connection: Connection, viewer: Viewer, record: LoanRecord) -> Beside | None:
    """The settlement of a loan that a dispute filed today would touch; a guarantor learns nothing of it."""
    found = queries.open_of_loan(connection, record.id) if record.role != "guarantor" else None
    if found is None or viewer.today > found.offer.until:
        return None
    holds = [hold for hold in record.holds if hold.is_in_force(viewer.today)]
    lapsing = {hold.number for effect, hold in effects("file_dispute", holds) if effect == "lapses_settlement"}
    own = found.person_id == viewer.person_id
    if found.number not in lapsing and not (own and found.state == "quoted"):
        return None
    now = own_queries.figure_of(record, found, viewer.today)
    return Beside(
        number=found.number,
        ends=found.number in lapsing,
        from_staff=found.from_staff,
        own=own,
        until=found.offer.until,
        to_pay=now.to_pay,
        taken_off=now.reduction,
    )


def ended_by(connection: Connection, found: DisputeRecord) -> str | None:
    """The number of the person's own settlement that ended when this dispute was filed, in the same transaction."""
    return queries.ended_by_dispute(connection, found.loan_id, found.person_id, found.filed_at)
