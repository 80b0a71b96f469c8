"""Templates of hearing sessions: written, changed from a day on, closed, and each of these taken back.

A change ends a template on a day, and begins another of the same line there: what was opened before stays what it was.
What it moves is what doing it would return: `tried` does it, and takes it back at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, lock, release
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import HearingSession, Kind, Shape, Site
from availability.openings import A_DAY, instant_of, local_day
from availability.periods import Period
from availability.recurrences import check_day
from availability.rights import Actor, Role
from booking.hearing_blocked import InTheWay, Wanted, in_the_way
from booking.hearing_generation import Generated, generate, hold_for, lock_line, lock_sessions, rule_of
from booking.hearing_template_models import HearingTemplate, TemplateSession
from booking.hearing_template_spec import (
    HELD_WITH,
    INTERPRETER_KIND,
    MOST_CASES,
    PROSECUTOR_KIND,
    VIDEO_ENDS,
    VIDEO_KIND,
    TemplateSpec,
    session_end,
)
from booking.natures import natures
from booking.plans.hearing_people import ROOM_KIND

SETTERS = (Role.REGISTRY, Role.ADMINISTRATOR)
ROOMS = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE r.id = ANY(:ids) AND k.code = :room AND s.territory_id = :territory_id AND r.is_active""")
PEOPLE = text("""
    SELECT r.id, r.site_id, k.code, s.territory_id = :territory_id AS is_here
    FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE r.id = ANY(:ids) AND r.is_active
      AND (s.territory_id = :territory_id OR k.code = :video AND k.crosses_territories)
      AND (k.code = ANY(:held_with) OR EXISTS (SELECT FROM cabinet c WHERE r.id IN (c.judge_id, c.clerk_id)))""")
FOLLOWED = text("SELECT 1 FROM hearing_template WHERE replaces_id = :id AND is_active")
CASES = text("""
    SELECT count(*) AS cases, coalesce(sum(minutes), 0) AS minutes FROM session_case
    WHERE resource_id = :id AND (expires_at IS NULL OR expires_at > :now)""")
STAFFED = text("SELECT 1 FROM hearing_staffing WHERE hearing_id = :id")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The template that is now in force, and what its sessions became."""

    template_id: int
    generated: Generated


@dataclass(frozen=True, kw_only=True)
class SessionChange:
    """One session as somebody wants it, in wall time."""

    starts: time
    max_minutes: int
    max_cases: int


def tried(session: Session, act: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what an act would return, and leave everything as it was."""
    nested = session.begin_nested()
    try:
        return act(session, *args, **kwargs)
    finally:
        nested.rollback()


