"""What is open: the rules of services written as openings, for the months ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import tell
from availability.days_off import RULED, days_off_of
from availability.openings import A_DAY, DaysOff, Rule, openings
from availability.periods import Period

A_YEAR = timedelta(days=366)
HORIZON = timedelta(days=120)  # openings are written this far ahead

RULES = text("""
    SELECT resource_id, rrule, anchor_on, opens, closes, valid_from, valid_until, except_on, extra_on FROM opening_rule
    WHERE resource_id = ANY(:ids)""")
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
LAST_OPENING = text("""
    SELECT max(CAST(o.starts_at AT TIME ZONE s.time_zone AS date))
    FROM opening o JOIN resource r ON r.id = o.resource_id JOIN site s ON s.id = r.site_id WHERE o.resource_id = :id""")


def publish_openings(session: Session, resource_ids: Sequence[int], *, first: date, until: date) -> int:
    """Write the openings that begin on civil days `[first, until)`, from the rules; return how many there are.

    Closures close, and so do public holidays, weekends and recesses there unless the kind ignores them. What was
    written for these days before is replaced; other days are left alone.
    """
    asked: dict[str, Any] = {"ids": list(resource_ids), "first": first, "until": until}
    ruled = session.execute(RULED, asked).all()
    rules = _rules(session, asked)
    off = days_off_of(session, ruled, first=first, until=until)
    session.execute(FORGET_OPENINGS, asked)
    rows = [
        (row.id, period.start, period.end)
        for row in ruled
        for period in _openings_of(row, rules[row.id], off[row.id], first, until)
    ]
    if rows:
        ids, starts, ends = (list(column) for column in zip(*rows, strict=True))
        session.execute(ADD_OPENING, {"ids": ids, "starts": starts, "ends": ends})
    tell(session, resource_ids)
    return len(rows)


def openings_with(
    session: Session, resource_id: int, rules: Iterable[Rule], *, first: date, until: date
) -> list[Period]:
    """Return what `publish_openings` would write if these were the rules of a resource. Nothing is written."""
    ruled = session.execute(RULED, {"ids": [resource_id]}).all()
    off = days_off_of(session, ruled, first=first, until=until)
    return [period for row in ruled for period in _openings_of(row, rules, off[row.id], first, until)]


def publish_again(session: Session, resource_id: int, *, first: date, today: date, until: date | None = None) -> None:
    """Write openings from a day to the horizon, or further if some were already, but not past `until`."""
    end = min(last_published(session, resource_id, today=today), until or date.max)
    if first < end:
        publish_openings(session, [resource_id], first=first, until=end)


def last_published(session: Session, resource_id: int, *, today: date) -> date:
    """Return until when, exclusive, the openings of a resource are known."""
    last = session.execute(LAST_OPENING, {"id": resource_id}).scalar()
    return max(today + HORIZON + A_DAY, last + A_DAY if last else date.min)


def _rules(session: Session, asked: dict[str, Any]) -> dict[int, list[Rule]]:
    rules: dict[int, list[Rule]] = defaultdict(list)
    for row in session.execute(RULES, asked):
        rules[row.resource_id].append(Rule(*row[1:]))
    return rules


def _openings_of(row: Any, rules: Iterable[Rule], off: DaysOff, first: date, until: date) -> list[Period]:
    closed = off.between(first, until)
    return openings(rules, first=first, until=until, zone=ZoneInfo(row.time_zone), closed=closed)
