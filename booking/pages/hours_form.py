"""The hours as typed in lists, day by day: each opening has its two fields, and an empty one removes it. Pure.

Says and does the same as the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time

from availability.openings import Rule, once, weekly
from booking.pages.hours_draft import Draft, added, dropped, put
from booking.pages.hours_recurrence import ONCE, is_plain, read_repeat
from booking.pages.hours_words import MIDNIGHT, WEEKDAYS, capital, days_words, end_words, read_time, time_words
from portal.ui.dates import NBSP, long_day

LONGEST = 12  # of a time as typed
SPARE_DATE = "date"  # the row of one more opening of one day


@dataclass(frozen=True)
class Range:
    """Two fields: their names, what stands in them, what is wrong; `number` is that of a rule, "" for a spare row."""

    number: str
    name: str
    label: str
    opens: str
    closes: str
    words: str
    problem: str


@dataclass(frozen=True)
class DayRow:
    """A day of the week, or one date."""

    name: str
    ranges: list[Range]


@dataclass(frozen=True)
class Typed:
    """The form as read: its rows to show again, and the draft when everything reads."""

    rows: list[DayRow]
    dates: list[DayRow]
    draft: Draft
    wrong: int  # how many rows
    first_wrong: str  # name of the first field


def rows_of(draft: Draft, from_on: date, form: Mapping[str, str] | None = None) -> tuple[list[DayRow], list[DayRow]]:
    """Return the rows of the week, then those of single dates; what was typed stands in them when a form is given."""
    typed = form or {}
    rows = []
    for weekday, name in enumerate(WEEKDAYS):
        lines = [(number, rule) for number, rule in _coming(draft, from_on) if _weekday(rule) == weekday]
        ranges = [
            _row(number, rule, from_on, f"{name} {place}", typed) for place, (number, rule) in enumerate(lines, 1)
        ]
        spare = _spare(f"n{weekday}", f"{name} {len(lines) + 1}", typed)
        rows.append(DayRow(name.capitalize(), [*ranges, spare]))
    dates = [
        DayRow(capital(long_day(rule.extra_on[0])), [_row(number, rule, from_on, long_day(rule.extra_on[0]), typed)])
        for number, rule in sorted(_coming(draft, from_on), key=lambda line: line[1].extra_on)
        if _weekday(rule) is None
    ]
    spare = _spare(SPARE_DATE, "un seul jour", typed)
    return rows, [*dates, DayRow("", [spare])]


def read_form(form: Mapping[str, str], draft: Draft, from_on: date) -> Typed:
    """Return what a form says: what was changed, removed and added is so in the draft."""
    rows, dates = rows_of(draft, from_on, form)
    result = draft
    for weekday, row in enumerate(rows):
        for one in row.ranges:
            span = _span(one)
            if span and not one.number:
                result = added(result, weekly(weekday, *span, valid_from=from_on))
            elif one.number:
                result = _applied(result, int(one.number), span, is_wrong=bool(one.problem))
    for row in dates:
        for one in row.ranges:
            span = _span(one)
            if one.number:
                result = _applied(result, int(one.number), span, is_wrong=bool(one.problem))
            elif span and (on := _date(form.get(f"{SPARE_DATE}_on", ""))):
                result = added(result, once(on, *span))
    wrong = [one.name for row in (*rows, *dates) for one in row.ranges if one.problem]
    merged = result._replace(before=(*draft.before, draft.lines)) if result.lines != draft.lines else draft
    return Typed(rows, dates, draft if wrong else merged, len(wrong), f"{wrong[0]}_de" if wrong else "")


def _applied(draft: Draft, number: int, span: tuple[time, time] | None, *, is_wrong: bool) -> Draft:
    rule = draft.rule(number)
    if rule is None or is_wrong:
        return draft
    if span is None:
        return dropped(draft, number)
    return put(draft, number, replace(rule, opens=span[0], closes=span[1]))


def _coming(draft: Draft, from_on: date) -> Iterable[tuple[int, Rule]]:
    """Return the rules that are in force on some day from this one on, by opening time."""
    return sorted(
        ((n, rule) for n, rule in draft.lines if rule.lasts(from_on)), key=lambda line: (line[1].opens, line[0])
    )


def _weekday(rule: Rule) -> int | None:
    repeat = read_repeat(rule)
    return None if repeat.code == ONCE else repeat.weekday


def _row(number: int, rule: Rule, from_on: date, label: str, typed: Mapping[str, str]) -> Range:
    repeat = read_repeat(rule)
    is_bounded = rule.valid_from > from_on or rule.valid_until or rule.except_on or rule.extra_on
    is_usual = repeat.code == ONCE or (is_plain(repeat) and not is_bounded)
    stands = Range(
        str(number),
        f"l{number}",
        f"{label}, ",
        time_words(rule.opens),
        end_words(rule.closes),
        "" if is_usual else days_words(rule, from_on),
        "",
    )
    return _as_typed(stands, typed, passes_midnight=rule.closes <= rule.opens)


def _spare(name: str, label: str, typed: Mapping[str, str]) -> Range:
    return _as_typed(Range("", name, f"{label}, ", "", "", "", ""), typed)


def _as_typed(stands: Range, typed: Mapping[str, str], *, passes_midnight: bool = False) -> Range:
    opens = typed.get(f"{stands.name}_de", stands.opens).strip()[:LONGEST]
    closes = typed.get(f"{stands.name}_a", stands.closes).strip()[:LONGEST]
    problem = _problem(opens, closes, may_pass_midnight=passes_midnight)
    if stands.name == SPARE_DATE and not problem:
        problem = _date_problem(typed.get(f"{SPARE_DATE}_on", ""), has_hours=bool(opens))
    return replace(stands, opens=opens, closes=closes, problem=problem)


def _problem(opens: str, closes: str, *, may_pass_midnight: bool) -> str:
    if not opens and not closes:
        return ""
    if not opens or not closes:
        return "Indiquez le début et la fin."
    start, end = read_time(opens), read_time(closes)
    if start is None or end is None:
        wrong = opens if start is None else closes
        return f"«{NBSP}{wrong}{NBSP}» ne se lit pas{NBSP}: écrivez par exemple 9{NBSP}h{NBSP}30."
    if end == start or (end < start and end != MIDNIGHT and not may_pass_midnight):
        return "La fin doit être après le début."
    return ""


def _date_problem(typed: str, *, has_hours: bool) -> str:
    if not typed and not has_hours:
        return ""
    if not typed or _date(typed) is None:
        return "Choisissez le jour dans le calendrier."
    return "" if has_hours else "Indiquez le début et la fin."


def _span(one: Range) -> tuple[time, time] | None:
    opens, closes = read_time(one.opens), read_time(one.closes)
    return (opens, closes) if opens is not None and closes is not None and not one.problem else None


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
