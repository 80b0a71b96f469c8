"""What the clock does of imports: which are under way, their lines that are left, the end. One transaction a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.rights import Actor
from availability.sealing import House
from convocations.import_models import ImportLine, ImportState, PeopleImport
from convocations.imports.comparing import chosen
from convocations.imports.doing import undo_booking, undo_person
from convocations.imports.lines import Line
from convocations.imports.previewing import read_lines
from convocations.imports.sent import sheet_of

DONE_LINES = text("SELECT line FROM import_line WHERE import_id = :id")
UNDER_WAY = text("""
    SELECT id, territory_id, by, state, dropped_as FROM people_import WHERE state IN ('running', 'undoing')
    ORDER BY created_at, id""")
LETTERS = text("""
    SELECT l.line, c.id FROM import_line l JOIN import_known k ON k.id = l.known_id
    JOIN convocation c ON c.booking_id = k.booking_id WHERE l.import_id = :id AND l.needs_letter""")
RECEIVED = text("""
    SELECT dropped_as FROM people_import
    WHERE origin = 'folder' AND territory_id = :territory_id AND digest = :digest AND created_at > :since
    ORDER BY created_at DESC LIMIT 1""")
RECENT = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """An import under way, and who approved it or asked that it be undone."""

    id: UUID
    territory_id: int
    by: UUID
    state: ImportState
    dropped_as: str


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is left of an import."""

    lines: list[Line]
    cancels: dict[int, UUID]  # by the number of the line that says so, below zero


def under_way(session: Session) -> list[ToDo]:
    """Return the imports to go on with, the oldest first: after a crash they are where they were."""
    return [ToDo(**dict(row._mapping) | {"state": ImportState(row.state)}) for row in session.execute(UNDER_WAY)]


def left(session: Session, import_id: UUID, *, house: House, now: datetime) -> Left:
    """Return the lines that have no outcome yet. Raises: ImportOver once the file was forgotten."""
    found = session.get_one(PeopleImport, import_id)
    done = set(session.execute(DONE_LINES, {"id": import_id}).scalars())
    lines = [one for one in read_lines(found, sheet_of(found, house=house), now=now) if one.number not in done]
    _, cancels = chosen(found.decisions)
    numbered = {-number: known_id for number, known_id in enumerate(sorted(cancels), 1)}
    return Left(lines=lines, cancels={number: one for number, one in numbered.items() if number not in done})


def to_withdraw(session: Session, import_id: UUID) -> list[int]:
    """Return the lines that convened somebody, and are not undone yet."""
    made = col(ImportLine.booking_id).is_not(None)
    wanted = select(ImportLine.line).where(ImportLine.import_id == import_id, ImportLine.undone == "", made)
    return list(session.exec(wanted.order_by(col(ImportLine.line))))


def to_erase(session: Session, import_id: UUID) -> list[int]:
    """Return the lines that opened a file which is still there: whoever is erased is known to no line."""
    made = (col(ImportLine.made_person), ImportLine.undone != "kept", col(ImportLine.known_id).is_not(None))
    wanted = select(ImportLine.line).where(ImportLine.import_id == import_id, *made)
    return list(session.exec(wanted.order_by(col(ImportLine.line))))


def undo_line(session: Session, actor: Actor, import_id: UUID, number: int, *, now: datetime) -> None:
    """Withdraw what a line convened, if nobody touched it since; people come after, in `undo_opened`."""
    row = session.get_one(ImportLine, (import_id, number), with_for_update=True, populate_existing=True)
    if row.booking_id is not None and not row.undone:
        row.undone = "undone" if undo_booking(session, actor, row, now=now) else "kept"


def undo_opened(session: Session, actor: Actor, import_id: UUID, number: int, *, now: datetime) -> None:
    """Erase whom a line opened a file for, if nobody touched it since. Raises: Refusal."""
    row = session.get_one(ImportLine, (import_id, number), populate_existing=True)
    if not row.made_person:
        return
    own = session.exec(
        select(ImportLine.booking_id).where(ImportLine.import_id == import_id, ImportLine.undone == "undone")
    ).all()
    is_gone = undo_person(session, actor, row, [one for one in own if one is not None], now=now)
    row.undone = "undone" if is_gone else "kept"


def keep(session: Session, import_id: UUID, number: int) -> None:
    """Write down that a line could not be undone."""
    row = session.get_one(ImportLine, (import_id, number), with_for_update=True)
    row.undone = "kept"


def end_undo(session: Session, import_id: UUID) -> None:
    """Write down that everything that could be undone is."""
    session.get_one(PeopleImport, import_id, with_for_update=True).state = ImportState.UNDONE


def letters_of(session: Session, import_id: UUID) -> dict[int, str]:
    """Return the convocation to print of each line whose person has no mobile."""
    return {row.line: str(row.id) for row in session.execute(LETTERS, {"id": import_id})}


def received_as(session: Session, territory_id: int, digest: bytes, *, now: datetime) -> str:
    """Return where a dropped file was to go when it was received just before a crash; empty when it is a new one."""
    asked = {"territory_id": territory_id, "digest": digest, "since": now - RECENT}
    return str(session.execute(RECEIVED, asked).scalar() or "")
