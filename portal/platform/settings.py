"""Settings from the environment, a `.env` file and `lender.toml`: typed, frozen, all mistakes reported at once.

Development works without any: it serves from ./data on SQLite, and makes secrets that it keeps there.
"""

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from portal.platform.resources import resource

PREFIX = "PORTAL_"
SECRET_LENGTH = 32
SECRETS = ("secret_keys", "file_keys", "audit_keys")
DEFAULTS = ("change", "default", "example", "secret", "password", "insecure", "development")
LENDER_FILE = "lender.toml"
SMS_SUCCESS = re.compile(r"2xx|json:[^=]+=.*|text:.+")
FILES_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*")
CLAMD = re.compile(r"/.+|[^/:\s]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(Exception):
    """The settings cannot be used; `problems` has one line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


# --- The lender -----------------------------------------------------------------------------------------------

Words = str | dict[str, str]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Account(_Frozen):
    """An account of the lender to pay into."""

    name: Words
    bank: Words
    number: str


class LenderWords(BaseModel):
    """The lender as a page of one language names it."""

    model_config = ConfigDict(frozen=True)
    public_name: str
    legal_name: str
    licence: str
    phone: str
    hours: str
    accounts: tuple[Mapping[str, str], ...]
    currency: str
    languages: tuple[str, ...]


class Lender(_Frozen):
    """The lender's own details. A text may be one for all languages, or a table of texts by language."""

    public_name: Words
    legal_name: Words
    licence: Words = ""
    phone: str
    hours: Words
    accounts: tuple[Account, ...] = ()
    currency: str = "CNY"
    languages: tuple[str, ...] = Field(default=("zh", "en"), min_length=1)

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value):
            raise ValueError(f"{value} is no currency of ISO 4217")
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for language in value:
            try:
                Locale.parse(language, sep="-")
            except (UnknownLocaleError, ValueError):
                raise ValueError(f"{language} is no language tag such as zh or en") from None
        return value

    def in_language(self, language: str) -> LenderWords:
        """The lender's details for readers of one language."""
        found = self._by_language.get(language)
        if found is None:
            found = self._by_language[language] = self._said_in(language)
        return found

    @cached_property
    def _by_language(self) -> dict[str, LenderWords]:
        return {}

    def _said_in(self, language: str) -> LenderWords:
        def say(words: Words) -> str:
            if isinstance(words, str):
                return words
            order = (language, language.split("-")[0], *self.languages, "en")
            return next((words[tag] for tag in order if tag in words), next(iter(words.values()), ""))

        return LenderWords(
            public_name=say(self.public_name),
            legal_name=say(self.legal_name),
            licence=say(self.licence),
            phone=self.phone,
            hours=say(self.hours),
            accounts=tuple(
                {"name": say(each.name), "bank": say(each.bank), "number": each.number} for each in self.accounts
            ),
            currency=self.currency,
            languages=self.languages,
        )


# --- The installation -----------------------------------------------------------------------------------------


