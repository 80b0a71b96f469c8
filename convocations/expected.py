"""Who is expected at the hearings of a court, for its front desk: by the number or the name of a case, by the name of
who is in it, by that of their lawyer; and the way there, to print.

By a name alone, only of today and of the actor's own registry, who reads these lists anyway; nobody's name is said that
was not typed. Each case found is logged, as each convocation is (convocations/helping.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import readable
from availability.errors import NotFound
from availability.history import consulted
from availability.openings import A_DAY, instant_of
from availability.rights import Actor
from availability.sealing import House
from booking.day import time_zone_of, today_of
from booking.hearing_day_models import Stage
from booking.hearing_list import CaseOnList, HearingOnDay, hearings_on
from booking.models import State
from booking.persons import search_name_of
from booking.plans.hearings import PLANNERS
from booking.room_ways import ways_of
from convocations.helping import HELPERS

MOST = 20
LEAST_NUMBER = 3  # letters and figures: fewer would be in every number
# Names, as they are searched, of those who are in the cases of a day: whom they are for, and who assists them.
NAMES = text("""
    SELECT b.id, w.search_name AS name, '' AS counsel FROM booking b JOIN person w ON w.id = b.person_id
    WHERE b.id = ANY(:ids)
    UNION ALL
    SELECT b.id, '', p.name FROM booking b JOIN lawyer_case c ON c.case_ref = b.case_ref AND c.case_ref <> ''
    JOIN lawyer_profile p ON p.account_id = c.account_id
    WHERE b.id = ANY(:ids) AND c.ended_at IS NULL AND c.territory_id = :territory_id
    UNION ALL
    SELECT b.id, '', p.name FROM booking b JOIN lawyer_case c ON c.person_id = b.person_id
    JOIN lawyer_profile p ON p.account_id = c.account_id
    WHERE b.id = ANY(:ids) AND c.ended_at IS NULL AND c.territory_id = :territory_id ORDER BY 1, 3""")
LATER = text("""
    SELECT b.id, b.case_ref, k.label AS kind, k.id AS kind_id, h.starts_at, s.time_zone, s.name AS site, s.territory_id,
           f.room_id, coalesce(room.name, '') AS room
    FROM booking b JOIN hearing_session h ON h.resource_id = b.resource_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN resource room ON room.id = f.room_id
    WHERE b.case_ref = ANY(:refs) AND s.territory_id = :territory_id AND b.state = 'booked' AND h.starts_at >= :after
    ORDER BY h.starts_at, b.id LIMIT :most""")
WAY = text("""
    SELECT b.id, b.case_ref, b.state, b.kind_id, b.starts_at, k.label AS appointment, k.shape, s.territory_id,
           s.name AS site, s.address, s.postcode, s.commune, s.phone, s.time_zone, coalesce(room.name, '') AS room,
           coalesce(w.words, '') AS way
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN kind k ON k.id = r.kind_id
    JOIN site s ON s.id = r.site_id LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    LEFT JOIN resource room ON room.id = f.room_id LEFT JOIN room_way w ON w.room_id = room.id
    WHERE b.id = :id AND b.starts_at IS NOT NULL""")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A case of a hearing to come, or of today; `stage` and `expected_at` are of today only."""

    booking_id: UUID
    case_ref: str
    name: str  # of the case, empty when nobody gave one
    counsel: tuple[str, ...]
    kind: str
    site: str
    room: str
    way: str
    zone: ZoneInfo
    starts_at: datetime
    expected_at: datetime | None = None
    stage: Stage = Stage.WAITING
    moved_on: datetime | None = None
    was_missed: bool = False  # it was called, and nobody came


@dataclass(frozen=True, kw_only=True)
class WayThere:
    """Where and when somebody is expected, as it is printed: nobody's name is on it."""

    case_ref: str
    appointment: str
    is_hearing: bool
    starts_at: datetime
    zone: ZoneInfo
    site: str
    address: str
    phone: str
    room: str
    way: str


def find_expected(
    session: Session, actor: Actor, *, house: House, now: datetime, name: str = "", number: str = ""
) -> list[Expected]:
    """Return the cases that are meant: by a number, of today and later; by a name, of today. Each is logged.

    A name is that of a case, of somebody in it or of their lawyer, whole words in any order. Raises: InvalidRequest.
    """
    number = readable("number", number)
    found = _today(session, actor, house, now, words=search_name_of(name).split(), number=_bare(number))
    if number.strip() and actor.has(*PLANNERS):
        found += _later(session, actor, number, now)
    for one in found[:MOST]:
        consulted(session, actor, subject="booking", subject_id=one.booking_id, reason="front-desk", at=now)
    return found[:MOST]


