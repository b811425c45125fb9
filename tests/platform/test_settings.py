"""All mistakes of a configuration are told at once, and production refuses what is unsafe (CF-03)."""

import secrets
from pathlib import Path

import pytest

from portal.platform.settings import Settings, SettingsError

LENDER = Path(__file__).parents[2] / "lender.example.toml"


def good(folder: Path) -> dict[str, str]:
    """A configuration that production takes."""
    folder.joinpath("lender.toml").write_text(LENDER.read_text("utf-8"), "utf-8")
    return {
        "PORTAL_MODE": "production",
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_DATABASE_URL": "postgresql://portal@db/portal",
        "PORTAL_BASE_URL": "https://pay.lender.test",
        "PORTAL_STAFF_BASE_URL": "https://staff.lender.test",
        "PORTAL_SECRET_KEYS": secrets.token_urlsafe(36),
        "PORTAL_FILE_KEYS": secrets.token_urlsafe(36),
        "PORTAL_AUDIT_KEYS": secrets.token_urlsafe(36),
        "PORTAL_SMS_URL": "https://sms.lender.test/send",
    }


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.load(environ)
    return "\n".join(refused.value.problems)


def test_production_takes_a_good_one(tmp_path: Path) -> None:
    settings = Settings.load(good(tmp_path))
    assert settings.secure_cookies
    assert settings.origins == {"https://pay.lender.test", "https://staff.lender.test"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEYS", ""),
        ("SECRET_KEYS", "short"),
        ("FILE_KEYS", "change-me-" * 5),
        ("AUDIT_KEYS", "a" * 40),
        ("DEBUG", "1"),
        ("BASE_URL", "http://pay.lender.test"),
        ("STAFF_BASE_URL", "http://staff.lender.test"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "*.lender.test"),
        ("TODAY", "2026-05-06"),
        ("SMS_URL", ""),
        ("SMS_URL", "http://sms.lender.test"),
        ("BASE_URL", "pay.lender.test"),
        ("DATABASE_URL", "mysql://db"),
        ("TIME_ZONE", "Moon/Crater"),
        ("STALE_HOURS", "0"),
        ("TRUSTED_PROXIES", "everybody"),
        ("COLOUR", "blue"),
        ("FILES_URL", "https://s3.lender.test/bucket"),
        ("FILES_URL", "s3://Bucket With Spaces"),
        ("FILES_ENDPOINT", "https://s3.lender.test"),
        ("CLAMD", "somewhere"),
        ("CLAMD", "127.0.0.1"),
    ],
)
def test_production_refuses_and_names_it(tmp_path: Path, name: str, value: str) -> None:
    told = problems({**good(tmp_path), f"PORTAL_{name}": value})
    assert f"PORTAL_{name}" in told
    assert not value or len(value) < 30 or value not in told


def test_one_key_serves_one_purpose(tmp_path: Path) -> None:
    environ = good(tmp_path)
    assert "in common" in problems({**environ, "PORTAL_FILE_KEYS": environ["PORTAL_SECRET_KEYS"]})


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        {**good(tmp_path), "PORTAL_DEBUG": "1", "PORTAL_AUDIT_KEYS": "short", "PORTAL_BASE_URL": "http://a.test"}
    )
    assert all(name in told for name in ("PORTAL_DEBUG", "PORTAL_AUDIT_KEYS", "PORTAL_BASE_URL"))


def test_a_missing_lender_hides_no_other_mistake(tmp_path: Path) -> None:
    environ = {**good(tmp_path), "PORTAL_SECRET_KEYS": "short"}
    (tmp_path / "lender.toml").unlink()
    told = problems(environ)
    assert "lender.toml is neither here" in told
    assert "PORTAL_SECRET_KEYS" in told


def test_development_needs_nothing_and_keeps_its_secrets(tmp_path: Path) -> None:
    environ = {"PORTAL_DATA_DIR": str(tmp_path)}
    first, again = Settings.load(environ), Settings.load(environ)
    assert first.secret_keys == again.secret_keys
    assert len({first.secret_keys, first.file_keys, first.audit_keys}) == 3
    assert not first.secure_cookies


def test_variables_go_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORTAL_STALE_HOURS=12\nPORTAL_TIME_ZONE='Europe/Berlin'\n# PORTAL_DEBUG=1\n", "utf-8")
    settings = Settings.load({"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_STALE_HOURS": "24"}, file)
    assert (settings.stale_hours, settings.time_zone, settings.debug) == (24, "Europe/Berlin", False)


def test_the_lender_speaks_the_readers_language(tmp_path: Path) -> None:
    lender = Settings.load({"PORTAL_DATA_DIR": str(tmp_path)}).lender
    assert lender.in_language("zh").public_name == "示例金融"
    assert lender.in_language("en").public_name == "Example Finance"
    assert lender.in_language("fr").public_name in {"示例金融", "Example Finance"}


BUCKET = {
    "PORTAL_FILES_URL": "s3://evidence/portal",
    "PORTAL_FILES_ENDPOINT": "https://s3.lender.test",
    "PORTAL_FILES_ACCESS_KEY": "portal",
    "PORTAL_FILES_SECRET_KEY": "s3-secret-of-the-lender",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENDPOINT", "s3.lender.test"),
        ("ENDPOINT", "https://s3.lender.test/evidence"),
        ("ENDPOINT", "http://s3.lender.test"),
        ("SECRET_KEY", ""),
        ("STYLE", "sideways"),
        ("COLOUR", "blue"),
    ],
)
def test_a_wrong_bucket_is_refused_and_named(tmp_path: Path, name: str, value: str) -> None:
    told = problems({**good(tmp_path), **BUCKET, f"PORTAL_FILES_{name}": value})
    assert f"PORTAL_FILES_{name}" in told
    assert "s3-secret" not in told


def test_a_bucket_before_an_address_is_refused(tmp_path: Path) -> None:
    """The library would not survive it."""
    environ = {**good(tmp_path), **BUCKET, "PORTAL_FILES_STYLE": "virtual"}
    assert Settings.load(environ).files.style == "virtual"
    assert "host name" in problems({**environ, "PORTAL_FILES_ENDPOINT": "https://192.0.2.7:9000"})


def test_a_bucket_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.platform.settings.find_spec", lambda _name: None)
    assert "requirements-s3.lock" in problems({**good(tmp_path), **BUCKET})
