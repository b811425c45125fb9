"""Disputes for tests: the cast with its sessions, Lin's case with authorities, and a dispute that is filed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from portal.access.checking import token_hash
from portal.access.tables import BorrowerSession, StaffAccount, StaffRole, StaffSession
from portal.disputes import filing_actions, thread_actions
from portal.disputes.deciding_actions import Choice
from portal.disputes.deciding_queries import decide_page
from portal.disputes.filing_actions import Filing
from portal.disputes.filing_queries import new_page
from portal.disputes.ticks import Ticks
from portal.evidence import actions as evidence
from portal.evidence import jobs as evidence_jobs
from portal.loans import queries as loans
from portal.loans.tables import table_of
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from tests.make.loans import Row, Tables, lin_yi, product

LIFE = timedelta(hours=12)


def authority(role: str, case: str = "500.00", day: str = "2000.00") -> Row:
    """How far a role may decide alone."""
    return {
        "role": role,
        "currency": "CNY",
        "effective_from": "2024-01-01",
        "waiver_max": case,
        "waiver_day_max": day,
        "plan_max": "0",
    }


def lin_with_authorities(case: str = "500.00", day: str = "2000.00", **given: list[Row]) -> Tables:
    """The case of ui.md 8, a sales credit without penalty while disputed, and what staff may decide alone."""
    tables = {
        "products": [product(name="Home appliances", contract_type="sales_credit")],
        "authority": [authority("dispute_handler", case, day), authority("supervisor", case, day)],
    }
    return lin_yi(**(tables | given))


@dataclass(frozen=True)
class Cast:
    """Who takes part, as viewers of the moment at which they are asked for."""

    doors: Doors

    def borrower(self, ref: str = "B1") -> Viewer:
        """A person by reference."""
        person = self.doors.read_as(self.doors.system(), lambda connection, _: loans.person_by_ref(connection, ref))
        assert person is not None
        return replace(
            self.doors.system(), kind="borrower", person_id=person.id, roles=frozenset({"borrower"}), name=person.name
        )

    def staff(self, name: str, *roles: str) -> Viewer:
        """A member of staff; the account is made when it is first asked for."""
        staff_id = self.doors.write_as(self.doors.system(), _account, name, roles or ("dispute_handler",))
        held = frozenset(roles or ("dispute_handler",))
        return replace(self.doors.system(), kind="staff", staff_id=staff_id, name=name, roles=held)

    def sign_in(self, viewer: Viewer) -> dict[str, str]:
        """The cookies of a new session of somebody who reads English."""
        token = new_code()
        self.doors.write_as(viewer, _session, token)
        return {"staff" if viewer.kind == "staff" else "session": token, "lang": "en"}


def _account(session: Any, viewer: Viewer, name: str, roles: tuple[str, ...]) -> int:
    account, role = table_of(StaffAccount), table_of(StaffRole)
    known = session.execute(select(account.c.id).where(account.c.name == name)).scalar()
    if known is not None:
        return int(known)
    row = {"name": name, "display_name": name, "identity": name, "password_hash": "-", "sealed_totp": "-"}
    values = row | {"totp_step": 0, "created_at": viewer.now}
    made = session.execute(insert(account).values(values).returning(account.c.id)).scalar_one()
    for each in roles:
        session.execute(insert(role).values(account_id=made, role=each, from_at=viewer.now))
    return int(made)


def _session(session: Any, viewer: Viewer, token: str) -> None:
    common = {
        "token_hash": token_hash(token),
        "created_at": viewer.now,
        "last_seen_at": viewer.now,
        "ends_at": viewer.now + LIFE,
        "language": "en",
    }
    if viewer.kind == "staff":
        session.execute(insert(table_of(StaffSession)).values(account_id=viewer.staff_id, **common))
        return
    person = loans.person(session.connection(), viewer.person_id or 0)
    assert person is not None
    row = {"person_id": person.id, "contact_point_id": person.contact_point_id, "stage": "full"}
    session.execute(insert(table_of(BorrowerSession)).values(row | common))


def loan_code(doors: Doors, viewer: Viewer, ref: str = "L1") -> str:
    """The code in the address of a loan of the viewer's."""
    account = doors.read_as(viewer, loans.account)
    return next(loan.code for loan in account.loans if loan.ref == ref)


def filing(doors: Doors, viewer: Viewer, code: str, number: int = 3, **given: Any) -> Filing:
    """All nights, because the money was there, as the form would send it."""
    page = doors.read_as(viewer, new_page, code, number, Ticks())
    assert page is not None
    ticks = Ticks(tuple(stretch.span.name for stretch in page.offered if not stretch.inside))
    return replace(Filing(ticks, "funds", "The money was there.", page.fingerprint), **given)


def file_dispute(doors: Doors, viewer: Viewer, number: int = 3, **given: Any) -> str:
    """A dispute about Lin's instalment, filed now."""
    code = loan_code(doors, viewer)
    sent = filing(doors, viewer, code, number, **given)
    return doors.write_as(viewer, filing_actions.open_dispute, code, number, sent)


def choice(doors: Doors, viewer: Viewer, number: str, *, upheld: bool = True, **given: Any) -> Choice:
    """What the decision page would send: everything upheld, or nothing."""
    page = doors.read_as(viewer, decide_page, number)
    assert page is not None
    assert page.effect is not None
    ticked = tuple(sorted(page.effect.tickable)) if upheld else ()
    reason = "funds_met" if upheld else "funds_not_met"
    made = Choice(
        ticked, reason, "At the end of 5 March the account held enough.", page.fingerprint, page.dispute.version
    )
    return replace(made, **given)


STATEMENT = (
    "Account number,6217000000006789",
    "Date,Time,Description,Amount,Balance",
    "2026-03-01,09:00,opening,0.00,698.95",
    "2026-03-03,09:15,transfer,-200.00,498.95",
    "2026-03-04,19:40,shop,-86.40,412.55",
    "2026-03-05,17:32,wages,2650.00,3062.55",
    "2026-03-05,20:05,rent,-1859.00,1203.55",
    "2026-03-06,12:10,card,-45.00,1158.55",
)
"""Lin's account around 5 March (ui.md 8): 412.55 at opening, 1,203.55 at closing."""


def statement(*, account: str = "6217000000006789", without: str = "", rent: str = "-1859.00,1203.55") -> bytes:
    """Lin's statement as a bank's CSV; `without` leaves out the lines of one day, `rent` changes what was left."""
    lines = [line.replace("6217000000006789", account) for line in STATEMENT]
    lines = [line.replace("-1859.00,1203.55", rent) for line in lines if not without or not line.startswith(without)]
    return ("\n".join(lines) + "\n").encode()


def add_files(doors: Doors, files: Any, viewer: Viewer, number: str, *given: tuple[str, bytes]) -> None:
    """Files of a dispute, sent with consent and read by the worker."""
    kept = tuple(evidence.keep(files, name, data) for name, data in given)
    sent = Filing(Ticks(), "", "", "", consent="I agree.", uploads=kept)
    doors.write_as(viewer, thread_actions.add, number, sent)
    while evidence_jobs.read_waiting(doors, files) or evidence_jobs.read_pictures(doors, files):
        pass
