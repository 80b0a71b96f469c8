"""The clock's look at the saved searches: what suits now and did not before is told, once, to who may see it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed
from availability.models import Kind
from availability.rights import Actor
from availability.search import Found, search
from booking.saved_models import SavedSearch
from booking.saved_searches import MOST_WATCHED, suiting, wish_of

AT_ONCE = 500  # resources looked at in one turn of the clock
TOUCHED = text("SELECT id, resource_id FROM touched_resource ORDER BY id LIMIT :most")
FORGET_TOUCHED = text("DELETE FROM touched_resource WHERE id = ANY(:ids)")
# Of the searches of the same kind, those whose circle may hold one of the places: 111.2 km a degree of latitude.
CONCERNED = text("""
    SELECT s.id, s.account_id FROM saved_search s
    WHERE s.forgotten_at IS NULL AND EXISTS (
        SELECT FROM resource r JOIN site x ON x.id = r.site_id
        WHERE r.id = ANY(:ids) AND r.kind_id = s.kind_id
          AND (s.reach_km IS NULL OR x.lat BETWEEN s.lat - s.reach_km / 111.0 AND s.lat + s.reach_km / 111.0))
    ORDER BY s.id""")
ALL = text("SELECT id, account_id FROM saved_search WHERE forgotten_at IS NULL ORDER BY id")
# The key is the last guard: two clocks that look at once would give the same turn.
TELL = text("""
    INSERT INTO search_alert (saved_search_id, turn, resource_id, freed_at)
    SELECT :id, :turn, resource_id, :now FROM unnest(CAST(:freed AS bigint[])) AS f(resource_id)
    ON CONFLICT DO NOTHING""")
UNSEEN = text("""
    SELECT s.id, array_agg(DISTINCT a.resource_id) AS resource_ids, max(a.freed_at) AS freed_at
    FROM saved_search s JOIN search_alert a ON a.saved_search_id = s.id AND a.seen_at IS NULL
    WHERE s.account_id = :me AND s.forgotten_at IS NULL GROUP BY s.id ORDER BY max(a.freed_at) DESC LIMIT :most""")


@dataclass(frozen=True)
class Touched:
    """What moved since the last look; `ids` are those of its rows."""

    ids: tuple[int, ...]
    resource_ids: frozenset[int]


@dataclass(frozen=True)
class News:
    """What freed up for a saved search, and is still free; places, the nearest first."""

    saved_search_id: UUID
    label: str
    query: Mapping[str, str]
    kind: Kind
    found: tuple[Found, ...]
    freed_at: datetime


def touched(session: Session, *, most: int = AT_ONCE) -> Touched:
    """Return what moved first."""
    rows = session.execute(TOUCHED, {"most": most}).all()
    return Touched(tuple(row.id for row in rows), frozenset(row.resource_id for row in rows))


def forget_touched(session: Session, done: Touched) -> None:
    """Forget what every saved search has been told of. What moved again meanwhile is another row."""
    session.execute(FORGET_TOUCHED, {"ids": list(done.ids)})


def concerned(session: Session, resource_ids: Collection[int] | None = None) -> list[tuple[UUID, UUID]]:
    """Return (saved search, its account) of those that these resources may concern; of all, without any."""
    if resource_ids is None:
        return [(row.id, row.account_id) for row in session.execute(ALL)]
    rows = session.execute(CONCERNED, {"ids": list(resource_ids)})
    return [(row.id, row.account_id) for row in rows]


def look_for(
    session: Session, actor: Actor, search_id: UUID, resource_ids: Collection[int] | None = None, *, now: datetime
) -> int:
    """Look at a saved search again, for these resources or for all; return how many places it is told of.

    `actor` is its owner as of now: what they may no longer see is not told. Nothing of it is locked but its own row.
    """
    saved = session.get(SavedSearch, search_id, with_for_update=True, populate_existing=True)
    if saved is None or saved.forgotten_at is not None:
        return 0
    before, asked = frozenset(saved.suited), None if resource_ids is None else frozenset(resource_ids)
    suits = _suiting(session, actor, saved, asked, now=now)
    freed = sorted(suits - before)
    saved.suited = sorted(suits if asked is None else (before - asked) | suits)[:MOST_WATCHED]
    if freed:
        saved.turn += 1
        told = {"id": saved.id, "turn": saved.turn, "freed": freed, "now": now}
        session.flush()
        session.execute(TELL, told)
    return len(freed)


def news(session: Session, actor: Actor, *, now: datetime, most: int) -> list[News]:
    """Return what freed up for the actor's saved searches, the latest first; what was taken again is left out."""
    rows = session.execute(UNSEEN, {"me": actor.account_id, "most": most}).all()
    told = (_news(session, actor, row.id, row.resource_ids, row.freed_at, now=now) for row in rows)
    return [one for one in told if one is not None]


def _news(
    session: Session, actor: Actor, search_id: UUID, resource_ids: list[int], freed_at: datetime, *, now: datetime
) -> News | None:
    saved = session.get_one(SavedSearch, search_id)
    kind = session.get_one(Kind, saved.kind_id)
    wish = wish_of(session, actor, saved, kind, now=now) if kind.is_active else None
    if wish is None:
        return None
    try:
        found = search(
            session, actor, replace(wish, resource_ids=tuple(resource_ids)), now=now, only_suitable=True, limit=50
        )
    except NotAllowed:
        return None
    return News(saved.id, saved.label, saved.query, kind, tuple(found), freed_at) if found else None


def _suiting(
    session: Session, actor: Actor, saved: SavedSearch, asked: frozenset[int] | None, *, now: datetime
) -> frozenset[int]:
    kind = session.get_one(Kind, saved.kind_id)
    wish = wish_of(session, actor, saved, kind, now=now) if kind.is_active else None
    if wish is None:
        return frozenset()
    if asked is not None:
        wish = replace(wish, resource_ids=tuple(sorted(asked)))
    try:
        return suiting(session, actor, wish, now=now)
    except NotAllowed:
        return frozenset()
