"""Judicial recess (vacations judiciaires): days on which the kinds that say so close, court by court.

Who administers a court, or its registry, sets them, for one court or for all those of a court of appeal. What was
taken on these days stands, and is returned. Source: code de l'organisation judiciaire, art. R121-1 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.closings import ClosedDays
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import TerritoryLevel
from availability.outside import Outside
from availability.publishing import A_YEAR
from availability.reopening import open_again
from availability.rights import Actor, Role

SETTERS = (Role.ADMINISTRATOR, Role.REGISTRY)
LONGEST = 120  # days: the summer recess lasts two months

# The court itself or every court under it, at any depth: a recess is written for each.
COURTS = text("""
    WITH RECURSIVE under AS (
        SELECT id, level FROM territory WHERE id = :id
        UNION ALL SELECT t.id, t.level FROM territory t JOIN under u ON t.parent_id = u.id)
    SELECT id FROM under WHERE level = ANY(:levels) ORDER BY id""")
OF_COURTS = [TerritoryLevel.JUDICIAL_COURT.value, TerritoryLevel.PROXIMITY_COURT.value]
ADD = text("""
    INSERT INTO recess (territory_id, days, reason)
    SELECT id, daterange(:first, :until), :reason FROM unnest(CAST(:ids AS bigint[])) AS id RETURNING id""")
OVERLAPPING = text("""
    SELECT t.name FROM recess x JOIN territory t ON t.id = x.territory_id
    WHERE x.territory_id = ANY(:ids) AND x.days && daterange(:first, :until) ORDER BY t.name LIMIT 1""")
WRITTEN = text("""
    SELECT territory_id, lower(days) AS first, upper(days) AS until, reason FROM recess WHERE id = ANY(:ids)
    ORDER BY id""")
ALONE = text("LOCK TABLE recess IN SHARE ROW EXCLUSIVE MODE")  # two who write the same days at once; rare, and short
FORGET = text("DELETE FROM recess WHERE id = ANY(:ids)")
CLOSING = text("""
    SELECT r.id FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE s.territory_id = ANY(:ids) AND k.closes_in_recess AND r.is_active""")
TO_COME = text("""
    SELECT lower(x.days) AS first, upper(x.days) AS until, x.reason,
           CASE WHEN p.level = :appeal THEN p.name ELSE g.name END AS above,
           array_agg(x.id ORDER BY x.id) AS ids, array_agg(t.name ORDER BY t.name) AS courts
    FROM recess x JOIN territory t ON t.id = x.territory_id
    LEFT JOIN territory p ON p.id = t.parent_id LEFT JOIN territory g ON g.id = p.parent_id
    WHERE upper(x.days) > :today AND t.id = ANY(:mine)
    GROUP BY x.days, x.reason, above ORDER BY lower(x.days), above""")
CHOICES = text("""
    SELECT id, name, level FROM territory WHERE id = ANY(:mine) AND level = ANY(:levels)
    ORDER BY level = :appeal DESC, name""")


@dataclass(frozen=True)
class Recess(ClosedDays):
    """Civil days `[first, until)` of recess, and their name: "Vacations d’été"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.until - self.first).days > LONGEST:
            raise InvalidRequest("until", "too-many-days", most=LONGEST)


@dataclass(frozen=True)
class RecessSet:
    """The rows just written, one a court, and what was taken on these days."""

    ids: tuple[int, ...]
    outside: tuple[Outside, ...]
    court_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class RecessToCome:
    """The same days of several courts of one court of appeal."""

    ids: tuple[int, ...]
    days: Recess
    appeal: str
    courts: tuple[str, ...]


@dataclass(frozen=True)
class RecessForgotten:
    """What `set_recess_of` needs to write the days again."""

    court_ids: tuple[int, ...]
    days: Recess


