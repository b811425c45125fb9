"""Acts that are interrupted, and sent again with the same key: exactly one effect, wherever it broke (MO-10, RE-07).

A fault at each step inside (D4), and the connection to PostgreSQL cut before the commit arrives, or after it and before
its answer (D9).
"""

import select as waiting
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel
from starlette.applications import Starlette

from portal.app import create_app
from portal.plans import proposing_actions
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.settings import Settings
from portal.prove import prove
from tests.client import Client
from tests.databases import Databases
from tests.disputes import walk
from tests.house.access_matrix import NOON
from tests.make import disputes as make_disputes
from tests.make import evidence as make_evidence
from tests.make import plans as make_plans
from tests.make.disputes import Cast
from tests.make.loans import import_tables
from tests.make.plans import lin_with_limits
from tests.platform.toy import wish, wished


class Broken(Exception):
    """What happens where a fault is planted; nothing in the portal expects it."""


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Starlette]:
    """Lin's case on each kind of database."""
    made = portal_on(database_url, tmp_path)
    import_tables(made.state.portal.doors, tmp_path, lin_with_limits())
    yield made
    made.state.portal.doors.engines.dispose()


def portal_on(url: str, folder: Path) -> Starlette:
    given = {"PORTAL_DATA_DIR": str(folder / "data"), "PORTAL_DATABASE_URL": url, "PORTAL_TIME_ZONE": "Asia/Shanghai"}
    return create_app(Settings.load(given), FixedClock(NOON))


@pytest.fixture
def client(app: Starlette) -> Iterator[Client]:
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        yield visitor


def enter(client: Client, viewer: Any) -> Client:
    visitor = client.another(headers={"Accept-Language": "en"})
    for name, token in Cast(doors_of(client)).sign_in(viewer).items():
        visitor.http.cookies.set(name, token)
    return visitor


def doors_of(client: Client) -> Doors:
    doors: Doors = client._app.state.portal.doors
    return doors


def count(client: Client, table: str) -> int:
    rows = SQLModel.metadata.tables[table]
    counted = select(func.count()).select_from(rows)
    doors = doors_of(client)
    return int(doors.read_as(doors.system(), lambda connection, _: connection.scalar(counted)) or 0)


# --- A fault at each step -------------------------------------------------------------------------------------


@contextmanager
def fault_at(client: Client, step: int) -> Iterator[list[int]]:
    """Break the n-th statement or commit of the next writes: before it, or for a commit also after it was done."""
    steps = [0]
    commit = Session.commit

    def passing() -> None:
        steps[0] += 1
        if steps[0] == step:
            raise Broken

    def before_statement(*_given: Any) -> None:
        passing()

    def breaking_commit(session: Session) -> None:
        passing()
        commit(session)
        passing()

    engine = doors_of(client).engines.write
    event.listen(engine, "before_cursor_execute", before_statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "commit", breaking_commit)
        try:
            yield steps
        finally:
            event.remove(engine, "before_cursor_execute", before_statement)


Round = tuple[Callable[[], Any], Callable[[], int]]
"""How to send the form of a page that was opened before, again and again the same one, and how to count its effects."""


