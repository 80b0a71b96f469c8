"""The hours of whoever receives, as those who run them change them: the usual week, and the days that are closed.

What was taken before stands: nothing is lost or moved in silence, what the hours no longer cover is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock
from availability.claims import readable
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.openings import WeeklyRule, local_day
from availability.periods import Period
from availability.publishing import HORIZON, publish_openings
from availability.rights import Actor

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
A_YEAR = timedelta(days=366)
MOST_RULES = 42  # six a day: a form has two
MOST_REASON = 120

SETTERS = text("SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_set_hours")
RULES = text("""
    SELECT array_position(ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], right(rrule, 2)) - 1 AS weekday,
           opens, closes, valid_from, valid_until FROM opening_rule
    WHERE resource_id = :id AND (valid_until IS NULL OR valid_until > :day)
    ORDER BY valid_from, weekday, opens""")
# What applied before the day stays true of the days before it.
END_RULES = text("""
    UPDATE opening_rule SET valid_until = :day
    WHERE resource_id = :id AND valid_from < :day AND (valid_until IS NULL OR valid_until > :day)""")
FORGET_RULES = text("DELETE FROM opening_rule WHERE resource_id = :id AND valid_from >= :day")
ADD_RULE = text("""
    INSERT INTO opening_rule (resource_id, rrule, anchor_on, opens, closes, valid_from, valid_until)
    VALUES (:id, 'FREQ=WEEKLY;BYDAY=' || (ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'])[:weekday + 1], :valid_from,
            :opens, :closes, :valid_from, :valid_until)""")
LAST_OPENING = text("""
    SELECT max(CAST(o.starts_at AT TIME ZONE s.time_zone AS date))
    FROM opening o JOIN resource r ON r.id = o.resource_id JOIN site s ON s.id = r.site_id WHERE o.resource_id = :id""")
CLOSE = text("""
    INSERT INTO closure (resource_id, days, reason) VALUES (:id, daterange(:first, :until), :reason) RETURNING id""")
CLOSURE = text("""
    SELECT lower(days) AS first, upper(days) AS until, reason FROM closure
    WHERE id = :closure_id AND resource_id = :id""")
REOPEN = text("DELETE FROM closure WHERE id = :closure_id")
# The days that were closed before today were: that stays written.
REOPEN_FROM = text("UPDATE closure SET days = daterange(lower(days), :today) WHERE id = :closure_id")
# As in availability/queries.py: an opening closes whole on the day on which it begins.
OUTSIDE = text("""
    SELECT t.holder_id, lower(t.during) AS starts_at, upper(t.during) AS ends_at
    FROM seat_time t JOIN resource r ON r.id = t.resource_id JOIN site s ON s.id = r.site_id
    WHERE t.resource_id = :id AND lower(t.during) > :now AND (t.expires_at IS NULL OR t.expires_at > :now)
      AND CAST(lower(t.during) AT TIME ZONE s.time_zone AS date) >= :first
      AND (CAST(:until AS date) IS NULL OR CAST(lower(t.during) AT TIME ZONE s.time_zone AS date) < :until)
      AND NOT EXISTS (SELECT FROM opening o
          WHERE o.resource_id = r.id AND o.starts_at <= lower(t.during) AND o.ends_at >= upper(t.during)
            AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                            AND x.days @> CAST(o.starts_at AT TIME ZONE s.time_zone AS date)))
    ORDER BY lower(t.during), t.seat""")


@dataclass(frozen=True)
class Outside:
    """Something taken that the openings no longer cover: it stands, and somebody must look at it."""

    holder_id: UUID
    period: Period


@dataclass(frozen=True)
class WeekSet:
    """What a change of the weekly hours replaced (given back to `set_week`, it undoes it), and what it leaves out."""

    before: tuple[WeeklyRule, ...]
    outside: tuple[Outside, ...]


@dataclass(frozen=True)
class ClosedDays:
    """Civil days `[first, until)` on which a resource is closed, and why."""

    first: date
    until: date
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", readable("reason", self.reason))
        if len(self.reason) > MOST_REASON:
            raise InvalidRequest("reason", "too-long", most=MOST_REASON)
        if self.until <= self.first:
            raise InvalidRequest("until", "not-after-start")


@dataclass(frozen=True)
class Closed:
    """A closure just made, and what was taken on its days."""

    closure_id: int
    outside: tuple[Outside, ...]


def set_week(
    session: Session, actor: Actor, resource_id: int, rules: Sequence[WeeklyRule], *, from_on: date, now: datetime
) -> WeekSet:
    """Replace, from a civil day on, the weekly hours of a resource of shape `slots`, and publish its openings again.

    What was taken stands wherever it is: what the new openings do not cover is returned, for somebody to look at.
    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = _run_by(session, actor, resource_id)
    today = local_day(now, place.zone)
    if not today <= from_on <= today + A_YEAR:
        raise InvalidRequest("from_on", "past" if from_on < today else "too-far", today=today)
    wanted = [_from(rule, from_on) for rule in rules]
    _check_rules(wanted)
    asked = {"id": place.id, "day": from_on}
    before = rules_from(session, place.id, from_on)
    session.execute(END_RULES, asked)
    session.execute(FORGET_RULES, asked)
    if wanted:
        session.execute(ADD_RULE, [{"id": place.id, **vars(rule)} for rule in wanted])
    _publish_again(session, place, first=from_on, today=today)
    facts = {"from_on": from_on.isoformat(), "hours": [_said(rule) for rule in wanted]}
    record(session, actor, Act(act="hours-set", subject="resource", subject_id=place.id, at=now, facts=facts))
    return WeekSet(before, _outside(session, place.id, first=from_on, until=None, now=now))


