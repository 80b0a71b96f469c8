"""`placejuste`: the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from availability.rights import Role

if TYPE_CHECKING:  # the commands import what they use: `serve` must start its server before two seconds of imports
    from sqlmodel import Session

R = TypeVar("R")

app = typer.Typer(
    help="PlaceJuste : voir ce qui est libre dans la justice, et le prendre.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
clients = typer.Typer(help="Programmes qui utilisent l’API.", no_args_is_help=True)
accounts = typer.Typer(help="Comptes des personnes.", no_args_is_help=True)
audit = typer.Typer(help="Journal des actes et des consultations.", no_args_is_help=True)
app.add_typer(clients, name="api-client")
app.add_typer(accounts, name="account")
app.add_typer(audit, name="audit")


def main() -> None:
    """Run the command line from the root of the project, where Reflex looks for its configuration."""
    from portal.build import ROOT
    from portal.processes import AlreadyRunning

    if sys.argv[1:2] != ["serve"]:
        from portal import imports  # before the change of folder: it notes where a file is looked for

        app.add_typer(imports.app, name="import")
    os.chdir(ROOT)
    try:
        app()
    except AlreadyRunning as error:
        _say(f"PlaceJuste tourne déjà depuis ce dossier (processus {error.owner}).", error=True)
        sys.exit(1)
    except ValidationError as error:
        for one in error.errors():
            _say(f"Réglage refusé : {'.'.join(map(str, one['loc'])) or 'ensemble'} : {one['msg']}", error=True)
        sys.exit(2)
    except Exception as error:
        from sqlalchemy.exc import OperationalError

        if not isinstance(error, OperationalError):
            raise
        _say(f"Base de données injoignable : {str(error.orig).strip()}", error=True)
        sys.exit(1)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port voulu ; le suivant s’il est pris.")] = None,
    demo: Annotated[bool | None, typer.Option("--demo/--no-demo", help="Pays fictif, connexion en un clic.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processus ; plus d’un demande Redis.")] = None,
) -> None:
    """Servir les pages et l’API, sur un seul port."""
    for name, value in (("PORT", port), ("DEMO", demo), ("WORKERS", workers)):
        if value is not None:
            os.environ[f"PLACEJUSTE_{name}"] = str(value).lower()
    from portal.build import BuildFailed
    from portal.hardening import Unsafe
    from portal.serve import serve as run

    try:
        code = run(_say)
    except BuildFailed as error:
        _fail(f"Les pages n’ont pas pu être construites :\n{error}")
    except Unsafe as refused:
        _say("Le serveur ne démarre pas : ces réglages exposeraient des personnes.", error=True)
        for danger in refused.dangers:
            _say(f"  {danger}", error=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        code = 0
    _say("Arrêté.")
    raise typer.Exit(code)


@app.command()
def migrate() -> None:
    """Mettre la base de données à la dernière version."""
    from portal import database, migrate, prepare

    with prepare.attached_database():
        migrate.migrate(database.database_url())
    _say("Base à jour.")


@app.command()
def build() -> None:
    """Construire les pages si elles ont changé."""
    from portal import build

    try:
        _say("Pages construites." if build.build() else "Pages déjà à jour.")
    except build.BuildFailed as error:
        _fail(f"Les pages n’ont pas pu être construites :\n{error}")


@app.command()
def doctor() -> None:
    """Montrer les réglages, d’où ils viennent, et ce qui répond."""
    from portal.doctor import examined, setting_lines

    for line in setting_lines():
        typer.echo(line)
    findings = examined()
    typer.echo("")
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(0 if all(finding.is_fine for finding in findings) else 1)


@app.command()
def openapi() -> None:
    """Écrire la description de l’API (OpenAPI, JSON)."""
    from portal.app import api

    typer.echo(json.dumps(api.openapi(), ensure_ascii=False, indent=2))


@app.command()
def demo(seed: Annotated[int, typer.Option(help="Même graine, même pays.")] = 1) -> None:
    """Remplir une base vide d’un pays fictif."""

    def fill(session: Session) -> None:
        from portal import clock, prepare
        from portal.demo import NotEmpty

        clock.read_offset(session)
        try:
            _say(prepare.load_demo(session, seed, clock.now()))
        except NotEmpty:
            _fail("La base n’est pas vide : la démonstration ne se charge que dans une base vide.")

    in_transaction(fill)


@app.command()
def solve(  # noqa: PLR0917 - as the options are declared
    problem: Annotated[
        str, typer.Argument(help="Ce qui est à répartir : hearings, rounds, beds, shares.", metavar="PROBLÈME")
    ],
    file: Annotated[Path, typer.Argument(help="Fichier JSON : voir docs/optimizer.md.", metavar="FICHIER")],
    seconds: Annotated[float, typer.Option(help="Secondes au plus.", min=0)] = 30.0,
    seed: Annotated[int, typer.Option(help="Graine du hasard.", min=0)] = 0,
    start: Annotated[Path | None, typer.Option(help="Plan ou résultat dont partir (JSON).")] = None,
    output: Annotated[Path | None, typer.Option(help="Fichier du résultat, au lieu de la sortie.")] = None,
) -> None:
    """Répartir ce que décrit un fichier : plan en JSON, prix règle par règle, vérification. Ctrl-C rend le meilleur."""
    from portal.imports import STARTED_IN
    from portal.solve_files import solve as run

    here = {name: STARTED_IN / path if path else None for name, path in (("start", start), ("output", output))}
    raise typer.Exit(run(problem, STARTED_IN / file, seconds=seconds, seed=seed, **here))


@clients.command("create")
def create_client(
    name: Annotated[str, typer.Argument(help="Nom du logiciel.")],
    role: Annotated[Role, typer.Option(help="Rôle.")],
    territory: Annotated[str, typer.Option(help="Code du ressort.")],
    organisation: Annotated[str, typer.Option(help="Code de l’organisme (partenaires).")] = "",
) -> None:
    """Donner un identifiant et un secret à un programme."""
    import secrets

    from portal.sign_in import create_client as create

    if role is Role.PARTNER and not organisation:
        _fail("Le programme d’un partenaire a besoin de son organisme : --organisation CODE.")
    identifier = f"pj-{secrets.token_hex(6)}"

    def add(session: Session) -> str:
        host = _organisation_id(session, organisation) if organisation else None
        return create(session, identifier, name, role, _territory_id(session, territory), host)

    secret = in_transaction(add)
    typer.echo(f"client_id     {identifier}\nclient_secret {secret}")
    _say("Le secret n’est montré qu’une fois.")


@accounts.command("create")
def create_account(  # noqa: PLR0917 - as the options are declared
    login: Annotated[str, typer.Argument(help="Identifiant.")],
    name: Annotated[str, typer.Option(help="Nom affiché.")],
    role: Annotated[Role, typer.Option(help="Rôle.")],
    territory: Annotated[str, typer.Option(help="Code du ressort.")],
    title: Annotated[str, typer.Option(help="Fonction affichée.")] = "",
    organisation: Annotated[str, typer.Option(help="Code de l’organisme (partenaires).")] = "",
    password: Annotated[str, typer.Option(prompt="Mot de passe", confirmation_prompt=True, hide_input=True)] = "",
) -> None:
    """Créer un compte avec un rôle sur un ressort."""
    from sqlalchemy.exc import IntegrityError

    from availability.errors import InvalidRequest
    from portal.passwords import WORDS, checked

    try:
        password = checked(password, about=(login, name))
    except InvalidRequest as refusal:
        _fail(WORDS[refusal.problem])

    from portal.accounts import NewAccount, create

    def add(session: Session) -> None:
        new = NewAccount(login, name, title, role, _territory_id(session, territory), password)
        create(session, new, _organisation_id(session, organisation) if organisation else None)

    try:
        in_transaction(add)
    except IntegrityError:
        _fail(f"L’identifiant « {login} » existe déjà.")
    _say(f"Compte {login} créé.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Archive à écrire (.tar).", metavar="FICHIER")],
) -> None:
    """Sauvegarder la base et les fichiers joints, sans arrêter personne. La clé secrète se garde à part."""
    from portal import clock, database, prepare
    from portal.backups import back_up
    from portal.imports import STARTED_IN
    from portal.settings import settings

    with prepare.attached_database():
        try:
            made = back_up(database.database_url(), settings().files_folder, STARTED_IN / file, now=clock.now())
        except FileExistsError:
            _fail(f"« {file} » existe déjà : une sauvegarde n’en remplace aucune.")
        except OSError as error:
            _fail(f"« {file} » ne peut pas être écrit : {error.strerror or error}.")
    _say(f"Sauvegarde écrite : {sum(made.rows.values())} lignes, {made.files} fichiers. Gardez la clé secrète à part.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="Archive à relire.", metavar="FICHIER")],
    check: Annotated[bool, typer.Option("--check", help="Essayer dans une base à part, sans rien garder.")] = False,
) -> None:
    """Restaurer une sauvegarde dans une installation vide, ou vérifier qu’elle se restaure."""
    from availability.sealing import AUDIT, House
    from portal import database, prepare
    from portal.backups import BadBackup, NotEmpty, tried
    from portal.backups import restore as run
    from portal.imports import STARTED_IN
    from portal.settings import secret_key, settings

    with prepare.attached_database():
        url = database.database_url()
        try:
            if check:
                made = tried(STARTED_IN / file, url, House(secret_key()).derived(AUDIT))
            else:
                made = run(STARTED_IN / file, url, settings().files_folder)
        except BadBackup as error:
            _fail(f"« {file} » n’est pas restauré : {error}.")
        except NotEmpty:
            _fail("La base ou le dossier des fichiers n’est pas vide : rien n’a été touché.")
    done = "Sauvegarde vérifiée" if check else "Sauvegarde restaurée"
    _say(
        f"{done} : {sum(made.rows.values())} lignes, {made.files} fichiers, du {made.at[:16].replace('T', ' à ')} UTC."
    )


@audit.command("verify")
def verify_audit() -> None:
    """Relire tout le journal : rien n’y a été ajouté, changé ni retiré après coup."""
    from portal.audit import verify

    found = in_transaction(verify)
    for line in found.lines:
        typer.echo(line)
    raise typer.Exit(0 if found.holds else 1)


def in_transaction(function: Callable[[Session], R]) -> R:
    """Return what `function(session)` returns, in one transaction on the migrated database of this installation."""
    from sqlmodel import Session

    from portal import database, prepare
    from portal.migrate import migrate

    with prepare.attached_database():
        migrate(database.database_url())
        try:
            with Session(database.engine()) as session, session.begin():
                return function(session)
        finally:
            database.engine().dispose()


def _territory_id(session: Session, code: str) -> int:
    return _id_of(session, "SELECT id FROM territory WHERE code = :code", code, "ressort")


def _organisation_id(session: Session, code: str) -> int:
    return _id_of(session, "SELECT id FROM organisation WHERE code = :code", code, "organisme")


def _id_of(session: Session, query: str, code: str, noun: str) -> int:
    from sqlalchemy import text

    found = session.execute(text(query), {"code": code}).scalar()
    if found is None:
        _fail(f"Aucun {noun} n’a le code « {code} ».")
    return int(found)


def _say(message: str, *, error: bool = False) -> None:
    typer.echo(message, err=error)


def _fail(message: str) -> NoReturn:
    _say(message, error=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
