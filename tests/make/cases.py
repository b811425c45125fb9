"""Real cases in the demo, made through its pages: a dispute with files that were read, a draft, a plan, a complaint."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx2
from sqlalchemy import select
from starlette.applications import Starlette

from portal.access.tables import Device
from portal.demo import people
from portal.demo.people import DemoPerson
from portal.evidence import actions as evidence_actions
from portal.evidence import jobs as evidence_jobs
from portal.evidence.queries import FILE
from portal.loans import queries as loans
from portal.loans.tables import table_of
from portal.platform import outbox
from portal.platform.gate import Viewer
from portal.platform.sealing import unseal
from tests.client import Client
from tests.disputes import walk
from tests.make import access, evidence, plan_pages
from tests.make import demo as make
from tests.markup import parsed

DISPUTED = 3
"""The instalment of the demo's Lin Yi that is late."""

BEGUN = 4
"""The next one of the same loan, about which a dispute is begun and not sent."""


@dataclass(frozen=True)
class Cases:
    """What is real in the demo: everything that an address can name, and whose it is."""

    owner: DemoPerson
    planner: DemoPerson
    stranger: DemoPerson
    person: str
    loan: str
    dispute: str
    draft: str
    plan: str
    complaint: str
    file: str
    draft_file: str
    upload: str
    columns: str
    draft_columns: str
    draft_lines: str
    link: str
    promise: str
    settlement: str
    request: str
    notice: str
    pay_link: str
    shared: str
    plan_draft: str

    def parts(self, name: str) -> str:
        """The value of a part of an address."""
        return {
            "code": self.loan,
            "loan": self.loan,
            "ref": self.link,
            "part": "loans",
            "name": people.STAFF[0].name,
            "path": "css/base.css",
            "day": "2026-05-12",
            "language": "en",
        }[name]


def filed(app: Starlette, client: Client) -> Cases:
    """Lin Yi's dispute and draft with a file each, and a complaint; the other Lin Yi's plan; a link and a device."""
    portal = app.state.portal
    owner = make.as_person(app, client, people.LIN_YI)
    dispute = open_dispute(app, owner)
    draft = begin_draft(app, owner)
    while evidence_jobs.read_waiting(portal.doors, portal.files):
        pass
    plan = propose_plan(make.as_person(app, client, people.LIN_YI_IN_ENGLISH))
    come_in(app, client, people.LIN_YI)
    return Cases(
        people.LIN_YI,
        people.LIN_YI_IN_ENGLISH,
        people.DUE_TOMORROW,
        make.person_code(app, people.LIN_YI),
        late_loan(app, people.LIN_YI),
        dispute,
        draft,
        plan,
        complain(owner),
        file_of(app, dispute),
        file_of(app, draft),
        announce(owner, draft),
        statement_in(app, people.LIN_YI, ("dispute", dispute), ODD),
        statement_in(app, people.LIN_YI, ("draft", draft), ODD),
        statement_in(app, people.LIN_YI, ("draft", draft), PLAIN),
        link(app, people.LIN_YI),
        promise(owner),
        *settle(app, make.as_person(app, client, people.LIN_YI_IN_ENGLISH)),
        say_paid(app, owner),
        *share(app, owner),
        begin_plan(owner),
    )


def late_loan(app: Starlette, person: DemoPerson) -> str:
    """The code of the loan whose third instalment is late."""
    return next(code for ref, code in make.loan_codes(app, person).items() if ref.endswith("-0718"))


def open_dispute(app: Starlette, owner: Client, words: str = "It was there.", name: str = "slip.png") -> str:
    """File a dispute of every night that is offered, with one picture; its number."""
    page = owner.get(f"/loans/{late_loan(app, people.LIN_YI)}/instalments/{DISPUTED}/dispute")
    return file_on(owner, page, words, name)


def file_on(owner: Client, page: httpx2.Response, words: str, name: str, reason: str = "funds") -> str:
    """Go through the steps of a new dispute from its first page, with every night and one picture; its number."""
    files = [("files", (name, evidence.picture(), "image/png"))]
    sent = walk.file(owner, page.url.path, reason, ticks=every_night(page), words=words, files=files)
    return str(sent.url).split("/")[-2]


