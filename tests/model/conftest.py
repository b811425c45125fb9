"""The portal of the plans' tests: Lin's case on each kind of database, and days that pass."""

from tests.plans.conftest import app, cast, clock, database_url, days, doors, empty_doors

__all__ = ["app", "cast", "clock", "database_url", "days", "doors", "empty_doors"]
