"""What `portal check-config` tells: every setting with secrets masked, what a careful operator would fix, and
configuration for a reverse proxy and a service that fit these settings."""

import stat
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from portal.evidence import picture_sandbox, quota, sandbox
from portal.evidence.clamd import NotScanned, scanner_of
from portal.messages.gateways import placeholders
from portal.platform import engines
from portal.platform.assets import Assets
from portal.platform.db import NotMigrated, refuse_unmigrated
from portal.platform.files import StoreUnreachable, open_store
from portal.platform.resources import resource
from portal.platform.settings import SECRETS, Files, Lender, Settings, Sms

ENV_FILE = Path(".env")
KEYS_MAX = 3
LARGEST_UPLOAD = "64m"


def lines(settings: Settings) -> Iterator[str]:
    """One line a setting, by the name of its variable."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if name in SECRETS:
            yield f"PORTAL_{name.upper()}={' '.join(_masked(key) for key in value)}"
        elif name == "database_url":
            yield f"PORTAL_DATABASE_URL={_masked_database(value)}"
        elif name == "sms":
            yield from _gateway_lines(value)
        elif name == "files":
            yield from _files_lines(value)
        elif isinstance(value, BaseModel):
            for part, said in value.model_dump().items():
                yield f"lender.toml {part}={_shown(said)}"
        else:
            yield f"PORTAL_{name.upper()}={_shown(value)}"
    yield from _reader_lines()


def warnings(settings: Settings) -> Iterator[str]:
    """What works, and should still be put right before people depend on it."""
    yield from _about_safety(settings)
    yield from _about_database(settings)
    yield from _about_files(settings)
    yield from _about_room(settings)
    yield from _about_readers()
    if not Assets(resource("static")).has_htmx:
        yield "htmx is missing: pages work as with JavaScript off. Run: make setup"
    for name in SECRETS:
        if len(getattr(settings, name)) > KEYS_MAX:
            yield f"PORTAL_{name.upper()} has more than {KEYS_MAX} keys: retire those that nothing uses any more."


def _about_safety(settings: Settings) -> Iterator[str]:
    if not settings.in_production:
        yield "PORTAL_MODE is development: demo pages are open, and text messages reach no phone."
        return
    if not settings.trusted_proxies:
        yield "PORTAL_TRUSTED_PROXIES is empty: behind a proxy every visitor would count as one network."
    if not settings.staff_apart:
        yield "PORTAL_STAFF_BASE_URL is the borrowers' host: staff on a host of their own are safer."
    for proxy in settings.trusted_proxies:
        if ip_network(proxy).prefixlen == 0:
            yield f"PORTAL_TRUSTED_PROXIES has {proxy}: every visitor could claim to come from any network."
    yield from _about_folders(settings)
    yield from _about_lender(settings.lender)
    for wanted in ("$number", "$text"):
        if wanted not in placeholders(settings.sms.body):
            yield f"PORTAL_SMS_BODY has no {wanted}: texts would not arrive as they should."
    yield f"Copy {settings.data_dir / 'audit-anchors.log'} to another machine daily: it shows a log that was cut off."


def _about_folders(settings: Settings) -> Iterator[str]:
    for path, mode in ((settings.data_dir, "700"), (ENV_FILE, "600")):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield f"{path} can be read by others on this machine: chmod {mode} {path}"
    if not settings.data_dir.is_dir():
        yield f"{settings.data_dir} is not there: make it, for the portal's own user alone."


def _about_files(settings: Settings) -> Iterator[str]:
    try:
        open_store(settings).check()
    except StoreUnreachable as error:
        yield f"Uploaded files cannot be stored: {error}"
    if settings.files.url and settings.files.access_key == "" and settings.files.endpoint:
        yield "PORTAL_FILES_ACCESS_KEY is empty: the keys are those that AWS gives to its own machines."
    scanner = scanner_of(settings)
    if scanner is None:
        if settings.in_production:
            yield "PORTAL_CLAMD is empty: uploaded files are not scanned for malware, and none is called clean."
        return
    try:
        scanner.signatures()
    except NotScanned as error:
        yield f"The malware scanner of PORTAL_CLAMD does not answer, so uploads stay being checked: {error}"


def _about_room(settings: Settings) -> Iterator[str]:
    """Files are refused once the room for everybody's is full."""
    if not settings.file_quota_gb:
        yield "PORTAL_FILE_QUOTA_GB is 0: nothing bounds how much of everybody's files is kept."
        return
    opened = None
    try:
        opened = engines.make_engines(settings.database_url)
        with opened.read.connect() as connection:
            share = quota.share_kept(connection, settings.file_quota_gb)
    except (SQLAlchemyError, OSError, engines.UnsafeDatabase):
        return  # said of the database itself
    finally:
        if opened is not None:
            opened.dispose()
    if share >= quota.NEARLY_FULL:
        yield (
            f"{share} per cent of PORTAL_FILE_QUOTA_GB are in use: at 100 uploads are refused. Make room for more, and "
            "raise it."
        )


def _about_readers() -> Iterator[str]:
    if not sandbox.leaves_network():
        yield (
            "Uploads are read in processes that keep this machine's network: the system forbids them a namespace of "
            "their own (see Sandbox in docs/operation.md)."
        )


