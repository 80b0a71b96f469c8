"""The calendar of a court: its year day by day, one week session by session. Reads only, a statement each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.days_off import CLOSURES
from availability.models import Shape
from availability.openings import Days, DaysOff, Off, holiday_names, instant_of
from availability.rights import Actor
from booking.day import time_zone_of
from booking.hearing_template_models import Formation
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_ENDS, VIDEO_KIND
from booking.plans.hearing_people import ROOM_KIND
from booking.plans.hearings import plannable_kinds

MOST_CHAMBERS = 200
NUMBER_LENGTH = 9
A_WEEK = timedelta(days=7)
# A session is somebody's, or in a room, by who holds it, else by what its template keeps for it.
_CHOSEN = """
    WITH chosen AS MATERIALIZED (
        SELECT h.resource_id AS id, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day, h.max_cases,
               h.max_minutes, f.id IS NOT NULL OR coalesce(o.held_ids && ARRAY(
                   SELECT c.judge_id FROM cabinet c JOIN resource j ON j.id = c.judge_id JOIN site y ON y.id = j.site_id
                   WHERE y.territory_id = :territory_id) AND o.held_ids && ARRAY(
                   SELECT q.id FROM resource q JOIN kind k ON k.id = q.kind_id JOIN site y ON y.id = q.site_id
                   WHERE y.territory_id = :territory_id AND k.code = :room_kind), false) AS is_held
        FROM site s JOIN resource r ON r.site_id = s.id JOIN hearing_session h ON h.resource_id = r.id
        LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
        LEFT JOIN template_session o ON o.resource_id = r.id
        WHERE s.territory_id = :territory_id AND r.is_active AND r.kind_id = ANY(:kinds)
          AND h.starts_at >= :after AND h.starts_at < :before
          AND (CAST(:chamber AS text) = '' OR r.name = :chamber)
          AND (CAST(:judge AS bigint) IS NULL
               OR coalesce(:judge = ANY(f.panel || f.judge_id), :judge = ANY(o.held_ids)))
          AND (CAST(:room AS bigint) IS NULL OR coalesce(f.room_id = :room, :room = ANY(o.held_ids))))"""
YEAR = text(f"""{_CHOSEN}
    SELECT c.day, count(*) AS sessions, sum(c.max_cases) AS max_cases, sum(c.max_minutes) AS max_minutes,
           coalesce(sum(x.cases), 0) AS cases, coalesce(sum(x.minutes), 0) AS minutes,
           count(*) FILTER (WHERE NOT c.is_held) AS unstaffed
    FROM chosen c LEFT JOIN (
        SELECT k.resource_id, count(*) AS cases, sum(k.minutes) AS minutes
        FROM session_case k JOIN chosen d ON d.id = k.resource_id
        WHERE k.expires_at IS NULL OR k.expires_at > :now GROUP BY k.resource_id) x ON x.resource_id = c.id
    GROUP BY c.day ORDER BY c.day""")  # noqa: S608 - constants only
WEEK = text(f"""{_CHOSEN}
    SELECT r.id, r.name, r.kind_id, k.label AS kind, s.time_zone, c.day, h.starts_at, h.ends_at, h.max_cases,
           h.max_minutes, f.judge_id, f.clerk_id, f.room_id, f.panel, coalesce(o.held_ids, '{{}}') AS held_ids,
           coalesce(t.formation, 'single') AS formation, coalesce(t.judges, 1) AS judges,
           coalesce(t.clerks, 1) AS clerks, coalesce(t.prosecutors, 0) AS prosecutors,
           coalesce(t.interpreters, 0) AS interpreters, coalesce(t.needs_video, false) AS needs_video,
           coalesce(x.cases, 0) AS cases, coalesce(x.minutes, 0) AS minutes,
           ARRAY(SELECT z.resource_id FROM seat_time z WHERE z.holder_id IN (f.id, o.holder_id)) AS taken_ids,
           ARRAY(SELECT y.resource_id FROM closure y WHERE y.days @> c.day
                 AND y.resource_id = ANY(ARRAY[r.id, f.judge_id, f.clerk_id, f.room_id, f.prosecutor_id] || f.panel
                                         || o.held_ids)) AS closed_ids,
           EXISTS (SELECT FROM closure y WHERE y.site_id = s.id AND y.days @> c.day) AS is_site_closed
    FROM chosen c JOIN hearing_session h ON h.resource_id = c.id JOIN resource r ON r.id = c.id
    JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    LEFT JOIN template_session o ON o.resource_id = r.id LEFT JOIN hearing_template t ON t.id = o.template_id
    LEFT JOIN LATERAL (SELECT count(*) AS cases, sum(minutes) AS minutes FROM session_case
                       WHERE resource_id = r.id AND (expires_at IS NULL OR expires_at > :now)) x ON true
    ORDER BY h.starts_at, r.name, r.id""")  # noqa: S608 - constants only
STAFF = text("""
    SELECT r.id, r.name, CASE WHEN c.judge_id = r.id THEN 'judge' ELSE 'clerk' END AS post,
           CASE WHEN c.judge_id = r.id THEN c.clerk_id ELSE c.judge_id END AS with_id
    FROM cabinet c JOIN resource r ON r.id IN (c.judge_id, c.clerk_id) JOIN site s ON s.id = r.site_id
    WHERE s.territory_id = :territory_id AND r.is_active
    UNION ALL
    SELECT r.id, r.name, k.code, NULL FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE s.territory_id = :territory_id AND r.is_active AND k.code = ANY(:codes)
    ORDER BY 2, 1""")
CHAMBERS = text(f"""
    SELECT DISTINCT r.name FROM resource r JOIN site s ON s.id = r.site_id
    JOIN hearing_session h ON h.resource_id = r.id
    WHERE s.territory_id = :territory_id AND r.is_active AND r.kind_id = ANY(:kinds)
      AND h.starts_at >= :after AND h.starts_at < :before ORDER BY r.name LIMIT {MOST_CHAMBERS}""")  # noqa: S608
COURTHOUSE = text("""
    SELECT s.id, s.holiday_zone FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    WHERE s.territory_id = :territory_id AND (k.code = :room OR k.shape = :shape)
    GROUP BY s.id ORDER BY count(*) DESC, s.id LIMIT 1""")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What of a calendar is looked at; nothing said: all of it."""

    kind_id: int | None = None
    chamber: str = ""
    judge_id: int | None = None
    room_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Those who may be named in a court, by number: judges and clerks, rooms, and what is held with a session."""

    names: dict[int, str]
    judges: tuple[int, ...] = ()
    clerks: tuple[int, ...] = ()
    rooms: tuple[int, ...] = ()
    clerk_of: dict[int, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)  # of those that are neither judges nor clerks

    def among(self, ids: Iterable[int], group: Collection[int]) -> int | None:
        """Return the first of these who is of a group."""
        return next((one for one in ids if one in group), None)


@dataclass(frozen=True, kw_only=True)
class DayOfYear:
    """A day of a year: its sessions and what is in them, and why the court does not sit, if it does not."""

    day: date
    sessions: int = 0
    cases: int = 0
    max_cases: int = 0
    minutes: int = 0
    max_minutes: int = 0
    unstaffed: int = 0
    off: Off | None = None
    off_name: str = ""  # of the holiday, when it is one

    @property
    def percent(self) -> int:
        """Return how full the day is, by what is the fullest: cases or minutes."""
        filled = [(self.cases, self.max_cases), (self.minutes, self.max_minutes)]
        return max((round(100 * part / whole) for part, whole in filled if whole), default=0)


@dataclass(frozen=True, kw_only=True)
class SessionOfWeek:
    """A session as a week shows it. `judge_id`, `clerk_id`, `room_id`: who holds it, else who is kept for it."""

    id: int
    name: str
    kind_id: int
    kind: str
    zone: ZoneInfo
    day: date
    starts_at: datetime
    ends_at: datetime
    cases: int
    max_cases: int
    minutes: int
    max_minutes: int
    formation: Formation
    is_staffed: bool
    judge_id: int | None
    clerk_id: int | None
    room_id: int | None
    missing: dict[str, int]  # how many of each are wanted and not there: "judge", "clerk", or a code of a kind
    away: tuple[int, ...]  # those of its people, or its room, that are closed that day
    is_site_closed: bool
    is_room_lost: bool  # its template wants a room that it could not have
    beside: tuple[int, ...] = ()  # the other judges who sit, when their time is kept for it


def year_of(session: Session, actor: Actor, year: int, chosen: Chosen = Chosen(), *, now: datetime) -> list[DayOfYear]:
    """Return the days of a civil year of the actor's court on which something is to be said, sorted."""
    first, until = date(year, 1, 1), date(year + 1, 1, 1)
    zone = ZoneInfo(time_zone_of(session, actor))
    asked = asked_of(session, actor, chosen, first=first, until=until, zone=zone)
    rows = {row.day: row for row in session.execute(YEAR, asked | {"now": now})}
    off, names = _off_of(session, actor, first, until)
    found = []
    for day in (first + timedelta(days=number) for number in range((until - first).days)):
        row, why = rows.get(day), off.why(day)
        if row is None and why is None:
            continue
        held = (
            {
                "sessions": row.sessions,
                "cases": int(row.cases),
                "max_cases": int(row.max_cases),
                "minutes": int(row.minutes),
                "max_minutes": int(row.max_minutes),
                "unstaffed": row.unstaffed,
            }
            if row is not None
            else {}
        )
        found.append(DayOfYear(day=day, off=why, off_name=names.get(day, ""), **held))
    return found


