"""A common date taken: everybody, the room and both ends of the link, all or none; called off, and put back.

What lists a date confirms it, under the lock of all that it takes: see booking/common_dates.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, Locked, lock, release, take
from availability.claims import TimeClaim, readable
from availability.errors import InvalidRequest, NotFound, NotOpen, PeriodTaken
from availability.history import Act, record
from availability.models import HearingSession, Kind, Resource, Shape
from availability.openings import local_day
from availability.periods import Period
from availability.rights import Actor
from booking.common_dates import Part, RoomWish, Wanted, busy_needs, free_starts
from booking.hearing_blocked import has_link
from booking.hearing_template_spec import MOST_CASES
from booking.hearing_templates import CASES, SETTERS, may_set
from booking.meeting_models import NAME_LENGTH, Meeting
from booking.meeting_search import Court, court_of, read_agendas
from booking.plans.hearings import people_of
from booking.plans.models import HearingStaffing
from booking.session_clashes import staffing_of
from booking.staffing import sitting_of
from booking.video_links import LinksFull, carry_link, ceiling, drop_link

MOST_SHOWN = 40

# A judge and a clerk who sit, when there is one of each and a room: planning then knows who holds the hearing.
BENCH = text("""
    SELECT (SELECT array_agg(DISTINCT judge_id) FROM cabinet WHERE judge_id = ANY(:ids)) AS judges,
           (SELECT array_agg(DISTINCT clerk_id) FROM cabinet WHERE clerk_id = ANY(:ids)) AS clerks""")
SERVE = text("UPDATE resource SET is_active = :on WHERE id = :id")
TO_COME = text(f"""
    SELECT m.id, m.name, m.starts_at, m.ends_at, m.hearing_id, room.name AS room, s.name AS court, s.time_zone,
           ARRAY(SELECT r.name FROM unnest(m.people_ids) WITH ORDINALITY AS each (id, rank)
                 JOIN resource r ON r.id = each.id ORDER BY each.rank) AS people
    FROM meeting m JOIN site s ON s.id = m.site_id LEFT JOIN resource room ON room.id = m.room_id
    WHERE s.territory_id = ANY(:mine) AND m.called_off_at IS NULL AND m.ends_at > :now
      AND (CAST(:site_id AS bigint) IS NULL OR s.id = :site_id)
    ORDER BY m.starts_at, m.id LIMIT {MOST_SHOWN}""")  # noqa: S608 - constants only


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which possibility is taken, as it was listed."""

    start: datetime
    room_id: int | None = None
    video_id: int | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise InvalidRequest("start", "no-offset", start=self.start.isoformat())
        object.__setattr__(self, "start", self.start.astimezone(UTC))


@dataclass(frozen=True, kw_only=True)
class What:
    """What it is for: a hearing of a kind, for so many cases, or a meeting without any. Raises: InvalidRequest."""

    name: str
    kind_id: int | None = None
    max_cases: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", " ".join(readable("name", self.name).split()))
        if not self.name:
            raise InvalidRequest("name", "required")
        if len(self.name) > NAME_LENGTH:
            raise InvalidRequest("name", "too-long", most=NAME_LENGTH)
        if self.kind_id is not None and not 1 <= self.max_cases <= MOST_CASES:
            raise InvalidRequest("max_cases", "out-of-range", least=1, most=MOST_CASES)


@dataclass(frozen=True, kw_only=True)
class MeetingLine:
    """A meeting to come, as it is listed."""

    id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    hearing_id: int | None
    room: str | None
    court: str
    time_zone: str
    people: list[str]


