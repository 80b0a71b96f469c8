"""Which dates a lawyer may take in a court, and why none can be: the function that lists is the one that confirms.

Reads only. Whoever takes calls it again on one hearing, under its lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.models import Site
from availability.rights import Actor
from booking.lawyer_models import LawyerRule, Procedure, WhyNone
from booking.lawyer_rules import rules_for
from booking.lawyers import LAWYERS
from booking.natures import natures
from booking.plans.hearings import KEPT_ROOM

MOST_DATES = 120  # listed at once; later ones are asked for by their day
NO_BOOKING = UUID(int=0)
FULL = (WhyNone.FULL, WhyNone.CONVENTION)

# OFFSET 0: the days are computed once a session, rather than at each use of them, which was a fifth of the whole.
# As SESSION_LOAD of availability/actions.py counts, with what expired left out rather than deleted. The rule of a
# template goes before that of its kind. All that may be taken is looked at: what is said of it is a proof; the earliest
# are listed, and one of each reason why others are not.
_LOOKED = """
    WITH rule AS (
        SELECT * FROM unnest(CAST(:rule_ids AS bigint[]), CAST(:rule_kinds AS bigint[]), CAST(:rule_lines AS bigint[]),
                             CAST(:rule_minutes AS int[]), CAST(:rule_delays AS int[]))
               AS u (id, kind_id, line_id, minutes, delay)),
    looked AS MATERIALIZED (
        SELECT r.id, r.name, r.kind_id, h.starts_at, h.ends_at, s.time_zone, x.day, x.take_until,
               t.formation, o.held_ids, u.id AS rule_id, d.today > x.take_until AS is_late,
               h.max_cases - l.cases AS cases_left, h.max_minutes - l.minutes AS minutes_left,
               CASE WHEN l.cases >= h.max_cases OR l.minutes + u.minutes > h.max_minutes THEN 'full'
                    WHEN EXISTS (
                        SELECT FROM jsonb_each_text(h.quotas) q
                        WHERE starts_with(CAST(:nature AS text), q.key) AND CAST(q.value AS int) <=
                          (SELECT count(*) FROM session_case c WHERE c.resource_id = h.resource_id
                           AND starts_with(c.family, q.key) AND (c.expires_at IS NULL OR c.expires_at > :now)))
                    THEN 'full'
                    WHEN d.today > x.take_until AND NOT :is_back THEN 'too-short'
                    WHEN :never OR r.id = ANY(:full_ids) OR CAST(date_trunc('month', x.day) AS date) = ANY(:full_months)
                    THEN 'convention' ELSE '' END AS why
        FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN kind k ON k.id = r.kind_id
        JOIN site s ON s.id = r.site_id
        LEFT JOIN template_session o ON o.resource_id = r.id LEFT JOIN hearing_template t ON t.id = o.template_id
        CROSS JOIN LATERAL (SELECT CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day,
                                   CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date) AS today
                            OFFSET 0) d
        CROSS JOIN LATERAL (
            SELECT id, minutes, delay FROM rule
            WHERE rule.kind_id = r.kind_id AND (rule.line_id IS NULL OR rule.line_id = coalesce(t.line_id, t.id))
            ORDER BY rule.line_id IS NULL, id LIMIT 1) u
        CROSS JOIN LATERAL (SELECT d.day, least(d.day - greatest(u.delay, k.min_notice_days), h.last_take_on)
                                     AS take_until) x
        CROSS JOIN LATERAL (
            SELECT count(*) AS cases, coalesce(sum(c.minutes), 0) AS minutes FROM session_case c
            WHERE c.resource_id = r.id AND (c.expires_at IS NULL OR c.expires_at > :now)) l
        WHERE r.site_id = :site_id AND r.kind_id = ANY(:rule_kinds) AND r.is_active AND k.is_active
          AND h.starts_at > :now AND x.day <= d.today + k.max_ahead_days
          AND (CAST(:hearing_id AS bigint) IS NULL OR r.id = :hearing_id)
          AND NOT EXISTS (SELECT FROM closure y WHERE y.resource_id = r.id AND y.days @> x.day)
          AND NOT EXISTS (SELECT FROM closure y WHERE y.site_id = r.site_id AND y.days @> x.day))"""
SESSIONS = text(f"""{_LOOKED},
    counted AS (
        SELECT *, count(*) OVER (PARTITION BY why) AS of_why,
               count(*) FILTER (WHERE is_late) OVER (PARTITION BY why) AS late_of_why, max(day) OVER () AS last_on,
               row_number() OVER (PARTITION BY why, day >= CAST(:since AS date) ORDER BY starts_at, id) AS nth
        FROM looked)
    SELECT c.*, coalesce(staffed.name, room.name, '') AS room,
           EXISTS (SELECT FROM lawyer_away a WHERE a.account_id = :account_id AND a.days @> c.day) AS is_away,
           CASE WHEN :with_days AND row_number() OVER (ORDER BY c.starts_at, c.id) = 1 THEN (
               SELECT jsonb_agg(jsonb_build_array(d.day, d.open, d.full) ORDER BY d.day) FROM (
                   SELECT day, count(*) FILTER (WHERE why = '') AS open,
                          count(*) FILTER (WHERE why IN ('full', 'convention') AND NOT is_late) AS full
                   FROM looked GROUP BY day HAVING bool_or(NOT is_late)) d) END AS days
    FROM counted c {KEPT_ROOM.replace("o.", "c.")}
    LEFT JOIN hearing_staffing f ON f.hearing_id = c.id LEFT JOIN resource staffed ON staffed.id = f.room_id
    WHERE nth = 1 OR c.why = '' AND c.day >= :since AND nth <= :most OR c.day = CAST(:on AS date)
    ORDER BY c.starts_at, c.id""")  # noqa: S608 - constants only
# Where those of a convention have taken as many as agreed; months are those of the court.
AGREED = text("""
    SELECT c.most = 0 AS never, CASE WHEN c.per = 'session' THEN b.resource_id END AS hearing_id,
           CASE WHEN c.per = 'month' THEN CAST(date_trunc('month', b.starts_at AT TIME ZONE s.time_zone) AS date) END
               AS month
    FROM lawyer_convention c JOIN lawyer_profile me ON me.account_id = :account_id JOIN site s ON s.id = c.site_id
    LEFT JOIN lawyer_profile p ON p.account_id = c.account_id
         OR c.firm <> '' AND lower(p.firm) = lower(c.firm) OR c.bar <> '' AND lower(p.bar) = lower(c.bar)
    LEFT JOIN lawyer_date d ON d.account_id = p.account_id AND d.site_id = c.site_id AND d.booking_id <> :but_for
    LEFT JOIN booking b ON b.id = d.booking_id AND b.starts_at > :since
         AND (b.state IN ('booked', 'honoured', 'missed') OR b.state = 'held' AND b.expires_at > :now)
    WHERE c.site_id = :site_id AND (c.account_id = me.account_id
          OR c.firm <> '' AND lower(me.firm) = lower(c.firm) OR c.bar <> '' AND lower(me.bar) = lower(c.bar))
    GROUP BY c.id, 2, 3 HAVING count(b.id) >= c.most ORDER BY c.id""")
COURTS = text("""
    SELECT s.id, s.name FROM site s WHERE s.territory_id = ANY(:mine)
      AND (EXISTS (SELECT FROM lawyer_rule r WHERE r.site_id = s.id)
           OR EXISTS (SELECT FROM resource r JOIN hearing_session h ON h.resource_id = r.id WHERE r.site_id = s.id))
    ORDER BY s.name, s.id LIMIT 300""")


_OF_RULE = {"id": "id", "kind": "kind_id", "line": "line_id", "minute": "minutes", "delay": "min_delay_days"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a lawyer wants a date for."""

    site_id: int
    procedure: Procedure
    nature: str