def begin_draft(app: Starlette, owner: Client, reason: str = "explained", name: str = "draft.png") -> str:
    """Go through all steps of a dispute but the last, with a picture and a file that is none; the draft's code."""
    page = owner.get(f"/loans/{late_loan(app, people.LIN_YI)}/instalments/{BEGUN}/dispute")
    files = [("files", (name, evidence.picture(), "image/png")), ("files", ("tool.exe", b"MZ" + bytes(99), "a/b"))]
    looked_over = walk.to_check(owner, page.url.path, reason, every_night(page), "Not sent.", files)
    return str(looked_over.url).rsplit("/", 1)[1]


def announce(owner: Client, draft: str, name: str = "coming.pdf") -> str:
    """Say that a file will come into a draft, of which nothing is sent; the code of the upload."""
    page, data = owner.get(f"/disputes/drafts/{draft}/files"), evidence.pdf()
    told = {"draft": draft, "place": page.url.path, "name": name, "size": str(len(data))}
    own = {"form_token": page.text.partition('data-token="')[2].partition('"')[0]}
    answer = owner.post("/files/uploads", own | told | {"sha256": hashlib.sha256(data).hexdigest()})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def every_night(page: httpx2.Response) -> dict[str, Any]:
    """The ticks of all nights that the first page of a dispute offers."""
    inputs = [each.attributes for each in parsed(page.text).all("input")]
    return {"stretch": [own["value"] for own in inputs if own.get("name") == "stretch"]}


def file_of(app: Starlette, case: str) -> str:
    """The code of the first file of a case."""
    return str(_one(app, FILE.c.code, FILE.c.case_number == case))


ODD = b"Zeta,Kappa,Omega\n2026-03-05,-86.40,412.55\n"
"""A statement with columns that the program does not know."""

PLAIN = b"date,description,amount,balance\n2026-03-05,shop,-86.40,412.55\n"


def statement_in(app: Starlette, person: DemoPerson, case: tuple[str, str], data: bytes) -> str:
    """Add a statement to a case, and have it read; its code."""
    portal = app.state.portal
    system = portal.doors.system()
    found = portal.doors.read_as(system, lambda connection, _viewer: loans.person_by_ref(connection, person.ref))
    viewer = replace(system, kind="borrower", person_id=found.id)
    kept = evidence_actions.keep(portal.files, "statement.csv", data)
    take = evidence_actions.take_upload
    code = portal.doors.write_as(viewer, partial(take, case_kind=case[0], case_number=case[1]), kept)
    while evidence_jobs.read_waiting(portal.doors, portal.files):
        pass
    return str(code)


def propose_plan(owner: Client) -> str:
    """Send a proposal of 364.00 a month; its number."""
    return plan_pages.send(owner).rsplit("/", 1)[1]


def begin_plan(owner: Client) -> str:
    """Answer every page of a plan but the last; the draft's code."""
    return plan_pages.begin(owner)


def promise(owner: Client) -> str:
    """Promise 100.00 by 24 April; its number."""
    told = {"amount": "100", "channel": "transfer", "due_on_day": "24", "due_on_month": "4", "due_on_year": "2026"}
    answer = owner.submit(owner.get("/promises/new"), told, form="/promises/new")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].rsplit("/", 1)[1])


def settle(app: Starlette, owner: Client) -> tuple[str, str]:
    """Get the quote of the rules and ask staff for less; the numbers of both."""
    page = owner.get(f"/loans/{late_loan(app, people.LIN_YI_IN_ENGLISH)}/settlement")
    quoted = owner.submit(page, form="/settlement")
    asked = owner.submit(owner.get(f"{page.url.path}/ask"), {"could_pay": "11060", "words": "Less."}, form="/ask")
    assert (quoted.status_code, asked.status_code) == (303, 303), asked.text
    return str(quoted.headers["location"].rsplit("/", 1)[1]), str(asked.headers["location"].rsplit("/", 1)[1])


def say_paid(app: Starlette, owner: Client) -> str:
    """Say that one has paid; the number."""
    page = owner.get(f"/pay/{late_loan(app, people.LIN_YI)}/paid")
    told = {"amount": "12.34", "channel": "transfer", "words": "By my bank."}
    day = {"paid_on_day": "16", "paid_on_month": "4", "paid_on_year": "2026"}
    answer = owner.submit(page, told | day, form="/paid")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].rsplit("/", 1)[1])