def way_there(session: Session, actor: Actor, booking_id: UUID) -> WayThere:
    """Return where and when a booking is, for those who receive people there. Raises: NotFound."""
    row = session.execute(WAY, {"id": booking_id}).one_or_none()
    reached = row is not None and row.territory_id in actor.territories(HELPERS, kind_id=row.kind_id)
    if row is None or not reached or row.state != State.BOOKED:
        raise NotFound(booking_id=booking_id)
    town = " ".join(filter(None, (row.postcode, row.commune)))
    return WayThere(
        case_ref=row.case_ref,
        appointment=row.appointment,
        is_hearing=row.shape == "sessions",
        starts_at=row.starts_at,
        zone=ZoneInfo(row.time_zone),
        site=row.site,
        address=", ".join(filter(None, (row.address, town))),
        phone=row.phone,
        room=row.room,
        way=row.way,
    )


def _today(
    session: Session, actor: Actor, house: House, now: datetime, *, words: Sequence[str], number: str
) -> list[Expected]:
    if not words and len(number) < LEAST_NUMBER:
        return []
    day = today_of(session, actor, now=now)
    lines = [
        (hearing, case) for hearing in hearings_on(session, actor, day, house=house, now=now) for case in hearing.cases
    ]
    asked = {"ids": [case.booking_id for _, case in lines], "territory_id": actor.home_territory_id}
    named: dict[UUID, list[str]] = defaultdict(list)
    counsel: dict[UUID, list[str]] = defaultdict(list)
    for row in session.execute(NAMES, asked):
        named[row.id].append(row.name or search_name_of(row.counsel))
        counsel[row.id] += [row.counsel] if row.counsel and row.counsel not in counsel[row.id] else []
    ways = ways_of(session, (hearing.room_id for hearing, _ in lines if hearing.room_id))
    return [
        _expected(hearing, case, tuple(counsel[case.booking_id]), ways)
        for hearing, case in lines
        if (number and _bare(case.case_ref).endswith(number))
        or (words and any(_holds(said, words) for said in (search_name_of(case.name), *named[case.booking_id])))
    ]


def _later(session: Session, actor: Actor, number: str, now: datetime) -> list[Expected]:
    zone = ZoneInfo(time_zone_of(session, actor))
    typed = " ".join(number.split())
    bare = typed.upper().removeprefix("RG").strip()
    asked = {
        "refs": sorted({typed, typed.upper(), bare, f"RG {bare}"}),
        "territory_id": actor.home_territory_id,
        "after": instant_of(today_of(session, actor, now=now) + A_DAY, time(), zone),
        "most": MOST,
    }
    rows = session.execute(LATER, asked).all()
    ways = ways_of(session, (row.room_id for row in rows if row.room_id))
    return [
        Expected(
            booking_id=row.id,
            case_ref=row.case_ref,
            name="",
            counsel=(),
            kind=row.kind,
            site=row.site,
            room=row.room,
            way=ways.get(row.room_id, ""),
            zone=ZoneInfo(row.time_zone),
            starts_at=row.starts_at,
        )
        for row in rows
        if row.territory_id in actor.territories(PLANNERS, kind_id=row.kind_id)
    ]


def _expected(hearing: HearingOnDay, case: CaseOnList, counsel: tuple[str, ...], ways: dict[int, str]) -> Expected:
    return Expected(
        booking_id=case.booking_id,
        case_ref=case.case_ref,
        name=case.name,
        counsel=counsel,
        kind=hearing.kind,
        site=hearing.site,
        room=hearing.room,
        way=ways.get(hearing.room_id or 0, ""),
        zone=hearing.zone,
        starts_at=hearing.starts_at,
        expected_at=None if case.is_over else case.expected_at,
        stage=case.stage,
        moved_on=case.moved_on,
        was_missed=case.stage is Stage.DONE and case.state is State.MISSED,
    )


def _holds(said: str, words: Sequence[str]) -> bool:
    return set(words) <= set(said.split())


def _bare(number: str) -> str:
    """Return the letters and the figures of a number: how it is spaced and cut is nobody's to remember."""
    return "".join(letter for letter in number.upper() if letter.isalnum()).removeprefix("RG")
