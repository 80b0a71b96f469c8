"""The list of a hearing on its day: its cases in order, where each stands, and when each should begin. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Actor
from availability.sealing import House, Unreadable, unseal
from booking.hearing_day_models import Stage
from booking.models import State
from booking.plans.hearings import PLANNERS, check_planner

CASE_NAMES = "case-names"  # what the names of cases are sealed for
A_DAY = timedelta(days=1)

# One that falls on a closure is not held.
_HEARING = """
    SELECT r.id, r.name, r.kind_id, k.label AS kind, s.territory_id, s.name AS site, s.time_zone, h.starts_at,
           h.ends_at, h.max_cases, h.max_minutes, f.room_id, room.name AS room, judge.name AS judge,
           clerk.name AS clerk
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = r.kind_id LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    LEFT JOIN resource room ON room.id = f.room_id LEFT JOIN resource judge ON judge.id = f.judge_id
    LEFT JOIN resource clerk ON clerk.id = f.clerk_id
    WHERE r.is_active
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date))"""
HEARING = text(f"{_HEARING} AND r.id = :hearing_id")
OF_DAY = text(f"""{_HEARING}
      AND s.territory_id = :territory_id AND h.starts_at >= :after AND h.starts_at < :before
      AND CAST(h.starts_at AT TIME ZONE s.time_zone AS date) = :day
    ORDER BY h.starts_at, room.name NULLS LAST, r.name, r.id""")
# Those that are there, and those that were postponed that day, whose bookings are elsewhere now.
LINES = text("""
    SELECT b.id, b.resource_id = x.hearing_id AS is_there, x.hearing_id, b.case_ref, b.minutes, b.family, b.state,
           EXISTS (SELECT FROM convocation v WHERE v.booking_id = b.id AND v.standing <> 'withdrawn') AS is_convened,
           b.person_id IS NOT NULL AS is_somebody, c.stage, c.called_at, c.began_at, c.ended_at, c.name_sealed,
           later.starts_at AS moved_on, following.starts_at AS next_on,
           EXISTS (SELECT FROM lawyer_case l WHERE l.case_ref = b.case_ref AND l.case_ref <> '' AND l.ended_at IS NULL
                   AND l.territory_id = s.territory_id)
             OR EXISTS (SELECT FROM lawyer_case l WHERE l.person_id = b.person_id AND l.ended_at IS NULL
                        AND l.territory_id = s.territory_id) AS has_counsel
    FROM (SELECT id AS booking_id, resource_id AS hearing_id FROM booking
          WHERE resource_id = ANY(:ids) AND state IN ('booked', 'honoured', 'missed')
          UNION SELECT booking_id, hearing_id FROM case_call WHERE hearing_id = ANY(:ids) AND stage = 'postponed') x
    JOIN booking b ON b.id = x.booking_id
    LEFT JOIN case_call c ON c.booking_id = x.booking_id AND c.hearing_id = x.hearing_id
    LEFT JOIN hearing_session later ON later.resource_id = c.moved_to
    LEFT JOIN booking following ON following.id = c.next_booking_id AND following.state = 'booked'
    JOIN resource r ON r.id = x.hearing_id JOIN site s ON s.id = r.site_id
    ORDER BY x.hearing_id, c.rank NULLS LAST, b.created_at, b.id""")
NEXT_DAY = text("""
    SELECT CAST(min(h.starts_at) AT TIME ZONE min(s.time_zone) AS date)
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    WHERE s.territory_id = :territory_id AND r.kind_id = ANY(:kinds) AND r.is_active AND h.starts_at >= :after""")


@dataclass(frozen=True, kw_only=True)
class CaseOnList:
    """A case of a hearing. `expected_at` is when it began, or when it should."""

    booking_id: UUID
    rank: int  # from 1
    case_ref: str
    name: str  # of the case, empty when nobody gave one
    minutes: int
    family: str
    stage: Stage
    state: State
    called_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    moved_on: datetime | None = None
    next_on: datetime | None = None  # when it goes on, if that was fixed as it ended
    has_counsel: bool = False  # lawyers assist in it, who are told of its moves
    is_somebody: bool = False  # it is for a person with a file
    is_convened: bool = False  # who was convened to it, and is told of its moves
    expected_at: datetime

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is expected of it that day."""
        return self.stage in (Stage.DONE, Stage.POSTPONED)


@dataclass(frozen=True, kw_only=True)
class HearingOnDay:
    """A hearing of a day, with its list. Empty names: nobody holds it yet, or it has no room."""

    id: int
    name: str
    kind_id: int
    kind: str
    territory_id: int
    site: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    max_cases: int
    max_minutes: int
    room_id: int | None
    room: str
    judge: str
    clerk: str
    cases: tuple[CaseOnList, ...] = ()


