"""What an operator meets: nothing secret is shown, what is careless is named, and a fresh machine just works."""

import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.check_config import lines, nginx, systemd, warnings
from portal.evidence import picture_sandbox, sandbox
from portal.platform.settings import Settings
from tests.databases import Databases
from tests.platform.test_settings import LENDER, good
from tests.served import Portal, install

Of = Callable[[str], Databases]
KEY = "k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0123456789"

OWN_LENDER = """
public_name = "Amber Credit"
legal_name = "Amber Credit Ltd"
licence = "17"
phone = "400-111-2222"
hours = "every day"
[[accounts]]
name = "Amber Credit Ltd"
bank = "First Bank"
number = "6222"
"""
HINTS = 3
"""What a faultless production configuration is still told: to copy the anchors, that its database is not there, and
that nothing scans uploads."""


def production(folder: Path, **settings: str) -> Settings:
    """A production configuration without a fault, changed by `settings`."""
    environ = {**good(folder), "PORTAL_TRUSTED_PROXIES": "127.0.0.1"}
    environ["PORTAL_DATABASE_URL"] = "postgresql://portal@127.0.0.1:1/portal"
    (folder / "lender.toml").write_text(OWN_LENDER, "utf-8")
    folder.chmod(0o700)
    return Settings.load({**environ, **{f"PORTAL_{name.upper()}": value for name, value in settings.items()}})


def told(settings: Settings) -> str:
    return "\n".join(warnings(settings))


def test_no_piece_of_a_secret_is_shown(tmp_path: Path) -> None:
    settings = production(
        tmp_path,
        database_url="postgresql://portal:hunter2@db/portal?password=hunter3&host=db2",
        sms_url="https://user:pin4711@sms.lender.test/send?key=abc999",
        sms_headers='{"Authorization": "Bearer xyz888"}',
        sms_body='{"to": "$number", "text": "$text", "apikey": "qqq777"}',
    )
    said = "\n".join(lines(settings))
    keys = [key for name in ("secret_keys", "file_keys", "audit_keys") for key in getattr(settings, name)]
    hidden = ["hunter2", "hunter3", "pin4711", "abc999", "xyz888", "qqq777", *(key[:3] for key in keys)]
    assert [piece for piece in hidden if piece in said] == []
    assert "PORTAL_SECRET_KEYS=… (48 characters)" in said
    assert "PORTAL_SMS_URL=https://…@sms.lender.test/send?…" in said
    assert "PORTAL_SMS_BODY=… (54 characters) with $number $text" in said
    assert "host=db2" in said


def test_the_keys_of_the_file_store_are_not_shown(tmp_path: Path) -> None:
    settings = production(
        tmp_path,
        files_url="s3://evidence/portal",
        files_endpoint="https://s3.lender.test",
        files_access_key="AKIA777",
        files_secret_key="hunter55555",
    )
    said = "\n".join(lines(settings))
    assert not any(piece in said + repr(settings) for piece in ("AKIA777", "hunter5"))
    assert "PORTAL_FILES_URL=s3://evidence/portal" in said
    assert "PORTAL_FILES_SECRET_KEY=… (11 characters)" in said


def test_a_store_and_a_scanner_that_do_not_answer_are_named(tmp_path: Path) -> None:
    away = {"files_url": "s3://evidence", "files_endpoint": "http://127.0.0.1:9", "clamd": "127.0.0.1:9"}
    warned = told(production(tmp_path, **away))
    assert "Uploaded files cannot be stored" in warned
    assert "PORTAL_CLAMD does not answer" in warned


@pytest.mark.parametrize(("leaves", "words"), [(True, "without"), (False, "with")])
def test_it_is_said_how_uploads_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool, words: str
) -> None:
    monkeypatch.setattr(sandbox, "leaves_network", lambda: leaves)
    monkeypatch.setattr(picture_sandbox, "is_installed", lambda: leaves)
    said = list(lines(production(tmp_path)))
    assert f"uploads are read {words} a network" in said
    assert f"pictures of statements are read by {'a program' if leaves else 'people alone'}" in said
    assert ("keep this machine's network" in told(production(tmp_path))) is not leaves


def test_the_network_is_left_in_a_child_and_nowhere_else() -> None:
    """Whatever this machine allows, the answer is the kernel's, and we stay where we are."""
    ours = Path("/proc/self/ns/net").readlink()
    can = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False).returncode == 0
    assert sandbox.leaves_network() is can
    assert Path("/proc/self/ns/net").readlink() == ours


