"""The sessions of a template, written for the months ahead: by the clock each night, and at once when one is saved.

What is written is brought to what the template says, so that doing it twice changes nothing. A session that holds
cases, that somebody staffed or that was changed by hand is never touched: it is kept, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, Locked, lock, release, take, tell
from availability.claims import TimeClaim
from availability.days_off import days_off_of
from availability.errors import NotFound, Refusal
from availability.models import Resource, Shape, Site
from availability.openings import DaysOff, Rule
from availability.periods import Period
from booking.hearing_blocked import Blocked, Wanted, has_link, in_the_way
from booking.hearing_reach import Within, reach_of, tomorrow_of
from booking.hearing_template_models import HearingTemplate
from booking.hearing_template_spec import HELD_WITH, Due, due_sessions
from booking.video_links import carry_link, drop_link

# A session holds its room as the same holder whenever it is written again.
NAMESPACE = UUID("6f1d1a54-5a0e-4c3b-9c65-0f9c8a3b2d11")

# One that was taken back or is over may have left sessions with cases: the night withdraws those that are empty since.
TO_OPEN = text("""
    SELECT t.id FROM hearing_template t WHERE t.is_active OR EXISTS (
      SELECT FROM template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active
      JOIN hearing_session h ON h.resource_id = o.resource_id WHERE o.template_id = t.id AND h.starts_at > :now)
    ORDER BY t.id""")
OUT_OF_RECESS = text("""
    SELECT t.id FROM hearing_template t JOIN site s ON s.id = t.site_id
    WHERE s.territory_id = ANY(:court_ids) AND t.is_active AND NOT t.sits_in_recess
      AND (t.valid_until IS NULL OR t.valid_until > :today) ORDER BY t.id""")
LOCK_LINE = text("SELECT id FROM hearing_template WHERE id = :id FOR UPDATE")
# What closes whole days there: the room's closures, the site's, holidays of the territory and recess of the court.
RULED = text("""
    SELECT coalesce(t.room_id, 0) AS id, t.site_id, s.time_zone, s.holiday_zone,
           t.sits_on_holidays AS ignores_holidays, true AS ignores_weekends,
           CASE WHEN NOT t.sits_in_recess THEN s.territory_id END AS recess_of
    FROM hearing_template t JOIN site s ON s.id = t.site_id WHERE t.id = :id""")
WRITTEN = text("""
    SELECT o.resource_id, o.on_day, o.by_hand, o.holder_id, o.held_ids, r.is_active, h.starts_at, h.ends_at
    FROM template_session o JOIN resource r ON r.id = o.resource_id
    JOIN hearing_session h ON h.resource_id = o.resource_id
    WHERE o.template_id = :id AND o.on_day >= :first AND (CAST(:until AS date) IS NULL OR o.on_day < :until)
    ORDER BY o.on_day""")
OF_LINE = text("""
    SELECT o.on_day FROM template_session o JOIN hearing_template t ON t.id = o.template_id
    JOIN resource r ON r.id = o.resource_id
    WHERE coalesce(t.line_id, t.id) = :line AND t.id <> :id AND r.is_active AND o.on_day >= :first""")
KEPT = text("""
    SELECT o.holder_id, o.held_ids, h.starts_at, h.ends_at
    FROM template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active
    JOIN hearing_session h ON h.resource_id = o.resource_id
    WHERE o.resource_id = :id AND o.held_ids <> '{}'""")
WITH_IT = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id
    WHERE r.id = ANY(:ids) AND k.code = ANY(:codes) ORDER BY r.id""")
IN_THEM = text("""
    SELECT r.id, (SELECT count(*) FROM session_case c
                  WHERE c.resource_id = r.id AND (c.expires_at IS NULL OR c.expires_at > :now)) AS cases,
           EXISTS (SELECT FROM hearing_staffing f WHERE f.hearing_id = r.id) AS is_staffed,
           (SELECT count(*) = max(cardinality(o.held_ids)) FROM template_session o
            JOIN seat_time t ON t.holder_id = o.holder_id WHERE o.resource_id = r.id) IS TRUE AS is_held
    FROM resource r WHERE r.id = ANY(:ids)""")
