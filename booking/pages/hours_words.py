"""The hours of an agenda as they are typed and read: text to rules, rules to text, and what does not read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from availability.closings import ClosedDays
from availability.openings import Rule, weekly
from booking.agenda import Appointment, Closing
from booking.pages.agenda_words import closing_words, who
from booking.words import many
from portal.ui.dates import NBSP, day

WEEKDAYS = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
LEAST_RANGES, MOST_RANGES = 2, 6
LONGEST = 12  # of a time as typed
HOUR = re.compile(r"(\d{1,2})(?:\s*(?:h|:|\.)\s*(\d{2})?)?", re.IGNORECASE)
MIDNIGHT = time()


@dataclass(frozen=True)
class Range:
    """One opening of a day, as typed: the names of its two fields, what stands in them, what is wrong."""

    opens_name: str
    closes_name: str
    opens_label: str
    closes_label: str
    opens: str
    closes: str
    problem: str


@dataclass(frozen=True)
class DayRow:
    """A day of the week in the form."""

    name: str
    ranges: list[Range]


@dataclass(frozen=True)
class Week:
    """The form as it was read: its rows to show again, and the rules when everything reads."""

    rows: list[DayRow]
    rules: tuple[Rule, ...]
    wrong: int  # how many fields
    first_wrong: str  # name of the first


@dataclass(frozen=True)
class ClosingRow:
    """A closure to come. `id` is empty when it is of the whole site."""

    id: str
    days: str
    reason: str


@dataclass(frozen=True)
class OutsideRow:
    """An appointment that the hours no longer cover."""

    id: str
    said: str


def rows_of(rules: Iterable[Rule], on: date) -> list[DayRow]:
    """Return the form filled with the rules in force on a day."""
    in_force = _in_force(rules, on)
    of_day = [sorted((opens, closes) for weekday, opens, closes in in_force if weekday == at) for at in range(7)]
    count = max(LEAST_RANGES, *(len(spans) for spans in of_day))
    return [
        DayRow(name, [_range(at, number, *_typed(of_day[at], number)) for number in range(count)])
        for at, name in enumerate(WEEKDAYS)
    ]


def later_words(rules: Iterable[Rule], on: date) -> str:
    """Return a warning when other hours are already planned after a day, which saving would replace."""
    known = list(rules)
    turns = sorted({turn for rule in known for turn in (rule.valid_from, rule.valid_until) if turn and turn > on})
    later = next((turn for turn in turns if _in_force(known, turn) != _in_force(known, on)), None)
    if later is None:
        return ""
    return f"D’autres horaires sont déjà prévus à partir du {day(later, year=True)}{NBSP}: enregistrer les remplace."


def read_week(form: Mapping[str, str], from_on: date) -> Week:
    """Return what a form says; a range is empty or has both ends, and the ranges of a day do not overlap."""
    rows: list[DayRow] = []
    rules: list[Rule] = []
    wrong: list[str] = []
    for at, name in enumerate(WEEKDAYS):
        ranges: list[Range] = []
        before: list[tuple[time, time]] = []
        for number in range(_count(form)):
            opens, closes = (form.get(key, "").strip()[:LONGEST] for key in _names(at, number))
            span, problem = _span((opens, closes), before)
            if span:
                before.append(span)
                rules.append(weekly(at, *span, valid_from=from_on))
            if problem:
                wrong.append(_names(at, number)[0])
            ranges.append(_range(at, number, opens, closes, problem))
        rows.append(DayRow(name, ranges))
    return Week(rows, tuple(rules) if not wrong else (), len(wrong), wrong[0] if wrong else "")


def read_time(typed: str) -> time | None:
    """Return the time that "9", "9h", "9 h 30", "9:30" or "09.30" says; None when it says none. "24 h" is midnight."""
    found = HOUR.fullmatch(typed.replace(NBSP, " ").strip())
    if found is None:
        return None
    hours, minutes = int(found[1]), int(found[2] or 0)
    if (hours, minutes) == (24, 0):
        return MIDNIGHT
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def time_words(at: time) -> str:
    """Return "9 h 30", or "9 h" on the hour."""
    return f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02d}" if at.minute else "")


def closing_rows(found: Iterable[Closing]) -> list[ClosingRow]:
    """Return the closures as listed."""
    return [
        ClosingRow(
            id=str(one.closure_id or ""),
            days=closing_words(one)[:1].upper() + closing_words(one)[1:],
            reason=one.reason if one.closure_id else " – ".join(part for part in (one.reason, "tout le site") if part),
        )
        for one in found
    ]


def outside_words(count: int) -> str:
    """Return what is said of the appointments that a change leaves out."""
    stands = "il est maintenu" if count == 1 else "ils sont maintenus"
    are = many(count, "rendez-vous est", "rendez-vous sont")
    return f"{are} maintenant hors des horaires{NBSP}: {stands}. À voir{NBSP}:"


def outside_rows(found: Sequence[Appointment], moments: Sequence[str]) -> list[OutsideRow]:
    """Return the appointments left out; one that is not for this actor's eyes cannot be opened."""
    return [
        OutsideRow(str(one.booking_id) if one.is_visible else "", f"{at}, {who(one)}")
        for one, at in zip(found, moments, strict=True)
    ]


