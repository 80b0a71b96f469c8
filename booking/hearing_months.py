"""A registry opens a month: the sessions of its templates, all of them or those chosen, in one act that can be undone.

What is opened is a row for the line of each template, which the night reads too: doing it twice changes nothing, and
what could not be opened today is tried again each night. See docs/decisions/0050-opening-a-month.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import Site
from availability.openings import A_DAY, Off, holiday_names
from availability.rights import Actor
from booking.day import today_of
from booking.hearing_blocked import Blocked
from booking.hearing_generation import Generated, generate, lock_sessions
from booking.hearing_reach import Within, month_of
from booking.hearing_template_models import HearingTemplate
from booking.hearing_template_queries import DayOf, YearDay, year_of
from booking.hearing_templates import SETTERS, may_set

MOST_AHEAD = 24  # months: no recess is known further, and hardly a holiday
IN_FORCE = text("""
    SELECT t.id, coalesce(t.line_id, t.id) AS line_id, t.name, t.rrule, t.starts, t.kind_id, s.territory_id,
           s.name AS court, coalesce(room.name, '') AS room,
           EXISTS (SELECT FROM opened_month m
                   WHERE m.line_id = coalesce(t.line_id, t.id) AND m.month_on = :first) AS is_opened
    FROM hearing_template t JOIN site s ON s.id = t.site_id LEFT JOIN resource room ON room.id = t.room_id
    WHERE s.territory_id = :territory_id AND t.is_active AND t.valid_from < :until
      AND (t.valid_until IS NULL OR t.valid_until > :first)
    ORDER BY s.name, t.name, coalesce(t.line_id, t.id), t.valid_from""")
NEXT_IN_FORCE = text("""
    SELECT t.valid_from, t.kind_id, s.territory_id
    FROM hearing_template t JOIN site s ON s.id = t.site_id
    WHERE s.territory_id = :territory_id AND t.is_active AND t.valid_from >= :until ORDER BY t.valid_from""")
LOCK_LINES = text("SELECT id FROM hearing_template WHERE id = ANY(:lines) ORDER BY id FOR UPDATE")
OPEN = text("""
    INSERT INTO opened_month (line_id, month_on, created_at)
    SELECT unnest(CAST(:lines AS bigint[])), :first, :now ON CONFLICT DO NOTHING RETURNING line_id""")
SHUT = text("DELETE FROM opened_month WHERE line_id = ANY(:lines) AND month_on = :first RETURNING line_id")


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A day of a month on which a template would sit and has no session, or one without what it holds, and why."""

    day: date
    what: DayOf
    off: Off | None = None
    off_name: str = ""  # of the holiday, when it is one
    blocked: Blocked | None = None


@dataclass(frozen=True, kw_only=True)
class MonthOfLine:
    """What a month is for a template and those that it follows or that follow it; as the last of them is named.

    `is_new`: the act changed whether it is opened. `there`: days that had their session before.
    """

    line_id: int
    name: str
    court: str
    room: str
    rrule: str
    starts: time
    template_ids: tuple[int, ...]  # in force in that month, by date
    is_opened: bool = False
    is_new: bool = False
    there: tuple[date, ...] = ()
    left: tuple[LeftOut, ...] = ()
    generated: Generated = field(default_factory=Generated)  # within that month


def lines_of(session: Session, actor: Actor, month_on: date, *, now: datetime) -> list[MonthOfLine]:
    """Return the lines that have a template in force in a month, in the actor's court, by court and name.

    Raises: NotAllowed, InvalidRequest when the month is over, or too far.
    """
    return _lines(session, actor, _checked(session, actor, month_on, now))


def next_in_force(session: Session, actor: Actor, month_on: date) -> date | None:
    """Return the first day after a month on which a template of the actor's court comes into force."""
    asked = {"territory_id": actor.home_territory_id, "until": month_of(month_on).until}
    for row in session.execute(NEXT_IN_FORCE, asked):
        if may_set(actor, territory_id=row.territory_id, kind_id=row.kind_id):
            found: date = row.valid_from
            return found
    return None


