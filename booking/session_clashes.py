"""What stands in the way of a hearing session that would go elsewhere, and what one should know of it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import NotFound, Refusal
from availability.models import HearingSession, Kind
from availability.openings import A_DAY, Off, instant_of, local_day
from availability.periods import Period
from availability.rights import Actor
from booking.court_calendar import Staff, days_off, staff_of
from booking.hearing_template_models import TemplateSession
from booking.hearing_template_spec import HELD_WITH
from booking.lawyer_away import lawyers_not_free
from booking.plans.hearings import check_planner
from booking.plans.models import HearingStaffing

HELD_NOW = text("SELECT max(expires_at) FROM session_case WHERE resource_id = :hearing_id AND expires_at > :now")
# A common date holds more than a judge, a clerk and a room, who would stay behind: it is called off, and sought again.
COMMON_DATE = text("SELECT 1 FROM meeting WHERE hearing_id = :hearing_id AND called_off_at IS NULL")
PLACE = text("""
    SELECT r.id, r.name, r.kind_id, r.is_active, s.id AS site_id, s.territory_id, s.time_zone,
           coalesce(t.sits_in_recess, false) AS sits_in_recess, coalesce(t.sits_on_holidays, false) AS sits_on_holidays
    FROM resource r JOIN site s ON s.id = r.site_id LEFT JOIN template_session o ON o.resource_id = r.id
    LEFT JOIN hearing_template t ON t.id = o.template_id WHERE r.id = :id""")
# Who and what is not free then, and for which other session when it is one.
BUSY = text("""
    SELECT z.resource_id, 'taken' AS why, coalesce(r.name, '') AS what, coalesce(h.starts_at, lower(z.during)) AS at
    FROM seat_time z LEFT JOIN hearing_staffing f ON f.id = z.holder_id
    LEFT JOIN template_session o ON o.holder_id = z.holder_id
    LEFT JOIN resource r ON r.id = coalesce(f.hearing_id, o.resource_id)
    LEFT JOIN hearing_session h ON h.resource_id = r.id
    WHERE z.resource_id = ANY(:ids) AND z.during && tstzrange(:start, :end) AND z.holder_id <> ALL(:ours)
      AND (z.expires_at IS NULL OR z.expires_at > :now)
      AND (SELECT capacity FROM resource WHERE id = z.resource_id) <= (
          SELECT count(DISTINCT y.seat) FROM seat_time y
          WHERE y.resource_id = z.resource_id AND y.during && tstzrange(:start, :end) AND y.holder_id <> ALL(:ours)
            AND (y.expires_at IS NULL OR y.expires_at > :now))
    UNION ALL
    SELECT c.resource_id, 'away', c.reason, NULL FROM closure c
    WHERE c.resource_id = ANY(:with_hearing) AND c.days && daterange(:first, :last, '[]')
    UNION ALL
    SELECT a.resource_id, 'away', '', NULL FROM absence a
    WHERE a.resource_id = ANY(:ids) AND a.during && tstzrange(:start, :end)
    UNION ALL
    SELECT r.id, 'site-closed', c.reason, NULL FROM closure c JOIN resource r ON r.site_id = c.site_id
    WHERE r.id = ANY(:with_hearing) AND c.days && daterange(:first, :last, '[]')
    ORDER BY 1, 2""")
# What is said of the cases: those that may not be heard then or by that judge, people who are expected elsewhere.
OF_CASES = text("""
    SELECT count(*) AS cases, coalesce(sum(b.minutes), 0) AS minutes, count(DISTINCT b.person_id) AS people,
           count(*) FILTER (WHERE w.ready_on > :day) AS too_soon,
           count(*) FILTER (WHERE w.deadline_on < :day) AS too_late,
           count(*) FILTER (WHERE CAST(:judge AS bigint) = ANY(w.refused_judges)) AS refused,
           count(DISTINCT b.person_id) FILTER (WHERE EXISTS (
               SELECT FROM booking e WHERE e.person_id = b.person_id AND e.id <> b.id AND e.resource_id <> :hearing_id
                 AND e.state IN ('requested', 'booked') AND e.starts_at < :end AND e.ends_at > :start)) AS elsewhere,
           count(*) FILTER (WHERE EXISTS (SELECT FROM double_convocation d WHERE d.hearing_id = b.id
                            AND d.cancelled_at IS NULL AND d.meeting_ends_at >= :start)) AS before_meeting
    FROM booking b LEFT JOIN waiting_case w ON w.booking_id = b.id
    WHERE b.resource_id = :hearing_id AND b.state = 'booked'""")
# Who is told, and how: a number that receives messages and was not refused; else somebody has to.
TOLD = text("""
    SELECT count(DISTINCT b.person_id) FILTER (WHERE c.id IS NOT NULL AND t.id IS NOT NULL AND t.refused_at IS NULL)
             AS by_sms,
           count(DISTINCT b.person_id) FILTER (WHERE c.id IS NULL OR t.id IS NULL OR t.refused_at IS NOT NULL)
             AS otherwise
    FROM booking b LEFT JOIN convocation c ON c.booking_id = b.id AND c.standing = 'set'
    LEFT JOIN person_phone t ON t.person_id = b.person_id AND t.is_for_messages
    WHERE b.resource_id = :hearing_id AND b.state = 'booked' AND b.person_id IS NOT NULL""")
WITH_IT = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id
    WHERE r.id = ANY(:ids) AND k.code = ANY(:codes) ORDER BY r.id""")