def week_of(
    session: Session, actor: Actor, monday: date, chosen: Chosen = Chosen(), *, now: datetime
) -> list[SessionOfWeek]:
    """Return the sessions of the seven days from a Monday in the actor's court, by hour."""
    zone = ZoneInfo(time_zone_of(session, actor))
    return sessions_between(session, actor, chosen, first=monday, until=monday + A_WEEK, zone=zone, now=now)


def sessions_between(
    session: Session, actor: Actor, chosen: Chosen, *, first: date, until: date, zone: ZoneInfo, now: datetime
) -> list[SessionOfWeek]:
    """Return the same for civil days `[first, until)`."""
    staff = staff_of(session, actor)
    asked = asked_of(session, actor, chosen, first=first, until=until, zone=zone)
    return [_session(row, staff) for row in session.execute(WEEK, asked | {"now": now})]


def days_off(session: Session, actor: Actor, first: date, until: date) -> dict[date, Off]:
    """Return why the actor's court does not sit, for the civil days of `[first, until)` on which it does not."""
    off, _ = _off_of(session, actor, first, until)
    days = (first + timedelta(days=number) for number in range((until - first).days))
    return {day: why for day in days if (why := off.why(day)) is not None}


def staff_of(session: Session, actor: Actor) -> Staff:
    """Return who and what may be named for the sessions of the actor's court."""
    codes = [ROOM_KIND, PROSECUTOR_KIND, INTERPRETER_KIND, VIDEO_KIND]
    rows = session.execute(STAFF, {"territory_id": actor.home_territory_id, "codes": codes}).all()
    return Staff(
        names={row.id: row.name for row in rows},
        judges=tuple(row.id for row in rows if row.post == "judge"),
        clerks=tuple(row.id for row in rows if row.post == "clerk"),
        rooms=tuple(row.id for row in rows if row.post == ROOM_KIND),
        clerk_of={row.id: row.with_id for row in rows if row.post == "judge"},
        codes={row.id: row.post for row in rows if row.post not in ("judge", "clerk")},
    )