def _about_lender(lender: Lender) -> Iterator[str]:
    example = Lender.model_validate(tomllib.loads(resource("lender.example.toml").read_text("utf-8")))
    for name in ("public_name", "legal_name", "licence", "phone", "accounts"):
        if getattr(lender, name) == getattr(example, name):
            yield f"lender.toml: {name} is that of the example."
    if not lender.accounts:
        yield "lender.toml names no account, so nobody is told where to pay."


def _about_database(settings: Settings) -> Iterator[str]:
    opened = None
    try:
        opened = engines.make_engines(settings.database_url)
        yield from engines.weaknesses(opened)
        refuse_unmigrated(opened)
    except NotMigrated as error:
        yield str(error)
    except (SQLAlchemyError, OSError, engines.UnsafeDatabase) as error:
        yield f"The database cannot be used: {type(error).__name__}"
    if opened is not None:
        opened.dispose()
        if opened.is_sqlite and settings.in_production:
            yield "SQLite serves one process on one machine; PostgreSQL serves several."
        if opened.is_sqlite and engines.sqlite_journal()[0] != "wal":
            version = engines.sqlite_library().sqlite_version
            yield f"SQLite {version} is too old for its write-ahead log: safe, but writes wait for readers."


def _gateway_lines(sms: Sms) -> Iterator[str]:
    """Providers want their key in a header, in the address or in the body, so nothing of these is shown."""
    yield f"PORTAL_SMS_URL={_masked_address(sms.url)}"
    yield f"PORTAL_SMS_HEADERS={', '.join(f'{name}: …' for name in sms.headers)}"
    yield f"PORTAL_SMS_BODY={_masked_body(sms.body)}"
    yield f"PORTAL_SMS_SUCCESS={sms.success}"


def _files_lines(files: Files) -> Iterator[str]:
    for part, said in files.model_dump().items():
        yield f"PORTAL_FILES_{part.upper()}={_masked(said) if said and part.endswith('_key') else said}"


def _reader_lines() -> Iterator[str]:
    yield f"pictures of statements are read by {'a program' if picture_sandbox.is_installed() else 'people alone'}"
    yield f"uploads are read {'without' if sandbox.leaves_network() else 'with'} a network"


def _masked(secret: str) -> str:
    return f"… ({len(secret)} characters)"


def _masked_database(url: str) -> str:
    parsed = make_url(url)
    hidden = {name: "***" for name in parsed.query if "pass" in name}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)


def _masked_address(url: str) -> str:
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{'…' * len(at)}{at}{host}", query="…" if parts.query else "").geturl()


def _masked_body(body: str) -> str:
    return f"{_masked(body)} with {' '.join(placeholders(body))}"


def _shown(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(each)}" for key, each in value.items())
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


# --- Printed configuration ------------------------------------------------------------------------------------


def nginx(settings: Settings, port: int = 8000) -> str:
    """A reverse proxy that ends TLS and cuts off slow clients, which the portal's own server does not."""
    urls = (settings.base_url, settings.staff_base_url)
    hosts = " ".join(dict.fromkeys(urlsplit(url).hostname or "" for url in urls))
    name = hosts.split()[0]
    return f"""\
# /etc/nginx/conf.d/portal.conf; certificates: where yours are
upstream portal {{
    server 127.0.0.1:{port} max_fails=0;  # one that restarted is asked again at once
    keepalive 32;
}}

server {{
    listen 80;
    server_name {hosts};
    return 308 https://$host$request_uri;
}}

server {{
    listen 443 ssl http2;
    server_name {hosts};
    ssl_certificate     /etc/ssl/portal/{name}.pem;
    ssl_certificate_key /etc/ssl/portal/{name}.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    server_tokens off;

    # Paths hold links, so they are not logged.
    access_log off;
    error_log /var/log/nginx/portal.log crit;

    # Slow clients hold no process of the portal.
    client_header_timeout 10s;
    client_body_timeout 30s;
    send_timeout 30s;
    large_client_header_buffers 4 8k;
    client_max_body_size {LARGEST_UPLOAD};

    location / {{
        proxy_pass http://portal;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_read_timeout 75s;
    }}
}}
"""


def systemd(settings: Settings) -> str:
    """A service unit. `.env` and `lender.toml` are in its working directory."""
    program, folder = _program(), settings.data_dir
    return f"""\
# /etc/systemd/system/portal.service
[Unit]
Description=Repayment portal
After=network-online.target postgresql.service
Wants=network-online.target

[Service]
Type=exec
User=portal
WorkingDirectory={Path.cwd()}
ExecStartPre={program} migrate
ExecStart={program} serve
Restart=always
RestartSec=2
TimeoutStopSec=40
LimitNOFILE=16384
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
ReadWritePaths={folder}

[Install]
WantedBy=multi-user.target
"""


def _program() -> Path:
    """The `portal` command of this environment, however this process was started."""
    typed = Path(sys.argv[0])
    return typed.absolute() if typed.name == "portal" else Path(sysconfig.get_path("scripts")) / "portal"
