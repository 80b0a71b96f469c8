"""Who may hold the hearings of a court, who is needed in them, and when each is away. Reads only.

Lawyers have no resource: their number is that of a case of theirs, below nought. See `names_of`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import instant_of
from availability.periods import Period, merge, subtract
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_KIND
from booking.plans.kept import Scope
from booking.video_links import full_times
from optimizer.hearings.problem import Bench, FarEnd, Person, Role, Room

ROOM_KIND = "salle"  # code of the kind whose resources are court rooms
GIVEN_SINCE = timedelta(weeks=4)  # what judges sat before the window counts when work is shared by time
WHOLE = 100

BENCHES = text("""
    SELECT c.judge_id, c.clerk_id, coalesce(w.percent, 100) AS percent,
           EXISTS (SELECT FROM skill k WHERE k.resource_id = j.id) AS is_special,
           ARRAY(SELECT k.formation FROM skill k WHERE k.resource_id = j.id AND k.kind_id = :kind_id ORDER BY 1)
             AS formations
    FROM cabinet c
    JOIN resource j ON j.id = c.judge_id JOIN resource g ON g.id = c.clerk_id JOIN site s ON s.id = j.site_id
    LEFT JOIN work_share w ON w.resource_id = j.id
    WHERE s.territory_id = :territory_id AND j.is_active AND g.is_active AND j.capacity > 0 AND g.capacity > 0
    ORDER BY c.judge_id""")
# Rooms, and those who are held with a session whoever sits, each with what it says of itself (`Kind.searchable`).
BESIDE = text("""
    SELECT r.id, k.code, coalesce(r.attributes -> 'equipment', '[]') AS equipment,
           coalesce(r.attributes -> 'languages', '[]') AS languages
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = ANY(:codes) AND s.territory_id = :territory_id AND r.is_active AND r.capacity > 0 ORDER BY r.id""")
# What each judge sat before, and sits meanwhile in hearings that are not planned here.
GIVEN = text("""
    SELECT who.id, sum(h.max_minutes) AS minutes
    FROM site s JOIN resource r ON r.site_id = s.id AND r.is_active
    JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN template_session o ON o.resource_id = r.id
    CROSS JOIN LATERAL unnest(CASE WHEN f.id IS NULL THEN o.held_ids ELSE f.panel || f.judge_id END) AS who(id)
    WHERE s.territory_id = :territory_id AND h.starts_at >= :since AND h.starts_at < :end
      AND r.id <> ALL(:hearing_ids) AND who.id = ANY(:ids) GROUP BY who.id""")
# The hearings that are planned take nobody's time from each other: their sittings do, which the plan says. What a
# template keeps for one of their kind is free for it, but for a prosecutor, who stays there.
BUSY = text("""
    SELECT z.resource_id, lower(z.during) AS start, upper(z.during) AS end FROM seat_time z
    WHERE z.resource_id = ANY(:ids) AND z.during && tstzrange(:start, :end)
      AND (z.expires_at IS NULL OR z.expires_at > :now)
      AND NOT EXISTS (SELECT FROM hearing_staffing f WHERE f.id = z.holder_id AND f.hearing_id = ANY(:hearing_ids))
      AND (z.resource_id = ANY(:stay_ids) OR NOT EXISTS (
          SELECT FROM template_session o JOIN resource h ON h.id = o.resource_id
          WHERE o.holder_id = z.holder_id AND h.kind_id = :kind_id))
    UNION ALL SELECT resource_id, lower(during), upper(during) FROM absence
    WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end) ORDER BY 1, 2, 3""")
CLOSED = text("""
    SELECT r.id, lower(c.days) AS first, upper(c.days) AS until, s.time_zone
    FROM resource r JOIN site s ON s.id = r.site_id JOIN closure c ON c.resource_id = r.id OR c.site_id = s.id
    WHERE r.id = ANY(:ids) AND c.days && daterange(:first, :until) ORDER BY r.id, c.days""")
ENDS = text("""
    SELECT r.id, r.site_id FROM resource r JOIN kind k ON k.id = r.kind_id
    WHERE k.code = :code AND r.site_id = ANY(:site_ids) AND r.is_active AND r.capacity > 0 ORDER BY r.id""")
LAWYERS = text("""
    SELECT c.account_id, min(c.id) AS number, array_agg(DISTINCT w.id) AS case_ids
    FROM waiting_case w JOIN lawyer_case c ON c.case_ref = w.case_ref AND c.case_ref <> '' AND c.ended_at IS NULL
      AND c.territory_id = w.territory_id
    WHERE w.id = ANY(:case_ids) GROUP BY c.account_id ORDER BY 2""")
LAWYERS_AWAY = text("""
    SELECT account_id, lower(days) AS first, upper(days) AS until FROM lawyer_away
    WHERE account_id = ANY(:ids) AND days && daterange(:first, :until) ORDER BY 1, 2""")
# In one court a lawyer goes from one hearing to another; not from one court to another.
LAWYERS_ELSEWHERE = text("""
    SELECT DISTINCT e.account_id, e.starts_at, e.ends_at FROM (
        SELECT c.account_id, c.territory_id, b.resource_id, b.state, b.starts_at, b.ends_at
        FROM lawyer_case c JOIN booking b ON b.person_id = c.person_id
        WHERE c.account_id = ANY(:ids) AND c.ended_at IS NULL AND c.person_id IS NOT NULL
        UNION ALL
        SELECT c.account_id, c.territory_id, b.resource_id, b.state, b.starts_at, b.ends_at
        FROM lawyer_case c JOIN booking b ON b.case_ref = c.case_ref AND b.case_ref <> ''
        WHERE c.account_id = ANY(:ids) AND c.ended_at IS NULL AND c.case_ref <> '') e
    JOIN hearing_session h ON h.resource_id = e.resource_id JOIN resource r ON r.id = e.resource_id
    JOIN site s ON s.id = r.site_id AND s.territory_id = e.territory_id
    WHERE e.state = 'booked' AND e.territory_id <> :territory_id AND e.starts_at < :end AND e.ends_at > :start
    ORDER BY 1, 2""")
NAMES = text("""
    SELECT id, name FROM resource WHERE id = ANY(:ids)
    UNION ALL SELECT -c.id, p.name FROM lawyer_case c JOIN lawyer_profile p ON p.account_id = c.account_id
    WHERE -c.id = ANY(:ids)""")
SITE_NAMES = text("SELECT id, name FROM site WHERE id = ANY(:ids)")


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Who and what a court has for its hearings, each with when they are away."""

    benches: tuple[Bench, ...]
    rooms: tuple[Room, ...]
    people: tuple[Person, ...]  # prosecutors and interpreters
    closed: Mapping[int, Sequence[Period]]  # when those of the court, and those who sit now, are absent for whole days


