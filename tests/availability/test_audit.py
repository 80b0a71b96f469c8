"""The seals of history: what was added, changed or taken away after the fact shows, and where."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.audit import AuditSeal, Checked, Fault, Log, seal_until, settled, verified
from availability.history import Act, consulted, record
from availability.rights import Role
from tests.conftest import Database
from tests.factories import NOW, make_actor, make_territory

KEY = b"k" * 32


@pytest.fixture
def journal(database: Database) -> Database:
    """A database with two sealed batches of three acts, and one consultation."""
    for _ in range(2):
        write(database, 3)
        seal(database)
    return database


def write(database: Database, count: int) -> None:
    with Session(database.engine) as session, session.begin():
        acts = [Act(act="moved", subject="booking", subject_id=uuid4(), at=NOW, facts={"n": n}) for n in range(count)]
        record(session, None, *acts)


def seal(database: Database, key: bytes = KEY) -> list[AuditSeal]:
    made = []
    for log in Log:
        with Session(database.engine) as session, session.begin():
            until = settled(session, log)
        assert until is not None
        with Session(database.engine, expire_on_commit=False) as session, session.begin():
            made += seal_until(session, key, log, until, now=NOW)
    return made


def check(database: Database, key: bytes = KEY) -> Checked:
    with Session(database.engine) as session:
        return verified(session, key, Log.HISTORY)


def forge(database: Database, statement: str) -> None:
    """Do what the owner of the database can do: without the triggers."""
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


def test_what_was_not_touched_holds_and_what_is_new_waits_for_its_seal(journal: Database) -> None:
    write(journal, 2)

    found = check(journal)

    assert (found.fault, found.seals, found.lines, found.unsealed) == (None, 2, 6, 2)
    assert [one.lines for one in seal(journal)] == [2]
    assert seal(journal) == []
    assert check(journal).unsealed == 0


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE history SET facts = '{\"n\": 9}' WHERE id = (SELECT max(id) FROM history)", Fault.LINES),
        ("UPDATE history SET actor_id = gen_random_uuid() WHERE id = (SELECT max(id) FROM history)", Fault.LINES),
        ("DELETE FROM history WHERE id = (SELECT max(id) FROM history)", Fault.LINES),
        (
            "UPDATE history SET id = 1000000 WHERE id = (SELECT max(id) FROM history);"
            "INSERT INTO history (at, act, subject, subject_id) VALUES (now(), 'x', 'x', 'x')",
            Fault.LINES,
        ),
        ("UPDATE audit_seal SET digest = sha256('x') WHERE id = (SELECT max(id) FROM audit_seal)", Fault.LINES),
        ("DELETE FROM audit_seal WHERE id = (SELECT min(id) FROM audit_seal)", Fault.CHAIN),
    ],
)
def test_whatever_is_rewritten_without_the_key_shows(journal: Database, statement: str, fault: Fault) -> None:
    forge(journal, statement)

    assert check(journal).fault is fault


def test_whoever_seals_again_with_another_key_is_found_out(journal: Database) -> None:
    forge(journal, "DELETE FROM history WHERE id = (SELECT min(id) FROM history)")
    forge(journal, "DELETE FROM audit_seal")
    seal(journal, b"x" * 32)

    found = check(journal)

    assert (found.fault, found.seals) == (Fault.LINES, 0)


def test_a_seal_refuses_to_be_rewritten_or_removed(journal: Database) -> None:
    for statement in ("UPDATE audit_seal SET lines = 9", "DELETE FROM audit_seal", "TRUNCATE audit_seal"):
        with pytest.raises(Exception, match="append-only"), journal.engine.begin() as connection:
            connection.execute(text(statement))


def test_whoever_has_not_committed_is_waited_for_or_left_for_the_next_time(journal: Database) -> None:
    with Session(journal.engine) as writer:
        record(writer, None, Act(act="slow", subject="booking", subject_id=1, at=NOW, facts={}))
        with Session(journal.engine) as session, session.begin():
            assert settled(session, Log.HISTORY) is None
        ended = threading.Timer(0.05, writer.commit)
        ended.start()
        with Session(journal.engine) as session, session.begin():
            until = settled(session, Log.HISTORY)
        ended.join()
    assert until is not None
    assert [one.lines for one in seal(journal)] == [1]
    assert check(journal).fault is None


def test_who_looked_is_sealed_as_what_was_done(journal: Database) -> None:
    with Session(journal.engine) as session, session.begin():
        officer = make_actor(Role.PROBATION_OFFICER, make_territory(session))
        consulted(session, officer, subject="person", subject_id=uuid4(), reason="sheet", at=NOW)
    assert [(one.log, one.lines) for one in seal(journal)] == [(Log.CONSULTATION, 1)]
    forge(journal, "UPDATE consultation SET reason = 'none'")

    with Session(journal.engine) as session:
        assert verified(session, KEY, Log.CONSULTATION).fault is Fault.LINES
