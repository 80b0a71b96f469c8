"""Days on which a lawyer is not available: said once, they count in every court."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col, func, select

from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.periods import Period
from availability.rights import Actor
from booking.lawyer_models import LawyerAway
from booking.lawyers import profile_of

MOST_AWAY, MOST_DAYS, MOST_AHEAD = 100, 366, 730
A_DAY = timedelta(days=1)
# Of the lawyers of a case, who are away on the days of these hearings: their names are shown to who fixes it.
AWAY_ON = text("""
    SELECT h.resource_id, p.name FROM booking b
    JOIN resource br ON br.id = b.resource_id JOIN site bs ON bs.id = br.site_id
    JOIN lawyer_case c ON c.ended_at IS NULL AND c.territory_id = bs.territory_id
         AND (c.person_id = b.person_id OR c.case_ref <> '' AND c.case_ref = b.case_ref)
    JOIN lawyer_profile p ON p.account_id = c.account_id
    JOIN lawyer_away a ON a.account_id = c.account_id
    JOIN hearing_session h ON h.resource_id = ANY(:ids)
    JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    WHERE b.id = :booking_id AND a.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date)
    GROUP BY h.resource_id, p.name ORDER BY h.resource_id, p.name""")

# Of the lawyers of a session's cases, those who are away on a day, or have another hearing during a period, anywhere.
NOT_FREE = text("""
    WITH theirs AS (
        SELECT DISTINCT c.account_id FROM booking b JOIN resource r ON r.id = b.resource_id
        JOIN site s ON s.id = r.site_id
        JOIN lawyer_case c ON c.ended_at IS NULL AND c.territory_id = s.territory_id
             AND (c.person_id = b.person_id OR c.case_ref <> '' AND c.case_ref = b.case_ref)
        WHERE b.resource_id = :hearing_id AND b.state = 'booked')
    SELECT p.name, EXISTS (SELECT FROM lawyer_away a WHERE a.account_id = t.account_id AND a.days @> :day) AS is_away,
           (SELECT min(e.starts_at) FROM (
               SELECT b.* FROM lawyer_case c JOIN booking b ON b.person_id = c.person_id
               JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
                    AND s.territory_id = c.territory_id
               WHERE c.account_id = t.account_id AND c.ended_at IS NULL AND c.person_id IS NOT NULL
               UNION ALL
               SELECT b.* FROM lawyer_case c JOIN booking b ON b.case_ref = c.case_ref AND b.case_ref <> ''
               JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
                    AND s.territory_id = c.territory_id
               WHERE c.account_id = t.account_id AND c.ended_at IS NULL AND c.case_ref <> '') e
            JOIN hearing_session h ON h.resource_id = e.resource_id
            WHERE e.state = 'booked' AND e.resource_id <> :hearing_id
              AND e.starts_at < :end AND e.ends_at > :start) AS at
    FROM theirs t JOIN lawyer_profile p ON p.account_id = t.account_id ORDER BY p.name, t.account_id""")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A lawyer of a session who is away on its day, or has another hearing, that begins at `at`."""

    name: str
    is_away: bool
    at: datetime | None


def away_of(session: Session, actor: Actor, *, today: date) -> list[LawyerAway]:
    """Return the actor's own unavailabilities that are not over, the next first."""
    mine = select(LawyerAway).where(LawyerAway.account_id == actor.account_id, func.upper(col(LawyerAway.days)) > today)
    return list(session.exec(mine.order_by(func.lower(col(LawyerAway.days)), col(LawyerAway.id))))


def add_away(session: Session, actor: Actor, first: date, last: date, *, today: date, now: datetime) -> LawyerAway:
    """Say that the actor is not available from `first` to `last`, both included; the same days twice are once.

    Raises: InvalidRequest, NotFound.
    """
    profile_of(session, actor)
    if last < first:
        raise InvalidRequest("last", "not-after-start", first=first, until=last)
    if last < today:
        raise InvalidRequest("last", "past", first=last, today=today)
    if (last - first).days >= MOST_DAYS or (last - today).days > MOST_AHEAD:
        raise InvalidRequest("last", "too-far", first=last, latest=today + timedelta(days=MOST_AHEAD))
    known, days = away_of(session, actor, today=today), Range(first, last + A_DAY)
    if (same := next((one for one in known if one.days == days), None)) is not None:
        return same
    if len(known) >= MOST_AWAY:
        raise InvalidRequest("days", "too-many", most=MOST_AWAY)
    row = LawyerAway(account_id=actor.account_id, days=days)
    session.add(row)
    session.flush()
    _write_down(session, actor, "lawyer-away", row, now)
    return row


def remove_away(session: Session, actor: Actor, away_id: int, *, now: datetime) -> tuple[date, date]:
    """Take an unavailability of the actor's away; return its first and last day. Raises: NotFound."""
    row = session.get(LawyerAway, away_id, with_for_update=True)
    if row is None or row.account_id != actor.account_id:
        raise NotFound(away_id=away_id)
    first, until = row.days.lower, row.days.upper
    if first is None or until is None:
        raise NotFound(away_id=away_id)
    session.delete(row)
    _write_down(session, actor, "lawyer-back", row, now)
    return first, until - A_DAY


def away_on(session: Session, booking_id: UUID, hearing_ids: Iterable[int]) -> dict[int, str]:
    """Return, for the hearings on whose day a lawyer of a case is away, who they are."""
    found: dict[int, list[str]] = {}
    for row in session.execute(AWAY_ON, {"booking_id": booking_id, "ids": list(hearing_ids)}):
        found.setdefault(row.resource_id, []).append(row.name)
    return {hearing: ", ".join(names) for hearing, names in found.items()}


def lawyers_not_free(session: Session, hearing_id: int, *, day: date, period: Period) -> list[Expected]:
    """Return who of the lawyers of a session's cases would not be free on a day, during a period, by name."""
    asked = {"hearing_id": hearing_id, "day": day, "start": period.start, "end": period.end}
    rows = session.execute(NOT_FREE, asked)
    return [Expected(name=row.name, is_away=row.is_away, at=row.at) for row in rows if row.is_away or row.at]


def _write_down(session: Session, actor: Actor, act: str, row: LawyerAway, now: datetime) -> None:
    facts = {"away": row.id}
    record(session, actor, Act(act=act, subject="lawyer", subject_id=actor.account_id, at=now, facts=facts))
