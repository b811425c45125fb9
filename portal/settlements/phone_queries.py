"""The form on which staff write a question for a settlement down for somebody on the phone."""

from dataclasses import dataclass

from sqlalchemy import Connection

from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, PersonRecord
from portal.platform.gate import Viewer, as_borrower
from portal.settlements import facts
from portal.settlements.own_queries import NewPage, new_page


@dataclass(frozen=True)
class WritePage:
    """Whose it is, the loans of theirs that can be settled, and what closes the chosen one (`new`, None before)."""

    person: PersonRecord
    loans: tuple[LoanRecord, ...]
    new: NewPage | None


def write_page(connection: Connection, viewer: Viewer, person: str, loan: str) -> WritePage | None:
    """The form for a person by code, None if there is none; with one loan that one is chosen."""
    found = loans.person_by_code(connection, person)
    if found is None:
        return None
    own = loans.loans_of(connection, found.id, viewer.today)
    payable = tuple(each for each in own if each.role in facts.SETTLERS and each.status not in {"sold", "closed"})
    chosen = loan or (payable[0].code if len(payable) == 1 else "")
    return WritePage(found, payable, new_page(connection, as_borrower(viewer, found.id), chosen) if chosen else None)
