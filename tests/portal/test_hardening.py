"""Outside the demonstration, a server that would expose people does not start, and says which setting and how."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.hardening import Unsafe, check_safe, dangers
from portal.settings import Settings
from tests.served import ROOT

SAFE = {
    "DATABASE_URL": "postgresql://pj:secret@db.exemple.fr/pj?sslmode=verify-full",
    "public_url": "https://placejuste.exemple.fr",
    "secret_key": "Wq8sVd1nRzL0xYt6KmCb3PaH7UeGj5Fo",
    "trusted_proxies": 1,
    "host": "0.0.0.0",  # noqa: S104 - as behind a proxy
}
ALONE = {"DATABASE_URL": None, "public_url": None, "secret_key": None, "trusted_proxies": 0, "host": "127.0.0.1"}


def settings_with(**changed: object) -> Settings:
    given = {name: value for name, value in (SAFE | changed).items() if value is not None}
    return Settings(_env_file=None, **given)  # type: ignore[arg-type, call-arg]


def test_a_usual_installation_and_one_that_serves_this_machine_alone_start() -> None:
    check_safe(settings_with())
    check_safe(settings_with(**ALONE))


@pytest.mark.parametrize(
    ("setting", "changed"),
    [
        ("PLACEJUSTE_PUBLIC_URL", {"public_url": None}),
        ("PLACEJUSTE_PUBLIC_URL", {"public_url": "http://placejuste.exemple.fr"}),
        ("PLACEJUSTE_COOKIE_SECURE", {"cookie_secure": False}),
        ("PLACEJUSTE_TRUSTED_PROXIES", {"trusted_proxies": 0}),
        ("PLACEJUSTE_SECOND_FACTOR", {"second_factor": "offered"}),
        ("PLACEJUSTE_FEEDS_INSIDE", {"feeds_inside": True}),
        ("PLACEJUSTE_SECRET_KEY", {"secret_key": "a" * 40}),
        ("PLACEJUSTE_METRICS_TOKEN", {"metrics_token": "metrics"}),
        ("DATABASE_URL", {"DATABASE_URL": "postgresql://pj:secret@db.exemple.fr/pj"}),
        ("DATABASE_URL", {"DATABASE_URL": "postgresql://pj:secret@10.0.0.3/pj?sslmode=prefer"}),
        ("PLACEJUSTE_REDIS_URL", {"redis_url": "redis://10.0.0.4:6379/0"}),
        ("PLACEJUSTE_BAN_URL", {"ban_url": "http://ban.exemple.fr"}),
        ("PLACEJUSTE_SMS2_URL", {"sms2_url": "http://sms.exemple.fr", "sms2_token": "x"}),
    ],
)
def test_what_would_expose_people_is_named_with_the_way_to_mend_it(setting: str, changed: dict[str, object]) -> None:
    found = list(dangers(settings_with(**changed)))

    assert [one.setting for one in found] == [setting]
    assert found[0].why
    assert found[0].how
    with pytest.raises(Unsafe):
        check_safe(settings_with(**changed))


def test_all_that_is_wrong_is_said_at_once_and_the_demonstration_starts_with_it() -> None:
    wrong = {"public_url": "http://placejuste.exemple.fr", "feeds_inside": True, "secret_key": "a" * 40}

    assert len(list(dangers(settings_with(**wrong)))) == 3
    check_safe(settings_with(**wrong, demo=True))


def test_the_command_refuses_to_serve_and_prints_no_secret(tmp_path: Path) -> None:
    named = {
        "PLACEJUSTE_PUBLIC_URL": "http://placejuste.exemple.fr",
        "PLACEJUSTE_SECRET_KEY": "abababababababababababababababababab",
        "PLACEJUSTE_DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "portal.cli", "serve", "--no-demo"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | named, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "PLACEJUSTE_PUBLIC_URL : tout passerait en clair, jetons compris → https://…" in done.stderr
    assert "PLACEJUSTE_SECRET_KEY" in done.stderr
    assert "abab" not in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []
