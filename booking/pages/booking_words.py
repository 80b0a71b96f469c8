"""A booking in words: when, where, for whom, in what state, as displayed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from availability.models import Shape
from availability.openings import local_day
from availability.rights import Role
from booking.filters import Filters
from booking.ledger import ListedBooking
from booking.models import State
from booking.words import STATE_BADGES, STATE_WORDS
from portal.ui.dates import LOCALE, NBSP, day, from_today, hour, moment, nights

MAINLAND = "Europe/Paris"
OPEN = "/reservations/"
CONVENERS = (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE, Role.MONITORING_AGENT)


class Dated(Protocol):
    """What has dates, somewhere."""

    @property
    def shape(self) -> str: ...
    @property
    def first_on(self) -> date | None: ...
    @property
    def until_on(self) -> date | None: ...
    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def time_zone(self) -> str: ...


class Summoned(Protocol):
    """Somebody at somebody's, for something."""

    @property
    def kind_code(self) -> str: ...
    @property
    def resource_id(self) -> int: ...
    @property
    def person_id(self) -> UUID | None: ...


@dataclass(frozen=True)
class Row:
    """A booking in the list."""

    id: str
    href: str
    place: str
    detail: str
    when: str
    whom: str
    state: str
    badge: str
    note: str  # until when it is kept, or answered
    made: str
    revision: int


def row_of(line: ListedBooking, href: str, *, now: datetime) -> Row:
    """Return a line of the list, as displayed."""
    today = local_day(now, ZoneInfo(line.time_zone))
    return Row(
        id=str(line.id),
        href=href,
        place=line.site_name,
        detail=detail(line.kind_label, line.resource_name, line.unit_name),
        when=when(line, today),
        whom=whom(line.initials, line.case_ref, line.person_id, is_open=line.state is State.HELD),
        state=STATE_WORDS[line.state],
        badge=STATE_BADGES[line.state],
        note=deadline(line.state, line.expires_at, line.time_zone, now=now),
        made=dated(local_day(line.created_at, ZoneInfo(line.time_zone)), today),
        revision=line.revision,
    )


def when(line: Dated, today: date) -> str:
    """Return the dates: nights, days, or an hour in the civil time of the place."""
    if line.starts_at is not None:
        return _timed(line, line.starts_at, today)
    if line.first_on is None:
        return ""
    if line.until_on is None:
        return f"à partir du {dated(line.first_on, today)}, sans fin fixée"
    if line.shape == Shape.NIGHTS:
        return nights(line.first_on, line.until_on) + _year(line.until_on, today)
    last = line.until_on - timedelta(days=1)
    if last == line.first_on:
        return f"le {dated(last, today)}"
    return f"du {day(line.first_on)} au {dated(last, today)}"


def dated(on: date, today: date) -> str:
    """Return "mar. 24 nov.", with the year when it is not this one."""
    return day(on, year=on.year != today.year)


def detail(kind_label: str, resource_name: str, unit_name: str | None) -> str:
    """Return what of the place is taken: "lit de semi-liberté, Section hommes, lit 12"."""
    parts = (_capital(kind_label), resource_name, unit_name or "")
    return " · ".join(dict.fromkeys(part for part in parts if part))


def whom(initials: str, case_ref: str, person_id: UUID | None, *, is_open: bool = False) -> str:
    """Return for whom it is, with initials rather than a name; `is_open` when it can still be said."""
    if initials:
        return "".join(f"{letter}." for letter in initials)
    if case_ref:
        return f"dossier {case_ref}"
    if person_id:
        return "personne effacée"
    return "à préciser" if is_open else "non précisé"


def deadline(state: State, expires_at: datetime | None, time_zone: str, *, now: datetime) -> str:
    """Return until when a hold is kept, or an answer awaited; nothing for the other states."""
    if expires_at is None or state not in (State.HELD, State.REQUESTED):
        return ""
    zone = ZoneInfo(time_zone)
    today, last_day = local_day(now, zone), local_day(expires_at, zone)
    if state is State.HELD:
        at = hour(expires_at, zone) if last_day == today else moment(expires_at, zone)
        return f"gardée jusqu’à{NBSP}{at}" if last_day == today else f"gardée jusqu’au {at}"
    return f"réponse attendue {_before(last_day, today)}"


def being_reserved(until: datetime | None, zone: ZoneInfo) -> str:
    """Return that somebody is reserving something, and until when at the latest; nothing when nobody is."""
    return f"en cours de réservation, jusqu’à{NBSP}{hour(until, zone)} au plus" if until else ""


def zone_note(time_zone: str, here: str = MAINLAND) -> str:
    """Return whose hour it is, when it is not that of `here`: where whoever reads it works."""
    if time_zone == here:
        return ""
    return f" (heure locale{NBSP}: {get_timezone_location(ZoneInfo(time_zone), locale=LOCALE, return_city=True)})"


def address_of(address: str, postcode: str, commune: str) -> str:
    """Return a street address on one line."""
    town = " ".join(part for part in (postcode, commune) if part)
    return ", ".join(part for part in (address, town) if part)


def convene_address(booking_id: object) -> str:
    """Return where the person of an appointment is summoned to it."""
    return f"/convoquer/?{urlencode({'reservation': str(booking_id)})}"


def convene_again(line: Summoned) -> str:
    """Return where the same person is summoned again, for the same kind and at the same place."""
    asked = {"type": line.kind_code, "lieu": str(line.resource_id), "personne": str(line.person_id)}
    return f"/convoquer/?{urlencode(asked)}"


def open_address(booking_id: object) -> str:
    """Return the address that opens the sheet of a booking."""
    return f"{OPEN}?{urlencode({'reservation': str(booking_id)})}"


def search_again(line: ListedBooking, today: date) -> str:
    """Return the map, on the same kind, dates that are still to come, and person; for judges, their own table."""
    if line.is_designated and line.case_ref:
        return f"/designer/?{urlencode({'type': line.kind_code, 'rg': line.case_ref})}"
    wanted = Filters(type=line.kind_code, personne=str(line.person_id or ""))
    if line.first_on and line.first_on >= today:
        wanted = Filters(
            type=line.kind_code,
            personne=str(line.person_id or ""),
            du=line.first_on.isoformat(),
            au=line.until_on.isoformat() if line.until_on else "",
        )
    return f"/carte/?{wanted.to_query()}"


def listed(parts: Iterable[str]) -> str:
    """Return "a, b et c"."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} et {last}" if most else last


def _timed(line: Dated, starts_at: datetime, today: date) -> str:
    zone = ZoneInfo(line.time_zone)
    starts = moment(starts_at, zone)
    if (on := local_day(starts_at, zone)).year != today.year:
        starts = f"{dated(on, today)} à{NBSP}{hour(starts_at, zone)}"
    ends = f", jusqu’à{NBSP}{hour(line.ends_at, zone)}" if line.ends_at else ""
    return starts + ends + zone_note(line.time_zone)


def _before(last_day: date, today: date) -> str:
    if last_day <= today:
        return "aujourd’hui au plus tard"
    return f"avant le {dated(last_day, today)} ({from_today(last_day, today)})"


def _year(on: date, today: date) -> str:
    return "" if on.year == today.year else f"{NBSP}{on.year}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
