"""What the entries of the audit log refer to, so that they can be read: people of the staff, contracts, currencies."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select, union_all

from portal.access import staff_queries
from portal.audit.queries import Entry
from portal.desk.event_details import Known
from portal.disputes.queries import DISPUTE
from portal.loans.tables import Loan, LoanVersion, table_of
from portal.plans.limits_queries import LIMIT_CHANGE
from portal.plans.phone_tables import PhoneProposal
from portal.plans.tables import Plan
from portal.promises.queries import PROMISE
from portal.settlements.queries import REQUEST, SETTLEMENT

LOAN, LOAN_VERSION = table_of(Loan), table_of(LoanVersion)
NUMBERED = (DISPUTE, table_of(Plan), table_of(PhoneProposal), LIMIT_CHANGE, PROMISE, SETTLEMENT, REQUEST)
"""What has amounts in the log under its own number."""


def known_of(connection: Connection, entries: Sequence[Entry]) -> Known:
    """The members of staff, also those who have left, and the contracts and requests that these entries name."""
    loan_ids = {json.loads(entry.payload).get("loan_id") for entry in entries} - {None}
    contracts = connection.execute(
        select(LOAN.c.id, LOAN.c.ref, LOAN_VERSION.c.currency)
        .join(LOAN_VERSION, LOAN_VERSION.c.loan_id == LOAN.c.id)
        .where(LOAN.c.id.in_(loan_ids), LOAN_VERSION.c.superseded_at.is_(None))
    )
    subjects = {entry.subject for entry in entries}
    numbered = (select(each.c.number, each.c.currency).where(each.c.number.in_(subjects)) for each in NUMBERED)
    return Known(
        staff={each.id: each.display_name for each in staff_queries.staff_accounts(connection)},
        loans={row.id: (row.ref, row.currency) for row in contracts},
        currencies={row.number: row.currency for row in connection.execute(union_all(*numbered))},
    )