@dataclass(frozen=True, kw_only=True)
class Seating:
    """Where and when a session is, in wall time, and by whom it is held.

    `is_staffed`: a judge, a clerk and a room hold it; else its template keeps `held_ids` for it, if it has one.
    """

    day: date
    starts: time
    judge_id: int | None = None
    clerk_id: int | None = None
    room_id: int | None = None
    panel: tuple[int, ...] = ()  # the judges beside the first
    prosecutor_id: int | None = None
    is_staffed: bool = False
    from_template: bool = False
    held_ids: tuple[int, ...] = ()
    by_hand: bool = False


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Something that stands in the way, or that one should know of; `at` and `what` of the other session if one is."""

    code: str
    resource_id: int | None = None
    what: str = ""
    at: datetime | None = None
    count: int = 0
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class Entailed:
    """What a move entails. `digest` tells whether what was shown is still so."""

    name: str
    zone: ZoneInfo
    before: Seating
    after: Seating
    period: Period  # after
    cases: int
    minutes: int
    people: int
    by_sms: int
    otherwise: int
    blocking: tuple[Clash, ...] = ()
    warnings: tuple[Clash, ...] = ()
    digest: str = ""

    @property
    def is_carried(self) -> bool:
        """Say whether the session has another hour, and its cases with it."""
        return (self.before.day, self.before.starts) != (self.after.day, self.after.starts)


def seating_of(session: Session, hearing_id: int) -> Seating:
    """Return where and when a session is. Raises: NotFound."""
    place = session.execute(PLACE, {"id": hearing_id}).one_or_none()
    hearing = session.get(HearingSession, hearing_id, populate_existing=True)
    if place is None or hearing is None:
        raise NotFound(resource_id=hearing_id)
    local = hearing.starts_at.astimezone(ZoneInfo(place.time_zone))
    kept = session.get(TemplateSession, hearing_id, populate_existing=True)
    staffing = staffing_of(session, hearing_id)
    seating = Seating(
        day=local.date(),
        starts=local.time(),
        from_template=kept is not None,
        held_ids=tuple(kept.held_ids) if kept else (),
        by_hand=kept.by_hand if kept else False,
    )
    if staffing is None:
        return seating
    return replace(
        seating,
        judge_id=staffing.judge_id,
        clerk_id=staffing.clerk_id,
        room_id=staffing.room_id,
        panel=tuple(staffing.panel),
        prosecutor_id=staffing.prosecutor_id,
        is_staffed=True,
    )


def wanted_from(
    before: Seating,
    staff: Staff,
    *,
    day: date,
    starts: time,
    room_id: int | None = None,
    judge_id: int | None = None,
    clerk_id: int | None = None,
) -> Seating:
    """Return the seating that a form or a drag asks for: who is not named stays, and a judge comes with their clerk.

    Once a judge, a clerk and a room are known, they hold the session; before, its template keeps whom it knows. Pure.
    """
    named = {
        "judge": (judge_id, before.judge_id or staff.among(before.held_ids, staff.judges)),
        "clerk": (clerk_id, before.clerk_id or staff.among(before.held_ids, staff.clerks)),
        "room": (room_id, before.room_id or staff.among(before.held_ids, staff.rooms)),
    }
    chosen = {name: one or was for name, (one, was) in named.items()}
    if judge_id is not None and clerk_id is None and judge_id != named["judge"][1]:
        chosen["clerk"] = staff.clerk_of.get(judge_id, chosen["clerk"])
    held = before.held_ids
    for name, (_, was) in named.items():
        if (one := chosen[name]) is not None and before.from_template and not before.is_staffed and one not in held:
            held = tuple(sorted({*(each for each in held if each != was), one}))
    return Seating(
        day=day,
        starts=starts,
        judge_id=chosen["judge"],
        clerk_id=chosen["clerk"],
        room_id=chosen["room"],
        panel=tuple(before.judge_id or one if one == chosen["judge"] else one for one in before.panel),
        prosecutor_id=before.prosecutor_id,
        is_staffed=before.is_staffed or (_is_given(before, judge_id, room_id) and None not in chosen.values()),
        from_template=before.from_template,
        held_ids=held,
        by_hand=True,
    )


def _is_given(before: Seating, judge_id: int | None, room_id: int | None) -> bool:
    """Say whether somebody or a room is named that the session has not: it is staffed by hand."""
    return (judge_id is not None and judge_id not in before.held_ids) or (
        room_id is not None and room_id not in before.held_ids
    )


def look_at(
    session: Session, actor: Actor, hearing_id: int, wanted: Seating, *, now: datetime, is_undo: bool = False
) -> Entailed:
    """Return what a move entails as far as reading tells. Raises: NotFound, NotAllowed."""
    place = session.execute(PLACE, {"id": hearing_id}).one_or_none()
    if place is None or not place.is_active:
        raise NotFound(resource_id=hearing_id)
    check_planner(actor, territory_id=place.territory_id, kind_id=place.kind_id)
    hearing = session.get_one(HearingSession, hearing_id, populate_existing=True)
    zone, before = ZoneInfo(place.time_zone), seating_of(session, hearing_id)
    start = instant_of(wanted.day, wanted.starts, zone)
    period = Period(start, start + (hearing.ends_at - hearing.starts_at))
    asked = {
        "hearing_id": hearing_id,
        "day": wanted.day,
        "judge": wanted.judge_id,
        "start": period.start,
        "end": period.end,
    }
    cases = session.execute(OF_CASES, asked).one()
    told = session.execute(TOLD, {"hearing_id": hearing_id}).one()
    staff = staff_of(session, actor)
    found = Entailed(
        name=place.name,
        zone=zone,
        before=before,
        after=wanted,
        period=period,
        cases=cases.cases,
        minutes=int(cases.minutes),
        people=cases.people,
        by_sms=told.by_sms,
        otherwise=told.otherwise,
    )
    blocking = [
        *_impossible(session, found, hearing, place, cases, now=now),
        *_unknown(found, staff),
        *([] if is_undo else _not_free(session, hearing_id, found, now=now)),
    ]
    warnings = _to_know(session, actor, found, place, cases, now=now)
    digest = repr((before, wanted, cases.cases, cases.people, [(one.code, one.count, one.what) for one in warnings]))
    return replace(found, blocking=tuple(blocking), warnings=tuple(warnings), digest=digest)


def _impossible(
    session: Session, found: Entailed, hearing: HearingSession, place: Any, cases: Any, *, now: datetime
) -> list[Clash]:
    kind = session.get_one(Kind, place.kind_id)
    clashes = []
    if hearing.starts_at <= now:
        clashes.append(Clash(code="begun"))
    if not found.is_carried:
        return clashes
    if session.execute(COMMON_DATE, {"hearing_id": place.id}).first():
        clashes.append(Clash(code="common-date"))
    if found.period.start <= now:
        clashes.append(Clash(code="past"))
    furthest = local_day(now, found.zone) + timedelta(days=kind.max_ahead_days)
    if found.after.day > furthest and found.after.day > found.before.day:
        clashes.append(Clash(code="too-far", count=kind.max_ahead_days))
    held_until = session.execute(HELD_NOW, {"hearing_id": place.id, "now": now}).scalar()
    if held_until is not None:
        clashes.append(Clash(code="being-reserved", at=held_until))
    if cases.before_meeting:
        clashes.append(Clash(code="before-meeting", count=cases.before_meeting))
    return clashes


def _unknown(found: Entailed, staff: Staff) -> list[Clash]:
    """Return what is named and is not of this court, and what is missing for the session to be held so."""
    after, before = found.after, found.before
    groups = (
        (after.judge_id, staff.judges),
        (after.clerk_id, staff.clerks),
        (after.room_id, staff.rooms),
        *((one, staff.judges) for one in after.panel),
    )
    clashes = [Clash(code="unknown", resource_id=one) for one, group in groups if one is not None and one not in group]
    names = {"judge": after.judge_id, "clerk": after.clerk_id, "room": after.room_id}
    if after.is_staffed and None in names.values():
        clashes.append(Clash(code="not-whole"))
    elif not after.is_staffed and not before.is_staffed:
        new = {one for one in names.values() if one is not None} - {*after.held_ids}
        if new and not after.from_template:
            clashes.append(Clash(code="not-whole"))
    return clashes


def _not_free(session: Session, hearing_id: int, found: Entailed, *, now: datetime) -> list[Clash]:
    had = needed_by(session, found.before) if not found.is_carried else set()  # what they have is theirs
    ids = sorted(needed_by(session, found.after) - had)
    ours = [one for one in (_holder_ids(session, hearing_id)) if one is not None]
    asked = {
        "ids": ids,
        "with_hearing": [*ids, hearing_id] if found.is_carried else ids,
        "start": found.period.start,
        "end": found.period.end,
        "first": found.after.day,
        "last": local_day(found.period.end - timedelta(microseconds=1), found.zone),
        "ours": ours or [uuid4()],
        "now": now,
    }
    rows = session.execute(BUSY, asked).all()
    clashes = [Clash(code=row.why, resource_id=row.resource_id, what=row.what, at=row.at) for row in rows]
    sites = [one for one in clashes if one.code == "site-closed"]
    return [one for one in clashes if one.code != "site-closed"] + sites[:1]


def _to_know(session: Session, actor: Actor, found: Entailed, place: Any, cases: Any, *, now: datetime) -> list[Clash]:
    day = found.after.day
    off = days_off(session, actor, day, day + A_DAY).get(day)
    waived = {Off.RECESS: place.sits_in_recess, Off.HOLIDAY: place.sits_on_holidays, Off.WEEKEND: True}
    is_off = off is not None and off is not Off.CLOSED and not waived.get(off)
    clashes = [Clash(code=f"off-{off}")] if is_off and found.is_carried else []
    kind = session.get_one(Kind, place.kind_id)
    if cases.cases and found.is_carried and day < local_day(now, found.zone) + timedelta(days=kind.min_notice_days):
        clashes.append(Clash(code="short-notice", count=kind.min_notice_days))
    counted = {"judge-refused": cases.refused}
    if found.is_carried:
        counted |= {"too-soon": cases.too_soon, "too-late": cases.too_late, "people-elsewhere": cases.elsewhere}
    clashes += [Clash(code=code, count=count) for code, count in counted.items() if count]
    if found.is_carried:
        lawyers = lawyers_not_free(session, place.id, day=day, period=found.period)
        clashes += [
            Clash(code="lawyer-away", what=one.name)
            if one.is_away
            else Clash(code="lawyer-elsewhere", what=one.name, at=one.at)
            for one in lawyers
        ]
    return clashes


def needed_by(session: Session, after: Seating) -> set[int]:
    """Return whose time a seating takes."""
    if not after.is_staffed:
        return {*after.held_ids}
    return {*seats_of(after)} | {*held_with(session, after.held_ids)}


def held_with(session: Session, ids: Iterable[int]) -> Sequence[int]:
    return session.execute(WITH_IT, {"ids": list(ids), "codes": list(HELD_WITH)}).scalars().all()


def people_of(seating: Seating) -> set[int]:
    return {*seats_of(seating)} | {*seating.held_ids}


def seats_of(seating: Seating) -> list[int]:
    """Return whose time a session takes once it is staffed. Pure."""
    named = (seating.judge_id, seating.clerk_id, seating.room_id, *seating.panel, seating.prosecutor_id)
    return [one for one in named if one is not None]


def staffing_of(session: Session, hearing_id: int) -> HearingStaffing | None:
    chosen = select(HearingStaffing).where(col(HearingStaffing.hearing_id) == hearing_id)
    return session.exec(chosen.execution_options(populate_existing=True)).one_or_none()


def _holder_ids(session: Session, hearing_id: int) -> tuple[UUID | None, UUID | None]:
    staffing, kept = staffing_of(session, hearing_id), session.get(TemplateSession, hearing_id)
    return staffing.id if staffing else None, kept.holder_id if kept else None
