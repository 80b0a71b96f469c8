"""What the State's address base answered, kept for a while: the same address is not asked twice.

Only what somebody typed on a screen is kept, never the address of a person's file: that must not outlive the file.
The text itself is not stored, only its digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, DateTime, LargeBinary, delete, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlmodel import Field, Session, SQLModel, col

from availability.places import Located, Place, Source

KEPT = timedelta(days=30)
MOST_KEPT = 50_000
FORGET_OLDEST = text("""
    DELETE FROM geocode WHERE key IN (SELECT key FROM geocode ORDER BY expires_at DESC OFFSET :most)""")


class Geocode(SQLModel, table=True):
    """One answer of the address base."""

    __tablename__ = "geocode"

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    places: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))


def remembered(session: Session, typed: str, *, now: datetime) -> Located | None:
    """Return what was found for a text, unless nothing is known of it any more."""
    kept = session.get(Geocode, _key(typed))
    if kept is None or kept.expires_at <= now:
        return None
    return Located(tuple(Place(**(place | {"source": Source(place["source"])})) for place in kept.places))


def remember(session: Session, typed: str, located: Located, *, now: datetime) -> None:
    """Keep what the address base found for a text; a failure, or a guess of the gazetteer, is not kept."""
    places = [asdict(place) for place in located.places]
    if located.ban_failed or not places or located.places[0].source is not Source.BAN:
        return
    row = {"key": _key(typed), "places": places, "expires_at": now + KEPT}
    statement = insert(Geocode).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def forget_geocodes(session: Session, *, now: datetime, most: int = MOST_KEPT) -> None:
    """Forget what is too old, and the oldest of what is too much."""
    session.execute(delete(Geocode).where(col(Geocode.expires_at) <= now))
    session.execute(FORGET_OLDEST, {"most": most})


def _key(typed: str) -> bytes:
    return hashlib.sha256(" ".join(typed.lower().split()).encode()).digest()
