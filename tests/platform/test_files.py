"""Stored files come back whole or not at all, and are unreadable on the disk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.platform.files import FileDamaged, FileMissing, FileStore

OLD, NEW = "an-old-file-key-of-the-tests-0000000001", "a-new-file-key-of-the-tests-00000000002"
CONTENT = b"a bank statement" * 1000


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", [OLD])


def only_file(folder: Path) -> Path:
    return next(path for path in folder.rglob("*") if path.is_file())


def test_content_comes_back(store: FileStore, tmp_path: Path) -> None:
    key = store.put(CONTENT)
    assert store.get(key) == CONTENT
    raw = only_file(tmp_path).read_bytes()
    assert b"bank" not in raw
    assert only_file(tmp_path).stat().st_mode & 0o077 == 0
    assert list(store.keys()) == [key]


def test_a_deleted_file_is_gone(store: FileStore) -> None:
    key = store.put(b"")
    store.delete(key)
    store.delete(key)
    with pytest.raises(FileMissing):
        store.get(key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "0" * 31])
def test_a_key_is_no_path(store: FileStore, key: str) -> None:
    with pytest.raises(FileMissing):
        store.get(key)


@pytest.mark.parametrize("place", [0, 4, 20, 40, 70, -1])
def test_a_changed_byte_is_noticed(store: FileStore, tmp_path: Path, place: int) -> None:
    key = store.put(CONTENT)
    path = only_file(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    with pytest.raises(FileDamaged):
        store.get(key)


def test_two_files_cannot_be_swapped(store: FileStore, tmp_path: Path) -> None:
    one, other = store.put(b"one"), store.put(b"other")
    path = tmp_path / "files" / one[:2] / one
    path.write_bytes((tmp_path / "files" / other[:2] / other).read_bytes())
    with pytest.raises(FileDamaged):
        store.get(one)


def test_keys_can_be_rotated(store: FileStore, tmp_path: Path) -> None:
    key = store.put(CONTENT)
    both, new = FileStore(tmp_path / "files", [NEW, OLD]), FileStore(tmp_path / "files", [NEW])
    assert both.get(key) == CONTENT
    with pytest.raises(FileDamaged):
        new.get(key)
    both.rewrap(key)
    assert new.get(key) == CONTENT


def test_old_files_are_found(store: FileStore) -> None:
    key = store.put(CONTENT)
    now = datetime.now(UTC)
    assert store.older_than(now - timedelta(hours=1)) == []
    assert store.older_than(now + timedelta(hours=1)) == [key]
