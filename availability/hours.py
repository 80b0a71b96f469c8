"""The hours of whoever receives, as those who run them change them: rules from a day on, and one week like another.

What was taken before stands: nothing is lost or moved in silence, what the hours no longer cover is returned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock
from availability.errors import InvalidRequest
from availability.history import Act, record
from availability.models import Shape
from availability.openings import A_DAY, Rule, local_day
from availability.outside import Outside, outside_of, outside_openings
from availability.periods import Period, difference
from availability.publishing import A_YEAR, HORIZON, last_published, openings_with, publish_again, publish_openings
from availability.rights import Actor
from availability.running import looked_at_by, run_by

A_WEEK = timedelta(days=7)
MOST_RULES = 100
MOST_WEEKS = 26  # to which one week is copied at once
BEHIND_BY = timedelta(days=21)  # longer than a place is closed by recess and holidays

RULES = text("""
    SELECT rrule, anchor_on, opens, closes, valid_from, valid_until, except_on, extra_on FROM opening_rule
    WHERE resource_id = :id AND (valid_until IS NULL OR valid_until > :day)
    ORDER BY valid_from, opens, id""")
RULED = text("""
    SELECT DISTINCT r.id FROM opening_rule o JOIN resource r ON r.id = o.resource_id
    JOIN kind k ON k.id = r.kind_id WHERE r.is_active AND k.shape = :shape
    AND (CAST(:expected AS date) IS NULL OR (
        (o.valid_until IS NULL OR o.valid_until > :expected)
        AND NOT EXISTS (SELECT FROM opening p WHERE p.resource_id = r.id AND p.starts_at >= :expected)))
    ORDER BY r.id""")
OPENED = text("SELECT starts_at, ends_at FROM opening WHERE resource_id = :id ORDER BY starts_at")
# What applied before the day stays true of the days before it.
END_RULES = text("""
    UPDATE opening_rule SET valid_until = :day
    WHERE resource_id = :id AND valid_from < :day AND (valid_until IS NULL OR valid_until > :day)""")
FORGET_RULES = text("DELETE FROM opening_rule WHERE resource_id = :id AND valid_from >= :day")
ADD_RULE = text("""
    INSERT INTO opening_rule
        (resource_id, rrule, anchor_on, opens, closes, valid_from, valid_until, except_on, extra_on)
    VALUES (:id, :rrule, :anchor_on, :opens, :closes, :valid_from, :valid_until, CAST(:except_on AS date[]),
            CAST(:extra_on AS date[]))""")


@dataclass(frozen=True)
class HoursSet:
    """What a change of hours replaced (given back to `set_hours` from the same day, it undoes it), and leaves out."""

    before: tuple[Rule, ...]
    outside: tuple[Outside, ...]
    from_on: date


@dataclass(frozen=True)
class HoursEffect:
    """What a change of hours would do, as far ahead as openings are published."""

    outside: tuple[Outside, ...]
    added: tuple[Period, ...]
    removed: tuple[Period, ...]
    until: date  # exclusive: as far as it was looked


def set_hours(
    session: Session, actor: Actor, resource_id: int, rules: Sequence[Rule], *, from_on: date, now: datetime
) -> HoursSet:
    """Replace, from a civil day on, the hours of a resource of shape `slots`, and publish its openings again.

    What was taken stands wherever it is: what the new openings do not cover is returned, for somebody to look at.
    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = run_by(session, actor, resource_id, (Shape.SLOTS,))
    return _set(session, actor, place, rules, from_on=from_on, now=now)