def set_meeting(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    choice: Choice,
    what: What,
    *,
    now: datetime,
    meeting_id: UUID | None = None,
) -> Meeting:
    """Take a possibility: the time of everybody and of everything in it, and its hearing when it is one.

    `meeting_id` is its number, for a caller that deals them.
    Raises: NotFound, InvalidRequest, PeriodTaken with who is taken, LinksFull when the country carries no link more,
    NotOpen when the court does not sit then.
    """
    court = court_of(session, actor, wanted.site_id)
    kind = _kind(session, actor, court, what)
    _check_choice(wanted, choice)
    meeting = Meeting(
        id=meeting_id or uuid4(),
        site_id=court.id,
        name=what.name,
        starts_at=choice.start,
        ends_at=choice.start + wanted.length,
        people_ids=list(wanted.people),
        room_id=choice.room_id,
        video_ids=sorted(one for one in (choice.video_id, wanted.far_end_id) if one is not None),
        created_by=actor.account_id,
        created_at=now,
    )
    locked = lock(session, meeting.held_ids)
    _confirm(session, actor, court, wanted, choice, now=now)
    if kind is not None:
        meeting.hearing_id = _open_hearing(session, meeting, kind.id, what, max_minutes=wanted.minutes)
    session.add(meeting)
    session.flush()
    _hold(session, locked, meeting, now=now)
    _record(session, actor, "meeting-set", meeting, now)
    return meeting


def call_off(session: Session, actor: Actor, meeting_id: UUID, *, now: datetime) -> Meeting:
    """Give everybody their time back. Raises: NotFound, InvalidRequest when it has begun or its hearing has cases."""
    meeting = _own(session, actor, meeting_id)
    if meeting.called_off_at is not None:
        raise InvalidRequest("meeting", "changed-meanwhile")
    if meeting.starts_at <= now:
        raise InvalidRequest("meeting", "past")
    sitting = _sitting(_staffing_of(session, meeting))
    lock(session, [*meeting.held_ids, *_hearing_of(meeting), *sitting])
    staffing = _staffing_of(session, meeting)
    if _sitting(staffing) != sitting:  # somebody was quicker than the locks
        raise InvalidRequest("meeting", "changed-meanwhile")
    if meeting.hearing_id is not None:
        inside = session.execute(CASES, {"id": meeting.hearing_id, "now": now}).one()
        if inside.cases:
            raise InvalidRequest("meeting", "has-cases", cases=inside.cases)
        if staffing is not None:  # the meeting has their time, or somebody staffed it since
            release(session, Shape.SLOTS, sitting, staffing.id)
            session.delete(staffing)
        session.execute(SERVE, {"id": meeting.hearing_id, "on": False})
    release(session, Shape.SLOTS, meeting.held_ids, meeting.id)
    drop_link(session, meeting.id)
    meeting.called_off_at = now
    session.flush()
    _record(session, actor, "meeting-called-off", meeting, now)
    return meeting


def restore(session: Session, actor: Actor, meeting_id: UUID, *, now: datetime) -> Meeting:
    """Put a meeting back that was called off, if all are still free.

    Raises: as `call_off`; PeriodTaken, NotOpen, LinksFull.
    """
    meeting = _own(session, actor, meeting_id)
    if meeting.called_off_at is None:
        raise InvalidRequest("meeting", "nothing-to-undo")
    if meeting.starts_at <= now:
        raise InvalidRequest("meeting", "past")
    locked = lock(session, [*meeting.held_ids, *_hearing_of(meeting)])
    if meeting.hearing_id is not None:
        session.execute(SERVE, {"id": meeting.hearing_id, "on": True})
    _hold(session, locked, meeting, now=now)
    meeting.called_off_at = None
    _record(session, actor, "meeting-restored", meeting, now)
    return meeting


def meetings_of(session: Session, actor: Actor, site_id: int | None, *, now: datetime) -> list[MeetingLine]:
    """Return the meetings of the actor's courts that are not over, the soonest first; of one court when it is said."""
    asked = {"mine": sorted(actor.territories(SETTERS)), "site_id": site_id, "now": now}
    return [MeetingLine(**row._mapping) for row in session.execute(TO_COME, asked)]


def _confirm(session: Session, actor: Actor, court: Court, wanted: Wanted, choice: Choice, *, now: datetime) -> None:
    """Refuse what would not be listed now, the room and the unit being those chosen. The caller has locked them all."""
    day = local_day(choice.start, court.zone)
    that_day = replace(wanted, first_on=day, last_on=day)
    _, _, agendas = read_agendas(session, actor, that_day, now=now)
    agendas = replace(
        agendas,
        rooms={one: seats for one, seats in agendas.rooms.items() if one == choice.room_id},
        video={one: seats for one, seats in agendas.video.items() if one == choice.video_id},
    )
    if choice.start in free_starts(that_day, agendas):
        return
    if busy := busy_needs(that_day, agendas, choice.start):
        part, things = busy[0].part, {Part.ROOM: choice.room_id, Part.VIDEO: choice.video_id}
        if part is Part.NETWORK:
            raise LinksFull(most=ceiling(session).most, start=choice.start, end=choice.start + wanted.length)
        raise PeriodTaken(resource_id=busy[0].resource_id or things[part], start=choice.start, part=part)
    off = "past" if choice.start <= now else agendas.days_off.why(day)
    raise NotOpen(resource_id=choice.room_id, start=choice.start, why=off or "outside-hours")