def write_template(session: Session, actor: Actor, spec: TemplateSpec, *, from_on: date, now: datetime) -> Written:
    """Write a template that opens sessions from a day on, and open those of the months ahead.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    site = _checked(session, actor, spec)
    _check_from(site, from_on, now)
    template = HearingTemplate(**_columns(spec), anchor_on=from_on, valid_from=from_on, created_at=now)
    return _written(session, actor, "hearing-template-written", template, now=now)


def change_template(
    session: Session, actor: Actor, template_id: int, spec: TemplateSpec, *, from_on: date, now: datetime
) -> Written:
    """Have a template say something else from a day on; return the one that says it.

    Sessions with cases, staffed or changed by hand stay as they are, and are returned. Raises: as `write_template`.
    """
    old = _own(session, actor, template_id)
    site = _checked(session, actor, spec)
    if spec.site_id != old.site_id or spec.kind_id != old.kind_id:
        raise InvalidRequest("template", "other-court")
    from_on = max(from_on, old.valid_from)
    _check_from(site, from_on, now)
    if old.valid_until is not None and old.valid_until <= from_on:
        raise InvalidRequest("from_on", "too-far", latest=old.valid_until - A_DAY)
    new = HearingTemplate(
        **_columns(spec),
        line_id=old.line_id or old.id,
        replaces_id=old.id,
        replaced_until=old.valid_until,
        anchor_on=old.anchor_on if spec.rrule == old.rrule else from_on,
        valid_from=from_on,
        valid_until=old.valid_until,
        except_on=[day for day in old.except_on if day >= from_on],
        extra_on=[day for day in old.extra_on if day >= from_on],
        created_at=now,
    )
    _end(old, from_on)
    lock_sessions(session, old, new, now=now)
    ended = generate(session, old.id, now=now)
    written = _written(session, actor, "hearing-template-changed", new, now=now)
    return Written(template_id=written.template_id, generated=ended + written.generated)


def undo_change(session: Session, actor: Actor, template_id: int, *, now: datetime) -> Written:
    """Take a change back: the template before it is in force again. What took cases meanwhile stays, and is told.

    Raises: NotFound, NotAllowed, InvalidRequest when it was changed since, or changed nothing.
    """
    new = _own(session, actor, template_id)
    if new.replaces_id is None:
        raise InvalidRequest("template", "nothing-to-undo")
    old = session.get_one(HearingTemplate, new.replaces_id)
    new.is_active = False
    lock_sessions(session, new, old, now=now)
    gone = generate(session, new.id, now=now)
    old.is_active, old.valid_until = True, new.replaced_until
    back = generate(session, old.id, now=now)
    _record(session, actor, "hearing-template-change-undone", old, now)
    return Written(template_id=old.id, generated=gone + back)


def close_template(session: Session, actor: Actor, template_id: int, *, from_on: date, now: datetime) -> Written:
    """Open no more sessions from a day on. Raises: NotFound, NotAllowed, InvalidRequest."""
    template = _own(session, actor, template_id)
    _check_from(session.get_one(Site, template.site_id), from_on, now)
    _end(template, from_on)
    _record(session, actor, "hearing-template-closed", template, now)
    return Written(template_id=template.id, generated=generate(session, template.id, now=now))


def reopen_template(
    session: Session, actor: Actor, template_id: int, *, until: date | None = None, now: datetime
) -> Written:
    """Take a closing back. Raises: NotFound, NotAllowed, InvalidRequest."""
    template = _own(session, actor, template_id, is_active=None)
    template.is_active, template.valid_until = True, until
    _record(session, actor, "hearing-template-reopened", template, now)
    return Written(template_id=template.id, generated=generate(session, template.id, now=now))


def set_day(
    session: Session, actor: Actor, template_id: int, day: date, *, sits: bool | None, now: datetime
) -> Written:
    """Have a template sit on a day when it would not, or not on one when it would; None: as its rhythm says.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    template = _own(session, actor, template_id)
    check_day("day", day)
    _check_from(session.get_one(Site, template.site_id), day, now, field="day")
    if day < template.valid_from or (template.valid_until is not None and day >= template.valid_until):
        raise InvalidRequest("day", "out-of-range", least=template.valid_from, most=template.valid_until)
    without = [one for one in template.except_on if one != day]
    more = [one for one in template.extra_on if one != day]
    template.except_on, template.extra_on = without, more
    if sits:
        template.extra_on = sorted([*more, day])
    elif sits is False:
        template.except_on = sorted([*without, day])
    rule_of(template)  # not too many
    _record(session, actor, "hearing-template-day-set", template, now, day=day.isoformat(), sits=sits)
    return Written(template_id=template.id, generated=generate(session, template.id, now=now))


def said_of(template: HearingTemplate, day: date) -> bool | None:
    """Return what somebody said of a day by hand, which `set_day` says again; None when nobody did."""
    return True if day in template.extra_on else False if day in template.except_on else None


