"""The rows of changes to limits: what was changed in the portal, by whom, confirmed by whom."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

KINDS = ("product", "role", "authority")
_KIND_LIST = ", ".join(repr(kind) for kind in KINDS)


class LimitChange(SQLModel, table=True):
    """One change that two supervisors agreed to. `before` and `after` are JSON objects, amounts in minor units.

    `mark` is the hash that both saw. The limits themselves are dated rows beside those that were imported.
    """

    __tablename__ = "limit_change"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KIND_LIST})", name="kind"),
        CheckConstraint("made_by <> confirmed_by", name="two_people"),
        CheckConstraint("(kind = 'authority') = (product_id IS NULL)", name="product"),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    kind: str
    product_id: int | None = Field(default=None, foreign_key="product.id", index=True)
    role: str = ""
    currency: str
    effective_from: date
    before: str = Field(sa_type=Text)
    after: str = Field(sa_type=Text)
    mark: str
    made_by: int = Field(foreign_key="staff_account.id")
    confirmed_by: int = Field(foreign_key="staff_account.id")
    made_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime = Field(sa_type=Instant)
