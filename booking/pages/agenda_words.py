"""A week of an agenda in words: as a calendar draws it, and as a list says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from availability.openings import instant_of, local_day
from availability.periods import Period, days_between
from booking.agenda import A_WEEK, Agenda, Appointment, Closing, Meets, Week
from booking.models import State
from booking.pages.booking_words import deadline, whom
from booking.persons import search_name_of
from booking.words import many
from portal.ui.dates import LOCALE, NBSP, day, hour, long_day, moment

ADDRESS = "/agenda/"
A_DAY = timedelta(days=1)
EARLIEST, LATEST = 8, 18  # hours always drawn
BUSY = "occupé"
TO_NOTE = ("à pointer", "fr-icon-edit-line")  # over, and nobody said who came

# Of an appointment, in the words of the agenda; the icon says the same as the word.
STATES = {
    State.HELD: ("en cours de réservation", "fr-icon-time-line"),
    State.REQUESTED: ("demandé", "fr-icon-question-line"),
    State.BOOKED: ("réservé", "fr-icon-calendar-event-line"),
    State.HONOURED: ("venu", "fr-icon-check-line"),
    State.MISSED: ("absent", "fr-icon-close-line"),
}


@dataclass(frozen=True)
class Line:
    """An agenda that can be chosen."""

    href: str
    name: str
    detail: str


@dataclass(frozen=True)
class Group:
    """The agendas of one site."""

    site: str
    lines: list[Line]


@dataclass(frozen=True)
class Entry:
    """A free start, or something taken, in the list of a day. `id` is empty when it cannot be opened."""

    kind: str  # free, taken
    id: str
    start: str
    at: str
    who: str
    state: str
    icon: str
    said: str  # the whole, for whoever hears it out of its day
    may_move: bool


@dataclass(frozen=True)
class DayList:
    """One day of the list."""

    key: str
    heading: str
    is_today: bool
    note: str
    lines: list[Entry]


@dataclass(frozen=True)
class Start:
    """A start that can be chosen."""

    start: str
    label: str


@dataclass(frozen=True)
class StartsOfDay:
    """The starts of one day."""

    day: str
    starts: list[Start]


@dataclass(frozen=True)
class Frame:
    """What the calendar draws around its events."""

    monday: str
    zone: str
    now: str
    hidden: list[int]
    first: str
    last: str
    step: int  # minutes


NO_FRAME = Frame("", "", "", [], "08:00:00", "18:00:00", 30)


def address(resource_id: object = "", monday: date | None = None, booking_id: object = "") -> str:
    """Return the address of a week of an agenda, with the open sheet if there is one."""
    asked = {
        "lieu": str(resource_id),
        "semaine": monday.isoformat() if monday else "",
        "reservation": str(booking_id),
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def choosing(monday: date | None = None) -> str:
    """Return the address of the agendas to choose from."""
    return f"{ADDRESS}?{urlencode({'choisir': 'oui'} | ({'semaine': monday.isoformat()} if monday else {}))}"


def groups(found: Iterable[Agenda], typed: str, monday: date | None) -> list[Group]:
    """Return the agendas whose site, town, kind or name hold every word typed, by site."""
    words = search_name_of(typed).split()
    kept = [one for one in found if all(word in search_name_of(_searched(one)) for word in words)]
    return [
        Group(site, [Line(address(one.resource_id, monday), one.name, _capital(one.kind_label)) for one in lines])
        for (_, site), lines in groupby(kept, key=lambda one: (one.site_id, one.site_name))
    ]


def around(week: Week) -> tuple[str, str]:
    """Return the addresses of the week before and of the week after."""
    return (
        address(week.agenda.resource_id, week.monday - A_WEEK),
        address(week.agenda.resource_id, week.monday + A_WEEK),
    )


def period(week: Week) -> str:
    """Return "Semaine du lun. 23 au dim. 29 nov. 2026"."""
    last = week.until - A_DAY
    first = day(week.monday, year=last.year != week.monday.year)
    if (week.monday.month, week.monday.year) == (last.month, last.year):
        first = first.rsplit(NBSP, 1)[0]
    return f"Semaine du {first} au {day(last, year=True)}"


def summary(week: Week) -> str:
    """Return what the week holds, in a sentence."""
    free = sum(slot.is_free for slot in week.slots)
    taken = sum(one.state is not State.HELD for one in week.appointments)
    if not week.openings and not taken:
        return "Pas d’ouverture cette semaine."
    left = many(free, "créneau libre", "créneaux libres") if free else "Aucun créneau libre"
    to_note = sum(is_to_note(one) and one.is_visible for one in week.appointments)
    waiting = f", dont {to_note} à pointer" if to_note else ""
    return f"{left}, {many(taken, 'rendez-vous', 'rendez-vous') if taken else 'aucun rendez-vous'}{waiting}."


def zone_words(zone: ZoneInfo) -> str:
    """Return where the clock is that the hours are read on."""
    return str(get_timezone_location(zone, locale=LOCALE, return_city=True))


def frame(week: Week, *, now: datetime) -> Frame:
    """Return the days and hours to draw: working days and hours, and whatever holds something."""
    spans = [*week.openings, *(one.period for one in week.appointments)]
    drawn = {local_day(span.start, week.zone).weekday() for span in spans}
    hours = [_hours(span.start, span.end, week.zone) for span in spans]
    return Frame(
        monday=week.monday.isoformat(),
        zone=week.zone.key,
        now=now.isoformat(),
        hidden=[(weekday + 1) % 7 for weekday in (5, 6) if weekday not in drawn],
        first=f"{min([EARLIEST, *(first for first, _ in hours)]):02}:00:00",
        last=f"{max([LATEST, *(last for _, last in hours)]):02}:00:00",
        step=max(int(min(week.step, week.duration).total_seconds() // 60), 5),
    )


def events(week: Week) -> list[dict[str, Any]]:
    """Return what the calendar draws, as plain values."""
    return [
        *_openings(week),
        *_closed(week),
        *_absent(week),
        *_free(week),
        *(_taken(one, week) for one in week.appointments),
    ]


def all_starts(week: Week) -> list[str]:
    """Return every start of the grid, taken or not, to which a drag is drawn."""
    return [slot.period.start.isoformat() for slot in week.slots]


def day_lists(week: Week, *, now: datetime) -> list[DayList]:
    """Return the days in order; those of a weekend only when they hold something."""
    listed = []
    for on in days_between(week.monday, week.until):
        entries = _entries(week, on, now=now)
        note = _note(week, on, is_empty=not entries)
        if entries or note or on.weekday() < 5:
            listed.append(DayList(on.isoformat(), _capital(long_day(on)), on == week.today, note, entries))
    return listed


def folded(days: list[DayList], week: Week) -> tuple[list[DayList], list[DayList]]:
    """Return the days of this week that are over, and the others; a week that is not this one is shown whole."""
    if not week.monday < week.today < week.until:
        return [], days
    today = week.today.isoformat()
    return [one for one in days if one.key < today], [one for one in days if one.key >= today]


def starts_by_day(starts: Iterable[datetime], zone: ZoneInfo) -> list[StartsOfDay]:
    """Return free starts by day, in the order of time."""
    return [
        StartsOfDay(day(on, year=True), [Start(one.isoformat(), hour(one, zone)) for one in of_day])
        for on, of_day in groupby(starts, key=lambda one: local_day(one, zone))
    ]


def offers(starts: Iterable[datetime], zone: ZoneInfo) -> list[Start]:
    """Return starts with their day, for buttons out of any list."""
    return [Start(one.isoformat(), moment(one, zone)) for one in starts]


def who(one: Appointment) -> str:
    """Return for whom it is: initials, a case, or nothing that says anything."""
    if not one.is_visible:
        return BUSY
    return whom(one.initials, one.case_ref, one.person_id, is_open=one.state is State.HELD)


def is_to_note(one: Appointment) -> bool:
    """Say whether an appointment is over and waits for somebody to say who came."""
    return one.is_over and one.state is State.BOOKED


def is_outside(one: Appointment, week: Week) -> bool:
    """Say whether the hours no longer cover an appointment to come."""
    is_to_come = one.state is State.BOOKED and local_day(one.period.start, week.zone) >= week.today
    return is_to_come and not any(opened.contains(one.period) for opened in week.openings)


def closing_words(closing: Closing) -> str:
    """Return "du lun. 23 nov. au mer. 25 nov.", the last day included."""
    last = closing.until - A_DAY if closing.until else None
    if closing.first and last == closing.first:
        return f"le {day(last, year=True)}"
    since = f"du {day(closing.first, year=True)} " if closing.first else ""
    return f"{since}au {day(last, year=True)}" if last else f"{since}sans fin fixée".strip()


def _openings(week: Week) -> list[dict[str, Any]]:
    return [
        {"id": f"o-{number}", "kind": "opening", "title": "", "display": "background", **_span(one.start, one.end)}
        for number, one in enumerate(week.openings)
    ]


def _closed(week: Week) -> list[dict[str, Any]]:
    """Return, for each closed day, its reason above the hours and a shade over them."""
    found: list[dict[str, Any]] = []
    for on in days_between(week.monday, week.until):
        if note := _closed_note(week, on):
            until = on + A_DAY
            shade = _span(instant_of(on, time(), week.zone), instant_of(until, time(), week.zone))
            days = {"start": on.isoformat(), "end": until.isoformat()}
            found.append({"id": f"c-{on}", "kind": "closed", "title": note, "allDay": True, **days})
            found.append({"id": f"s-{on}", "kind": "closed", "title": "", "display": "background", **shade})
    return found


def _absent(week: Week) -> list[dict[str, Any]]:
    """Return a shade over the time when whoever receives is busy elsewhere, or with others."""
    said = [("Absence", one) for one in week.absences] + [(_meets(one), one.period) for one in week.meetings]
    return [
        {
            "id": f"a-{number}",
            "kind": "closed",
            "title": title,
            "display": "background",
            **_span(one.start, one.end),
        }
        for number, (title, one) in enumerate(said)
    ]


def _free(week: Week) -> list[dict[str, Any]]:
    """Return the free starts; drawn no longer than the step, so that they never cover one another."""
    return [
        {
            "id": slot.period.start.isoformat(),
            "kind": "free" if week.may_reserve else "shown",
            "title": hour(slot.period.start, week.zone),
            **_span(slot.period.start, slot.period.start + min(week.step, week.duration)),
        }
        for slot in week.slots
        if slot.is_free
    ]


def _taken(one: Appointment, week: Week) -> dict[str, Any]:
    word, icon = _state_of(one, week)
    return {
        "id": str(one.booking_id),
        "kind": "taken" if one.is_visible else "busy",
        "title": who(one),
        "at": hour(one.period.start, week.zone),
        "word": word,
        "icon": icon,
        "tone": _tone(one, week),
        "startEditable": one.may_move,
        **_span(one.period.start, one.period.end),
    }


def _tone(one: Appointment, week: Week) -> str:
    if is_to_note(one):
        return "to-note"
    return "outside" if is_outside(one, week) else one.state.value


def _state_of(one: Appointment, week: Week) -> tuple[str, str]:
    if not one.is_visible:
        return "par un autre service", "fr-icon-lock-line"
    if is_to_note(one):
        return TO_NOTE
    if is_outside(one, week):
        return "hors horaires", "fr-icon-warning-line"
    return STATES[one.state]


def _entries(week: Week, on: date, *, now: datetime) -> list[Entry]:
    timed: list[tuple[datetime, Entry]] = []
    for slot in week.slots:
        if slot.is_free and local_day(slot.period.start, week.zone) == on:
            timed.append((slot.period.start, _free_entry(slot.period.start, week)))
    for one in week.appointments:
        if local_day(one.period.start, week.zone) == on:
            timed.append((one.period.start, _taken_entry(one, week, now=now)))
    return [entry for _, entry in sorted(timed, key=lambda pair: pair[0])]


def _free_entry(start: datetime, week: Week) -> Entry:
    said = f"Réserver le {moment(start, week.zone)}"
    return Entry("free", "", start.isoformat(), hour(start, week.zone), "", "libre", "", said, False)


def _taken_entry(one: Appointment, week: Week, *, now: datetime) -> Entry:
    word, icon = _state_of(one, week)
    if left := deadline(one.state, one.expires_at, week.zone.key, now=now):
        word = left
    at, start = hour(one.period.start, week.zone), one.period.start.isoformat()
    said = f"{who(one)}, le {moment(one.period.start, week.zone)}"
    booking_id = str(one.booking_id) if one.is_visible else ""
    return Entry("taken", booking_id, start, at, who(one), word, icon, said, one.may_move)


def _note(week: Week, on: date, *, is_empty: bool) -> str:
    """Return why a day is closed, or why there is nothing on it; a weekend without opening needs no word, but today."""
    if closed := _closed_note(week, on):
        return closed
    if not any(local_day(one.start, week.zone) == on for one in week.openings):
        return _together("Pas d’ouverture" if on.weekday() < 5 or on == week.today else "", _meets_note(week, on))
    if busy := _together(_absent_note(week, on), _meets_note(week, on)):
        return busy
    if not is_empty:
        return ""
    if on < week.today:
        return "Aucun rendez-vous"
    return "Plus de créneau aujourd’hui" if on == week.today else "Pas encore ouvert à la réservation"


def _absent_note(week: Week, on: date) -> str:
    """Return when whoever receives is busy elsewhere on a day."""
    day_of = Period(instant_of(on, time(), week.zone), instant_of(on + A_DAY, time(), week.zone))
    parts = [(max(one.start, day_of.start), min(one.end, day_of.end)) for one in week.absences if one.overlaps(day_of)]
    if parts == [(day_of.start, day_of.end)]:
        return "Absence toute la journée"
    said = (f"de {hour(start, week.zone)} à {_until(end, day_of, week.zone)}" for start, end in parts)
    return f"Absence {', '.join(said)}" if parts else ""


def _together(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _meets(one: Meets) -> str:
    return "Audience" if one.is_hearing else "Réunion"


def _meets_note(week: Week, on: date) -> str:
    """Return when whoever receives is with others on a day."""
    return ", ".join(
        f"{_meets(one)} de {hour(one.period.start, week.zone)} à {hour(one.period.end, week.zone)}"
        for one in week.meetings
        if local_day(one.period.start, week.zone) == on
    )


def _until(end: datetime, day_of: Period, zone: ZoneInfo) -> str:
    return "minuit" if end == day_of.end else hour(end, zone)


def _closed_note(week: Week, on: date) -> str:
    for closing in week.closings:
        if (closing.first is None or closing.first <= on) and (closing.until is None or on < closing.until):
            return f"Fermé{NBSP}: {closing.reason}" if closing.reason else "Fermé"
    return next((f"Férié{NBSP}: {name}" for holiday, name in week.holidays if holiday == on), "")


def _hours(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first and last whole hours of the wall that hold a period; to midnight when it goes on."""
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    last = 24 if ends.date() > begins.date() else ends.hour + (ends.minute > 0)
    return begins.hour, last


def _span(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def _searched(one: Agenda) -> str:
    return " ".join((one.site_name, one.commune, one.kind_label, one.name))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