def change_session(
    session: Session, actor: Actor, resource_id: int, change: SessionChange, *, is_undo: bool = False, now: datetime
) -> SessionChange:
    """Change one session by hand, which its template leaves so from now on; return what it was.

    Raises: NotFound, NotAllowed, InvalidRequest: fewer than it holds, another hour once it has cases, or an hour at
    which what it holds is not free.
    """
    opened = session.get(TemplateSession, resource_id)
    if opened is None:
        raise NotFound(resource_id=resource_id)
    template = _own(session, actor, opened.template_id, is_last=False, is_active=None)
    locked = lock(session, [resource_id, *opened.held_ids])
    if not locked[resource_id].is_active:
        raise NotFound(resource_id=resource_id)  # withdrawn meanwhile
    hearing = session.get_one(HearingSession, resource_id, populate_existing=True)
    zone = locked[resource_id].zone
    start = instant_of(local_day(hearing.starts_at, zone), change.starts, zone)  # it may have been moved
    inside = session.execute(CASES, {"id": resource_id, "now": now}).one()
    if not (least := max(1, inside.cases)) <= change.max_cases <= MOST_CASES:
        raise InvalidRequest("max_cases", "out-of-range", least=least, most=MOST_CASES)
    if not (least := max(1, inside.minutes)) <= change.max_minutes <= 1440:
        raise InvalidRequest("max_minutes", "out-of-range", least=least, most=1440)
    is_staffed = session.execute(STAFFED, {"id": resource_id}).first() is not None
    if start != hearing.starts_at and (inside.cases or is_staffed):
        raise InvalidRequest("starts", "has-cases", cases=inside.cases)
    end = session_end(start, change.max_minutes)
    if opened.held_ids and not is_staffed:
        release(session, Shape.SLOTS, opened.held_ids, opened.holder_id)
        holder = Holder(id=opened.holder_id, now=now)
        wanted = Wanted(ids=opened.held_ids, period=Period(start, end), holder=holder)
        if (why := hold_for(session, locked, wanted)) is not None:
            found = in_the_way(session, locked, wanted, why, session.get_one(Site, template.site_id))
            raise _not_free(found, zone)
    wall = hearing.starts_at.astimezone(zone).time()
    before = SessionChange(starts=wall, max_minutes=hearing.max_minutes, max_cases=hearing.max_cases)
    hearing.starts_at, hearing.ends_at = start, end if not is_staffed else hearing.ends_at
    hearing.max_cases, hearing.max_minutes = change.max_cases, change.max_minutes
    opened.by_hand = not is_undo
    _record(session, actor, "hearing-session-changed", template, now, hearing_id=resource_id)
    return before


def _not_free(found: InTheWay, zone: ZoneInfo) -> InvalidRequest:
    """Return the refusal that says what is in the way of an hour, and which one is the nearest."""
    is_link = found.links is not None
    if found.nearest_at is None:
        problem = "links-full-that-day" if is_link else "not-free-that-day"
        return InvalidRequest("starts", problem, name=found.name, most=found.links)
    nearest = found.nearest_at.astimezone(zone).time()
    return InvalidRequest(
        "starts", "links-full" if is_link else "not-free", name=found.name, most=found.links, nearest=nearest
    )


def _written(session: Session, actor: Actor, act: str, template: HearingTemplate, *, now: datetime) -> Written:
    session.add(template)
    session.flush()
    _record(session, actor, act, template, now)
    return Written(template_id=template.id, generated=generate(session, template.id, now=now))


def _own(
    session: Session, actor: Actor, template_id: int, *, is_last: bool = True, is_active: bool | None = True
) -> HearingTemplate:
    """Return a template of the actor's, its line locked. One that another follows is changed there."""
    template = lock_line(session, template_id)
    site = session.get_one(Site, template.site_id)
    if not may_set(actor, territory_id=site.territory_id, kind_id=template.kind_id):
        raise NotFound(template_id=template_id)  # whether it exists is not theirs to know
    if is_active is not None and template.is_active != is_active:
        raise InvalidRequest("template", "changed-meanwhile")
    if is_last and session.execute(FOLLOWED, {"id": template.id}).first():
        raise InvalidRequest("template", "changed-meanwhile")
    return template


