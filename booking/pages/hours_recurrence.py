"""How an opening comes again, as the page of hours offers it: read from a rule, written to it. Pure.

Rules are finer than a form (RFC 5545): what no form says is left as it is, and only its hours are changed here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time

from availability.openings import A_DAY, Rule, once
from availability.recurrences import MOST_COUNT, MOST_INTERVAL, WEEKDAYS, Recurrence, read_rrule

ONCE, AS_IT_IS = "once", ""
WEEKS = ("w1", "w2", "w3", "w4")
IN_MONTH = ("m1", "m2", "m3", "m4", "m-1")
OFFERED = (*WEEKS, *IN_MONTH, ONCE)
CODE = re.compile(r"(w)([1-9][0-9]?)|(m)(-1|[1-4])")


@dataclass(frozen=True)
class Repeat:
    """When an opening comes again.

    `code`: "w2" is every second week, "m1" and "m-1" the first and last of a month, "once" one day, "" something else.
    """

    code: str
    weekday: int  # 0 is Monday
    last_on: date | None = None
    count: int | None = None


def read_repeat(rule: Rule) -> Repeat:
    """Return what a form shows of a rule."""
    last_on = rule.valid_until - A_DAY if rule.valid_until else None
    if not rule.rrule:
        day = rule.extra_on[0]
        return Repeat(ONCE if len(rule.extra_on) == 1 else AS_IT_IS, day.weekday())
    read = read_rrule(rule.rrule)
    if read.until and (last_on is None or read.until < last_on):
        last_on = read.until
    code, weekday = _code(read, rule.anchor_on)
    return Repeat(code, weekday, last_on, read.count)


def with_repeat(rule: Rule, repeat: Repeat, on: date, *, since: date) -> Rule:
    """Return the rule, coming again as said: counts and intervals begin on the day `on`.

    What comes each week opens from `since` on. Raises: InvalidRequest.
    """
    if repeat.code == AS_IT_IS:
        return rule
    if repeat.code == ONCE:
        return once(on, rule.opens, rule.closes)
    begins = min(since, on) if is_plain(repeat) else on
    return replace(
        rule,
        rrule=_rrule(repeat),
        anchor_on=begins,
        valid_from=begins,
        valid_until=repeat.last_on + A_DAY if repeat.last_on else None,
    )


def moved(rule: Rule, on: date, to: date) -> Rule | None:
    """Return the rule with its day `on` moved within its week to `to`, and its other days alike; None: it cannot be.

    Its exceptions and extra days move with it: they are of the same openings.
    """
    if on == to:
        return rule
    repeat = read_repeat(rule)
    if repeat.code == ONCE:
        return once(to, rule.opens, rule.closes)
    if repeat.code == AS_IT_IS:
        return None
    anchor = _week_day(rule.anchor_on, to.weekday())
    if repeat.code in IN_MONTH:
        repeat = replace(repeat, code=_nth(to, is_last=repeat.code == "m-1"))
        anchor = to if rule.anchor_on == on else rule.anchor_on
    days = {name: tuple(day + (to - on) for day in getattr(rule, name)) for name in ("except_on", "extra_on")}
    return replace(
        rule,
        rrule=_rrule(replace(repeat, weekday=to.weekday()), until=read_rrule(rule.rrule).until),
        anchor_on=anchor,
        valid_from=anchor if rule.valid_from == rule.anchor_on else rule.valid_from,
        **days,
    )


def is_plain(repeat: Repeat) -> bool:
    """Say whether it comes every week, without a number of times: where it begins changes nothing."""
    return repeat.code == "w1" and repeat.count is None


def is_known(code: object) -> bool:
    """Say whether a form may send this."""
    found = CODE.fullmatch(str(code))
    return code == ONCE or (found is not None and (found[1] is None or int(found[2]) <= MOST_INTERVAL))


def apart(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the same hours, each rule being of one day of the week or of one date: what a grid draws one by one."""
    return tuple(part for rule in rules for part in _parts(rule))


