"""Requests that are too large or lie about their size, sent raw to a real server (EV-01)."""

import os
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.platform.gate import BODY_LIMIT
from tests.databases import Databases
from tests.house.access_matrix import methods, routes
from tests.house.test_access_matrix import address
from tests.served import Portal, install

WORK = 2.0
"""Seconds of the processor that the server may spend on one: it is counted, so that no other program's work is."""

PATIENCE = 60
"""Seconds after which an answer is not waited for any more."""

GROWTH = 50 * 1024 * 1024
LIMITS = {address(each): each.body_limit for each in routes() if "POST" in methods(each)}
"""How many bytes each address takes."""

LARGE = sorted(path for path, limit in LIMITS.items() if limit > BODY_LIMIT)
"""Every address that takes files."""

SMALL = "/start"
MULTIPART = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"


def part(name: str, body: bytes, more: str = "") -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + body + b"\r\n"


def chunked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def endless(piece: bytes, total: int) -> Iterator[bytes]:
    yield from (piece for _ in range(total // len(piece)))


Shape = tuple[str, dict[str, str], Iterator[bytes]]
MEGA = b"a" * 65_536


def shapes() -> dict[str, Shape]:
    """Path, headers and body of what should be refused."""
    to_files = {f"{name}, at {path}": shape for path in LARGE for name, shape in shapes_of_files(path).items()}
    return to_files | shapes_of_forms()


def shapes_of_files(path: str) -> dict[str, Shape]:
    """What an address that takes files refuses."""
    file_head = part("files", b"", '; filename="a.jpg"')[:-2]
    return {
        "announced too large": (
            path,
            {"Content-Length": str(LIMITS[path] + 1), "Content-Type": MULTIPART},
            iter([b"x"]),
        ),
        "never announced": (
            path,
            {"Transfer-Encoding": "chunked", "Content-Type": MULTIPART},
            chunked(iter([file_head, *endless(MEGA, 70_000_000)])),
        ),
        "a thousand files": (
            path,
            {"Content-Length": str(len(part("f", b"1", '; filename="a.jpg"')) * 1000 + 5), "Content-Type": MULTIPART},
            iter([part("f", b"1", '; filename="a.jpg"') * 1000, b"--x--"]),
        ),
        "one field of megabytes": (
            path,
            {"Content-Length": str(len(part("words", MEGA * 32)) + 5), "Content-Type": MULTIPART},
            iter([part("words", MEGA * 32), b"--x--"]),
        ),
        "a part whose head is the body": (
            path,
            {"Content-Length": "2000000", "Content-Type": MULTIPART},
            iter([b"--x\r\n" + b"X-A: " + b"a" * 1_999_990]),
        ),
    }


def shapes_of_forms() -> dict[str, Shape]:
    """What every other address refuses."""
    return {
        "announced too large for a form": (SMALL, {"Content-Length": "300000", "Content-Type": FORM}, iter([b"a=1"])),
        "announced beyond every number": (SMALL, {"Content-Length": "9" * 40, "Content-Type": FORM}, iter([b"a=1"])),
        "announced below nothing": (SMALL, {"Content-Length": "-1", "Content-Type": FORM}, iter([b"a=1"])),
        "announced twice": (
            SMALL,
            {"Content-Length": "3\r\nContent-Length: 300000", "Content-Type": FORM},
            iter([b"a=1"]),
        ),
        "never announced, to a form": (
            SMALL,
            {"Transfer-Encoding": "chunked", "Content-Type": FORM},
            chunked(endless(MEGA, 10_000_000)),
        ),
        "both announced and not": (
            SMALL,
            {"Content-Length": "5", "Transfer-Encoding": "chunked", "Content-Type": FORM},
            chunked(endless(MEGA, 1_000_000)),
        ),
        "a thousand fields": (
            SMALL,
            {"Content-Length": str(len(b"a=1&" * 1000)), "Content-Type": FORM},
            iter([b"a=1&" * 1000]),
        ),
        "headers without an end": (SMALL, {f"X-{n}": "a" * 2000 for n in range(100)}, iter([b""])),
    }


@pytest.fixture(scope="module")
def served(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("bodies")
    (folder / "tmp").mkdir()
    portal = install(folder, sqlite_databases.create())
    environment = {**portal.environment, "TMPDIR": str(folder / "tmp")}
    with Portal(portal.url, folder, environment).serving("--no-worker") as running:
        yield running


def memory(portal: Portal) -> int:
    """How many bytes of memory the server holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{portal.process}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024


def work(portal: Portal) -> float:
    """For how many seconds the server has kept the processor busy."""
    spent = Path(f"/proc/{portal.process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def send(portal: Portal, shape: Shape) -> int:
    """The status of the answer; 0: the connection was closed without one."""
    path, headers, body = shape
    address = urlsplit(portal.url)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=PATIENCE) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{head}\r\n".encode())
        try:
            for piece in body:
                connection.sendall(piece)
        except (ConnectionError, TimeoutError):
            pass  # it does not listen any more, rightly
        try:
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b""
    found = re.match(rb"HTTP/1\.1 (\d+)", answer)
    return int(found[1]) if found else 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("name", shapes())
def test_it_is_refused_soon_and_leaves_nothing(served: Portal, name: str) -> None:
    before, spent = memory(served), work(served)
    status = send(served, shapes()[name])
    assert status in {0, 303, 400, 413, 431}, f"{name}: {status}"
    assert work(served) - spent < WORK
    assert memory(served) - before < GROWTH
    assert list((served.folder / "tmp").iterdir()) == []


def test_files_of_a_draft_are_among_what_is_large() -> None:
    """The control: the addresses come from the router, and those known to take files are among them."""
    assert {"/disputes/drafts/nosuchcode234567/files", "/disputes/ZZZ-ZZZ/add", "/complaints/new"} < set(LARGE)


@pytest.mark.parametrize("path", LARGE)
def test_files_of_a_stranger_are_not_even_read(served: Portal, path: str) -> None:
    """Nearly all that is allowed is announced and a twelfth of it sent: the answer comes before the rest."""
    announced = LIMITS[path] * 15 // 16
    begun = [part("files", b"a" * (announced // 12), '; filename="a.jpg"')]
    shape = (path, {"Content-Length": str(announced), "Content-Type": MULTIPART}, iter(begun))
    assert send(served, shape) == 303


def test_a_form_of_the_right_size_is_read(served: Portal) -> None:
    """The control: sent in the same way, a form with its token gets the form's own answer."""
    with urllib.request.urlopen(f"{served.url}{SMALL}") as page:
        token = page.read().decode().partition('name="form_token" value="')[2].partition('"')[0]
    body = f"form_token={token}&number=none".encode()
    shape = (SMALL, {"Content-Length": str(len(body)), "Content-Type": FORM}, iter([body]))
    assert send(served, shape) == 422
