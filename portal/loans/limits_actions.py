"""A dated limit gets a new version: of a product, of a role for a product, or of a role's authority."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, update
from sqlmodel import Session

from portal.loans.limits_queries import AUTHORITY, PLAN_LIMIT, PRODUCT_RULE, ROLE_LIMIT
from portal.platform.gate import Viewer

TABLES: Mapping[str, Table] = {"product": PLAN_LIMIT, "role": ROLE_LIMIT, "authority": AUTHORITY, "rule": PRODUCT_RULE}


def set_limit(
    session: Session,
    viewer: Viewer,
    kind: str,
    key: Mapping[str, Any],
    effective_from: date,
    values: Mapping[str, Any],
) -> None:
    """Record a limit that counts from a day on; one of the same day is kept as history. Amounts are minor units.

    `kind` is one of `TABLES`, `key` what names the limit beside its day. Whoever calls records why and who.
    """
    table = TABLES[kind]
    named = {**key, "effective_from": effective_from}
    same = [table.c[name] == value for name, value in named.items()]
    session.execute(update(table).where(*same, table.c.superseded_at.is_(None)).values(superseded_at=viewer.now))
    version = {"recorded_at": viewer.now, "import_id": None, "digest": 0}
    session.execute(insert(table).values({**named, **values, **version}))