def closed_words(days: ClosedDays, *, is_closed: bool) -> str:
    """Return "Fermé du lun. 23 au …" or "Rouvert …"."""
    closing = Closing(closure_id=None, first=days.first, until=days.until, reason="")
    return f"{'Fermé' if is_closed else 'Rouvert'} {closing_words(closing)}."


def _in_force(rules: Iterable[Rule], on: date) -> set[tuple[int, time, time]]:
    """Return the weekday, opening and closing of the rules in force on a day, whatever the day is."""
    return {
        (rule.weekday, rule.opens, rule.closes)
        for rule in rules
        if rule.weekday is not None and rule.valid_from <= on and rule.lasts(on)
    }


def _typed(spans: Sequence[tuple[time, time]], number: int) -> tuple[str, str]:
    if number >= len(spans):
        return "", ""
    opens, closes = spans[number]
    return time_words(opens), "24 h".replace(" ", NBSP) if closes == MIDNIGHT else time_words(closes)


def _names(weekday: int, number: int) -> tuple[str, str]:
    return f"j{weekday}_{number}_de", f"j{weekday}_{number}_a"


def _count(form: Mapping[str, str]) -> int:
    """Return how many ranges a day the form has: never less than shown, never more than is sane."""
    numbers = [number for number in range(MOST_RANGES) if any(_names(at, number)[0] in form for at in range(7))]
    return max(LEAST_RANGES, *(number + 1 for number in numbers), 0)


def _range(weekday: int, number: int, opens: str, closes: str, problem: str = "") -> Range:
    opens_name, closes_name = _names(weekday, number)
    of = f"{WEEKDAYS[weekday]}, {'première' if number == 0 else 'deuxième' if number == 1 else f'{number + 1}e'} plage"
    return Range(opens_name, closes_name, f"{of}, de", f"{of}, à", opens, closes, problem)


def _span(typed: Sequence[str], before: Sequence[tuple[time, time]]) -> tuple[tuple[time, time] | None, str]:
    """Return what two fields say, and what is wrong with them."""
    if not any(typed):
        return None, ""
    if not all(typed):
        return None, "Indiquez le début et la fin."
    opens, closes = (read_time(each) for each in typed)
    if opens is None or closes is None:
        return None, f"Cette heure ne se lit pas{NBSP}: écrivez par exemple 9{NBSP}h{NBSP}30."
    if closes <= opens and closes != MIDNIGHT:
        return None, "La fin doit être après le début."
    if any(opens < _end(ended) and start < _end(closes) for start, ended in before):
        return None, "Cette plage en recouvre une autre du même jour."
    return (opens, closes), ""


def _end(closes: time) -> time:
    return time.max if closes == MIDNIGHT else closes