def share(app: Starlette, owner: Client) -> tuple[str, str]:
    """Make a link for somebody who pays; its code, and the reference in its address."""
    page = owner.get(f"/pay/{late_loan(app, people.LIN_YI)}/share")
    answer = owner.submit(page, {"amount": "300"}, form="/share")
    assert answer.status_code == 303, answer.text
    shown = owner.follow(answer)
    found = re.search(r"/p/([\w-]{22})", shown.text)
    assert found, shown.text
    return str(answer.headers["location"].rsplit("/", 1)[1]), found[1]


def complain(owner: Client) -> str:
    """Send a complaint about how one was contacted; its number."""
    page = owner.get("/complaints/new")
    told = {
        "happening": "pressure",
        "about_time": "late",
        "sender": "021 5555",
        "who": "Mr Nobody",
        "words": "He shouted.",
    }
    answer = owner.submit(page, told, form="/complaints")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].rsplit("/", 1)[1])


def decline_dispute(handler: Client, number: str, words: str) -> None:
    """Staff decide that a dispute is not upheld."""
    page = handler.get(f"/staff/disputes/{number}")
    decision = {"act": "not_upheld", "reason": "funds_not_met", "words": words}
    answer = handler.submit(page, decision, form="/decide")
    assert answer.status_code == 303, answer.text


def refuse_plan(approver: Client, number: str, words: str) -> None:
    """Staff say no to a plan."""
    page = approver.get(f"/staff/plans/{number}/refuse")
    answer = approver.submit(page, {"reason": "other_against", "words": words}, form="/refuse")
    assert answer.status_code == 303, answer.text


def somebody(app: Starlette, person: DemoPerson) -> access.Somebody:
    """A person of the demo as the factories of access know people."""
    record = make._record(app, person)
    assert record.contact_point_id is not None
    return access.Somebody(record.id, record.code, record.contact_point_id)


def link(app: Starlette, person: DemoPerson) -> str:
    """The reference of a fresh link."""
    return access.link(app.state.portal.doors, somebody(app, person))


def answers(person: DemoPerson, **other: str) -> dict[str, str]:
    """What this person types at the recipient check."""
    born = person.birth_date
    parts = {f"birth_{part}": str(getattr(born, part)) for part in ("year", "month", "day")} if born else {}
    return {**parts, "last4": person.id_last4} | other


def newest_code(app: Starlette) -> str:
    """The code that waits in the outbox, as it was queued last."""
    codes = [row for row in waiting_texts(app) if row["kind"] == "sms.code"]
    return str(codes[-1]["data"]["code"])


def waiting_texts(app: Starlette) -> list[dict[str, Any]]:
    """The texts that no worker has sent yet, with the values for their words."""
    doors = app.state.portal.doors

    def read(session: Any, _viewer: Viewer) -> list[dict[str, Any]]:
        waiting = select(outbox.ROWS).where(outbox.ROWS.c.state == "pending").order_by(outbox.ROWS.c.id)
        keys = session.info[outbox.KEYS]
        return [
            {**row._mapping, "data": json.loads(unseal(keys, outbox.PURPOSE, row.sealed_text))}
            for row in session.execute(waiting)
        ]

    found: list[dict[str, Any]] = doors.write_as(doors.system(), read)
    return found


def come_in(app: Starlette, client: Client, person: DemoPerson) -> Client:
    """Through link, check and code as the person would; the device is known afterwards."""
    visitor = client.another(headers={"Accept-Language": "en"})
    page = visitor.follow(visitor.submit(visitor.get(f"/l/{link(app, person)}")))
    page = visitor.follow(visitor.submit(page, answers(person)))
    answer = visitor.submit(page, {"code": newest_code(app)})
    assert answer.headers["location"] == "/account", answer.text
    return visitor


def device_code(app: Starlette, person: DemoPerson) -> str:
    """The code of a device that this person made known."""
    device = table_of(Device)
    owner = somebody(app, person).id
    return str(_one(app, device.c.code, device.c.person_id == owner))


def token_on(page: httpx2.Response) -> str:
    """The form token of the first form of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def _one(app: Starlette, column: Any, *where: Any) -> Any:
    doors = app.state.portal.doors
    statement = select(column).where(*where)
    return doors.read_as(doors.system(), lambda connection, _viewer: connection.execute(statement).scalars().first())
