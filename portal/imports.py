"""`placejuste import`: lists of courts and of services, and what is said of their lines, in French."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn, Protocol

import typer
from sqlmodel import Session

from availability.importers.report import Counts, FileRefused, Problem, Remark, Report
from availability.importers.words import FILE_SENTENCES

# The command line moves to the root of the project; a path that a user types starts where the user is.
STARTED_IN = Path.cwd()

app = typer.Typer(help="Importer les listes du ministère (CSV).", no_args_is_help=True)

SENTENCES = {
    Problem.TOO_MANY_VALUES: "plus de valeurs que de colonnes",
    Problem.TOO_FEW_VALUES: "moins de valeurs que de colonnes",
    Problem.NO_KEY: "pas de code (mnemo)",
    Problem.BAD_KEY: "code inutilisable",
    Problem.NO_NAME: "pas de nom",
    Problem.UNKNOWN_TYPE: "type inconnu",
    Problem.UNKNOWN_PARENT: "juridiction de rattachement inconnue",
    Problem.PARENT_OF_WRONG_LEVEL: "rattachement à une juridiction d’un autre niveau que celui attendu",
    Problem.KEY_OF_ANOTHER_LEVEL: "ce code est déjà celui d’un ressort d’un autre niveau",
    Problem.KEY_TWICE: "code déjà lu dans le fichier",
    Problem.SAME_SERVICE_AND_ANTENNA: "même service et même antenne que la ligne {outcome}, seule retenue",
    Problem.GARBLED: "caractères abîmés (encodage)",
    Problem.PARENT_RENAMED: "cour nommée autrement plus haut, « {outcome} », nom retenu",
    Problem.BAD_INSEE: "code INSEE illisible",
    Problem.INSEE_ELSEWHERE: "le code INSEE n’est pas de ce département",
    Problem.OTHER_TOWN: "la ville n’est pas celle du code INSEE ({outcome})",
    Problem.BAD_POSTCODE: "code postal illisible, laissé de côté",
    Problem.BAD_COORDINATES: "coordonnées inutilisables : lieu placé par sa commune",
    Problem.COORDINATES_FAR: "coordonnées gardées, mais loin de la commune ({outcome})",
    Problem.COORDINATES_ELSEWHERE: "coordonnées d’un autre endroit ({outcome}) : lieu placé par sa commune",
    Problem.NOWHERE: "lieu introuvable : il n’est pas sur la carte",
    Problem.BAD_PHONE: "téléphone illisible, gardé tel quel",
    Problem.BAD_EMAIL: "adresse électronique douteuse, gardée telle quelle",
    Problem.BAD_SIRET: "SIRET faux, laissé de côté",
    Problem.UNKNOWN_DEPARTMENT: "département du service non reconnu",
    Problem.NO_ANTENNA: "antenne laissée en blanc : le lieu est celui du siège",
    Problem.PLACED_AT_SEAT: "commune de l’antenne introuvable : lieu placé à {outcome}",
    Problem.TERRITORY_GUESSED: "ressort sans circonscription judiciaire connue : rattaché au plus proche, {outcome}",
    Problem.TERRITORY_UNKNOWN: "ressort sans tribunal connu : rattaché au pays",
}
TABLES = {"territory": "Ressorts", "organisation": "Organismes", "site": "Lieux"}


class Importer(Protocol):
    """An import of `availability.importers`."""

    def __call__(self, session: Session, data: bytes, *, now: datetime, dry_run: bool = False) -> Report: ...


File = Annotated[Path, typer.Argument(help="Fichier CSV.", metavar="FICHIER")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Dire ce qui changerait, sans rien changer.")]


@app.command()
def courts(file: File, dry_run: DryRun = False) -> None:
    """Importer les tribunaux : ressorts, organismes et lieux."""
    from availability.importers.courts import import_courts

    _run(import_courts, file, dry_run)


@app.command()
def services(file: File, dry_run: DryRun = False) -> None:
    """Importer les services pénitentiaires d’insertion et de probation ; les tribunaux d’abord."""
    from availability.importers.services import import_services

    _run(import_services, file, dry_run)


def _run(importer: Importer, file: Path, dry_run: bool) -> None:
    from portal import clock
    from portal.cli import in_transaction

    try:
        data = (STARTED_IN / file).read_bytes()
    except OSError as error:
        _fail(f"Le fichier « {file} » ne peut pas être lu : {error.strerror or error}.")

    def write(session: Session) -> list[str]:
        clock.read_offset(session)
        return said(importer, session, data, now=clock.now(), dry_run=dry_run)

    try:
        lines = in_transaction(write)
    except FileRefused as refusal:
        _fail(refusal_line(refusal))
    typer.echo("\n".join(lines))


def said(importer: Importer, session: Session, data: bytes, *, now: datetime, dry_run: bool) -> list[str]:
    """Run an import in the caller's transaction and return its report in French, a sentence a line.

    Raises: FileRefused.
    """
    return list(report_lines(importer(session, data, now=now, dry_run=dry_run)))


def refusal_line(refusal: FileRefused) -> str:
    """Return why a whole file was refused."""
    where = f" (ligne {refusal.line})" if refusal.line else ""
    why = FILE_SENTENCES[refusal.problem].format(words=refusal.words)
    return f"Fichier refusé, rien n’est importé : {why}{where}."


def report_lines(report: Report) -> Iterator[str]:
    """Yield the report: what was read, written, refused or doubtful."""
    yield f"{_many(report.lines, 'ligne lue', 'lignes lues')}."
    for table, counts in report.counts.items():
        yield f"{TABLES[table]} : {_counted(counts)}."
    refused, doubtful = report.refused_lines, report.doubtful_lines
    yield f"{_many(refused, 'ligne refusée', 'lignes refusées')}, {_many(doubtful, 'douteuse', 'douteuses')}."
    yield from (remark_line(remark) for remark in report.remarks)
    if report.is_dry_run:
        yield "Essai à blanc : rien n’a été changé."


def remark_line(remark: Remark) -> str:
    """Return what is said of a line, with the words of the file."""
    verdict = "refusée" if remark.is_refusal else "douteuse"
    why = SENTENCES[remark.problem].format(outcome=remark.outcome)
    return f"Ligne {remark.line}, {verdict} : {why} : « {remark.words} »"


def _counted(counts: Counts) -> str:
    created = _many(counts.created, "créé", "créés")
    updated = _many(counts.updated, "modifié", "modifiés")
    return f"{created}, {updated}, {_many(counts.unchanged, 'inchangé', 'inchangés')}"


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number < 2 else more}"


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