def _check_choice(wanted: Wanted, choice: Choice) -> None:
    """Refuse a possibility without the room or the unit that is wanted, or with one that is not."""
    if (choice.room_id is not None) != (wanted.room is not RoomWish.NONE):
        raise InvalidRequest("room_id", "required" if choice.room_id is None else "unknown-choice")
    if (choice.video_id is not None) != (wanted.room is RoomWish.VIDEO):
        raise InvalidRequest("far_end_id", "both-ends")


def _kind(session: Session, actor: Actor, court: Court, what: What) -> Kind | None:
    if what.kind_id is None:
        return None
    kind = session.get(Kind, what.kind_id)
    if kind is None or kind.shape != Shape.SESSIONS or not kind.is_active:
        raise InvalidRequest("kind", "unknown-choice")
    if not may_set(actor, territory_id=court.territory_id, kind_id=kind.id):
        raise InvalidRequest("kind", "unknown-choice")
    return kind


def _open_hearing(session: Session, meeting: Meeting, kind_id: int, what: What, *, max_minutes: int) -> int:
    place = Resource(code=f"AUD-C-{meeting.id}", site_id=meeting.site_id, kind_id=kind_id, name=what.name)
    session.add(place)
    session.flush()
    hearing = HearingSession(
        resource_id=place.id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        max_cases=what.max_cases,
        max_minutes=max_minutes,
    )
    session.add(hearing)
    session.flush()
    return place.id


def _hold(session: Session, locked: dict[int, Locked], meeting: Meeting, *, now: datetime) -> None:
    """Take the time of all, who are locked, and a link of those that the country carries when both its ends are there.

    The exclusion constraint of `seat_time` is the last guard.
    """
    period = Period(meeting.starts_at, meeting.ends_at)
    claims = [TimeClaim(resource_id=one, period=period) for one in meeting.held_ids]
    take(session, locked, claims, Holder(id=meeting.id, now=now))
    if has_link(locked, meeting.video_ids):
        carry_link(session, meeting.id, period)
    if meeting.hearing_id is None or meeting.room_id is None:
        return
    bench = session.execute(BENCH, {"ids": meeting.people_ids}).one()
    if len(bench.judges or ()) == len(bench.clerks or ()) == 1:
        session.add(
            HearingStaffing(
                id=meeting.id,  # the time of the three is that of the meeting
                hearing_id=meeting.hearing_id,
                judge_id=bench.judges[0],
                clerk_id=bench.clerks[0],
                room_id=meeting.room_id,
                created_at=now,
            )
        )
        session.flush()


def _own(session: Session, actor: Actor, meeting_id: UUID) -> Meeting:
    meeting = session.get(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    if meeting is None:
        raise NotFound(meeting_id=meeting_id)
    court_of(session, actor, meeting.site_id)
    return meeting


def _staffing_of(session: Session, meeting: Meeting) -> HearingStaffing | None:
    """Return who holds its hearing as known now, if somebody does."""
    return None if meeting.hearing_id is None else staffing_of(session, meeting.hearing_id)


def _sitting(staffing: HearingStaffing | None) -> list[int]:
    return [] if staffing is None else [*people_of(sitting_of(staffing))]


def _hearing_of(meeting: Meeting) -> list[int]:
    return [meeting.hearing_id] if meeting.hearing_id is not None else []


def _record(session: Session, actor: Actor, act: str, meeting: Meeting, now: datetime) -> None:
    facts: dict[str, Any] = {
        "start": meeting.starts_at.isoformat(),
        "end": meeting.ends_at.isoformat(),
        "resource_ids": meeting.held_ids,
        "hearing_id": meeting.hearing_id,
    }
    record(session, actor, Act(act=act, subject="meeting", subject_id=meeting.id, at=now, facts=facts))
