"""Where templates, static files and catalogues are: inside the wheel, else in the checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def resource(name: str) -> Path:
    """The path of a folder or file that ships with the portal, such as `templates`."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name


def migrations() -> Path:
    """The folder of the Alembic revisions."""
    return _PACKAGE / "migrations"