def hearings_on(session: Session, actor: Actor, day: date, *, house: House, now: datetime) -> list[HearingOnDay]:
    """Return the hearings of a civil day that the actor's registry holds, each with its list."""
    found = court_day(session, actor.home_territory_id, day, house=house, now=now)
    return [one for one in found if one.territory_id in actor.territories(PLANNERS, kind_id=one.kind_id)]


def hearing_list(session: Session, actor: Actor, hearing_id: int, *, house: House, now: datetime) -> HearingOnDay:
    """Return a hearing with its list. Raises: NotFound, NotAllowed."""
    row = session.execute(HEARING, {"hearing_id": hearing_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=hearing_id)
    check_planner(actor, territory_id=row.territory_id, kind_id=row.kind_id)
    return _with_lists(session, [_hearing(row)], house, now)[0]


def court_day(session: Session, territory_id: int, day: date, *, house: House, now: datetime) -> list[HearingOnDay]:
    """Return the hearings of a court on a civil day, whoever asks: what a screen of that court is made of."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    around = {"after": midnight - A_DAY, "before": midnight + 2 * A_DAY}  # wherever the court is
    rows = session.execute(OF_DAY, {"territory_id": territory_id, "day": day} | around)
    return _with_lists(session, [_hearing(row) for row in rows], house, now)


def next_day_with_hearings(session: Session, territory_id: int, kinds: Sequence[int], after: datetime) -> date | None:
    """Return the civil day of the first hearing of these kinds that begins at or after an instant."""
    asked = {"territory_id": territory_id, "kinds": list(kinds), "after": after}
    return session.execute(NEXT_DAY, asked).scalar()


def expected(cases: Iterable[CaseOnList], starts_at: datetime, now: datetime) -> list[CaseOnList]:
    """Return the cases with when each began or should begin: one after the other, none in the past.

    A case takes the minutes that it was given; one that is being heard for longer ends now.
    """
    cases = list(cases)
    free_at = max([starts_at, now, *(_ends(one, now) for one in cases if one.stage is Stage.RUNNING)])
    timed = []
    for case in cases:
        at = case.began_at or case.ended_at if case.is_over or case.stage is Stage.RUNNING else None
        timed.append(replace(case, expected_at=at or free_at))
        if at is None:
            free_at += timedelta(minutes=case.minutes)
    return timed


def _ends(running: CaseOnList, now: datetime) -> datetime:
    return max((running.began_at or now) + timedelta(minutes=running.minutes), now)


def _with_lists(session: Session, hearings: Sequence[HearingOnDay], house: House, now: datetime) -> list[HearingOnDay]:
    key = house.derived(CASE_NAMES)
    lists: dict[int, list[CaseOnList]] = {one.id: [] for one in hearings}
    for row in session.execute(LINES, {"ids": list(lists)}):
        there = lists[row.hearing_id]
        there.append(_case(row, len(there) + 1, key, now))
    return [replace(one, cases=tuple(expected(lists[one.id], one.starts_at, now))) for one in hearings]


def _hearing(row: Any) -> HearingOnDay:
    return HearingOnDay(
        id=row.id,
        name=row.name,
        kind_id=row.kind_id,
        kind=row.kind,
        territory_id=row.territory_id,
        site=row.site,
        zone=ZoneInfo(row.time_zone),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        max_cases=row.max_cases,
        max_minutes=row.max_minutes,
        room_id=row.room_id,
        room=row.room or "",
        judge=row.judge or "",
        clerk=row.clerk or "",
    )


def _case(row: Any, rank: int, key: bytes, now: datetime) -> CaseOnList:
    state = State(row.state)
    stage = Stage(row.stage or Stage.WAITING)
    if row.is_there and state is not State.BOOKED:
        stage = Stage.DONE  # its outcome was noted elsewhere
    elif row.is_there and stage in (Stage.POSTPONED, Stage.DONE):
        stage = Stage.WAITING  # it came back by another way, or its outcome was taken back
    return CaseOnList(
        booking_id=row.id,
        rank=rank,
        case_ref=row.case_ref,
        name=_name(row.name_sealed, key),
        minutes=row.minutes or 0,
        family=row.family,
        stage=stage,
        state=state,
        called_at=row.called_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        moved_on=row.moved_on,
        next_on=row.next_on,
        has_counsel=row.has_counsel,
        is_somebody=row.is_somebody,
        is_convened=row.is_convened,
        expected_at=now,
    )


def _name(sealed: bytes | None, key: bytes) -> str:
    """Return the name of a case; sealed by another house, it is as if it had none."""
    try:
        return unseal(key, sealed) if sealed else ""
    except Unreadable:
        return ""
