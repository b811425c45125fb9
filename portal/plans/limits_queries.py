"""The page of limits for staff: those in force, those to come, every version there was, and changes that wait."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from portal.access import second_person_queries
from portal.access.queries import ACCOUNT
from portal.access.second_person_queries import Pending
from portal.core.plans import PlanLimits
from portal.loans import limits_queries as loans
from portal.loans.limits_queries import ProductName, RuleVersion
from portal.loans.product_rules import ProductRules
from portal.plans.limits_facts import FIELDS, Change, LimitKey, read_change
from portal.plans.limits_tables import LimitChange
from portal.platform.gate import PERMISSIONS, Viewer

ACT = "change_limits"
"""What a second supervisor is asked to confirm."""

LIMIT_CHANGE = SQLModel.metadata.tables[str(LimitChange.__tablename__)]
DECIDING_ROLES = tuple(sorted(PERMISSIONS["approve_plans"]))
_STANDARD = PlanLimits()


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit: what counts today, and the versions to come and gone."""

    key: LimitKey
    product: ProductName | None
    values: Mapping[str, int | bool]
    since: date | None
    later: tuple[tuple[date, Mapping[str, int | bool]], ...]


@dataclass(frozen=True, slots=True)
class DoneChange:
    """A change that two supervisors made."""

    number: str
    change: Change
    made_by: str
    confirmed_by: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """All limits, the changes that wait for a second supervisor, and the history of each limit."""

    products: Mapping[int, ProductName]
    lines: tuple[LimitLine, ...]
    waiting: tuple[tuple[Pending, Change], ...]
    done: tuple[DoneChange, ...]
    imported: tuple[tuple[LimitKey, RuleVersion], ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One change: while it waits, and once it is made. `is_stale` where what it would change is another now."""

    number: str
    product: ProductName | None
    change: Change
    pending: Pending | None
    done: DoneChange | None
    is_stale: bool


def limits_page(connection: Connection, viewer: Viewer) -> LimitsPage:
    """All limits of all products and roles."""
    products = {each.id: each for each in loans.products(connection)}
    versions = loans.versions(connection)
    waiting = tuple(
        (each, read_change(each.payload))
        for each in second_person_queries.waiting(connection, viewer.now)
        if each.act == ACT
    )
    lines = tuple(_line(key, products, versions, viewer.today) for key in _keys(products))
    imported = tuple(
        (key, version)
        for key in _keys(products)
        for version in (*versions[key.kind], *(versions["freeze"] if key.kind == "product" else ()))
        if _is_of(version, key) and version.import_id is not None
    )
    return LimitsPage(products, lines, waiting, _done(connection), imported)


def change_page(connection: Connection, viewer: Viewer, number: str) -> ChangePage | None:
    """One change by its number, None if there is none that waits or was made."""
    products = {each.id: each for each in loans.products(connection)}
    pending = next(
        (each for each in second_person_queries.waiting(connection, viewer.now, number) if each.act == ACT), None
    )
    done = next((each for each in _done(connection) if each.number == number), None)
    if pending is None and done is None:
        return None
    change = done.change if done else read_change(pending.payload)  # type: ignore[union-attr]
    now = values_on(connection, change.key, change.effective_from)
    stale = done is None and (now != change.before or change.effective_from < viewer.today)
    return ChangePage(number, products.get(change.key.product_id or 0), change, pending, done, stale)


def named_key(connection: Connection, given: Mapping[str, str]) -> LimitKey | None:
    """The limit that an address or a form names, None if there is no such."""
    products = {str(each.id): each for each in loans.products(connection)}
    product = products.get(given.get("product", ""))
    wanted = (given.get("kind", ""), product.id if product else None, given.get("role", ""))
    currency = product.currency if product else given.get("currency", "")
    found = (key for key in _keys({each.id: each for each in products.values()}) if key.currency == currency)
    return next((key for key in found if (key.kind, key.product_id, key.role) == wanted), None)


def values_on(connection: Connection, key: LimitKey, day: date) -> Mapping[str, int | bool]:
    """What a limit says on a day as far as is known now; the defaults of domain.md 10, empty where nothing is given."""
    return _values(key, loans.versions(connection), day)[0]


def _keys(products: Mapping[int, ProductName]) -> tuple[LimitKey, ...]:
    of_products = [
        LimitKey(kind, each.id, role, each.currency)
        for each in products.values()
        for kind, roles in (("product", ("",)), ("role", DECIDING_ROLES))
        for role in roles
    ]
    currencies = dict.fromkeys(each.currency for each in products.values())
    return (
        *of_products,
        *(LimitKey("authority", None, role, money) for money in currencies for role in DECIDING_ROLES),
    )


def _line(
    key: LimitKey,
    products: Mapping[int, ProductName],
    versions: Mapping[str, tuple[RuleVersion, ...]],
    today: date,
) -> LimitLine:
    values, since = _values(key, versions, today)
    days = {version.effective_from for version in _current(key, versions) if version.effective_from > today}
    later = tuple((day, _values(key, versions, day)[0]) for day in sorted(days))
    return LimitLine(key, products.get(key.product_id or 0), values, since, later)


def _values(
    key: LimitKey, versions: Mapping[str, tuple[RuleVersion, ...]], day: date
) -> tuple[Mapping[str, int | bool], date | None]:
    begun = [version for version in _current(key, versions) if version.effective_from <= day]
    own = next((version for version in begun if set(version.values) != {"freeze"}), None)
    values: dict[str, Any] = {}
    if key.kind == "product":
        freeze = next((version for version in begun if set(version.values) == {"freeze"}), None)
        values = {name: getattr(_STANDARD, name) for name in FIELDS["product"] if name != "freeze"}
        values["freeze"] = freeze.values["freeze"] if freeze else ProductRules().freeze
    if own is not None:
        values |= {name: own.values[name] for name in FIELDS[key.kind] if name in own.values}
    since = max((version.effective_from for version in begun), default=None)
    return values, since


def _current(key: LimitKey, versions: Mapping[str, tuple[RuleVersion, ...]]) -> list[RuleVersion]:
    """The versions in force of a limit, the latest day first; a product's rule of freezing belongs to its limits."""
    own = [version for version in versions[key.kind] if _is_of(version, key)]
    if key.kind == "product":
        own += [version for version in versions["freeze"] if _is_of(version, key)]
    return sorted(
        (version for version in own if version.superseded_at is None),
        key=lambda version: version.effective_from,
        reverse=True,
    )


def _is_of(version: RuleVersion, key: LimitKey) -> bool:
    if key.kind == "authority":
        return version.key == f"{key.role} {key.currency}"
    return version.product_id == key.product_id and version.key == (key.role if key.kind == "role" else "")


_MAKER, _CHECKER = ACCOUNT.alias("limit_maker"), ACCOUNT.alias("limit_checker")
_DONE = (
    select(LIMIT_CHANGE, _MAKER.c.display_name.label("maker"), _CHECKER.c.display_name.label("checker"))
    .join(_MAKER, _MAKER.c.id == LIMIT_CHANGE.c.made_by)
    .join(_CHECKER, _CHECKER.c.id == LIMIT_CHANGE.c.confirmed_by)
    .order_by(LIMIT_CHANGE.c.id.desc())
)


def _done(connection: Connection) -> tuple[DoneChange, ...]:
    return tuple(
        DoneChange(
            row.number,
            Change(
                LimitKey(row.kind, row.product_id, row.role, row.currency),
                row.effective_from,
                json.loads(row.before),
                json.loads(row.after),
            ),
            row.maker,
            row.checker,
            row.confirmed_at,
        )
        for row in connection.execute(_DONE)
    )
