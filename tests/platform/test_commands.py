"""The command line: what each command prints, its exit codes, and one plain line where something fails."""

import re
from pathlib import Path

import pytest

from tests.served import Portal, install

COMMANDS = (
    "serve worker migrate demo import export explain check-funds link staff check-config backup restore prove".split()
)


@pytest.fixture
def here(tmp_path: Path, sqlite_url: str) -> Portal:
    """An installation over a migrated, empty database."""
    return install(tmp_path, sqlite_url)


def failure(portal: Portal, *arguments: str) -> str:
    """What a command that must fail says, which must be one line on standard error."""
    done = portal.run(*arguments, check=False)
    assert done.returncode not in {0, 130}
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr.strip()


def test_help_names_every_command(here: Portal) -> None:
    said = here.run("--help").stdout
    assert [command for command in COMMANDS if not re.search(rf"\b{command}\b", said)] == []


@pytest.mark.parametrize("command", [*(name for name in COMMANDS if name != "staff"), "staff add"])
def test_every_command_explains_itself(here: Portal, command: str) -> None:
    assert "Usage" in here.run(*command.split(), "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "No such command"),
        (("import", "there", "--data-date", "yesterday"), "yesterday"),
        (("explain", "X", "--known-at", "noon"), "offset"),
        (("restore", "missing.backup"), "missing.backup"),
    ],
)
def test_a_mistake_is_one_plain_line(here: Portal, arguments: tuple[str, ...], words: str) -> None:
    assert words in failure(here, *arguments)


def test_a_wrong_configuration_is_one_plain_line(tmp_path: Path, sqlite_url: str) -> None:
    broken = install(tmp_path, sqlite_url, stale_hours="soon", time_zone="Moon/Base")
    said = failure(broken, "migrate")
    assert "PORTAL_STALE_HOURS" in said
    portal = install(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    assert "database" in failure(portal, "migrate")


def test_nothing_serves_an_old_database(tmp_path: Path) -> None:
    fresh = install(tmp_path, f"sqlite:///{tmp_path}/new.db")
    assert "portal migrate" in failure(fresh, "serve")
    assert fresh.run("migrate").stdout.strip() == "The database is up to date."
    assert fresh.run("migrate").returncode == 0


def test_configuration_is_shown_without_its_secrets(tmp_path: Path, sqlite_url: str) -> None:
    secret = "wJ8-unguessable-42-and-long-enough-for-all"
    url = "postgresql://portal:hunter2@db.example.com/portal"
    here = install(tmp_path, url, secret_keys=secret, sms_headers='{"Authorization": "Bearer abc"}')
    said = here.run("check-config").stdout
    assert "PORTAL_STALE_HOURS=36" in said
    assert "PORTAL_SECRET_KEYS=" in said
    assert not [word for word in (secret, "hunter2", "Bearer abc") if word in said]
    assert "warning: PORTAL_MODE is development" in said


def test_configuration_for_others_fits_the_settings(tmp_path: Path, sqlite_url: str) -> None:
    settings = {"base_url": "https://pay.example.com", "staff_base_url": "https://desk.example.com"}
    here = install(tmp_path, sqlite_url, **settings)
    proxy = here.run("check-config", "--print", "nginx").stdout
    assert "server_name pay.example.com desk.example.com;" in proxy
    assert "access_log off;" in proxy
    unit = here.run("check-config", "--print", "systemd").stdout
    assert f"ReadWritePaths={tmp_path / 'data'}" in unit
    assert re.search(r"ExecStart=\S+ serve", unit)


def test_backup_never_replaces_another(here: Portal) -> None:
    here.run("backup", "first.backup")
    assert "there already" in failure(here, "backup", "first.backup")


def test_worker_does_what_is_due_and_ends(here: Portal) -> None:
    assert here.run("worker", "--once").returncode == 0


@pytest.mark.parametrize("command", ["explain L-1 --as-of 2026-04-17", "link P-1", "export --since 0"])
def test_a_database_without_tables_is_to_be_migrated(tmp_path: Path, command: str) -> None:
    empty = install(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}")
    assert failure(empty, *command.split()) == "The database is not up to date. Run: portal migrate"