def staff_of(
    session: Session, court: Scope, hearing_ids: Collection[int], seated: Iterable[int], *, now: datetime
) -> Staff:
    """Return who may hold these hearings, and when they are away; `seated` are those who hold them now."""
    asked = {"territory_id": court.territory_id, "kind_id": court.kind_id}
    benches = [row for row in session.execute(BENCHES, asked) if row.formations or not row.is_special]
    codes = [ROOM_KIND, PROSECUTOR_KIND, INTERPRETER_KIND]
    beside = session.execute(BESIDE, {"territory_id": court.territory_id, "codes": codes}).all()
    ids = {one for row in benches for one in (row.judge_id, row.clerk_id)} | {row.id for row in beside} | {*seated}
    stay = [row.id for row in beside if row.code == PROSECUTOR_KIND]
    away = _away(session, court, sorted(ids), hearing_ids, stay, now=now)
    given = _given(session, court, benches, hearing_ids)
    return Staff(
        benches=tuple(
            Bench(
                judge_id=row.judge_id,
                clerk_id=row.clerk_id,
                away=(*away[row.judge_id], *away[row.clerk_id]),
                formations=tuple(row.formations),
                given_minutes=given[row.judge_id],
            )
            for row in benches
        ),
        rooms=tuple(
            Room(id=row.id, away=tuple(away[row.id]), equipment=tuple(row.equipment))
            for row in beside
            if row.code == ROOM_KIND
        ),
        people=tuple(_beside(row, away[row.id]) for row in beside if row.code != ROOM_KIND),
        closed=_closed(session, court, sorted(ids)),
    )


def lawyers_of(
    session: Session, court: Scope, case_ids: Collection[UUID], zone: ZoneInfo
) -> tuple[list[Person], dict[UUID, frozenset[int]]]:
    """Return the lawyers of these cases, and whose each case is."""
    rows = session.execute(LAWYERS, {"case_ids": list(case_ids)}).all()
    asked = {"ids": [row.account_id for row in rows], "territory_id": court.territory_id, **_around(court)}
    away: defaultdict[UUID, list[Period]] = defaultdict(list)
    for row in session.execute(LAWYERS_AWAY, asked):
        away[row.account_id].append(Period(_midnight(row.first, zone), _midnight(row.until, zone)))
    for row in session.execute(LAWYERS_ELSEWHERE, asked):
        away[row.account_id].append(Period(row.starts_at, row.ends_at))
    of_case: defaultdict[UUID, set[int]] = defaultdict(set)
    for row in rows:
        for case_id in row.case_ids:
            of_case[case_id].add(-row.number)
    people = [Person(id=-row.number, role=Role.LAWYER, away=tuple(away[row.account_id])) for row in rows]
    return people, {case_id: frozenset(ids) for case_id, ids in of_case.items()}


