"""Settings: where they come from, what they refuse, what doctor says of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from portal import settings as module
from portal.settings import Settings, described

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(module.os.environ):
        if name.startswith("PLACEJUSTE_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default() -> None:
    settings = Settings()

    assert settings.database_url is None
    assert settings.origin == "http://localhost:3000"
    assert not settings.is_cookie_secure


def test_the_environment_goes_before_the_file_and_doctor_tells_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PLACEJUSTE_PORT=4000\nPLACEJUSTE_POOL_SIZE=7\n")
    monkeypatch.setenv("PLACEJUSTE_PORT", "5000")

    lines = {line.name: line for line in described(Settings())}

    assert (lines["PLACEJUSTE_PORT"].value, lines["PLACEJUSTE_PORT"].source) == ("5000", "environment")
    assert (lines["PLACEJUSTE_POOL_SIZE"].value, lines["PLACEJUSTE_POOL_SIZE"].source) == ("7", ".env")
    assert lines["PLACEJUSTE_HOST"].source == "default"
    assert lines["PLACEJUSTE_SECRET_KEY"].source == "generated"
    assert len(lines) == len(Settings.model_fields)
    assert all(line.description for line in lines.values())


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:motdepasse@host/base")
    monkeypatch.setenv("PLACEJUSTE_SECRET_KEY", KEY)

    shown = str(described(Settings()))

    assert "motdepasse" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PLACEJUSTE_NOW": "2026-03-29T00:30:00Z"}, "refusé hors démonstration"),
        ({"PLACEJUSTE_NOW": "2026-03-29T00:30:00", "PLACEJUSTE_DEMO": "true"}, "timezone"),
        ({"DATABASE_URL": "postgresql://host/base"}, "SECRET_KEY est obligatoire"),
        ({"PLACEJUSTE_SECRET_KEY": "courte"}, "moins de 32"),
        ({"PLACEJUSTE_WORKERS": "2"}, "REDIS_URL"),
        ({"PLACEJUSTE_PORT": "0"}, "greater than or equal to 1"),
        ({"PLACEJUSTE_SMTP_URL": "smtp://c:f1ct10n@courrier.example"}, "vont ensemble"),
        ({"PLACEJUSTE_MAIL_FROM": "pj@exemple.fr"}, "vont ensemble"),
        ({"PLACEJUSTE_SMTP_URL": "http://c:f1ct10n@x", "PLACEJUSTE_MAIL_FROM": "pj@exemple.fr"}, "s’écrit smtp://"),
        ({"PLACEJUSTE_SMTP_URL": "smtp://c:f1ct10n@x", "PLACEJUSTE_MAIL_FROM": "PJ"}, "est une adresse"),
    ],
)
def test_what_contradicts_is_refused(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError, match=said) as refused:
        Settings()
    assert "f1ct10n" not in str(refused.value)


def test_a_generated_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_key"

    first = module._generated_key(path)
    module._generated_key.cache_clear()

    assert module._generated_key(path) == first
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_behind_https_the_cookie_is_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACEJUSTE_PUBLIC_URL", "https://placejuste.example/")

    assert Settings().origin == "https://placejuste.example"
    assert Settings().origins == ["https://placejuste.example"]
    assert Settings().is_cookie_secure


def test_twilio_is_configured_wholly_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Settings().has_twilio

    whole = {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "f1ct10n", "FROM": "JUSTICE"}
    for name, value in whole.items():
        monkeypatch.setenv(f"PLACEJUSTE_TWILIO_{name}", value)
    assert Settings().has_twilio
    assert "f1ct10n" not in str(described(Settings()))
    for name in whole:
        with monkeypatch.context() as without:
            without.delenv(f"PLACEJUSTE_TWILIO_{name}")
            with pytest.raises(ValidationError, match="vont ensemble"):
                Settings()


def test_the_secret_of_the_mail_server_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACEJUSTE_SMTP_URL", "smtps://compte:f1ct10n@courrier.example")
    monkeypatch.setenv("PLACEJUSTE_MAIL_FROM", "ne-pas-repondre@exemple.fr")

    assert Settings().smtp_url is not None
    assert "f1ct10n" not in str(described(Settings()))
