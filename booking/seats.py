"""Seats of services as addresses: a judge types the name of a service instead of a street. Reads only."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from availability.places import Place, Source, department_of
from availability.rights import Actor

LEAST_TYPED = 4  # letters, before whole names are looked for
MOST_SUGGESTED = 5
LIKE = text("""
    SELECT name FROM site
    WHERE territory_id = ANY(:territories) AND lat IS NOT NULL AND strpos(lower(name), lower(:typed)) > 0
    GROUP BY name ORDER BY min(strpos(lower(name), lower(:typed))), name LIMIT :limit""")
NAMED = text("""
    SELECT name, commune, insee, lat, lon FROM site
    WHERE territory_id = ANY(:territories) AND lat IS NOT NULL AND lower(name) = lower(:typed) ORDER BY id LIMIT 1""")


def suggested_seats(session: Session, actor: Actor, typed: str) -> list[str]:
    """Return names of services of the actor's territories that hold what was typed, those that begin so first."""
    if len(typed.strip()) < LEAST_TYPED:
        return []
    asked = {"territories": sorted(actor.territories()), "typed": typed.strip(), "limit": MOST_SUGGESTED}
    return list(session.execute(LIKE, asked).scalars())


def seat_named(session: Session, actor: Actor, typed: str) -> tuple[Place, str] | None:
    """Return where the service of exactly that name is, and the code of its department; None when there is none."""
    asked = {"territories": sorted(actor.territories()), "typed": typed.strip()}
    row = session.execute(NAMED, asked).one_or_none() if typed.strip() else None
    if row is None:
        return None
    place = Place(f"{row.name}, {row.commune}", row.lat, row.lon, Source.COMMUNE, 1.0)
    return place, department_of(row.insee)
