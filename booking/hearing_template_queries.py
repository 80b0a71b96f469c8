"""What the page of templates shows: those of the actor's courts, what one may choose, and the year of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import NotFound
from availability.models import Kind, Shape, Site
from availability.openings import Off
from availability.rights import Actor
from booking.hearing_generation import closed_days, due_of, rule_of
from booking.hearing_reach import reach_of, tomorrow_of
from booking.hearing_template_models import HearingTemplate
from booking.hearing_template_spec import HELD_WITH, VIDEO_KIND
from booking.hearing_templates import SETTERS, may_set
from booking.ledger import bare
from booking.persons import search_name_of
from booking.plans.hearing_people import ROOM_KIND

MOST_SHOWN = 500
MOST_COURTS = 300
MOST_ENDS = 8
_LINES = """
    SELECT t.id, s.name AS court, s.time_zone, s.territory_id, t.kind_id, k.label AS kind, room.name AS room,
           l.sessions, l.cases, l.next_on
    FROM hearing_template t JOIN site s ON s.id = t.site_id JOIN kind k ON k.id = t.kind_id
    LEFT JOIN resource room ON room.id = t.room_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS sessions, min(o.on_day) AS next_on,
               coalesce(sum((SELECT count(*) FROM session_case c WHERE c.resource_id = o.resource_id
                             AND (c.expires_at IS NULL OR c.expires_at > :now))), 0) AS cases
        FROM template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active
        WHERE o.template_id = t.id AND o.on_day >= :today) l"""
TO_COME = text(f"""
    {_LINES}
    WHERE s.territory_id = ANY(:mine) AND t.is_active
      AND (t.valid_until IS NULL OR t.valid_until > :today OR l.sessions > 0)
    ORDER BY s.name, t.name, t.valid_from, t.id LIMIT {MOST_SHOWN}""")
ONE = text(f"{_LINES} WHERE t.id = :id")
# A court is where hearings are held, or where there is a room for them.
COURTS = text(f"""
    SELECT s.id, s.name FROM site s WHERE s.territory_id = ANY(:mine)
      AND EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id
                  WHERE r.site_id = s.id AND (k.shape = :shape OR k.code = :room))
    ORDER BY s.name, s.id LIMIT {MOST_COURTS}""")  # noqa: S608 - constants only
ROOMS = text("""
    SELECT r.id, r.name, s.name AS court FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = :room AND r.is_active AND s.territory_id = ANY(:mine) ORDER BY s.name, r.name, r.id LIMIT 500""")
PEOPLE = text("""
    SELECT r.id, r.name, EXISTS (SELECT FROM cabinet c WHERE c.judge_id = r.id) AS is_judge
    FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.is_active AND s.territory_id = ANY(:mine)
      AND r.id IN (SELECT judge_id FROM cabinet UNION SELECT clerk_id FROM cabinet) ORDER BY r.name, r.id LIMIT 500""")
HELD = text("""
    SELECT r.id, r.name, s.name AS site, k.code FROM resource r JOIN kind k ON k.id = r.kind_id
    JOIN site s ON s.id = r.site_id
    WHERE k.code = ANY(:codes) AND r.is_active AND s.territory_id = ANY(:mine)
    ORDER BY s.name, r.name, r.id LIMIT 500""")
# What a template may name as the other end of a link, by the words of where it is; those already named, by number.
_ENDS = f"""
    SELECT r.id, r.name, s.name AS site, s.commune, o.name AS organisation, t.name AS territory,
           s.territory_id = ANY(:mine) AS is_own
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    JOIN organisation o ON o.id = s.organisation_id JOIN territory t ON t.id = s.territory_id
    WHERE k.code = '{VIDEO_KIND}'"""  # noqa: S608 - constants only
ENDS = text(f"""
    {_ENDS} AND r.is_active AND (s.territory_id = ANY(:mine) OR k.crosses_territories)
      AND {bare("concat_ws(' ', r.name, s.name, s.commune, o.name, t.name)")} LIKE ALL(CAST(:words AS text[]))
    ORDER BY s.territory_id <> ALL(:mine), s.name, r.name, r.id LIMIT {MOST_ENDS}""")
NAMED_ENDS = text(f"{_ENDS} AND r.id = ANY(:ids) ORDER BY s.id <> :site_id, s.territory_id <> ALL(:mine), r.id")
SESSIONS = text("""
    SELECT o.on_day, o.resource_id, (SELECT count(*) FROM session_case c WHERE c.resource_id = o.resource_id
                      AND (c.expires_at IS NULL OR c.expires_at > :now)) AS cases
    FROM template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active
    WHERE o.template_id = :id AND o.on_day >= :first AND o.on_day < :until""")


@dataclass(frozen=True, kw_only=True)
class TemplateLine:
    """A template in force or to come, and what it opened from today on."""

    template: HearingTemplate
    court: str
    kind: str
    room: str
    sessions: int
    cases: int
    next_on: date | None


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a form offers, as (number, name)."""

    courts: tuple[tuple[int, str], ...]
    kinds: tuple[tuple[int, str], ...]
    rooms: tuple[tuple[int, str], ...]
    judges: tuple[tuple[int, str], ...]
    clerks: tuple[tuple[int, str], ...]
    held_with: dict[str, tuple[tuple[int, str], ...]]  # by code of kind: prosecutors, interpreters, video equipment


@dataclass(frozen=True, kw_only=True)
class VideoEnd:
    """An end of a video link, and where it is; nobody has to agree: it is taken when it is free."""

    id: int
    name: str
    site: str
    commune: str
    organisation: str
    territory: str
    is_own: bool  # of a territory of whoever reads


