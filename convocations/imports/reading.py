"""Cells of an export read as days, hours and names, as French applications and clerks write them. Pure."""

from __future__ import annotations

import re
from datetime import date, time

from availability.errors import InvalidRequest
from availability.places import normalise

MONTHS = {
    **dict(zip(("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre",
                "novembre", "decembre"), range(1, 13), strict=True)),
    **{"janv": 1, "jan": 1, "fevr": 2, "fev": 2, "avr": 4, "juil": 7, "sept": 9, "sep": 9, "oct": 10, "nov": 11,
       "dec": 12},
}  # fmt: skip
NUMERIC = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", re.ASCII)
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
WORDS = re.compile(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]+) (\d{4}|\d{2})", re.ASCII)  # mardi 1er mars 2026
HOUR = re.compile(
    r"(\d{1,2})\s*(?:h|heures?|:)\s*(?:(\d{2})(?::\d{2}(?:\.0+)?)?\s*(?:mn|min)?)?|(\d{2})(\d{2})", re.ASCII
)
# A day and an hour in one cell: what a date ends with when it is not a date.
MOMENT = re.compile(r"(.*?\d{4}|.*?[/.\-]\d{2})(?:\s*(?:,|à|a|T)?\s+|T)(\d{1,2}\s*(?:h|:).*)", re.ASCII)
SEXES = {
    "F": ("f", "femme", "feminin", "mme", "madame", "mlle", "mademoiselle"),
    "M": ("m", "h", "homme", "masculin", "mr", "monsieur"),
}
LANGUAGES = {
    "fr": ("francais",), "ar": ("arabe",), "en": ("anglais",), "es": ("espagnol",), "pt": ("portugais",),
    "ro": ("roumain",), "ru": ("russe",), "uk": ("ukrainien",), "tr": ("turc",), "zh": ("chinois", "mandarin"),
    "sq": ("albanais",), "ka": ("georgien",),
}  # fmt: skip


def birthday_in(field: str, typed: str, *, today: date, guesses: bool) -> date:
    """Return a birth date; one whose year has two digits is asked, or read as the last one past when `guesses`.

    Raises: InvalidRequest.
    """
    day, month, year = _parts(field, typed, guesses=guesses)
    if year < 100:
        year += 2000 if year <= today.year % 100 else 1900
    read = _date(field, day, month, year)
    if not today.year - 120 <= read.year or read >= today:
        raise InvalidRequest(field, "not-a-birth-date")
    return read


def day_in(field: str, typed: str, *, guesses: bool) -> date:
    """Return the day of a hearing; a year of two digits is asked, or of this century when `guesses`.

    Raises: InvalidRequest.
    """
    day, month, year = _parts(field, typed, guesses=guesses)
    return _date(field, day, month, year + 2000 if year < 100 else year)


def hour_in(field: str, typed: str) -> time:
    """Return an hour: 9h30, 9 h, 09:30, 0930, 09:30:00. Raises: InvalidRequest."""
    found = HOUR.fullmatch(typed.strip().lower())
    if found is None:
        raise InvalidRequest(field, "not-an-hour")
    hours, minutes = int(found[1] or found[3]), int(found[2] or found[4] or 0)
    if hours > 23 or minutes > 59:
        raise InvalidRequest(field, "not-an-hour")
    return time(hours, minutes)


def moment_in(field: str, typed: str, *, guesses: bool) -> tuple[date, time]:
    """Return a day and an hour in one cell: 12/03/2026 à 9h30, 2026-03-12 09:30. Raises: InvalidRequest."""
    found = MOMENT.fullmatch(" ".join(typed.split()))
    if found is None:
        raise InvalidRequest(field, "not-a-moment")
    return day_in(field, found[1], guesses=guesses), hour_in(field, found[2])


def names_in(typed: str) -> tuple[str, str]:
    """Return the family name and the given name of "MOREAU DUPONT Anatole": what is in capitals, or the first word."""
    words = typed.replace(",", " ").split()
    family = [word for word in words if len(word) > 1 and word == word.upper() and word != word.lower()]
    if not family or len(family) == len(words):
        family = words[:1]
    given = list(words)
    for word in family:
        given.remove(word)
    return " ".join(family), " ".join(given)


def sex_in(field: str, typed: str) -> str:
    """Return F or M from a sex or a title, empty from an empty cell. Raises: InvalidRequest."""
    word = normalise(typed)
    found = next((sex for sex, words in SEXES.items() if word in words), "")
    if word and not found:
        raise InvalidRequest(field, "unknown-choice")
    return found


def language_in(field: str, typed: str) -> str:
    """Return the code of a language, empty from an empty cell. Raises: InvalidRequest."""
    word = normalise(typed)
    found = next((code for code, words in LANGUAGES.items() if word == code or word in words), "")
    if word and not found:
        raise InvalidRequest(field, "unknown-language")
    return found


def _parts(field: str, typed: str, *, guesses: bool) -> tuple[int, int, int]:
    bare = " ".join(typed.split())
    if found := ISO.fullmatch(bare):
        return int(found[3]), int(found[2]), int(found[1])
    if found := NUMERIC.fullmatch(bare):
        day, month, year = found.groups()
    elif (found := WORDS.fullmatch(normalise(bare))) and found[2] in MONTHS:
        day, month, year = found[1], str(MONTHS[found[2]]), found[3]
    else:
        raise InvalidRequest(field, "not-a-day")
    if len(year) == 2 and not guesses:
        raise InvalidRequest(field, "two-digit-year")
    return int(day), int(month), int(year)


def _date(field: str, day: int, month: int, year: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidRequest(field, "not-a-day") from None