def _words(value: object) -> object:
    """A list in one variable: parts with commas, spaces or lines between them."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _table(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except ValueError:
        raise ValueError('is not a JSON object such as {"Authorization": "…"}') from None


def _flag(value: object) -> object:
    if isinstance(value, str) and value.lower() not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise ValueError("is neither 0 nor 1")
    return bool(value) and str(value).lower() not in {"0", "false", "no"}


Listed = Annotated[tuple[str, ...], BeforeValidator(_words)]
Flag = Annotated[bool, BeforeValidator(_flag)]


class Sms(_Frozen):
    """The generic HTTP gateway for text messages; without `url` there is none."""

    url: str = ""
    headers: Annotated[dict[str, str], BeforeValidator(_table)] = Field(default_factory=dict, repr=False)
    body: str = '{"to": "$number", "text": "$text", "reference": "$reference"}'
    success: str = "2xx"

    @field_validator("success")
    @classmethod
    def _known_rule(cls, value: str) -> str:
        if not SMS_SUCCESS.fullmatch(value):
            raise ValueError("is none of 2xx, json:a.b=value and text:piece")
        return value


class Files(_Frozen):
    """The S3-compatible service that keeps uploaded files; without `url` they lie in the data folder."""

    url: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False)
    style: Literal["path", "virtual"] = "path"


class Settings(_Frozen):
    """What an installation is told. Field `base_url` is the variable `PORTAL_BASE_URL`, and so on."""

    mode: Literal["development", "production"] = "development"
    database_url: str = Field(default="", repr=False)
    data_dir: Path = Path("data")
    base_url: str = "http://127.0.0.1:8000"
    staff_base_url: str = ""
    allowed_hosts: Listed = ()
    trusted_proxies: Listed = ()
    secret_keys: Listed = Field(default=(), repr=False)
    file_keys: Listed = Field(default=(), repr=False)
    audit_keys: Listed = Field(default=(), repr=False)
    time_zone: str = "Asia/Shanghai"
    stale_hours: int = Field(default=36, ge=1, le=24 * 366)
    today: date | None = None
    debug: Flag = False
    clamd: str = ""
    sms: Sms = Sms()
    files: Files = Files()
    lender: Lender

    @classmethod
    def load(cls, environ: Mapping[str, str], env_file: Path | None = None) -> Self:
        """Read variables, then the file for those not set; raises SettingsError with every mistake.

        In development it writes missing secrets into the data folder, and nothing else.
        """
        given, problems = _given(environ, env_file)
        folder = Path(given.get("data_dir", "data"))
        given["lender"] = _lender(folder, given.get("mode") == "production", problems)
        settings = cast(
            Self | None, _validated(cls, {name: value for name, value in given.items() if value is not None}, problems)
        )
        if settings is None:
            raise SettingsError(problems)
        settings = settings._completed()
        if wrong := [*problems, *settings._mistakes()]:
            raise SettingsError(wrong)
        return settings

    @classmethod
    def from_environment(cls) -> Self:
        """The settings of this process, with `.env` of the working directory."""
        return cls.load(os.environ, Path(".env"))

    @property
    def in_production(self) -> bool:
        """Whether anything but a developer's machine is served."""
        return self.mode == "production"

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are `__Host-` and Secure; only development over http does without."""
        return self.in_production or urlsplit(self.base_url).scheme == "https"

    @property
    def origins(self) -> frozenset[str]:
        """The origins that our own forms post from."""
        return frozenset(_origin(url) for url in (self.base_url, self.staff_base_url))

    @property
    def staff_apart(self) -> bool:
        """Whether staff have a host of their own."""
        return _host(self.staff_base_url) != _host(self.base_url)

    def _completed(self) -> Self:
        """Fill in what follows from the rest, and in development the secrets."""
        data_dir = self.data_dir.absolute()
        base_url = self.base_url.rstrip("/")
        staff_base_url = (self.staff_base_url or base_url).rstrip("/")
        hosts = {_host(base_url), _host(staff_base_url)}
        if not self.in_production:
            hosts |= {"localhost", "127.0.0.1", "[::1]"}
        changes: dict[str, Any] = {
            "data_dir": data_dir,
            "base_url": base_url,
            "staff_base_url": staff_base_url,
            "database_url": self.database_url or f"sqlite:///{data_dir / 'portal.db'}",
            "allowed_hosts": tuple(sorted({*hosts, *self.allowed_hosts})),
        }
        if not self.in_production:
            missing = [name for name in SECRETS if not getattr(self, name)]
            made = _development_secrets(data_dir) if missing else {}
            changes |= {name: (made[name],) for name in missing}
        return self.model_copy(update=changes)

    def _mistakes(self) -> list[str]:
        found = [*_wrong_urls(self), *_wrong_names(self), *_wrong_files(self.files)]
        return [*found, *_unsafe(self)] if self.in_production else found


GROUPS: Mapping[str, type[BaseModel]] = {"sms": Sms, "files": Files}
"""Settings that belong together: field `url` of `sms` is the variable `PORTAL_SMS_URL`."""


def _wrong_urls(settings: Settings) -> list[str]:
    found = []
    for name in ("base_url", "staff_base_url"):
        parts = urlsplit(getattr(settings, name))
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            found.append(f"{_variable(name)} is not an address such as https://portal.example.com")
    kind = settings.database_url.split(":")[0].split("+")[0]
    if kind not in {"sqlite", "postgresql"}:
        found.append(f"{_variable('database_url')} must begin with sqlite:/// or postgresql://")
    elif kind == "sqlite" and settings.database_url.split("?")[0] in {"sqlite://", "sqlite:///:memory:"}:
        found.append(f"{_variable('database_url')} names no file")
    if settings.sms.url not in {"", "console:"} and not re.match(r"https?://[^/]", settings.sms.url):
        found.append("PORTAL_SMS_URL is not an address such as https://gateway.example.com/send")
    return found


def _wrong_names(settings: Settings) -> list[str]:
    found = []
    try:
        ZoneInfo(settings.time_zone)
    except (OSError, ValueError, KeyError):
        found.append(f"{_variable('time_zone')}: {settings.time_zone!r} is no zone such as Asia/Shanghai")
    for proxy in settings.trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError:
            found.append(f"{_variable('trusted_proxies')}: {proxy!r} is no address or network")
    if settings.clamd and not CLAMD.fullmatch(settings.clamd):
        found.append("PORTAL_CLAMD is neither the path of a socket nor host:port, such as 127.0.0.1:3310")
    return found


def _wrong_files(files: Files) -> list[str]:
    if not files.url:
        lone = [name for name in sorted(files.model_fields_set) if getattr(files, name)]
        return [f"PORTAL_FILES_{name.upper()} is of no use without PORTAL_FILES_URL" for name in lone]
    found = []
    if not FILES_URL.fullmatch(files.url):
        found.append("PORTAL_FILES_URL is not a bucket such as s3://evidence or s3://evidence/portal")
    parts = urlsplit(files.endpoint)
    if files.endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query):
        found.append("PORTAL_FILES_ENDPOINT is not an address such as https://s3.example.com")
    elif files.style == "virtual" and (not parts.hostname or _is_address(parts.hostname)):
        found.append("PORTAL_FILES_STYLE=virtual needs a host name in PORTAL_FILES_ENDPOINT: the bucket goes before it")
    if bool(files.access_key) != bool(files.secret_key):
        found.append("PORTAL_FILES_ACCESS_KEY and PORTAL_FILES_SECRET_KEY belong together")
    if find_spec("obstore") is None:
        found.append("PORTAL_FILES_URL needs the extra s3: pip install --require-hashes -r requirements-s3.lock")
    return found


def _unsafe(settings: Settings) -> list[str]:
    """What a portal that is open to the world refuses to start with (CF-03)."""
    found = [problem for name in SECRETS for problem in _weak_secrets(name, getattr(settings, name))]
    keys = [key for name in SECRETS for key in getattr(settings, name)]
    if len(keys) != len(set(keys)):
        found.append("PORTAL_SECRET_KEYS, PORTAL_FILE_KEYS and PORTAL_AUDIT_KEYS must have no key in common")
    for name in ("base_url", "staff_base_url"):
        if urlsplit(getattr(settings, name)).scheme != "https":
            found.append(f"{_variable(name)} must begin with https:// in production")
    if any("*" in host for host in settings.allowed_hosts):
        found.append("PORTAL_ALLOWED_HOSTS must name each host; * is not allowed in production")
    if settings.debug:
        found.append("PORTAL_DEBUG must be off in production")
    if settings.today is not None:
        found.append("PORTAL_TODAY is for development only")
    if not settings.sms.url:
        found.append("PORTAL_SMS_URL is missing: the console gateway is for development only")
    elif urlsplit(settings.sms.url).scheme != "https":
        found.append("PORTAL_SMS_URL must begin with https:// in production")
    endpoint = urlsplit(settings.files.endpoint)
    if endpoint.scheme == "http" and endpoint.hostname not in LOOPBACK:
        found.append("PORTAL_FILES_ENDPOINT must begin with https:// in production, except on this machine itself")
    return found


def _weak_secrets(name: str, keys: tuple[str, ...]) -> list[str]:
    if not keys:
        return [f"{_variable(name)} is missing"]
    found = []
    for place, key in enumerate(keys, 1):
        which = _variable(name) if len(keys) == 1 else f"{_variable(name)} (key {place})"
        if len(key) < SECRET_LENGTH:
            found.append(f"{which} is shorter than {SECRET_LENGTH} characters")
        elif len(set(key)) < 10 or any(word in key.lower() for word in DEFAULTS):
            found.append(f"{which} is a default or too simple; make one with: openssl rand -base64 33")
    return found


# --- Reading --------------------------------------------------------------------------------------------------


def _given(environ: Mapping[str, str], env_file: Path | None) -> tuple[dict[str, Any], list[str]]:
    in_file = dotenv_values(env_file, interpolate=False) if env_file and env_file.is_file() else {}
    raw = {**in_file, **environ}
    found: dict[str, Any] = {}
    problems = []
    for variable in sorted(name for name in raw if name.startswith(PREFIX)):
        name, value = variable.removeprefix(PREFIX).lower(), (raw[variable] or "").strip()
        if name.startswith("test_") or not value:
            continue
        group, _, part = name.partition("_")
        if group in GROUPS and part in GROUPS[group].model_fields:
            found.setdefault(group, {})[part] = value
        elif name in Settings.model_fields and name not in {"lender", *GROUPS}:
            found[name] = value
        else:
            problems.append(f"{variable} is no setting")
    return found, problems


def _lender(folder: Path, in_production: bool, problems: list[str]) -> dict[str, Any] | None:
    """What `lender.toml` says: beside `.env`, else in the data folder; development takes the example."""
    places = [Path(LENDER_FILE), folder / LENDER_FILE]
    if not in_production:
        places.append(resource("lender.example.toml"))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        problems.append(f"{LENDER_FILE} is neither here nor in {folder}; lender.example.toml shows its form")
        path = resource("lender.example.toml")  # so that what else is wrong is said too
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: {error}")
        return None


def _validated(model: type[Settings], given: dict[str, Any], problems: list[str]) -> Settings | None:
    try:
        return model.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            if each["loc"] == ("lender",) and each["type"] == "missing":
                continue  # said already
            problems.append(f"{_place(each['loc'])}: {each['msg'].removeprefix('Value error, ')}")
        return None


def _place(location: tuple[int | str, ...]) -> str:
    first, *rest = (str(part) for part in location)
    if first == "lender":
        return f"{LENDER_FILE}: {'.'.join(part for part in rest if not part.startswith(('dict[', 'str')))}"
    return _variable("_".join([first, *(part for part in rest if first in GROUPS)]))


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _is_address(host: str) -> bool:
    try:
        return ip_address(host) is not None
    except ValueError:
        return False


def _host(url: str) -> str:
    hostname = urlsplit(url).hostname or ""
    return f"[{hostname}]" if ":" in hostname else hostname


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _development_secrets(folder: Path) -> dict[str, str]:
    """Secrets that were made for this data folder; the first process to come makes them."""
    path = folder / "development-secrets.json"
    if not path.is_file():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {name: secrets.token_urlsafe(36) for name in SECRETS}
        draft = folder / f".{secrets.token_hex(8)}"
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(json.dumps(made), encoding="utf-8")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