def test_a_careful_configuration_has_nothing_to_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "leaves_network", lambda: True)
    assert len(told(production(tmp_path)).splitlines()) == HINTS


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"trusted_proxies": ""}, "PORTAL_TRUSTED_PROXIES is empty"),
        ({"trusted_proxies": "0.0.0.0/0"}, "PORTAL_TRUSTED_PROXIES has 0.0.0.0/0"),
        ({"staff_base_url": "https://pay.lender.test"}, "PORTAL_STAFF_BASE_URL"),
        ({"sms_body": '{"phone": "$phone", "text": "$text"}'}, "PORTAL_SMS_BODY has no $number"),
        ({"database_url": "sqlite:///{folder}/portal.db"}, "SQLite serves one process"),
    ],
)
def test_what_is_careless_is_named(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    filled = {name: value.replace("{folder}", str(tmp_path)) for name, value in settings.items()}
    assert words in told(production(tmp_path, **filled))


def test_details_left_as_in_the_example_are_named(tmp_path: Path) -> None:
    settings = production(tmp_path)
    (tmp_path / "lender.toml").write_text(LENDER.read_text("utf-8"), "utf-8")
    lender = Settings.load({"PORTAL_DATA_DIR": str(tmp_path)}).lender
    said = told(settings.model_copy(update={"lender": lender}))
    assert all(f"lender.toml: {name} is that of the example" in said for name in ("phone", "accounts", "public_name"))


def test_files_that_others_can_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").touch(mode=0o644)
    tmp_path.chmod(0o755)
    said = told(settings)
    assert "chmod 600 .env" in said
    assert f"chmod 700 {tmp_path}" in said


def test_further_hosts_come_besides_our_own(tmp_path: Path) -> None:
    settings = production(tmp_path, allowed_hosts="m.lender.test")
    assert settings.allowed_hosts == ("m.lender.test", "pay.lender.test", "staff.lender.test")


@pytest.mark.parametrize(("variable", "value"), [("SMS_SUCCESS", "200"), ("SMS_URL", "gateway"), ("SMS_HEADERS", "x")])
def test_a_gateway_that_cannot_work_is_refused_at_the_start(tmp_path: Path, variable: str, value: str) -> None:
    said = failure(install(tmp_path, f"sqlite:///{tmp_path}/p.db", **{variable: value}), "check-config")
    assert f"PORTAL_{variable}" in said


def test_the_service_unit_names_the_real_command(tmp_path: Path) -> None:
    """However check-config itself was started."""
    unit = systemd(production(tmp_path))
    (program,) = re.findall(r"ExecStart=(\S+) serve", unit)
    assert Path(program) == Path(sys.executable).with_name("portal")
    assert f"ExecStartPre={program} migrate" in unit
    help_of = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert "check-config" in help_of.stdout


def test_the_proxy_sends_everything_to_https(tmp_path: Path) -> None:
    proxy = nginx(production(tmp_path))
    assert "return 308 https://$host$request_uri;" in proxy
    assert "client_max_body_size 64m;" in proxy
    assert "server 127.0.0.1:8000 max_fails=0;" in proxy  # or both of two that restart in turn count as down


def failure(portal: Portal, *arguments: str) -> str:
    """The one line that a command says which cannot do what it is asked."""
    done = portal.run(*arguments, check=False)
    assert done.returncode not in {0, 130}
    (line,) = done.stderr.splitlines()
    assert "Traceback" not in done.stdout + line
    return line


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve --port 99999", "--port"),
        ("worker --twice", "portal worker --help"),
        ("import nowhere --data-date 2026-06-30", "nowhere is not a folder"),
        ("export --since -1", "--since"),
        ("explain", "name one loan, or give --all"),
        ("explain NOBODY --all", "name one loan, or give --all"),
        ("link nobody", "nobody"),
        ("staff add wei", "roles"),
        ("backup /proc/none/x", "/proc/none"),
    ],
)
def test_a_command_fails_in_one_plain_line(tmp_path: Path, sqlite_url: str, command: str, words: str) -> None:
    assert words in failure(install(tmp_path, sqlite_url), *command.split())


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path, sqlite_url: str) -> None:
    portal = install(tmp_path, sqlite_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = portal.run("serve", "--port", port, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr


def test_all_loans_as_one_table_have_one_header(tmp_path: Path, sqlite_url: str) -> None:
    portal = install(tmp_path, sqlite_url)
    example = LENDER.parent / "docs/example-portfolio"
    portal.run("import", str(example), "--data-date", "2026-06-30")
    table = portal.run("explain", "--all", "--as-of", "2026-06-30", "--format", "csv").stdout.splitlines()
    assert [line for line in table if line.startswith("loan,")] == table[:1]
    assert {line.split(",")[0] for line in table[1:]} == {"L-2025-0001", "L-2026-0002"}


def test_a_machine_without_a_data_folder_gets_one(tmp_path: Path, postgres_url: str) -> None:
    """/readyz asks for room in it, and others on the machine must not see into it."""
    portal = install(tmp_path, postgres_url)
    with portal.serving("--no-worker"):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_backup_without_files_comes_back_where_nothing_is(tmp_path: Path, databases_of: Of) -> None:
    """The audit log's anchors are put into a data folder that is not there yet."""
    databases = databases_of("postgresql")
    keys = dict(zip(("secret_keys", "file_keys", "audit_keys"), (f"{number}{KEY}" for number in range(3)), strict=True))
    first, second = (install(tmp_path / name, databases.create(), **keys) for name in ("first", "second"))
    for portal in (first, second):
        portal.folder.mkdir()
    first.run("staff", "add", "wei", "--role", "auditor")
    first.run("worker", "--once")
    first.run("backup", str(tmp_path / "one.backup"))
    said = second.run("restore", str(tmp_path / "one.backup")).stdout
    assert "audit log: ok" in said
    anchors = [portal.folder / "data/audit-anchors.log" for portal in (first, second)]
    assert anchors[0].read_bytes() == anchors[1].read_bytes() != b""