class DayOf(StrEnum):
    """What a day of the year of a template is."""

    OPEN = "open"  # its session is there
    MISSING = "missing"  # it should be there, and its room or somebody is not free
    LATER = "later"  # beyond the horizon: it will be opened
    OFF = "off"  # it would sit, and the day is off
    LEFT_OUT = "left-out"  # by hand


@dataclass(frozen=True, kw_only=True)
class YearDay:
    """A day on which something is to be said; `off` when it is off, and why."""

    day: date
    what: DayOf
    cases: int = 0
    off: Off | None = None
    resource_id: int | None = None  # of the session that is there


def templates_of(session: Session, actor: Actor, *, now: datetime) -> list[TemplateLine]:
    """Return the templates of the actor's courts that are not over, by court and name; bounded."""
    asked = {"mine": _mine(actor), "now": now, "today": now.date()}
    rows = [
        row
        for row in session.execute(TO_COME, asked)
        if may_set(actor, territory_id=row.territory_id, kind_id=row.kind_id)
    ]
    found = session.exec(select(HearingTemplate).where(col(HearingTemplate.id).in_([row.id for row in rows])))
    named = {one.id: one for one in found}
    return [_line(named[row.id], row) for row in rows]


def line_of(session: Session, template_id: int, *, now: datetime) -> TemplateLine:
    """Return a template, over or not, for whoever has just acted on it."""
    session.flush()
    row = session.execute(ONE, {"id": template_id, "now": now, "today": now.date()}).one()
    return _line(session.get_one(HearingTemplate, template_id), row)


def _line(template: HearingTemplate, row: Any) -> TemplateLine:
    return TemplateLine(
        template=template,
        court=row.court,
        kind=row.kind,
        room=row.room or "",
        sessions=row.sessions,
        cases=int(row.cases),
        next_on=row.next_on,
    )


def choices_of(session: Session, actor: Actor) -> Choices:
    """Return what the actor may choose for a template."""
    asked = {"mine": _mine(actor), "room": ROOM_KIND, "shape": Shape.SESSIONS.value}
    courts = tuple((row.id, row.name) for row in session.execute(COURTS, asked))
    kinds = session.exec(
        select(Kind).where(Kind.shape == Shape.SESSIONS, col(Kind.is_active)).order_by(col(Kind.position), col(Kind.id))
    )
    shown = len(courts) > 1
    rooms = tuple((row.id, f"{row.name} ({row.court})" if shown else row.name) for row in session.execute(ROOMS, asked))
    people = session.execute(PEOPLE, asked).all()
    held = session.execute(HELD, asked | {"codes": list(HELD_WITH)}).all()
    return Choices(
        courts=courts,
        kinds=tuple((kind.id, kind.label) for kind in kinds),
        rooms=rooms,
        judges=tuple((row.id, row.name) for row in people if row.is_judge),
        clerks=tuple((row.id, row.name) for row in people if not row.is_judge),
        held_with={
            code: tuple((row.id, f"{row.name} ({row.site})") for row in held if row.code == code) for code in HELD_WITH
        },
    )


def ends_like(session: Session, actor: Actor, typed: str) -> list[VideoEnd]:
    """Return the ends of which all words are found, anywhere when their kind crosses territories; own ones first.

    The first few; none for no word.
    """
    words = [f"%{word}%" for word in search_name_of(typed).split()]  # letters and digits only: nothing to escape
    if not words:
        return []
    rows = session.execute(ENDS, {"mine": _mine(actor), "words": words})
    return [VideoEnd(**row._mapping) for row in rows]


def ends_of(session: Session, actor: Actor, template: HearingTemplate) -> list[VideoEnd]:
    """Return the ends of the link of a template, that of its court first, the other wherever it is."""
    asked = {"mine": _mine(actor), "ids": template.named_ids, "site_id": template.site_id}
    return [VideoEnd(**row._mapping) for row in session.execute(NAMED_ENDS, asked)]


def year_of(
    session: Session, actor: Actor, template_id: int, *, first: date, until: date, now: datetime
) -> list[YearDay]:
    """Return the days of `[first, until)` on which a template sits, or would if they were not off, sorted.

    Raises: NotFound.
    """
    template = session.get(HearingTemplate, template_id)
    site = session.get_one(Site, template.site_id) if template else None
    if template is None or site is None or not may_set(actor, territory_id=site.territory_id, kind_id=template.kind_id):
        raise NotFound(template_id=template_id)
    asked = {"id": template.id, "first": first, "until": until, "now": now}
    there = {row.on_day: row for row in session.execute(SESSIONS, asked)}
    tomorrow, reach = tomorrow_of(session, template, now), reach_of(session, template, now=now)
    due = {one.day for one in due_of(session, template, first=max(first, tomorrow), until=until)}
    found = {
        day: YearDay(day=day, what=DayOf.OPEN, cases=row.cases, resource_id=row.resource_id)
        for day, row in there.items()
    }
    for day in due - there.keys():
        found[day] = YearDay(day=day, what=DayOf.MISSING if reach.covers(day) else DayOf.LATER)
    for day in template.except_on:
        if first <= day < until and day not in found:
            found[day] = YearDay(day=day, what=DayOf.LEFT_OUT)
    off = closed_days(session, template, first=first, until=until)
    for day in rule_of(template).days(max(first, tomorrow), until):
        if day not in found:
            found[day] = YearDay(day=day, what=DayOf.OFF, off=off.why(day))
    return [found[day] for day in sorted(found)]


def _mine(actor: Actor) -> list[int]:
    return sorted(actor.territories(SETTERS))
