"""Common dates as the database has them: who may be asked to meet, when all are free, and what a day looks like.

Registries and administrators ask, for the people and the rooms of their own territories.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.days_off import days_off_of
from availability.errors import InvalidRequest, NotFound
from availability.models import Shape
from availability.openings import A_DAY, DaysOff, instant_of, local_day
from availability.periods import Period
from availability.rights import Actor
from booking.busy_times import busy_times
from booking.common_dates import (
    LONGEST_DAYS,
    Agendas,
    Found,
    Possibility,
    RoomWish,
    Wanted,
    busy_between,
    common_dates,
)
from booking.hearing_template_spec import VIDEO_KIND
from booking.hearing_templates import SETTERS
from booking.ledger import bare
from booking.persons import search_name_of
from booking.plans.hearing_people import ROOM_KIND
from booking.video_links import full_times

PROPOSED = 8
MOST_COURTS = 300
MOST_ROOMS = 200
MOST_STAFF = 12

COURTS = text(f"""
    SELECT s.id, s.name, s.time_zone, s.territory_id FROM site s
    WHERE s.territory_id = ANY(:mine)
      AND EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id
                  WHERE r.site_id = s.id AND r.is_active AND (k.code = :room OR k.shape = :sessions))
    ORDER BY NOT EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id
                         WHERE r.site_id = s.id AND r.is_active AND k.code = :room), s.name, s.id
    LIMIT {MOST_COURTS}""")  # noqa: S608 - constants only
COURT = text("""
    SELECT id, name, time_zone, territory_id FROM site WHERE id = :site_id AND territory_id = ANY(:mine)""")
# A hearing and a meeting close on the days of the court; holidays of its territory, and its recess unless it sits then.
RULED = text("""
    SELECT s.id AS id, s.id AS site_id, s.time_zone, s.holiday_zone, false AS ignores_holidays,
           false AS ignores_weekends, CASE WHEN :sits_in_recess THEN NULL ELSE s.territory_id END AS recess_of
    FROM site s WHERE s.id = :site_id""")
# Those who are named, the rooms of the court, and video units there and elsewhere: the other end of a link is wherever
# somebody is held, once their kind crosses territories. Of several calendars, the one that was read least lately.
THINGS = text(f"""
    WITH meant AS (
        SELECT id FROM resource WHERE id = ANY(CAST(:people AS bigint[]))
        UNION SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id
        WHERE r.site_id = :site_id AND k.code = :room
        UNION SELECT r.id FROM kind k JOIN resource r ON r.kind_id = k.id WHERE k.code = :video)
    SELECT r.id, r.name, r.site_id, k.code, k.label, s.name AS site_name, f.is_shared, f.is_broken, f.read_at
    FROM meant JOIN resource r ON r.id = meant.id JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    LEFT JOIN LATERAL (SELECT count(*) > 0 AS is_shared, coalesce(bool_or(failures > 0), false) AS is_broken,
                              CASE WHEN count(*) = count(good_at) THEN min(good_at) END AS read_at
                       FROM calendar_feed WHERE resource_id = r.id) f ON true
    WHERE k.shape = :slots AND r.is_active AND k.is_active
      AND (s.territory_id = ANY(:mine) OR k.code = :video AND k.crosses_territories)
    ORDER BY r.id <> ALL(CAST(:people AS bigint[])), k.code = :video, s.id <> :site_id,
             s.territory_id <> ALL(:mine), CASE WHEN k.code = :video THEN s.name END, r.name, r.id
    LIMIT {MOST_ROOMS * 2}""")  # noqa: S608 - constants only
PEOPLE = text(f"""
    SELECT r.id, r.name, k.label, s.name AS site_name,
           EXISTS (SELECT FROM calendar_feed f WHERE f.resource_id = r.id) AS is_shared
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.shape = :slots AND k.code <> ALL(:things) AND r.is_active AND k.is_active AND s.territory_id = ANY(:mine)
      AND r.id <> ALL(CAST(:but AS bigint[]))
      AND {bare("concat_ws(' ', r.name, k.label, s.name, s.commune)")} LIKE ALL(CAST(:words AS text[]))
    ORDER BY s.id <> :site_id, EXISTS (SELECT FROM kind_right g WHERE g.kind_id = k.id), r.name, r.id
    LIMIT {PROPOSED}""")  # noqa: S608 - constants only

STAFF = text(f"""
    SELECT r.id, r.name, k.label, s.name AS site_name,
           EXISTS (SELECT FROM calendar_feed f WHERE f.resource_id = r.id) AS is_shared
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE s.id = :site_id AND k.shape = :slots AND k.code <> ALL(:things) AND r.is_active AND k.is_active
      AND s.territory_id = ANY(:mine) AND r.id <> ALL(CAST(:but AS bigint[]))
      AND NOT EXISTS (SELECT FROM kind_right g WHERE g.kind_id = k.id)
    ORDER BY k.position, k.id, r.name, r.id LIMIT {MOST_STAFF}""")  # noqa: S608 - constants only


@dataclass(frozen=True, kw_only=True)
class Court:
    """Where one meets."""

    id: int
    name: str
    zone: ZoneInfo
    territory_id: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody who may be asked to meet, and whether a calendar of theirs is shared."""

    id: int
    name: str
    label: str
    site_name: str
    is_shared: bool = False
    is_broken: bool = False  # it could not be read the last time
    read_at: datetime | None = None  # since when what their calendars say is known to be true; None: never wholly


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What may be chosen in a court: rooms, and video units of elsewhere."""

    rooms: tuple[tuple[int, str], ...] = ()
    video_here: tuple[tuple[int, str], ...] = ()
    far_ends: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One agenda on one day, as it is drawn: when it is taken, and nothing of what takes it."""

    resource_id: int
    busy: tuple[Period, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a question found. `later` is the first date after the last day asked, when there is none before."""

    court: Court
    found: Found
    names: dict[int, str]
    agendas: Agendas = field(repr=False)
    later: Possibility | None = None

    def day_of(self, several: Sequence[Possibility], wanted: Wanted) -> tuple[Period, tuple[Line, ...]]:
        """Return the hours of the day of some possibilities, and the agendas of all who would be in one of them."""
        day = local_day(several[0].period.start, self.court.zone)
        hours = Period(*(instant_of(day, wall, self.court.zone) for wall in (wanted.opens, wanted.closes)))
        rooms, units = (dict.fromkeys(getattr(one, what) for one in several) for what in ("room_id", "video_id"))
        seats = [*((each, self.agendas.people.get(each, ())) for each in wanted.people)]
        seats += [(each, self.agendas.rooms.get(each, ())) for each in rooms if each]
        seats += [(each, self.agendas.video.get(each, ())) for each in units if each]
        if wanted.far_end_id:
            seats.append((wanted.far_end_id, self.agendas.far_end))
        return hours, tuple(Line(resource_id=each, busy=tuple(busy_between(of, hours))) for each, of in seats)


def courts_of(session: Session, actor: Actor) -> list[Court]:
    """Return the courts in which the actor sets meetings, those that have rooms first; bounded."""
    return [_court(row) for row in session.execute(COURTS, _asked(actor, site_id=None))]


def court_of(session: Session, actor: Actor, site_id: int) -> Court:
    """Return a court of the actor's. Raises: NotFound."""
    row = session.execute(COURT, _asked(actor, site_id=site_id)).one_or_none()
    if row is None:
        raise NotFound(site_id=site_id)
    return _court(row)


def people_named(session: Session, actor: Actor, site_id: int, typed: str, but: Collection[int]) -> list[Candidate]:
    """Return those whose words are all found, but for some: the people of the court first; nobody for no word."""
    words = [f"%{word}%" for word in search_name_of(typed).split()]  # letters and digits only: nothing to escape
    if not words:
        return []
    asked = _asked(actor, site_id=site_id) | {"words": words, "but": list(but), "things": [ROOM_KIND, VIDEO_KIND]}
    return [Candidate(**row._mapping) for row in session.execute(PEOPLE, asked)]


def staff_of(session: Session, actor: Actor, site_id: int, but: Collection[int]) -> list[Candidate]:
    """Return the judges, clerks and others of a court of the actor's, but for some; the first few."""
    asked = _asked(actor, site_id=site_id) | {"but": list(but), "things": [ROOM_KIND, VIDEO_KIND]}
    return [Candidate(**row._mapping) for row in session.execute(STAFF, asked)]


def candidates(session: Session, actor: Actor, site_id: int, ids: Collection[int]) -> list[Candidate]:
    """Return these people, in the order given, without those who are not there for the actor."""
    rows = session.execute(THINGS, _asked(actor, site_id=site_id) | {"people": list(ids)}).all()
    by_id = {row.id: row for row in rows if row.code not in (ROOM_KIND, VIDEO_KIND)}
    return [_candidate(by_id[one]) for one in ids if one in by_id]


def offered(session: Session, actor: Actor, site_id: int) -> Offered:
    """Return the rooms of a court of the actor's, and the video units there and elsewhere."""
    rows = session.execute(THINGS, _asked(actor, site_id=site_id) | {"people": []}).all()
    video = [row for row in rows if row.code == VIDEO_KIND]
    return Offered(
        rooms=tuple((row.id, row.name) for row in rows if row.code == ROOM_KIND),
        video_here=tuple((row.id, row.name) for row in video if row.site_id == site_id),
        far_ends=tuple((row.id, f"{row.name} ({row.site_name})") for row in video if row.site_id != site_id),
    )


def search(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> Answer:
    """Return the first common dates, and who blocks.

    Raises: NotFound for a court that is not the actor's; InvalidRequest for somebody or a room that is not there.
    """
    court, things, agendas = read_agendas(session, actor, wanted, now=now)
    found, later = common_dates(wanted, agendas), None
    if not found.count:
        after = wanted.last_on + A_DAY
        beyond = replace(wanted, first_on=after, last_on=after + timedelta(days=LONGEST_DAYS // 2))
        first = common_dates(beyond, read_agendas(session, actor, beyond, now=now)[2]).first
        later = first[0] if first else None
    return Answer(
        court=court,
        found=found,
        names={row.id: row.name for row in things},
        agendas=agendas,
        later=later,
    )


def read_agendas(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> tuple[Court, list[Any], Agendas]:
    """Return the court, those who are wanted and what is there, and when all of them are busy. Raises: as `search`."""
    court = court_of(session, actor, wanted.site_id)
    named = [*wanted.people, *([wanted.far_end_id] if wanted.far_end_id else [])]
    things = session.execute(THINGS, _asked(actor, site_id=court.id) | {"people": named}).all()
    rooms = [row.id for row in things if row.code == ROOM_KIND and wanted.room_id in (None, row.id)]
    video = [row.id for row in things if row.code == VIDEO_KIND and row.site_id == court.id]
    far = [row.id for row in things if row.code == VIDEO_KIND and row.site_id != court.id]
    _check(wanted, things, rooms, far)
    needed = [*wanted.people]
    needed += rooms if wanted.room is not RoomWish.NONE else []
    needed += video if wanted.room is RoomWish.VIDEO else []
    needed += [wanted.far_end_id] if wanted.far_end_id else []
    until = wanted.last_on + 2 * A_DAY
    within = Period(*(instant_of(day, wanted.opens.min, court.zone) for day in (wanted.first_on - A_DAY, until)))
    busy = busy_times(session, needed, within, now=now)
    ruled = session.execute(RULED, {"site_id": court.id, "sits_in_recess": wanted.sits_in_recess}).all()
    full = full_times(session, within) if wanted.far_end_id else []
    off = days_off_of(session, ruled, first=wanted.first_on, until=until).get(court.id, DaysOff())
    return (
        court,
        list(things),
        Agendas(
            people={one: busy.get(one, ()) for one in wanted.people},
            rooms={one: busy.get(one, ()) for one in rooms if one in needed},
            video={one: busy.get(one, ()) for one in video if one in needed},
            far_end=busy.get(wanted.far_end_id, ()) if wanted.far_end_id else (),
            network=[[(floor(one.start.timestamp()), ceil(one.end.timestamp())) for one in full]],
            days_off=off,
            zone=court.zone,
            now=now,
        ),
    )


def _check(wanted: Wanted, things: Iterable[Any], rooms: Collection[int], far: Collection[int]) -> None:
    """Refuse what is not there for the actor. Raises: InvalidRequest."""
    there = {row.id for row in things if row.code not in (ROOM_KIND, VIDEO_KIND)}
    if unknown := set(wanted.people) - there:
        raise InvalidRequest("people", "unknown-choice", resource_id=min(unknown))
    if wanted.room_id is not None and not rooms:
        raise InvalidRequest("room_id", "unknown-choice")
    if wanted.far_end_id is not None and wanted.far_end_id not in far:
        raise InvalidRequest("far_end_id", "unknown-choice")


def _asked(actor: Actor, *, site_id: int | None) -> dict[str, Any]:
    return {
        "mine": sorted(actor.territories(SETTERS)),
        "site_id": site_id,
        "room": ROOM_KIND,
        "video": VIDEO_KIND,
        "slots": Shape.SLOTS.value,
        "sessions": Shape.SESSIONS.value,
    }


def _court(row: Any) -> Court:
    return Court(id=row.id, name=row.name, zone=ZoneInfo(row.time_zone), territory_id=row.territory_id)


def _candidate(row: Any) -> Candidate:
    return Candidate(
        id=row.id,
        name=row.name,
        label=row.label,
        site_name=row.site_name,
        is_shared=row.is_shared,
        is_broken=row.is_broken,
        read_at=row.read_at,
    )