def together(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the same hours, the dates of the same hours being one rule: half a year of them would be too many."""
    kept: list[Rule] = []
    days: dict[tuple[time, time], set[date]] = defaultdict(set)
    for rule in rules:
        if rule.rrule:
            kept.append(rule)
        else:
            days[rule.opens, rule.closes].update(rule.days(rule.valid_from, max(rule.extra_on) + A_DAY))
    for (opens, closes), found in sorted(days.items()):
        if found:
            first, last = min(found), max(found)
            kept.append(Rule("", first, opens, closes, first, last + A_DAY, extra_on=tuple(sorted(found))))
    return tuple(kept)


def _parts(rule: Rule) -> list[Rule]:
    if not rule.rrule:
        days = rule.days(rule.valid_from, max(rule.extra_on) + A_DAY)
        return [once(day, rule.opens, rule.closes) for day in days]
    read = read_rrule(rule.rrule)
    is_of_weeks = read.frequency == "WEEKLY" and not read.months and read.count is None and read.week_start == 0
    if not is_of_weeks or len(read.weekdays) < 2:
        return [rule]
    weekdays = [weekday for _, weekday in read.weekdays]
    parts = [
        replace(
            rule,
            rrule=_rrule(Repeat(f"w{read.interval}", weekday), until=read.until),
            anchor_on=_week_day(
                rule.anchor_on, weekday
            ),  # the week of the anchor decides which weeks; a day of it before the anchor is none
            valid_from=max(rule.valid_from, rule.anchor_on),
            except_on=tuple(day for day in rule.except_on if day.weekday() == weekday),
            extra_on=tuple(day for day in rule.extra_on if day.weekday() == weekday),
        )
        for weekday in weekdays
        if rule.valid_until is None or max(rule.valid_from, rule.anchor_on) < rule.valid_until
    ]
    others = [
        day for day in rule.extra_on if (day.weekday() not in weekdays or day < rule.anchor_on) and rule.applies_on(day)
    ]
    return [*parts, *(once(day, rule.opens, rule.closes) for day in others)]


def _code(read: Recurrence, anchor: date) -> tuple[str, int]:
    """Return how a form calls a recurrence, and its day of the week."""
    weekday = read.weekdays[0][1] if read.weekdays else anchor.weekday()
    if read.months or read.month_days or len(read.weekdays) > 1:
        return AS_IT_IS, weekday
    if read.frequency == "WEEKLY" and not read.positions and read.week_start == 0:
        return f"w{read.interval}", weekday
    if read.frequency == "MONTHLY" and read.interval == 1 and read.weekdays:
        number = read.weekdays[0][0]
        numbers = (number,) if number else read.positions
        if (number == 0) != (not read.positions) and len(numbers) == 1 and f"m{numbers[0]}" in IN_MONTH:
            return f"m{numbers[0]}", weekday
    return AS_IT_IS, weekday


def _rrule(repeat: Repeat, *, until: date | None = None) -> str:
    frequency, number = repeat.code[0], int(repeat.code[1:])
    name = WEEKDAYS[repeat.weekday]
    if frequency == "m":
        parts = ["FREQ=MONTHLY", f"BYDAY={number}{name}"]
    else:
        parts = ["FREQ=WEEKLY", *([f"INTERVAL={number}"] if number > 1 else []), f"BYDAY={name}"]
    if repeat.count is not None:
        parts.append(f"COUNT={min(repeat.count, MOST_COUNT)}")
    return ";".join([*parts, *([f"UNTIL={until:%Y%m%d}"] if until else [])])


def _week_day(day: date, weekday: int) -> date:
    """Return the day of the same week that is this day of the week."""
    return day + (weekday - day.weekday()) * A_DAY


def _nth(day: date, *, is_last: bool) -> str:
    """Return which of its month a day is: the last one only if it was said so, or if it is the fifth."""
    number = (day.day - 1) // 7 + 1
    ends = (day + 7 * A_DAY).month != day.month
    return "m-1" if ends and (is_last or number > 4) else f"m{number}"
