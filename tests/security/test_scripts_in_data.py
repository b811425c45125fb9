"""Scripts stored as data, in every field that a person or a lender's system can fill, on every page (SB-13, SB-08)."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Table, select, text, update
from sqlalchemy.dialects import sqlite
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.app import create_app
from portal.core.statement import Note
from portal.demo import people
from portal.evidence import jobs as evidence_jobs
from portal.evidence.queries import FILE, STATEMENT
from portal.evidence.statements.wire import to_json
from portal.platform import outbox
from portal.platform.sealing import seal
from portal.platform.settings import Settings
from tests.browser import LAPTOP, new_context, page_of
from tests.client import Client
from tests.disputes import walk
from tests.house.access_matrix import methods
from tests.make import cases as make_cases
from tests.make import demo
from tests.make.cases import Cases
from tests.make.statements import plain_csv, statement
from tests.security.addresses import real_address, routes_of
from tests.served import Portal

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" autofocus onfocus="alert(1)',
    "' onfocus='alert(1)' autofocus '",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "<form action=javascript:alert(1)><button autofocus>x</button></form>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext></mtext><img src onerror=alert(1)></math>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<div hx-get='/account' hx-trigger=load>x</div>",
    "<div data-hx-get='/account' data-hx-trigger=load data-hx-on:load='alert(1)'>x</div>",
    "<img src=/static/x onerror=&#97;lert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "{{7*7}}{% raw %}{{ config }}",
    "${7*7}#{7*7}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "＜script＞alert(1)＜/script＞",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "\u202e<script>alert(1)</script>\u202c",
    '<input autofocus onfocus="alert(1)">',
    "<marquee onstart=alert(1)>x</marquee>",
)

STORED = {
    "audit_check": {"fault"},
    "complaint": {"about_time", "sender", "who", "words"},
    "complaint_answer": {"changed", "words"},
    "complaint_consent": {"words"},
    "complaint_message": {"words"},
    "contact_point": {"value"},
    "debit_attempt": {"result_code"},
    "diary_entry": {"masked_number", "words"},
    "dispute": {"words"},
    "dispute_consent": {"words"},
    "dispute_decision": {"words"},
    "dispute_message": {"words"},
    "dispute_review": {"words"},
    "evidence_file": {"name"},
    "evidence_scan": {"finding", "signatures"},
    "evidence_upload": {"name"},
    "hardship": {"words"},
    "loan_version": {"debit_holder", "debit_last4", "new_owner", "new_owner_phone"},
    "outbox": {"reason"},
    "payment": {"channel", "ref"},
    "payment_notice": {"answer", "consent_text", "words"},
    "person_version": {"name", "id_last4"},
    "plan": {"words", "consent_text"},
    "plan_said": {"words"},
    "plan_told": {"words"},
    "product_version": {"name"},
    "settlement": {"words"},
    "settlement_request": {"answer", "words"},
    "staff_account": {"display_name"},
    "waiver": {"reason"},
}
"""Text that came from a person or from the lender's system, by table."""

STORED_JSON = {
    "complaint_message": {"data"},
    "dispute": {"particulars"},
    "dispute_draft": {"content"},
    "dispute_message": {"data"},
    "plan_draft": {"content"},
}
"""JSON in which what a person typed stands beside what is ours."""

READ = {"evidence_statement": {"statements", "notes"}, "evidence_cover": {"statements"}}
"""JSON of what was read in a bank's file: its texts are put into a statement that reads as one. That of a covered table
is shown nowhere before it is the file's own."""

OURS_INSIDE = frozenset({"channel", "code", "family", "figure", "night", "noticed_on", "paid_on", "reason", "stretch"})
"""What in it is ours, or checked against a list; every other text is hostile, at any depth."""

OURS = {
    "a state, kind, role or currency of a fixed list": (
        "actor_kind case_kind component currency kind language outcome reason role rule stage state status "
        "words_language consent_language contract_type allocation_strategy component_order penalty_base "
        "consent_version result revoked_for ended_for risk_class act value rates_apply rule_pack "
        "because channel happening"
    ),
    "a random code, a number, a reference or a hash of ours": (
        "bucket case_number code code_hash fingerprint form fraud_number hash hash_seen key last_hash number "
        "object_number password_hash payload previous_hash portal_number ref ref_hash reference replaced_by sha256 "
        "store_key subject told token_hash word_one word_two name identity action actor mobile time_zone problem"
    ),
    "figures of ours as JSON, or sealed": (
        "answers change criteria header mapping parts path receipt schedule sealed_entries sealed_number sealed_text "
        "sealed_totp summary waivers wishes daily_rate annual_ceiling"
    ),
}
"""Text that only the portal itself writes, or that is checked against a list when it comes in."""

