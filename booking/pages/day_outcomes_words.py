"""The appointments of a day in words: a row each, with what may be noted of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from booking.bulk import Bulk
from booking.day_outcomes import Appointment, DayToNote
from booking.ledger import ListedBooking
from booking.models import State
from booking.pages.booking_words import MAINLAND, convene_again, open_address, whom, zone_note
from booking.words import EXCUSE_WORDS, many
from portal.ui.dates import NBSP, day, hour

ADDRESS = "/issues-du-jour/"
A_DAY = timedelta(days=1)
# A letter of the keyboard, its act, and what its button says. Z takes back what was just noted.
LETTERS = {"v": Bulk.CAME, "a": Bulk.MISSED, "e": Bulk.EXCUSE}
UNDO = "z"
ANSWERS = {State.HONOURED: "v", State.MISSED: "a", State.EXCUSED: "e"}
SAID = {State.HONOURED: "Venu(e)", State.MISSED: "Absent(e)", State.EXCUSED: "Excusé(e)"}
CANNOT_COME = "A dit ne pas pouvoir venir"
SEEN_AGAIN = (State.MISSED, State.EXCUSED, State.CANCELLED)
EVERYBODY = "tous"


@dataclass(frozen=True)
class Row:
    """An appointment. `answer` is the letter of its outcome; `letters` are those that its keyboard answers to."""

    id: str
    at: str
    whom: str
    what: str
    href: str
    answer: str
    said: str
    letters: str
    can_come: bool
    can_excuse: bool
    can_undo: bool
    again_href: str
    problem: str


@dataclass(frozen=True)
class LateDay:
    """A day before of which something is still to be noted."""

    label: str
    href: str
    is_shown: bool


@dataclass(frozen=True)
class Choice:
    """Somebody who receives."""

    value: str
    label: str


def address(on: date, today: date, who: str = "") -> str:
    """Return the address of a day, at whoever receives."""
    asked = {"jour": "" if on == today else on.isoformat(), "qui": "" if who == EVERYBODY else who}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a row depends on besides its appointment."""

    now: datetime
    undoable: Mapping[str, object]
    problems: Mapping[str, str]
    may_convene: bool
    here: str = MAINLAND


def rows_of(found: Sequence[Appointment], around: Around) -> list[Row]:
    """Return the rows, in the order of the hours: a row stays where it is once it is noted."""
    return [_row(one, around) for one in found]


def _row(one: Appointment, around: Around) -> Row:
    line, key = one.line, str(one.line.id)
    has_begun = line.starts_at is not None and line.starts_at <= around.now and line.state is not State.CANCELLED
    can_excuse, can_undo = line.state is not State.EXCUSED, key in around.undoable
    letters = ("va" if has_begun else "") + ("e" if can_excuse else "") + (UNDO if can_undo else "")
    may_again = around.may_convene and line.state in SEEN_AGAIN and line.person_id is not None
    return Row(
        id=key,
        at=_at(line, around.here),
        whom=_whom(one),
        what=" · ".join(dict.fromkeys((line.kind_label, line.resource_name, line.site_name))),
        href=open_address(line.id),
        answer=ANSWERS.get(line.state, ""),
        said=_said(one, around.now),
        letters=letters,
        can_come=has_begun,
        can_excuse=can_excuse,
        can_undo=can_undo,
        again_href=convene_again(line) if may_again else "",
        problem=around.problems.get(key, ""),
    )


def _at(line: ListedBooking, here: str) -> str:
    if line.starts_at is None:
        return ""
    return f"{hour(line.starts_at, ZoneInfo(line.time_zone))}{zone_note(line.time_zone, here)}"


def _whom(one: Appointment) -> str:
    who = whom(one.line.initials, one.line.case_ref, one.line.person_id)
    who = who[:1].upper() + who[1:]
    return f"{who}, {one.birth_year}" if one.line.initials and one.birth_year else who


def _said(one: Appointment, now: datetime) -> str:
    line = one.line
    if line.state is State.EXCUSED and (why := EXCUSE_WORDS.get(one.reason)):
        return f"{SAID[State.EXCUSED]}{NBSP}: {why}"
    if line.state is State.CANCELLED:
        why = EXCUSE_WORDS.get(one.reason)
        return f"{CANNOT_COME}{NBSP}: {why}" if why else CANNOT_COME
    if line.state in SAID:
        return SAID[line.state]
    if line.starts_at is not None and line.starts_at > now:
        return "À venir"
    return "À pointer" if line.ends_at is not None and line.ends_at <= now else "En cours"


def is_to_note(one: Appointment, now: datetime) -> bool:
    """Say whether it has begun, and nobody said what became of it."""
    return one.line.state is State.BOOKED and one.line.starts_at is not None and one.line.starts_at <= now


def summary(found: Sequence[Appointment], now: datetime) -> str:
    """Return "12 rendez-vous : 7 venus, 2 absents, 1 excusé, 2 à pointer"."""
    if not found:
        return ""
    count = {state: sum(one.line.state is state for one in found) for state in SAID}
    left = sum(is_to_note(one, now) for one in found)
    said = sum(one.line.state is State.CANCELLED for one in found)
    parts = [
        many(count[State.HONOURED], "venu", "venus") if count[State.HONOURED] else "",
        many(count[State.MISSED], "absent", "absents") if count[State.MISSED] else "",
        many(count[State.EXCUSED], "excusé", "excusés") if count[State.EXCUSED] else "",
        many(said, "a prévenu", "ont prévenu") if said else "",
        many(left, "à pointer", "à pointer") if left else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f"{many(len(found), 'rendez-vous', 'rendez-vous')}{f'{NBSP}: {told}' if told else ''}"


def all_label(left: int, noted: int) -> str:
    """Return what the button of all says: "Les 12 sont venus", "Les 5 autres sont venus"; nothing for none or one."""
    if left < 2:
        return ""
    return f"Les {left} autres sont venus" if noted else f"Les {left} sont venus"


def late_days(found: Sequence[DayToNote], shown: date, today: date, who: str) -> list[LateDay]:
    """Return the days before today that wait, the oldest first."""
    counts: dict[date, int] = {}
    for one in found:
        if one.day < today and who in (EVERYBODY, str(one.resource_id)):
            counts[one.day] = counts.get(one.day, 0) + one.count
    return [LateDay(_late(on, count, today), address(on, today, who), on == shown) for on, count in counts.items()]


def _late(on: date, count: int, today: date) -> str:
    return f"{day(on, year=on.year != today.year)} ({count})"


def nag(days: int) -> str:
    """Return what is said above the days that wait, or nothing."""
    if not days:
        return ""
    return "Un jour attend encore ses issues" if days == 1 else f"{days}{NBSP}jours attendent encore leurs issues"


def choices(found: Sequence[Appointment]) -> list[Choice]:
    """Return who receives that day, by name."""
    names = {str(one.line.resource_id): f"{one.line.resource_name} – {one.line.site_name}" for one in found}
    return [Choice(value, label) for value, label in sorted(names.items(), key=lambda pair: pair[1])]


def undone_words(count: int) -> str:
    """Return what is said once they are taken back."""
    return f"C’est annulé{NBSP}: {many(count, 'rendez-vous', 'rendez-vous')} à pointer à nouveau."


def noted_words(count: int) -> str:
    """Return what is said once all are noted."""
    return f"C’est noté{NBSP}: {many(count, 'venue', 'venues')}."
