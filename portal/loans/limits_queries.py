"""The dated limits of plans and of the roles that agree to them: those in force on a day, and all there ever were."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from portal.core.plans import PlanLimits
from portal.loans.tables import (
    Authority,
    PlanLimit,
    Product,
    ProductRule,
    ProductVersion,
    RoleLimit,
    table_of,
)
from portal.platform.gate import Viewer

PLAN_LIMIT, ROLE_LIMIT, AUTHORITY = table_of(PlanLimit), table_of(RoleLimit), table_of(Authority)
PRODUCT, PRODUCT_VERSION, PRODUCT_RULE = table_of(Product), table_of(ProductVersion), table_of(ProductRule)


@dataclass(frozen=True, slots=True)
class ProductName:
    """A product as staff know it."""

    id: int
    ref: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class ProductLimitRecord:
    """What a borrower may propose for a product, and since when; no day where the defaults of domain.md 10 count."""

    effective_from: date | None
    limits: PlanLimits


@dataclass(frozen=True, slots=True)
class RoleLimitRecord:
    """How far a role may agree to a plan of a product alone; `waiver_max` is the most that a freeze may save."""

    role: str
    effective_from: date
    first_payment_min: int
    payment_min: int
    payments_max: int
    days_max: int
    waiver_max: int
    freeze: bool


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a dated rule, whether or not it is in force; `import_id` is None for a change made here."""

    id: int
    product_id: int | None
    key: str
    effective_from: date
    recorded_at: datetime
    superseded_at: datetime | None
    import_id: int | None
    values: dict[str, Any]


def products(connection: Connection, viewer: Viewer | None = None) -> tuple[ProductName, ...]:
    """All products by name."""
    found = connection.execute(
        select(PRODUCT.c.id, PRODUCT.c.ref, PRODUCT_VERSION.c.name, PRODUCT_VERSION.c.currency)
        .join(PRODUCT_VERSION, PRODUCT_VERSION.c.product_id == PRODUCT.c.id)
        .where(PRODUCT_VERSION.c.superseded_at.is_(None))
        .order_by(PRODUCT_VERSION.c.name, PRODUCT.c.ref)
    )
    return tuple(ProductName(*row) for row in found)


def product_limit(connection: Connection, product_id: int, day: date) -> ProductLimitRecord:
    """A product's limits for plans on a day, with the day from which they count."""
    found = _latest(connection, PLAN_LIMIT, day, product_id=product_id)
    if found is None:
        return ProductLimitRecord(None, PlanLimits())
    names = ("first_payment_min", "payment_min", "payments_max", "days_max")
    return ProductLimitRecord(found["effective_from"], PlanLimits(*(found[name] for name in names)))


def role_limit(connection: Connection, product_id: int, role: str, day: date) -> RoleLimitRecord | None:
    """How far a role may agree alone to a plan of a product on a day; None where only its authority binds it."""
    found = _latest(connection, ROLE_LIMIT, day, product_id=product_id, role=role)
    return RoleLimitRecord(**{name: found[name] for name in RoleLimitRecord.__slots__}) if found else None


def versions(connection: Connection, viewer: Viewer | None = None) -> dict[str, tuple[RuleVersion, ...]]:
    """Every version of every limit, by kind, the latest first: `product`, `role`, `authority` and `freeze`."""
    return {
        "product": _versions(connection, PLAN_LIMIT),
        "role": _versions(connection, ROLE_LIMIT, "role"),
        "authority": _versions(connection, AUTHORITY, "role", "currency"),
        "freeze": tuple(
            replace(each, key="", values={"freeze": each.values["value"] == "1"})
            for each in _versions(connection, PRODUCT_RULE, "rule")
            if each.key == "freeze"
        ),
    }


_OF_A_VERSION = frozenset(
    ("id", "product_id", "effective_from", "recorded_at", "superseded_at", "import_id", "digest", "role", "currency")
)


def _versions(connection: Connection, table: Table, *key: str) -> tuple[RuleVersion, ...]:
    rows = connection.execute(select(table).order_by(table.c.effective_from.desc(), table.c.id.desc())).mappings()
    return tuple(
        RuleVersion(
            id=row["id"],
            product_id=row.get("product_id"),
            key=" ".join(str(row[name]) for name in key),
            effective_from=row["effective_from"],
            recorded_at=row["recorded_at"],
            superseded_at=row["superseded_at"],
            import_id=row["import_id"],
            values={name: value for name, value in row.items() if name not in _OF_A_VERSION},
        )
        for row in rows
    )


def _latest(connection: Connection, table: Table, day: date, **key: Any) -> Any:
    same = [table.c[name] == value for name, value in key.items()]
    begun = (table.c.effective_from <= day, table.c.superseded_at.is_(None))
    statement = select(table).where(*same, *begun).order_by(table.c.effective_from.desc()).limit(1)
    return connection.execute(statement).mappings().first()
