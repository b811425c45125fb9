"""The server killed at random moments while people send things: what was acknowledged is there, once (RE-04, D1)."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from portal.app import create_app
from portal.demo import people
from portal.platform.settings import Settings
from portal.prove import prove
from tests.client import Client
from tests.make import cases as make_cases
from tests.make import demo, evidence
from tests.served import ENTRY, Portal, answers, install

READY_SECONDS = 5
USERS = 8
UPLOADS_EVERY = 5
ROUNDS = 200


@dataclass
class Sent:
    """One form: what it says, its token, and whether its whole answer had come."""

    words: str
    path: str
    fields: dict[str, str]
    cookie: str
    file: bool
    acknowledged: bool = False


@dataclass
class Journal:
    """What the clients know: each acknowledgement is on the disk before the next form is sent."""

    path: Path
    sent: list[Sent] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, one: Sent) -> None:
        with self._lock:
            self.sent.append(one)

    def acknowledge(self, one: Sent) -> None:
        with self._lock, self.path.open("ab") as file:
            file.write(f"{one.words}\n".encode())
            file.flush()
            os.fsync(file.fileno())
            one.acknowledged = True


@dataclass
class Attacked:
    """An installation with two disputes that can be killed and started again."""

    portal: Portal
    app: Starlette
    cookies: tuple[str, str]
    disputes: tuple[str, str]
    journal: Journal
    ready: list[float] = field(default_factory=list)

    def start(self) -> "subprocess.Popen[bytes]":
        """`portal serve` with its worker, in a process group of its own, until it is ready."""
        with self.portal.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", ENTRY, "serve"],
                cwd=self.portal.folder,
                env=dict(self.portal.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        began = time.monotonic()
        while not answers(f"{self.portal.url}/readyz"):
            assert process.poll() is None, self.portal.log.read_text("utf-8")[-3000:]
            assert time.monotonic() - began < 60, "not ready"
            time.sleep(0.05)
        self.ready.append(time.monotonic() - began)
        return process

    def use(self, user: int, until: threading.Event) -> None:
        """One user: open the dispute, add words and now and then a file, note what was answered."""
        with httpx2.Client(base_url=self.portal.url, timeout=10) as http:
            http.cookies.set("session", self.cookies[user % 2])
            http.cookies.set("lang", "en")
            number = 0
            with suppress(httpx2.HTTPError):
                while not until.is_set():
                    number += 1
                    one = self.next_form(http, user, number)
                    self.journal.send(one)
                    if self.deliver(http, one):
                        self.journal.acknowledge(one)

    def next_form(self, http: httpx2.Client, user: int, number: int) -> Sent:
        path = f"/disputes/{self.disputes[user % 2]}"
        page = http.get(path)
        words = f"user {user} no. {len(self.journal.sent)}-{number}-{random.getrandbits(40):x}"
        fields = {"form_token": token_for(page.text), "words": words, "consent": "yes"}
        return Sent(words, f"{path}/add", fields, self.cookies[user % 2], user < 2 and number % UPLOADS_EVERY == 0)

    def deliver(self, http: httpx2.Client, one: Sent) -> bool:
        """Send a form; True where its whole answer says that it was taken."""
        files = (
            {"files": ("slip.png", evidence.picture(30, 20 + len(one.words) % 9), "image/png")} if one.file else None
        )
        answer = http.post(one.path, data=one.fields, files=files, headers={"Origin": self.portal.url})
        assert answer.status_code in {303, 409, 422, 429, 503}, (answer.status_code, answer.text[:300])
        return answer.status_code == 303

    def written(self) -> dict[str, int]:
        """How often each of the words is in the database."""
        message = SQLModel.metadata.tables["dispute_message"]
        counted = select(message.c.words, func.count()).group_by(message.c.words)
        doors = self.app.state.portal.doors
        found: dict[str, int] = dict(
            doors.read_as(doors.system(), lambda read, _: [tuple(row) for row in read.execute(counted)])
        )
        return found


def token_for(page: str) -> str:
    """The token of the form that adds words."""
    return page.partition('/add"')[2].partition('name="form_token" value="')[2].partition('"')[0]


@contextmanager
def under_attack(folder: Path, url: str) -> Iterator[Attacked]:
    portal = install(folder, url, today="2026-04-17")
    portal.run("demo")
    app = create_app(Settings.load(portal.environment))
    with Client(app, portal.url, headers={"Accept-Language": "en"}) as nobody:
        cookies, disputes = [], []
        for person in (people.LIN_YI, people.LIN_YI_IN_ENGLISH):
            visitor = demo.as_person(app, nobody, person)
            page = visitor.get(f"/loans/{make_cases.late_loan(app, person)}/instalments/3/dispute")
            disputes.append(make_cases.file_on(visitor, page, "It was there.", "slip.png"))
            cookies.append(visitor.http.cookies["session"])
        yield Attacked(portal, app, (cookies[0], cookies[1]), (disputes[0], disputes[1]), Journal(folder / "acks"))


def kill_again_and_again(attacked: Attacked, rounds: int, seed: int) -> tuple[int, int]:
    """Kill, look, start, send again what had no answer, look; how many were acknowledged, and in flight and lost."""
    chance = random.Random(seed)
    process = attacked.start()
    in_flight_lost = 0
    for round_number in range(rounds):
        first = len(attacked.journal.sent)
        until = threading.Event()
        users = [threading.Thread(target=attacked.use, args=(user, until)) for user in range(USERS)]
        for user in users:
            user.start()
        wait_for_an_acknowledgement(attacked.journal, first)
        time.sleep(chance.uniform(0, 1.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        until.set()
        for user in users:
            user.join()
        process = attacked.start()
        in_flight_lost += look(attacked, attacked.journal.sent[first:], round_number, seed)
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    lines: list[str] = []
    assert prove(attacked.app.state.portal, lines.append) == 0, lines
    return sum(one.acknowledged for one in attacked.journal.sent), in_flight_lost


def wait_for_an_acknowledgement(journal: Journal, first: int) -> None:
    """A slow machine is given the time to do something before it is killed."""
    deadline = time.monotonic() + 30
    while not any(one.acknowledged for one in journal.sent[first:]) and time.monotonic() < deadline:
        time.sleep(0.02)


def look(attacked: Attacked, sent: list[Sent], round_number: int, seed: int) -> int:
    """Each acknowledged form is there once, each other at most once; sent again, each is there once."""
    written = attacked.written()
    lost = [one.words for one in sent if one.acknowledged and written.get(one.words, 0) != 1]
    assert not lost, f"seed {seed}, round {round_number}: {lost}"
    open_ones = [one for one in sent if not one.acknowledged]
    missing = sum(one.words not in written for one in open_ones)
    assert all(written.get(one.words, 0) <= 1 for one in open_ones)
    with httpx2.Client(base_url=attacked.portal.url, timeout=20) as http:
        for one in open_ones:
            http.cookies.set("session", one.cookie)
            if attacked.deliver(http, one):
                attacked.journal.acknowledge(one)
    written = attacked.written()
    assert all(written.get(one.words, 0) == 1 for one in sent if one.acknowledged), f"seed {seed}, round {round_number}"
    return missing


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, sqlite_url: str) -> None:
    with under_attack(tmp_path, sqlite_url) as attacked:
        acknowledged, _lost = kill_again_and_again(attacked, rounds=1, seed=1)
    assert acknowledged > 0


@pytest.mark.drill
def test_two_hundred_kills(tmp_path: Path, database_url: str) -> None:
    """D1. The control is in it: some forms in flight were lost, so the kills do hit, and a lost one would be seen."""
    with under_attack(tmp_path, database_url) as attacked:
        acknowledged, in_flight_lost = kill_again_and_again(attacked, ROUNDS, seed=20)
    print(f"acknowledged {acknowledged}, lost in flight {in_flight_lost}, ready in {median(attacked.ready):.1f} s")  # noqa: T201 - a drill tells its figures
    assert acknowledged > 5 * ROUNDS
    assert in_flight_lost > ROUNDS // 10
    assert median(attacked.ready) <= READY_SECONDS