def far_ends_of(
    session: Session, court: Scope, site_ids: Collection[int], hearing_ids: Collection[int], *, now: datetime
) -> list[FarEnd]:
    """Return the prisons from which cases are heard, away when none of their links is free, or none of the country."""
    if not site_ids:
        return []
    ends = session.execute(ENDS, {"code": VIDEO_KIND, "site_ids": sorted(site_ids)}).all()
    away = _away(session, court, [row.id for row in ends], hearing_ids, [], now=now)
    around = _around(court)
    whole = Period(around["start"], around["end"])
    full = full_times(session, whole)
    found = []
    for site_id in sorted(site_ids):
        there = [free for row in ends if row.site_id == site_id for free in subtract(whole, away[row.id])]
        found.append(FarEnd(id=site_id, away=tuple(merge([*subtract(whole, merge(there)), *full]))))
    return found


def names_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of these people and rooms, lawyers included."""
    return {row.id: row.name for row in session.execute(NAMES, {"ids": sorted(set(ids))})}


def site_names_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of these prisons."""
    return {row.id: row.name for row in session.execute(SITE_NAMES, {"ids": sorted(set(ids))})}


def _beside(row: Any, away: Sequence[Period]) -> Person:
    role = Role.PROSECUTOR if row.code == PROSECUTOR_KIND else Role.INTERPRETER
    return Person(id=row.id, role=role, away=tuple(away), languages=tuple(row.languages))


def _given(
    session: Session, court: Scope, benches: Sequence[Any], hearing_ids: Collection[int]
) -> defaultdict[int, int]:
    """Return what each judge sat already; the time that somebody is not there for counts as given."""
    around = _around(court)
    asked = {
        "territory_id": court.territory_id,
        "since": around["start"] - GIVEN_SINCE,
        "end": around["end"],
        "hearing_ids": list(hearing_ids),
        "ids": [row.judge_id for row in benches],
    }
    given = defaultdict(int, {row.id: int(row.minutes) for row in session.execute(GIVEN, asked)})
    there = sum(row.percent for row in benches)
    if there < WHOLE * len(benches):  # somebody works in part
        whole = WHOLE * sum(given.values()) // max(there, 1)  # what somebody who is there wholly gives
        for row in benches:
            given[row.judge_id] += whole * (WHOLE - row.percent) // WHOLE
    return given


def _away(
    session: Session,
    court: Scope,
    ids: Sequence[int],
    hearing_ids: Collection[int],
    stay_ids: Sequence[int],
    *,
    now: datetime,
) -> defaultdict[int, list[Period]]:
    """Return when each of these is absent, closed or taken around the window."""
    found: defaultdict[int, list[Period]] = defaultdict(list)
    asked = {"ids": list(ids), "now": now, "kind_id": court.kind_id, "stay_ids": list(stay_ids), **_around(court)}
    for row in session.execute(BUSY, asked | {"hearing_ids": list(hearing_ids)}):
        found[row.resource_id].append(Period(row.start, row.end))
    for number, periods in _closed(session, court, ids).items():
        found[number] += periods
    return found


def _closed(session: Session, court: Scope, ids: Sequence[int]) -> defaultdict[int, list[Period]]:
    """Return when each of these is closed, or absent, for whole days of the window."""
    found: defaultdict[int, list[Period]] = defaultdict(list)
    for row in session.execute(CLOSED, {"ids": list(ids), "first": court.first, "until": court.until}):
        zone = ZoneInfo(row.time_zone)
        first = max(row.first or date.min, court.first)
        until = min(row.until or date.max, court.until + timedelta(days=1))
        found[row.id].append(Period(_midnight(first, zone), _midnight(until, zone)))
    return found


def _around(court: Scope) -> dict[str, Any]:
    """Return the window, wide enough whatever the zone."""
    return {
        "first": court.first,
        "until": court.until,
        "start": datetime.combine(court.first, time(), UTC) - timedelta(days=1),
        "end": datetime.combine(court.until, time(), UTC) + timedelta(days=1),
    }


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_of(day, time(), zone)