def close_days(session: Session, actor: Actor, resource_id: int, days: ClosedDays, *, now: datetime) -> Closed:
    """Close a resource of shape `slots` on some days; what was taken on them stands, and is returned.

    The reason is for colleagues: it is shown beside the days, and not written in the history.
    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = _run_by(session, actor, resource_id)
    today = local_day(now, place.zone)
    if days.first < today:
        raise InvalidRequest("first", "past", today=today)
    if days.until > today + A_YEAR:
        raise InvalidRequest("until", "too-far", today=today)
    closed = {"first": days.first, "until": days.until}
    closure_id = int(session.execute(CLOSE, {"id": place.id, "reason": days.reason, **closed}).scalar_one())
    publish_openings(session, [place.id], **closed)
    record(session, actor, _days_act("days-closed", place, days.first, days.until, at=now))
    return Closed(closure_id, _outside(session, place.id, first=days.first, until=days.until, now=now))


def reopen_days(
    session: Session, actor: Actor, resource_id: int, closure_id: int, *, now: datetime
) -> ClosedDays | None:
    """Take back what is left of a closure of this resource, and publish its openings.

    Return the days opened again (given back to `close_days`, they undo it), or None when they have no known end.
    A closure of the whole site is not this resource's. Raises: NotFound, NotAllowed.
    """
    place = _run_by(session, actor, resource_id)
    today = local_day(now, place.zone)
    row = session.execute(CLOSURE, {"closure_id": closure_id, "id": place.id}).one_or_none()
    if row is None or (row.until is not None and row.until <= today):
        raise NotFound(resource_id=resource_id, closure_id=closure_id)
    has_begun = row.first is None or row.first < today
    session.execute(REOPEN_FROM if has_begun else REOPEN, {"closure_id": closure_id, "today": today})
    first = today if has_begun else row.first
    _publish_again(session, place, first=first, today=today, until=row.until)
    record(session, actor, _days_act("days-reopened", place, first, row.until, at=now))
    return ClosedDays(first, row.until, row.reason) if row.until else None


def extend_openings(session: Session, resource_id: int, *, today: date) -> None:
    """Write the openings of the months ahead, from tomorrow on, as the clock does each night.

    Under the lock: rules read while somebody changes them would be written over theirs.
    """
    lock(session, [resource_id])
    tomorrow = today + A_DAY
    publish_openings(session, [resource_id], first=tomorrow, until=tomorrow + HORIZON)


def rules_from(session: Session, resource_id: int, day: date) -> tuple[WeeklyRule, ...]:
    """Return the weekly hours that apply on some day from this one on, as if they began then at the earliest."""
    rows = session.execute(RULES, {"id": resource_id, "day": day})
    return tuple(_from(WeeklyRule(*row), day) for row in rows)


def _run_by(session: Session, actor: Actor, resource_id: int) -> Locked:
    """Lock a resource of shape `slots` whose hours the actor sets, by a role that sets those of its kind there.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = lock(session, [resource_id]).get(resource_id)
    if place is None:
        raise NotFound(resource_id=resource_id)
    setters = session.execute(SETTERS, {"kind_id": place.terms.kind_id}).scalars()
    rights = actor.rights_in(tuple(setters), kind_id=place.terms.kind_id)
    if not rights:
        raise NotAllowed(kind=place.terms.code)
    if not any(
        right.covers(territory_id=place.territory_id, organisation_id=place.organisation_id) for right in rights
    ):
        raise NotFound(resource_id=resource_id)
    if place.shape is not Shape.SLOTS:
        raise InvalidRequest("resource_id", "other-shape", resource_id=resource_id)
    return place


