"""The portal of the plans' tests: Lin's case on each kind of database, days that pass, and visitors."""

from tests.plans.conftest import app, cast, clock, database_url, days, doors, empty_doors, visit

__all__ = ["app", "cast", "clock", "database_url", "days", "doors", "empty_doors", "visit"]