ADD_HEARING = text("""
    INSERT INTO hearing_session (resource_id, starts_at, ends_at, max_cases, max_minutes, quotas, last_take_on)
    SELECT :resource_id, :start, :end, t.max_cases, t.max_minutes, t.quotas, :last
    FROM hearing_template t WHERE t.id = :id
    ON CONFLICT (resource_id) DO UPDATE SET (starts_at, ends_at, max_cases, max_minutes, quotas, last_take_on)
      = (excluded.starts_at, excluded.ends_at, excluded.max_cases, excluded.max_minutes, excluded.quotas,
         excluded.last_take_on)""")
ADD_SESSION = text("""
    INSERT INTO template_session (resource_id, template_id, on_day, holder_id, held_ids, by_hand)
    VALUES (:resource_id, :id, :day, :holder_id, CAST(:held AS bigint[]), false)
    ON CONFLICT (resource_id) DO UPDATE SET held_ids = excluded.held_ids, by_hand = false""")
SERVE = text("UPDATE resource SET is_active = :on, name = coalesce(:name, name) WHERE id = :id")
MOST_LOOKED_AT = 8  # days that could not be opened for which another hour is looked for: as many as are told


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A session that a template no longer opens, and that stays: it holds cases, a judge, or somebody's hand."""

    resource_id: int
    day: date
    cases: int


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What changed, by day. `kept` and `blocked` are told each time."""

    made: tuple[date, ...] = ()
    withdrawn: tuple[date, ...] = ()
    kept: tuple[Kept, ...] = ()
    blocked: tuple[Blocked, ...] = ()

    def __add__(self, other: Generated) -> Generated:
        """Return what two templates of one line changed."""
        return Generated(
            made=tuple(sorted((*self.made, *other.made))),
            withdrawn=tuple(sorted((*self.withdrawn, *other.withdrawn))),
            kept=tuple(sorted((*self.kept, *other.kept), key=lambda one: one.day)),
            blocked=tuple(sorted((*self.blocked, *other.blocked), key=lambda one: one.day)),
        )


def templates_to_open(session: Session, *, now: datetime) -> list[int]:
    """Return the templates whose sessions the clock writes."""
    return list(session.execute(TO_OPEN, {"now": now}).scalars())


def templates_out_of_recess(session: Session, court_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Return the templates of some courts whose sessions follow their days of recess."""
    asked = {"court_ids": list(court_ids), "today": now.date()}
    return list(session.execute(OUT_OF_RECESS, asked).scalars())


def lock_line(session: Session, template_id: int) -> HearingTemplate:
    """Return a template that nobody else can change, nor any other of its line, until the end of the transaction.

    Raises: NotFound.
    """
    template = session.get(HearingTemplate, template_id)
    if template is None:
        raise NotFound(template_id=template_id)
    session.execute(LOCK_LINE, {"id": template.line_id or template.id})
    session.refresh(template)
    return template


def lock_sessions(session: Session, *templates: HearingTemplate, now: datetime, within: Within | None = None) -> None:
    """Lock all that `generate` touches for several templates, sorted, once: for whoever brings them up together.

    The caller has locked their lines.
    """
    ids: set[int] = set()
    for template in templates:
        first, until = _looked_at(session, template, within, now)
        ids |= set(held_by(template))
        for row in session.execute(WRITTEN, {"id": template.id, "first": first, "until": until}):
            ids |= {row.resource_id, *row.held_ids}
    lock(session, ids)


