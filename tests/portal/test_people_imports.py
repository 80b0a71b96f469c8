"""Imports of people done by the clock: to the end, after a crash, undone; and the folder that is watched."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import NotFound
from availability.importers.columns import compared
from availability.rights import Actor
from availability.sealing import House
from convocations.import_models import ImportState, LineOutcome, PeopleImport, What
from convocations.imports.doing import Ways, do_line
from convocations.imports.fields import PRESET_OF
from convocations.imports.matchings import matchings_of, save
from convocations.imports.options import Options
from convocations.imports.previewing import read_lines
from convocations.imports.sent import (
    Arrived,
    ImportOver,
    approve,
    ask_undo,
    counts_of,
    receive,
    set_up,
    sheet_of,
)
from convocations.imports.stopping import count_stopped, take_folder_over, take_over
from convocations.pages.day import messages_wait
from portal import clock
from portal import database as portal_database
from portal.identity import Account, AccountRight
from portal.people_imports import Watcher, run_imports
from portal.settings import settings
from portal.sign_in import actor_of_account
from portal.ui.dates import NBSP
from tests import races
from tests.conftest import Database
from tests.convocations.desk import HALF_PAST, NINE, Desk, make_desk, seats
from tests.convocations.imports.files import APPI, DURAND, HEARINGS, MOREAU, csv_of
from tests.factories import NOW

SECRET = "a fictional secret key of forty letters.."
HOUSE = House(SECRET.encode())
AT_NINE = "C-1;10/03/2026;9h00;Agent A;241;FICTIF-MOREAU;Anatole;12/03/1990;06 39 98 55 01;;"
AT_HALF_PAST = "C-2;10/03/2026;9h30;Agent A;242;FICTIVE-DURAND;Zoé;01/05/1985;;;"


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose officer has an account, in a database on which the jobs work, at NOW."""
    for name, value in {
        "DATABASE_URL": database.url,
        "PLACEJUSTE_SECRET_KEY": SECRET,
        "PLACEJUSTE_DEMO": "true",
        "PLACEJUSTE_IMPORTS_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    settings.cache_clear()
    portal_database.engine.cache_clear()

    def made(session: Session) -> Desk:
        found = make_desk(session)
        account_id = found.officer.account_id
        session.add(Account(id=account_id, login=f"fictif-{account_id}", name="Agent fictif"))
        session.flush()
        role = next(iter(found.officer.roles))
        session.add(AccountRight(account_id=account_id, role=role, territory_id=found.world.here.id))
        return found

    yield races.act(database.engine, made)
    portal_database.engine().dispose()
    portal_database.engine.cache_clear()
    settings.cache_clear()


def test_what_a_crash_left_is_done_once_and_undone_for_a_day(database: Database, desk: Desk) -> None:
    engine, officer = database.engine, desk.officer

    def begun(session: Session) -> UUID:
        sent = Arrived(name="audiences.csv", data=csv_of(HEARINGS, AT_NINE, AT_HALF_PAST))
        made = receive(session, officer, sent, house=HOUSE, now=NOW)
        set_up(session, officer, made.id, options=Options(kind=desk.kind.code))
        approve(session, officer, made.id, house=HOUSE, now=NOW)
        return made.id

    def first_line(session: Session, import_id: UUID) -> None:
        found = session.get_one(PeopleImport, import_id)
        line = read_lines(found, sheet_of(found, house=HOUSE), now=NOW)[0]
        do_line(session, officer, import_id, line, Ways(house=HOUSE, fiction=True, now=NOW))

    import_id = races.act(engine, begun)
    races.act(engine, first_line, import_id)  # and the process died

    asyncio.run(run_imports())

    with Session(engine) as session:
        found = session.get_one(PeopleImport, import_id)
        assert (found.state, found.data_sealed) == (ImportState.DONE, None)
        assert counts_of(session, import_id) == {LineOutcome.NEW: 2}
        assert seats(session, desk.agent) == {NINE, HALF_PAST}

    races.act(engine, ask_undo, officer, import_id, now=NOW)
    asyncio.run(run_imports())

    with Session(engine) as session:
        assert session.get_one(PeopleImport, import_id).state == ImportState.UNDONE
        assert seats(session, desk.agent) == set()
        assert session.connection().exec_driver_sql("SELECT count(*) FROM person").scalar() == 1  # the desk's own


def test_a_file_dropped_is_taken_once_quiet_and_its_report_is_beside_it(
    database: Database, desk: Desk, tmp_path: Path
) -> None:
    columns = {compared(heading): code for heading, code in PRESET_OF["appi"].headings.items()}

    def kept(session: Session) -> None:
        for version in (1, 2):
            options = Options(folder="appi", at_once=version == 2)
            made = save(
                session,
                desk.officer,
                "APPI",
                what=What.PEOPLE,
                source="appi",
                columns=columns,
                options=options,
                now=NOW,
            )
            assert made.version == version
        assert [one.version for one in matchings_of(session, desk.officer)] == [2]

    races.act(database.engine, kept)
    folder = tmp_path / desk.world.here.code / "appi"
    watcher = Watcher(quiet_s=30)
    asyncio.run(watcher.look())  # makes the folders
    for name, data in {
        "bon.csv": csv_of(APPI, MOREAU, DURAND),
        "hostile.xlsx": b"PK\x03\x04 pas un classeur",
        "sans-date.csv": b"Nom;Prenom\nFICTIF;Lou\n",
        "grandit.csv.part": b"Nom",
        "grandit.csv": csv_of(APPI),
    }.items():
        _drop(folder / name, data)
    (folder / "lien.csv").symlink_to("/etc/hostname")
    asyncio.run(watcher.look())
    (folder / "grandit.csv").write_bytes(csv_of(APPI, MOREAU))  # somebody still writes to it

    asyncio.run(watcher.look())
    asyncio.run(run_imports())

    left = {one.name for one in folder.iterdir() if not one.is_dir()}
    assert left == {"grandit.csv.part", "grandit.csv", "lien.csv"}
    done = sorted(one.name.partition("-bon")[2] for one in (folder / "done").iterdir())
    assert done == [".csv", ".csv.rapport.csv"]
    report = next((folder / "done").glob("*.rapport.csv")).read_text("utf-8-sig")
    assert report.count("nouvelle") == 2
    assert "FICTI" not in report
    why = {one.name.split("-", 2)[2]: one.read_text() for one in (folder / "refused").glob("*.txt")}
    assert why["hostile.xlsx.rapport.txt"].startswith("Ce classeur est abîmé")
    assert why["sans-date.csv.rapport.txt"].startswith("Dites quelle colonne est la date de naissance")


def test_an_import_and_a_folder_whose_account_is_closed_wait_until_a_colleague_takes_them_over(
    database: Database, desk: Desk, tmp_path: Path
) -> None:
    engine, officer = database.engine, desk.officer
    colleague = races.act(engine, _colleague_of, desk)
    folder = tmp_path / desk.world.here.code / "appi"
    matching_id = races.act(engine, _watched_at_once, officer)
    watcher = Watcher(quiet_s=30)
    asyncio.run(watcher.look())
    _drop(folder / "premier.csv", csv_of(APPI, MOREAU))
    asyncio.run(_look_twice(watcher))  # received, and to be done at once
    races.act(engine, _close, officer.account_id)

    _drop(folder / "second.csv", csv_of(APPI, DURAND))
    asyncio.run(run_imports())
    asyncio.run(_look_twice(watcher))

    with Session(engine) as session:
        stopped = session.exec(select(PeopleImport)).one()
        assert (stopped.state, stopped.stopped_while, stopped.stopped_why) == ("stopped", "running", "account-closed")
        assert count_stopped(session, colleague) == 2
        waits = messages_wait(session, colleague, NOW)
        assert [one.words for one in waits] == [f"2{NBSP}imports arrêtés, à reprendre à votre nom"]
        assert count_stopped(session, desk.world.stranger) == 0
        with pytest.raises(NotFound):
            take_over(session, desk.world.stranger, stopped.id, now=NOW)
    assert {one.name for one in folder.iterdir() if one.is_file()} == {"second.csv", "SURVEILLANCE-ARRETEE.txt"}
    assert "est fermé" in (folder / "SURVEILLANCE-ARRETEE.txt").read_text()
    assert "est fermé" in next((folder / "done").glob("*.arret.txt")).read_text()
    assert list((folder / "refused").iterdir()) == []

    for act, subject in ((take_over, stopped.id), (take_folder_over, matching_id)):
        answers = races.at_once([partial(races.act, engine, act, colleague, subject, now=NOW)] * 4)  # type: ignore[arg-type]
        assert races.refusals(answers) == [ImportOver] * 3
    asyncio.run(run_imports())
    asyncio.run(_look_twice(watcher))
    asyncio.run(run_imports())

    with Session(engine) as session:
        assert [(one.state, one.by) for one in session.exec(select(PeopleImport))] == [
            ("done", colleague.account_id)
        ] * 2
        assert messages_wait(session, colleague, NOW) == []
        told = session.execute(
            text("SELECT act, actor_id, facts->>'before' FROM history WHERE act LIKE '%-taken-over'")
        )
        before = str(officer.account_id)
        assert sorted(map(tuple, told)) == [
            ("import-folder-taken-over", colleague.account_id, before),
            ("import-taken-over", colleague.account_id, before),
        ]
    assert [one.name for one in folder.iterdir() if one.is_file()] == []
    assert len(list((folder / "done").glob("*.rapport.csv"))) == 2
    assert list((folder / "done").glob("*.arret.txt")) == []


def _colleague_of(session: Session, desk: Desk) -> Actor:
    account = Account(login="fictif-collegue", name="Collègue fictif")
    session.add(account)
    session.flush()
    role = next(iter(desk.officer.roles))
    session.add(AccountRight(account_id=account.id, role=role, territory_id=desk.world.here.id))
    session.flush()
    actor = actor_of_account(session, account)
    assert actor is not None
    return actor


def _watched_at_once(session: Session, actor: Actor) -> UUID:
    columns = {compared(heading): code for heading, code in PRESET_OF["appi"].headings.items()}
    options = Options(folder="appi", at_once=True)
    made = save(session, actor, "APPI", what=What.PEOPLE, source="appi", columns=columns, options=options, now=NOW)
    return made.id


def _close(session: Session, account_id: UUID) -> None:
    session.get_one(Account, account_id).is_active = False


def _drop(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    long_ago = datetime.now(UTC).timestamp() - 60
    os.utime(path, (long_ago, long_ago))


async def _look_twice(watcher: Watcher) -> None:
    """Once to see what is there, once to find that nobody writes to it."""
    await watcher.look()
    await watcher.look()