def set_recess(session: Session, actor: Actor, territory_id: int, days: Recess, *, now: datetime) -> RecessSet:
    """Close a court, or every court of a court of appeal, on some days, for the kinds that close in recess.

    Raises: NotFound when there is no court there, NotAllowed when one is not the actor's, InvalidRequest.
    """
    courts = session.execute(COURTS, {"id": territory_id, "levels": OF_COURTS}).scalars().all()
    if not courts:
        raise NotFound(territory_id=territory_id)
    return set_recess_of(session, actor, courts, days, now=now)


def set_recess_of(
    session: Session, actor: Actor, court_ids: Sequence[int], days: Recess, *, now: datetime
) -> RecessSet:
    """Do the same for these courts. Raises: NotAllowed, InvalidRequest."""
    _check(actor, court_ids)
    today = now.date()
    if days.until <= today:
        raise InvalidRequest("first", "past", today=today)
    if days.until > today + A_YEAR:
        raise InvalidRequest("until", "too-far", latest=today + A_YEAR)
    session.execute(ALONE)
    asked = {"ids": list(court_ids), "first": days.first, "until": days.until}
    if (court := session.execute(OVERLAPPING, asked).scalar()) is not None:
        raise InvalidRequest("first", "recess-overlaps", court=court)
    ids = tuple(session.execute(ADD, {**asked, "reason": days.reason}).scalars())
    outside = _open_again(session, court_ids, now)
    _record(session, actor, "recess-set", court_ids, days, now=now)
    return RecessSet(ids, outside, tuple(court_ids))


def forget_recess(session: Session, actor: Actor, ids: Sequence[int], *, now: datetime) -> RecessForgotten:
    """Open again the days of these rows, which are of the same days; return what was written.

    Raises: NotFound when one is no longer there, NotAllowed when one is of a court that is not the actor's.
    """
    session.execute(ALONE)
    rows = session.execute(WRITTEN, {"ids": list(ids)}).all()
    if not rows or len(rows) < len(set(ids)) or len({row[1:] for row in rows}) > 1:
        raise NotFound(recess=list(ids))
    courts = tuple(row.territory_id for row in rows)
    _check(actor, courts)
    days = Recess(rows[0].first, rows[0].until, rows[0].reason)
    session.execute(FORGET, {"ids": list(ids)})
    _open_again(session, courts, now)
    _record(session, actor, "recess-forgotten", courts, days, now=now)
    return RecessForgotten(courts, days)


def recesses_to_come(session: Session, actor: Actor, *, now: datetime) -> list[RecessToCome]:
    """Return the recesses of the actor's courts that are not over, those of the same days and appeal together."""
    asked = {"mine": _mine(actor), "today": now.date(), "appeal": TerritoryLevel.COURT_OF_APPEAL}
    return [
        RecessToCome(tuple(row.ids), Recess(row.first, row.until, row.reason), row.above or "", tuple(row.courts))
        for row in session.execute(TO_COME, asked)
    ]


def courts_of(session: Session, actor: Actor) -> list[tuple[int, str, bool]]:
    """Return the courts of appeal and the courts of the actor: number, name, whether it is a court of appeal."""
    appeal = TerritoryLevel.COURT_OF_APPEAL
    asked = {"mine": _mine(actor), "levels": [appeal.value, TerritoryLevel.JUDICIAL_COURT.value], "appeal": appeal}
    return [(row.id, row.name, row.level == appeal) for row in session.execute(CHOICES, asked)]


def _mine(actor: Actor) -> list[int]:
    return sorted(actor.territories(SETTERS))


def _check(actor: Actor, court_ids: Sequence[int]) -> None:
    if not set(court_ids) <= actor.territories(SETTERS):
        raise NotAllowed


def _open_again(session: Session, court_ids: Sequence[int], now: datetime) -> tuple[Outside, ...]:
    return open_again(session, session.execute(CLOSING, {"ids": list(court_ids)}).scalars(), now=now)


def _record(session: Session, actor: Actor, act: str, court_ids: Sequence[int], days: Recess, *, now: datetime) -> None:
    facts = {"first": days.first.isoformat(), "until": days.until.isoformat()}
    for court in court_ids:
        record(session, actor, Act(act=act, subject="territory", subject_id=court, at=now, facts=facts))
