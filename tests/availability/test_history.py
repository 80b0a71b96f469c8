"""History and consultations: added to, never rewritten, whoever is connected."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from availability.history import Act, Consultation, HistoryLine, consulted, record
from tests.factories import NOW, World

REWRITINGS = [
    ("history", "UPDATE history SET facts = '{}'"),
    ("history", "UPDATE history SET facts = '{}' WHERE false"),  # not even an attempt on nothing
    ("history", "DELETE FROM history"),
    ("history", "DELETE FROM history WHERE id = 0"),
    ("history", "TRUNCATE history"),
    ("history", "TRUNCATE history RESTART IDENTITY CASCADE"),
    ("consultation", "UPDATE consultation SET reason = ''"),
    ("consultation", "UPDATE consultation SET reason = '' WHERE false"),
    ("consultation", "DELETE FROM consultation"),
    ("consultation", "DELETE FROM consultation WHERE id = 0"),
    ("consultation", "TRUNCATE consultation"),
    ("consultation", "TRUNCATE consultation, history RESTART IDENTITY CASCADE"),
]


def _write(session: Session, world: World) -> None:
    record(session, world.officer, Act(act="tried", subject="thing", subject_id=1, at=NOW, facts={"is": True}))
    consulted(session, world.officer, subject="thing", subject_id=1, reason="test", at=NOW)


@pytest.mark.parametrize(("table", "statement"), REWRITINGS)
def test_what_was_written_cannot_be_rewritten(session: Session, world: World, table: str, statement: str) -> None:
    _write(session, world)

    with pytest.raises(IntegrityError, match="is append-only"), session.begin_nested():
        session.execute(text(statement))

    assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1  # noqa: S608 - constants


def test_a_line_says_who_did_what_on_what_and_when(session: Session, world: World) -> None:
    person_id = uuid4()
    act = Act(
        act="tried", subject="thing", subject_id=12, at=NOW, facts={"seat": 2}, person_id=person_id, sealed=b"\x00\x01"
    )

    record(session, world.officer, act)

    line = session.exec(select(HistoryLine)).one()
    assert (line.actor_id, line.act, line.subject, line.subject_id) == (
        world.officer.account_id,
        "tried",
        "thing",
        "12",
    )
    assert (line.at, line.facts, line.person_id, line.sealed) == (NOW, {"seat": 2}, person_id, b"\x00\x01")


def test_what_the_clock_does_has_no_author(session: Session, world: World) -> None:
    record(session, None, Act(act="lapsed", subject="thing", subject_id=1, at=NOW, facts={}))

    assert session.exec(select(HistoryLine)).one().actor_id is None


def test_a_look_is_logged_with_its_reason(session: Session, world: World) -> None:
    _write(session, world)

    look = session.exec(select(Consultation)).one()
    assert (look.actor_id, look.subject, look.subject_id, look.reason, look.at) == (
        world.officer.account_id,
        "thing",
        "1",
        "test",
        NOW,
    )
