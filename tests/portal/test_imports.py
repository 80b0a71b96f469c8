"""`placejuste import`: what is said, in French, and what the command line does with a real database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from availability.importers.courts import import_courts
from availability.importers.report import Counts, FileProblem, FileRefused, Problem, Remark, Report
from availability.importers.words import FILE_SENTENCES
from availability.models import Site
from portal.imports import SENTENCES, app, refusal_line, remark_line, report_lines, said
from tests.availability.test_import_courts import MELUN, NOW, listed
from tests.conftest import Database

ROOT = Path(__file__).resolve().parents[2]


def test_everything_that_can_be_said_has_a_sentence() -> None:
    assert SENTENCES.keys() == set(Problem)
    assert FILE_SENTENCES.keys() == set(FileProblem)
    for problem in Problem:
        line = remark_line(Remark(7, problem, "mots du fichier", "suite"))
        assert line.startswith("Ligne 7, ")
        assert line.endswith(" : « mots du fichier »")
        assert "{" not in line


def test_a_refused_file_is_said_with_where_and_why() -> None:
    refusal = FileRefused(FileProblem.MIXED_ENCODING, "b'\\xe9'", 3)

    assert refusal_line(refusal) == (
        "Fichier refusé, rien n’est importé : ses accents sont écrits de deux façons : "
        "ouvrez-le, enregistrez-le en .xlsx (ligne 3)."
    )
    assert refusal_line(FileRefused(FileProblem.EMPTY)) == "Fichier refusé, rien n’est importé : le fichier est vide."


def test_the_words_of_a_file_may_have_braces() -> None:
    assert remark_line(Remark(2, Problem.BAD_KEY, "{0}")) == "Ligne 2, refusée : code inutilisable : « {0} »"


def test_a_report_is_read_in_french() -> None:
    remarks = (
        Remark(3, Problem.UNKNOWN_TYPE, "CPH"),
        Remark(4, Problem.BAD_PHONE, "0477433300/1"),
        Remark(4, Problem.BAD_EMAIL, "x"),
    )
    report = Report(5, {"site": Counts(created=1, updated=0, unchanged=2)}, remarks, is_dry_run=True)

    assert list(report_lines(report)) == [
        "5 lignes lues.",
        "Lieux : 1 créé, 0 modifié, 2 inchangés.",
        "1 ligne refusée, 1 douteuse.",
        "Ligne 3, refusée : type inconnu : « CPH »",
        "Ligne 4, douteuse : téléphone illisible, gardé tel quel : « 0477433300/1 »",
        "Ligne 4, douteuse : adresse électronique douteuse, gardée telle quelle : « x »",
        "Essai à blanc : rien n’a été changé.",
    ]


def test_a_runner_imports_and_says(session: Session) -> None:
    lines = said(import_courts, session, listed(MELUN), now=NOW, dry_run=False)

    assert lines == [
        "1 ligne lue.",
        "Ressorts : 3 créés, 0 modifié, 0 inchangé.",
        "Organismes : 1 créé, 0 modifié, 0 inchangé.",
        "Lieux : 1 créé, 0 modifié, 0 inchangé.",
        "0 ligne refusée, 0 douteuse.",
    ]


def run(database: Database, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `placejuste import` from a folder of the user's, on this database."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.url,
        "PLACEJUSTE_SECRET_KEY": "cle-de-test-" * 4,
        "PLACEJUSTE_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "portal.cli", "import", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tribunaux.csv").write_bytes(listed(MELUN))
    (tmp_path / "vide.csv").write_bytes(b"")
    return tmp_path


def test_the_command_line_imports_a_file_of_the_current_folder(database: Database, folder: Path) -> None:
    dry = run(database, folder, "courts", "tribunaux.csv", "--dry-run")
    with Session(database.engine) as session:
        assert session.exec(select(Site)).all() == []
    real = run(database, folder, "courts", "tribunaux.csv")

    assert dry.returncode == 0, dry.stderr
    assert "Essai à blanc : rien n’a été changé." in dry.stdout
    assert real.returncode == 0, real.stderr
    assert "Lieux : 1 créé" in real.stdout
    with Session(database.engine) as session:
        assert [site.code for site in session.exec(select(Site))] == ["TGIMELUN"]


def test_the_command_line_refuses_in_a_sentence(database: Database, folder: Path) -> None:
    empty = run(database, folder, "services", "vide.csv")

    assert empty.returncode == 1
    assert empty.stderr.strip() == "Fichier refusé, rien n’est importé : le fichier est vide."


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(folder: Path) -> None:
    for name in ("absent.csv", "."):
        result = CliRunner().invoke(app, ["courts", str(folder / name)])

        assert result.exit_code == 1
        assert result.stderr.startswith(f"Le fichier « {folder / name} » ne peut pas être lu")
