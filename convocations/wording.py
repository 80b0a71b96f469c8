"""What a person reads, in their language: the SMS, and the page behind the link. Pure; a file a language in `phrases/`.

An SMS gives the date, the hour, the place and the link. It never says why, nor names anybody: whoever looks over the
shoulder learns of an appointment, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from booking.persons import LANGUAGES
from convocations.kinds import MessageKind
from convocations.segments import is_gsm

FRENCH = "fr"
PHRASES = Path(__file__).with_name("phrases")
# Languages whose SMS need no letter outside of GSM-7 that carries meaning: what is left are French signs and addresses.
# The others keep their spelling: a letter taken off would be a fault, or another word.
SPELLED_PLAINLY = frozenset({"fr", "en", "es"})
PLAIN = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...",
    "\u00a0": " ", "\u202f": " ", "\u2011": "-", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE",
}  # fmt: skip
PLAIN_LETTERS = dict(zip("âêîôûëïÿçÀÂÈÊËÎÏÔÙÛŸ", "aeioueiycAAEEEIIOUUY", strict=True))
SPELLED = str.maketrans(PLAIN | PLAIN_LETTERS)


@dataclass(frozen=True, kw_only=True)
class SmsFacts:
    """What an SMS may say. `address` is a street address, never the name of a service; `zone` is that of the place."""

    zone: ZoneInfo
    address: str
    link: str
    starts_at: datetime | None = None
    choose_by: date | None = None
    answer_by: datetime | None = None  # by which a host answers


@dataclass(frozen=True, kw_only=True)
class PageWords:
    """Every sentence of the page behind the link, in one language; in braces, what the page fills in."""

    code: str  # for the attribute lang
    direction: str  # ltr or rtl
    autonym: str  # the language, named in itself

    # the page, and what stands at its top
    title: str
    your_appointment: str
    given_up: str
    choose_until: str  # {day}
    language: str
    footer: str
    # where
    place: str
    see_map: str
    local_time: str  # {place}
    # choosing an hour
    free_times: str
    choose_at: str  # {when}: what a button says to those who do not see the heading of its day
    next_times: str
    previous_times: str
    choose_first: str
    taken: str
    nothing_left: str
    # acts
    confirm: str
    move: str
    move_hint: str
    cannot_come: str
    sure: str
    sure_yes: str
    keep: str
    back: str
    go_on: str
    add_to_calendar: str
    stop_sms: str
    resume_sms: str
    # what was done
    done: str
    recorded: str
    booked: str
    coming: str
    moved: str
    moved_from: str  # {before}
    moved_to: str  # {after}
    move_back: str  # {moment}
    not_coming: str
    sms_stopped: str
    sms_resumed: str
    # what cannot be done
    past: str
    cancelled: str
    too_late: str
    too_late_since: str  # {moment}
    changed: str
    link_expired: str
    link_unknown: str
    too_many: str
    wait: str
    failed: str
    # who asks for more says when they were born
    birth_year: str
    birth_year_why: str
    birth_year_wrong: str
    wait_tomorrow: str
    who_to_call: str
    no_phone: str
    # moving and coming
    change_until: str  # {moment}
    directions: str
    # why one cannot come, and taking that back
    why_absent: str
    reason_health: str
    reason_work: str
    reason_transport: str
    reason_children: str
    reason_other: str
    certificate: str
    take_back: str  # {moment}
    # an earlier date
    earlier_free: str
    earlier_until: str  # {moment}
    earlier_take: str
    earlier_ask: str
    earlier_asked: str
    earlier_unask: str
    earlier_gone: str
    # being called
    call_me: str
    call_when: str
    call_morning: str
    call_afternoon: str
    call_number: str  # {number}: the end of it
    other_number: str
    your_number: str
    number_wrong: str
    number_which: str
    call_ask: str
    call_received: str  # {moment}
    call_cancel: str
    # how the page is read
    bigger_text: str
    usual_text: str
    helped: str
    help_over: str


@dataclass(frozen=True)
class Phrases:
    """One language: how it writes dates, what an SMS of each kind says, and the words of the page."""

    locale: str
    formats: Mapping[str, str]
    sms: Mapping[str, str]
    page: PageWords


def sms(kind: MessageKind, language: str, facts: SmsFacts) -> str:
    """Return the text of an SMS. Raises: ValueError when a date that the kind needs is missing."""
    text = sentence(kind, language, facts)
    return spelled_for_sms(text) if language in SPELLED_PLAINLY else text


def sentence(kind: MessageKind, language: str, facts: SmsFacts) -> str:
    """Return the same as an SMS, spelled as on paper. Raises: ValueError when a date that the kind needs is missing."""
    template = standard(kind, language)
    said = {"address": " ".join(facts.address.split()), "link": facts.link}
    if facts.starts_at is not None:
        said["when"] = moment(facts.starts_at, facts.zone, language)
    if facts.choose_by is not None:
        said["choose_by"] = long_day(facts.choose_by, language)
    if missing := _placeholders(template) - set(said):
        raise ValueError(f"an SMS of kind {kind} needs {', '.join(sorted(missing))}")
    return template.format_map(said)


def standard(kind: MessageKind, language: str) -> str:
    """Return the standard text of an SMS, with what is filled in between braces."""
    return _phrases(language).sms[kind]


def spelled_for_sms(text: str) -> str:
    """Return the same text in the letters of GSM-7 when that is enough to spare UCS-2, else unchanged.

    Apostrophes, quotes, dashes and spaces become those of a typewriter; ligatures are spelled out; a circumflex, a
    diaeresis, a cedilla or the accent of a capital, which GSM-7 has not, is left out as people do on a phone.
    """
    spelled = text.translate(SPELLED)
    return spelled if is_gsm(spelled) else text


def page_words(language: str) -> PageWords:
    """Return every sentence of the page behind the link."""
    return _phrases(language).page


def spoken(asked: str) -> str:
    """Return a language that we speak: the one asked for, or else French."""
    return asked if asked in LANGUAGES else FRENCH


@lru_cache(maxsize=1)
def autonyms() -> Mapping[str, str]:
    """Return each language named in itself, by code: French, then in the order of the names."""
    names = {language: page_words(language).autonym for language in LANGUAGES}
    return dict(sorted(names.items(), key=lambda pair: (pair[0] != FRENCH, pair[1])))


def long_day(on: date, language: str) -> str:
    """Return "mardi 24 novembre"; in French, the first of a month is "1er"."""
    spoken_as = _phrases(language)
    return str(format_date(on, spoken_as.formats["day_first" if on.day == 1 else "day"], locale=spoken_as.locale))


def hour(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return "9 h 30", or "9 h" on the hour, in the civil time of `zone`."""
    spoken_as = _phrases(language)
    pattern = spoken_as.formats["hour" if at.astimezone(zone).minute else "hour_sharp"]
    return str(format_datetime(at, pattern, tzinfo=zone, locale=spoken_as.locale))


def moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return "mardi 24 novembre à 9 h 30", in the civil time of `zone`."""
    day = long_day(at.astimezone(zone).date(), language)
    return _phrases(language).formats["moment"].format(day=day, hour=hour(at, zone, language))


@lru_cache(maxsize=len(LANGUAGES))
def _phrases(language: str) -> Phrases:
    if language not in LANGUAGES:
        raise ValueError(f"no words in this language: {language!r}")
    written = _written(language)
    check(written, _written(FRENCH), language)
    named = {name: written[name] for name in ("direction", "autonym")}
    page = PageWords(code=language, **named, **written["page"])  # a sentence too many or too few is a TypeError
    return Phrases(written["locale"], written["formats"], written["sms"], page)


def _written(language: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PHRASES / f"{language}.json").read_text(encoding="utf-8"))
    return content


def check(written: Mapping[str, Any], french: Mapping[str, Any], language: str) -> None:
    """Check that a language has every sentence of French, with the same placeholders. Raises: ValueError."""
    ours, theirs = dict(_sentences(written)), dict(_sentences(french))
    if ours.keys() != theirs.keys():
        raise ValueError(f"{language}: keys differ from French: {sorted(ours.keys() ^ theirs.keys())}")
    wrong = [key for key, text in ours.items() if not text or _placeholders(text) != _placeholders(theirs[key])]
    if wrong:
        raise ValueError(f"{language}: empty, or other placeholders than in French: {wrong}")


def _sentences(written: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    for key, value in written.items():
        if isinstance(value, Mapping):
            yield from _sentences(value, f"{under}{key}.")
        else:
            yield f"{under}{key}", value


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