def chambers_of(session: Session, actor: Actor, first: date, until: date) -> list[str]:
    """Return the names of the sessions of some days, each once, the ninth before the tenth."""
    zone = ZoneInfo(time_zone_of(session, actor))
    asked = asked_of(session, actor, Chosen(), first=first, until=until, zone=zone)
    return sorted(session.execute(CHAMBERS, asked).scalars(), key=_numbered)


def _numbered(name: str) -> str:
    """Return what sorts names as people do: by letters whatever their case, by numbers whatever their length."""
    return re.sub("[0-9]+", lambda number: number[0].zfill(NUMBER_LENGTH), name.casefold())


def asked_of(
    session: Session, actor: Actor, chosen: Chosen, *, first: date, until: date, zone: ZoneInfo
) -> dict[str, Any]:
    """Return what the statements above are asked: the actor's court, their kinds, days as instants, what is chosen."""
    kinds = [kind.id for kind in plannable_kinds(session, actor)]
    return {
        "territory_id": actor.home_territory_id,
        "kinds": [one for one in kinds if chosen.kind_id in (None, one)],
        "after": instant_of(first, time(), zone),
        "before": instant_of(until, time(), zone),
        "chamber": chosen.chamber,
        "judge": chosen.judge_id,
        "room": chosen.room_id,
        "room_kind": ROOM_KIND,
    }