OURS_THERE = {
    "dispute": {"draft"},
    "dispute_decision": {"judged", "refers_to", "round"},
    "dispute_draft": {"beside", "form_key", "seen", "writer"},
    "dispute_participant": {"round"},
    "evidence_cover": {"marks"},
    "evidence_statement": {"marks", "reader"},
    "evidence_upload": {"draft", "file_code", "place"},
    "hardship": {"change", "consent_text"},
    "hold": {"data"},
    "pay_link": {"sealed_ref"},
    "payment_notice": {"payment_ref", "promise_number"},
    "limit_change": {"after", "before", "mark"},
    "phone_proposal": {"plan_number"},
    "plan": {"draft", "rules", "said"},
    "plan_agreement": {"content"},
    "settlement": {"counted", "ending", "lender", "letter", "payoff_interest", "reductions", "request_number"},
    "settlement_request": {"settlement_number"},
    "plan_counter": {"consent_text", "mark", "schedules", "seen"},
    "plan_draft": {"beside", "form_key", "seen", "writer"},
    "plan_change": {"extra"},
    "plan_told": {"about", "content", "what"},
    "promise": {"counted", "ended_by", "planned"},
    "promise_told": {"what"},
}
"""The same under a name that elsewhere is a person's, by table."""

DOM = """raw => {
  const looked = raw ? new DOMParser().parseFromString(raw, 'text/html') : document;
  const all = [...looked.querySelectorAll('*')];
  const own = new Set(['data-hx-get', 'data-hx-trigger', 'data-hx-include', 'data-hx-target', 'data-hx-swap',
    'data-hx-indicator', 'data-hx-select', 'data-hx-post', 'data-hx-sync',
    'data-hx-swap-oob', 'data-hx-vals', 'data-hx-confirm', 'data-hx-push-url']);
  const bad = [];
  for (const each of all) {
    const inside = each.outerHTML.slice(0, 160);
    if (/^(iframe|object|embed|base|style|marquee|video|math)$/i.test(each.tagName)) bad.push(inside);
    if (each.tagName === 'SCRIPT' && !each.src.startsWith(location.origin + '/static/')) bad.push(inside);
    if (each.tagName === 'META' && each.httpEquiv) bad.push(inside);
    if (each.tagName === 'LINK' && !each.href.startsWith(location.origin)) bad.push(inside);
    for (const {name, value} of each.attributes) {
      if (name.startsWith('on') || name.startsWith('hx-')) bad.push(inside);
      if (name.startsWith('data-hx-') && !own.has(name)) bad.push(inside);
      if (name.startsWith('data-hx-get') && !value.startsWith('/')) bad.push(inside);
      const address = ['href', 'src', 'action', 'formaction'].includes(name) && value !== '';
      if (address && !/^(\\/(?!\\/)|#|\\?|tel:|https?:\\/\\/127\\.0\\.0\\.1)/.test(value)) bad.push(inside);
    }
  }
  const kept = [...Object.entries(localStorage), ...Object.entries(sessionStorage)];
  return {bad: bad, kept: kept, text: document.body ? document.body.innerText : ''};
}"""


