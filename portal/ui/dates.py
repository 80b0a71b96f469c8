"""Dates as people say them in French, with the non-breaking spaces of good typography."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from babel.dates import format_date

NBSP = "\u00a0"
LOCALE = "fr_FR"


def day(on: date, *, year: bool = False) -> str:
    """Return "mar. 24 nov.", with the year when asked; the first of a month is "1er"."""
    return _day(on, "MMM y" if year else "MMM")


def long_day(on: date) -> str:
    """Return "mardi 24 novembre 2026"; the first of a month is "1er"."""
    number = "1er" if on.day == 1 else str(on.day)
    return _tied(f"{format_date(on, 'EEEE', locale=LOCALE)} {number} {format_date(on, 'MMMM y', locale=LOCALE)}")


def hour(at: datetime, zone: tzinfo) -> str:
    """Return "9 h 30", or "9 h" on the hour, in the civil time of `zone`."""
    local = at.astimezone(zone)
    return f"{local.hour}{NBSP}h" + (f"{NBSP}{local.minute:02d}" if local.minute else "")


def moment(at: datetime, zone: tzinfo) -> str:
    """Return "mar. 24 nov. à 9 h 30", in the civil time of `zone`."""
    return f"{day(at.astimezone(zone).date())} à{NBSP}{hour(at, zone)}"


def from_today(on: date, today: date) -> str:
    """Return "aujourd’hui", "demain", "dans 3 jours", "il y a 2 semaines"…"""
    gap = (on - today).days
    near = {0: "aujourd’hui", 1: "demain", 2: "après-demain", -1: "hier", -2: "avant-hier"}
    if gap in near:
        return near[gap]
    return f"dans{NBSP}{_amount(gap)}" if gap > 0 else f"il y a{NBSP}{_amount(-gap)}"


def ended(sentence: str) -> str:
    """Return a sentence with its full stop; one that ends with "déc." has it already."""
    return sentence if sentence.endswith(".") else f"{sentence}."


def remaining(left: timedelta) -> str:
    """Return a countdown: "9:42", never below "0:00"."""
    seconds = max(0, int(left.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"


def nights(arrival: date, departure: date) -> str:
    """Return "3 nuits, du mar. 24 au ven. 27 nov."; the departure is the morning after the last night."""
    count = (departure - arrival).days
    same_month = (arrival.year, arrival.month) == (departure.year, departure.month)
    begins = _tied(_weekday(arrival)) if same_month else day(arrival)
    return f"{plural(count, 'nuit')}, du {begins} au {day(departure)}"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return "1 nuit", "3 nuits", "0 nuit": in French, plural begins at two."""
    return f"{grouped(count)}{NBSP}{noun if abs(count) < 2 else many or noun + 's'}"


def grouped(number: int) -> str:
    """Return a number with its thousands set apart: "12 345"."""
    return f"{number:,}".replace(",", "\u202f")


@lru_cache(maxsize=1024)
def _day(on: date, month: str) -> str:
    # A list of places says the same fortnight for each of them, and Babel reads the pattern again each time.
    return _tied(f"{_weekday(on)} {format_date(on, month, locale=LOCALE)}")


def _weekday(on: date) -> str:
    return f"{format_date(on, 'E', locale=LOCALE)} {'1er' if on.day == 1 else on.day}"


def _amount(days: int) -> str:
    if days < 14:
        return plural(days, "jour")
    if days < 60:
        return plural(days // 7, "semaine")
    return plural(days // 30, "mois", "mois") if days < 730 else plural(days // 365, "an")


def _tied(words: str) -> str:
    # A date is never cut at the end of a line.
    return words.replace(" ", NBSP)
