"""The hours being drawn, not saved yet: strokes on rules, each of which can be taken back. Pure.

A named tuple, for Reflex hands the parts of a dataclass or of a list kept in a state out as proxies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, time
from typing import NamedTuple

from availability.openings import Rule, once, weekly
from booking.pages.hours_recurrence import Repeat, apart, moved, together, with_repeat

MOST_STROKES = 50  # that can be taken back
Lines = tuple[tuple[int, Rule], ...]  # each rule under the number by which the page calls it


class Draft(NamedTuple):
    """The rules as saved, as drawn, and as drawn before each of the last strokes."""

    saved: Lines = ()
    lines: Lines = ()
    before: tuple[Lines, ...] = ()
    last: int = 0

    @property
    def is_changed(self) -> bool:
        """Say whether there is something to save."""
        return self.lines != self.saved

    def rule(self, number: int) -> Rule | None:
        """Return the rule of that number."""
        return dict(self.lines).get(number)

    def kept(self, number: int) -> bool:
        """Say whether the rule of that number is as saved."""
        return dict(self.saved).get(number) == self.rule(number)

    def changes(self) -> list[tuple[Rule | None, Rule | None]]:
        """Return what was changed, each as (before, after), None when it was not or is no more."""
        saved, drawn = dict(self.saved), dict(self.lines)
        numbers = sorted(saved.keys() | drawn.keys())
        pairs = [(saved.get(number), drawn.get(number)) for number in numbers]
        return [(before, after) for before, after in pairs if before != after]


def draft_of(rules: Iterable[Rule]) -> Draft:
    """Return a draft in which nothing is changed yet."""
    lines = tuple(enumerate(apart(rules), 1))
    return Draft(lines, lines, (), len(lines))


def to_save(draft: Draft, from_on: date) -> tuple[Rule, ...]:
    """Return the rules to set from a day on; what is over by then is history."""
    return together(rule.since(from_on) for _, rule in draft.lines if rule.lasts(from_on))


def drawn(draft: Draft, on: date, opens: time, closes: time, *, since: date) -> Draft:
    """Return the draft with one more opening, each week on that day of the week. Its number is `last`."""
    rule = weekly(on.weekday(), opens, closes, min(since, on))
    return added(draft, rule)


def added(draft: Draft, rule: Rule) -> Draft:
    """Return the draft with one more rule. Its number is `last`."""
    number = draft.last + 1
    return _stroke(draft, (*draft.lines, (number, rule)), last=number)


def changed(draft: Draft, number: int, on: date, to: date, span: tuple[time, time]) -> Draft:
    """Return the draft with an opening, seen on the day `on`, moved to `to` and to other hours, each time it comes.

    What cannot be moved to another day (its recurrence is of no form offered here) stays on its own.
    """
    rule = draft.rule(number)
    if rule is None:
        return draft
    there = moved(rule, on, to)
    return put(draft, number, replace(there if there is not None else rule, opens=span[0], closes=span[1]))


def put(draft: Draft, number: int, rule: Rule) -> Draft:
    """Return the draft with another rule in the place of one."""
    return _stroke(draft, tuple((known, rule if known == number else old) for known, old in draft.lines))


def dropped(draft: Draft, number: int) -> Draft:
    """Return the draft without an opening, whenever it comes."""
    return _stroke(draft, tuple(line for line in draft.lines if line[0] != number))


def skipped(draft: Draft, number: int, on: date) -> Draft:
    """Return the draft without an opening on that day only."""
    rule = draft.rule(number)
    if rule is None:
        return draft
    if not rule.rrule:
        return dropped(draft, number)
    if on in rule.extra_on:
        return put(draft, number, replace(rule, extra_on=_without(rule.extra_on, on)))
    return put(draft, number, replace(rule, except_on=(*rule.except_on, on)))


def alone(draft: Draft, number: int, on: date) -> Draft:
    """Return the draft with an opening of that day made its own, to be changed alone. Its number is `last`."""
    rule = draft.rule(number)
    if rule is None or not rule.rrule:
        return draft
    parted = added(skipped(draft, number, on), once(on, rule.opens, rule.closes))
    return parted._replace(before=(*draft.before, draft.lines)[-MOST_STROKES:])  # one stroke, not two


def also(draft: Draft, number: int, on: date) -> Draft:
    """Return the draft with an opening that comes on one more day: an exception taken back, or an extra day."""
    rule = draft.rule(number)
    if rule is None or not rule.rrule or rule.applies_on(on):
        return draft
    given_back = replace(rule, except_on=_without(rule.except_on, on))
    if given_back.applies_on(on):
        return put(draft, number, given_back)
    return put(draft, number, replace(given_back, extra_on=(*rule.extra_on, on)))


def repeated(draft: Draft, number: int, repeat: Repeat, on: date, *, since: date) -> Draft:
    """Return the draft with an opening, seen on the day `on`, that comes again otherwise."""
    rule = draft.rule(number)
    return draft if rule is None else put(draft, number, with_repeat(rule, repeat, on, since=since))


def undone(draft: Draft) -> Draft:
    """Return the draft without its last stroke."""
    if not draft.before:
        return draft
    return draft._replace(lines=draft.before[-1], before=draft.before[:-1])


def _stroke(draft: Draft, lines: Lines, *, last: int = 0) -> Draft:
    if lines == draft.lines:
        return draft
    before = (*draft.before, draft.lines)[-MOST_STROKES:]
    return draft._replace(lines=lines, before=before, last=last or draft.last)


def _without(days: Sequence[date], day: date) -> tuple[date, ...]:
    return tuple(one for one in days if one != day)