def generate(session: Session, template_id: int, *, now: datetime, within: Within | None = None) -> Generated:
    """Bring the sessions of a template, from tomorrow on, to what it says; only those of some days when they are given.

    The line of the template is locked first, then the sessions, the room and the people, sorted, once.
    """
    session.flush()
    template = lock_line(session, template_id)
    first, until = _looked_at(session, template, within, now)
    reach = reach_of(session, template, now=now)
    end = min(until or reach.last, reach.last)
    due = {one.day: one for one in due_of(session, template, first=first, until=end) if reach.covers(one.day)}
    looked_at = {"id": template.id, "first": first, "until": until}
    there = {row.on_day: row for row in session.execute(WRITTEN, looked_at)}
    held = held_by(template)
    ids = [row.resource_id for row in there.values()]
    locked = lock(session, [*ids, *held, *(one for row in there.values() for one in row.held_ids)])
    inside = {row.id: row for row in session.execute(IN_THEM, {"ids": ids, "now": now})}
    withdrawn, kept = [], []
    for day, row in there.items():
        if not row.is_active or day in due:
            continue
        holds = inside[row.resource_id]
        if row.by_hand or holds.cases or holds.is_staffed:
            kept.append(Kept(resource_id=row.resource_id, day=day, cases=holds.cases))
        else:
            _withdraw(session, row)
            withdrawn.append(day)
    elsewhere = set(session.execute(OF_LINE, _line(template) | {"first": first}).scalars())
    opening = _Opening(session, template, locked, now)
    for day in sorted(due.keys() - elsewhere):
        opening.open(due[day], there.get(day), inside)
    return Generated(
        made=tuple(opening.made), withdrawn=tuple(withdrawn), kept=tuple(kept), blocked=tuple(opening.blocked)
    )


def due_of(session: Session, template: HearingTemplate, *, first: date, until: date) -> list[Due]:
    """Return what a template opens on civil days `[first, until)`, written or not; nothing once it is taken back."""
    if not template.is_active or until <= first:
        return []
    site = session.get_one(Site, template.site_id)
    closed = closed_days(session, template, first=first, until=until)
    return list(
        due_sessions(
            rule_of(template),
            closed,
            first=first,
            until=until,
            max_minutes=template.max_minutes,
            take_before_days=template.take_before_days,
            zone=ZoneInfo(site.time_zone),
        )
    )


def closed_days(session: Session, template: HearingTemplate, *, first: date, until: date) -> DaysOff:
    """Return what closes whole days of a template, as known for civil days `[first, until)`."""
    ruled = session.execute(RULED, {"id": template.id}).all()
    return days_off_of(session, ruled, first=first, until=until)[template.room_id or 0]


def rule_of(template: HearingTemplate) -> Rule:
    """Return the recurrence of a template; when it closes is not said by it."""
    return Rule(
        template.rrule,
        template.anchor_on,
        template.starts,
        template.starts,
        template.valid_from,
        template.valid_until,
        tuple(template.except_on),
        tuple(template.extra_on),
    )


def held_by(template: HearingTemplate) -> list[int]:
    """Return the room and the people whose time each session takes."""
    return sorted({*([template.room_id] if template.room_id else []), *template.named_ids})


def hold_for(session: Session, locked: Mapping[int, Locked], wanted: Wanted) -> Refusal | None:
    """Take the time of a room, of people and of both ends of a link, all or none; return why not, None when all are.

    The exclusion constraint of `seat_time` is the last guard: no two sessions are in one room at once.
    """
    try:
        with session.begin_nested():
            claims = [TimeClaim(resource_id=one, period=wanted.period) for one in wanted.ids]
            take(session, locked, claims, wanted.holder)
            if has_link(locked, wanted.ids):
                carry_link(session, wanted.holder.id, wanted.period)
    except Refusal as refusal:
        return refusal
    return None


def let_go(session: Session, ids: Collection[int], holder_id: UUID) -> None:
    """Give back all that a session held, its link included."""
    release(session, Shape.SLOTS, ids, holder_id)
    drop_link(session, holder_id)


def hold_again(session: Session, hearing_id: int, *, now: datetime) -> Refusal | None:
    """Keep again what a template kept for a session that nobody holds any more; return why not, if it is not free.

    What is not free is tried again each night. The caller has locked the session, its room and its people.
    """
    row = session.execute(KEPT, {"id": hearing_id}).one_or_none()
    if row is None:
        return None
    holder = Holder(id=row.holder_id, now=now)
    wanted = Wanted(ids=row.held_ids, period=Period(row.starts_at, row.ends_at), holder=holder)
    return _hold_or_part(session, lock(session, row.held_ids), wanted)


def hold_part(session: Session, locked: Mapping[int, Locked], row: Any, period: Period, now: datetime) -> None:
    """Keep, of what a template keeps for a session that somebody now holds, what is with it whoever sits."""
    release(session, Shape.SLOTS, row.held_ids, row.holder_id)
    _hold_with_it(session, locked, Wanted(ids=row.held_ids, period=period, holder=Holder(id=row.holder_id, now=now)))


