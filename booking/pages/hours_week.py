"""One week of hours being drawn, as the grid shows it: its days, and a block for each opening. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from availability.openings import A_DAY, Off, Rule
from availability.periods import days_between
from booking.agenda import A_WEEK, Closing
from booking.hours import Hours
from booking.pages.hours_draft import Draft
from booking.pages.hours_recurrence import read_repeat
from booking.pages.hours_words import days_words, mark, span_words, time_words
from portal.ui.dates import NBSP, day, long_day

A_DAY_MIN = 1440
EARLIEST, LATEST = 7 * 60, 20 * 60  # minutes of the day always drawn
SNAPS = (5, 10, 15, 20, 30)
USUAL_SNAP = 15


@dataclass(frozen=True)
class Picked:
    """An opening of the grid: its rule, and the day on which it was seen."""

    number: int
    on: date

    @property
    def id(self) -> str:
        """Return how the page calls it."""
        return f"{self.number}:{self.on.isoformat()}"


def picked(block_id: object) -> Picked | None:
    """Return what a page names, None when it is nothing."""
    number, _, on = str(block_id).partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) <= 6):
        return None
    try:
        return Picked(int(number), date.fromisoformat(on))
    except ValueError:
        return None


def snap_of(step_min: int) -> int:
    """Return to how many minutes the grid draws: the step of the slots when it fits an hour, else a quarter."""
    return step_min if step_min in SNAPS else USUAL_SNAP


def columns(hours: Hours, monday: date, from_on: date) -> list[dict[str, Any]]:
    """Return the seven days: `locked` are those that are not drawn on, for they are over or before the change."""
    return [
        {
            "key": on.isoformat(),
            "name": day(on),
            "said": long_day(on),
            "note": why_closed(hours, on),
            "locked": on < from_on,
            "today": on == hours.today,
        }
        for on in days_between(monday, monday + A_WEEK)
    ]


def blocks(draft: Draft, monday: date, from_on: date, chosen: Picked | None) -> list[dict[str, Any]]:
    """Return the openings of the week; days before the change show the hours as saved.

    One that goes on after midnight has a second block on the day after, which only shows it.
    """
    found: list[dict[str, Any]] = []
    for on in days_between(monday - A_DAY, monday + A_WEEK):
        is_before = on < from_on
        for number, rule in draft.saved if is_before else draft.lines:
            if rule.applies_on(on):
                tone = "kept" if is_before or draft.kept(number) else "changed"
                found += _pieces(Picked(number, on), rule, monday, tone, is_locked=is_before, chosen=chosen)
    return sorted(found, key=lambda one: (one["day"], one["opens"]))


def bounds(rules: Iterable[Rule], *, whole_day: bool) -> tuple[int, int]:
    """Return the first and last minutes to draw: working hours, and whole hours that hold every opening."""
    if whole_day:
        return 0, A_DAY_MIN
    spans = [_minutes(rule) for rule in rules]
    first = min([EARLIEST, *(opens // 60 * 60 for opens, _ in spans)])
    last = max([LATEST, *(min(-(-closes // 60) * 60, A_DAY_MIN) for _, closes in spans)])
    return (0 if any(closes > A_DAY_MIN for _, closes in spans) else first), last


def why_closed(hours: Hours, on: date) -> str:
    """Return why a day opens nothing whatever the rules say, with the name of what closes it."""
    match hours.off.why(on):
        case Off.CLOSED:
            return _named("Fermé", _covering(hours.closings, on))
        case Off.HOLIDAY:
            return f"Férié{NBSP}: {hours.holiday(on)}"
        case Off.WEEKEND:
            return "Fermé le week-end"
        case Off.RECESS:
            return _named("Vacations judiciaires", _covering(hours.recesses, on))
        case _:
            return ""


def wall(minutes: object) -> time | None:
    """Return the time of a number of minutes after midnight, None when it is none; 24 h is midnight."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes <= 2 * A_DAY_MIN:
        return None
    of_day = int(minutes) % A_DAY_MIN
    return time(of_day // 60, of_day % 60)


def _pieces(
    one: Picked, rule: Rule, monday: date, tone: str, *, is_locked: bool, chosen: Picked | None
) -> list[dict[str, Any]]:
    opens, closes = _minutes(rule)
    column = (one.on - monday).days
    piece = {
        "id": one.id,
        "title": f"{time_words(rule.opens)} – {time_words(rule.closes) if rule.closes != time() else f'24{NBSP}h'}",
        "mark": mark(read_repeat(rule)),
        "said": f"{long_day(one.on)}, {span_words(rule.opens, rule.closes)}, {days_words(rule, one.on)}",
        "tone": tone,
        "locked": is_locked,
        "picked": chosen == one,
    }
    pieces = []
    if column >= 0:
        pieces.append(piece | {"key": one.id, "day": column, "opens": opens, "closes": closes, "goesOn": False})
    if closes > A_DAY_MIN and column < 6:
        after = {"key": f"{one.id}+", "day": column + 1, "opens": 0, "closes": closes - A_DAY_MIN, "goesOn": True}
        pieces.append(piece | after)
    return pieces


def _minutes(rule: Rule) -> tuple[int, int]:
    opens, closes = (at.hour * 60 + at.minute for at in (rule.opens, rule.closes))
    return opens, closes if closes > opens else closes + A_DAY_MIN


def _covering(closings: Iterable[Closing], on: date) -> str:
    return next(
        (
            one.reason
            for one in closings
            if (one.first is None or one.first <= on) and (one.until is None or on < one.until)
        ),
        "",
    )


def _named(word: str, reason: str) -> str:
    return f"{word}{NBSP}: {reason}" if reason else word
