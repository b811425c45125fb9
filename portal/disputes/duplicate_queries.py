"""Is a dispute about what has been answered before, with nothing new? It may be answered by reference to that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from portal.core.interactions import Part
from portal.disputes.queries import DECISION_ROW, DISPUTE, DisputeRecord, parts
from portal.evidence import queries as evidence


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier dispute about the same that was not upheld, or only partly; `reason` and `words` are its answer."""

    number: str
    outcome: str
    reason: str
    words: str
    decided_on: date
    decided_at: datetime


def earlier_of(connection: Connection, found: DisputeRecord, own: Iterable[Part]) -> Earlier | None:
    """The latest answer to the same question: same person, instalment, reason and nights, and no file that is new.

    An answer that was reviewed is that of its review. What was wholly upheld left nothing to dispute.
    """
    if not found.is_open:
        return None
    own_parts, content = list(own), evidence.contents_of(connection, "dispute", found.number)
    for row in connection.execute(_answered_before(found)):
        same = all(any(covers(before, part) for before in parts(connection, row.id)) for part in own_parts)
        if same and content <= evidence.contents_of(connection, "dispute", row.number):
            return Earlier(row.number, row.outcome, row.reason, row.words, row.decided_on, row.decided_at)
    return None


def covers(before: Part, now: Part) -> bool:
    """Whether what is disputed now was all disputed before; an open end goes on."""
    if before.kind != now.kind or before.instalment != now.instalment:
        return False
    if now.kind != "nights" or now.from_day is None or before.from_day is None:
        return True
    ends_within = before.to_day is None or (now.to_day is not None and now.to_day <= before.to_day)
    return before.from_day <= now.from_day and ends_within


def _answered_before(found: DisputeRecord) -> Select[Any]:
    last = (
        select(func.max(DECISION_ROW.c.id)).where(DECISION_ROW.c.dispute_id == DISPUTE.c.id).correlate(DISPUTE)
    ).scalar_subquery()
    answer = (DECISION_ROW.c[name] for name in ("outcome", "reason", "words", "decided_on", "decided_at"))
    return (
        select(DISPUTE.c.id, DISPUTE.c.number, *answer)
        .join(DECISION_ROW, DECISION_ROW.c.id == last)
        .where(
            DISPUTE.c.loan_id == found.loan_id,
            DISPUTE.c.person_id == found.person_id,
            DISPUTE.c.instalment == found.instalment,
            DISPUTE.c.reason == found.reason,
            DISPUTE.c.state.in_(("decided", "closed")),
            DISPUTE.c.id < found.id,
            DECISION_ROW.c.outcome != "upheld",
        )
        .order_by(DISPUTE.c.id.desc())
    )
