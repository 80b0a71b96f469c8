"""Who holds the hearings of a court, and who is away: absences, what they leave to staff, who may replace, loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import A_DAY, SATURDAY, instant_of
from availability.rights import Actor
from booking.court_calendar import Chosen, asked_of
from booking.day import time_zone_of, today_of
from booking.hearing_template_models import Formation

WHOLE = 100  # percent of their time that somebody is away
AROUND = timedelta(days=28)  # loads that are compared for a replacement: four weeks on either side

MEMBERS = text("""
    SELECT r.id, r.name, p.post, coalesce(w.percent, 100) AS percent,
           ARRAY(SELECT k.kind_id || ' ' || k.formation FROM skill k WHERE k.resource_id = r.id ORDER BY 1) AS skills
    FROM (SELECT judge_id AS id, 'judge' AS post FROM cabinet UNION SELECT clerk_id, 'clerk' FROM cabinet) p
    JOIN resource r ON r.id = p.id JOIN site s ON s.id = r.site_id LEFT JOIN work_share w ON w.resource_id = r.id
    WHERE s.territory_id = :territory_id AND r.is_active ORDER BY p.post DESC, r.name, r.id""")
ABSENCES = text("""
    SELECT c.id, true AS is_whole, c.resource_id, lower(c.days) AS first, upper(c.days) AS until, 100 AS percent,
           c.reason
    FROM closure c WHERE c.resource_id = ANY(:ids) AND c.days && daterange(:first, :until)
    UNION ALL
    SELECT d.id, false, d.resource_id, lower(d.days), upper(d.days), d.percent, d.reason
    FROM reduction d WHERE d.resource_id = ANY(:ids) AND d.days && daterange(:first, :until)
    ORDER BY 4 NULLS FIRST, 3, 1""")
# What somebody who is away still holds, or is kept for, each once.
_TO_STAFF = """
    FROM closure c JOIN site s ON s.territory_id = :territory_id
    JOIN resource r ON r.site_id = s.id AND r.is_active AND r.kind_id = ANY(:kinds)
    JOIN hearing_session h ON h.resource_id = r.id AND h.starts_at > :now
      AND c.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date)
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN template_session o ON o.resource_id = r.id
    LEFT JOIN hearing_template t ON t.id = o.template_id
    WHERE c.resource_id = ANY(:ids)
      AND CASE WHEN f.id IS NULL THEN coalesce(c.resource_id = ANY(o.held_ids), false)
               ELSE c.resource_id = f.clerk_id OR c.resource_id = ANY(f.panel || f.judge_id) END"""
TO_STAFF = text(f"""
    SELECT h.resource_id AS hearing_id, c.resource_id AS absent_id, min(c.id) AS closure_id, r.name, r.kind_id,
           h.starts_at, h.ends_at, s.time_zone, coalesce(t.formation, 'single') AS formation,
           (SELECT count(*) FROM session_case k WHERE k.resource_id = r.id
            AND (k.expires_at IS NULL OR k.expires_at > :now)) AS cases
    {_TO_STAFF}
    GROUP BY h.resource_id, c.resource_id, r.id, s.time_zone, t.formation
    ORDER BY h.starts_at, h.resource_id, c.resource_id""")  # noqa: S608 - constants only
COUNT_TO_STAFF = text(f"""
    SELECT k.code, count(*) AS number
    FROM (SELECT r.kind_id, h.resource_id, min(h.starts_at) AS starts_at {_TO_STAFF} GROUP BY 1, 2) x
    JOIN kind k ON k.id = x.kind_id GROUP BY k.code ORDER BY min(x.starts_at), k.code""")  # noqa: S608 - constants only
# Of each session, every colleague: whether they are there, free, of that kind of hearing, and not refused.
COLLEAGUES = text("""
    SELECT h.resource_id AS hearing_id, p.absent_id, m.id,
           EXISTS (SELECT FROM closure c WHERE c.resource_id = m.id
                   AND c.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date)) AS is_away,
           EXISTS (SELECT FROM seat_time z WHERE z.resource_id = m.id
                   AND z.during && tstzrange(h.starts_at, h.ends_at) AND (z.expires_at IS NULL OR z.expires_at > :now))
             OR EXISTS (SELECT FROM absence a WHERE a.resource_id = m.id
                        AND a.during && tstzrange(h.starts_at, h.ends_at)) AS is_busy,
           EXISTS (SELECT FROM skill k WHERE k.resource_id = m.id) AND NOT EXISTS (
               SELECT FROM skill k WHERE k.resource_id = m.id AND k.kind_id = r.kind_id
                 AND k.formation = coalesce(t.formation, 'single')) AS is_unskilled,
           EXISTS (SELECT FROM booking b JOIN waiting_case w ON w.booking_id = b.id
                   WHERE b.resource_id = r.id AND b.state = 'booked' AND m.id = ANY(w.refused_judges)) AS is_refused
    FROM unnest(CAST(:hearings AS bigint[]), CAST(:absents AS bigint[])) AS p(hearing_id, absent_id)
    JOIN hearing_session h ON h.resource_id = p.hearing_id JOIN resource r ON r.id = h.resource_id
    JOIN site s ON s.id = r.site_id
    LEFT JOIN template_session o ON o.resource_id = r.id LEFT JOIN hearing_template t ON t.id = o.template_id
    JOIN unnest(CAST(:ids AS bigint[])) AS m(id) ON m.id <> p.absent_id""")
LOADS = text("""
    SELECT who.id, count(*) AS sessions, sum(h.max_minutes) AS minutes, coalesce(sum(x.cases), 0) AS cases
    FROM site s JOIN resource r ON r.site_id = s.id AND r.is_active
    JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN template_session o ON o.resource_id = r.id
    CROSS JOIN LATERAL unnest(
        CASE WHEN f.id IS NULL THEN o.held_ids ELSE f.panel || f.judge_id || f.clerk_id END) AS who(id)
    LEFT JOIN LATERAL (SELECT count(*) AS cases FROM session_case k
                       WHERE k.resource_id = r.id AND (k.expires_at IS NULL OR k.expires_at > :now)) x ON true
    WHERE s.territory_id = :territory_id AND h.starts_at >= :after AND h.starts_at < :before AND who.id = ANY(:ids)
    GROUP BY who.id""")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A judge or a clerk; `skills` are the kinds and formations that they hold, none: all of their court."""

    id: int
    name: str
    post: str  # "judge" or "clerk"
    percent: int = 100
    skills: frozenset[tuple[int, Formation]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Away:
    """Civil days [first, until) on which somebody is away, None without end; `id` is of a closure when `is_whole`."""

    id: int
    is_whole: bool
    resource_id: int
    first: date | None
    until: date | None
    percent: int
    reason: str

    def on(self, day: date) -> bool:
        """Say whether it covers a day."""
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody who may replace, or why not; `load` is what they have, in percent of what is theirs."""

    id: int
    name: str
    why_not: str = ""  # "away", "busy", "unskilled", "refused"
    load: int = 0


@dataclass(frozen=True, kw_only=True)
class ToStaff:
    """A session of which somebody is away, and who may hold it for them: the best first."""

    hearing_id: int
    absent_id: int
    absent: str
    post: str
    closure_id: int
    name: str
    kind_id: int
    formation: Formation
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    cases: int
    colleagues: tuple[Colleague, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Load:
    """What somebody holds over a period, and what their share of it would be."""

    member: Member
    sessions: int
    minutes: int
    cases: int
    share: float  # days of full time that they are there
    expected: int  # minutes

    @property
    def percent(self) -> int:
        """Return what they hold, in percent of what is theirs; 0 when nothing is expected of them."""
        return round(100 * self.minutes / self.expected) if self.expected else 0


def members_of(session: Session, actor: Actor) -> list[Member]:
    """Return the judges, then the clerks, of the actor's court."""
    return [
        Member(
            id=row.id,
            name=row.name,
            post=row.post,
            percent=row.percent,
            skills=frozenset(_skill(one) for one in row.skills),
        )
        for row in session.execute(MEMBERS, {"territory_id": actor.home_territory_id})
    ]


def absences_of(session: Session, ids: Iterable[int], *, first: date, until: date) -> list[Away]:
    """Return the absences of these people that touch civil days `[first, until)`, by date."""
    rows = session.execute(ABSENCES, {"ids": list(ids), "first": first, "until": until})
    return [Away(**row._mapping) for row in rows]


def count_to_staff(session: Session, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Return how many sessions to come of the actor's court miss somebody who is away, by kind, the soonest first."""
    rows = session.execute(COUNT_TO_STAFF, _asked(session, actor, members_of(session, actor), now))
    return {row.code: row.number for row in rows}


def to_staff(
    session: Session, actor: Actor, *, now: datetime, closure_id: int | None = None, hearing_id: int | None = None
) -> list[ToStaff]:
    """Return these sessions, the soonest first, each with who may replace; of one absence, or one session, if given."""
    members = members_of(session, actor)
    named = {one.id: one for one in members}
    rows = [
        row
        for row in session.execute(TO_STAFF, _asked(session, actor, members, now))
        if closure_id in (None, row.closure_id) and hearing_id in (None, row.hearing_id)
    ]
    found = [
        ToStaff(
            hearing_id=row.hearing_id,
            absent_id=row.absent_id,
            absent=named[row.absent_id].name,
            post=named[row.absent_id].post,
            closure_id=row.closure_id,
            name=row.name,
            kind_id=row.kind_id,
            formation=Formation(row.formation),
            zone=ZoneInfo(row.time_zone),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            cases=row.cases,
        )
        for row in rows
    ]
    return _with_colleagues(session, actor, found, members, now=now)


def loads_of(session: Session, actor: Actor, *, first: date, until: date, now: datetime) -> list[Load]:
    """Return what each judge, then each clerk, holds on civil days `[first, until)`, and what would be their share.

    A share is the days of the week of the period, less absences, times what they work; what is held is shared by it.
    """
    members = members_of(session, actor)
    return _loads(session, actor, members, first=first, until=until, now=now)


def least_loaded(colleagues: Iterable[Colleague]) -> Colleague | None:
    """Return who replaces when nobody is named: free, of that kind of hearing, and with the least. Pure."""
    return next((one for one in colleagues if not one.why_not), None)


def ranked(colleagues: Iterable[Colleague]) -> tuple[Colleague, ...]:
    """Return who may replace first, the least loaded first. Pure."""
    return tuple(sorted(colleagues, key=lambda one: (one.why_not != "", one.load, one.name, one.id)))


def days_there(member: Member, absences: Iterable[Away], *, first: date, until: date) -> float:
    """Return how many days of full time somebody is there, from Monday to Friday of `[first, until)`. Pure."""
    theirs = [one for one in absences if one.resource_id == member.id]
    total = 0.0
    for number in range((until - first).days):
        day = first + timedelta(days=number)
        if day.weekday() < SATURDAY:
            away = min(WHOLE, sum(one.percent for one in theirs if one.on(day)))
            total += member.percent / 100 * (WHOLE - away) / WHOLE
    return total


def _with_colleagues(
    session: Session, actor: Actor, found: Sequence[ToStaff], members: Sequence[Member], *, now: datetime
) -> list[ToStaff]:
    if not found:
        return []
    named = {one.id: one for one in members}
    zone = ZoneInfo(time_zone_of(session, actor))
    days = [one.starts_at.astimezone(zone).date() for one in found]
    first, until = min(days) - AROUND, max(days) + AROUND
    loads = {one.member.id: one.percent for one in _loads(session, actor, members, first=first, until=until, now=now)}
    asked = {
        "hearings": [one.hearing_id for one in found],
        "absents": [one.absent_id for one in found],
        "ids": list(named),
        "now": now,
    }
    by_session: dict[tuple[int, int], list[Colleague]] = {(one.hearing_id, one.absent_id): [] for one in found}
    for row in session.execute(COLLEAGUES, asked):
        there = by_session[row.hearing_id, row.absent_id]
        if named[row.id].post == named[row.absent_id].post:
            there.append(
                Colleague(id=row.id, name=named[row.id].name, why_not=_why_not(row), load=loads.get(row.id, 0))
            )
    return [ToStaff(**{**vars(one), "colleagues": ranked(by_session[one.hearing_id, one.absent_id])}) for one in found]


def _loads(
    session: Session, actor: Actor, members: Sequence[Member], *, first: date, until: date, now: datetime
) -> list[Load]:
    zone = ZoneInfo(time_zone_of(session, actor))
    ids = [one.id for one in members]
    asked = {
        "territory_id": actor.home_territory_id,
        "ids": ids,
        "after": instant_of(first, time(), zone),
        "before": instant_of(until, time(), zone),
        "now": now,
    }
    rows = {row.id: row for row in session.execute(LOADS, asked)}
    absences = absences_of(session, ids, first=first, until=until)
    there = {one.id: days_there(one, absences, first=first, until=until) for one in members}
    return [_load(one, rows.get(one.id), there, _total(rows, members, one.post), members) for one in members]


def _load(member: Member, row: Any, there: Mapping[int, float], total: int, members: Sequence[Member]) -> Load:
    whole = sum(there[one.id] for one in members if one.post == member.post)
    return Load(
        member=member,
        sessions=row.sessions if row else 0,
        minutes=int(row.minutes) if row else 0,
        cases=int(row.cases) if row else 0,
        share=there[member.id],
        expected=round(total * there[member.id] / whole) if whole else 0,
    )


def _total(rows: Mapping[int, Any], members: Sequence[Member], post: str) -> int:
    return sum(int(rows[one.id].minutes) for one in members if one.post == post and one.id in rows)


def _asked(session: Session, actor: Actor, members: Sequence[Member], now: datetime) -> dict[str, Any]:
    today = today_of(session, actor, now=now)
    zone = ZoneInfo(time_zone_of(session, actor))
    asked = asked_of(session, actor, Chosen(), first=today, until=today + A_DAY, zone=zone)
    return asked | {"ids": [one.id for one in members], "now": now}


def _why_not(row: Any) -> str:
    reasons = {
        "away": row.is_away,
        "busy": row.is_busy,
        "unskilled": row.is_unskilled,
        "refused": row.is_refused,
    }
    return next((why for why, is_so in reasons.items() if is_so), "")


def _skill(typed: str) -> tuple[int, Formation]:
    number, _, formation = typed.partition(" ")
    return int(number), Formation(formation)