@dataclass
class Poisoned:
    """A served demo whose every stored text is hostile, a draft of each reason, and the cookies of who look at it."""

    portal: Portal
    app: Starlette
    cases: Cases
    drafts: tuple[str, ...]
    in_review: str
    declined: str
    sheet: str
    cookies: dict[str, dict[str, str]]

    def poison(self, strings: Sequence[str]) -> None:
        """Put the next hostile string into each stored text of each row."""
        following = itertools.cycle(strings)
        doors = self.app.state.portal.doors
        with doors.engines.write.begin() as connection:
            for name, columns in STORED.items():
                table = SQLModel.metadata.tables[name]
                (key,) = table.primary_key
                for (row_id,) in connection.execute(select(key)).all():
                    values = {column: next(following) for column in sorted(columns)}
                    if name == "payment":
                        values["ref"] = f"{values['ref']}{row_id}"
                    connection.execute(update(table).where(key == row_id).values(values))
            for name, columns in STORED_JSON.items():
                self._poison_json(connection, SQLModel.metadata.tables[name], columns, following)
            self._poison_statements(connection, following)
            self._poison_log(connection, following)

    def _poison_json(self, connection: Any, table: Table, columns: set[str], following: Iterator[str]) -> None:
        (key,) = table.primary_key
        for row in connection.execute(select(table)).mappings().all():
            read = {column: poisoned_json(json.loads(row[column]), following) for column in sorted(columns)}
            values = {column: json.dumps(value) for column, value in read.items()}
            connection.execute(update(table).where(key == row[key.name]).values(values))

    def _poison_statements(self, connection: Any, following: Iterator[str]) -> None:
        table = SQLModel.metadata.tables["evidence_statement"]
        for (row_id,) in connection.execute(select(table.c.id)).all():
            values = {"statements": json.dumps(hostile_statement(following)), "notes": hostile_notes(following)}
            connection.execute(update(table).where(table.c.id == row_id).values(values))

    def _poison_log(self, connection: Any, following: Iterator[str]) -> None:
        connection.execute(text("DROP TRIGGER IF EXISTS audit_log_no_update"))
        log = SQLModel.metadata.tables["audit_log"]
        for (row_id,) in connection.execute(select(log.c.id)).all():
            payload = json.dumps({"because": next(following), "subject": "x"})
            connection.execute(update(log).where(log.c.id == row_id).values(payload=payload))
        keys = self.app.state.portal.settings.secret_keys
        sent = outbox.ROWS.c.sealed_text.is_not(None) & (outbox.ROWS.c.state == "sent")
        words = seal(keys, outbox.PURPOSE, next(following))
        connection.execute(update(outbox.ROWS).where(sent).values(sealed_text=words))


def poisoned_json(value: Any, following: Iterator[str]) -> Any:
    """The same with the next hostile string in place of each text that is not ours."""
    match value:
        case str():
            return next(following)
        case list():
            return [poisoned_json(each, following) for each in value]
        case dict():
            return {
                name: each if name in OURS_INSIDE else poisoned_json(each, following) for name, each in value.items()
            }
    return value


def hostile_statement(following: Iterator[str]) -> list[dict[str, Any]]:
    """One statement as rows keep it, with a hostile string in each text that a bank's file can bring."""
    note = Note("dates_ambiguous", {"example": next(following)})
    made = statement((5, 100), (6, 200), account=next(following), holder=next(following), notes=[note])
    return to_json([replace(made, rows=tuple(replace(row, text=next(following)) for row in made.rows))])


def hostile_notes(following: Iterator[str]) -> str:
    """Why a file has no statement: its columns, as the file names them, are not known."""
    return json.dumps([["columns_unknown", {"header": next(following), "fingerprint": "0" * 16}]])


@pytest.fixture(scope="module")
def poisoned(installed: Portal, cases: Cases) -> Iterator[Poisoned]:
    app = create_app(Settings.load(installed.environment))
    with Client(app, installed.url, headers={"Accept-Language": "en"}) as nobody:
        other = demo.as_person(app, nobody, people.LIN_YI_IN_ENGLISH)
        path = f"/loans/{make_cases.late_loan(app, people.LIN_YI_IN_ENGLISH)}/instalments"
        numbers = [
            make_cases.file_on(other, other.get(f"{path}/{each}/dispute"), "It was there.", "other.png", "explained")
            for each in (make_cases.DISPUTED, make_cases.BEGUN)
        ]
        owner = demo.as_person(app, nobody, cases.owner)
        drafts = tuple(make_cases.begin_draft(app, owner, reason) for reason in walk.FACTS)
        sheet = add_sheet(app, other, numbers[0])
        for number in numbers:
            make_cases.decline_dispute(demo.as_staff(app, nobody, "dispute_handler"), number, "It was not.")
        asked = other.get(f"/disputes/{numbers[0]}/review")
        assert other.submit(asked, {"words": "Look again."}, form="/review").status_code == 303
        make_cases.refuse_plan(demo.as_staff(app, nobody, "plan_approver"), cases.plan, "No.")
        visitors = {
            "nobody": nobody.another(),
            "owner": owner,
            "planner": other,
            **{role: demo.as_staff(app, nobody, role) for role in ("supervisor", "administrator")},
        }
        cookies = {who: dict(visitor.http.cookies) for who, visitor in visitors.items()}
        with installed.serving("--no-worker"):
            yield Poisoned(installed, app, cases, drafts, *numbers, sheet, cookies)


