"""What services publish: when they open, when they close, how much they can take. Each act writes history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock, tell
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.openings import WeeklyRule, is_holiday, local_day, openings
from availability.periods import Period, days_between
from availability.rights import Actor, Role

HORIZON = timedelta(days=120)  # openings are written this far ahead

RULED = text("""
    SELECT r.id, r.site_id, s.time_zone, s.holiday_zone, k.ignores_holidays
    FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id WHERE r.id = ANY(:ids)""")
RULES = text("""
    SELECT resource_id, array_position(ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], right(rrule, 2)) - 1 AS weekday,
           opens, closes, valid_from, valid_until FROM opening_rule
    WHERE resource_id = ANY(:ids)""")
CLOSURES = text("""
    SELECT resource_id, site_id, lower(days), upper(days) FROM closure
    WHERE (resource_id = ANY(:ids) OR site_id = ANY(:site_ids)) AND days && daterange(:first, :until)""")
# Midnight is the site's: in UTC the first day would take the evening before, or leave its own morning.
FORGET_OPENINGS = text("""
    DELETE FROM opening o USING resource r, site s
    WHERE o.resource_id = ANY(:ids) AND r.id = o.resource_id AND s.id = r.site_id
      AND CAST(o.starts_at AT TIME ZONE s.time_zone AS date) >= :first
      AND CAST(o.starts_at AT TIME ZONE s.time_zone AS date) < :until""")
ADD_OPENING = text("""
    INSERT INTO opening (resource_id, starts_at, ends_at)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
    ON CONFLICT (resource_id, starts_at) DO UPDATE SET ends_at = excluded.ends_at""")
DECLARE = text("""
    UPDATE resource SET capacity = :capacity, declared_load = :load, declared_waiting = :waiting, declared_on = :today
    WHERE id = :id""")
HOST = text("""
    SELECT s.organisation_id, s.territory_id, s.time_zone, r.kind_id FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.id = :id""")


@dataclass(frozen=True)
class Declaration:
    """What a service says of itself today: how many it can take, has, and keeps waiting."""

    capacity: int
    load: int
    waiting: int

    def __post_init__(self) -> None:
        for field in ("capacity", "load", "waiting"):
            if not 0 <= getattr(self, field) <= 10_000:
                raise InvalidRequest(field, "out-of-range", least=0, most=10_000)


def publish_openings(session: Session, resource_ids: Sequence[int], *, first: date, until: date) -> int:
    """Write the openings that begin on civil days `[first, until)`, from the rules; return how many there are.

    Closures close, and so do public holidays there unless the kind ignores them. What was written for
    these days before is replaced; other days are left alone.
    """
    asked: dict[str, Any] = {"ids": list(resource_ids), "first": first, "until": until}
    ruled = session.execute(RULED, asked).all()
    rules = _rules(session, asked)
    closed = _closed_days(session, ruled, asked)
    session.execute(FORGET_OPENINGS, asked)
    rows = [
        (row.id, period.start, period.end)
        for row in ruled
        for period in _openings_of(row, rules[row.id], closed[row.id], first, until)
    ]
    if rows:
        ids, starts, ends = (list(column) for column in zip(*rows, strict=True))
        session.execute(ADD_OPENING, {"ids": ids, "starts": starts, "ends": ends})
    tell(session, resource_ids)
    return len(rows)


def declare(session: Session, actor: Actor, resource_id: int, declaration: Declaration, *, now: datetime) -> None:
    """Record what the service that runs a resource declares of it today. Raises: NotFound."""
    lock(session, [resource_id])  # open pages are told of what is locked
    host = session.execute(HOST, {"id": resource_id}).one_or_none()
    if host is None or not any(
        right.role is Role.PARTNER
        and right.organisation_id == host.organisation_id
        and right.covers(territory_id=host.territory_id, kind_id=host.kind_id)
        for right in actor.rights
    ):
        raise NotFound(resource_id=resource_id)
    said = {"capacity": declaration.capacity, "load": declaration.load, "waiting": declaration.waiting}
    session.execute(DECLARE, {"id": resource_id, "today": local_day(now, ZoneInfo(host.time_zone)), **said})
    record(session, actor, Act(act="declared", subject="resource", subject_id=resource_id, at=now, facts=said))


def _rules(session: Session, asked: dict[str, Any]) -> dict[int, list[WeeklyRule]]:
    rules: dict[int, list[WeeklyRule]] = defaultdict(list)
    for row in session.execute(RULES, asked):
        rules[row.resource_id].append(WeeklyRule(row.weekday, row.opens, row.closes, row.valid_from, row.valid_until))
    return rules


def _closed_days(session: Session, ruled: Sequence[Any], asked: dict[str, Any]) -> dict[int, set[date]]:
    closed: dict[int, set[date]] = defaultdict(set)
    on_site: dict[int, set[date]] = defaultdict(set)
    first, until = asked["first"], asked["until"]
    for row in session.execute(CLOSURES, {**asked, "site_ids": [row.site_id for row in ruled]}):
        start, end = row[2] or first, row[3] or until
        days = set(days_between(max(start, first), min(end, until)))
        if row.resource_id is None:
            on_site[row.site_id] |= days
        else:
            closed[row.resource_id] |= days
    for row in ruled:
        closed[row.id] |= on_site[row.site_id]
    return closed


def _openings_of(row: Any, rules: Iterable[WeeklyRule], closed: set[date], first: date, until: date) -> list[Period]:
    holidays = (
        set() if row.ignores_holidays else {d for d in days_between(first, until) if is_holiday(d, row.holiday_zone)}
    )
    return openings(rules, first=first, until=until, zone=ZoneInfo(row.time_zone), closed=closed | holidays)
