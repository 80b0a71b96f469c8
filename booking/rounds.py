"""The round of a team: its fittings of one civil day in order, with the way between them. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.openings import instant_of
from availability.periods import Period
from availability.rights import REQUESTERS, Actor
from booking.fitting_queries import HERE, TEAM_COLUMNS, TEAM_TABLES, days_as_period, team_of
from booking.fittings import A_DAY, Pause, Point, Purpose, Team, km_between, travel_minutes
from booking.ledger import INITIALS, SCOPE, scope_values
from booking.models import State
from booking.persons import NAMED


@dataclass(frozen=True, kw_only=True)
class RoundStop:
    """One fitting of a team's day. `km` and `minutes` are from the stop before that is on the map, or the base."""

    booking_id: UUID
    request_id: UUID | None
    person_id: UUID | None
    initials: str
    measure: str
    period: Period
    state: State
    at: Point | None
    is_exact: bool
    purpose: Purpose
    agents: int
    address_sealed: bytes | None
    km: float | None
    minutes: int | None


@dataclass(frozen=True, kw_only=True)
class Round:
    """The fittings of a team on one civil day of its own, in order. `km` includes the way back to the base.

    `leaves_at` and `returns_at` are when it is to leave its base and is back; None without a base or a place to go.
    """

    team: Team
    day: date
    stops: tuple[RoundStop, ...]
    km: float
    minutes: int
    leaves_at: datetime | None = None
    returns_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TeamLine:
    """A team in a list of choices, with how many fittings it has on a day."""

    resource_id: int
    name: str
    site_name: str
    time_zone: str
    count: int


def teams_on(session: Session, actor: Actor, day: date) -> list[TeamLine]:
    """Return the teams of the actor's territories, that for which they booked most first, then by fittings that day."""
    rows = session.execute(TEAM_LINES, scope_values(actor) | {"day": day})
    return [TeamLine(**row._mapping) for row in rows]


def round_of(session: Session, actor: Actor, resource_id: int, day: date) -> Round:
    """Return the round of a team on one of its civil days. Raises: NotFound."""
    row = session.execute(ROUND_TEAM, scope_values(actor) | {"id": resource_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=resource_id)
    team = team_of(row)
    within = days_as_period(day, day + A_DAY, team.zone)
    asked = {
        "id": resource_id,
        "start": within.start,
        "end": within.end,
        "files": sorted(actor.territories(REQUESTERS)),
    }
    stops = _with_ways(team, session.execute(ROUND_STOPS, asked).all())
    located = [stop for stop in stops if stop.at is not None]
    way_back = km_between(located[-1].at, team.base) if located and located[-1].at and team.base else 0.0
    ends = (located[0], located[-1]) if located and team.base else None
    return Round(
        team=team,
        day=day,
        stops=tuple(stops),
        km=sum(stop.km or 0.0 for stop in stops) + way_back,
        minutes=sum(stop.minutes or 0 for stop in stops) + travel_minutes(way_back),
        leaves_at=ends[0].period.start - timedelta(minutes=ends[0].minutes or 0) if ends else None,
        returns_at=ends[1].period.end + timedelta(minutes=travel_minutes(way_back)) if ends else None,
    )


def pause_before(stop: RoundStop, before: RoundStop, pause: Pause, zone: ZoneInfo) -> datetime | None:
    """Return when the team may have its break between two stops, on the way; None when there is no time for it."""
    day = before.period.end.astimezone(zone).date()
    opens, until = (instant_of(day, wall, zone) for wall in (pause.opens, pause.until))
    starts, lasts = max(before.period.end, opens), timedelta(minutes=pause.minutes)
    is_possible = starts + lasts <= until and starts + lasts + timedelta(minutes=stop.minutes or 0) <= stop.period.start
    return starts if pause.minutes and is_possible else None


def _with_ways(team: Team, rows: Iterable[Any]) -> list[RoundStop]:
    """Return the stops with the way from the one before that is on the map."""
    here, found = team.base, []
    for row in rows:
        at = (row.lat, row.lon) if row.lat is not None else None
        km = km_between(here, at) if here and at else None
        here = at or here
        found.append(
            RoundStop(
                booking_id=row.id,
                request_id=row.request_id,
                person_id=row.person_id,
                initials=row.initials,
                measure=row.measure or "",
                period=Period(row.starts_at, row.ends_at),
                state=State(row.state),
                at=at,
                is_exact=bool(row.is_exact),
                purpose=Purpose(row.purpose) if row.purpose else Purpose.FITTING,
                agents=row.agents or 1,
                address_sealed=row.address_sealed,
                km=km,
                minutes=None if km is None else travel_minutes(km),
            )
        )
    return found


ROUND_TEAM = text(f"""
    WITH {SCOPE} SELECT {TEAM_COLUMNS} FROM {TEAM_TABLES}
    JOIN {HERE.format(territory="s.territory_id", kind="r.kind_id")} WHERE r.id = :id""")  # noqa: S608
_PRESENT = "b.state IN ('booked', 'honoured', 'missed')"
TEAM_LINES = text(f"""
    WITH {SCOPE}
    SELECT r.id AS resource_id, r.name, s.name AS site_name, s.time_zone, count(b.id) AS count
    FROM {TEAM_TABLES} JOIN {HERE.format(territory="s.territory_id", kind="r.kind_id")}
    LEFT JOIN booking b ON b.resource_id = r.id AND {_PRESENT}
      AND CAST(b.starts_at AT TIME ZONE s.time_zone AS date) = :day
    WHERE r.is_active GROUP BY r.id, s.id
    ORDER BY count(b.id) FILTER (WHERE b.requested_by = :me) DESC, count DESC, s.name, r.name, r.id""")  # noqa: S608
ROUND_STOPS = text(f"""
    SELECT b.id, b.starts_at, b.ends_at, b.state, v.request_id,
           CASE WHEN {NAMED} THEN p.id END AS person_id,
           CASE WHEN {NAMED} OR b.territory_id = ANY(:files) THEN {INITIALS} ELSE '' END AS initials, f.measure,
           f.lat, f.lon, f.is_exact, f.purpose, f.agents, f.address_sealed
    FROM booking b LEFT JOIN fitting_visit v ON v.booking_id = b.id LEFT JOIN fitting_request f ON f.id = v.request_id
    LEFT JOIN person p ON p.id = b.person_id
    WHERE b.resource_id = :id AND b.starts_at >= :start AND b.starts_at < :end AND {_PRESENT}
    ORDER BY b.starts_at, b.id""")  # noqa: S608 - constants
