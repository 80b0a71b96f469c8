"""The ways to the rooms of a court: its registry says them, the desk reads and prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.rights import Actor
from booking.room_way_models import WAY_LENGTH, RoomWay
from booking.screens import rooms_of

# Two clerks who say it at once: the last one is right, and neither is refused.
SAY = text("""
    INSERT INTO room_way (room_id, words) VALUES (:room_id, :words)
    ON CONFLICT (room_id) DO UPDATE SET words = excluded.words""")
FORGET = text("DELETE FROM room_way WHERE room_id = :room_id")


def ways_of(session: Session, room_ids: Iterable[int]) -> dict[int, str]:
    """Return the ways to these rooms, where they are said."""
    wanted = col(RoomWay.room_id).in_(sorted(set(room_ids)))
    rows = session.exec(select(RoomWay).where(wanted).execution_options(populate_existing=True))
    return {row.room_id: row.words for row in rows}


def set_ways(session: Session, actor: Actor, typed: Mapping[int, str], *, now: datetime) -> int:
    """Say the ways to some rooms of the actor's court; an empty one is forgotten. Return how many changed.

    Raises: NotAllowed, NotFound, InvalidRequest.
    """
    if unknown := set(typed) - {room.id for room in rooms_of(session, actor)}:
        raise NotFound(room_ids=sorted(unknown))
    before = ways_of(session, typed)
    said = {room_id: _way(room_id, words) for room_id, words in sorted(typed.items())}
    changed = {room_id: words for room_id, words in said.items() if words != before.get(room_id, "")}
    for room_id, words in changed.items():
        if words:
            session.execute(SAY, {"room_id": room_id, "words": words})
        else:
            session.execute(FORGET, {"room_id": room_id})
    if changed:
        facts = {"room_ids": sorted(changed)}
        record(
            session,
            actor,
            Act(act="room-ways-set", subject="territory", subject_id=actor.home_territory_id, at=now, facts=facts),
        )
    return len(changed)


def _way(room_id: int, typed: str) -> str:
    words = " ".join(readable("room_way", typed).split())
    if len(words) > WAY_LENGTH:
        raise InvalidRequest("room_way", "too-long", most=WAY_LENGTH, room_id=room_id)
    return words