def hours_effect(
    session: Session, actor: Actor, resource_id: int, rules: Sequence[Rule], *, from_on: date, now: datetime
) -> HoursEffect:
    """Return what `set_hours` would do with the same arguments. Nothing is written.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = looked_at_by(session, actor, resource_id, (Shape.SLOTS,))
    today = local_day(now, place.zone)
    wanted = _wanted(rules, from_on, today)
    until = max(from_on + A_DAY, last_published(session, place.id, today=today))
    opened = openings_with(session, place.id, wanted, first=from_on, until=until)
    published = [Period(*row) for row in session.execute(OPENED, {"id": place.id})]
    present = [one for one in published if from_on <= local_day(one.start, place.zone) < until]
    return HoursEffect(
        outside=outside_of(session, place, opened, first=from_on, until=until, now=now),
        added=tuple(difference(opened, present)),
        removed=tuple(difference(present, opened)),
        until=until,
    )


def copy_week(
    session: Session, actor: Actor, resource_id: int, *, source: date, targets: Sequence[date], now: datetime
) -> HoursSet:
    """Give the weeks that begin on the Mondays `targets` the hours of the one that begins on the Monday `source`.

    The usual hours make exceptions on these days, and stand on all others. Raises: NotFound, NotAllowed,
    InvalidRequest.
    """
    place = run_by(session, actor, resource_id, (Shape.SLOTS,))
    today = local_day(now, place.zone)
    _check_mondays(source, targets, today)
    from_on = max(min(targets), today)
    of_source = rules_from(session, place.id, source)
    standing = rules_from(session, place.id, from_on)
    return _set(session, actor, place, copied(of_source, standing, source, targets, from_on), from_on=from_on, now=now)


def to_extend(session: Session, *, today: date, only_behind: bool = False) -> list[int]:
    """Return the places whose openings are written ahead each night, so that the horizon moves with the days.

    `only_behind`: those whose openings end weeks before they should, as after nights without a clock.
    """
    expected = today + HORIZON - BEHIND_BY if only_behind else None
    return list(session.execute(RULED, {"shape": Shape.SLOTS, "expected": expected}).scalars())


def extend_openings(session: Session, resource_id: int, *, today: date) -> None:
    """Write the openings of the months ahead, from tomorrow on, as the clock does each night.

    Under the lock: rules read while somebody changes them would be written over theirs.
    """
    lock(session, [resource_id])
    tomorrow = today + A_DAY
    publish_openings(session, [resource_id], first=tomorrow, until=tomorrow + HORIZON)


def rules_from(session: Session, resource_id: int, day: date) -> tuple[Rule, ...]:
    """Return the rules that are in force on some day from this one on, as if they began then at the earliest."""
    return tuple(Rule(*row).since(day) for row in session.execute(RULES, {"id": resource_id, "day": day}))


def copied(
    of_source: Sequence[Rule], standing: Sequence[Rule], source: date, targets: Sequence[date], from_on: date
) -> list[Rule]:
    """Return the standing rules, but for the weeks `targets` which become as the week `source` is from a day on."""
    weeks = {monday + number * A_DAY for monday in targets for number in range(7)}
    kept = [_without(rule, weeks) for rule in standing if rule.rrule]
    extra: dict[tuple[time, time], set[date]] = defaultdict(set)  # one rule for all the days that have these hours
    for rule in standing:
        if not rule.rrule:
            extra[rule.opens, rule.closes].update(day for day in rule.extra_on if rule.applies_on(day))
    for standing_days in extra.values():
        standing_days.difference_update(weeks)
    for rule in of_source:
        for day in rule.days(source, source + A_WEEK):
            extra[rule.opens, rule.closes].update(monday + (day - source) for monday in targets)
    for (opens, closes), days in sorted(extra.items()):
        if coming := sorted(day for day in days if day >= from_on):
            first, last = coming[0], coming[-1]
            kept.append(Rule("", first, opens, closes, first, last + A_DAY, extra_on=tuple(coming)))
    return kept


def _without(rule: Rule, days: Iterable[date]) -> Rule:
    """Return the rule with an exception for each of these days on which it opens."""
    concerned = tuple(day for day in days if rule.applies_on(day))
    return replace(rule, except_on=(*rule.except_on, *concerned))


def _set(
    session: Session, actor: Actor, place: Locked, rules: Sequence[Rule], *, from_on: date, now: datetime
) -> HoursSet:
    today = local_day(now, place.zone)
    wanted = _wanted(rules, from_on, today)
    asked = {"id": place.id, "day": from_on}
    before = rules_from(session, place.id, from_on)
    session.execute(END_RULES, asked)
    session.execute(FORGET_RULES, asked)
    if wanted:
        session.execute(ADD_RULE, [_row(place.id, rule) for rule in wanted])
    publish_again(session, place.id, first=from_on, today=today)
    facts = {"from_on": from_on.isoformat(), "hours": [_said(rule) for rule in wanted]}
    record(session, actor, Act(act="hours-set", subject="resource", subject_id=place.id, at=now, facts=facts))
    return HoursSet(before, outside_openings(session, place.id, first=from_on, until=None, now=now), from_on)


def _wanted(rules: Sequence[Rule], from_on: date, today: date) -> list[Rule]:
    """Return the rules as they are from a day on. Raises: InvalidRequest, also for two that overlap."""
    if not today <= from_on <= today + A_YEAR:
        problem = "past" if from_on < today else "too-far"
        raise InvalidRequest("from_on", problem, today=today, latest=today + A_YEAR)
    if len(rules) > MOST_RULES:
        raise InvalidRequest("rules", "too-many", most=MOST_RULES)
    wanted = [rule.since(from_on) for rule in rules]
    _check_overlaps(wanted, from_on)
    return wanted


def _check_overlaps(rules: Sequence[Rule], from_on: date) -> None:
    """Refuse two rules that open at the same moment of the wall, within a year of their beginnings."""
    last = max((rule.valid_from for rule in rules), default=from_on)
    until = min(last, from_on + A_YEAR) + A_YEAR
    spans = sorted(_span(rule, day) for rule in rules for day in rule.days(from_on, until))
    for (_, ends), (begins, _) in pairwise(spans):
        if begins < ends:
            raise InvalidRequest("rules", "overlap", weekday=begins.weekday(), day=begins.date())


def _span(rule: Rule, day: date) -> tuple[datetime, datetime]:
    """Return an opening in wall time, which has no zone here: what overlaps does so whatever the clocks do."""
    closing_day = day if rule.closes > rule.opens else day + A_DAY
    return datetime.combine(day, rule.opens), datetime.combine(closing_day, rule.closes)


def _check_mondays(source: date, targets: Sequence[date], today: date) -> None:
    if not targets or len(targets) > MOST_WEEKS:
        raise InvalidRequest("targets", "too-many" if targets else "required", most=MOST_WEEKS)
    for field, monday in (("source", source), *(("targets", target) for target in targets)):
        if monday.weekday():
            raise InvalidRequest(field, "not-a-monday", value=monday)
    if min(targets) + A_WEEK <= today:
        raise InvalidRequest("targets", "past", today=today)
    if max(targets) > today + A_YEAR:
        raise InvalidRequest("targets", "too-far", today=today, latest=today + A_YEAR)


def _row(resource_id: int, rule: Rule) -> dict[str, Any]:
    days = {"except_on": list(rule.except_on), "extra_on": list(rule.extra_on)}
    return {"id": resource_id, **vars(rule), **days}


def _said(rule: Rule) -> str:
    return f"{rule.rrule or 'once'} {rule.opens:%H:%M}-{rule.closes:%H:%M}"