def may_set(actor: Actor, *, territory_id: int, kind_id: int) -> bool:
    """Say whether the actor writes the templates of a kind in a court."""
    return any(actor.may(role, territory_id=territory_id, kind_id=kind_id) for role in SETTERS)


def _checked(session: Session, actor: Actor, spec: TemplateSpec) -> Site:
    """Return the court, once everything that a template names is there and is the actor's."""
    rule_of(HearingTemplate(**_columns(spec), anchor_on=date(2020, 1, 1), valid_from=date(2020, 1, 1)))
    site, kind = session.get(Site, spec.site_id), session.get(Kind, spec.kind_id)
    if site is None:
        raise NotFound(site_id=spec.site_id)
    if kind is None or kind.shape != Shape.SESSIONS or not kind.is_active:
        raise InvalidRequest("kind", "unknown-choice")
    if not may_set(actor, territory_id=site.territory_id, kind_id=kind.id):
        raise NotAllowed
    known = natures(session)
    if unknown := [family for family in spec.quotas if family not in known]:
        raise InvalidRequest("quotas", "unknown-nature", value=unknown[0])
    here = {"room": ROOM_KIND, "territory_id": site.territory_id, "held_with": list(HELD_WITH), "video": VIDEO_KIND}
    rooms = [spec.room_id] if spec.room_id else []
    if session.execute(ROOMS, here | {"ids": rooms}).scalars().all() != rooms:
        raise InvalidRequest("room_id", "unknown-choice")
    _check_named(spec, session.execute(PEOPLE, here | {"ids": list(spec.people.named_ids)}).all())
    return site


def _check_named(spec: TemplateSpec, rows: Sequence[Any]) -> None:
    """Refuse somebody unknown, more of them than sit, and one end of a video link without the other."""
    if {row.id for row in rows} != set(spec.people.named_ids):
        raise InvalidRequest("named_ids", "unknown-choice")
    ends = [row for row in rows if row.code == VIDEO_KIND]
    if (ends and len({row.site_id for row in ends}) != len(ends)) or len(ends) not in (0, VIDEO_ENDS):
        raise InvalidRequest("named_ids", "both-ends")
    if ends and not any(row.is_here for row in ends):
        raise InvalidRequest("named_ids", "no-end-here")
    people = spec.people
    for code, most in ((PROSECUTOR_KIND, people.prosecutors), (INTERPRETER_KIND, people.interpreters)):
        if sum(row.code == code for row in rows) > most:
            raise InvalidRequest("named_ids", "too-many", most=most)
    if sum(row.code not in HELD_WITH for row in rows) > (most := people.judges + people.clerks):
        raise InvalidRequest("named_ids", "too-many", most=most)


def _columns(spec: TemplateSpec) -> dict[str, Any]:
    """Return the columns of a template that says this."""
    own = {one.name: getattr(spec, one.name) for one in fields(spec) if one.name != "people"}
    people = {one.name: getattr(spec.people, one.name) for one in fields(spec.people)}
    return own | people | {"quotas": dict(spec.quotas), "named_ids": list(spec.people.named_ids)}


def _check_from(site: Site, day: date, now: datetime, *, field: str = "from_on") -> None:
    """What has begun is not changed, and neither is today. Raises: InvalidRequest."""
    check_day(field, day)
    if day <= (today := local_day(now, ZoneInfo(site.time_zone))):
        raise InvalidRequest(field, "past", today=today)


def _end(template: HearingTemplate, day: date) -> None:
    """Open nothing from a day on; what would have begun later is not in force at all."""
    if day <= template.valid_from:
        template.is_active = False
    else:
        template.valid_until = min(day, template.valid_until or day)


def _record(session: Session, actor: Actor, act: str, template: HearingTemplate, now: datetime, **facts: Any) -> None:
    named = {"named_ids": template.named_ids} if template.named_ids else {}  # an end may be of another territory
    told = {"from": template.valid_from.isoformat(), "rrule": template.rrule, **named, **facts}
    record(session, actor, Act(act=act, subject="hearing_template", subject_id=template.id, at=now, facts=told))
