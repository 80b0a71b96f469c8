"""Files that somebody sent to be imported, for the time that they look at them, and what their columns were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from availability.errors import NotFound
from availability.importers.columns import compared
from availability.models import ImportColumn, SentFile
from availability.rights import Actor

MOST_NAME = 120
MOST_KEPT = 5  # of one person: the next one takes the place of the oldest

FORGET_OLDEST = text("""
    DELETE FROM sent_file WHERE id IN (
        SELECT id FROM sent_file WHERE actor_id = :actor_id ORDER BY at DESC, id OFFSET :kept)""")
REMEMBER = text("""
    INSERT INTO import_column (actor_id, heading, field) VALUES (:actor_id, :heading, :field)
    ON CONFLICT (actor_id, heading) DO UPDATE SET field = excluded.field""")


def keep_file(session: Session, actor: Actor, name: str, data: bytes, *, now: datetime) -> UUID:
    """Keep a file that somebody sent, and return its number; their oldest ones go."""
    shown = "".join(letter for letter in name if letter.isprintable())[:MOST_NAME]
    kept = SentFile(actor_id=actor.account_id, name=shown, data=data, at=now)
    session.add(kept)
    session.flush()
    session.execute(FORGET_OLDEST, {"actor_id": actor.account_id, "kept": MOST_KEPT})
    return kept.id


def sent_file(session: Session, actor: Actor, file_id: UUID) -> SentFile:
    """Return a file that the actor sent. Raises: NotFound."""
    found = session.get(SentFile, file_id)
    if found is None or found.actor_id != actor.account_id:
        raise NotFound(file_id=str(file_id))
    return found


def forget_files(session: Session, *, before: datetime) -> None:
    """Forget the files sent before an instant; a job calls it once a day."""
    session.execute(delete(SentFile).where(col(SentFile.at) < before))


def remembered(session: Session, actor: Actor) -> dict[str, str]:
    """Return what the actor once said that a heading is, by its compared form."""
    rows = session.exec(select(ImportColumn).where(ImportColumn.actor_id == actor.account_id))
    return {row.heading: row.field for row in rows}


def remember(session: Session, actor: Actor, headings: Sequence[str], chosen: Sequence[str]) -> None:
    """Note what the headings of a file are, for the next one of this actor."""
    rows = {compared(heading): code for heading, code in zip(headings, chosen, strict=True)}
    session.execute(
        REMEMBER,
        [{"actor_id": actor.account_id, "heading": heading, "field": code} for heading, code in rows.items()],
    )