def open_month(
    session: Session, actor: Actor, month_on: date, line_ids: Collection[int], *, now: datetime
) -> list[MonthOfLine]:
    """Open the sessions of a month for some lines, in one act, and return what each has; again, it changes nothing.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    within = _checked(session, actor, month_on, now)
    lines = _locked(session, actor, within, line_ids, now)
    asked = {"lines": [one.line_id for one in lines], "first": within.first, "now": now}
    new = set(session.execute(OPEN, asked).scalars())
    done = []
    for line in lines:
        found = replace(
            line, is_opened=True, is_new=line.line_id in new, generated=_brought(session, line, within, now)
        )
        if found.is_new or found.generated.made:
            record(session, actor, _act("hearing-month-opened", found, within, now))
        done.append(_with_days(session, actor, found, within, now))
    return done


def shut_month(
    session: Session, actor: Actor, month_on: date, line_ids: Collection[int], *, now: datetime
) -> list[MonthOfLine]:
    """Take the opening of a month back: what is empty and would not be open yet is withdrawn, the rest stays.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    within = _checked(session, actor, month_on, now)
    lines = _locked(session, actor, within, line_ids, now)
    asked = {"lines": [one.line_id for one in lines], "first": within.first}
    gone = set(session.execute(SHUT, asked).scalars())
    done = []
    for line in lines:
        if line.line_id in gone:
            generated = _brought(session, line, within, now)
            found = replace(line, is_opened=False, is_new=True, generated=generated)
            record(session, actor, _act("hearing-month-shut", found, within, now))
            done.append(found)
    return done


def _checked(session: Session, actor: Actor, month_on: date, now: datetime) -> Within:
    if not actor.has(*SETTERS):
        raise NotAllowed
    today = today_of(session, actor, now=now)
    latest = month_of(_months_after(today, MOST_AHEAD)).until - A_DAY
    if month_on < today.replace(day=1):
        raise InvalidRequest("month", "past")
    if month_on > latest:
        raise InvalidRequest("month", "too-far", latest=latest)
    return month_of(month_on)


def _months_after(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, 1)


def _lines(session: Session, actor: Actor, within: Within) -> list[MonthOfLine]:
    asked = {"territory_id": actor.home_territory_id, "first": within.first, "until": within.until}
    found: dict[int, Any] = {}
    ids: dict[int, list[int]] = {}
    for row in session.execute(IN_FORCE, asked):
        if may_set(actor, territory_id=row.territory_id, kind_id=row.kind_id):
            found[row.line_id] = row
            ids.setdefault(row.line_id, []).append(row.id)
    return [
        MonthOfLine(
            line_id=line_id,
            name=row.name,
            court=row.court,
            room=row.room,
            rrule=row.rrule,
            starts=row.starts,
            template_ids=tuple(ids[line_id]),
            is_opened=row.is_opened,
        )
        for line_id, row in found.items()
    ]


def _locked(
    session: Session, actor: Actor, within: Within, line_ids: Collection[int], now: datetime
) -> list[MonthOfLine]:
    """Lock the lines, sorted, then all that their sessions of the month hold, sorted; return them as they then are."""
    session.execute(LOCK_LINES, {"lines": sorted(set(line_ids))}).all()
    session.expire_all()
    lines = [one for one in _lines(session, actor, within) if one.line_id in line_ids]
    if missing := set(line_ids) - {one.line_id for one in lines}:
        raise NotFound(template_id=min(missing))
    templates = (session.get_one(HearingTemplate, one) for line in lines for one in line.template_ids)
    lock_sessions(session, *templates, now=now, within=within)
    return lines


def _brought(session: Session, line: MonthOfLine, within: Within, now: datetime) -> Generated:
    """Bring the sessions of the month to what the templates of a line say, those of the first ones first."""
    return sum((generate(session, one, now=now, within=within) for one in line.template_ids), Generated())


def _with_days(session: Session, actor: Actor, line: MonthOfLine, within: Within, now: datetime) -> MonthOfLine:
    """Return a line with its days that were there, and those that are left out and why."""
    names: dict[date, str] = {}
    days: dict[date, YearDay] = {}
    for number in line.template_ids:
        site = session.get_one(Site, session.get_one(HearingTemplate, number).site_id)
        names |= holiday_names(site.holiday_zone, within.first.year)
        days |= {one.day: one for one in year_of(session, actor, number, **vars(within), now=now)}
    blocked = {one.day: one for one in line.generated.blocked}
    return replace(
        line,
        there=tuple(
            day for day, one in sorted(days.items()) if one.what is DayOf.OPEN and day not in line.generated.made
        ),
        left=tuple(
            LeftOut(
                day=day,
                what=one.what,
                off=one.off,
                off_name=names.get(day, "") if one.off is Off.HOLIDAY else "",
                blocked=blocked.get(day),
            )
            for day, one in sorted(days.items())
            if one.what is not DayOf.OPEN or day in blocked
        ),
    )


def made_of(lines: Iterable[MonthOfLine]) -> int:
    """Return how many sessions an act opened. Pure."""
    return sum(len(one.generated.made) for one in lines)


def _act(act: str, line: MonthOfLine, within: Within, now: datetime) -> Act:
    facts = {
        "month": f"{within.first:%Y-%m}",
        "opened": len(line.generated.made),
        "withdrawn": len(line.generated.withdrawn),
    }
    return Act(act=act, subject="hearing_template", subject_id=line.line_id, at=now, facts=facts)
