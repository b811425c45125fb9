"""An installation that has files already is brought to scans and quotas without losing one."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.platform.db import migrate
from portal.platform.engines import make_engines

FILES = (
    # (id, added by staff, deleted, size)
    (1, False, False, 100),
    (2, False, True, 1_000),
    (3, True, False, 10_000),
    (4, False, False, 20),
)


def test_files_stay_and_count_for_the_quota(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    migrate(url, "0001")
    engines = make_engines(url)
    with engines.write.begin() as connection:
        tables = reflected(connection)
        person = fill(tables["person"], id=1)
        connection.execute(insert(tables["person"]).values(person))
        connection.execute(insert(tables["staff_account"]).values(fill(tables["staff_account"], id=1)))
        for number, by_staff, deleted, size in FILES:
            values = {
                "id": number,
                "person_id": 1,
                "added_by_staff": 1 if by_staff else None,
                "case_kind": "dispute",
                "kind": "pdf",
                "state": "deleted" if deleted else "ready",
                "problem": "",
                "deleted_at": 1 if deleted else None,
                "size": size,
            }
            row = {**fill(tables["evidence_file"]), **values, "code": f"code{number}", "store_key": f"key{number}"}
            connection.execute(insert(tables["evidence_file"]).values({**row, "sha256": f"hash{number}"}))
        connection.execute(
            insert(tables["evidence_page"]).values(fill(tables["evidence_page"], id=1, file_id=1, number=1))
        )
    engines.dispose()
    migrate(url)
    engines = make_engines(url)
    with engines.write.begin() as connection:
        tables = reflected(connection)
        quota = tables["evidence_quota"].c
        assert connection.execute(select(quota.person_id, quota.files, quota.bytes)).all() == [(1, 2, 120)]
        assert connection.execute(select(tables["evidence_page"].c.file_id)).scalars().all() == [1]
        assert len(connection.execute(select(tables["evidence_file"])).all()) == len(FILES)
        connection.execute(
            update(tables["evidence_file"]).where(tables["evidence_file"].c.id == 1).values(state="blocked")
        )
    with engines.write.connect() as connection:
        try:
            connection.execute(update(tables["evidence_file"]).values(state="clean"))
        except IntegrityError:
            return
        finally:
            engines.dispose()
    raise AssertionError("any state is taken")


def reflected(connection: Connection) -> dict[str, Table]:
    """The tables as they are."""
    found = MetaData()
    found.reflect(connection)
    return dict(found.tables)


def fill(table: Table, **values: Any) -> dict[str, Any]:
    """A row with something in every column that must not be empty."""
    kinds: dict[str, Any] = {"INTEGER": 1, "BIGINT": 1, "BOOLEAN": False, "VARCHAR": "natural", "TEXT": "{}"}
    needed = {column.name: kinds.get(str(column.type).split("(")[0]) for column in table.columns if not column.nullable}
    return {**needed, **values}