@dataclass(frozen=True, kw_only=True)
class OpenDate:
    """A session that has room for the case, and what the court asks of it."""

    hearing_id: int
    name: str
    kind_id: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    formation: str  # empty when no template says it
    room: str
    minutes: int  # that the case takes
    cases_left: int
    minutes_left: int
    change_before_days: int
    take_until: date  # the last day on which it can be taken
    is_away: bool  # the lawyer said that they are not available

    @property
    def day(self) -> date:
        """Return the civil day there."""
        return self.starts_at.astimezone(self.zone).date()


@dataclass(frozen=True)
class DayOfDates:
    """A day on which a court has dates for a case: how many can be taken, and how many are full for who asks."""

    day: date
    open: int
    full: int


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was found: the first dates that can be taken, of how many, and how many could not be, and why."""

    asked: Asked
    dates: tuple[OpenDate, ...] = ()
    count: int = 0  # of all that can be taken, listed or not
    without_date: bool = False
    refused: Counter[WhyNone] = field(default_factory=Counter)
    last_on: date | None = None  # the last session that was looked at
    full: tuple[OpenDate, ...] = ()  # of the one day that was asked for, those without room
    days: tuple[DayOfDates, ...] = ()  # when they were asked for: all on which there are dates, with room or without
    full_too_soon: int = 0  # of those that are full, how many it would be too late for

    @property
    def sessions(self) -> int:
        """Return how many sessions are open to it, with room or not."""
        return self.count + self.refused.total()

    @property
    def why(self) -> WhyNone | None:
        """Return why there is no date, None when there is one."""
        if self.count:
            return None
        if self.without_date:
            return WhyNone.WITHOUT_DATE
        if self.refused[WhyNone.CONVENTION]:  # there is room in time, for others: a proof that all is full would lie
            return WhyNone.CONVENTION
        if self.refused[WhyNone.FULL] > self.full_too_soon:
            return WhyNone.FULL
        order = (WhyNone.TOO_SHORT, WhyNone.FULL)
        return next((why for why in order if self.refused[why]), WhyNone.NOT_CONFIGURED)


def courts_for(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return the courts in which the actor may ask for dates, by name, as (number, name)."""
    rows = session.execute(COURTS, {"mine": sorted(actor.territories(LAWYERS))})
    return [(row.id, row.name) for row in rows]