def add_sheet(app: Starlette, owner: Client, number: str) -> str:
    """Add a bank's file without pages to a dispute, and have it read; its code."""
    files = [("files", ("march.csv", plain_csv([("2026-03-05", 100, 100), ("2026-03-06", 200, 300)]), "text/csv"))]
    added = walk.send(owner, owner.get(f"/disputes/{number}"), {"consent": "yes"}, "/add", files)
    assert added.status_code == 303, added.text
    while evidence_jobs.read_waiting(app.state.portal.doors, app.state.portal.files):
        pass
    with app.state.portal.doors.engines.read.connect() as connection:
        return str(connection.scalar(select(FILE.c.code).where(FILE.c.name == "march.csv")))


def addresses(poisoned: Poisoned) -> Iterator[tuple[str, str]]:
    """Who opens what: every page and part that a GET gives, each as somebody who may."""
    for route in routes_of(poisoned.app):
        if "GET" not in methods(route) or route.path.startswith(
            ("/static", "/language", "/healthz", "/readyz", "/favicon")
        ):
            continue
        path = real_address(route, poisoned.cases)
        if route.path.startswith("/staff"):
            yield ("administrator" if route.may == "manage_accounts" else "supervisor"), path
            if "{part}" in route.path:
                parts = ("person", "payments", "debits", "documents", "history")
                yield from (("supervisor", path.replace("loans", part)) for part in parts)
        else:
            is_plan = "/plans" in route.path and "/drafts" not in route.path
            yield ("planner" if is_plan else "owner"), path
    steps = ("", "/nights", "/reason", "/details", "/files")
    yield from (("owner", f"/disputes/drafts/{code}{step}") for code in poisoned.drafts for step in steps)
    yield from (("planner", "/disputes"), ("planner", "/account"), ("nobody", "/start"))
    yield from (("planner", f"/disputes/{number}") for number in (poisoned.in_review, poisoned.declined))
    yield from (("planner", f"/disputes/{poisoned.declined}/review"), ("planner", f"/files/{poisoned.sheet}/view"))
    yield "supervisor", f"/staff/files/{poisoned.sheet}/view"
    yield from (("supervisor", f"/staff/disputes/{number}") for number in (poisoned.in_review, poisoned.declined))


