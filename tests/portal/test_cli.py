"""The command line, as an operator runs it, on a database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Territory, TerritoryLevel
from portal.sign_in import account_of_login
from tests.conftest import Database

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `placejuste` with these arguments, and nothing configured but `environment`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("PLACEJUSTE")
    }
    own = {"PLACEJUSTE_DATA_DIR": str(folder), "PLACEJUSTE_SECRET_KEY": "k" * 40, "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *arguments],
        cwd=ROOT,
        env=kept | own | environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_doctor_tells_what_answers_and_fails_when_something_does_not(database: Database, tmp_path: Path) -> None:
    fine = run(tmp_path, "doctor", DATABASE_URL=database.url)
    broken = run(tmp_path, "doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    unreachable = {"PLACEJUSTE_BAN_URL": "http://127.0.0.1:1", "PLACEJUSTE_ROUTING_URL": "http://127.0.0.1:1"}
    no_addresses = run(tmp_path, "doctor", DATABASE_URL=database.url, **unreachable)

    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "PostgreSQL 18" in fine.stdout
    assert "à jour (" in fine.stdout
    assert "kkkk" not in fine.stdout
    assert broken.returncode == 1
    assert "injoignable" in broken.stdout
    assert no_addresses.returncode == 1
    assert "ÉCHEC  base adresse" in no_addresses.stdout
    assert "ÉCHEC  itinéraires" in no_addresses.stdout


def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", PLACEJUSTE_PORT="beaucoup")

    assert done.returncode == 2
    assert "Réglage refusé : port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_and_an_account_are_made_once_their_territory_exists(database: Database, tmp_path: Path) -> None:
    with Session(database.engine) as session, session.begin():
        session.add(Territory(code="TJ1", name="TJ d’essai", level=TerritoryLevel.JUDICIAL_COURT))

    program = run(
        tmp_path,
        "api-client",
        "create",
        "Logiciel",
        "--role",
        "registry",
        "--territory",
        "TJ1",
        DATABASE_URL=database.url,
    )
    nowhere = run(
        tmp_path,
        "api-client",
        "create",
        "Logiciel",
        "--role",
        "registry",
        "--territory",
        "XX",
        DATABASE_URL=database.url,
    )
    orphan = ("api-client", "create", "Logiciel", "--role", "partner", "--territory", "TJ1")
    refused = run(tmp_path, *orphan, DATABASE_URL=database.url)
    account = ("account", "create", "Alix", "--name", "Alix Essai", "--role", "registry", "--territory", "TJ1")
    made = run(tmp_path, *account, typed="un mot de passe\nun mot de passe\n", DATABASE_URL=database.url)
    twice = run(tmp_path, *account, typed="un mot de passe\nun mot de passe\n", DATABASE_URL=database.url)
    short = run(tmp_path, *account, typed="court\ncourt\n", DATABASE_URL=database.url)

    assert program.returncode == 0, program.stderr
    assert "client_secret" in program.stdout
    assert nowhere.returncode == 1
    assert "Aucun ressort n’a le code « XX »." in nowhere.stderr
    assert refused.returncode == 1
    assert "--organisation CODE" in refused.stderr
    assert made.returncode == 0, made.stderr
    assert (twice.returncode, short.returncode) == (1, 1)
    assert "existe déjà" in twice.stderr
    assert "12 caractères" in short.stderr
    with Session(database.engine) as session:
        secret = program.stdout.split()[-1]
        assert account_of_login(session, "alix") is not None
        assert secret.encode() not in session.execute(text("SELECT secret_hash FROM api_client")).scalar_one()


def test_the_description_of_the_api_is_written(tmp_path: Path) -> None:
    done = run(tmp_path, "openapi")

    assert done.returncode == 0, done.stderr
    assert "/api/v1/oauth/token" in json.loads(done.stdout)["paths"]
