"""Stored files come back whole or not at all, and are unreadable where they lie: in a folder and in a bucket."""

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from portal.platform.buckets import Bucket
from portal.platform.file_backends import Backend, Folder
from portal.platform.files import FileDamaged, FileMissing, FileStore, StoreUnreachable
from tests.buckets import S3Server, files_of

OLD, NEW = "an-old-file-key-of-the-tests-0000000001", "a-new-file-key-of-the-tests-00000000002"
CONTENT = b"a bank statement" * 1000


@pytest.fixture
def backend(tmp_path: Path, store_settings: Mapping[str, str]) -> Backend:
    """Where the bytes lie."""
    return Bucket(files_of(store_settings)) if store_settings else Folder(tmp_path / "files")


@pytest.fixture
def store(backend: Backend) -> FileStore:
    """A store with an old key."""
    return FileStore(backend, [OLD])


def test_content_comes_back(store: FileStore, backend: Backend) -> None:
    key = store.put(CONTENT)
    assert store.get(key) == CONTENT
    assert b"bank" not in backend.get(key)
    assert list(store.keys()) == [key]


def test_large_and_empty_files_come_back(store: FileStore) -> None:
    for content in (b"", os.urandom(20_000_000)):
        assert store.get(store.put(content)) == content


def test_in_a_folder_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    path = folder.path(FileStore(folder, [OLD]).put(CONTENT))
    assert path.stat().st_mode & 0o077 == 0


def test_a_deleted_file_is_gone(store: FileStore) -> None:
    key = store.put(b"")
    store.delete(key)
    store.delete(key)
    with pytest.raises(FileMissing):
        store.get(key)
    assert not store.is_ours(key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "0" * 31])
def test_a_key_is_no_path(store: FileStore, key: str) -> None:
    for use in (store.get, store.delete, store.raw, store.rewrap):
        with pytest.raises(FileMissing):
            use(key)


@pytest.mark.parametrize("place", [0, 4, 20, 40, 70, -1])
def test_a_changed_byte_is_noticed(store: FileStore, backend: Backend, place: int) -> None:
    """EV-11."""
    key = store.put(CONTENT)
    raw = bytearray(backend.get(key))
    raw[place] ^= 1
    backend.put(key, bytes(raw))
    with pytest.raises(FileDamaged):
        store.get(key)


@pytest.mark.parametrize("size", [0, 3, 40, 64, 70, 90])
def test_a_file_that_was_cut_off_is_noticed(store: FileStore, backend: Backend, size: int) -> None:
    key = store.put(CONTENT)
    backend.put(key, backend.get(key)[:size])
    with pytest.raises(FileDamaged):
        store.get(key)


def test_two_files_cannot_be_swapped(store: FileStore, backend: Backend) -> None:
    """EV-11."""
    one, other = store.put(b"one"), store.put(b"other")
    backend.put(one, backend.get(other))
    with pytest.raises(FileDamaged):
        store.get(one)


def test_the_content_is_held_against_its_hash(store: FileStore) -> None:
    """What somebody with the file keys exchanged is found by the hash that the row keeps."""
    key = store.put(b"one")
    assert store.get(key, sha256(b"one").hexdigest()) == b"one"
    with pytest.raises(FileDamaged):
        store.get(key, sha256(b"other").hexdigest())


def test_keys_can_be_rotated(store: FileStore, backend: Backend) -> None:
    """EV-11."""
    key = store.put(CONTENT)
    both, new = FileStore(backend, [NEW, OLD]), FileStore(backend, [NEW])
    assert both.get(key) == CONTENT
    with pytest.raises(FileDamaged):
        new.get(key)
    assert both.rewrap(key)
    assert not both.rewrap(key)
    assert new.get(key) == CONTENT
    assert new.is_ours(key)
    assert not store.is_ours(key)


def test_nobody_meets_a_half_written_file(store: FileStore, backend: Backend) -> None:
    """Read over and over while it is wrapped anew over and over."""
    key = store.put(os.urandom(500_000))
    stores = [FileStore(backend, [NEW, OLD]), FileStore(backend, [OLD, NEW])]
    turns = 0
    done = threading.Event()

    def rotate() -> None:
        nonlocal turns
        while not done.is_set():
            assert stores[turns % 2].rewrap(key)
            turns += 1

    with ThreadPoolExecutor(1) as pool:
        turning = pool.submit(rotate)
        reads = 0
        while not turning.done() and (turns < 30 or reads < 30):
            stores[0].get(key)
            reads += 1
        done.set()
        turning.result()


def test_old_files_are_found(store: FileStore) -> None:
    key = store.put(CONTENT)
    now = datetime.now(UTC)
    assert store.older_than(now - timedelta(hours=1)) == []
    assert store.older_than(now + timedelta(hours=1)) == [key]


def test_what_a_dead_process_left_half_written_is_removed(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    path = folder.path(FileStore(folder, [OLD]).put(CONTENT))
    draft = path.with_name(f".{'0' * 32}.{'a' * 8}")
    draft.write_bytes(b"half")
    now = datetime.now(UTC)
    assert folder.forget_unfinished(now - timedelta(hours=1)) == 0
    assert folder.forget_unfinished(now + timedelta(hours=1)) == 1
    assert not draft.exists()
    assert path.exists()


# --- A service that is away, or shuts us out ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"FILES_SECRET_KEY": "another-secret-key"},
        {"FILES_URL": "s3://no-such-bucket"},
        {"FILES_ENDPOINT": "http://127.0.0.1:9"},
    ],
    ids=["wrong secret", "no bucket", "nobody there"],
)
def test_away_is_not_missing(s3: S3Server, change: Mapping[str, str]) -> None:
    """Nothing may take an outage for a lost file: it would be called lost, or swept."""
    store = FileStore(Bucket(files_of({**s3.bucket(), **change})), [OLD])
    for use in (store.get, store.delete, store.rewrap, store.is_ours):
        with pytest.raises(StoreUnreachable):
            use("0" * 32)
    with pytest.raises(StoreUnreachable):
        store.put(CONTENT)
    with pytest.raises(StoreUnreachable):
        list(store.keys())
    with pytest.raises(StoreUnreachable) as error:
        store.check()
    assert s3.secret_key not in str(error.value)


# --- What goes over the wire ----------------------------------------------------------------------------------


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The heads of requests to any host by http, caught by a proxy that answers each with nothing."""
    heads: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length") or 0))
        heads.append(f"{handler.requestline}\n{handler.headers}".lower())
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.send_header("ETag", "x")
        handler.end_headers()

    quiet = {"do_PUT": answer, "log_message": lambda *_: None}
    listener = type("Listener", (BaseHTTPRequestHandler,), quiet)
    server = ThreadingHTTPServer(("127.0.0.1", 0), listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    yield heads
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("style", "address"),
    [
        ("path", "put http://oss.lender.test/evidence/portal/"),
        ("virtual", "put http://evidence.oss.lender.test/portal/"),
    ],
)
def test_an_upload_asks_for_nothing_beyond_the_plain_protocol(overheard: list[str], style: str, address: str) -> None:
    """No checksum, no condition, no parts, which some services refuse; the content is covered by the signature."""
    settings = {
        "FILES_URL": "s3://evidence/portal",
        "FILES_ENDPOINT": "http://oss.lender.test",
        "FILES_ACCESS_KEY": "portal",
        "FILES_SECRET_KEY": "secret",
        "FILES_STYLE": style,
    }
    FileStore(Bucket(files_of(settings)), [OLD]).put(os.urandom(6_000_000))
    (head,) = overheard
    assert head.startswith(address)
    assert "x-amz-content-sha256: unsigned" not in head
    assert "x-amz-content-sha256: " in head
    assert not any(word in head for word in ("checksum", "if-none-match", "if-match", "uploads"))