def look(browser: Browser, poisoned: Poisoned) -> tuple[list[str], str]:
    """What came alive on any page, and everything that could be read."""
    wrong: list[str] = []
    read: list[str] = []
    with page_of(browser, poisoned.portal.url, viewport=LAPTOP) as page:
        page.on("dialog", lambda dialog: (wrong.append(f"{page.url}: dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda sent: foreign(sent.url, poisoned.portal.url, wrong))
        before = ""
        for who, path in addresses(poisoned):
            if who != before:
                sign_in(page, poisoned, who)
                before = who
            if ("/files/" in path and not path.endswith("/view")) or path.endswith(".csv"):
                continue  # a picture or a download
            answer = page.goto(path)
            assert answer is not None
            assert answer.status < 500, path
            found = page.evaluate(DOM)
            wrong += [f"{path}: {each}" for each in found["bad"]] + [f"{path} keeps {each}" for each in found["kept"]]
            read.append(found["text"])
    return wrong, "\n".join(read)


def foreign(url: str, own: str, wrong: list[str]) -> None:
    if not url.startswith((own, "data:")):
        wrong.append(f"a request to {url}")


def sign_in(page: Page, poisoned: Poisoned, who: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": name, "value": value, "url": poisoned.portal.url} for name, value in poisoned.cookies[who].items()]
    )


def test_every_text_column_is_either_hostile_here_or_ours() -> None:
    """A new column has to say which it is."""
    ours = {name for names in OURS.values() for name in names.split()}
    unknown = [
        f"{name}.{column.name}"
        for name, table in SQLModel.metadata.tables.items()
        for column in table.columns
        if str(column.type.compile(dialect=sqlite.dialect())) in ("VARCHAR", "TEXT")
        and column.name not in ours
        and not any(column.name in known.get(name, set()) for known in (STORED, STORED_JSON, READ, OURS_THERE))
    ]
    assert not unknown


def test_a_page_of_a_draft_shows_what_was_typed_in_it(browser: Browser, poisoned: Poisoned) -> None:
    """The control: each text of a draft's JSON is on a page of it, so that a hostile one would be seen."""
    poisoned.poison([f"typed{number:04}" for number in range(5_000)])
    with page_of(browser, poisoned.portal.url, viewport=LAPTOP) as page:
        sign_in(page, poisoned, "owner")
        for code, reason in zip(poisoned.drafts, walk.FACTS, strict=True):
            shown = ""
            for step in ("", "/details", "/files"):
                page.goto(f"/disputes/drafts/{code}{step}")
                shown += page.content()
            missing = [text for text in texts_of(poisoned, code) if text not in shown]
            assert not missing, (reason, missing)


def test_a_view_shows_what_was_read_in_a_file(browser: Browser, poisoned: Poisoned) -> None:
    """The control: the texts of a statement's rows are on the page of its file."""
    poisoned.poison([f"typed{number:04}" for number in range(5_000)])
    wanted = select(STATEMENT.c.statements).join(FILE, FILE.c.id == STATEMENT.c.file_id)
    with poisoned.app.state.portal.doors.engines.read.connect() as connection:
        (told,) = json.loads(connection.scalar(wanted.where(FILE.c.code == poisoned.sheet)) or "[]")
    with page_of(browser, poisoned.portal.url, viewport=LAPTOP) as page:
        for who, path in (("planner", "/files"), ("supervisor", "/staff/files")):
            sign_in(page, poisoned, who)
            page.goto(f"{path}/{poisoned.sheet}/view")
            shown = page.content()
            assert [row[5] for row in told["rows"] if row[5] not in shown] == [], who


def texts_of(poisoned: Poisoned, code: str) -> set[str]:
    """The texts that were put into a draft."""
    draft = SQLModel.metadata.tables["dispute_draft"]
    with poisoned.app.state.portal.doors.engines.read.connect() as connection:
        content = connection.scalar(select(draft.c.content).where(draft.c.code == code))
    found = set(re.findall("typed[0-9]{4}", content))
    assert len(found) >= 2, "its words, and the name of the file that was not taken"
    return found


def test_nothing_stored_comes_alive(browser: Browser, poisoned: Poisoned) -> None:
    poisoned.poison(HOSTILE)
    wrong, read = look(browser, poisoned)
    assert not wrong, "\n".join(wrong[:20])
    assert sum(string in read for string in HOSTILE) >= len(HOSTILE) // 2, "they are shown, as text"


@pytest.mark.drill
def test_every_string_in_every_field(browser: Browser, poisoned: Poisoned, shared: Path) -> None:
    """Each of the strings in each field in turn, and what others collected."""
    strings = [*HOSTILE, *collected(shared)]
    for start in range(0, len(strings), 7):
        poisoned.poison(strings[start:] + strings[:start])
        wrong, _read = look(browser, poisoned)
        assert not wrong, f"from string {start}:\n" + "\n".join(wrong[:20])


def collected(shared: Path) -> list[str]:
    """Strings that others collected, where they lie on this machine."""
    found = []
    for name in (
        "fuzzdb__xss__xss-rsnake.txt",
        "fuzzdb__xss__XSSPolyglot.txt",
        "patt__XSS_Injection__XSSDetection.txt",
    ):
        path = shared / "hostile/payloads" / name
        if path.is_file():
            lines = path.read_text("utf-8", errors="replace").splitlines()
            found += [line[:800] for line in lines if "<" in line or ":" in line]
    return found


def test_the_probe_sees_what_comes_alive(browser: Browser, poisoned: Poisoned) -> None:
    """The control: the same strings written raw into a page of ours are found."""
    raw = [f'<main><p title="{string}">{string}</p><textarea>{string}</textarea></main>' for string in HOSTILE]
    context = new_context(browser, poisoned.portal.url)  # the policy would complain, rightly
    page = context.new_page()
    page.goto("/start")
    found = sum(bool(page.evaluate(DOM, each)["bad"]) for each in raw)
    context.close()
    assert found > len(HOSTILE) // 2