def _hold_or_part(session: Session, locked: Mapping[int, Locked], wanted: Wanted) -> Refusal | None:
    """Keep everything, or what is with the session whoever sits when the rest is not free."""
    release(session, Shape.SLOTS, wanted.ids, wanted.holder.id)
    why = hold_for(session, locked, wanted)
    if why is not None:
        _hold_with_it(session, locked, wanted)
    return why


def _hold_with_it(session: Session, locked: Mapping[int, Locked], wanted: Wanted) -> None:
    """Keep what is with the session whoever sits; a link that it has stays counted, whatever the ceiling became."""
    part = list(session.execute(WITH_IT, {"ids": list(wanted.ids), "codes": list(HELD_WITH)}).scalars())
    if not part or hold_for(session, locked, replace(wanted, ids=part)) is not None:
        drop_link(session, wanted.holder.id)


class _Opening:
    """Sessions being opened, whose room and people are locked."""

    def __init__(self, session: Session, template: HearingTemplate, locked: dict[int, Locked], now: datetime) -> None:
        self.session, self.template, self.locked, self.now = session, template, locked, now
        self.site = session.get_one(Site, template.site_id)
        self.made: list[date] = []
        self.blocked: list[Blocked] = []

    def open(self, due: Due, row: Any | None, inside: Mapping[int, Any]) -> None:
        """Write a session that is not there, or no longer; hold again what one has lost."""
        holder_id = uuid5(NAMESPACE, f"{self.template.id} {due.day}")
        if row is not None and row.is_active:
            within = inside[row.resource_id]
            if row.held_ids and not within.is_held and not within.is_staffed:
                wanted = self._wanted(row.held_ids, Period(row.starts_at, row.ends_at), holder_id)
                self._told(due.day, wanted, _hold_or_part(self.session, self.locked, wanted))
            return
        held = held_by(self.template)
        wanted = self._wanted(held, due.period, holder_id)
        if held and not self._told(due.day, wanted, hold_for(self.session, self.locked, wanted)):
            return
        resource_id = row.resource_id if row is not None else self._place(due.day)
        values = {"id": self.template.id, "resource_id": resource_id}
        if row is not None:
            self.session.execute(SERVE, {"id": resource_id, "on": True, "name": self.template.name})
        times = {"start": due.period.start, "end": due.period.end, "last": due.last_take_on}
        self.session.execute(ADD_HEARING, values | times)
        self.session.execute(ADD_SESSION, values | {"day": due.day, "holder_id": holder_id, "held": held})
        self.made.append(due.day)

    def _wanted(self, ids: Sequence[int], period: Period, holder_id: UUID) -> Wanted:
        holder = Holder(id=holder_id, now=self.now)
        return Wanted(ids=ids, period=period, holder=holder)

    def _told(self, day: date, wanted: Wanted, why: Refusal | None) -> bool:
        if why is not None:
            is_looked_for = len(self.blocked) < MOST_LOOKED_AT
            found = in_the_way(self.session, self.locked, wanted, why, self.site, is_looked_for=is_looked_for)
            self.blocked.append(Blocked(day=day, **vars(found)))
        return why is None

    def _place(self, day: date) -> int:
        template = self.template
        code = f"AUD-{template.id}-{day:%Y%m%d}"
        place = Resource(code=code, site_id=template.site_id, kind_id=template.kind_id, name=template.name)
        self.session.add(place)
        self.session.flush()
        tell(self.session, [place.id])  # nobody had it: no lock says that it is there
        return place.id


def _withdraw(session: Session, row: Any) -> None:
    """Take an empty session out of service; what was once booked in it still names it."""
    session.execute(SERVE, {"id": row.resource_id, "on": False, "name": None})
    if row.held_ids:
        let_go(session, row.held_ids, row.holder_id)


def _looked_at(
    session: Session, template: HearingTemplate, within: Within | None, now: datetime
) -> tuple[date, date | None]:
    first = tomorrow_of(session, template, now)
    return (first, None) if within is None else (max(first, within.first), within.until)


def _line(template: HearingTemplate) -> dict[str, int]:
    return {"line": template.line_id or template.id, "id": template.id}
