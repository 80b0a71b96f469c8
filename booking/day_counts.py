"""What waits besides bookings, by role, as numbers: plans, hearings, deadlines, e-mails, the clock. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor, Role
from booking.fitting_queries import OPEN, RequestLine, fitting_requests
from booking.ledger import hosted, hosting_values

SOON = timedelta(days=14)  # a hearing of these days can still be filled: notice to the parties is 15 days at most
DEADLINE_NEAR = timedelta(days=30)
FITTING_NEAR = timedelta(days=2)
STOPPED = timedelta(minutes=10)  # the clock sweeps every minute
KEPT = timedelta(days=30)  # a presence noted later than a month after is no longer a reminder
PLAN_KEPT = timedelta(days=14)
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Planning:
    """What waits for a registry."""

    plans: int  # found, for hearings to come, and never applied
    half_empty: int  # hearings of the next days, less than half full
    late: int  # cases without a hearing, whose last day is past
    near: int  # and those whose last day is near


@dataclass(frozen=True)
class FittingDelays:
    """Bracelets without a date, by what the law gives."""

    late: int
    near: int


@dataclass(frozen=True)
class Presences:
    """Appointments over on one's own places, of which nobody said who came; the day of the oldest."""

    count: int
    oldest: date | None


@dataclass(frozen=True)
class Installation:
    """What an administrator looks after: what did not leave, who has no hours, whether the clock runs."""

    mails: int
    without_hours: int
    stopped_min: int  # since when what came to its end is not written down; 0: the clock runs


def planning_waits(session: Session, actor: Actor, *, now: datetime) -> Planning:
    """Return what waits for the registry of a court."""
    asked = {"territory_id": actor.home_territory_id, "now": now, "soon": now + SOON, "kept": now - PLAN_KEPT}
    row = session.execute(PLANNING, asked | {"today": now.date(), "near": (now + DEADLINE_NEAR).date()}).one()
    return Planning(row.plans, row.half_empty, row.late, row.near)


def fitting_delays(session: Session, actor: Actor, *, now: datetime) -> tuple[FittingDelays, int]:
    """Return the bracelets that wait past their legal deadline, or nearly, and how many wait in all."""
    lines, count = fitting_requests(session, actor, stages=OPEN, now=now)  # by deadline: the late ones come first
    late = sum(line.is_late(now) for line in lines)
    return FittingDelays(late, sum(_is_near(line, now) for line in lines) - late), count


def presences_to_note(session: Session, actor: Actor, *, now: datetime) -> Presences:
    """Return what is over on the places that the actor runs, and not noted."""
    row = session.execute(PRESENCES, hosting_values(actor) | {"now": now, "kept": now - KEPT}).one()
    return Presences(row.waiting, row.oldest)


def installation(session: Session, actor: Actor, *, now: datetime) -> Installation:
    """Return what waits for an administrator of these territories."""
    here = sorted(actor.territories((Role.ADMINISTRATOR,)))
    asked = {"here": here, "now": now, "ahead": now + SOON, "stopped": now - STOPPED}
    row = session.execute(INSTALLATION, asked).one()
    minutes = int((now - row.oldest).total_seconds() // 60) if row.oldest else 0
    return Installation(row.mails, row.without_hours, minutes)


def _is_near(line: RequestLine, now: datetime) -> bool:
    return line.deadline_on is not None and line.deadline_on <= (now + FITTING_NEAR).date()


PLANNING = text("""
    SELECT (SELECT count(*) FROM optimizer_run o
            WHERE o.territory_id = :territory_id AND o.state IN ('done', 'stopped') AND o.plan IS NOT NULL
              AND o.applied_at IS NULL AND o.until_on > :today AND o.created_at > :kept
              AND NOT EXISTS (SELECT FROM optimizer_run n WHERE n.territory_id = o.territory_id
                              AND n.kind_id = o.kind_id AND n.created_at > o.created_at)) AS plans,
           (SELECT count(*) FROM hearing_session h JOIN resource r ON r.id = h.resource_id
            JOIN site s ON s.id = r.site_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS cases, coalesce(sum(c.minutes), 0) AS minutes FROM session_case c
                WHERE c.resource_id = h.resource_id AND coalesce(c.expires_at, 'infinity') > :now) taken
            WHERE s.territory_id = :territory_id AND r.is_active AND h.starts_at > :now AND h.starts_at <= :soon
              AND taken.cases * 2 < h.max_cases AND taken.minutes * 2 < h.max_minutes) AS half_empty,
           cases.late, cases.near
    FROM (SELECT count(*) FILTER (WHERE w.deadline_on < :today) AS late,
                 count(*) FILTER (WHERE w.deadline_on >= :today) AS near
          FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
          WHERE w.territory_id = :territory_id AND w.deadline_on <= :near
            AND (b.id IS NULL OR b.state NOT IN ('held', 'requested', 'booked', 'honoured', 'missed'))) cases""")
PRESENCES = text(f"""
    SELECT count(*) AS waiting, min(CAST(b.starts_at AT TIME ZONE s.time_zone AS date)) AS oldest
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    JOIN booking b ON b.resource_id = r.id
    WHERE s.organisation_id = ANY(CAST(:host_organisations AS bigint[])) AND k.shape = 'slots'
      AND b.state = 'booked' AND b.ends_at <= :now AND b.ends_at > :kept AND {hosted("b.kind_id")}""")  # noqa: S608
# What is only held or asked ends by itself; the clock writes it down within a minute.
INSTALLATION = text("""
    SELECT (SELECT count(*) FROM host_mail m JOIN booking b ON b.id = m.booking_id
            JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
            WHERE m.state IN ('failed', 'flagged', 'outdated') AND s.territory_id = ANY(:here)) AS mails,
           (SELECT count(*) FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
            WHERE k.shape = 'slots' AND r.is_active AND s.territory_id = ANY(:here)
              AND EXISTS (SELECT FROM kind_right g WHERE g.kind_id = k.id AND g.may_reserve)
              AND NOT EXISTS (SELECT FROM opening o WHERE o.resource_id = r.id
                              AND o.starts_at < :ahead AND o.ends_at > :now)) AS without_hours,
           (SELECT min(expires_at) FROM booking WHERE expires_at <= :stopped) AS oldest""")