def broken_at(client: Client, prepare: Callable[[], Round], some: bool) -> None:
    """Break one step, send the same form again, and count; `some` steps: the first ones and those about the commit."""
    for _ in range(2):  # the second round has the first one's to replace, as all others have
        send, effects = prepare()
        total = steps_of(client, send)
    assert total > 8
    chosen = (1, total // 2, total - 2, total - 1, total) if some else range(1, total + 1)
    for step in chosen:
        send, effects = prepare()
        before = effects()
        with fault_at(client, step):
            assert send().status_code in {500, 503}, f"step {step} of {total}"
        assert effects() == before + (step == total), f"step {step} of {total}: only the last comes after the commit"
        assert send().status_code in {200, 303}, f"step {step} of {total}"
        assert effects() == before + 1, f"step {step} of {total}: not exactly once"
    assert_whole(client)


def steps_of(client: Client, send: Callable[[], Any]) -> int:
    """How many steps a form takes that nothing breaks."""
    with fault_at(client, 0) as steps:
        assert send().status_code in {200, 303}
    return steps[0]


def disputes_of(client: Client) -> Callable[[], Round]:
    """Send a draft with a file; the dispute of the round before is withdrawn."""
    lin, form_path = objecting(client)
    slip = [("files", ("slip.png", make_evidence.picture(), "image/png"))]

    def prepare() -> Round:
        for number in open_disputes(client):
            lin.submit(lin.get(f"/disputes/{number}"), form="/withdraw")
        assert count(client, "dispute_draft") == 0, "the one that was sent is gone"
        page = walk.to_check(lin, form_path, words="It was there.", files=slip)
        return lambda: walk.send_off(lin, page, consent="yes"), lambda: whole_disputes(client)

    return prepare


def objecting(client: Client) -> tuple[Client, str]:
    """Lin, signed in, and the address of the first step of a dispute."""
    lin = Cast(doors_of(client)).borrower()
    code = make_disputes.loan_code(doors_of(client), lin)
    return enter(client, lin), f"/loans/{code}/instalments/3/dispute"


def whole_disputes(client: Client) -> int:
    """How many disputes there are, each with its file and its consent; what was not sent is a draft with its file."""
    numbers = all_of(client, "dispute", "number")
    cases = all_of(client, "evidence_file", "case_number")
    assert sorted(cases) == sorted([*numbers, *all_of(client, "dispute_draft", "code")])
    assert len(set(all_of(client, "dispute_consent", "dispute_id"))) == len(numbers)
    assert count(client, "dispute_consent") == len(numbers)
    return len(numbers)


def drafts_of(client: Client) -> Callable[[], Round]:
    """Begin a draft; the one of the round before is thrown away."""
    lin, form_path = objecting(client)

    def prepare() -> Round:
        for code in all_of(client, "dispute_draft", "code"):
            lin.submit(lin.get(f"/disputes/drafts/{code}"), form="/discard")
        page = lin.get(form_path)
        sent = {"stretch": walk.ALL, "act": "next"}
        return lambda: walk.send(lin, page, sent, "/dispute"), lambda: count(client, "dispute_draft")

    return prepare


def uploads_of(client: Client) -> Callable[[], Round]:
    """Put a file to a draft; that of the round before is taken out."""
    lin, form_path = objecting(client)
    files = f"/disputes/drafts/{walk.code_of(walk.begin(lin, form_path))}/files"
    slip = [("files", ("slip.png", make_evidence.picture(), "image/png"))]

    def prepare() -> Round:
        page = lin.get(files)
        if "/remove" in page.text:
            walk.take_out(lin, page)
            page = lin.get(files)
        sent = partial(walk.upload, lin, page, slip, act="add")
        return sent, lambda: all_of(client, "evidence_file", "state").count("being_checked")

    return prepare


def plans_of(client: Client) -> Callable[[], Round]:
    """Agree to a plan; the one of the round before is replaced."""
    cast = Cast(doors_of(client))
    lin, approver = cast.borrower(), enter(client, cast.staff("Qiao", "plan_approver"))

    def prepare() -> Round:
        waiting_plans = SQLModel.metadata.tables["plan"]
        wanted = select(waiting_plans.c.number).where(waiting_plans.c.state == "proposed")
        doors = doors_of(client)
        for number in doors.read_as(lin, lambda connection, _: connection.scalars(wanted).all()):
            doors.write_as(lin, proposing_actions.withdraw_plan, number)
        number = make_plans.propose(doors, lin)
        page = approver.get(f"/staff/plans/{number}")
        sent = {"reason": "within_limits"}
        return lambda: approver.submit(page, sent, "/approve"), lambda: count(client, "plan_agreement")

    return prepare


ACTS = {
    "filing a dispute": disputes_of,
    "beginning a draft": drafts_of,
    "adding a file to a draft": uploads_of,
    "agreeing to a plan": plans_of,
}


@pytest.mark.parametrize("act", ACTS)
def test_a_fault_inside_an_act(client: Client, act: str) -> None:
    """MO-10: what belongs to it is one transaction, and its key tells whether it was done."""
    broken_at(client, ACTS[act](client), some=True)


@pytest.mark.drill
@pytest.mark.parametrize("act", ACTS)
def test_a_fault_at_each_step_of_an_act(client: Client, act: str) -> None:
    """D4."""
    broken_at(client, ACTS[act](client), some=False)


def all_of(client: Client, table: str, column: str) -> list[Any]:
    """One column of all rows."""
    doors, rows = doors_of(client), SQLModel.metadata.tables[table]
    return list(doors.read_as(doors.system(), lambda connection, _: connection.scalars(select(rows.c[column])).all()))


def open_disputes(client: Client) -> list[str]:
    dispute = SQLModel.metadata.tables["dispute"]
    wanted = select(dispute.c.number).where(dispute.c.state == "open")
    doors = doors_of(client)
    return list(doors.read_as(doors.system(), lambda connection, _: connection.scalars(wanted).all()))


def test_without_the_key_the_act_would_be_done_twice(client: Client) -> None:
    """The control: a new form after a fault that came after the commit has a second effect."""
    cast = Cast(doors_of(client))
    lin = enter(client, cast.borrower())
    number = make_disputes.file_dispute(doors_of(client), cast.borrower())
    steps = steps_of(client, lambda: lin.submit(lin.get(f"/disputes/{number}"), {"words": "Once."}, form="/add"))
    before = count(client, "dispute_message")
    page = lin.get(f"/disputes/{number}")
    with fault_at(client, steps):
        assert lin.submit(page, {"words": "Twice?"}, form="/add").status_code == 500
    lin.submit(lin.get(f"/disputes/{number}"), {"words": "Twice?"}, form="/add")
    assert count(client, "dispute_message") == before + 2
    assert lin.submit(page, {"words": "Twice?"}, form="/add").status_code == 303
    assert count(client, "dispute_message") == before + 2


def assert_whole(client: Client) -> None:
    """Nothing of what broke stayed behind."""
    lines: list[str] = []
    assert prove(client._app.state.portal, lines.append) == 0, lines


# --- A connection that is cut ---------------------------------------------------------------------------------

COMMIT = b"COMMIT\x00"


class Cutter:
    """A TCP proxy before PostgreSQL that cuts a connection at the next commit: before it is passed on, or after.

    It is our own and listens on the loopback only.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.cut = ""
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._server)
            while True:
                ready, _, _ = waiting.select([client, server], [], [])
                if client in ready and not self._from_client(client, server):
                    return
                if server in ready:
                    data = server.recv(65536)
                    if not data:
                        return
                    client.sendall(data)

    def _from_client(self, client: socket.socket, server: socket.socket) -> bool:
        data = client.recv(65536)
        if not data:
            return False
        if self.cut and COMMIT in data:
            when, self.cut = self.cut, ""
            self.cuts += 1
            if when == "after":
                server.sendall(data)
                server.recv(65536)  # it is done; its answer is lost
            return False
        server.sendall(data)
        return True


@pytest.fixture
def cut_off(postgres_databases: Databases, tmp_path: Path) -> Iterator[tuple[Client, Cutter]]:
    """A portal that reaches PostgreSQL through the cutter, with a dispute of Lin's."""
    url = postgres_databases.create()
    parsed = make_url(url)
    folder = parsed.query.get("host")
    if folder is None:
        pytest.skip("the PostgreSQL that was given is reached over TCP; this cutter stands before a socket")
    cutter = Cutter(f"{folder}/.s.PGSQL.5432")
    import_tables(portal_on(url, tmp_path).state.portal.doors, tmp_path, lin_with_limits())
    through = parsed.set(host="127.0.0.1", port=cutter.port, query={"sslmode": "disable"})
    app = portal_on(through.render_as_string(hide_password=False), tmp_path)
    with Client(app, headers={"Accept-Language": "en"}) as client:
        yield client, cutter
    cutter.close()
    postgres_databases.drop(url)


def cut_again_and_again(client: Client, cutter: Cutter, rounds: int) -> None:
    """Words added to a dispute, each time with a cut; each is there exactly once, and the person sees success."""
    cast = Cast(doors_of(client))
    number = make_disputes.file_dispute(doors_of(client), cast.borrower())
    lin = enter(client, cast.borrower())
    for number_of_round in range(rounds):
        when = ("before", "after")[number_of_round % 2]
        page = lin.get(f"/disputes/{number}")
        cutter.cut = when
        answer = lin.submit(page, {"words": f"Round {number_of_round}."}, form="/add")
        assert answer.status_code == 303, when
        assert count(client, "dispute_message") == number_of_round + 1, when
        assert lin.submit(page, {"words": f"Round {number_of_round}."}, form="/add").status_code == 303
        assert count(client, "dispute_message") == number_of_round + 1, when
    assert cutter.cuts == rounds


def test_a_cut_around_the_commit(cut_off: tuple[Client, Cutter]) -> None:
    cut_again_and_again(*cut_off, rounds=6)


@pytest.mark.drill
def test_two_hundred_cuts_around_the_commit(cut_off: tuple[Client, Cutter]) -> None:
    """D9: a hundred of each."""
    cut_again_and_again(*cut_off, rounds=200)


def test_a_write_without_a_key_is_not_repeated(cut_off: tuple[Client, Cutter]) -> None:
    """The control: what carries no key is left open after a cut, and the cutter does cut."""
    client, cutter = cut_off
    doors = doors_of(client)
    cutter.cut = "after"
    with pytest.raises(OperationalError):
        doors.write_as(doors.system(), wish, "pony")
    assert doors.read_as(doors.system(), wished, "pony") == 1


# --- A disk that is full --------------------------------------------------------------------------------------


def test_a_full_database_reads_on_and_heals_by_itself(tmp_path: Path, sqlite_url: str) -> None:
    """RE-06: what is written is refused in plain words, what is read is there, and room is taken up at once."""
    app = portal_on(sqlite_url, tmp_path)
    import_tables(app.state.portal.doors, tmp_path, lin_with_limits())
    with Client(app, headers={"Accept-Language": "en"}) as client:
        cast = Cast(doors_of(client))
        number = make_disputes.file_dispute(doors_of(client), cast.borrower())
        lin = enter(client, cast.borrower())
        pages = [lin.get(f"/disputes/{number}") for _ in range(4)]
        with full(client):
            refused = [lin.submit(page, {"words": "x" * 4000}, form="/add") for page in pages]
            assert 503 in {answer.status_code for answer in refused}
            assert "Try again at" in refused[-1].text
            assert lin.get("/account").status_code == 200
            assert client.get("/readyz").status_code in {200, 503}
        acknowledged = sum(answer.status_code == 303 for answer in refused)
        assert count(client, "dispute_message") == acknowledged
        again = [lin.submit(page, {"words": "x" * 4000}, form="/add") for page in pages]
        assert {answer.status_code for answer in again} == {303}
        assert count(client, "dispute_message") == len(pages)
    assert_whole(client)


@contextmanager
def full(client: Client) -> Iterator[None]:
    """The file may not grow: what SQLite says then is what it says of a full disk."""
    engine = doors_of(client).engines.write

    def limit(connection: Any, _record: object, _proxy: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    def lift(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA max_page_count=1073741823")

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)
        event.listen(engine, "checkout", lift)
