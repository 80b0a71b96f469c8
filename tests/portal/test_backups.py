"""A backup gives back what there was, to the row; one that was altered is refused, and nothing is written over."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlmodel import Session

from availability.history import Act, record
from booking.vault import Vault
from portal.backups import DUMP, MANIFEST, BadBackup, NotEmpty, back_up, restore, tried
from tests.conftest import Database
from tests.factories import NOW, make_territory

KEY = b"k" * 32


@pytest.fixture
def installation(database: Database, tmp_path: Path) -> tuple[Database, Vault]:
    """A database with a few rows, and a sealed file beside it."""
    with Session(database.engine) as session, session.begin():
        make_territory(session)
        record(session, None, Act(act="moved", subject="booking", subject_id=uuid4(), at=NOW, facts={"é": "’"}))
    vault = Vault(tmp_path / "files")
    vault.write(KEY, uuid4(), b"a judgment")
    return database, vault


@pytest.fixture
def elsewhere(database: Database) -> Iterator[str]:
    """The address of another database, with nothing in it."""
    name = f"restored_{uuid4().hex[:8]}"
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield make_url(database.url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows(url: str) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT relname FROM pg_stat_user_tables ORDER BY 1").fetchall()
        return {
            name: sorted(str(row[0]) for row in connection.execute(f'SELECT t::text FROM "{name}" t'))  # noqa: S608
            for (name,) in tables
        }


def test_what_there_was_comes_back_to_the_row_and_the_byte(
    installation: tuple[Database, Vault], elsewhere: str, tmp_path: Path
) -> None:
    database, vault = installation
    made = back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
    back = restore(tmp_path / "one.tar", elsewhere, tmp_path / "back")

    assert made == back
    assert rows(elsewhere) == rows(database.url)
    assert made.files == 1
    sealed = next(vault.folder.glob("??/*"))
    assert (tmp_path / "back" / sealed.relative_to(vault.folder)).read_bytes() == sealed.read_bytes()
    assert (tmp_path / "one.tar").stat().st_mode & 0o077 == 0
    with psycopg.connect(elsewhere) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM history")  # what holds the database together came with it


def test_a_database_or_a_folder_that_holds_something_is_left_alone(
    installation: tuple[Database, Vault], elsewhere: str, tmp_path: Path
) -> None:
    database, vault = installation
    back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
    before = rows(database.url)

    with pytest.raises(NotEmpty):
        restore(tmp_path / "one.tar", database.url, tmp_path / "new")
    with pytest.raises(NotEmpty):
        restore(tmp_path / "one.tar", elsewhere, vault.folder)
    with pytest.raises(FileExistsError):
        back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
    assert rows(database.url) == before


@pytest.mark.parametrize("part", [DUMP, MANIFEST, "files"])
def test_an_archive_that_was_altered_is_refused_whole(
    installation: tuple[Database, Vault], elsewhere: str, tmp_path: Path, part: str
) -> None:
    database, vault = installation
    back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
    altered = tmp_path / "altered.tar"
    with tarfile.open(tmp_path / "one.tar") as source, tarfile.open(altered, "x") as target:
        for member in source.getmembers():
            data = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name.startswith(part):
                data = b"x" + data[1:]
            target.addfile(member, io.BytesIO(data))

    with pytest.raises(BadBackup):
        restore(altered, elsewhere, tmp_path / "back")
    assert rows(elsewhere) == {}
    assert not (tmp_path / "back").exists()


def test_an_archive_cut_short_or_that_climbs_out_of_its_folder_is_refused(
    installation: tuple[Database, Vault], elsewhere: str, tmp_path: Path
) -> None:
    database, vault = installation
    back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
    whole = (tmp_path / "one.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    with tarfile.open(tmp_path / "climbs.tar", "x") as archive:
        member = tarfile.TarInfo("../outside")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    (tmp_path / "none.tar").write_bytes(b"")

    for name in ("cut.tar", "climbs.tar", "none.tar", "absent.tar"):
        with pytest.raises(BadBackup):
            restore(tmp_path / name, elsewhere, tmp_path / "back")
    assert not (tmp_path.parent / "outside").exists()


def test_a_backup_is_tried_beside_what_runs_and_leaves_nothing(
    installation: tuple[Database, Vault], tmp_path: Path
) -> None:
    database, vault = installation
    back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)

    assert tried(tmp_path / "one.tar", database.url, KEY).rows["history"] == 1
    with psycopg.connect(database.url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'placejuste_restore_%'")
        assert left.fetchone() == (0,)


def test_a_backup_is_of_one_moment_while_others_write(installation: tuple[Database, Vault], tmp_path: Path) -> None:
    database, vault = installation
    with Session(database.engine) as session:
        session.execute(text("DELETE FROM territory"))  # not committed: nobody sees it
        made = back_up(database.url, vault.folder, tmp_path / "one.tar", now=NOW)
        session.rollback()

    assert made.rows["territory"] == 1