def _from(rule: WeeklyRule, day: date) -> WeeklyRule:
    return WeeklyRule(rule.weekday, rule.opens, rule.closes, max(rule.valid_from, day), rule.valid_until)


def _lasts(rule: WeeklyRule, day: date) -> bool:
    return rule.valid_until is None or rule.valid_until > day


def _said(rule: WeeklyRule) -> str:
    return f"{rule.weekday} {rule.opens:%H:%M}-{rule.closes:%H:%M}"


def _check_rules(rules: Sequence[WeeklyRule]) -> None:
    """Refuse hours of no day of the week, and two that overlap. Raises: InvalidRequest."""
    if len(rules) > MOST_RULES:
        raise InvalidRequest("rules", "too-many", most=MOST_RULES)
    for rule in rules:
        if not 0 <= rule.weekday <= 6:
            raise InvalidRequest("weekday", "unknown-choice")
        if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
            raise InvalidRequest("valid_until", "not-after-start")
    for one, other in combinations(rules, 2):
        if _in_force_together(one, other) and _overlap(one, other):
            raise InvalidRequest("rules", "overlap", weekday=other.weekday)


def _in_force_together(one: WeeklyRule, other: WeeklyRule) -> bool:
    return _lasts(one, other.valid_from) and _lasts(other, one.valid_from)


def _overlap(one: WeeklyRule, other: WeeklyRule) -> bool:
    """Say whether two rules open at the same moment of a week, which turns: Sunday night is next to Monday."""
    (start, end), (begin, finish) = _span(one), _span(other)
    return any(begin + turn < end and start < finish + turn for turn in (-A_WEEK, timedelta(0), A_WEEK))


def _span(rule: WeeklyRule) -> tuple[timedelta, timedelta]:
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute) for at in (rule.opens, rule.closes))
    day = rule.weekday * A_DAY
    return day + opens, day + (closes if closes > opens else closes + A_DAY)


def _publish_again(session: Session, place: Locked, *, first: date, today: date, until: date | None = None) -> None:
    """Write openings up to the horizon, or further if some were already."""
    last = session.execute(LAST_OPENING, {"id": place.id}).scalar()
    end = max(today + HORIZON + A_DAY, last + A_DAY if last else date.min)
    if first < (end := min(end, until or date.max)):
        publish_openings(session, [place.id], first=first, until=end)


def _outside(
    session: Session, resource_id: int, *, first: date, until: date | None, now: datetime
) -> tuple[Outside, ...]:
    asked = {"id": resource_id, "first": first, "until": until, "now": now}
    return tuple(Outside(row.holder_id, Period(row.starts_at, row.ends_at)) for row in session.execute(OUTSIDE, asked))


def _days_act(act: str, place: Locked, first: date, until: date | None, *, at: datetime) -> Act:
    facts = {"first": first.isoformat(), "until": until.isoformat() if until else None}
    return Act(act=act, subject="resource", subject_id=place.id, at=at, facts=facts)