def missing_of(row: Any, present: Sequence[int], staff: Staff) -> dict[str, int]:
    """Return how many of each a session wants and has not, among those whose time is really taken for it."""
    wanted = {
        "judge": (row.judges, staff.judges),
        "clerk": (row.clerks, staff.clerks),
        PROSECUTOR_KIND: (row.prosecutors, _of_code(staff, PROSECUTOR_KIND)),
        INTERPRETER_KIND: (row.interpreters, _of_code(staff, INTERPRETER_KIND)),
        VIDEO_KIND: (VIDEO_ENDS if row.needs_video else 0, None),  # the other end is of another court
    }
    known = {*staff.names}
    found = {}
    for name, (count, group) in wanted.items():
        there = sum(one in group if group is not None else _is_video(one, staff, known) for one in present)
        if there < count:
            found[name] = count - there
    if staff.among(present, staff.rooms) is None:
        found[ROOM_KIND] = 1
    return found


def _is_video(one: int, staff: Staff, known: Collection[int]) -> bool:
    return staff.codes.get(one) == VIDEO_KIND or one not in known


def _of_code(staff: Staff, code: str) -> tuple[int, ...]:
    return tuple(one for one, known in staff.codes.items() if known == code)


def _session(row: Any, staff: Staff) -> SessionOfWeek:
    kept = row.held_ids
    judge_id = row.judge_id or staff.among(kept, staff.judges)
    present = [one for one in row.taken_ids if one not in row.closed_ids]
    return SessionOfWeek(
        id=row.id,
        name=row.name,
        kind_id=row.kind_id,
        kind=row.kind,
        zone=ZoneInfo(row.time_zone),
        day=row.day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        cases=row.cases,
        max_cases=row.max_cases,
        minutes=int(row.minutes),
        max_minutes=row.max_minutes,
        formation=Formation(row.formation),
        is_staffed=row.judge_id is not None,
        judge_id=judge_id,
        clerk_id=row.clerk_id or staff.among(kept, staff.clerks),
        room_id=row.room_id or staff.among(kept, staff.rooms),
        missing=missing_of(row, present, staff),
        away=tuple(sorted({*row.closed_ids} - {row.id})),
        is_site_closed=row.is_site_closed or row.id in row.closed_ids,
        is_room_lost=row.room_id is None and (room := staff.among(kept, staff.rooms)) is not None
        and room not in row.taken_ids,
        beside=tuple(
            one for one in (kept if row.judge_id is None else row.panel) if one in staff.judges and one != judge_id
            and one in row.taken_ids
        ),
    )  # fmt: skip


def _off_of(session: Session, actor: Actor, first: date, until: date) -> tuple[DaysOff, dict[date, str]]:
    """Return what closes whole days of the courthouse, and the names of holidays there."""
    asked = {"territory_id": actor.home_territory_id, "room": ROOM_KIND, "shape": Shape.SESSIONS.value}
    house = session.execute(COURTHOUSE, asked).one_or_none()
    zone, site_ids = (house.holiday_zone, [house.id]) if house is not None else ("", [])
    closed: dict[bool, list[Days]] = defaultdict(list)
    of = {"ids": [], "site_ids": site_ids, "territory_ids": [actor.home_territory_id], "first": first, "until": until}
    for _, _, territory_id, *days in session.execute(CLOSURES, of):
        closed[territory_id is not None].append((days[0], days[1]))
    names = {day: name for year in {first.year, until.year} for day, name in holiday_names(zone, year).items()}
    return DaysOff(holiday_zone=zone, closures=tuple(closed[False]), recesses=tuple(closed[True])), names