def open_dates(
    session: Session,
    actor: Actor,
    asked: Asked,
    *,
    now: datetime,
    hearing_id: int | None = None,
    but_for: UUID = NO_BOOKING,
    since: date = date.min,
    on: date | None = None,
    is_back: bool = False,
    with_days: bool = False,
) -> Looked:
    """Return the dates that the actor may take from a day on, the earliest first, so many at most.

    `but_for` is the date that they would give back; `on`, a day of which the full ones are listed too;
    `with_days`, as a calendar has them.

    `is_back`: they had it a moment ago, so that no delay is asked of them.

    Raises: NotFound for a court that is not open to them, InvalidRequest for a nature that is none.
    """
    check_asked(session, actor, asked)
    rules = rules_for(session, asked.site_id, asked.procedure, asked.nature)
    if any(not rule.with_date for rule in rules):
        return Looked(asked=asked, without_date=True)
    if not rules:
        return Looked(asked=asked)
    looked = {
        "hearing_id": hearing_id,
        "since": since,
        "most": MOST_DATES,
        "on": on,
        "is_back": is_back,
        "with_days": with_days,
    }
    values = looked | _values(session, actor, asked, rules, but_for, now)
    rows = session.execute(SESSIONS, values).all()
    by_id = {rule.id: rule for rule in rules}
    open_ones = [row for row in rows if not row.why]
    return Looked(
        asked=asked,
        dates=tuple(_date(row, by_id[row.rule_id]) for row in open_ones if row.day >= since),
        full=tuple(_date(row, by_id[row.rule_id]) for row in rows if row.day == on and _may_free(row)),
        full_too_soon=next((row.late_of_why for row in rows if row.why == WhyNone.FULL), 0),
        days=tuple(DayOfDates(date.fromisoformat(on), has, full) for on, has, full in (rows and rows[0].days) or ()),
        count=open_ones[0].of_why if open_ones else 0,
        refused=Counter({WhyNone(row.why): row.of_why for row in rows if row.why}),
        last_on=rows[0].last_on if rows else None,
    )


def check_asked(session: Session, actor: Actor, asked: Asked) -> None:
    """Accept a court of the actor's and a nature in force. Raises: NotFound, InvalidRequest."""
    site = session.get(Site, asked.site_id)
    if site is None or site.territory_id not in actor.territories(LAWYERS):
        raise NotFound(site_id=asked.site_id)
    if readable("nature", asked.nature) not in natures(session):
        raise InvalidRequest("nature", "unknown-choice", value=asked.nature[:10])


def _may_free(row: Any) -> bool:
    """Say whether a date that frees there could still be taken."""
    return row.why in FULL and not row.is_late


def _values(  # noqa: PLR0917 - those of one question
    session: Session, actor: Actor, asked: Asked, rules: Sequence[LawyerRule], but_for: UUID, now: datetime
) -> dict[str, Any]:
    return {
        "account_id": actor.account_id,
        "site_id": asked.site_id,
        "nature": asked.nature,
        "now": now,
        **{f"rule_{name}s": [getattr(rule, of) for rule in rules] for name, of in _OF_RULE.items()},
        **_agreed_reached(session, actor, asked.site_id, but_for, now),
    }


def _agreed_reached(session: Session, actor: Actor, site_id: int, but_for: UUID, now: datetime) -> dict[str, Any]:
    """Return the sessions and the months in which as many as agreed are taken, and whether a convention is of none."""
    asked = {"account_id": actor.account_id, "site_id": site_id, "but_for": but_for, "now": now}
    rows = session.execute(AGREED, asked | {"since": now - timedelta(days=32)}).all()
    return {
        "full_ids": [row.hearing_id for row in rows if row.hearing_id is not None],
        "full_months": [row.month for row in rows if row.month is not None],
        "never": any(row.never for row in rows),
    }


def _date(row: Any, rule: LawyerRule) -> OpenDate:
    return OpenDate(
        hearing_id=row.id,
        name=row.name,
        kind_id=row.kind_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=ZoneInfo(row.time_zone),
        formation=row.formation or "",
        room=row.room,
        minutes=rule.minutes,
        cases_left=row.cases_left,
        minutes_left=row.minutes_left,
        change_before_days=rule.change_before_days,
        take_until=row.take_until,
        is_away=row.is_away,
    )
